// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include <sys/types.h>

namespace dovetail {

/// A child that leads a process group of its own. The group is killed when the child has ended, and at the latest, child and all, when this goes out of scope;
/// then the child is reaped too. For one thread.
class ChildProcess {
public:
  /// Precondition: `pid` is a child of this process that nobody else waits for.
  explicit ChildProcess(pid_t pid) noexcept : pid_(pid) {}
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ChildProcess(ChildProcess&&) = delete;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  /// Its wait status (waitpid(2)) once it has ended; nullopt when it still runs at `end`.
  [[nodiscard]] std::optional<int> wait_until(std::chrono::steady_clock::time_point end);

private:
  pid_t pid_;
  std::optional<int> status_;
};

} // namespace dovetail

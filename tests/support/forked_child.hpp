// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace dovetail::testing {

/// A process of its own that begins as a copy of this one and runs a function: to be killed at the worst moment, or to be another
/// among several. What it shares with its parent (connections, locks) it must leave alone. Killed at the latest when this object or the
/// parent goes. Not thread-safe.
class ForkedChild {
public:
  /// Sends one text to the parent's hear(); at most 4096 bytes.
  using Tell = std::function<void(std::string_view)>;

  /// `work` returns the exit status.
  explicit ForkedChild(const std::function<int(const Tell&)>& work);
  ~ForkedChild();
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;
  ForkedChild(ForkedChild&&) = delete;
  ForkedChild& operator=(ForkedChild&&) = delete;

  [[nodiscard]] pid_t process_id() const noexcept { return process_id_; }
  /// Waits for the next text; empty when the child has ended.
  [[nodiscard]] std::string hear();
  /// SIGKILL; returns once it is dead and collected.
  void kill();
  /// SIGKILL; returns once it is dead, but not collected by this process: a zombie.
  void kill_uncollected() const;

private:
  pid_t process_id_ = -1;
  int channel_ = -1;
};

} // namespace dovetail::testing

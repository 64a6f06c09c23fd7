// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace dovetail::cli {

/// While it lives, the first SIGINT or SIGTERM asks for a clean end and the second one ends the process at once, with status 128 + signal.
/// One at a time in a process.
class StopSignals {
public:
  /// `on_first` is called once, on a thread of this object, before the stop is requested.
  explicit StopSignals(std::function<void()> on_first);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals(StopSignals&&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;

  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

private:
  std::stop_source source_;
  std::function<void()> on_first_;
  std::thread watcher_;
};

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.hpp"

namespace dovetail {

Timestamp SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

MonotonicTime SystemClock::monotonic_now() const { return std::chrono::steady_clock::now(); }

bool SystemClock::sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

Timestamp VirtualClock::now() const {
  const std::scoped_lock lock(mutex_);
  return start_ + std::chrono::duration_cast<std::chrono::microseconds>(elapsed_);
}

MonotonicTime VirtualClock::monotonic_now() const {
  const std::scoped_lock lock(mutex_);
  return MonotonicTime{elapsed_};
}

bool VirtualClock::sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) {
  if (stop.stop_requested()) {
    return false;
  }
  advance(duration);
  return true;
}

void VirtualClock::advance(std::chrono::nanoseconds duration) {
  const std::scoped_lock lock(mutex_);
  elapsed_ += duration;
}

std::chrono::nanoseconds VirtualClock::elapsed() const {
  const std::scoped_lock lock(mutex_);
  return elapsed_;
}

} // namespace dovetail

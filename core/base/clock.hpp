// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace dovetail {

/// Wall-clock time, UTC, in microseconds: what is stored and shown.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
/// Time that never jumps: for timeouts, deadlines and rate limits. Its epoch means nothing outside the process.
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// The one way to ask what time it is or to wait. Implementations are thread-safe.
class Clock {
public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  Clock(Clock&&) = delete;
  Clock& operator=(Clock&&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual Timestamp now() const = 0;
  [[nodiscard]] virtual MonotonicTime monotonic_now() const = 0;
  /// Waits for `duration` or until `stop` is requested; returns false when it was stopped.
  virtual bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] MonotonicTime monotonic_now() const override;
  bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) override;
};

/// Time that only moves when it is told to, or when somebody sleeps on it: a sleep advances the clock and returns at once.
/// For simulations and tests. Thread-safe.
class VirtualClock final : public Clock {
public:
  explicit VirtualClock(Timestamp start) : start_(start) {}

  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] MonotonicTime monotonic_now() const override;
  bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) override;
  void advance(std::chrono::nanoseconds duration);
  /// All that was slept or advanced so far.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const;

private:
  const Timestamp start_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::chrono::nanoseconds elapsed_{0};
};

} // namespace dovetail

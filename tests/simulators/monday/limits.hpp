// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "tests/simulators/monday/execute.hpp"

namespace dovetail::simulators::monday {

/// The limits of the fact sheet as numbers that a test can make small. 0 switches one off.
struct LimitOptions {
  std::int64_t complexity_per_minute = 10'000'000;
  std::int64_t complexity_per_query = 5'000'000;
  int calls_per_minute = 0;
  int calls_per_day = 0;
  int concurrent = 0;
  /// Refusals of the complexity budget come with HTTP 200, as in versions before 2025-10.
  bool complexity_in_200 = false;
};

/// A refusal for going too fast.
struct LimitRefusal {
  std::string code;
  std::string message;
  int http_status = 429;
  std::int64_t retry_in_s = 0; ///< 0: the answer names no time
  std::int64_t complexity = 0;
  std::int64_t complexity_left = 0;
  std::int64_t complexity_limit = 0;
};

/// Counts by token, in windows that begin with the first call in them. Not thread-safe: the simulator's mutex guards it.
class Limits {
public:
  explicit Limits(LimitOptions options) : options_(options) {}
  void configure(LimitOptions options) {
    options_ = options;
    accounts_.clear();
  }
  [[nodiscard]] const LimitOptions& options() const noexcept { return options_; }

  struct Verdict {
    std::optional<LimitRefusal> refusal;
    ComplexityState complexity;
    std::int64_t calls_left = 0;
    int running_left = 0;
    std::shared_ptr<void> running; ///< the call runs as long as somebody holds this
  };
  [[nodiscard]] Verdict admit(const std::string& token, std::int64_t cost, Second now);

private:
  struct Account {
    std::int64_t complexity_end = 0;
    std::int64_t complexity_used = 0;
    std::int64_t minute_end = 0;
    std::int64_t calls = 0;
    std::int64_t day = -1;
    double calls_today = 0;
    std::shared_ptr<int> running = std::make_shared<int>(0);
  };
  [[nodiscard]] std::optional<LimitRefusal> refuse(const Account& account, std::int64_t cost, std::int64_t now) const;

  LimitOptions options_;
  std::unordered_map<std::string, Account> accounts_;
};

} // namespace dovetail::simulators::monday

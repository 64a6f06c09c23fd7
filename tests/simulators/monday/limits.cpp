// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/limits.hpp"

#include <algorithm>

namespace dovetail::simulators::monday {

std::optional<LimitRefusal> Limits::refuse(const Account& account, std::int64_t cost, std::int64_t now) const {
  if (options_.calls_per_day > 0 && account.calls_today >= options_.calls_per_day) {
    return LimitRefusal{"DAILY_LIMIT_EXCEEDED", "Daily limit exceeded", 200};
  }
  if (options_.concurrent > 0 && account.running.use_count() - 1 >= options_.concurrent) {
    return LimitRefusal{"maxConcurrencyExceeded", "Max concurrency exceeded", 429, 1};
  }
  if (options_.calls_per_minute > 0 && account.calls >= options_.calls_per_minute) {
    return LimitRefusal{"MINUTE_RATE_LIMIT_EXCEEDED", "Minute limit rate exceeded", 429, account.minute_end - now};
  }
  const std::int64_t left = options_.complexity_per_minute - account.complexity_used;
  if (options_.complexity_per_query > 0 && cost > options_.complexity_per_query) {
    return LimitRefusal{"ComplexityException",
                        "Query has complexity of " + std::to_string(cost) + ", which exceeds max complexity of " +
                            std::to_string(options_.complexity_per_query),
                        200,
                        0,
                        cost,
                        left,
                        options_.complexity_per_query};
  }
  if (options_.complexity_per_minute > 0 && cost > left) {
    return LimitRefusal{"COMPLEXITY_BUDGET_EXHAUSTED",
                        "Complexity budget exhausted",
                        options_.complexity_in_200 ? 200 : 429,
                        std::max<std::int64_t>(account.complexity_end - now, 1),
                        cost,
                        left,
                        options_.complexity_per_minute};
  }
  return std::nullopt;
}

Limits::Verdict Limits::admit(const std::string& token, std::int64_t cost, Second time) {
  const std::int64_t now = time.time_since_epoch().count();
  Account& account = accounts_[token];
  if (now >= account.complexity_end) {
    account.complexity_end = now + 60;
    account.complexity_used = 0;
  }
  if (now >= account.minute_end) {
    account.minute_end = now + 60;
    account.calls = 0;
  }
  if (now / 86'400 != account.day) {
    account.day = now / 86'400;
    account.calls_today = 0;
  }
  Verdict verdict;
  verdict.refusal = refuse(account, cost, now);
  // A refused call counts too, and a tenth of a call for the day.
  ++account.calls;
  account.calls_today += verdict.refusal ? 0.1 : 1;
  const std::int64_t budget = options_.complexity_per_minute > 0 ? options_.complexity_per_minute : 1'000'000'000;
  verdict.complexity = {cost, budget - account.complexity_used, budget - account.complexity_used - cost,
                        account.complexity_end - now};
  if (!verdict.refusal) {
    account.complexity_used += cost;
    verdict.running = account.running;
  }
  verdict.calls_left = std::max<std::int64_t>(0, options_.calls_per_minute - account.calls);
  verdict.running_left = std::max(0, options_.concurrent - static_cast<int>(account.running.use_count()) + 1);
  return verdict;
}

} // namespace dovetail::simulators::monday

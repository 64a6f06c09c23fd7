// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/limits.hpp"

#include <algorithm>

namespace dovetail::simulators::github {

void Limits::configure(LimitOptions options) {
  const std::lock_guard lock(mutex_);
  options_ = options;
  accounts_.clear();
}

LimitOptions Limits::options() const {
  const std::lock_guard lock(mutex_);
  return options_;
}

void Limits::describe(const Account& account, Verdict& verdict) const {
  verdict.limit = options_.primary;
  verdict.used = account.used;
  verdict.remaining = std::max(0, options_.primary - account.used);
  verdict.reset = account.window_end;
}

Limits::Verdict Limits::admit(const std::string& account_name, Timestamp now, bool free) {
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::lock_guard lock(mutex_);
  Account& account = accounts_[account_name];
  if (second >= account.window_end) {
    account.window_end = second + options_.window.count();
    account.used = 0;
  }
  if (second >= account.minute_end) {
    account.minute_end = second + 60;
    account.points = 0;
  }
  Verdict verdict;
  if (options_.concurrent > 0 && account.running.use_count() - 1 >= options_.concurrent) {
    verdict.outcome = Outcome::concurrent;
    verdict.retry_after = 1;
  } else if (options_.points_per_minute > 0 && account.points >= options_.points_per_minute) {
    verdict.outcome = Outcome::points;
    verdict.retry_after = account.minute_end - second;
  } else if (options_.primary > 0 && !free && account.used >= options_.primary) {
    verdict.outcome = Outcome::primary;
  } else {
    ++account.points;
    account.used += free ? 0 : 1;
    // The count of holders of this pointer is the count of running requests.
    verdict.running = account.running;
  }
  describe(account, verdict);
  return verdict;
}

void Limits::give_back(const std::string& account_name, Verdict& verdict) {
  const std::lock_guard lock(mutex_);
  Account& account = accounts_[account_name];
  account.used = std::max(0, account.used - 1);
  describe(account, verdict);
}

} // namespace dovetail::simulators::github

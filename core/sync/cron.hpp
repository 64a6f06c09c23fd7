// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace dovetail::sync {

/// When a rule is due, as crontab(5) says it: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday), each "*", a number, a
/// name (jan, mon), a range, a list, or either with a step; or @hourly, @daily, @weekly, @monthly, @yearly. Instants are UTC. Where both
/// days are restricted, either one is enough. A value.
class Cron {
public:
  /// Errors: invalid_argument with the field and what may stand there; also for a day that never comes (30 February).
  [[nodiscard]] static Result<Cron> parse(std::string_view text);

  /// Whether the minute in which `time` lies is one of its minutes.
  [[nodiscard]] bool matches(Timestamp time) const;

private:
  [[nodiscard]] bool ever_comes() const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;   // 1 to 31
  std::bitset<13> months_; // 1 to 12
  std::bitset<7> weekdays_;
  bool any_day_ = true;
  bool any_weekday_ = true;
};

} // namespace dovetail::sync

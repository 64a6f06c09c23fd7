// SPDX-License-Identifier: Apache-2.0
#include "core/sync/cron.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"

namespace dovetail::sync {
namespace {

using ::testing::HasSubstr;

bool due(std::string_view cron, std::string_view time) {
  const auto parsed = Cron::parse(cron);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
  const auto at = parse_iso8601(time);
  EXPECT_TRUE(at.has_value()) << time;
  return parsed.ok() && at && parsed->matches(*at);
}

TEST(Cron, MatchesMinutesOfTheClock_SYNC_1) {
  EXPECT_TRUE(due("*/15 * * * *", "2026-01-05T09:30:59Z"));
  EXPECT_FALSE(due("*/15 * * * *", "2026-01-05T09:31:00Z"));
  EXPECT_TRUE(due("0 3 * * *", "2026-01-05T03:00:00Z"));
  EXPECT_FALSE(due("0 3 * * *", "2026-01-05T04:00:00Z"));
  EXPECT_TRUE(due("5,10-12 9 * * *", "2026-01-05T09:11:00Z"));
  EXPECT_TRUE(due("50/5 * * * *", "2026-01-05T09:55:00Z"));
  EXPECT_TRUE(due("@daily", "2026-01-05T00:00:00Z"));
  EXPECT_TRUE(due("0 0 29 feb *", "2028-02-29T00:00:00Z"));
}

TEST(Cron, TakesEitherDayWhereBothAreRestricted) {
  EXPECT_TRUE(due("0 0 13 * fri", "2026-01-13T00:00:00Z")) << "a Tuesday";
  EXPECT_TRUE(due("0 0 13 * FRI", "2026-01-09T00:00:00Z"));
  EXPECT_FALSE(due("0 0 13 * fri", "2026-01-14T00:00:00Z"));
  EXPECT_TRUE(due("0 0 * * 7", "2026-01-11T00:00:00Z")) << "7 is Sunday as well as 0";
  EXPECT_TRUE(due("0 0 * * mon-fri", "2026-01-05T00:00:00Z"));
  EXPECT_FALSE(due("0 0 * * mon-fri", "2026-01-11T00:00:00Z"));
}

TEST(Cron, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) {
    const auto parsed = Cron::parse(text);
    EXPECT_FALSE(parsed.ok()) << text;
    return parsed.ok() ? std::string() : parsed.error().message;
  };
  EXPECT_THAT(message("60 * * * *"), HasSubstr("\"60\" is no minute"));
  EXPECT_THAT(message("* 24 * * *"), HasSubstr("is no hour"));
  EXPECT_THAT(message("* * 0 * *"), HasSubstr("is no day of the month"));
  EXPECT_THAT(message("* * * foo *"), HasSubstr("is no month"));
  EXPECT_THAT(message("* * * * 8"), HasSubstr("is no day of the week"));
  EXPECT_THAT(message("* * * *"), HasSubstr("has 4 fields"));
  EXPECT_THAT(message("* * * * * *"), HasSubstr("has 6 fields"));
  EXPECT_THAT(message(""), HasSubstr("has 0 fields"));
  EXPECT_THAT(message("@noon"), HasSubstr("has 1 fields"));
  EXPECT_THAT(message("0 0 30 2 *"), HasSubstr("never comes"));
  for (const auto* text : {"*/0 * * * *", "5-1 * * * *", "1,, * * * *", ",1 * * * *", "-1 * * * *", "1-2-3 * * * *",
                           "+1 * * * *", "*/ * * * *", "1/x * * * *"}) {
    EXPECT_THAT(message(text), HasSubstr("is no minute")) << text;
  }
  EXPECT_THAT(message(std::string(201, '*')), HasSubstr("at most 200 bytes"));
}

} // namespace
} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#include "core/http/rate_limit_rules.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr Timestamp now{std::chrono::sys_days{std::chrono::January / 5 / 2026} + std::chrono::hours(9)};

Headers headers_of(std::initializer_list<std::pair<const char*, std::string>> fields) {
  Headers out;
  for (const auto& [name, value] : fields) {
    EXPECT_TRUE(out.add(name, value).ok());
  }
  return out;
}

std::string epoch(std::chrono::seconds from_now) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>((now + from_now).time_since_epoch()).count());
}

// What a provider with primary and secondary limits says, in the order of its decision table.
RateLimitRules two_limits() {
  RateLimitRules rules;
  rules.limit_header = "x-ratelimit-limit";
  rules.remaining_header = "x-ratelimit-remaining";
  rules.reset_header = "x-ratelimit-reset";
  rules.signs = {
      {.statuses = {403, 429},
       .header = "retry-after",
       .header_value = "",
       .body_contains = "",
       .wait = LimitSign::Wait::retry_after},
      {.statuses = {403, 429},
       .header = "x-ratelimit-remaining",
       .header_value = "0",
       .body_contains = "",
       .wait = LimitSign::Wait::reset},
      {.statuses = {403, 429},
       .header = "",
       .header_value = "",
       .body_contains = "Secondary Rate Limit",
       .wait = LimitSign::Wait::fixed,
       .fixed_wait = 60s},
  };
  return rules;
}

TEST(RetryAfter, IsReadAsSecondsOrAsADate) { // HTTP-2
  EXPECT_EQ(parse_retry_after("30", now), 30s);
  EXPECT_EQ(parse_retry_after(" 0 ", now), 0s);
  EXPECT_EQ(parse_retry_after("1.5", now), 1s);
  EXPECT_EQ(parse_retry_after("Mon, 05 Jan 2026 09:00:42 GMT", now), 42s);
  EXPECT_EQ(parse_retry_after("Mon, 05 Jan 2026 08:00:00 GMT", now), 0s) << "the past is now";
  for (const std::string text : {"", "soon", "-5", "+5", "0x10", "99999999999999999999"}) {
    EXPECT_FALSE(parse_retry_after(text, now)) << text;
  }
}

TEST(RetryAfter, IsClamped) { // HTTP-2
  EXPECT_EQ(parse_retry_after("86400", now), milliseconds(limits::max_retry_after));
  EXPECT_EQ(parse_retry_after("Thu, 05 Jan 2040 09:00:42 GMT", now), milliseconds(limits::max_retry_after));
}

TEST(LimitVerdict, FollowsTheProvidersSigns) { // HTTP-2, HTTP-6
  const auto rules = two_limits();
  const auto wait = [&](int status, const Headers& headers, std::string_view body) {
    const auto verdict = judge_limit(status, headers, body, &rules, now);
    EXPECT_TRUE(verdict.limited);
    return verdict.wait.value_or(-1ms);
  };
  EXPECT_EQ(wait(403,
                 headers_of({{"Retry-After", "7"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", epoch(99s)}}),
                 ""),
            7s);
  EXPECT_EQ(wait(403, headers_of({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", epoch(99s)}}), ""), 99s);
  EXPECT_EQ(wait(429, headers_of({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", epoch(-99s)}}), ""), 0s);
  EXPECT_EQ(wait(403, headers_of({{"x-ratelimit-remaining", "12"}}),
                 R"({"message":"You have exceeded a secondary rate limit."})"),
            60s);
  EXPECT_EQ(wait(429, headers_of({{"x-ratelimit-remaining", "0"}}), ""), -1ms) << "limited, nobody said how long";
}

TEST(LimitVerdict, APlainRefusalIsNoLimit) {
  const auto rules = two_limits();
  EXPECT_FALSE(judge_limit(403, headers_of({{"x-ratelimit-remaining", "4999"}}),
                           R"({"message":"Must have admin rights"})", &rules, now)
                   .limited);
  EXPECT_FALSE(judge_limit(404, headers_of({{"x-ratelimit-remaining", "0"}}), "", &rules, now).limited);
  EXPECT_FALSE(judge_limit(200, headers_of({{"Retry-After", "7"}}), "secondary rate limit", &rules, now).limited);
}

TEST(LimitVerdict, WithoutRulesGoesByTheStandard) { // HTTP-2
  EXPECT_EQ(judge_limit(429, headers_of({{"Retry-After", "5"}}), "", nullptr, now).wait, 5s);
  EXPECT_TRUE(judge_limit(429, {}, "", nullptr, now).limited);
  EXPECT_FALSE(judge_limit(429, {}, "", nullptr, now).wait);
  EXPECT_EQ(judge_limit(503, headers_of({{"Retry-After", "5"}}), "", nullptr, now).wait, 5s);
  EXPECT_FALSE(judge_limit(503, {}, "", nullptr, now).limited);
  EXPECT_FALSE(judge_limit(403, headers_of({{"Retry-After", "5"}}), "", nullptr, now).limited);
}

TEST(RateHeaders, AreReadInBothFormats) { // HTTP-6
  auto rules = two_limits();
  const auto seen = read_rate_headers(
      headers_of({{"X-RateLimit-Limit", "5000"}, {"X-RateLimit-Remaining", "17"}, {"X-RateLimit-Reset", epoch(60s)}}),
      rules, now);
  EXPECT_EQ(seen.limit, 5000U);
  EXPECT_EQ(seen.remaining, 17U);
  EXPECT_EQ(seen.reset, now + 60s);
  rules.reset_format = RateLimitRules::ResetFormat::delta_seconds;
  EXPECT_EQ(read_rate_headers(headers_of({{"X-RateLimit-Reset", "60"}}), rules, now).reset, now + 60s);
  const auto odd = read_rate_headers(headers_of({{"X-RateLimit-Limit", "many"},
                                                 {"X-RateLimit-Remaining", "-1"},
                                                 {"X-RateLimit-Reset", "18446744073709551616"}}),
                                     rules, now);
  EXPECT_FALSE(odd.limit || odd.remaining || odd.reset);
}

} // namespace
} // namespace dovetail::http

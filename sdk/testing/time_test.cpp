// SPDX-License-Identifier: Apache-2.0
#include "dovetail/sdk/time.hpp"

#include <gtest/gtest.h>

namespace dovetail::sdk {
namespace {

using namespace std::chrono_literals;

const Timestamp nine = std::chrono::sys_days(std::chrono::year(2026) / 1 / 5) + 9h;

TEST(Iso8601, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_iso8601("2026-01-05T09:00:00Z"), nine);
  EXPECT_EQ(parse_iso8601("2026-01-05 17:00:00+08:00"), nine);
  EXPECT_EQ(parse_iso8601("2026-01-05T04:30:00-0430"), nine);
  EXPECT_EQ(parse_iso8601("2026-01-05T10:00:00+01"), nine);
  EXPECT_EQ(parse_iso8601("2026-01-05T09:00"), nine);
  EXPECT_EQ(parse_iso8601("2026-01-05T09:00:00.1234567Z"), nine + 123456us);
  EXPECT_EQ(parse_iso8601("2026-01-05"), nine - 9h);
}

TEST(Iso8601, RefusesWhatIsNoInstant) {
  for (const auto* text :
       {"", "2026", "2026-02-30T00:00:00Z", "2026-13-01", "0000-01-01", "2026-01-05T24:00:00Z", "2026-01-05T09:60:00Z",
        "2026-01-05T09:00:60Z", "2026-01-05T09:00:00.Z", "2026-01-05T09:00:00+", "2026-01-05T09:00:00+24:00",
        "2026-01-05T09:00:00+08:00x", "2026-01-05x", "2026-01-05T09", "2026-01-05T0900:00Z", "+026-01-05"}) {
    EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
  }
}

TEST(Iso8601, WritesWhatItReads) {
  EXPECT_EQ(format_iso8601(nine), "2026-01-05T09:00:00Z");
  EXPECT_EQ(format_iso8601(nine + 250'999us, true), "2026-01-05T09:00:00.250Z");
  EXPECT_EQ(format_iso8601(Timestamp(-1us)), "1969-12-31T23:59:59Z");
  for (auto time = nine; time < nine + 800 * 24h; time += 31h + 7min + 13s) {
    EXPECT_EQ(parse_iso8601(format_iso8601(time)), time);
  }
}

TEST(HttpDate, ReadsTheFormThatServersSendAndNothingElse) {
  EXPECT_EQ(parse_http_date("Mon, 05 Jan 2026 09:00:00 GMT"), nine);
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Timestamp{});
  for (const auto* text :
       {"", "Mon, 05 Jan 2026 09:00:00", "Mon, 5 Jan 2026 09:00:00 GMT ", "Mon, 05 anF 2026 09:00:00 GMT",
        "Mon, 31 Feb 2026 09:00:00 GMT", "Mon, 05 Jan 2026 24:00:00 GMT", "Mon, 05 Jan 2026 09.00.00 GMT",
        "Monday, 05-Jan-26 09:00:00 GMT", "Mon Jan  5 09:00:00 2026"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

} // namespace
} // namespace dovetail::sdk

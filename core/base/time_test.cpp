// SPDX-License-Identifier: Apache-2.0
#include "core/base/time.hpp"

#include <gtest/gtest.h>

namespace dovetail {
namespace {

TEST(Time, ReadsTheFourStylesThatProvidersSend) {
  for (const auto* text : {"2018-03-20T14:15:45Z", "2018-03-20T14:15:45.000Z", "2018-03-20T22:15:45.000+08:00",
                           "2018-03-20T06:15:45-08:00"}) {
    const auto time = parse_iso8601(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_iso8601(*time), "2018-03-20T14:15:45.000Z") << text;
  }
}

TEST(Time, RefusesWhatIsNoInstant) {
  for (const auto* text : {"", "foobar", "2016-11-29T17:59:<X>Z", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z",
                           "2023-01-01T24:00:00Z", "2023-01-01T00:00:60Z", "2023-01-01T00:00:00Zx",
                           "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00+25:00", "0000-01-01"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(Time, ReadsHttpDatesInAllThreeForms) {
  for (const auto* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    const auto time = parse_http_date(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_http_date(*time), "Sun, 06 Nov 1994 08:49:37 GMT") << text;
  }
  EXPECT_FALSE(parse_http_date("tomorrow"));
  EXPECT_FALSE(parse_http_date("Sun, 06 Nov 1994 08:49:37 CET"));
}

} // namespace
} // namespace dovetail

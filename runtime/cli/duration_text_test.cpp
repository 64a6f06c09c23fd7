// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/duration_text.hpp"

#include <gtest/gtest.h>

namespace dovetail::cli {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsReadWithItsUnit) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30"), 30s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("168h"), 168h);
}

TEST(Duration, IsRefusedWhenItIsNoneOrTooLong) {
  for (const char* const text :
       {"", "s", "-1s", "1.5h", "5 m", "5d", "169h", "99999999999999999999s", "9223372036854775807h", "5mm"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

} // namespace
} // namespace dovetail::cli

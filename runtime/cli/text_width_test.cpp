// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/text_width.hpp"

#include <gtest/gtest.h>

namespace dovetail::cli {
namespace {

TEST(Printable, TakesAwayWhatATerminalWouldActOn) {
  EXPECT_EQ(printable("a\x1b[31mb\x07"), "a\xEF\xBF\xBD[31mb\xEF\xBF\xBD");
  EXPECT_EQ(printable("two\nlines\tand more"), "two lines and more");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m")
      << "C1 has a CSI of its own";
  EXPECT_EQ(printable("safe\xE2\x80\xAE"
                      "txt.exe"),
            "safe\xEF\xBF\xBDtxt.exe")
      << "right-to-left override";
}

TEST(Printable, ReplacesBytesThatAreNoUtf8AndKeepsTheRest) {
  EXPECT_EQ(printable("\xFFok\xC3"), "\xEF\xBF\xBDok\xEF\xBF\xBD");
  EXPECT_EQ(printable("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(printable("Zo\xC3\xAB \xE6\xBC\xA2 \xF0\x9F\x9A\x80"), "Zo\xC3\xAB \xE6\xBC\xA2 \xF0\x9F\x9A\x80");
}

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width("plain"), 5U);
  EXPECT_EQ(display_width("Zo\xC3\xAB"), 3U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U) << "a combining accent takes no room";
  EXPECT_EQ(display_width("\xE6\xBC\xA2\xE5\xAD\x97"), 4U) << "East Asian characters take two";
  EXPECT_EQ(display_width(""), 0U);
}

TEST(Clipped, NeverExceedsTheWidthAndSaysThatSomethingIsMissing) {
  EXPECT_EQ(clipped("short", 5), "short");
  EXPECT_EQ(clipped("longer text", 6), "longe\xE2\x80\xA6");
  EXPECT_EQ(clipped("\xE6\xBC\xA2\xE5\xAD\x97\xE6\xBC\xA2", 4), "\xE6\xBC\xA2\xE2\x80\xA6") << "no half character";
  EXPECT_EQ(clipped("x", 0), "");
}

} // namespace
} // namespace dovetail::cli

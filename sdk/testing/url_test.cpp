// SPDX-License-Identifier: Apache-2.0
#include "dovetail/sdk/url.hpp"

#include <gtest/gtest.h>

namespace dovetail::sdk {
namespace {

TEST(Url, EncodesSegmentsNamesAndValues) {
  EXPECT_EQ(Url("repos").segment("a/b").segment(7).query("q", "x y&z").query("per_page", 100).text(),
            "/repos/a%2Fb/7?q=x%20y%26z&per_page=100");
  EXPECT_EQ(Url().segments("owner/na me").text(), "/owner/na%20me");
  EXPECT_EQ(Url::from("/x?a=1").query("b", "\xC3\xA9").text(), "/x?a=1&b=%C3%A9");
}

TEST(Url, DecodesWhatItEncodes) {
  std::string every;
  for (int i = 0; i < 256; ++i) {
    every += static_cast<char>(i);
  }
  EXPECT_EQ(percent_decode(percent_encode(every)), every);
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(Url, FindsQueryValues) {
  EXPECT_EQ(url_query_value("https://a.example/x?page=2&per_page=100#page=9", "per_page"), "100");
  EXPECT_EQ(url_query_value("/x?per_page=100&page=2", "page"), "2");
  EXPECT_EQ(url_query_value("/x?a%5B%5D=1%202", "a[]"), "1 2");
  EXPECT_EQ(url_query_value("/x?flag&b=1", "flag"), "");
  EXPECT_EQ(url_query_value("/x", "b"), std::nullopt);
  EXPECT_EQ(url_query_value("/x?bb=1", "b"), std::nullopt);
}

TEST(Url, SplitsOriginFromPath) {
  EXPECT_EQ(url_origin("https://a.example:8443/x"), "https://a.example:8443");
  EXPECT_EQ(url_origin("https://user@a.example/x"), "");
  EXPECT_EQ(url_origin("/x"), "");
  EXPECT_EQ(url_path_and_query("https://a.example/x/y?z=1#f"), "/x/y?z=1");
  EXPECT_EQ(url_path_and_query("https://a.example?z=1"), "?z=1");
  EXPECT_EQ(url_path_and_query("https://a.example"), "");
  EXPECT_EQ(url_path_and_query("/x?u=https://b.example"), "/x?u=https://b.example");
}

TEST(Url, ReadsWholeIntegersOnly) {
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_integer("1x"), std::nullopt);
  EXPECT_EQ(parse_integer(" 1"), std::nullopt);
  EXPECT_EQ(parse_integer(""), std::nullopt);
}

} // namespace
} // namespace dovetail::sdk

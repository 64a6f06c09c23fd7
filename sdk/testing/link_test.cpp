// SPDX-License-Identifier: Apache-2.0
#include "dovetail/sdk/link.hpp"

#include <string>

#include <gtest/gtest.h>

namespace dovetail::sdk {
namespace {

TEST(Link, FindsARelationAmongSeveralLinks) {
  const auto header = R"(<https://a.example/x?page=2>; rel="next", <https://a.example/x?page=9>; rel="last")";
  EXPECT_EQ(find_link(header, "next"), "https://a.example/x?page=2");
  EXPECT_EQ(find_link(header, "last"), "https://a.example/x?page=9");
  EXPECT_EQ(find_link(header, "prev"), std::nullopt);
}

TEST(Link, AllowsCommasAndSemicolonsInsideTheAddress) {
  EXPECT_EQ(find_link(R"(<https://a.example/x?q=1,2;3>; rel="prev",<https://a.example/y;z,>;rel=next)", "next"),
            "https://a.example/y;z,");
}

TEST(Link, TakesParametersInAnyOrderAndSpelling) {
  EXPECT_EQ(find_link(R"( <u> ; title="a, <b>; rel=\"no\"" ;  ReL = NEXT )", "next"), "u");
  EXPECT_EQ(find_link(R"(<u>; rel="prev  Next")", "next"), "u");
  EXPECT_EQ(find_link(R"(<u>; rel="nextish")", "next"), std::nullopt);
  EXPECT_EQ(find_link(R"(<u>; rel=prev; rel=next)", "next"), std::nullopt);
  EXPECT_EQ(find_link(R"(<u>; flag; rel=next;)", "next"), "u");
}

TEST(Link, KeepsParametersUnescaped) {
  const auto links = parse_links(R"(<u>; Title="say \"hi\""; rel=next)");
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].parameter("title"), R"(say "hi")");
}

TEST(Link, SkipsBrokenPartsAndReadsTheRest) {
  EXPECT_EQ(find_link(R"(nonsense "a,b", <u>; rel=next)", "next"), "u");
  EXPECT_EQ(find_link(R"(<a> x <c,d>, ,, <u>; rel=next)", "next"), "u");
  EXPECT_EQ(find_link("<never closed; rel=next", "next"), std::nullopt);
  EXPECT_TRUE(parse_links("").empty());
  EXPECT_TRUE(parse_links(" , ,").empty());
  EXPECT_EQ(parse_links(R"(<u>; rel="open)").size(), 1U);
}

TEST(Link, EndsOnEveryPrefixOfAHeader) {
  const std::string header = R"(<https://a.example/x?q=1,2;3>; t="a\"b"; rel="prev next", bad "x, <y>;rel=z)";
  for (std::size_t size = 0; size <= header.size(); ++size) {
    EXPECT_LE(parse_links(header.substr(0, size)).size(), 2U);
  }
}

} // namespace
} // namespace dovetail::sdk

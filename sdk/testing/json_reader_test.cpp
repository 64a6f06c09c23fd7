// SPDX-License-Identifier: Apache-2.0
#include "dovetail/testing/json_reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace dovetail::testing {
namespace {

using Kind = sdk::JsonValue::Kind;

TEST(JsonReader, FindsValuesByPointer) {
  const auto tree = JsonTree::parse(R"( {"a":[{"b":1},{"b":-2.5e3}],"a/b":{"~":"x"},"":null,"a":7} )");
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  const auto& root = (*tree)->root();
  EXPECT_EQ(root.find("/a/0/b")->integer, 1);
  EXPECT_DOUBLE_EQ(root.find("/a/1/b")->real, -2500.0);
  EXPECT_EQ(root.find("/a~1b/~0")->string, "x");
  EXPECT_EQ(root.find("/")->kind, Kind::null);
  EXPECT_EQ(root.find("")->items.size(), 4U);
  EXPECT_EQ(root.find("/a/0")->raw, R"({"b":1})");
  for (const auto* pointer : {"/b", "/a/2", "/a/00", "/a/-1", "/a/x", "a", "/a/0/b/c"}) {
    EXPECT_EQ(root.find(pointer), nullptr) << pointer;
  }
}

TEST(JsonReader, UnescapesStrings) {
  const auto tree = JsonTree::parse(R"("\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00")");
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  EXPECT_EQ((*tree)->root().string, "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(JsonReader, TellsIntegersFromReals) {
  EXPECT_EQ((*JsonTree::parse("9223372036854775807"))->root().kind, Kind::integer);
  EXPECT_EQ((*JsonTree::parse("9223372036854775808"))->root().kind, Kind::real);
  EXPECT_EQ((*JsonTree::parse("1.0"))->root().kind, Kind::real);
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "[",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "{\"a\"}",
                                 "{a:1}",
                                 "01",
                                 "1.",
                                 "1e",
                                 "-",
                                 "+1",
                                 ".5",
                                 "nul",
                                 "truex",
                                 "1 2",
                                 "\"a",
                                 "\"\x01\"",
                                 "\"\\x\"",
                                 "\"\\u12\"",
                                 "\"\\ud800\"",
                                 "\"\\udc00\"",
                                 "\"\\ud800\\u0041\"",
                                 "\"\xC0\x80\"",
                                 "\"\xED\xA0\x80\"",
                                 "\"\xF4\x90\x80\x80\"",
                                 "1e999",
                                 "NaN",
                                 "[1",
                                 "{\"a\":",
                                 "\xEF\xBB\xBF[]"}) {
    EXPECT_FALSE(JsonTree::parse(text).ok()) << text;
  }
}

TEST(JsonReader, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(JsonTree::parse(nested(128)).ok());
  EXPECT_FALSE(JsonTree::parse(nested(130)).ok());
  EXPECT_FALSE(JsonTree::parse(std::string(1'000'000, '[')).ok());
}

} // namespace
} // namespace dovetail::testing

// SPDX-License-Identifier: Apache-2.0
#include "conformance_spoil.hpp"

#include <set>

#include <gtest/gtest.h>

#include "dovetail/testing/json_reader.hpp"

namespace dovetail::testing {
namespace {

TEST(ConformanceSpoil, PutsAnUnknownMemberIntoEachObject) {
  EXPECT_EQ(with_unknown_members(R"([{"a":{}},1,"x"])"),
            R"([{"x_unknown":{"deep":[1,null,"é"]},"a":{"x_unknown":{"deep":[1,null,"é"]}}},1,"x"])");
  EXPECT_EQ(with_unknown_members("<xml/>"), "<xml/>");
  EXPECT_EQ(with_unknown_members("[]"), "[]");
}

TEST(ConformanceSpoil, BreaksOneMemberAndLeavesTheRestAsItIs) {
  constexpr auto text = R"({"a":1,"b":["x",{"c":null,"d":"é\n"}],"e":true})";
  std::set<std::string> made;
  for (std::uint64_t choice = 0; choice < 200; ++choice) {
    const auto broken = with_a_broken_member(text, choice);
    EXPECT_NE(broken, text) << choice;
    EXPECT_TRUE(JsonTree::parse(broken).ok()) << broken;
    EXPECT_EQ(broken, with_a_broken_member(text, choice)) << "the same choice breaks the same";
    made.insert(broken);
  }
  EXPECT_EQ(made.size(), 5U * 6U) << "each of five members is taken out or gets one of five other kinds";
  EXPECT_TRUE(made.contains(R"({"b":["x",{"c":null,"d":"é\n"}],"e":true})"));
  for (const auto* const whole : {"[]", "7", "{}", "no json"}) {
    EXPECT_EQ(with_a_broken_member(whole, 3), whole);
  }
}

TEST(ConformanceSpoil, ChoosesAlikeOnEveryMachine) {
  EXPECT_EQ(mix("", 0), 0xCBF29CE484222325U ^ (0xCBF29CE484222325U >> 29U));
  EXPECT_NE(mix("a", 1), mix("a", 2));
  EXPECT_NE(mix("a", 1), mix("b", 1));
}

} // namespace
} // namespace dovetail::testing

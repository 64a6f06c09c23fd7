// SPDX-License-Identifier: Apache-2.0
#include "conformance_spoil.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "dovetail/testing/json_reader.hpp"

namespace dovetail::testing {
namespace {

TEST(ConformanceSpoil, PutsAnUnknownMemberIntoEachObject) {
  EXPECT_EQ(with_unknown_members(R"([{"a":{}},1,"x"])"),
            R"([{"x_unknown":{"deep":[1,null,"é"]},"a":{"x_unknown":{"deep":[1,null,"é"]}}},1,"x"])");
  EXPECT_EQ(without_unknown_members(with_unknown_members(R"([{"a":{}},1,"x"])")), R"([{"a":{}},1,"x"])");
  EXPECT_EQ(without_unknown_members(R"({ "a" : [1, {}] })"), R"({"a":[1,{}]})") << "as the other one writes it";
  EXPECT_EQ(without_unknown_members(R"(/a={"x_unknown":{"deep":[1,null,"é"]},"b":1} and more)"),
            R"(/a={"b":1} and more)");
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

/// Structs in a list: members a (an int), b (a struct with c, a string) and, in the second one, d (empty).
constexpr auto xml =
    "<?xml version='1.0'?><methodResponse><params><param><value><array><data>"
    "<value><struct><member><name>a</name><value><int>1</int></value></member>"
    "<member><name>b</name><value><struct><member><name>c</name><value><string>&lt;x&gt;</string></value>"
    "</member></struct></value></member></struct></value>"
    "<value><struct><member><name>d</name><value><boolean>0</boolean></value></member></struct></value>"
    "</data></array></value></param></params></methodResponse>";

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++times;
  }
  return times;
}

TEST(ConformanceSpoil, PutsAnUnknownMemberIntoEachStructOfXmlRpc) {
  const auto spoilt = with_unknown_members(xml);
  EXPECT_EQ(count(spoilt, "<struct><member><name>x_unknown</name>"), 3U);
  EXPECT_EQ(count(spoilt, "<member>"), 4U + 3U);
  constexpr auto bare = "<methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>";
  EXPECT_EQ(with_unknown_members(bare), bare);
  EXPECT_EQ(with_a_broken_member(bare, 3), bare);
}

TEST(ConformanceSpoil, BreaksOneMemberOfXmlRpc) {
  std::set<std::string> made;
  for (std::uint64_t choice = 0; choice < 200; ++choice) {
    const auto broken = with_a_broken_member(xml, choice);
    EXPECT_NE(broken, xml) << choice;
    for (const auto* const tag : {"member>", "value>", "struct>", "data>"}) {
      EXPECT_EQ(count(broken, std::string("<") + tag), count(broken, std::string("</") + tag)) << broken;
    }
    made.insert(broken);
  }
  EXPECT_EQ(made.size(), 4U * 6U) << "each of four members is taken out or gets one of five other kinds";
  for (const auto& broken : made) {
    EXPECT_TRUE(broken.starts_with("<?xml") && broken.ends_with("</methodResponse>")) << broken;
  }
}

TEST(ConformanceSpoil, ChoosesAlikeOnEveryMachine) {
  EXPECT_EQ(mix("", 0), 0xCBF29CE484222325U ^ (0xCBF29CE484222325U >> 29U));
  EXPECT_NE(mix("a", 1), mix("a", 2));
  EXPECT_NE(mix("a", 1), mix("b", 1));
}

} // namespace
} // namespace dovetail::testing

// SPDX-License-Identifier: Apache-2.0
#include "core/json/document.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json/pointer.hpp"

namespace dovetail::json {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Document parse(std::string_view text, const ParseOptions& options = {}) {
  auto document = Document::parse(text, options);
  EXPECT_TRUE(document.ok()) << text << ": " << (document.ok() ? "" : document.error().message);
  return document.ok() ? std::move(document).value() : Document::parse("null").value();
}

std::string refusal(std::string_view text, const ParseOptions& options = {}) {
  auto document = Document::parse(text, options);
  EXPECT_FALSE(document.ok()) << text;
  return document.ok() ? "" : document.error().message;
}

TEST(JsonDocument, ShowsEachKindOfValue) {
  const auto document = parse(
      R"({"s":"a\u00e9\n","i":-9223372036854775808,"big":18446744073709551615,"r":1.5,"t":true,"n":null,"a":[1,2],"o":{}})");
  const auto root = document.root();
  EXPECT_EQ(root["s"].as_string(), "a\xC3\xA9\n");
  EXPECT_EQ(root["i"].as_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(root["big"].kind(), Kind::real);
  EXPECT_EQ(root["big"].as_int64(), std::nullopt);
  EXPECT_EQ(root["r"].as_double(), 1.5);
  EXPECT_EQ(root["i"].as_double(), -9223372036854775808.0);
  EXPECT_EQ(root["t"].as_bool(), true);
  EXPECT_TRUE(root["n"].is_null());
  EXPECT_EQ(root["a"].size(), 2U);
  EXPECT_EQ(root["o"].kind(), Kind::object);
  EXPECT_EQ(root["absent"].kind(), Kind::missing);
  EXPECT_EQ(root["absent"]["deeper"][3].kind(), Kind::missing);
  EXPECT_FALSE(Value{}.exists());
  EXPECT_EQ(Value{}.dump(), "null");
}

TEST(JsonDocument, FollowsThePointersOfRfc6901) {
  const auto document = parse(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8," ":7,"01":3})");
  const auto root = document.root();
  EXPECT_EQ(root.at("").size(), 7U);
  EXPECT_EQ(root.at("/foo/1").as_string(), "baz");
  EXPECT_EQ(root.at("/").as_int64(), 0);
  EXPECT_EQ(root.at("/a~1b").as_int64(), 1);
  EXPECT_EQ(root.at("/c%d").as_int64(), 2);
  EXPECT_EQ(root.at("/m~0n").as_int64(), 8);
  EXPECT_EQ(root.at("/ ").as_int64(), 7);
  EXPECT_EQ(root.at("/01").as_int64(), 3);
  for (const auto* absent :
       {"/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/18446744073709551616", "/foo/0/x", "foo", "/m~n", "/m~2n"}) {
    EXPECT_FALSE(root.at(absent).exists()) << absent;
  }
  EXPECT_EQ(escape_step("a/b~c"), "a~1b~0c");
}

TEST(JsonDocument, TellsThePointerOfAValue) {
  const auto document = parse(R"({"a":[{"x/y":[true]}]})");
  const auto value = document.root()["a"][0]["x/y"][0];
  EXPECT_EQ(value.pointer(), "/a/0/x~1y/0");
  EXPECT_EQ(document.root().pointer(), "");
}

TEST(JsonDocument, TypedLookUpsSayWhatWasExpectedAndWhatStoodThere) {
  const auto document = parse(R"({"a":{"name":7,"list":[]}})");
  const auto inner = document.root()["a"];
  EXPECT_EQ(inner.get_string("/name").error().message, "/a/name: expected a string, found integer");
  EXPECT_EQ(inner.get_string("/none").error().message, "/a/none: missing, expected a string");
  EXPECT_EQ(inner.get_bool("/list").error().message, "/a/list: expected true or false, found array");
  EXPECT_EQ(document.root().get_array().error().message, "the document: expected an array, found object");
  EXPECT_EQ(*inner.get_int64("/name"), 7);
  EXPECT_EQ(*inner.get_double("/name"), 7.0);
  EXPECT_TRUE(inner.get_array("/list").ok());
  EXPECT_TRUE(document.root().get_object("/a").ok());
  EXPECT_EQ(inner.string_or("/name", "none"), "none");
  EXPECT_EQ(inner.int64_or("/name", 1), 7);
  EXPECT_TRUE(inner.bool_or("/none", true));
}

TEST(JsonDocument, WalksMembersAndElementsInTheirOrder) {
  const auto document = parse(R"({"z":1,"a":[10,20],"m":3})");
  std::vector<std::string> names;
  for (const auto [name, value] : document.root().members()) {
    names.emplace_back(name);
  }
  EXPECT_THAT(names, ElementsAre("z", "a", "m"));
  std::int64_t sum = 0;
  for (const auto element : document.root()["a"].elements()) {
    sum += element.as_int64().value_or(0);
  }
  EXPECT_EQ(sum, 30);
  EXPECT_EQ(document.root()["z"].elements().begin(), document.root()["z"].elements().end());
}

TEST(JsonDocument, RefusesANameThatStandsTwiceUnlessToldNotTo) {
  EXPECT_EQ(refusal("{\"a\":1,\n \"b\":{\"k\":1,\"\\u006b\":2}}"),
            "line 2, column 13: the name \"k\" stands twice in one object");
  const auto document = parse(R"({"a":1,"a":2})", {.duplicates = DuplicateNames::keep_first});
  EXPECT_EQ(document.root()["a"].as_int64(), 1);
  EXPECT_EQ(document.root().dump_canonical(), R"({"a":1})");
}

TEST(JsonDocument, BoundsSizeDepthAndNumbers) {
  EXPECT_THAT(refusal(R"("1234567890")", {.max_bytes = 10}), HasSubstr("at most 10"));
  EXPECT_EQ(Document::parse("[0]", {.max_bytes = 2}).error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(refusal(std::string(200, '[') + std::string(200, ']')), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("too large for a double"));
  EXPECT_THAT(refusal(R"(["\uDC00"])"), HasSubstr("line 1, column 3: half a surrogate pair"));
}

TEST(JsonDocument, ReadsNumbersExactly) {
  const auto document =
      parse("[0e88, -0, -0.0, 1e-999, 0.1, 123456789012345678901234567890, 18446744073709551615, 1E2]");
  const auto root = document.root();
  EXPECT_EQ(root[0].as_double(), 0.0);
  EXPECT_EQ(root[0].kind(), Kind::real);
  EXPECT_EQ(root[1].kind(), Kind::integer);
  EXPECT_EQ(root[2].kind(), Kind::real);
  EXPECT_EQ(root[3].as_double(), 0.0);
  EXPECT_EQ(root[4].as_double(), 0.1);
  EXPECT_EQ(root[5].as_double(), 123456789012345678901234567890.0);
  EXPECT_EQ(root[6].dump(), "18446744073709551615");
  EXPECT_EQ(root[7].as_double(), 100.0);
  EXPECT_EQ(refusal("[1,\n -1e309]"), "line 2, column 2: a number is too large for a double");
}

TEST(JsonDocument, SkipsAByteOrderMark) { EXPECT_EQ(parse("\xEF\xBB\xBF[1]").root().size(), 1U); }

TEST(JsonDocument, ValuesOutliveAMoveOfTheDocument) {
  auto document = parse(R"(["text that is not short enough to live inside a value"])");
  const auto value = document.root()[0];
  const auto moved = std::move(document);
  EXPECT_EQ(value.as_string(), "text that is not short enough to live inside a value");
  EXPECT_EQ(value.pointer(), "/0");
}

TEST(JsonDocument, CanonicalFormDoesNotDependOnOrderOrSpace) {
  const auto left = parse(R"({"b":[1,{"y":1.0,"x":"\u0041"}],"a":9007199254740993})");
  const auto right = parse("{ \"a\" : 9007199254740993,\n \"b\":[1, {\"x\":\"A\",\"y\":1.0}] }");
  EXPECT_EQ(left.root().dump_canonical(), R"({"a":9007199254740993,"b":[1,{"x":"A","y":1.0}]})");
  EXPECT_EQ(left.root(), right.root());
  EXPECT_FALSE(left.root() == right.root()["a"]);
  EXPECT_EQ(right.root().dump(), R"({"a":9007199254740993,"b":[1,{"x":"A","y":1.0}]})");
}

} // namespace
} // namespace dovetail::json

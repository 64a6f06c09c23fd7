// SPDX-License-Identifier: Apache-2.0
#include "core/json/check.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::json {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

TEST(JsonCheck, PassesWhatRfc8259Allows) {
  for (const std::string& text :
       {"0"s, "-0"s, "1.5e+300"s, "1E999"s, "true"s, "null"s, " \t\r\n[ ] "s, "{}"s,
        R"({"a":{"b":[1,"x",{"":null}]},"a":2})"s, R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")"s,
        "\"\x7f \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF\""s, "[[[[[[[[[]]]]]]]]]"s}) {
    const auto status = check(text);
    EXPECT_TRUE(status.ok()) << text << ": " << status.error().message;
  }
}

struct Broken {
  std::string text;
  std::string place;
  std::string reason;
};

TEST(JsonCheck, NamesPlaceAndReasonOfWhatIsBroken) {
  const Broken cases[] = {
      {"", "empty", "expected JSON"},
      {"  ", "line 1, column 3", "ends where a value"},
      {"{\"a\":1,\n \"b\" 2}", "line 2, column 6", "expected ':'"},
      {"{\"a\":1,}", "line 1, column 8", "a comma stands before '}'"},
      {"[1,]", "line 1, column 4", "a comma stands before ']'"},
      {"[1 2]", "line 1, column 4", "expected ',' or ']'"},
      {"{\"a\":1]", "line 1, column 7", "expected ',' or '}'"},
      {"]", "line 1, column 1", "expected a value"},
      {"{1:2}", "line 1, column 2", "name in double quotes"},
      {"[", "line 1, column 2", "ends where a value"},
      {"[1", "line 1, column 3", "ends inside an array"},
      {"{\"a\":1", "line 1, column 7", "ends inside an object"},
      {"{", "line 1, column 2", "name in double quotes"},
      {"01", "line 1, column 2", "begins with 0"},
      {"-", "line 1, column 2", "digit after '-'"},
      {"1.", "line 1, column 3", "decimal point"},
      {"1e", "line 1, column 3", "exponent"},
      {".5", "line 1, column 1", "expected a value"},
      {"+1", "line 1, column 1", "expected a value"},
      {"True", "line 1, column 1", "expected a value"},
      {"nul", "line 1, column 1", "lower case"},
      {"NaN", "line 1, column 1", "expected a value"},
      {"'a'", "line 1, column 1", "expected a value"},
      {"1 2", "line 1, column 3", "more text follows"},
      {"1\0"s, "line 1, column 2", "NUL"},
      {"\"abc", "line 1, column 1", "not closed"},
      {"\"abc\\\"", "line 1, column 1", "not closed"},
      {"\"a\nb\"", "line 1, column 3", "control character"},
      {"\"a\0b\""s, "line 1, column 3", "control character"},
      {"\"\\x41\"", "line 1, column 2", "unknown escape"},
      {"\"\\u12G4\"", "line 1, column 2", "four hexadecimal"},
      {"\"\\u12", "line 1, column 2", "four hexadecimal"},
      {"\"\\", "line 1, column 2", "inside an escape"},
      {"\"\\uD800\"", "line 1, column 2", "surrogate"},
      {"\"\\uD800\\u0041\"", "line 1, column 2", "surrogate"},
      {"\"\\uDC00\"", "line 1, column 2", "surrogate"},
      {"\"\xC3\xA9\xFF\"", "line 1, column 3", "UTF-8"},
      {"\"\xC0\x80\"", "line 1, column 2", "UTF-8"},
      {"\"\xE0\x80\x80\"", "line 1, column 2", "UTF-8"},
      {"\"\xED\xA0\x80\"", "line 1, column 2", "UTF-8"},
      {"\"\xF4\x90\x80\x80\"", "line 1, column 2", "UTF-8"},
      {"\"\xF0\x9F\x98", "line 1, column 2", "UTF-8"},
      {"\xEF\xBB\xBF{}", "line 1, column 1", "expected a value"},
      {"/* c */ 1", "line 1, column 1", "expected a value"},
  };
  for (const auto& broken : cases) {
    const auto status = check(broken.text);
    ASSERT_FALSE(status.ok()) << broken.text;
    EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(status.error().message, HasSubstr(broken.place)) << broken.text;
    EXPECT_THAT(status.error().message, HasSubstr(broken.reason)) << broken.text;
  }
}

TEST(JsonCheck, BoundsTheNesting) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(check(nested(limits::max_json_depth)).ok());
  const auto status = check(nested(limits::max_json_depth + 1));
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("nested too deeply"));
  EXPECT_FALSE(check(nested(5'000'000)).ok());
  EXPECT_FALSE(check("[[1]]", 1).ok());
  EXPECT_TRUE(check("[1]", 1).ok());
}

TEST(JsonCheck, CountsColumnsInCharacters) {
  EXPECT_EQ(describe_place("a\n\xC3\xA9x", 4), "line 2, column 2");
  EXPECT_EQ(describe_place("abc", 99), "line 1, column 4");
}

} // namespace
} // namespace dovetail::json

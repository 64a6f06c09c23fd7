// SPDX-License-Identifier: Apache-2.0
#include "core/json/writer.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace dovetail::json {
namespace {

TEST(JsonWriter, WritesCompactJson) {
  Writer writer;
  writer.begin_object().member("text", "a").member("int", 1).member("big", std::numeric_limits<std::int64_t>::min());
  writer.member("unsigned", std::numeric_limits<std::uint64_t>::max()).member("flag", true).member("none", nullptr);
  writer.key("list")
      .begin_array()
      .value(1.5)
      .value(2.0)
      .value(1e300)
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .end_array();
  writer.key("raw").raw(R"([1])").end_object();
  EXPECT_EQ(writer.view(),
            R"({"text":"a","int":1,"big":-9223372036854775808,"unsigned":18446744073709551615,"flag":true,"none":null,)"
            R"("list":[1.5,2.0,1e+300,{},[]],"raw":[1]})");
}

TEST(JsonWriter, WritesForPeople) {
  Writer writer(Layout::pretty);
  writer.begin_object()
      .key("a")
      .begin_array()
      .value(1)
      .value(2)
      .end_array()
      .key("b")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(writer.view(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

TEST(JsonWriter, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(quoted(std::string_view("\"\\/\b\f\n\r\t\x01\0\x7f", 11)), R"("\"\\/\u0008\u000c\n\r\t\u0001\u0000)"
                                                                       "\x7f\"");
  EXPECT_EQ(quoted("caf\xC3\xA9 \xF0\x9F\x98\x80"), "\"caf\xC3\xA9 \xF0\x9F\x98\x80\"");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(quoted("a\xFF\xC3z\xED\xA0\x80"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, HasNoWordForNumbersThatJsonLacks) {
  Writer writer;
  writer.begin_array()
      .value(std::numeric_limits<double>::quiet_NaN())
      .value(std::numeric_limits<double>::infinity())
      .end_array();
  EXPECT_EQ(writer.view(), "[null,null]");
}

TEST(JsonWriter, RealsReadBackExactly) {
  for (const double number : {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -123456789.123456789}) {
    Writer writer;
    writer.value(number);
    const auto document = Document::parse(writer.view());
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(document->root().as_double(), number);
    EXPECT_EQ(document->root().kind(), Kind::real);
  }
}

TEST(JsonWriter, CopiesAValueAsItIs) {
  const auto* const text = R"({"b":[1,-2.5,18446744073709551615,"\u0000x"],"a":{"k":null,"t":[true,false]}})";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document.ok());
  Writer writer;
  writer.begin_array().value(document->root()).end_array();
  EXPECT_EQ(writer.view(), "[" + std::string(text) + "]");
}

TEST(JsonWriter, BeginsAnewWhenCleared) {
  Writer writer;
  writer.begin_array().value(1);
  writer.clear();
  writer.value("x");
  EXPECT_EQ(std::move(writer).take(), "\"x\"");
}

} // namespace
} // namespace dovetail::json

// SPDX-License-Identifier: Apache-2.0
#include "core/json/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::json {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document parse(std::string_view text) {
  auto document = Document::parse(text);
  EXPECT_TRUE(document.ok()) << text << ": " << (document.ok() ? "" : document.error().message);
  return document.ok() ? std::move(document).value() : Document::parse("null").value();
}

std::string refusal(std::string_view schema_text) {
  const auto schema = Schema::compile(parse(schema_text).root());
  EXPECT_FALSE(schema.ok()) << schema_text;
  return schema.ok() ? "" : schema.error().message;
}

std::vector<std::string> problems(std::string_view schema_text, std::string_view text,
                                  ShowValues show = ShowValues::yes) {
  const auto schema = Schema::compile(parse(schema_text).root());
  EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().message);
  const auto document = parse(text);
  std::vector<std::string> out;
  if (schema.ok()) {
    for (const auto& problem : schema->validate(document.root(), show)) {
      out.push_back(problem.text());
    }
  }
  return out;
}

constexpr std::string_view person = R"({
  "type": "object", "required": ["name"],
  "properties": {
    "name": {"type": "string", "pattern": "^[a-z]+$"},
    "key": {"type": "string", "pattern": "^k", "x-expected": "a key that begins with k"},
    "age": {"type": "integer", "minimum": 0, "maximum": 150},
    "kind": {"enum": ["cat", "dog", 3]},
    "version": {"const": 1},
    "tags": {"type": "array", "items": {"$ref": "#/definitions/tag"}, "minItems": 1, "uniqueItems": true},
    "place": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}]}
  },
  "additionalProperties": false,
  "definitions": {"tag": {"type": ["string", "null"], "maxLength": 5}}
})";

TEST(JsonSchema, SaysWhichNameIsNotOneOfThoseExpected) {
  EXPECT_THAT(
      problems(
          R"({"properties":{"limits":{"x-names":"names such as \"a1\"","patternProperties":{"^a[0-9]$":{"type":"integer"}},
                          "additionalProperties":false}}})",
          R"({"limits":{"a1":1,"b1":2}})"),
      ElementsAre("/limits: the member \"b1\" is not known here: expected names such as \"a1\""));
  // A member of that name is no keyword.
  EXPECT_THAT(problems(R"({"properties":{"propertyNames":{"type":"string"}},"default":{"propertyNames":"x"}})",
                       R"({"propertyNames":"a"})"),
              IsEmpty());
}

TEST(JsonSchema, PassesWhatConforms) {
  EXPECT_THAT(
      problems(person, R"({"name":"ada","age":36,"kind":3,"version":1,"tags":["x",null],"place":{"city":"London"}})"),
      IsEmpty());
  EXPECT_THAT(problems(person, R"({"name":"ada","place":"London"})"), IsEmpty());
  EXPECT_THAT(problems("true", "[1]"), IsEmpty());
}

TEST(JsonSchema, SaysWhereWhatWasExpectedAndWhatStandsThere) {
  EXPECT_THAT(problems(person, "{}"), ElementsAre("(document): the member \"name\" is missing"));
  EXPECT_THAT(problems(person, "[1,2]"), ElementsAre("(document): expected object, found an array of 2"));
  EXPECT_THAT(problems(person, R"({"name":5})"), ElementsAre("/name: expected string, found 5"));
  EXPECT_THAT(problems(person, R"({"name":"Ada"})"),
              ElementsAre("/name: expected a text of the form \"^[a-z]+$\", found \"Ada\""));
  EXPECT_THAT(problems(person, R"({"name":"a","key":"x"})"),
              ElementsAre("/key: expected a key that begins with k, found \"x\""));
  EXPECT_THAT(problems(person, R"({"name":"a","age":-1})"),
              ElementsAre(HasSubstr("/age: expected number greater than or equal to 0")));
  EXPECT_THAT(problems(person, R"({"name":"a","age":1.5})"), ElementsAre("/age: expected integer, found 1.5"));
  EXPECT_THAT(problems(person, R"({"name":"a","kind":"cow"})"),
              ElementsAre("/kind: expected \"cat\", \"dog\" or 3, found \"cow\""));
  EXPECT_THAT(problems(person, R"({"name":"a","version":2})"), ElementsAre("/version: expected 1, found 2"));
  EXPECT_THAT(problems(person, R"({"name":"a","it's":2})"),
              ElementsAre("(document): the member \"it's\" is not known here"));
  EXPECT_THAT(
      problems(person, R"({"name":"a","tags":["ok",7,"toolong"]})"),
      ElementsAre("/tags/1: expected string or null, found 7", HasSubstr("/tags/2: string should be no more than 5")));
  EXPECT_THAT(problems(person, R"({"name":"a","tags":[]})"),
              ElementsAre(HasSubstr("/tags: array should contain no fewer than 1")));
}

TEST(JsonSchema, OfSeveralAlternativesTheOneThatFailedDeepestSpeaks) {
  EXPECT_THAT(problems(person, R"({"name":"a","place":{"city":5}})"),
              ElementsAre("/place/city: expected string, found 5"));
  EXPECT_THAT(problems(person, R"({"name":"a","place":5})"), ElementsAre("/place: expected string or object, found 5"));
}

TEST(JsonSchema, TellsAllProblemsInTheOrderOfTheirPlaces) {
  EXPECT_THAT(problems(person, R"({"version":3,"age":"x"})"),
              ElementsAre("(document): the member \"name\" is missing", "/age: expected integer, found \"x\"",
                          "/version: expected 1, found 3"));
}

TEST(JsonSchema, EscapesPointersAndFindsValuesBehindThem) {
  EXPECT_THAT(problems(R"({"additionalProperties":{"type":"string"}})", R"({"a/b~c":1})"),
              ElementsAre("/a~1b~0c: expected string, found 1"));
  EXPECT_THAT(problems(R"({"patternProperties":{"^x":{"type":"null"}}})", R"({"x1":1,"y":2})"),
              ElementsAre("/x1: expected null, found 1"));
}

TEST(JsonSchema, KeepsValuesToItselfWhereTheyMayBeSecret) {
  EXPECT_THAT(problems(person, R"({"name":"S3CRET"})", ShowValues::no),
              ElementsAre("/name: expected a text of the form \"^[a-z]+$\", found a string"));
}

TEST(JsonSchema, RefusesSchemasThatCannotWork) {
  EXPECT_THAT(refusal("[]"), HasSubstr("an object or a boolean"));
  EXPECT_THAT(refusal(R"({"type":"strin"})"), HasSubstr("not a valid JSON Schema"));
  EXPECT_THAT(refusal(R"({"properties":5})"), HasSubstr("not a valid JSON Schema"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"pattern":"("}}})"),
              HasSubstr("JSON Schema /properties/a: the pattern \"(\" does not compile"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"$ref":"#/definitions/no"}}})"), HasSubstr("names nothing"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"propertyNames":{"pattern":"^a"}}}})"),
              HasSubstr("JSON Schema /properties/a: \"propertyNames\" is not taken"));
  EXPECT_THAT(refusal(R"({"$ref":"http://example.org/schema"})"), HasSubstr("names nothing"));
  for (const auto* circle : {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})", R"({"not":{"$ref":"#"}})",
                             R"({"properties":{"a":{"if":true,"then":{"$ref":"#/properties/a"}}}})",
                             R"({"dependencies":{"a":{"anyOf":[{"$ref":"#"}]}}})"}) {
    EXPECT_THAT(refusal(circle), HasSubstr("circle")) << circle;
  }
  EXPECT_THAT(
      refusal(
          R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"$ref":"#/definitions/a"})"),
      HasSubstr("circle"));
}

TEST(JsonSchema, FollowsASchemaThatContainsItself) {
  constexpr std::string_view tree =
      R"({"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}}})";
  EXPECT_THAT(problems(tree, R"({"children":[{"children":[{}]}]})"), IsEmpty());
  EXPECT_THAT(problems(tree, R"({"children":[{"children":[{},5]}]})"),
              ElementsAre("/children/0/children/1: expected object, found 5"));
}

TEST(JsonSchema, RefusesTextsTooLongForThePatternMatcher) {
  const auto text = R"({"name":")" + std::string(Schema::max_matched_bytes + 1, 'a') + "\"}";
  EXPECT_THAT(problems(person, text), ElementsAre(HasSubstr("/name: a text of 4097 bytes")));
  const auto longest = R"({"name":")" + std::string(Schema::max_matched_bytes, 'a') + "\"}";
  EXPECT_THAT(problems(person, longest), IsEmpty());
}

TEST(JsonSchema, CutsLongValuesInMessages) {
  const auto found = problems(person, R"({"name":")" + std::string(500, 'A') + "\"}");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_LT(found.front().size(), 160U);
}

} // namespace
} // namespace dovetail::json

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/graphql.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulators/monday/schema.hpp"

namespace dovetail::simulators::monday {
namespace {

using ::testing::HasSubstr;

std::string problem(std::string_view text, std::string_view variables = "{}") {
  auto document = parse_document(text);
  if (!document.ok()) {
    return document.error().message;
  }
  if (const Status valid = validate(*document); !valid.ok()) {
    return valid.error().message;
  }
  const Status given = substitute(*document, parse_variables(variables).value());
  return given.ok() ? "" : given.error().message;
}

TEST(MondayGraphql, TakesTheQueriesOfTheFactSheet) {
  EXPECT_EQ(
      problem(R"(query($b:[ID!],$q:ItemsQuery){ complexity{query before after reset_in_x_seconds} boards(ids:$b){ id
    items_page(limit:2, query_params:$q){ cursor items{ id name state created_at updated_at group{id}
    column_values(ids:["status","date4"]){ id type text value ... on StatusValue{index label} ... on DateValue{date time}
    ... on PeopleValue{persons_and_teams{id kind}} ... on NumbersValue{number} ... on BoardRelationValue{linked_item_ids display_value} } } } } })",
              R"({"b":["5100000001"],"q":{"rules":[]}})"),
      "");
  EXPECT_EQ(problem("query($c:String!){ next_items_page(limit:2,cursor:$c){ cursor items{ id } } }", R"({"c":"x"})"),
            "");
}

TEST(MondayGraphql, RefusesWhatTheSchemaDoesNotHave) {
  EXPECT_THAT(problem("{ users { id is_admin } }"), HasSubstr(R"(Cannot query field "is_admin" on type "User".)"));
  EXPECT_THAT(problem("{ boards(colour: 1) { id } }"), HasSubstr(R"(Unknown argument "colour")"));
  EXPECT_THAT(problem("{ boards { items_page } }"), HasSubstr("must have a selection"));
  EXPECT_THAT(problem("{ boards { id { x } } }"), HasSubstr("must not have a selection"));
  EXPECT_THAT(problem("{ next_items_page(limit: 5) { cursor } }"), HasSubstr(R"(argument "cursor" is required)"));
  EXPECT_THAT(problem("{ boards { items_page { items { column_values { label } } } } }"),
              HasSubstr(R"(Cannot query field "label" on type "ColumnValue".)"));
  EXPECT_THAT(problem("{ boards { items_page { items { column_values { ... on FunnyValue { label } } } } } }"),
              HasSubstr(R"(Unknown type "FunnyValue".)"));
  EXPECT_THAT(problem("{ boards { items_page { items { column_values { ... on LastUpdatedValue { x: updated_at } ... "
                      "on CreationLogValue { x: "
                      "created_at } } } } } }"),
              HasSubstr("conflicting types"));
}

TEST(MondayGraphql, ChecksVariables) {
  EXPECT_THAT(problem("query($a:Int){ boards { id } }"), HasSubstr("never used"));
  EXPECT_THAT(problem("{ boards(limit: $a) { id } }"), HasSubstr("is not defined"));
  EXPECT_THAT(problem("query($c:String!){ next_items_page(cursor:$c){ cursor } }"), HasSubstr("was not provided"));
}

TEST(MondayGraphql, SaysWhereADocumentDoesNotParse) {
  EXPECT_THAT(problem("{ boards { id }"), HasSubstr("Parse error on line 1"));
  EXPECT_THAT(problem("{\n boards(ids:[\"a) { id } }"), HasSubstr("unterminated string"));
  EXPECT_THAT(problem("subscription { x }"), HasSubstr("subscription"));
  EXPECT_THAT(problem("{ a } { b }"), HasSubstr("one operation"));
}

TEST(MondayGraphql, ReadsEscapesInStrings) {
  const auto document = parse_document(R"({ boards(ids: ["a\"b\\c\u00e9\n"]) { id } })");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->selections[0].arguments[0].second.items[0].text, "a\"b\\c\xC3\xA9\n");
}

} // namespace
} // namespace dovetail::simulators::monday

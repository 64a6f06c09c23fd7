// SPDX-License-Identifier: Apache-2.0
// Columns: what queries ask of them, discovery, and what actions write into them.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actions.hpp"
#include "monday_fixture.hpp"
#include "selection.hpp"

namespace dovetail::monday {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto columns = R"({"data":{"boards":[{"id":"51","columns":[
  {"id":"name","title":"Name","type":"name","archived":false,"settings":{}},
  {"id":"status_1","title":"State","type":"status","archived":false,"settings":{"labels":{"0":"Open","1":"Done"}}},
  {"id":"tags_1","title":"Region","type":"dropdown","archived":false,"settings":{"labels":[{"id":3,"name":"North"}]}},
  {"id":"gone","title":"Old","type":"text","archived":true,"settings":{}},
  {"id":"due","title":"Due","type":"date","archived":false,"settings":{}},
  {"id":"who","title":"Who","type":"people","archived":false,"settings":{}},
  {"id":"num","title":"Sum","type":"numbers","archived":false,"settings":{}},
  {"id":"done","title":"Ready","type":"checkbox","archived":false,"settings":{}},
  {"id":"span","title":"When","type":"timeline","archived":false,"settings":{}},
  {"id":"mail","title":"Mail","type":"email","archived":false,"settings":{}},
  {"id":"web","title":"Web","type":"link","archived":false,"settings":{}},
  {"id":"tel","title":"Tel","type":"phone","archived":false,"settings":{}},
  {"id":"note","title":"Note","type":"long_text","archived":false,"settings":{}},
  {"id":"word","title":"Word","type":"text","archived":false,"settings":{}},
  {"id":"rel","title":"Contract","type":"board_relation","archived":false,"settings":{}},
  {"id":"mir","title":"Mirror","type":"mirror","archived":false,"settings":{}}]}]}})";

TEST_F(Monday, DiscoversColumnsByTheNamesThatMappingsUse_SYNC_2) {
  create(R"({"ticketBoards":["51"],"columns":{"status":"status_1"}})");
  answer({{.body = columns}});
  const auto found = host_.discover("item");
  ASSERT_TRUE(found.status.ok()) << found.status.error().message;
  std::map<std::string, std::string> by_source;
  for (const auto& field : found.fields) {
    by_source[field.source] = field.label + "/" + field.type + "/" + field.provider_type + "/" + field.options;
  }
  EXPECT_EQ(by_source["/col_status/0/label"],
            R"(State/text/status/[{"value":"Open","label":"Open"},{"value":"Done","label":"Done"}])");
  EXPECT_EQ(by_source["/col_status_1/0/index"],
            R"(State/integer/status/[{"value":0,"label":"Open"},{"value":1,"label":"Done"}])");
  EXPECT_EQ(by_source["/col_due/0/date"], "Due/date/date/");
  EXPECT_EQ(by_source["/id"], "Item ID/text//");
  EXPECT_FALSE(by_source.contains("/col_gone/0/text"));
  EXPECT_THAT(host_.discover("project_item").status.error().message, HasSubstr("projectBoards"));
}

TEST_F(Monday, WritesEachColumnInTheShapeOfItsType) {
  create(R"({"ticketBoards":["51"],"columns":{"status":"status_1"}})");
  const auto created =
      Reply{.body = R"({"data":{"create_item":{"id":"9","name":"New","url":"u","created_at":"c","updated_at":"d"}}})"};
  answer({{.body = columns}, created});
  const auto made = host_.invoke({.action = "create_item", .input = R"({"board":51,"name":"New","values":{
    "status":"Done","tags_1":["North"],"due":"2026-04-25T18:00:00+08:00","who":[70000001,"70000002"],"num":42.5,"done":true,
    "span":{"from":"2026-04-01","to":"2026-04-15"},"mail":"a@x.example","web":{"url":"https://x.example","text":"X"},
    "tel":{"phone":"12025550169","country":"US"},"note":"two\nlines","word":"one","rel":["123"]}})"});
  ASSERT_TRUE(made.status.ok()) << made.status.error().message;
  EXPECT_THAT(made.output, HasSubstr(R"("id":"9")"));
  const auto tree = JsonTree::parse(host_.http().requests().at(1).body);
  EXPECT_EQ(
      (*tree)->root().find("/variables/values")->string,
      R"({"status_1":{"label":"Done"},"tags_1":{"labels":["North"]},"due":{"date":"2026-04-25","time":"10:00:00"},)"
      R"("who":{"personsAndTeams":[{"id":70000001,"kind":"person"},{"id":70000002,"kind":"person"}]},"num":"42.5",)"
      R"("done":{"checked":"true"},"span":{"from":"2026-04-01","to":"2026-04-15"},)"
      R"("mail":{"email":"a@x.example","text":"a@x.example"},"web":{"url":"https://x.example","text":"X"},)"
      R"("tel":{"phone":"12025550169","countryShortName":"US"},"note":{"text":"two\u000alines"},"word":"one",)"
      R"("rel":{"item_ids":["123"]}})");
  EXPECT_EQ(host_.http().requests().at(1).header("Idempotency-Key"), uuid_of("key-1"));
}

TEST_F(Monday, ClearsColumnsAsTheirTypesWantIt) {
  create(R"({"ticketBoards":["51"]})");
  answer({{.body = columns}, {.body = R"({"data":{"change_multiple_column_values":{"id":"9"}}})"}});
  const auto changed = host_.invoke({.action = "update_item", .input = R"({"board":"51","item":9,"values":{
    "done":false,"num":null,"word":"","note":null,"due":null,"who":[],"status_1":null,"rel":[]}})"});
  ASSERT_TRUE(changed.status.ok()) << changed.status.error().message;
  const auto tree = JsonTree::parse(host_.http().requests().at(1).body);
  EXPECT_EQ((*tree)->root().find("/variables/values")->string,
            R"({"done":null,"num":null,"word":"","note":{},"due":{},"who":{},"status_1":{},"rel":{"item_ids":[]}})");
}

TEST_F(Monday, SaysWhichColumnTakesWhat) {
  create(R"({"ticketBoards":["51"]})");
  const std::vector<std::pair<const char*, const char*>> wrong = {{R"({"due":"tomorrow"})", "a date such as"},
                                                                  {R"({"num":"12 dollars"})", "takes a number"},
                                                                  {R"({"done":"yes"})", "true or false"},
                                                                  {R"({"mir":"x"})", "cannot be written"},
                                                                  {R"({"tel":"123"})", "country"},
                                                                  {R"({"tags_1":["A",1]})", "not both"},
                                                                  {R"({"nothing":"x"})", "has no column \"nothing\""}};
  for (const auto& [values, says] : wrong) {
    answer({{.body = columns}});
    const auto refused = host_.invoke(
        {.action = "update_item", .input = R"({"board":"51","item":9,"values":)" + std::string(values) + "}"});
    ASSERT_FALSE(refused.status.ok()) << values;
    EXPECT_THAT(refused.status.error().message, HasSubstr(says));
    EXPECT_EQ(refused.requests, 1U) << "nothing was changed";
  }
}

TEST_F(Monday, KnowsThatAChangeWasMadeWhereItsIdCameBackBesideAnError) {
  create();
  answer(
      {{.body =
            R"({"data":{"create_item":{"id":"9"}},"errors":[{"message":"Internal server error","path":["create_item","url"]}]})"}});
  const auto made = host_.invoke({.action = "create_item", .input = R"({"board":51,"name":"New"})"});
  ASSERT_TRUE(made.status.ok()) << made.status.error().message;
  EXPECT_THAT(made.logs, SizeIs(1));
}

TEST_F(Monday, MakesAWebhookForAnEventOfTheApi) {
  create();
  answer({{.body = R"({"data":{"create_webhook":{"id":"80","board_id":"51","event":"change_column_value"}}})"}});
  const auto made =
      host_.invoke({.action = "create_webhook",
                    .input = R"({"board":51,"url":"https://x.example/hook","event":"change_column_value"})"});
  ASSERT_TRUE(made.status.ok()) << made.status.error().message;
  EXPECT_THAT(query(0), HasSubstr("event:change_column_value"));
  EXPECT_FALSE(
      host_.invoke({.action = "create_webhook", .input = R"({"board":51,"url":"https://x.example","event":"a){b"})"})
          .status.ok());
}

TEST(MondayKeys, AreUuidsThatFollowFromTheHostsKey) {
  EXPECT_EQ(uuid_of("job-1/step-1"), uuid_of("job-1/step-1"));
  EXPECT_NE(uuid_of("job-1/step-1"), uuid_of("job-1/step-2"));
  EXPECT_THAT(uuid_of(""),
              ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(MondaySelection, TellsWhichPointerOfAMappingNoItemHas) {
  Settings none;
  EXPECT_THAT(Selection::make({"/status/0/text"}, none).error().message, HasSubstr("/col_<name>/0/<field>"));
  EXPECT_THAT(Selection::make({"/col_status/0/colour"}, none).error().message, HasSubstr("colour"));
  EXPECT_THAT(Selection::make({"/col_a-b/0/text"}, none).error().message, HasSubstr("columns"));
  EXPECT_TRUE(Selection::make({"/col_a/0", "$page/board_id"}, none).ok());
}

TEST(MondaySelection, AsksForAFieldOnceHoweverManyTypesOfColumnsHaveIt) {
  Settings none;
  EXPECT_EQ(
      Selection::make({"/col_a/0/persons_and_teams"}, none)->item_fields(none, "51"),
      R"(id created_at updated_at col_a:column_values(ids:["a"]){... on PeopleValue{persons_and_teams{id kind}}})");
  const auto whole = Selection::make({"/col_a/0"}, none)->item_fields(none, "51");
  for (const auto* fragment : {"StatusValue{label index is_done}", "NumbersValue{number symbol}", "PeopleValue{persons",
                               "DateValue{date time}"}) {
    const auto at = whole.find(fragment);
    ASSERT_NE(at, std::string::npos) << fragment << " in " << whole;
    EXPECT_EQ(whole.find(fragment, at + 1), std::string::npos) << whole;
  }
}

} // namespace
} // namespace dovetail::monday

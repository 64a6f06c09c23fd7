// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actions.hpp"
#include "dovetail/testing/fake_host.hpp"
#include "selection.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::monday {
namespace {

using dovetail::testing::FakeHost;
using dovetail::testing::JsonTree;
using dovetail::testing::RecordedPage;
using dovetail::testing::Reply;
using dovetail::testing::SentRequest;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto settings =
    R"({"pageSize":200,"smallestPage":10,"listSize":2,"creationOrder":"__creation_log__","changeOrder":"__last_updated__"})";
constexpr auto parents = R"([{"external_id":"51","name":"Tickets"}])";

class Monday : public ::testing::Test {
protected:
  Monday() { host_.set_now(*sdk::parse_iso8601("2026-11-27T12:00:00Z")); }

  void create(std::string_view config = R"({"ticketBoards":["51"],"projectBoards":[52]})") {
    const auto status = host_.create(config, settings, "https://api.monday.com");
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  /// Answers in their order, whatever is asked.
  void answer(std::vector<Reply> replies) {
    host_.http().set_handler([replies = std::move(replies), next = std::size_t{0}](const SentRequest& request) mutable {
      EXPECT_EQ(request.method, "POST");
      EXPECT_EQ(request.url, "/v2");
      return next < replies.size() ? std::optional(replies[next++]) : std::nullopt;
    });
  }
  [[nodiscard]] std::string query(std::size_t i) const {
    const auto tree = JsonTree::parse(const_cast<FakeHost&>(host_).http().requests().at(i).body);
    return tree.ok() ? (*tree)->root().find("/query")->string : "";
  }
  [[nodiscard]] std::string variable(std::size_t i, const std::string& pointer) const {
    const auto tree = JsonTree::parse(const_cast<FakeHost&>(host_).http().requests().at(i).body);
    const auto* found = tree.ok() ? (*tree)->root().find("/variables" + pointer) : nullptr;
    return found == nullptr ? "missing" : std::string(found->raw);
  }
  [[nodiscard]] RecordedPage read(const std::string& cursor = {}, std::optional<sdk::Timestamp> since = {},
                                  bool full = true) {
    return host_.read_page({.object = "item",
                            .cursor = cursor,
                            .since = since,
                            .parents = parents,
                            .fields = {"/id", "/name", "/col_status/0/label"},
                            .full = full});
  }

  FakeHost host_{&dvt_plugin_query};
};

std::string item(int id, const std::string& created, const std::string& updated) {
  return R"({"id":")" + std::to_string(id) + R"(","created_at":")" + created + R"(","updated_at":")" + updated +
         R"("})";
}

Reply first_page(const std::string& items, const std::string& cursor,
                 const std::string& newest = "2026-11-20T00:00:00Z") {
  return {
      .body =
          R"({"data":{"complexity":{"query":100,"before":1000,"after":900,"reset_in_x_seconds":30},"boards":[{"id":"51",)"
          R"("newest":{"items":[{"id":"1","updated_at":")" +
          newest + R"("}]},"items_page":{"cursor":)" + cursor + R"(,"items":[)" + items + "]}}]}}"};
}

Reply next_page(const std::string& items, const std::string& cursor, int query = 100, int after = 900) {
  return {.body = R"({"data":{"complexity":{"query":)" + std::to_string(query) + R"(,"before":1000,"after":)" +
                  std::to_string(after) + R"(,"reset_in_x_seconds":30},"next_items_page":{"cursor":)" + cursor +
                  R"(,"items":[)" + items + "]}}}"};
}

Reply refusal(const std::string& code, int http_status = 200, const std::string& more = "") {
  return {.status = http_status,
          .body = R"({"data":null,"errors":[{"message":"no","extensions":{"code":")" + code + "\"" + more +
                  R"(}}],"extensions":{"request_id":"r-1"}})"};
}

TEST_F(Monday, AsksOnlyForWhatTheMappingWantsByTheIdsOfTheBoard) {
  create(R"({"ticketBoards":["51"],"columns":{"status":"color_mk3"},"boardColumns":{"52":{"status":"other"}}})");
  answer({first_page("", "null")});
  ASSERT_TRUE(read().exhausted);
  EXPECT_THAT(query(0), HasSubstr(R"(items{id created_at updated_at name col_status:column_values(ids:["color_mk3"]){)"
                                  R"(... on StatusValue{label}... on EmailValue{label}}})"));
  EXPECT_EQ(variable(0, "/board"), R"(["51"])");
  EXPECT_EQ(variable(0, "/limit"), "200");
  EXPECT_THAT(variable(0, "/query"), HasSubstr(R"("column_id":"__creation_log__","direction":"asc")"));
}

TEST_F(Monday, RefusesPlaceholdersBeforeAnyCall_SYNC_15) {
  for (const auto* id : {"REPLACE_ME", "<status column>", "your_column_id", "xxx", "{{status}}", "change-me"}) {
    const auto status = host_.create(R"({"ticketBoards":["51"],"columns":{"status":")" + std::string(id) + R"("}})",
                                     settings, "https://api.monday.com");
    ASSERT_FALSE(status.ok()) << id;
    EXPECT_THAT(status.error().message, AllOf(HasSubstr("\"status\""), HasSubstr(id)));
  }
  EXPECT_THAT(host_.http().requests(), IsEmpty());
}

TEST_F(Monday, ReadsPageAfterPageAndTakesTheMarkBeforeTheFirstItem_SYNC_8) {
  create();
  answer({first_page(item(1, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), R"("c1")"),
          next_page(item(2, "2026-01-03T00:00:00Z", "2026-11-27T00:00:00Z"), "null")});
  const auto pages = host_.read_all({.object = "item", .parents = parents, .full = true});
  ASSERT_THAT(pages, SizeIs(2));
  ASSERT_TRUE(pages[1].exhausted) << pages[1].status.error().message;
  EXPECT_EQ(pages[1].high_water, sdk::parse_iso8601("2026-11-20T00:00:00Z")) << "not the one that changed meanwhile";
  EXPECT_EQ(pages[0].records.at(0).pointer, "/data/boards/0/items_page/items");
  EXPECT_EQ(pages[1].records.at(0).pointer, "/data/next_items_page/items");
  EXPECT_EQ(pages[0].records.at(0).constants, R"({"board_id":"51","board_name":"Tickets"})");
  EXPECT_EQ(variable(1, "/cursor"), R"("c1")");
  EXPECT_EQ(pages[0].leaked_handles, 0U);
}

TEST_F(Monday, StopsADeltaBehindTheFirstItemThatIsOlder_SYNC_8) {
  create();
  answer({first_page(item(3, "", "2026-11-27T11:00:00Z") + "," + item(2, "", "2026-11-27T06:00:00Z"), R"("c1")"),
          next_page(item(1, "", "2026-11-20T00:00:00Z"), R"("c2")")});
  const auto since = sdk::parse_iso8601("2026-11-27T05:00:00Z");
  const auto first = read("", since, false);
  ASSERT_FALSE(first.exhausted);
  EXPECT_THAT(variable(0, "/query"), AllOf(HasSubstr(R"(["TODAY","YESTERDAY"])"), HasSubstr(R"("direction":"desc")"),
                                           HasSubstr(R"("compare_attribute":"UPDATED_AT")")));
  const auto second = read(first.next_cursor, since, false);
  EXPECT_TRUE(second.exhausted) << "what follows is older still";
  EXPECT_EQ(second.high_water, sdk::parse_iso8601("2026-11-27T11:00:00Z"));
}

TEST_F(Monday, DoesNotStopADeltaWhereTheOrderDoesNotHold) {
  create();
  answer({first_page(item(3, "", "2026-11-01T11:00:00Z") + "," + item(2, "", "2026-11-27T06:00:00Z"), R"("c1")"),
          next_page(item(1, "", "2026-11-27T07:00:00Z"), "null")});
  const auto pages =
      host_.read_all({.object = "item", .since = sdk::parse_iso8601("2026-11-27T05:00:00Z"), .parents = parents});
  EXPECT_THAT(pages, SizeIs(2));
}

TEST_F(Monday, AsksForAsManyDaysAsTheGapNeedsAndForAllBeyondAMonth) {
  create();
  answer({first_page("", "null"), first_page("", "null"), first_page("", "null")});
  ASSERT_TRUE(read("", sdk::parse_iso8601("2026-11-24T00:00:00Z"), false).exhausted);
  ASSERT_TRUE(read("", sdk::parse_iso8601("2026-11-05T00:00:00Z"), false).exhausted);
  ASSERT_TRUE(read("", sdk::parse_iso8601("2026-10-05T00:00:00Z"), false).exhausted);
  EXPECT_THAT(variable(0, "/query"), HasSubstr(R"(["THIS_WEEK","LAST_WEEK"])"));
  EXPECT_THAT(variable(1, "/query"), HasSubstr(R"(["THIS_MONTH","LAST_MONTH"])"));
  EXPECT_THAT(variable(2, "/query"), Not(HasSubstr("rules")));
}

TEST_F(Monday, GoesOnBehindWhatItHasReadWhenTheCursorIsGone_SYNC_4) {
  create();
  answer({first_page(item(1, "2026-01-01T00:00:00Z", "") + "," + item(2, "2026-01-02T00:00:00Z", ""), R"("c1")"),
          refusal("CursorExpiredError"),
          // Looking for the place: the first page holds what was read, the second what was not.
          first_page(item(1, "2026-01-01T00:00:00Z", ""), R"("d1")"),
          next_page(item(2, "2026-01-02T00:00:00Z", "") + "," + item(3, "2026-01-03T00:00:00Z", ""), "null"),
          next_page(item(2, "2026-01-02T00:00:00Z", "") + "," + item(3, "2026-01-03T00:00:00Z", ""), "null")});
  const auto pages = host_.read_all({.object = "item", .parents = parents, .fields = {"/id", "/name"}, .full = true});
  ASSERT_TRUE(pages.back().status.ok()) << pages.back().status.error().message;
  ASSERT_TRUE(pages.back().exhausted);
  std::vector<std::string> records;
  for (const auto& page : pages) {
    for (const auto& record : page.all_records()) {
      records.push_back(record.substr(0, 9));
    }
  }
  EXPECT_THAT(records, ElementsAre(R"({"id":"1")", R"({"id":"2")", R"({"id":"2")", R"({"id":"3")"));
  EXPECT_THAT(query(2), Not(HasSubstr("name"))) << "pages that are skipped ask for what tells the place, no more";
  EXPECT_EQ(variable(4, "/cursor"), R"("d1")");
}

TEST_F(Monday, DoesNotUseACursorThatIsOlderThanTheApiKeepsIt) {
  create();
  answer({first_page(item(1, "2026-01-01T00:00:00Z", ""), R"("c1")"),
          first_page(item(1, "2026-01-01T00:00:00Z", ""), "null"),
          first_page(item(1, "2026-01-01T00:00:00Z", ""), "null")});
  const auto first = read();
  host_.advance(std::chrono::minutes(56));
  const auto anew = read(first.next_cursor);
  ASSERT_TRUE(anew.status.ok()) << anew.status.error().message;
  EXPECT_EQ(anew.requests, 0U);
  const auto looked = read(anew.next_cursor);
  EXPECT_THAT(looked.records, IsEmpty());
  EXPECT_TRUE(read(looked.next_cursor).exhausted);
}

TEST_F(Monday, WaitsForTheNextMinuteWhenTheComplexityIsUsedUp) {
  create();
  answer({first_page(item(1, "2026-01-01T00:00:00Z", ""), R"("c1")"),
          next_page(item(2, "2026-01-02T00:00:00Z", ""), R"("c2")", 890, 2), next_page("", "null")});
  const auto second = read(read().next_cursor);
  const auto early = read(second.next_cursor);
  ASSERT_FALSE(early.status.ok());
  EXPECT_EQ(early.requests, 0U) << "asking would cost quota";
  EXPECT_EQ(early.status.error().retry, sdk::Retry::rate_limited);
  EXPECT_EQ(early.status.error().retry_after, std::chrono::seconds(30));
  host_.advance(std::chrono::seconds(30));
  EXPECT_TRUE(read(second.next_cursor).exhausted);
}

TEST_F(Monday, AsksForFewerItemsWhereLittleComplexityIsLeft) {
  create();
  answer({first_page(item(1, "2026-01-01T00:00:00Z", ""), R"("c1")"),
          next_page(item(2, "2026-01-02T00:00:00Z", ""), R"("c2")", 800, 400), next_page("", "null")});
  const auto second = read(read().next_cursor);
  ASSERT_TRUE(read(second.next_cursor).exhausted);
  EXPECT_EQ(variable(2, "/limit"), "80") << "400 points at 5 an item";
}

TEST_F(Monday, HalvesThePageOfAQueryThatIsTooComplex) {
  create();
  const auto too_much = refusal("ComplexityException", 200, R"(,"complexity":9000,"complexity_budget_limit":5000)");
  answer({too_much, too_much, first_page(item(1, "2026-01-01T00:00:00Z", ""), "null")});
  ASSERT_TRUE(read().exhausted);
  EXPECT_EQ(variable(0, "/limit"), "200");
  EXPECT_EQ(variable(1, "/limit"), "100");
  EXPECT_EQ(variable(2, "/limit"), "50");
  answer({too_much, too_much, too_much, too_much, too_much, too_much});
  const auto hopeless = read();
  ASSERT_FALSE(hopeless.status.ok());
  EXPECT_EQ(hopeless.requests, 6U) << "200, 100, 50, 25, 12, 10";
}

struct Said {
  const char* code;
  int http_status;
  sdk::Code meant;
  sdk::Retry retry;
  int wait_s;
};

TEST_F(Monday, TurnsEveryErrorOfTheApiIntoTheRightOne) {
  using sdk::Code;
  using sdk::Retry;
  const std::vector<Said> table = {
      {"COMPLEXITY_BUDGET_EXHAUSTED", 200, Code::resource_exhausted, Retry::rate_limited, 60},
      {"FIELD_MINUTE_RATE_LIMIT_EXCEEDED", 200, Code::resource_exhausted, Retry::rate_limited, 10},
      {"tooManyRequests", 200, Code::resource_exhausted, Retry::rate_limited, 10},
      {"maxConcurrencyExceeded", 200, Code::resource_exhausted, Retry::rate_limited, 5},
      {"IP_RATE_LIMIT_EXCEEDED", 200, Code::resource_exhausted, Retry::rate_limited, 10},
      {"DAILY_LIMIT_EXCEEDED", 200, Code::resource_exhausted, Retry::rate_limited, 12 * 3600},
      {"API_TEMPORARILY_BLOCKED", 200, Code::unavailable, Retry::rate_limited, 60},
      {"IDEMPOTENCY_CONFLICT", 409, Code::aborted, Retry::transient, 5},
      {"Unauthorized", 401, Code::unauthenticated, Retry::never, 0},
      {"UserUnauthorizedException", 200, Code::permission_denied, Retry::never, 0},
      {"missingRequiredPermissions", 200, Code::permission_denied, Retry::never, 0},
      {"UNAUTHORIZED_FIELD_OR_TYPE", 200, Code::permission_denied, Retry::never, 0},
      {"ResourceNotFoundException", 200, Code::not_found, Retry::never, 0},
      {"InvalidBoardIdException", 200, Code::invalid_argument, Retry::never, 0},
      {"ColumnValueException", 200, Code::invalid_argument, Retry::never, 0},
      {"ItemsLimitationException", 200, Code::failed_precondition, Retry::never, 0},
      {"FIELD_LIMIT_EXCEEDED", 200, Code::failed_precondition, Retry::never, 0},
      {"InvalidVersionException", 200, Code::failed_precondition, Retry::never, 0},
      {"GRAPHQL_VALIDATION_FAILED", 400, Code::internal, Retry::never, 0},
      {"INTERNAL_SERVER_ERROR", 200, Code::unavailable, Retry::transient, 0},
      {"INTERNAL_SERVER_ERROR", 500, Code::unavailable, Retry::transient, 0},
  };
  for (const auto& said : table) {
    create();
    answer({refusal(said.code, said.http_status)});
    const auto page = read();
    ASSERT_FALSE(page.status.ok()) << said.code;
    EXPECT_EQ(page.status.error().code, said.meant) << said.code << ": " << page.status.error().message;
    EXPECT_EQ(page.status.error().retry, said.retry) << said.code;
    EXPECT_EQ(page.status.error().retry_after, std::chrono::seconds(said.wait_s)) << said.code;
    EXPECT_EQ(page.status.error().provider_request_id, "r-1");
    EXPECT_THAT(page.records, IsEmpty());
  }
}

TEST_F(Monday, TakesTheLongestOfAllHintsToWait) {
  create();
  answer({{.status = 200,
           .body = R"({"errors":[{"message":"slow","extensions":{"code":"tooManyRequests","retry_in_seconds":7}}]})",
           .headers = {{"Retry-After", "9"}}}});
  EXPECT_EQ(read().status.error().retry_after, std::chrono::seconds(9));
}

TEST_F(Monday, NeverTakesPartialDataForAPage_SYNC_4) {
  create();
  auto partial = first_page(item(1, "2026-01-01T00:00:00Z", ""), "null");
  partial.body.pop_back();
  partial.body += R"(,"errors":[{"message":"Internal server error","path":["boards",0,"items_page","items",3]}]})";
  answer({partial,
          {.body = R"({"data":{"boards":[{"id":"51","items_page":null}]}})"},
          {.body = R"({"data":null})"},
          {.body = R"({"data":[]})"},
          {.body = R"({"data":{"boards":[]}})"},
          {.body = "<html>"}});
  for (int i = 0; i < 6; ++i) {
    const auto page = read();
    EXPECT_FALSE(page.status.ok()) << i;
    EXPECT_FALSE(page.exhausted) << i;
  }
}

TEST_F(Monday, ReadsErrorsAsTheyWereBefore2025) {
  create();
  answer(
      {{.status = 401, .body = R"({"errors":["Not Authenticated"]})"},
       {.body =
            R"({"error_code":"ComplexityException","status_code":429,"error_message":"Complexity budget exhausted","error_data":{}})"},
       {.status = 403,
        .body =
            R"({"error_message":"User unauthorized to perform action","error_code":"UserUnauthorizedException","status_code":403})"}});
  EXPECT_EQ(read().status.error().code, sdk::Code::unauthenticated);
  EXPECT_EQ(read().status.error().retry, sdk::Retry::rate_limited);
  EXPECT_EQ(read().status.error().code, sdk::Code::permission_denied);
}

TEST_F(Monday, BeginsAListAnewThatMovedUnderIt) {
  create();
  const auto users = [](const std::string& ids, const std::string& before) {
    return Reply{.body = R"({"data":{"users":[)" + ids + "]" + (before.empty() ? "" : R"(,"before":[)" + before + "]") +
                         "}}"};
  };
  answer({users(R"({"id":"1"},{"id":"2"})", ""), users(R"({"id":"4"})", R"({"id":"1"},{"id":"3"})"),
          users(R"({"id":"1"},{"id":"3"})", ""), users(R"({"id":"4"})", R"({"id":"1"},{"id":"3"})"),
          users("", R"({"id":"4"})")});
  const auto pages = host_.read_all({.object = "user", .full = true});
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  EXPECT_THAT(pages[1].records, IsEmpty());
  EXPECT_THAT(pages, SizeIs(5));
}

TEST_F(Monday, LeavesOutTheHiddenBoardsOfSubitems) {
  create();
  answer({{.body = R"({"data":{"boards":[{"id":"1","type":"board"},{"id":"2","type":"sub_items_board"}]}})"},
          {.body = R"({"data":{"boards":[],"before":[{"id":"1"},{"id":"2"}]}})"}});
  const auto pages = host_.read_all({.object = "board", .fields = {"/id", "/name"}, .full = true});
  EXPECT_THAT(pages[0].all_records(), ElementsAre(HasSubstr(R"("id":"1")")));
  EXPECT_TRUE(pages.back().exhausted);
}

TEST_F(Monday, ReadsNothingOfBoardsThatFeedAnotherObject) {
  create();
  EXPECT_EQ(host_.read_page({.object = "project_item", .parents = parents, .full = true}).requests, 0U);
  EXPECT_TRUE(host_.read_page({.object = "project_item", .parents = parents, .full = true}).exhausted);
}

TEST_F(Monday, TellsFromAConnectionTestWhatThePersonMustDo_AUTH_5) {
  create();
  answer(
      {{.body =
            R"({"data":{"me":{"id":"7","name":"Ann"},"version":{"kind":"current","value":"2026-10"},"boards":[{"id":"51"}]}})"}});
  const auto tested = host_.test_connection();
  ASSERT_FALSE(tested.status.ok());
  EXPECT_THAT(tested.status.error().message, HasSubstr("52"));
  EXPECT_THAT(tested.findings, AllOf(HasSubstr(R"("user":"Ann")"), HasSubstr(R"("boards_not_visible":"52")")));
}

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

} // namespace
} // namespace dovetail::monday

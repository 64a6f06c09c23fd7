// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "monday_fixture.hpp"

namespace dovetail::monday {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

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
  answer({first_page(item(4, "", "2026-11-27T11:00:00Z") + "," + item(3, "", "2026-11-27T06:00:00Z"), R"("c1")"),
          next_page(item(2, "", "2026-11-27T05:00:00Z") + "," + item(1, "", "2026-11-27T04:59:59Z"), R"("c2")")});
  const auto since = sdk::parse_iso8601("2026-11-27T05:00:00Z");
  const auto first = read("", since, false);
  ASSERT_FALSE(first.exhausted);
  EXPECT_THAT(variable(0, "/query"), AllOf(HasSubstr(R"(["TODAY","YESTERDAY"])"), HasSubstr(R"("direction":"desc")"),
                                           HasSubstr(R"("compare_attribute":"UPDATED_AT")")));
  const auto second = read(first.next_cursor, since, false);
  EXPECT_TRUE(second.exhausted) << "what follows is older still";
  EXPECT_THAT(second.all_records(), ElementsAre(HasSubstr(R"("id":"2")"))) << "the older one is no change";
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

TEST_F(Monday, FindsItsPlaceInTheMiddleOfAPageByCountingTheItemsBeforeIt_SYNC_4) {
  create();
  const auto made = [](int id) { return item(id, "2026-01-0" + std::to_string(id) + "T00:00:00Z", ""); };
  answer(
      {first_page(made(1) + "," + made(2) + "," + made(3), R"("c1")"), refusal("CursorExpiredError"),
       // Two of the four stand before the third one. One of the two is deleted before the same is asked for two items: then the third is among them.
       first_page(made(1) + "," + made(2) + "," + made(3) + "," + made(4), "null"),
       first_page(made(2) + "," + made(3), R"("d2")"), first_page(made(2), R"("d1")"),
       next_page(made(3) + "," + made(4), "null")});
  const auto pages = host_.read_all({.object = "item", .parents = parents, .fields = {"/id", "/name"}, .full = true});
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  EXPECT_EQ(variable(2, "/limit"), "500");
  EXPECT_EQ(variable(3, "/limit"), "2");
  EXPECT_EQ(variable(4, "/limit"), "1");
  EXPECT_EQ(variable(5, "/cursor"), R"("d1")");
  EXPECT_EQ(variable(5, "/limit"), "200");
}

TEST_F(Monday, ReadsABoardAnewWhereTheOrderOfCreationDoesNotHold_SYNC_4) {
  create();
  const auto made = [](int id) { return item(id, "2026-01-0" + std::to_string(id) + "T00:00:00Z", ""); };
  answer({first_page(made(1) + "," + made(3), R"("c1")"), refusal("CursorExpiredError"),
          first_page(made(3) + "," + made(1), R"("d1")"), first_page(made(3) + "," + made(1) + "," + made(2), "null")});
  const auto pages = host_.read_all({.object = "item", .parents = parents, .full = true});
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  EXPECT_THAT(pages.back().all_records(), SizeIs(3));
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

} // namespace
} // namespace dovetail::monday

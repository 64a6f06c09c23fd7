// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulators/monday/control.hpp"
#include "tests/simulators/monday/test_client.hpp"

namespace dovetail::simulators::monday {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SimulatorOptions small() {
  SimulatorOptions options;
  options.world.seed = 4;
  options.world.boards = {{.name = "Tickets", .layout = Layout::tickets, .items = 60},
                          {.name = "All", .layout = Layout::every, .items = 12}};
  options.tokens = {{.token = "secret-token"}};
  return options;
}

class MondayService : public ::testing::Test {
protected:
  VirtualClock clock_{Timestamp(std::chrono::seconds(1'767'571'200))};
  MondaySimulator monday_{small(), clock_};
  TestClient client_{monday_};

  /// All ids of a board, by cursors.
  std::vector<std::string> walk(const std::string& params, int limit) {
    std::vector<std::string> ids;
    Answer page = client_.ask("query($q:ItemsQuery){boards(ids:5100000001){items_page(limit:" + std::to_string(limit) +
                                  ",query_params:$q){cursor items{id}}}}",
                              R"({"q":)" + params + "}");
    std::string place = "/data/boards/0/items_page";
    for (;;) {
      for (int i = 0; TestClient::at(page, place + "/items/" + std::to_string(i) + "/id") != "missing"; ++i) {
        ids.push_back(TestClient::at(page, place + "/items/" + std::to_string(i) + "/id"));
      }
      const std::string cursor = TestClient::at(page, place + "/cursor");
      if (cursor == "null" || cursor == "missing") {
        return ids;
      }
      page = client_.ask("query($c:String!){next_items_page(limit:" + std::to_string(limit) +
                             ",cursor:$c){cursor items{id}}}",
                         R"({"c":")" + cursor + R"("})");
      place = "/data/next_items_page";
    }
  }
  std::size_t active() {
    return monday_.with_world([](const World& world) {
      const auto& items = world.boards()[0].items;
      return static_cast<std::size_t>(
          std::count_if(items.begin(), items.end(), [](const Item& one) { return one.state == State::active; }));
    });
  }
};

TEST_F(MondayService, GivesEveryActiveItemOnceWhateverThePageAndTheOrder) {
  for (const auto* params : {"{}", R"({"order_by":[{"column_id":"__creation_log__","direction":"asc"}]})",
                             R"({"order_by":[{"column_id":"__last_updated__","direction":"desc"}]})"}) {
    for (const int limit : {1, 7, 500}) {
      const auto ids = walk(params, limit);
      EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
      EXPECT_EQ(ids.size(), active()) << params << limit;
    }
  }
  EXPECT_THAT(monday_.undescribed_requests(), IsEmpty());
}

TEST_F(MondayService, LetsCursorsExpireAfterAnHour) {
  const Answer first = client_.ask("{boards(ids:5100000001){items_page(limit:5){cursor items{id}}}}");
  const std::string cursor = TestClient::at(first, "/data/boards/0/items_page/cursor");
  const std::string variables = R"({"c":")" + cursor + R"("})";
  const auto* next = "query($c:String!){next_items_page(limit:5,cursor:$c){cursor items{id}}}";
  clock_.advance(std::chrono::minutes(60));
  EXPECT_EQ(TestClient::at(client_.ask(next, variables), "/data/next_items_page/items"), "5 elements");
  clock_.advance(std::chrono::seconds(1));
  const Answer late = client_.ask(next, variables);
  EXPECT_EQ(late.status, 200);
  EXPECT_EQ(TestClient::at(late, "/errors/0/extensions/code"), "CursorExpiredError");
  EXPECT_EQ(TestClient::at(client_.ask(next, R"({"c":"made up"})"), "/errors/0/extensions/code"),
            "InvalidArgumentException");
}

TEST_F(MondayService, KeepsToItsBudgetOfComplexity) {
  monday_.set_limits({.complexity_per_minute = 300, .complexity_per_query = 150});
  const auto* query = "{complexity{query before after reset_in_x_seconds} "
                      "boards(ids:5100000001){items_page(limit:25){items{id name}}}}";
  const Answer first = client_.ask(query);
  const auto cost = std::stoi(TestClient::at(first, "/data/complexity/query"));
  EXPECT_EQ(TestClient::at(first, "/data/complexity/after"), std::to_string(300 - cost));
  client_.ask(query);
  client_.ask(query);
  const Answer refused = client_.ask(query);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(TestClient::at(refused, "/errors/0/extensions/code"), "COMPLEXITY_BUDGET_EXHAUSTED");
  EXPECT_EQ(refused.header("Retry-After"), TestClient::at(refused, "/errors/0/extensions/retry_in_seconds"));
  EXPECT_TRUE(refused.header("RateLimit").has_value());
  clock_.advance(std::chrono::seconds(60));
  EXPECT_EQ(client_.ask(query).status, 200);
  const Answer huge = client_.ask("{boards(ids:5100000001){items_page(limit:500){items{id}}}}");
  EXPECT_EQ(huge.status, 200);
  EXPECT_THAT(TestClient::at(huge, "/errors/0/message"), HasSubstr("exceeds max complexity"));
}

TEST_F(MondayService, RefusesWhatNoDocumentationDescribes) {
  EXPECT_EQ(TestClient::at(client_.ask("{users{is_admin}}"), "/errors/0/extensions/code"), "GRAPHQL_VALIDATION_FAILED");
  EXPECT_EQ(TestClient::at(client_.ask("{boards{id}}", R"("text")"), "/errors/0/extensions/code"),
            "JsonParseException");
  EXPECT_EQ(client_.ask("{boards{id}}", "{}").status, 200);
  TestClient stranger(monday_, "wrong");
  EXPECT_EQ(stranger.ask("{boards{id}}").status, 401);
  EXPECT_THAT(monday_.undescribed_requests(), SizeIs(2));
}

TEST_F(MondayService, WritesAllOfAChangeOrNothing) {
  const auto* change = "mutation($v:JSON!){change_multiple_column_values(board_id:5100000001,item_id:6100000001,column_"
                       "values:$v){id name}}";
  const auto name = [&] {
    return monday_.with_world([](const World& world) { return world.boards()[0].items[0].name; });
  };
  const std::string before = name();
  const Answer refused = client_.ask(change, R"({"v":"{\"name\":\"New\",\"status\":{\"label\":\"Nonsense\"}}"})");
  EXPECT_EQ(TestClient::at(refused, "/errors/0/extensions/code"), "ColumnValueException");
  EXPECT_EQ(TestClient::at(refused, "/errors/0/extensions/error_data/column_id"), "status");
  EXPECT_EQ(name(), before);
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(TestClient::at(client_.ask(change, R"({"v":"{\"name\":\"New\",\"status\":{\"label\":\"Closed\"}}"})"),
                           "/data/change_multiple_column_values/name"),
            "New");
  EXPECT_EQ(monday_.with_world([](const World& world) { return world.boards()[0].items[0].updated; }), monday_.now());
}

TEST_F(MondayService, AnswersAKnownIdempotencyKeyWithTheFirstAnswer) {
  const auto* create = "mutation{create_item(board_id:5100000001,item_name:\"Once\"){id}}";
  const Answer first = client_.ask(create, "{}", {{"Idempotency-Key", "k"}});
  const Answer second = client_.ask(create, "{}", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(first.content(), second.content());
  EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
  clock_.advance(std::chrono::minutes(31));
  EXPECT_NE(client_.ask(create, "{}", {{"Idempotency-Key", "k"}}).content(), first.content());
}

TEST_F(MondayService, GivesWhatIsForcedOnce) {
  monday_.force({.code = "tooManyRequests", .status_code = 400, .retry_in_s = 3, .form = ForcedError::Form::partial});
  const Answer partial = client_.ask("{boards{id}}");
  EXPECT_EQ(TestClient::at(partial, "/data/boards"), "2 elements");
  EXPECT_EQ(TestClient::at(partial, "/errors/0/extensions/retry_in_seconds"), "3");
  EXPECT_EQ(TestClient::at(client_.ask("{boards{id}}"), "/errors"), "missing");
}

TEST_F(MondayService, IsTheSameForTheSameSeedAndChangesOnlyByMutations) {
  MondaySimulator other(small(), clock_);
  TestClient other_client(other);
  const auto* all =
      "{boards{id items_page(limit:100){items{id name updated_at column_values{id text value}}}} users{id email}}";
  EXPECT_EQ(TestClient::at(client_.ask(all), "/data/users"), TestClient::at(other_client.ask(all), "/data/users"));
  const auto without_ids = [](const Answer& answer) {
    return std::string(answer.content().substr(0, answer.content().find("\"extensions\"")));
  };
  EXPECT_EQ(without_ids(client_.ask(all)), without_ids(other_client.ask(all)));
  static_cast<void>(monday_.mutate(1, {.updated_items = 5}));
  EXPECT_NE(without_ids(client_.ask(all)), without_ids(other_client.ask(all)));
  static_cast<void>(other.mutate(1, {.updated_items = 5}));
  EXPECT_EQ(without_ids(client_.ask(all)), without_ids(other_client.ask(all)));
}

TEST_F(MondayService, IsDrivenThroughItsControlPaths) {
  const auto post = [&](const std::string& what, const std::string& body) {
    return monday_.handle({.method = "POST", .target = std::string(control_prefix) + what, .body = body});
  };
  EXPECT_THAT(std::string(post("mutate", R"({"new_items":2,"board":0})").content()), HasSubstr(R"("new_items":2)"));
  EXPECT_EQ(post("mutate", R"({"new_things":2})").status, 400);
  EXPECT_EQ(post("column", R"({"board":5100000001,"column":"status","delete":true})").status, 200);
  EXPECT_EQ(post("column", R"({"board":5100000001,"column":"status","delete":true})").status, 400);
  EXPECT_EQ(post("limits", R"({"calls_per_minute":1})").status, 200);
  EXPECT_EQ(client_.ask("{boards{id}}").status, 200);
  EXPECT_EQ(client_.ask("{boards{id}}").status, 429);
  const Answer statistics = monday_.handle({.target = std::string(control_prefix) + "statistics"});
  EXPECT_THAT(std::string(statistics.content()), HasSubstr(R"("MINUTE_RATE_LIMIT_EXCEEDED":1)"));
  const auto options = options_from_json(R"({"boards":[{"layout":"every","items":3}],"tokens":[{"token":"t"}]})");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->world.boards.at(0).layout, Layout::every);
  EXPECT_FALSE(options_from_json(R"({"boards":[{"layout":"round"}]})").ok());
}

} // namespace
} // namespace dovetail::simulators::monday

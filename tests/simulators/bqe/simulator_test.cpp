// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/bqe/simulator.hpp"

#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "tests/simulators/bqe/configuration.hpp"

namespace dovetail::simulators::bqe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BqeSimulatorTest : public ::testing::Test {
protected:
  void start(SimulatorOptions options) {
    options.tokens = {"t"};
    simulator_.emplace(std::move(options), clock_);
  }
  void start() {
    SimulatorOptions options;
    options.world.projects = 100;
    options.limits.per_minute = 0;
    start(options);
  }
  Answer get(const std::string& path, const std::string& query = "", std::vector<Header> headers = {}) {
    SimRequest request;
    request.target = "/api/" + path + (query.empty() ? "" : "?" + query);
    request.headers = std::move(headers);
    request.headers.push_back({"User-Agent", "test"});
    request.headers.push_back({"Authorization", "Bearer t"});
    return simulator_->handle(request);
  }
  static rapidjson::Document parse(const Answer& answer) {
    rapidjson::Document document;
    document.Parse(answer.content().data(), answer.content().size());
    EXPECT_FALSE(document.HasParseError()) << answer.content().substr(0, 200);
    return document;
  }
  /// The ids of the rows of a list that ends with 204.
  std::multiset<std::string> walk(const std::string& path, const std::string& query) {
    std::multiset<std::string> ids;
    for (int page = 1;; ++page) {
      const Answer answer = get(path, query + "&page=" + std::to_string(page) + ",7");
      if (answer.status != 200) {
        EXPECT_EQ(answer.status, 204);
        return ids;
      }
      const auto listed = parse(answer);
      for (const auto& row : listed.GetArray()) {
        ids.insert(row["id"].GetString());
      }
    }
  }

  VirtualClock clock_{Timestamp(std::chrono::seconds(1'763'700'000))};
  std::optional<BqeSimulator> simulator_;
};

TEST_F(BqeSimulatorTest, MakesAWorldOfTheSizeAndTheShareOfChildrenThatWasAskedFor) {
  SimulatorOptions options;
  options.world.projects = 1'000;
  start(options);
  simulator_->with_world([](const World& world) {
    std::map<int, int> levels;
    std::set<std::string> ids;
    for (const Project& one : world.projects()) {
      ++levels[one.level];
      ids.insert(one.audit.id);
      EXPECT_EQ(one.parent_id.empty(), one.level == 0);
      if (!one.parent_id.empty()) {
        EXPECT_TRUE(world.find_project(one.parent_id)->has_child);
      }
    }
    EXPECT_EQ(levels[0], 600);
    EXPECT_GT(levels[1], 0);
    EXPECT_GT(levels[2], 0);
    EXPECT_THAT(ids, SizeIs(1'000));
  });
  BqeSimulator again(options, clock_);
  EXPECT_EQ(again.with_world([](const World& world) { return world.projects().back().name; }),
            simulator_->with_world([](const World& world) { return world.projects().back().name; }));
}

TEST_F(BqeSimulatorTest, ServesListsPageByPageWithFieldsOrderAndFilter) {
  start();
  EXPECT_THAT(walk("project", "fields=id&orderBy=lastUpdated asc"), SizeIs(100));
  EXPECT_THAT(walk("project", "fields=id&where=level=0&orderBy=lastUpdated"), SizeIs(60));
  EXPECT_THAT(walk("project", "fields=id&where=parentId is null"), SizeIs(60));
  const auto both = walk("project", "where=level=0 or level=1").size() + walk("project", "where=level>1").size();
  EXPECT_EQ(both, 100U);
  const auto rows = parse(get("project", "fields=lastUpdated,ID,code&orderBy=lastUpdated desc&page=1,50"));
  std::string before = "9";
  for (const auto& row : rows.GetArray()) {
    EXPECT_EQ(row.MemberCount(), 3U);
    EXPECT_LE(std::string(row["lastUpdated"].GetString()), before);
    before = row["lastUpdated"].GetString();
  }
  const auto since =
      walk("project", "fields=id&where=lastUpdated>='" + before + "' and lastUpdated<'2030-01-01T00:00:00'");
  EXPECT_GE(since.size(), 50U);
  EXPECT_EQ(parse(get("project", "fields=COUNT(*)&where=level=0"))[0]["count"].GetInt(), 60);
  EXPECT_EQ(get("client", "where=name='nobody''s'&fields=*").status, 204);
  EXPECT_THAT(simulator_->undescribed_requests(), IsEmpty());
}

TEST_F(BqeSimulatorTest, RefusesWhatTheDocumentationDoesNotDescribe) {
  start();
  for (const auto* query :
       {"pageSize=10", "fields=id,isActive", "where=lastUpdated>=2026-01-01", "where=level='0'", "where=code like 'a'",
        "where=level=0 and", "where=name='x", "orderBy=nothing", "orderBy=code up", "page=1", "page=1,5000", "page=1,0",
        "page=1,200&expand=customFields", "expand=nothing", "fields=COUNT(*)&page=1,10", "fields=id&Fields=id",
        "where=lastUpdated>='yesterday'"}) {
    EXPECT_EQ(get("project", query).status, 400) << query;
  }
  EXPECT_EQ(get("project/query").status, 404);
  EXPECT_EQ(get("timeentries").status, 404);
  EXPECT_EQ(get("project", "", {{"X-UTC-OFFSET", "CET"}}).status, 400);
  EXPECT_EQ(get("project", "", {{"X-UTC-OFFSET", "-300"}}).status, 200);
  EXPECT_THAT(simulator_->undescribed_requests(), SizeIs(19));
  EXPECT_EQ(get("project/" + guid(1)).status, 404);
}

TEST_F(BqeSimulatorTest, KeepsToItsLimitAndSaysHowLong) {
  SimulatorOptions options;
  options.limits.per_minute = 2;
  start(options);
  EXPECT_EQ(get("client").status, 200);
  EXPECT_EQ(get("client").status, 200);
  const Answer limited = get("client");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Retry-After").value_or(""), "30");
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(get("client").status, 200);
}

TEST_F(BqeSimulatorTest, GivesTokensThatNameTheEndpointAndRotate_AUTH_3) {
  SimulatorOptions options;
  options.endpoint = "https://api.example.test/api/";
  start(options);
  const auto first = simulator_->oauth().sign_in();
  SimRequest request;
  request.method = "POST";
  request.target = "/idp/connect/token";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "grant_type=refresh_token&refresh_token=" + first.refresh_token +
                 "&client_id=simulated-app&client_secret=simulated-app-secret";
  const auto answer = simulator_->handle(request);
  ASSERT_EQ(answer.status, 200) << answer.content();
  const auto tokens = parse(answer);
  EXPECT_STREQ(tokens["endpoint"].GetString(), "https://api.example.test/api/");
  EXPECT_NE(tokens["refresh_token"].GetString(), first.refresh_token);
  EXPECT_EQ(simulator_->handle(request).status, 400) << "the old one has died";
  SimRequest list;
  list.target = "/api/project";
  list.headers = {{"User-Agent", "test"},
                  {"Authorization", std::string("Bearer ") + tokens["access_token"].GetString()}};
  EXPECT_EQ(simulator_->handle(list).status, 200);
  simulator_->oauth().revoke_all();
  EXPECT_EQ(simulator_->handle(list).status, 401);
}

TEST_F(BqeSimulatorTest, ChangesAsItIsTold) {
  start();
  const auto done = simulator_->mutate(1, {.new_projects = 2,
                                           .new_children = 1,
                                           .updated_projects = 3,
                                           .archived_projects = 2,
                                           .restored_projects = 1,
                                           .deleted_projects = 2,
                                           .moved_below = 1,
                                           .moved_up = 1,
                                           .renamed_clients = 1,
                                           .deleted_clients = 1});
  EXPECT_EQ(done.deleted_projects, 2);
  EXPECT_EQ(done.moved_below, 1);
  EXPECT_THAT(walk("project", "fields=id"), SizeIs(101));
  const auto deleted =
      parse(get("deletedhistory", "where=deletedOn>='2020-01-01T00:00:00'&orderBy=deletedOn asc&page=1,200"));
  EXPECT_EQ(deleted.Size(), 3U);
  EXPECT_STREQ(deleted[0]["entityType"].GetString(), "Project");
  EXPECT_EQ(get(std::string("project/") + deleted[0]["entityId"].GetString()).status, 404);
}

TEST_F(BqeSimulatorTest, AnswersInTheFormsThatHaveBeenSeen) {
  SimulatorOptions options;
  options.shape = {.client_as_object = true, .enums_as_text = true, .zulu = true, .fractions = true};
  options.empty_as_array = true;
  start(options);
  const auto rows = parse(get("project", "page=1,3"));
  EXPECT_TRUE(rows[0]["client"].IsObject());
  EXPECT_TRUE(rows[0]["status"].IsString());
  EXPECT_THAT(rows[0]["lastUpdated"].GetString(), ::testing::EndsWith(".250Z"));
  EXPECT_EQ(get("project", "page=99,25").content(), "[]");
}

TEST_F(BqeSimulatorTest, IsDrivenFromAnotherProcessByItsControlPaths) {
  start();
  SimRequest request;
  request.method = "POST";
  request.target = "/__sim__/mutate";
  request.body = R"({"seed": 3, "deleted_projects": 1})";
  EXPECT_EQ(simulator_->handle(request).status, 200);
  request.body = R"({"seed": 3, "deleted": 1})";
  EXPECT_EQ(simulator_->handle(request).status, 400);
  request.target = "/__sim__/faults";
  request.body = R"({"script": [{"kind": "server_error", "target": "/client"}]})";
  EXPECT_EQ(simulator_->handle(request).status, 200);
  EXPECT_EQ(get("client").status, 500);
  EXPECT_EQ(get("client").status, 200);
  request.method = "GET";
  request.target = "/__sim__/statistics";
  EXPECT_THAT(std::string(simulator_->handle(request).content()), HasSubstr(R"("/api/client":{"200":1,"500":1})"));
  const auto wrong = options_from_json(R"({"projects": 5, "child_share": 2})");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("child_share"));
  EXPECT_THAT(options_from_json(R"({"project": 5})").error().message, HasSubstr("project is not known here"));
  EXPECT_TRUE(options_from_json(R"({"seed": 7, "projects": 50, "tokens": ["x"], "limits": {"per_minute": 5}})").ok());
}

} // namespace
} // namespace dovetail::simulators::bqe

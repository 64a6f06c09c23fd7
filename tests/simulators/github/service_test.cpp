// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/simulators/github/test_client.hpp"
#include "tests/simulators/gzip.hpp"

// The rules of the service around the data: who may ask, how often, in which order, and what has not changed.
namespace dovetail::simulators::github {
namespace {

const Timestamp noon{std::chrono::seconds{1'800'000'000}};

class Service : public testing::Test {
protected:
  void open(SimulatorOptions options) {
    simulator_ = std::make_unique<GithubSimulator>(std::move(options), clock_);
    client_ = std::make_unique<TestClient>(*simulator_);
  }
  void SetUp() override { open(small_world()); }

  Repository repository(std::uint32_t index) const {
    return simulator_->with_world([&](const World& world) { return world.repository({0, index}); });
  }
  std::string pulls(const std::string& query) const {
    return "/repos/" + repository(0).full_name() + "/pulls?" + query;
  }
  std::string message(const Answer& answer) const { return TestClient::parse(answer)["message"].GetString(); }

  VirtualClock clock_{noon};
  std::unique_ptr<GithubSimulator> simulator_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(Service, AsksForATokenItKnowsAUserAgentAndAVersionItHas) {
  SimRequest request{.target = "/user", .headers = {{"User-Agent", "x"}}};
  EXPECT_EQ(simulator_->handle(request).status, 401);
  request.headers.push_back({"Authorization", "Bearer nobody's"});
  const Answer unknown = simulator_->handle(request);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(message(unknown), "Bad credentials");
  request.headers[1].value = std::string("token ") + test_token;
  EXPECT_EQ(simulator_->handle(request).status, 200);
  request.headers[1].value = std::string("Basic ") + test_token;
  EXPECT_EQ(simulator_->handle(request).status, 401);
  EXPECT_EQ(client_->get("/user", {{"X-GitHub-Api-Version", "2099-01-01"}}).status, 400);
  EXPECT_EQ(client_->get("/user", {{"X-GitHub-Api-Version", "2026-03-10"}}).status, 200);
  EXPECT_EQ(simulator_->handle({.target = "/user", .headers = {{"Authorization", std::string("Bearer ") + test_token}}})
                .status,
            403);
}

TEST_F(Service, LinksLeadThroughAllPagesForwardsAndBackwards) {
  const std::string first = pulls("state=all&per_page=7");
  Answer answer = client_->get(first);
  EXPECT_TRUE(TestClient::link(answer, "prev").empty());
  EXPECT_TRUE(TestClient::link(answer, "first").empty());
  const std::string last = TestClient::link(answer, "last");
  EXPECT_TRUE(last.starts_with("/repositories/7000000000/pulls?state=all&per_page=7&page=")) << last;
  std::vector<std::string> forwards = {std::string(answer.content())};
  std::string target = TestClient::link(answer, "next");
  for (; !target.empty(); target = TestClient::link(answer, "next")) {
    answer = client_->get(target);
    forwards.emplace_back(answer.content());
  }
  EXPECT_EQ(client_->get(last).content(), forwards.back());
  EXPECT_TRUE(TestClient::link(answer, "last").empty()) << "the last page does not name itself";
  for (std::size_t i = forwards.size() - 1; i > 0; --i) {
    target = TestClient::link(answer, "prev");
    ASSERT_FALSE(target.empty());
    answer = client_->get(target);
    EXPECT_EQ(answer.content(), forwards[i - 1]);
  }
  std::set<int> numbers;
  std::size_t rows = 0;
  for (const rapidjson::Document& row : client_->walk(first)) {
    numbers.insert(row["number"].GetInt());
    ++rows;
  }
  EXPECT_EQ(numbers.size(), rows) << "each row once";
  EXPECT_EQ(rows, static_cast<std::size_t>(simulator_->with_world([](const World& world) {
              return world.pull_count({0, 0});
            })));
}

TEST_F(Service, PageSizeIsThirtyByDefaultAndAHundredAtMost) {
  EXPECT_EQ(TestClient::parse(client_->get("/orgs/acme/members")).Size(), 30U);
  EXPECT_EQ(TestClient::parse(client_->get("/orgs/acme/members?per_page=0")).Size(), 30U);
  EXPECT_EQ(TestClient::parse(client_->get("/orgs/acme/members?per_page=1000")).Size(), 35U);
  EXPECT_EQ(client_->get("/orgs/acme/members?per_page=35").header("Link"), std::nullopt);
  EXPECT_EQ(TestClient::parse(client_->get("/orgs/acme/members?page=999999999999")).Size(), 0U);
  SimulatorOptions options = small_world();
  options.world.organisations[0].repositories = 2;
  options.world.organisations[0].pull_requests = 150;
  open(options);
  EXPECT_EQ(TestClient::parse(client_->get(pulls("state=all&per_page=500"))).Size(), 100U);
}

std::vector<std::string> column(const std::vector<rapidjson::Document>& rows, const char* name) {
  std::vector<std::string> values;
  values.reserve(rows.size());
  for (const rapidjson::Document& row : rows) {
    values.emplace_back(row[name].IsString() ? row[name].GetString() : "");
  }
  return values;
}

TEST_F(Service, PullsAreOrderedAsAskedAndTheDefaultDirectionDependsOnTheSort) {
  const auto sorted = [](std::vector<std::string> values, bool descending) {
    return descending ? std::is_sorted(values.rbegin(), values.rend()) : std::is_sorted(values.begin(), values.end());
  };
  EXPECT_TRUE(
      sorted(column(client_->walk(pulls("state=all&sort=updated&direction=desc&per_page=9")), "updated_at"), true));
  EXPECT_TRUE(
      sorted(column(client_->walk(pulls("state=all&sort=updated&direction=asc&per_page=9")), "updated_at"), false));
  EXPECT_TRUE(sorted(column(client_->walk(pulls("state=all&sort=updated")), "updated_at"), false))
      << "asc unless it is sort=created";
  EXPECT_TRUE(sorted(column(client_->walk(pulls("state=all")), "created_at"), true));
  for (const std::string& state : column(client_->walk(pulls("")), "state")) {
    EXPECT_EQ(state, "open");
  }
  for (const std::string& state : column(client_->walk(pulls("state=closed")), "state")) {
    EXPECT_EQ(state, "closed");
  }
}

TEST_F(Service, RowsThatShareAnInstantKeepTheirOrderOverPages) {
  simulator_->mutate(3, {.updated_pulls = 40, .same_second = true, .repository = RepositoryRef{0, 0}});
  const std::vector<rapidjson::Document> rows =
      client_->walk(pulls("state=all&sort=updated&direction=desc&per_page=3"));
  std::set<int> numbers;
  for (const rapidjson::Document& row : rows) {
    numbers.insert(row["number"].GetInt());
  }
  EXPECT_EQ(numbers.size(), rows.size());
  const std::vector<std::string> updated = column(rows, "updated_at");
  EXPECT_GT(std::count(updated.begin(), updated.end(), updated.front()), 6) << "a tie that spans pages";
}

TEST_F(Service, UnchangedPagesAre304WithoutABodyAndFree) {
  const std::string list = pulls("state=all&per_page=5");
  const Answer first = client_->get(list);
  const std::string tag(first.header("ETag").value());
  EXPECT_TRUE(tag.starts_with("W/\""));
  const std::string remaining(first.header("X-RateLimit-Remaining").value());
  const Answer second = client_->get(list, {{"If-None-Match", tag}});
  EXPECT_EQ(second.status, 304);
  EXPECT_TRUE(second.content().empty());
  EXPECT_EQ(second.header("ETag"), tag);
  EXPECT_EQ(second.header("X-RateLimit-Remaining"), remaining);
  EXPECT_EQ(client_->get(list, {{"If-None-Match", "\"x\", " + tag.substr(2)}}).status, 304)
      << "weak comparison, lists of tags";
  EXPECT_EQ(client_->get(list, {{"If-None-Match", "\"something else\""}}).status, 200);
  EXPECT_EQ(simulator_->statistics().counted, 2U);
  EXPECT_EQ(simulator_->statistics().with_status(304), 2U);

  simulator_->mutate(1, {.updated_pulls = 1, .repository = RepositoryRef{0, 1}});
  EXPECT_EQ(client_->get(list, {{"If-None-Match", tag}}).status, 304) << "another repository changed";
  simulator_->mutate(1, {.new_pulls = 1, .repository = RepositoryRef{0, 0}});
  EXPECT_EQ(client_->get(list, {{"If-None-Match", tag}}).status, 200);
}

TEST_F(Service, ATagCoversTheBodyOnlySoAnUnchangedPageCanHaveANewNextPage) {
  const std::string list = "/orgs/acme/members?per_page=35";
  const Answer before = client_->get(list);
  EXPECT_EQ(before.header("Link"), std::nullopt);
  simulator_->mutate(1, {.added_members = 1, .organisation = 0});
  const Answer after = client_->get(list, {{"If-None-Match", std::string(before.header("ETag").value())}});
  EXPECT_EQ(after.status, 304);
  EXPECT_FALSE(TestClient::link(after, "next").empty());
  SimulatorOptions options = small_world();
  options.link_on_not_modified = false;
  open(options);
  const std::string tag(client_->get("/orgs/acme/members").header("ETag").value());
  EXPECT_EQ(client_->get("/orgs/acme/members", {{"If-None-Match", tag}}).header("Link"), std::nullopt);
}

TEST_F(Service, PrimaryLimitRefusesUntilItsWindowEnds) {
  SimulatorOptions options = small_world();
  options.limits = {.primary = 3, .window = std::chrono::seconds{100}};
  open(options);
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client_->get("/user");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-RateLimit-Remaining"), std::to_string(2 - i));
  }
  const Answer refused = client_->get("/user");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.header("X-RateLimit-Remaining"), "0");
  EXPECT_EQ(refused.header("X-RateLimit-Reset"), "1800000100");
  EXPECT_EQ(refused.header("Retry-After"), std::nullopt);
  EXPECT_EQ(client_->get("/rate_limit").status, 200) << "free of the primary limit";
  TestClient other(*simulator_, "other-token");
  EXPECT_EQ(other.get("/user").status, 200) << "another account has its own";
  clock_.advance(std::chrono::seconds{99});
  EXPECT_EQ(client_->get("/user").status, 403);
  clock_.advance(std::chrono::seconds{1});
  EXPECT_EQ(client_->get("/user").status, 200);
}

TEST_F(Service, SecondaryLimitsCountPointsAMinuteAndRunningRequests) {
  SimulatorOptions options = small_world();
  options.limits = {.points_per_minute = 2, .refusal_status = 429};
  open(options);
  EXPECT_EQ(client_->get("/user").status, 200);
  clock_.advance(std::chrono::seconds{20});
  EXPECT_EQ(client_->get("/user").status, 200);
  const Answer refused = client_->get("/user");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After"), "40");
  EXPECT_NE(message(refused).find("secondary rate limit"), std::string::npos);
  clock_.advance(std::chrono::seconds{40});
  EXPECT_EQ(client_->get("/user").status, 200);

  options.limits = {.concurrent = 2, .secondary_retry_after = false};
  open(options);
  Answer one = client_->get("/user");
  const Answer two = client_->get("/orgs/acme/repos");
  const Answer three = client_->get("/user");
  EXPECT_EQ(three.status, 403);
  EXPECT_EQ(three.header("Retry-After"), std::nullopt);
  one = Answer{};
  EXPECT_EQ(client_->get("/user").status, 200) << "one answer was let go of";
}

TEST_F(Service, RenamedRepositoriesRedirectToTheirId) {
  const Repository before = repository(0);
  simulator_->mutate(1, {.renamed_repositories = 1, .repository = RepositoryRef{0, 0}});
  const Answer answer = client_->get("/repos/" + before.full_name() + "/pulls?state=all&page=2");
  EXPECT_EQ(answer.status, 301);
  const std::string target = "/repositories/" + std::to_string(before.id) + "/pulls?state=all&page=2";
  EXPECT_EQ(answer.header("Location"), std::string(test_base) + target);
  EXPECT_EQ(message(answer), "Moved Permanently");
  EXPECT_EQ(client_->get(target).status, 200);
  EXPECT_NE(repository(0).name, before.name);
  EXPECT_EQ(client_->get("/repos/" + repository(0).full_name()).status, 200);
}

TEST_F(Service, WhatIsNotThereOrNotToBeSeenIs404) {
  EXPECT_EQ(client_->get("/orgs/nobody/members").status, 404);
  EXPECT_EQ(client_->get("/users/nobody").status, 404);
  EXPECT_EQ(client_->get(pulls("x").substr(0, pulls("x").find('?')) + "/6").status, 404) << "an issue's number";
  EXPECT_TRUE(simulator_->undescribed_requests().empty()) << "all of these are described";
  EXPECT_EQ(client_->get("/orgs/acme/members/").status, 404) << "a trailing slash";
  EXPECT_EQ(client_->get("/zen").status, 404);
  EXPECT_EQ(simulator_
                ->handle({.method = "DELETE",
                          .target = "/orgs/acme/members",
                          .headers = {{"User-Agent", "x"}, {"Authorization", std::string("Bearer ") + test_token}}})
                .status,
            404);
  const std::vector<std::string> expected = {"GET /orgs/acme/members/", "GET /zen", "DELETE /orgs/acme/members"};
  EXPECT_EQ(simulator_->undescribed_requests(), expected);

  TestClient other(*simulator_, "other-token");
  const std::size_t mine = client_->walk("/orgs/acme/repos").size();
  const std::size_t theirs = other.walk("/orgs/acme/repos").size();
  EXPECT_LT(theirs, mine) << "only public ones";
  EXPECT_LT(other.walk("/orgs/acme/members").size(), 35U) << "only public members";
  EXPECT_EQ(other.get("/orgs/acme/memberships/whoever").status, 403);
  for (const rapidjson::Document& row : client_->walk("/orgs/acme/repos?type=private")) {
    EXPECT_EQ(other.get(std::string("/repos/") + row["full_name"].GetString()).status, 404);
  }
}

TEST_F(Service, RolesAndMembershipsAgree) {
  std::size_t members = 0;
  for (const char* role : {"admin", "member"}) {
    for (const rapidjson::Document& row : client_->walk(std::string("/orgs/acme/members?role=") + role)) {
      const rapidjson::Document membership =
          TestClient::parse(client_->get(std::string("/orgs/ACME/memberships/") + row["login"].GetString()));
      EXPECT_STREQ(membership["role"].GetString(), role);
      EXPECT_EQ(membership["user"]["id"].GetInt64(), row["id"].GetInt64());
      ++members;
    }
  }
  EXPECT_EQ(members, 35U);
}

TEST_F(Service, EmptyRepositoriesHaveNoCommitsAndSayConflict) {
  const Repository empty = repository(4);
  EXPECT_EQ(empty.pushed_at, std::nullopt);
  const Answer answer = client_->get("/repos/" + empty.full_name() + "/commits");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(message(answer), "Git Repository is empty.");
  EXPECT_EQ(client_->get("/repos/" + empty.full_name() + "/pulls?state=all").content(), "[]");
}

TEST_F(Service, CommitsAreFilteredByDateAndStart) {
  const std::string path = "/repos/" + repository(0).full_name() + "/commits";
  const std::vector<rapidjson::Document> all = client_->walk(path);
  const std::string middle = all[40]["commit"]["committer"]["date"].GetString();
  const std::vector<rapidjson::Document> since = client_->walk(path + "?since=" + middle);
  EXPECT_EQ(since.size(), 41U) << "the boundary belongs to it";
  EXPECT_EQ(client_->walk(path + "?until=" + middle).size(), all.size() - 40);
  EXPECT_EQ(client_->walk(path + "?sha=" + all[10]["sha"].GetString()).size(), all.size() - 10);
  EXPECT_EQ(client_->walk(path + "?sha=" + repository(0).default_branch).size(), all.size());
  EXPECT_EQ(client_->get(path + "?sha=nowhere").status, 404);
}

TEST_F(Service, NewerApiVersionLeavesOutWhatItRemoved) {
  const std::string list = pulls("state=all&per_page=1");
  const rapidjson::Document old_page = TestClient::parse(client_->get(list));
  const rapidjson::Document new_page = TestClient::parse(client_->get(list, {{"X-GitHub-Api-Version", "2026-03-10"}}));
  EXPECT_TRUE(old_page[0].HasMember("merge_commit_sha"));
  EXPECT_TRUE(old_page[0].HasMember("assignee"));
  EXPECT_FALSE(new_page[0].HasMember("merge_commit_sha"));
  EXPECT_FALSE(new_page[0].HasMember("assignee"));
  EXPECT_FALSE(new_page[0]["base"]["repo"].HasMember("has_downloads"));
}

TEST_F(Service, GzipDecodesToThePlainPage) {
  const std::string list = pulls("state=all&per_page=50");
  const Answer plain = client_->get(list);
  const Answer packed = client_->get(list, {{"Accept-Encoding", "gzip, deflate"}});
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_LT(packed.content().size() * 4, plain.content().size());
  EXPECT_EQ(gunzip(packed.content(), 16U << 20U), plain.content());
  EXPECT_EQ(packed.header("ETag"), plain.header("ETag"));
}

TEST_F(Service, EnterpriseServersServeUnderAPrefix) {
  SimulatorOptions options = small_world();
  options.path_prefix = "/api/v3";
  options.api_base = "";
  open(options);
  EXPECT_EQ(client_->get("/orgs/acme/members").status, 404);
  const Answer answer = client_->get("/api/v3/orgs/acme/members", {{"Host", "ghe.example.test:8443"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.header("Link").value().starts_with(
      "<http://ghe.example.test:8443/api/v3/organizations/9000000000/members?page=2>"));
}

TEST_F(Service, BodiesPointAtTheRealHostSoThatFollowingThemIsSeen) {
  const rapidjson::Document page = TestClient::parse(client_->get(pulls("state=all&per_page=1")));
  EXPECT_TRUE(std::string_view(page[0]["url"].GetString()).starts_with("https://api.github.com/repos/acme/"));
}

TEST(SimulatedWorld, LargeOnesStartAtOnceAndListInOrder) {
  SimulatorOptions options = small_world();
  options.world.organisations[0].pull_requests = 50'000;
  options.limits = {.primary = 0, .points_per_minute = 0, .concurrent = 0};
  VirtualClock clock(noon);
  GithubSimulator simulator(options, clock);
  const int pulls = simulator.with_world([](const World& world) {
    int sum = 0;
    for (const RepositoryRef ref : world.repositories(0)) {
      const auto numbers = world.pull_numbers(ref, {PullFilter::all, PullSort::updated, true});
      for (std::size_t i = 1; i < numbers->size(); i += 97) {
        EXPECT_GE(world.pull(ref, (*numbers)[i - 1])->updated_at, world.pull(ref, (*numbers)[i])->updated_at);
      }
      sum += static_cast<int>(numbers->size());
    }
    return sum;
  });
  EXPECT_EQ(pulls, 50'000);
}

TEST(SimulatedWorld, HasTheShapesThatTripReaders) {
  WorldOptions options = small_world(11).world;
  options.organisations[0].pull_requests = 3000;
  const World world(options);
  std::set<std::string> seen;
  for (const RepositoryRef ref : world.repositories(0)) {
    const Repository repository = world.repository(ref);
    for (int i = 0; i < world.pull_count(ref); ++i) {
      const Pull pull = *world.pull(ref, pull_number(i));
      EXPECT_LE(pull.created_at, pull.updated_at);
      EXPECT_LE(pull.updated_at, world.now());
      EXPECT_LE(pull.created_at, pull.merged_at.value_or(pull.created_at));
      EXPECT_LE(pull.closed_at.value_or(pull.updated_at), pull.updated_at);
      EXPECT_EQ(pull.open, !pull.closed_at.has_value());
      EXPECT_EQ(pull_index(pull.number), i);
      seen.insert(pull.author ? world.user(*pull.author).type == UserType::bot ? "bot author" : "author"
                              : "deleted author");
      seen.insert(!pull.body                   ? "null body"
                  : pull.body->empty()         ? "empty body"
                  : pull.body->size() > 10'000 ? "long body"
                                               : "body");
      seen.insert(pull.head_kind == HeadKind::deleted_fork ? "deleted fork"
                  : pull.head_kind == HeadKind::fork       ? "fork"
                                                           : "own branch");
      seen.insert(pull.draft ? "draft" : "ready");
      seen.insert(pull.commits > 250 ? "more commits than listed" : "few commits");
      sys_seconds last = pull.created_at;
      for (const Review& review : world.reviews(ref, pull.number)) {
        seen.insert(std::string(to_string(review.state)));
        seen.insert(review.user ? "reviewer" : "deleted reviewer");
        EXPECT_EQ(review.submitted_at.has_value(), review.state != ReviewState::pending);
        if (review.submitted_at) {
          EXPECT_LE(last, *review.submitted_at) << "chronological";
          EXPECT_LE(*review.submitted_at, pull.updated_at) << "reviews move updated_at";
          last = *review.submitted_at;
          seen.insert(pull.merged_at && *review.submitted_at > *pull.merged_at ? "review after the merge" : "review");
        }
      }
    }
    seen.insert(repository.is_private ? "private" : "public");
  }
  for (const char* shape :
       {"bot author", "deleted author", "null body", "empty body", "long body", "deleted fork", "fork", "draft",
        "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING", "deleted reviewer",
        "review after the merge", "more commits than listed", "private", "public"}) {
    EXPECT_TRUE(seen.contains(shape)) << shape;
  }
}

TEST(SimulatedWorld, ChecksItsOptions) {
  WorldOptions options = small_world().world;
  EXPECT_TRUE(World::check(options).ok());
  options.organisations[1].login = "ACME";
  EXPECT_EQ(World::check(options).error().code, ErrorCode::invalid_argument);
  options.organisations[1].login = "has space";
  EXPECT_FALSE(World::check(options).ok());
  options.organisations.resize(1);
  options.organisations[0].empty_repositories = options.organisations[0].repositories;
  EXPECT_FALSE(World::check(options).ok()) << "nowhere to put pull requests";
  options.organisations[0].pull_requests = 0;
  EXPECT_TRUE(World::check(options).ok());
}

} // namespace
} // namespace dovetail::simulators::github

// SPDX-License-Identifier: Apache-2.0
// Recorded GitHub traffic through the whole path; the golden values come out of the store. The recordings are read in place and hold
// real people's public names: nothing of them is repeated here or printed.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "tests/simulators/replay.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::Exchange;
using simulators::load_recordings;
using simulators::Replay;
using simulators::ReplayOptions;

const std::vector<std::string> down_to_pulls{"repository", "pull_request"};
const std::vector<std::string> down_to_reviews{"repository", "pull_request", "review"};

std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class Recordings : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_ / "golden.json")) {
      GTEST_SKIP() << "the recordings are not on this machine: nothing was replayed";
    }
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL";
    }
    auto document = json::Document::parse(slurp(folder_ / "golden.json"), {.max_bytes = 4U << 20U});
    ASSERT_TRUE(document.ok()) << document.error().message;
    golden_.emplace(std::move(*document));
  }

  [[nodiscard]] json::Value golden(std::string_view pointer) const { return golden_->root().at(pointer); }

  [[nodiscard]] std::vector<Exchange> scenario(const std::string& file, const std::string& name) const {
    auto loaded = load_recordings((folder_ / file).string(), {name});
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? *loaded : std::vector<Exchange>();
  }

  /// What no recording holds: the list of the organisation's repositories, with this one in it.
  static Exchange repository_list(std::int64_t id, const std::string& full_name) {
    return {.target = "/orgs/recorded/repos?type=all&sort=full_name&direction=asc&per_page=100",
            .headers = {{"Content-Type", "application/json"}},
            .body = R"([{"id":)" + std::to_string(id) + R"(,"full_name":")" + full_name + R"("}])"};
  }

  static ReplayOptions options() {
    ReplayOptions options;
    options.base = std::string(SyncWorld::api);
    options.fall_back_to_path = true;
    return options;
  }

  static SyncWorld::Connected connect(SyncWorld& world) {
    return world.connect("recorded", R"("organization":"recorded")");
  }

  std::filesystem::path folder_ = shared_directory() / "recordings" / "github";
  std::optional<json::Document> golden_;
};

TEST_P(Recordings, GiveThePublishedMetricsOfPullRequest538) {
  auto exchanges = scenario("pygithub.jsonl", "PullRequestReview.testDoesNotModifyPullRequest");
  // The detail was recorded, the sync asks for the list: edited into a list of one.
  ASSERT_EQ(exchanges.size(), 1U);
  exchanges[0].target = "/repos/PyGithub/PyGithub/pulls";
  exchanges[0].body = "[" + exchanges[0].body + "]";
  for (auto& exchange : scenario("pygithub.jsonl", "PullRequestReview.testAttributes")) {
    exchanges.push_back(std::move(exchange));
  }
  exchanges.push_back(repository_list(golden("/pr538/repo_id").as_int64().value_or(0), "PyGithub/PyGithub"));
  Replay replay(std::move(exchanges), options());
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  const auto reports = world.sync(who, {.objects = down_to_reviews});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(world.count(who, "pull_request"), 1);
  EXPECT_EQ(world.count(who, "review"), 5);
  const auto stored = [&](const std::string& column) {
    return world.raw("SELECT CAST(" + column + " AS TEXT) FROM pull_request");
  };
  EXPECT_EQ(stored("cycle_time_seconds"), "417132");
  EXPECT_EQ(stored("review_time_seconds"), "165982");
  EXPECT_EQ(stored("cycle_time_seconds"), std::to_string(golden("/pr538/cycle_time_seconds").as_int64().value_or(0)));
  EXPECT_EQ(stored("review_time_seconds"), std::to_string(golden("/pr538/review_time_seconds").as_int64().value_or(0)));
  EXPECT_EQ(stored("external_id"), std::to_string(golden("/pr538/id").as_int64().value_or(0)));
  EXPECT_EQ(stored("author_id"), std::to_string(golden("/pr538/author_id").as_int64().value_or(0)));
  EXPECT_EQ(stored("head_sha"), golden("/pr538/head_sha").as_string().value_or("?"));
}

TEST_P(Recordings, GiveThirtyPullRequestsOfWhichTwentyNineWereMerged) {
  auto exchanges = scenario("pygithub.jsonl", "Issue131.testGetPullsWithOrgHeadUser");
  exchanges.push_back(repository_list(131, "openmicroscopy/ome-documentation"));
  auto replay_options = options();
  replay_options.fall_back_to_path = false;
  replay_options.ignored_parameters = {"state", "sort", "direction", "per_page"};
  Replay replay(std::move(exchanges), replay_options);
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  // The recording ends behind its first page: the second answers 404, which ends this repository with a warning and without a mark.
  const auto reports = world.sync(who, {.objects = down_to_pulls});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(world.count(who, "pull_request"), 30);
  EXPECT_EQ(world.raw("SELECT count(*) FROM pull_request WHERE merged_at IS NOT NULL"), "29");
  EXPECT_EQ(world.raw("SELECT count(cycle_time_seconds) FROM pull_request"), "29");
  EXPECT_EQ(world.raw("SELECT number FROM pull_request WHERE merged_at IS NULL"),
            std::to_string(golden("/issue131/unmerged_numbers/0").as_int64().value_or(0)));
  EXPECT_EQ(world.raw("SELECT CAST(sum(cycle_time_seconds) AS TEXT) FROM pull_request"),
            std::to_string(golden("/pull_lists/0/cycle_time_seconds_sum").as_int64().value_or(0)));
  EXPECT_EQ(world.raw("SELECT CAST(sum(source_id) AS TEXT) FROM pull_request"),
            std::to_string(golden("/pull_lists/0/ids_sum").as_int64().value_or(0)));
  EXPECT_EQ(world.raw("SELECT count(*) FROM pull_request WHERE draft IS NOT NULL"), "0")
      << "old answers lack the key, which must not fail";
  EXPECT_THAT(world.logger.text(), ::testing::HasSubstr("the other repositories go on"));
}

TEST_P(Recordings, SurviveNullRowsAndRowsThatHaveNothingButAnId) {
  auto exchanges = scenario("pygithub.jsonl", "Issue278.testIteration");
  // Issues were recorded; served as what the sync asks for.
  const std::string recorded = "/repos/openframeworks/openFrameworks/issues";
  for (auto& exchange : exchanges) {
    exchange.target.replace(0, recorded.size(), "/repos/openframeworks/openFrameworks/pulls");
    for (auto& header : exchange.headers) {
      for (auto at = header.value.find("/issues?"); at != std::string::npos; at = header.value.find("/issues?")) {
        header.value.replace(at, 8, "/pulls?");
      }
    }
  }
  exchanges.push_back(repository_list(278, "openframeworks/openFrameworks"));
  auto replay_options = options();
  replay_options.fall_back_to_path = false;
  replay_options.ignored_parameters = {"state", "sort", "direction", "per_page"};
  Replay replay(std::move(exchanges), replay_options);
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  const auto reports = world.sync(who, {.objects = down_to_pulls});
  ASSERT_EQ(errors_of(reports), "");
  const auto& counts = report_of(reports, "pull_request").counts;
  EXPECT_EQ(counts.fetched, 335);
  EXPECT_EQ(counts.created, 333);
  EXPECT_EQ(counts.skipped, 2) << "the null rows of the last two pages";
  EXPECT_EQ(counts.pages, 14);
  EXPECT_EQ(world.count(who, "pull_request"), 333);
}

TEST_P(Recordings, SurvivePagesThatOverlapBecauseRowsCameMeanwhile) {
  auto exchanges = scenario("pygithub.jsonl", "PaginatedList.testInterruptedIteration");
  for (auto& exchange : exchanges) {
    exchange.target.replace(exchange.target.find("/issues"), 7, "/pulls");
    for (auto& header : exchange.headers) {
      for (auto at = header.value.find("/issues?"); at != std::string::npos; at = header.value.find("/issues?")) {
        header.value.replace(at, 8, "/pulls?");
      }
    }
  }
  exchanges.push_back(repository_list(7, "openframeworks/openFrameworks"));
  auto replay_options = options();
  replay_options.fall_back_to_path = false;
  replay_options.ignored_parameters = {"state", "sort", "direction", "per_page"};
  Replay replay(std::move(exchanges), replay_options);
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  const auto reports = world.sync(who, {.objects = down_to_pulls});
  ASSERT_EQ(errors_of(reports), "");
  const auto& counts = report_of(reports, "pull_request").counts;
  EXPECT_EQ(counts.fetched, 75);
  EXPECT_EQ(counts.created, 74);
  EXPECT_EQ(counts.created + counts.updated + counts.unchanged, 75);
  EXPECT_EQ(world.count(who, "pull_request"), 74);
}

TEST_P(Recordings, CountAValueThatDoesNotConvertAndKeepItsRow_SYNC_3) {
  auto exchanges = scenario("octokit-rb.jsonl",
                            "Octokit_Client_Reviews/_pull_request_reviews/returns_a_list_of_all_pull_request_reviews");
  exchanges.push_back(repository_list(417862, "octokit/octokit.rb"));
  exchanges.push_back(
      {.target = "/repos/octokit/octokit.rb/pulls",
       .headers = {{"Content-Type", "application/json"}},
       .body =
           R"([{"id":841000,"number":841,"created_at":"2016-11-29T17:00:00Z","updated_at":"2016-11-29T19:00:00Z"}])"});
  Replay replay(std::move(exchanges), options());
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  const auto reports = world.sync(who, {.objects = down_to_reviews});
  ASSERT_EQ(errors_of(reports), "");
  const auto& counts = report_of(reports, "review").counts;
  EXPECT_EQ(counts.created, 2);
  EXPECT_EQ(counts.field_errors, 2)
      << "the column, and the record's own time of change, which comes from the same value";
  EXPECT_EQ(world.raw("SELECT count(*) FROM review WHERE submitted_at IS NULL"), "1");
  EXPECT_EQ(world.raw("SELECT occurrences FROM job_error WHERE subject = 'submitted_at'"), "1");
}

TEST_P(Recordings, TakeAnAnswerThatIsNoJsonForAFaultAndNotForData) {
  auto exchanges = scenario("pygithub.jsonl", "Exceptions.testJSONParseError");
  exchanges.push_back({.target = "/orgs/recorded/members?role=admin&per_page=100",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = R"([{"id":1,"login":"jacquev6"}])"});
  exchanges.push_back({.target = "/orgs/recorded/members?role=member&per_page=100",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = "[]"});
  Replay replay(std::move(exchanges), options());
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  const auto reports = world.sync(who, {.objects = {"member"}});
  ASSERT_TRUE(report_of(reports, "member").error);
  EXPECT_EQ(report_of(reports, "member").error->retry, RetryClass::transient);
  EXPECT_EQ(world.count(who, "member"), 0);
}

TEST_P(Recordings, AreNotFollowedToTheForeignHostThatTheyPointTo_HTTP_5) {
  auto exchanges = scenario("octokit-rb.jsonl",
                            "Octokit_Client_PullRequests/_pull_requests/lists_all_pull_requests_with_state_argument");
  exchanges.push_back(repository_list(417862, "octokit/octokit.rb"));
  auto replay_options = options();
  replay_options.rewrite_links = false;
  Replay replay(std::move(exchanges), replay_options);
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  const auto reports = world.sync(who, {.objects = down_to_pulls});
  ASSERT_TRUE(report_of(reports, "pull_request").error);
  EXPECT_EQ(report_of(reports, "pull_request").error->code, ErrorCode::permission_denied);
  EXPECT_THAT(report_of(reports, "pull_request").error->message, ::testing::HasSubstr("api.github.com"));
  EXPECT_THAT(world.transport.foreign_origins(), ::testing::IsEmpty());
}

TEST_P(Recordings, GiveTheDistinctPullRequestsOfTwoLists) {
  auto closed = scenario("octokit-rb.jsonl",
                         "Octokit_Client_PullRequests/_pull_requests/lists_all_pull_requests_with_state_argument");
  auto open = scenario("octokit-rb.jsonl", "Octokit_Client_PullRequests/_pull_requests/lists_all_pull_requests");
  // Two states of one repository were recorded; the closed ones follow as a second page, and its own second page is not recorded.
  ASSERT_EQ(closed.size(), 1U);
  ASSERT_EQ(open.size(), 1U);
  open[0].target = "/repos/octokit/octokit.rb/pulls?page=1";
  open[0].headers.push_back({"Link", R"(<https://api.github.com/repositories/417862/pulls?page=2>; rel="next")"});
  closed[0].target = "/repositories/417862/pulls?page=2";
  std::erase_if(closed[0].headers,
                [](const simulators::Header& header) { return simulators::equal_ignoring_case(header.name, "Link"); });
  std::vector<Exchange> exchanges{open[0], closed[0], repository_list(417862, "octokit/octokit.rb")};
  Replay replay(std::move(exchanges), options());
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = connect(world);
  ASSERT_EQ(errors_of(world.sync(who, {.objects = down_to_pulls})), "");
  EXPECT_EQ(world.count(who, "pull_request"), golden("/octokit_all_pulls/distinct").as_int64().value_or(0));
  EXPECT_EQ(world.raw("SELECT count(*) FROM pull_request WHERE merged_at IS NOT NULL"),
            std::to_string(golden("/octokit_all_pulls/distinct_merged").as_int64().value_or(0)));
  EXPECT_EQ(world.raw("SELECT count(*) FROM pull_request WHERE status = 'open'"),
            std::to_string(golden("/octokit_all_pulls/distinct_open").as_int64().value_or(0)));
}

TEST_P(Recordings, GiveTheMembersOfAnOrganisation) {
  auto exchanges = scenario("pygithub.jsonl", "Organization.testGetMembers");
  for (auto& exchange : exchanges) {
    if (exchange.target == "/orgs/BeaverSoftware/members") {
      exchange.target = "/orgs/recorded/members?role=member&per_page=100";
    }
  }
  exchanges.push_back({.target = "/orgs/recorded/members?role=admin&per_page=100",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = "[]"});
  auto replay_options = options();
  replay_options.fall_back_to_path = false;
  Replay replay(std::move(exchanges), replay_options);
  SyncWorld world(replay, {.dialect = GetParam()});
  const auto who = world.connect("recorded", R"("organization":"recorded","memberProfiles":false)");
  ASSERT_EQ(errors_of(world.sync(who, {.objects = {"member"}})), "");
  const auto rows = golden("/org_members/0/rows");
  EXPECT_EQ(world.count(who, "member"), static_cast<std::int64_t>(rows.size()));
  for (const auto row : rows.elements()) {
    EXPECT_EQ(world.raw("SELECT count(*) FROM member WHERE role = 'member' AND github_id = " +
                        std::to_string(row.at("/0").as_int64().value_or(0))),
              "1");
  }
}

INSTANTIATE_TEST_SUITE_P(On, Recordings, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

} // namespace
} // namespace dovetail::test

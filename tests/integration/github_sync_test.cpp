// SPDX-License-Identifier: Apache-2.0
// Whole syncs against the simulated GitHub, in virtual time: real plugin, ABI, client, limiter, vault, mapping and store.
#include <algorithm>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/job_repository.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/github/truth.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::github::FaultKind;
using simulators::github::GithubSimulator;
using simulators::github::MutationCounts;
using simulators::github::OrganisationOptions;
using simulators::github::SimulatorOptions;
using simulators::github::Truth;
using simulators::github::World;

SimulatorOptions world_of(std::uint64_t seed, int pulls, int organisations = 1) {
  SimulatorOptions options;
  options.world.seed = seed;
  options.world.long_body_share = 0;
  for (int i = 0; i < organisations; ++i) {
    OrganisationOptions organisation;
    organisation.login = std::string("acme") + (i == 0 ? "" : std::to_string(i));
    organisation.members = 6;
    organisation.repositories = 4;
    organisation.pull_requests = pulls;
    organisation.commits_per_repository = 15;
    options.world.organisations.push_back(organisation);
  }
  options.tokens = {{.token = "secret-token"}};
  options.api_base = std::string(SyncWorld::api);
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 0;
  options.gzip = false;
  return options;
}

/// The clock of the simulated service; nothing in these tests depends on it.
VirtualClock& service_clock() {
  static VirtualClock clock(Timestamp(std::chrono::seconds(1'767'571'200)));
  return clock;
}

class GithubSync : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL";
    }
  }
};

/// What the store must hold: counts by object and each pull request's metrics.
void expect_truth(SyncWorld& world, const SyncWorld::Connected& who, const GithubSimulator& github,
                  std::uint32_t organisation = 0) {
  const Truth truth =
      github.with_world([&](const World& simulated) { return simulators::github::truth_of(simulated, organisation); });
  const std::string of_tenant = " WHERE tenant_id = " + std::to_string(who.tenant.id.value);
  EXPECT_EQ(world.raw("SELECT count(*) FROM member" + of_tenant + " AND state = 'active'"),
            std::to_string(truth.members.size()));
  EXPECT_EQ(world.count(who, "pull_request"), static_cast<std::int64_t>(truth.pulls.size()));
  EXPECT_EQ(world.count(who, "review"), static_cast<std::int64_t>(truth.reviews.size()));
  EXPECT_EQ(world.count(who, "pull_request_commit"), static_cast<std::int64_t>(truth.pull_commits.size()));
  EXPECT_EQ(world.count(who, "commit"), static_cast<std::int64_t>(truth.commits.size()));
  for (const auto& pull : truth.pulls) {
    const auto stored = [&](const std::string& column) {
      return world.raw("SELECT coalesce(CAST(" + column + " AS TEXT), '') FROM pull_request" + of_tenant +
                       " AND external_id = '" + std::to_string(pull.pull.id) + "'");
    };
    EXPECT_EQ(stored("cycle_time_seconds"), pull.cycle_time_seconds ? std::to_string(*pull.cycle_time_seconds) : "")
        << pull.pull.id;
    EXPECT_EQ(stored("review_time_seconds"), pull.review_time_seconds ? std::to_string(*pull.review_time_seconds) : "")
        << pull.pull.id;
    EXPECT_EQ(stored("title"), pull.pull.title);
  }
}

TEST_P(GithubSync, BringsEverythingInAndFindsNothingNewTheSecondTime_PROV_GITHUB) {
  GithubSimulator github(world_of(7, 60), service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto acme = world.connect("acme", R"("organization":"acme")");
  auto reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_GT(report_of(reports, "pull_request").counts.created, 0);
  expect_truth(world, acme, github);
  const std::string before = world.dump(acme);

  reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  auto counts = total(reports);
  EXPECT_EQ(counts.created, 0);
  EXPECT_EQ(counts.updated, 0);
  EXPECT_GT(counts.not_modified * 2, counts.requests) << "most of what did not change costs nothing of the rate limit";
  EXPECT_EQ(world.dump(acme), before);
  // The commits' address has had its `since` only from the second time on.
  counts = total(world.sync(acme));
  EXPECT_GT(counts.requests, 0);
  EXPECT_EQ(counts.not_modified + 1, counts.requests) << "all but the empty repository, whose 409 has no ETag";
  EXPECT_EQ(world.dump(acme), before);
  EXPECT_THAT(github.undescribed_requests(), ::testing::IsEmpty());
}

TEST_P(GithubSync, EndsADeltaAfterChangesWhereAFreshFullPassEnds_SYNC_8) {
  GithubSimulator github(world_of(11, 50), service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto delta = world.connect("delta", R"("organization":"acme")");
  ASSERT_EQ(errors_of(world.sync(delta)), "");
  for (std::uint64_t round = 1; round <= 3; ++round) {
    MutationCounts changes;
    changes.new_pulls = 4;
    changes.updated_pulls = 3;
    changes.merged_pulls = 2;
    changes.closed_pulls = 1;
    changes.new_reviews = 5;
    changes.dismissed_reviews = 1;
    changes.new_pull_commits = 3;
    changes.new_commits = 4;
    changes.added_members = 1;
    changes.removed_members = 1;
    changes.same_second = round == 2;
    static_cast<void>(github.mutate(round, changes));
    ASSERT_EQ(errors_of(world.sync(delta)), "") << round;
  }
  expect_truth(world, delta, github);
  const auto full = world.connect("full", R"("organization":"acme")");
  ASSERT_EQ(errors_of(world.sync(full)), "");
  // The delta also remembers the members who left.
  const auto alive = [&](const SyncWorld::Connected& who, const std::string& model) {
    return world.raw("SELECT count(*) FROM \"" + model +
                     "\" WHERE state = 'active' AND tenant_id = " + std::to_string(who.tenant.id.value));
  };
  for (const auto* model : {"member", "repository", "pull_request", "review", "commit", "pull_request_commit"}) {
    EXPECT_EQ(alive(delta, model), alive(full, model)) << model;
  }
}

TEST_P(GithubSync, KeepsTwoTenantsApartThatAreSyncedInTurn_TEN_1) {
  GithubSimulator github(world_of(3, 30, 2), service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto one = world.connect("one", R"("organization":"acme")");
  const auto two = world.connect("two", R"("organization":"acme1")");
  for (const auto* object : {"member", "repository", "pull_request", "review", "commit", "pull_request_commit"}) {
    ASSERT_EQ(errors_of(world.sync(one, {.objects = {object}})), "");
    ASSERT_EQ(errors_of(world.sync(two, {.objects = {object}})), "");
  }
  expect_truth(world, one, github, 0);
  expect_truth(world, two, github, 1);
}

TEST_P(GithubSync, LetsOneSyncOfAnObjectRunAndTellsTheOtherWhoHoldsIt_SYNC_9) {
  GithubSimulator github(world_of(5, 5), service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto acme = world.connect("acme", R"("organization":"acme")");
  store::JobRepository jobs({world.store.database(), acme.tenant.id}, world.store.ids());
  const auto other = jobs.create({.connection = acme.connection.id,
                                  .provider = "github",
                                  .object = "member",
                                  .idempotency_key = {},
                                  .not_before = {}});
  ASSERT_TRUE(other.ok());
  // Another process on another machine, which nobody here can know to be dead.
  store::ObjectLeases elsewhere({world.store.database(), acme.tenant.id},
                                {.host = "far-away", .boot_id = "x", .process_id = 4711, .process_start = 1});
  ASSERT_TRUE(elsewhere.acquire(acme.connection.id, "member", *other, std::chrono::minutes(1)).ok());
  const auto reports = world.sync(acme);
  const auto& refused = report_of(reports, "member");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, ErrorCode::already_exists);
  EXPECT_THAT(refused.error->message, ::testing::HasSubstr("far-away"));
  EXPECT_THAT(refused.error->message, ::testing::HasSubstr("4711"));
  EXPECT_FALSE(report_of(reports, "repository").error) << "the other objects go on";
  EXPECT_EQ(world.count(acme, "member"), 0);
}

TEST_P(GithubSync, CountsInADryRunWhatARealRunDoesAndWritesNothing_SYNC_12) {
  GithubSimulator github(world_of(9, 25), service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto acme = world.connect("acme", R"("organization":"acme")");
  const auto rehearsal = world.sync(acme, {.dry_run = true});
  ASSERT_EQ(errors_of(rehearsal), "");
  for (const auto* model : {"member", "repository", "pull_request", "review", "commit"}) {
    EXPECT_EQ(world.count(acme, model), 0) << model;
  }
  EXPECT_EQ(world.raw("SELECT count(*) FROM job"), "0");
  EXPECT_EQ(world.raw("SELECT count(*) FROM plugin_state"), "0");
  const auto real = world.sync(acme);
  for (const auto& report : real) {
    EXPECT_EQ(report_of(rehearsal, report.object).counts.created, report.counts.created) << report.object;
    EXPECT_EQ(report_of(rehearsal, report.object).counts.fetched, report.counts.fetched) << report.object;
  }
}

TEST_P(GithubSync, MarksWhatDisappearedButNotMoreThanTheGuardAllows_SYNC_7) {
  auto options = world_of(13, 5);
  options.world.organisations[0].members = 40;
  GithubSimulator github(options, service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto acme = world.connect("acme", R"("organization":"acme")");
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  const auto active = [&] { return world.raw("SELECT count(*) FROM member WHERE state = 'active'"); };
  ASSERT_EQ(active(), "40");
  static_cast<void>(github.mutate(1, {.removed_members = 4}));
  auto reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(report_of(reports, "member").counts.removed, 4);
  EXPECT_EQ(active(), "36");
  EXPECT_EQ(world.count(acme, "member"), 40) << "inactive rows stay";
  static_cast<void>(github.mutate(2, {.removed_members = 20}));
  reports = world.sync(acme);
  ASSERT_TRUE(report_of(reports, "member").error);
  EXPECT_EQ(report_of(reports, "member").error->code, ErrorCode::failed_precondition);
  EXPECT_EQ(active(), "36");
  reports = world.sync(acme, {.max_removed_share = 1});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(active(), "16");
}

TEST_P(GithubSync, ReadsTheOthersWhenOnePullRequestsReviewsAreRefusedAndThatOneLater_SYNC_11) {
  GithubSimulator github(world_of(17, 30), service_clock());
  SyncWorld world(github, {.dialect = GetParam()});
  const auto acme = world.connect("acme", R"("organization":"acme")");
  ASSERT_EQ(errors_of(world.sync(acme, {.objects = {"member", "repository", "pull_request"}})), "");
  const auto address = github.with_world([](const World& simulated) {
    const Truth truth = simulators::github::truth_of(simulated, 0);
    const auto& review = truth.reviews.at(0);
    const auto repository =
        std::find_if(truth.repositories.begin(), truth.repositories.end(),
                     [&review](const auto& candidate) { return candidate.id == review.repository_id; });
    return repository->name + "/pulls/" + std::to_string(review.pull_number) + "/reviews";
  });
  simulators::github::FaultPlan refusals;
  refusals.script = {{.kind = FaultKind::forbidden, .target = address, .times = 1'000'000}};
  github.set_faults(refusals);
  auto reports = world.sync(acme);
  const auto& refused = report_of(reports, "review");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, ErrorCode::permission_denied);
  EXPECT_FALSE(report_of(reports, "pull_request_commit").error);
  EXPECT_EQ(world.raw("SELECT count(*) FROM pending_parent"), "1");
  EXPECT_GT(world.count(acme, "review"), 0);
  github.set_faults({});
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(world.raw("SELECT count(*) FROM pending_parent"), "0");
  expect_truth(world, acme, github);
}

TEST_P(GithubSync, EndsInTheSameStateThroughAStormOfFaults_HTTP_2) {
  SyncWorld calm_world(
      *[] {
        static GithubSimulator github(world_of(21, 40), service_clock());
        return &github;
      }(),
      {.dialect = GetParam()});
  const auto calm = calm_world.connect("acme", R"("organization":"acme")");
  ASSERT_EQ(errors_of(calm_world.sync(calm)), "");

  for (std::uint64_t seed = 1;
       seed <= static_cast<std::uint64_t>(scaled(GetParam() == store::Dialect::sqlite ? 10 : 3)); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto options = world_of(21, 40);
    options.gzip = true;
    options.faults.seed = seed;
    for (const auto kind : {FaultKind::rate_limit_seconds, FaultKind::rate_limit_date, FaultKind::primary_limit,
                            FaultKind::secondary_limit, FaultKind::secondary_limit_bare, FaultKind::server_error,
                            FaultKind::bad_gateway, FaultKind::unavailable, FaultKind::gateway_timeout,
                            FaultKind::reset_before_headers, FaultKind::reset_after_headers, FaultKind::truncated_body,
                            FaultKind::oversized_body, FaultKind::slow_drip, FaultKind::wrong_content_type,
                            FaultKind::invalid_json, FaultKind::corrupt_gzip, FaultKind::foreign_redirect}) {
      options.faults.probabilities[kind] = 0.02;
    }
    GithubSimulator github(options, service_clock());
    SyncWorld world(github, {.dialect = GetParam()});
    const auto acme = world.connect("acme", R"("organization":"acme")");
    ASSERT_TRUE(world.sync_until_done(acme, 60)) << world.logger.text();
    EXPECT_EQ(world.dump(acme), calm_world.dump(calm));
    EXPECT_THAT(world.transport.foreign_origins(), ::testing::IsEmpty());
  }
}

TEST(GithubStorm, OfFaultsOverFiveThousandPullRequestsEndsAsACalmSyncDoes_SYNC_4) {
  const auto big = [] {
    auto options = world_of(538, scaled(5000));
    options.world.organisations[0].reviews_per_pull = 1;
    options.world.organisations[0].commits_per_pull = 1;
    return options;
  };
  GithubSimulator calm(big(), service_clock());
  SyncWorld calm_world(calm);
  const auto undisturbed = calm_world.connect("acme", R"("organization":"acme")");
  ASSERT_EQ(errors_of(calm_world.sync(undisturbed)), "");

  auto options = big();
  options.faults.seed = 4;
  options.faults.oversized_bytes = 33U << 20U;
  for (const auto kind : {FaultKind::rate_limit_seconds, FaultKind::secondary_limit, FaultKind::bad_gateway,
                          FaultKind::server_error, FaultKind::reset_before_headers, FaultKind::truncated_body,
                          FaultKind::invalid_json, FaultKind::foreign_redirect}) {
    options.faults.probabilities[kind] = 0.002;
  }
  GithubSimulator stormy(options, service_clock());
  SyncWorld world(stormy);
  const auto disturbed = world.connect("acme", R"("organization":"acme")");
  ASSERT_TRUE(world.sync_until_done(disturbed, 500));
  EXPECT_EQ(world.dump(disturbed), calm_world.dump(undisturbed));
}

INSTANTIATE_TEST_SUITE_P(On, GithubSync, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

} // namespace
} // namespace dovetail::test

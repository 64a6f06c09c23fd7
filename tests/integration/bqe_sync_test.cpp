// SPDX-License-Identifier: Apache-2.0
// Whole syncs against the simulated BQE CORE, in virtual time: real plugin, ABI, client, limiter, vault, mapping and store.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/rule_repository.hpp"
#include "tests/simulators/bqe/simulator.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::FaultKind;
using simulators::bqe::BqeSimulator;
using simulators::bqe::MutationCounts;
using simulators::bqe::Project;
using simulators::bqe::SimulatorOptions;
using simulators::bqe::World;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SimulatorOptions world_of(std::uint64_t seed, std::uint32_t projects) {
  SimulatorOptions options;
  options.world.seed = seed;
  options.world.projects = projects;
  options.world.clients = 12;
  options.world.employees = 9;
  options.tokens = {"secret-token"};
  options.limits.per_minute = 0;
  options.gzip = false;
  return options;
}

/// The clock of the simulated service; nothing in these tests depends on it.
VirtualClock& service_clock() {
  static VirtualClock clock(Timestamp(std::chrono::seconds(1'767'571'200)));
  return clock;
}

SyncWorld::Connected connect(SyncWorld& world, const std::string& config = "", const std::string& tenant = "acme",
                             const std::string& token = "secret-token") {
  return world.connect_to("bqe", tenant,
                          R"({"environment":"custom","auth":"token","baseUrl":")" + std::string(SyncWorld::api) +
                              R"(/api","rateLimits":{"requestsPerMinute":0,"globalRequestsPerMinute":0})" +
                              (config.empty() ? "" : ",") + config + "}",
                          {{"access_token", token}});
}

class BqeSync : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL";
    }
  }
};

std::string active(SyncWorld& world, const SyncWorld::Connected& who, const std::string& model) {
  return world.raw("SELECT count(*) FROM \"" + model +
                   "\" WHERE state = 'active' AND tenant_id = " + std::to_string(who.tenant.id.value));
}

std::string field(SyncWorld& world, const SyncWorld::Connected& who, const std::string& column, const std::string& id,
                  const std::string& model = "project") {
  return world.raw("SELECT coalesce(CAST(\"" + column + "\" AS TEXT), '') FROM \"" + model +
                   "\" WHERE external_id = '" + id + "' AND tenant_id = " + std::to_string(who.tenant.id.value));
}

/// What the store must hold: each living top-level project with its values, and every client and employee; active, unless the source says otherwise.
void expect_truth(SyncWorld& world, const SyncWorld::Connected& who, const BqeSimulator& bqe) {
  bqe.with_world([&](const World& truth) {
    std::size_t parents = 0;
    for (const Project& one : truth.projects()) {
      const bool wanted = !one.audit.deleted && one.parent_id.empty() && one.status != simulators::bqe::status_inactive;
      parents += wanted ? 1 : 0;
      if (!wanted || parents % 7 != 1) {
        continue; // a sample of them is looked at in detail
      }
      EXPECT_EQ(field(world, who, "state", one.audit.id), "active") << one.audit.id;
      EXPECT_EQ(field(world, who, "name", one.audit.id), one.name);
      EXPECT_EQ(field(world, who, "code", one.audit.id), one.code);
      EXPECT_EQ(field(world, who, "status", one.audit.id), one.status == 0 ? "active" : "completed");
      EXPECT_EQ(field(world, who, "bqe_client_id", one.audit.id), truth.clients()[one.client].audit.id);
      EXPECT_EQ(field(world, who, "manager_id", one.audit.id), truth.employees()[one.manager].audit.id);
    }
    EXPECT_EQ(active(world, who, "project"), std::to_string(parents));
    const auto living = [](const auto& list) {
      return std::count_if(list.begin(), list.end(), [](const auto& one) { return !one.audit.deleted; });
    };
    EXPECT_EQ(active(world, who, "client"), std::to_string(living(truth.clients())));
    EXPECT_EQ(active(world, who, "employee"), std::to_string(living(truth.employees())));
  });
}

TEST_P(BqeSync, BringsInTheParentsOfTenThousandProjectsAndCountsTheRest_PROV_BQE_SYNC_6) {
  const std::int64_t all = scaled(10'000);
  BqeSimulator bqe(world_of(7, static_cast<std::uint32_t>(all)), service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  auto reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  const auto& projects = report_of(reports, "project").counts;
  EXPECT_EQ(world.count(acme, "project"), all * 6 / 10);
  EXPECT_EQ(projects.created, all * 6 / 10);
  EXPECT_GE(projects.skipped_children, all * 4 / 10);
  EXPECT_EQ(projects.failed + projects.field_errors, 0);
  EXPECT_EQ(projects.fetched, projects.created + projects.unchanged + projects.skipped);
  EXPECT_EQ(static_cast<std::uint64_t>(projects.fetched), bqe.statistics().rows.at("/api/project"))
      << "every row that was sent was counted";
  EXPECT_LT(projects.fetched, all * 102 / 100) << "few rows come twice";
  EXPECT_EQ(world.raw("SELECT count(*) FROM project WHERE bqe_client_name IS NULL OR client <> bqe_client_name"), "0");
  expect_truth(world, acme, bqe);
  const std::string before = world.dump(acme);
  EXPECT_THAT(before, ::testing::Not(HasSubstr("canary-"))) << "what is sensitive is not even asked for";

  reports = world.sync(acme, {.full = true});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(total(reports).created + total(reports).updated + total(reports).removed, 0);
  EXPECT_EQ(world.dump(acme), before);
  EXPECT_THAT(bqe.undescribed_requests(), IsEmpty());
  EXPECT_THAT(world.transport.foreign_origins(), IsEmpty());
}

TEST_P(BqeSync, LeavesChildrenOutWhereTheServiceFiltersToo_SYNC_6) {
  BqeSimulator bqe(world_of(7, 300), service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world, R"("parentOnlyWhere":"level=0")");
  const auto reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(report_of(reports, "project").counts.skipped_children, 0);
  expect_truth(world, acme, bqe);
}

TEST_P(BqeSync, EndsADeltaAfterChangesWhereAFreshFullPassEnds_SYNC_8) {
  BqeSimulator bqe(world_of(11, 400), service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto delta = connect(world, R"("pageSize":50)", "delta");
  ASSERT_EQ(errors_of(world.sync(delta)), "");
  for (std::uint64_t round = 1; round <= 4; ++round) {
    MutationCounts changes;
    changes.new_projects = 5;
    changes.new_children = 3;
    changes.updated_projects = 20;
    changes.archived_projects = 3;
    changes.restored_projects = 2;
    changes.deleted_projects = 4;
    changes.deleted_clients = 1;
    changes.new_employees = 1;
    changes.updated_employees = 2;
    changes.moved_up = 2;
    changes.same_second = round % 2 == 0;
    changes.skew = std::chrono::seconds(round == 3 ? 240 : 0); // within the overlap
    static_cast<void>(bqe.mutate(round, changes));
    const auto reports = world.sync(delta);
    ASSERT_EQ(errors_of(reports), "") << round;
    EXPECT_EQ(total(reports).removed, 0) << "a delta sweeps nothing; what was deleted came in the list of deletions";
    expect_truth(world, delta, bqe);
  }
  const auto full = connect(world, "", "full");
  ASSERT_EQ(errors_of(world.sync(full)), "");
  for (const auto* model : {"project", "client", "employee"}) {
    EXPECT_EQ(active(world, delta, model), active(world, full, model)) << model;
  }
  EXPECT_THAT(bqe.undescribed_requests(), IsEmpty());
}

TEST_P(BqeSync, TreatsADivergedAnEqualAndAnEmptyClientAsTheRulesPolicySays_SYNC_1) {
  struct Case {
    const char* policy;
    bool diverged_follows;
    bool equal_follows;
    bool empty_follows;
  };
  for (const Case& one : {Case{"preserve_local", false, true, true}, Case{"follow_bqe", true, true, true},
                          Case{"write_once", false, false, false}}) {
    SCOPED_TRACE(one.policy);
    auto options = world_of(5, 60);
    options.world.clients = 1;
    BqeSimulator bqe(options, service_clock());
    SyncWorld world(bqe, {.dialect = GetParam()});
    const auto acme = connect(world);
    store::RuleRepository rules({world.store.database(), acme.tenant.id});
    ASSERT_TRUE(rules
                    .save({.connection = acme.connection.id,
                           .object = "project",
                           .body = std::string(R"({"clientSyncPolicy":")") + one.policy + R"("})",
                           .enabled = true,
                           .revision = 0,
                           .created_at = {},
                           .updated_at = {}})
                    .ok());
    ASSERT_EQ(errors_of(world.sync(acme)), "");
    const std::string before = world.raw("SELECT min(bqe_client_name) FROM project");
    EXPECT_EQ(world.raw("SELECT count(*) FROM project WHERE client <> '" + before + "' OR bqe_client_name <> '" +
                        before + "'"),
              "0");
    std::vector<std::string> ids;
    bqe.with_world([&ids](const World& truth) {
      for (const Project& project : truth.projects()) {
        if (project.parent_id.empty() && project.status != simulators::bqe::status_inactive) {
          ids.push_back(project.audit.id);
        }
      }
    });
    ASSERT_GE(ids.size(), 3U);
    static_cast<void>(
        world.raw("UPDATE project SET client = 'Ours' WHERE external_id = '" + ids[0] + "' AND state = 'active'"));
    static_cast<void>(
        world.raw("UPDATE project SET client = '' WHERE external_id = '" + ids[2] + "' AND state = 'active'"));
    static_cast<void>(bqe.mutate(1, {.renamed_clients = 1}));
    ASSERT_EQ(errors_of(world.sync(acme, {.full = true})), "");
    const std::string after = world.raw("SELECT min(bqe_client_name) FROM project WHERE state = 'active'");
    EXPECT_NE(after, before);
    const auto expect = [&](const std::string& id, bool follows, const std::string& otherwise) {
      EXPECT_EQ(field(world, acme, "bqe_client_name", id), after) << "the provider's own word is always kept";
      EXPECT_EQ(field(world, acme, "client", id), follows ? after : otherwise);
      EXPECT_THAT(field(world, acme, "client_sync_policy_state", id), HasSubstr(follows ? ":in_sync" : ":diverged"));
    };
    expect(ids[0], one.diverged_follows, "Ours");
    expect(ids[1], one.equal_follows, before);
    expect(ids[2], one.empty_follows, "");
  }
}

TEST_P(BqeSync, MakesAnArchivedProjectInactiveAndARestoredOneActiveAgain_SYNC_7) {
  auto options = world_of(3, 60);
  options.world.archived_share = 0;
  BqeSimulator bqe(options, service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(active(world, acme, "project"), "36");
  static_cast<void>(bqe.mutate(1, {.archived_projects = 1}));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(active(world, acme, "project"), "35");
  EXPECT_EQ(world.count(acme, "project"), 36) << "the row stays";
  EXPECT_EQ(world.raw("SELECT status FROM project WHERE state = 'inactive'"), "inactive");
  EXPECT_EQ(world.raw("SELECT count(*) FROM external_link WHERE state = 'inactive'"), "1");
  static_cast<void>(bqe.mutate(2, {.restored_projects = 1}));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(active(world, acme, "project"), "36");
  expect_truth(world, acme, bqe);
}

TEST_P(BqeSync, KeepsTheFieldsOfWhatTheListOfDeletionsNames_SYNC_7) {
  BqeSimulator bqe(world_of(5, 80), service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  const auto filled = [&] {
    return world.raw("SELECT count(*) FROM project WHERE code IS NOT NULL AND name IS NOT NULL");
  };
  const std::string before = filled();
  static_cast<void>(bqe.mutate(1, {.deleted_projects = 20}));
  const auto reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(filled(), before);
  expect_truth(world, acme, bqe);
  // Read again within the overlap, they change nothing.
  EXPECT_EQ(report_of(world.sync(acme), "project").counts.updated, 0);
}

TEST_P(BqeSync, FindsWhatWasDeletedInAFullPassWhereThereIsNoListOfDeletions_SYNC_7) {
  auto options = world_of(5, 200);
  options.has_deletions = false;
  BqeSimulator bqe(options, service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  static_cast<void>(bqe.mutate(1, {.deleted_projects = 30}));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  const auto reports = world.sync(acme, {.full = true});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_GT(report_of(reports, "project").counts.removed, 0);
  expect_truth(world, acme, bqe);
}

TEST_P(BqeSync, TreatsAParentThatBecameAChildAsGoneAtTheNextFullPass_SYNC_6) {
  BqeSimulator bqe(world_of(9, 120), service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  const std::string before = active(world, acme, "project");
  static_cast<void>(bqe.mutate(1, {.moved_below = 4}));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(active(world, acme, "project"), before) << "a delta only leaves it out";
  const auto reports = world.sync(acme, {.full = true});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_GE(report_of(reports, "project").counts.removed, 1);
  expect_truth(world, acme, bqe);
  static_cast<void>(bqe.mutate(2, {.moved_up = 6}));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  expect_truth(world, acme, bqe);
}

TEST_P(BqeSync, TakesNothingForGoneThatMovedWhileItWasRead_SYNC_7) {
  for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(scaled(GetParam() == store::Dialect::sqlite ? 8 : 2));
       ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto options = world_of(seed, 500);
    options.world.bulk = seed % 2 == 0 ? 60 : 1; // more than a page in one second
    options.faults.seed = seed;
    options.faults.probabilities[FaultKind::data_moves] = 0.5;
    options.faults.most_in_a_row = 1'000'000;
    BqeSimulator bqe(options, service_clock());
    SyncWorld world(bqe, {.dialect = GetParam()});
    const auto acme = connect(world, R"("pageSize":20)");
    for (int round = 0; round < 4; ++round) {
      const std::set<std::string> before = bqe.with_world([](const World& truth) {
        std::set<std::string> ids;
        for (const Project& one : truth.projects()) {
          if (!one.audit.deleted && one.parent_id.empty() && one.status != simulators::bqe::status_inactive) {
            ids.insert(one.audit.id);
          }
        }
        return ids;
      });
      const auto reports = world.sync(acme, {.full = true, .max_removed_share = 1});
      ASSERT_EQ(errors_of(reports), "");
      bqe.with_world([&](const World& truth) {
        for (const std::string& id : before) {
          const Project* now = truth.find_project(id);
          if (!now->audit.deleted) {
            EXPECT_EQ(field(world, acme, "state", id), "active") << id << " was there all the time";
          }
        }
      });
    }
    bqe.set_faults({});
    ASSERT_EQ(errors_of(world.sync(acme)), "");
    expect_truth(world, acme, bqe);
    EXPECT_THAT(bqe.undescribed_requests(), IsEmpty());
  }
}

TEST_P(BqeSync, ReadsImportsOfOneSecondThatAreLargerThanTheLargestPage) {
  auto options = world_of(15, 2'600);
  options.world.bulk = 2'600;
  BqeSimulator bqe(options, service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(world.count(acme, "project"), 1'560);
  // Where equal rows come in another order each time, no reading can be trusted, and the read says so instead of losing rows.
  options.stable_ties = false;
  BqeSimulator restless(options, service_clock());
  SyncWorld other(restless, {.dialect = GetParam()});
  const auto reports = other.sync(connect(other), {.objects = {"project"}});
  ASSERT_TRUE(report_of(reports, "project").error);
  EXPECT_THAT(report_of(reports, "project").error->message, HasSubstr("tieBreaker"));
  const auto ordered = connect(other, R"("tieBreaker":"id")", "ordered");
  ASSERT_EQ(errors_of(other.sync(ordered)), "");
  EXPECT_EQ(other.count(ordered, "project"), 1'560);
}

TEST_P(BqeSync, RemovesNothingWhenPagesAreShorterThanAskedFor_SYNC_7) {
  auto options = world_of(17, 300);
  BqeSimulator bqe(options, service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  const std::string before = active(world, acme, "project");
  options.shorter_pages = 50;
  BqeSimulator shorter(options, service_clock());
  world.transport.connect(std::string(SyncWorld::api), shorter);
  const auto reports = world.sync(acme, {.full = true});
  ASSERT_TRUE(report_of(reports, "project").error);
  EXPECT_THAT(report_of(reports, "project").error->message, HasSubstr("pageSize"));
  EXPECT_EQ(active(world, acme, "project"), before);
}

TEST_P(BqeSync, UnderstandsTheFormsInWhichTheServiceHasBeenSeenToAnswer) {
  BqeSimulator plain(world_of(19, 90), service_clock());
  SyncWorld plain_world(plain, {.dialect = GetParam()});
  const auto plain_acme = connect(plain_world);
  ASSERT_EQ(errors_of(plain_world.sync(plain_acme)), "");
  auto options = world_of(19, 90);
  options.shape = {.client_as_object = true, .enums_as_text = true, .zulu = true, .fractions = false};
  options.empty_as_array = true;
  options.gzip = true;
  BqeSimulator other(options, service_clock());
  SyncWorld world(other, {.dialect = GetParam()});
  const auto acme = connect(world);
  const auto reports = world.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(total(reports).field_errors, 0);
  EXPECT_EQ(world.dump(acme), plain_world.dump(plain_acme));
}

TEST_P(BqeSync, EndsInTheSameStateThroughAStormOfFaults_HTTP_2) {
  BqeSimulator calm_service(world_of(21, 250), service_clock());
  SyncWorld calm_world(calm_service, {.dialect = GetParam()});
  const auto calm = connect(calm_world, R"("pageSize":20)");
  ASSERT_EQ(errors_of(calm_world.sync(calm)), "");
  for (std::uint64_t seed = 1;
       seed <= static_cast<std::uint64_t>(scaled(GetParam() == store::Dialect::sqlite ? 10 : 3)); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto options = world_of(21, 250);
    options.gzip = true;
    options.faults.seed = seed;
    for (const auto kind :
         {FaultKind::rate_limit_seconds, FaultKind::rate_limit_date, FaultKind::secondary_limit_bare,
          FaultKind::server_error, FaultKind::bad_gateway, FaultKind::unavailable, FaultKind::gateway_timeout,
          FaultKind::reset_before_headers, FaultKind::reset_after_headers, FaultKind::truncated_body,
          FaultKind::oversized_body, FaultKind::slow_drip, FaultKind::wrong_content_type, FaultKind::invalid_json,
          FaultKind::corrupt_gzip, FaultKind::foreign_redirect}) {
      options.faults.probabilities[kind] = 0.03;
    }
    BqeSimulator bqe(options, service_clock());
    SyncWorld world(bqe, {.dialect = GetParam()});
    const auto acme = connect(world, R"("pageSize":20)");
    ASSERT_TRUE(world.sync_until_done(acme, 60));
    EXPECT_EQ(world.dump(acme), calm_world.dump(calm));
    EXPECT_THAT(bqe.undescribed_requests(), IsEmpty());
  }
}

TEST_P(BqeSync, SaysWhatARefusalMeansAndLeavesTheOtherObjectsAlone) {
  auto options = world_of(23, 30);
  options.faults.script = {{.kind = FaultKind::forbidden, .target = "/client", .nth = 1, .times = 100}};
  BqeSimulator bqe(options, service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const auto acme = connect(world);
  auto reports = world.sync(acme);
  ASSERT_TRUE(report_of(reports, "client").error);
  EXPECT_EQ(report_of(reports, "client").error->code, ErrorCode::permission_denied);
  EXPECT_THAT(report_of(reports, "client").error->message, HasSubstr("security profile"));
  EXPECT_FALSE(report_of(reports, "project").error);
  EXPECT_TRUE(world.test_connection(acme).status.ok());
  const auto stranger = connect(world, "", "stranger", "wrong-token");
  reports = world.sync(stranger);
  ASSERT_TRUE(report_of(reports, "project").error);
  EXPECT_EQ(report_of(reports, "project").error->code, ErrorCode::unauthenticated);
  EXPECT_EQ(world.count(stranger, "project"), 0);
}

TEST_P(BqeSync, RenewsTokensThatRotateAndSaysWhenThePermissionIsGone_AUTH_3) {
  auto options = world_of(25, 40);
  options.tokens.clear();
  options.endpoint = std::string(SyncWorld::api) + "/api/";
  BqeSimulator bqe(options, service_clock());
  SyncWorld world(bqe, {.dialect = GetParam()});
  const std::string identity = "https://id.simulated.example";
  world.transport.connect(identity, bqe);
  const auto tokens = bqe.oauth().sign_in();
  const auto acme = world.connect_to("bqe", "acme",
                                     R"({"environment":"custom","baseUrl":")" + std::string(SyncWorld::api) +
                                         R"(/api","identityUrl":")" + identity + R"(/idp"})",
                                     {{"client_id", "simulated-app"},
                                      {"client_secret", "simulated-app-secret"},
                                      {"refresh_token", tokens.refresh_token}});
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  expect_truth(world, acme, bqe);
  EXPECT_EQ(bqe.oauth().counts().refreshed, 1U);
  world.store.clock().advance(std::chrono::hours(2));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  EXPECT_EQ(bqe.oauth().counts().refreshed, 2U);
  bqe.oauth().end_access_tokens();
  ASSERT_EQ(errors_of(world.sync(acme)), "") << "a refused token is renewed once and the request sent again";
  EXPECT_EQ(bqe.oauth().counts().refreshed, 3U);
  EXPECT_EQ(bqe.oauth().counts().reused, 0U);
  bqe.oauth().revoke_all();
  const auto reports = world.sync(acme);
  ASSERT_TRUE(report_of(reports, "project").error);
  EXPECT_EQ(report_of(reports, "project").error->code, ErrorCode::unauthenticated);
}

INSTANTIATE_TEST_SUITE_P(On, BqeSync, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

} // namespace
} // namespace dovetail::test

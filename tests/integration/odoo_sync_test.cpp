// SPDX-License-Identifier: Apache-2.0
// PROV-ODOO: whole syncs against the simulated Odoo, in virtual time: real plugin, ABI, client, limiter, vault, mapping and store.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "tests/simulators/odoo/simulator.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::FaultKind;
using simulators::odoo::MutationCounts;
using simulators::odoo::OdooSimulator;
using simulators::odoo::SimulatorOptions;
using simulators::odoo::Value;
using simulators::odoo::World;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto key = "planted-api-key-4f1d";

/// Our objects and models, and Odoo's.
struct Pair {
  const char* object;
  const char* odoo;
};
constexpr Pair pairs[] = {{"department", "hr.department"}, {"job_title", "hr.job"},        {"employee", "hr.employee"},
                          {"partner", "res.partner"},      {"project", "project.project"}, {"task", "project.task"}};

SimulatorOptions options_of(std::uint64_t seed, int major_version = 19) {
  SimulatorOptions options;
  options.world.seed = seed;
  options.world.major_version = major_version;
  options.users = {{.login = "robot@acme.example", .key = key}};
  return options;
}

VirtualClock& service_clock() {
  static VirtualClock clock(Timestamp(std::chrono::seconds(1'767'571'200)));
  return clock;
}

SyncWorld::Connected connect(SyncWorld& world, const std::string& tenant, const std::string& more = "") {
  return world.connect_to(
      "odoo", tenant,
      R"({"environment":"custom","baseUrl":")" + std::string(SyncWorld::api) +
          R"(","database":"acme","login":"robot@acme.example","rateLimits":{"requestsPerMinute":0})" +
          (more.empty() ? "" : "," + more) + "}",
      {{"api_key", key}});
}

/// Which records our tables show as active, against those that the world has.
void expect_truth(SyncWorld& world, const SyncWorld::Connected& who, OdooSimulator& odoo) {
  for (const auto& pair : pairs) {
    std::set<std::string> wanted;
    odoo.with_world([&](World& simulated) {
      for (const auto& [id, record] : simulated.table(pair.odoo)->records) {
        if (World::stored(record, "active").truthy() && !World::stored(record, "is_template").truthy()) {
          wanted.insert(std::to_string(id));
        }
      }
    });
    const auto column =
        world.store.dialect() == store::Dialect::sqlite ? "group_concat(source_id)" : "string_agg(source_id, ',')";
    auto listed = world.raw(std::string("SELECT coalesce(") + column + ", '') FROM \"" + pair.object +
                            "\" WHERE state = 'active' AND tenant_id = " + std::to_string(who.tenant.id.value));
    std::set<std::string> found;
    for (std::size_t at = 0; at < listed.size();) {
      const auto end = std::min(listed.find(',', at), listed.size());
      found.insert(listed.substr(at, end - at));
      at = end + 1;
    }
    EXPECT_EQ(found, wanted) << pair.object;
  }
}

class OdooSync : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL";
    }
  }
};

TEST_P(OdooSync, BringsEverythingInByEitherProtocolWithEqualRows_PROV_ODOO) {
  OdooSimulator odoo(options_of(7), service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  const auto by_json = connect(world, "json");
  ASSERT_EQ(errors_of(world.sync(by_json)), "");
  expect_truth(world, by_json, odoo);
  EXPECT_EQ(odoo.statistics().by_xmlrpc, 0U);
  odoo.reset_statistics();
  const auto by_xml = connect(world, "xml", R"("protocol":"xmlrpc","batchSize":7)");
  const auto reports = world.sync(by_xml);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(total(reports).field_errors, 0);
  EXPECT_EQ(odoo.statistics().by_json2, 0U);
  EXPECT_LE(odoo.statistics().most_records, 7);
  EXPECT_EQ(world.dump(by_xml), world.dump(by_json));

  const auto again = world.sync(by_json);
  ASSERT_EQ(errors_of(again), "");
  EXPECT_EQ(total(again).created + total(again).updated, 0);
  EXPECT_THAT(odoo.undescribed_requests(), IsEmpty());
  EXPECT_THAT(world.logger.text(), Not(HasSubstr(key)));
}

TEST_P(OdooSync, KeepsTheHierarchyOfDepartmentsWhoseParentsCameLater) {
  OdooSimulator odoo(options_of(3), service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  const auto acme = connect(world, "acme", R"("batchSize":2)");
  ASSERT_EQ(errors_of(world.sync(acme, {.objects = {"department"}})), "");
  EXPECT_NE(world.raw("SELECT count(*) FROM department WHERE CAST(parent_id AS INTEGER) > CAST(source_id AS INTEGER)"),
            "0")
      << "the simulated world has a child whose id is smaller than its parent's";
  EXPECT_EQ(
      world.raw(
          "SELECT count(*) FROM department c LEFT JOIN department p ON p.source_id = c.parent_id "
          "WHERE c.parent_id IS NOT NULL AND (p.id IS NULL OR c.complete_name <> p.complete_name || ' / ' || c.name)"),
      "0");
  EXPECT_EQ(world.raw("SELECT count(*) FROM department WHERE parent_id IS NULL AND complete_name <> name"), "0");
}

TEST_P(OdooSync, SeesInADeltaWhatChangedAndInAFullPassWhatIsGone_SYNC_7_SYNC_8) {
  OdooSimulator odoo(options_of(11), service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  const auto acme = connect(world, "acme");
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  for (std::uint64_t round = 1; round <= 4; ++round) {
    MutationCounts changes{.created = 3, .updated = 4, .archived = 2, .renamed_departments = 1};
    changes.same_second = round == 2;
    changes.stamped_earlier = round == 3 ? std::chrono::minutes(50) : std::chrono::minutes(0);
    changes.advance = round == 3 ? std::chrono::seconds(30) : std::chrono::hours(3);
    static_cast<void>(odoo.mutate(round, changes));
    odoo.reset_statistics();
    const auto reports = world.sync(acme);
    ASSERT_EQ(errors_of(reports), "") << round;
    EXPECT_LT(report_of(reports, "partner").counts.fetched, 60) << "a delta reads what changed, not everything";
    EXPECT_EQ(odoo.statistics().calls["web_version"], 0U) << "the protocol is remembered";
    expect_truth(world, acme, odoo);
  }
  static_cast<void>(odoo.mutate(9, {.deleted = 2}));
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  auto reports = world.sync(acme, {.full = true});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(report_of(reports, "partner").counts.removed, 2);
  expect_truth(world, acme, odoo);
  const auto fresh = connect(world, "fresh");
  ASSERT_EQ(errors_of(world.sync(fresh)), "");
  for (const auto& pair : pairs) {
    EXPECT_EQ(
        world.raw(std::string("SELECT count(*) FROM \"") + pair.object + "\" o JOIN \"" + pair.object +
                  "\" f ON f.source_id = o.source_id WHERE f.content_hash <> o.content_hash AND o.state = 'active'"),
        "0")
        << pair.object << ": a row after deltas and a full pass is the row of a fresh read";
  }
}

TEST_P(OdooSync, ReadsInAFullPassOfStampsOnlyWhatChangedAndSeesWhatIsGone_SYNC_7) {
  auto options = options_of(29);
  options.world.partners = 700;
  OdooSimulator odoo(options, service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  const auto acme = connect(world, "acme", R"("fullPass":"changed")");
  ASSERT_EQ(errors_of(world.sync(acme, {.objects = {"partner"}, .full = true})), "");
  EXPECT_EQ(world.count(acme, "partner"), 700);
  static_cast<void>(odoo.mutate(1, {.created = 1, .updated = 1, .deleted = 1, .model = "res.partner"}));
  const auto reports = world.sync(acme, {.objects = {"partner"}, .full = true});
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(report_of(reports, "partner").counts.removed, 1);
  EXPECT_LE(report_of(reports, "partner").counts.fetched, 600) << "at most the three windows that changed";
  EXPECT_GT(report_of(reports, "partner").counts.fetched, 0);
  EXPECT_EQ(world.raw("SELECT count(*) FROM partner WHERE state = 'active'"),
            std::to_string(odoo.with_world([](World& simulated) {
              const auto& records = simulated.table("res.partner")->records;
              return std::count_if(records.begin(), records.end(),
                                   [](const auto& entry) { return World::stored(entry.second, "active").truthy(); });
            })));
}

TEST_P(OdooSync, LosesNothingWhileRecordsComeGoAndChangeBetweenThePages_SYNC_4) {
  OdooSimulator odoo(options_of(13), service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  const auto acme = connect(world, "acme", R"("batchSize":5)");
  odoo.before_reads([](World& simulated, std::uint64_t read) {
    static_cast<void>(simulated.mutate(read, {.created = 1,
                                              .updated = 2,
                                              .archived = 1,
                                              .deleted = read % 3 == 0 ? 1 : 0,
                                              .advance = std::chrono::seconds(1),
                                              .model = "res.partner"}));
  });
  ASSERT_EQ(errors_of(world.sync(acme, {.objects = {"partner"}})), "");
  odoo.before_reads({});
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  ASSERT_EQ(errors_of(world.sync(acme, {.full = true, .max_removed_share = 1})), "");
  expect_truth(world, acme, odoo);
}

TEST_P(OdooSync, SeesPositionsThatMoveWithoutTheEmployeesStamp_SYNC_8) {
  OdooSimulator odoo(options_of(17), service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  const auto acme = connect(world, "acme");
  ASSERT_EQ(errors_of(world.sync(acme)), "");
  const auto done = odoo.mutate(1, {.changed_versions = 4});
  ASSERT_GT(done.changed_versions, 0);
  ASSERT_EQ(errors_of(world.sync(acme, {.objects = {"employee"}})), "");
  EXPECT_GT(std::stoi(world.raw("SELECT count(*) FROM employee WHERE job_title LIKE 'Promoted%'")), 0);
}

TEST_P(OdooSync, TalksToOlderServersInTheirOwnWay) {
  for (const int major : {15, 17, 18}) {
    OdooSimulator odoo(options_of(5, major), service_clock());
    SyncWorld world(odoo, {.dialect = GetParam()});
    const auto acme = connect(world, "acme");
    const auto reports = world.sync(acme);
    ASSERT_EQ(errors_of(reports), "") << major;
    EXPECT_EQ(total(reports).field_errors, 0);
    expect_truth(world, acme, odoo);
    static_cast<void>(odoo.mutate(1, {.created = 1, .updated = 1}));
    ASSERT_EQ(errors_of(world.sync(acme)), "") << major;
    expect_truth(world, acme, odoo);
    EXPECT_THAT(odoo.undescribed_requests(), IsEmpty());
  }
}

TEST_P(OdooSync, GoesOnWithTheOtherObjectsWhereTheUserMayNotReadOne) {
  auto options = options_of(19);
  options.users[0].rights.clear();
  OdooSimulator odoo(options, service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  for (const auto* const protocol : {"json2", "xmlrpc"}) {
    const auto acme = connect(world, protocol, std::string(R"("protocol":")") + protocol + "\"");
    const auto reports = world.sync(acme);
    const auto& refused = report_of(reports, "employee");
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::permission_denied);
    EXPECT_THAT(refused.error->message,
                AllOf(HasSubstr("You are not allowed to access 'Employee'"), Not(HasSubstr("Traceback"))));
    EXPECT_FALSE(report_of(reports, "partner").error);
  }
}

TEST_P(OdooSync, TellsAWrongKeyFromAWrongDatabaseAndShowsNeither_AUTH_5_VAULT_4) {
  auto options = options_of(23);
  options.users[0].key = "another-key";
  OdooSimulator odoo(options, service_clock());
  SyncWorld world(odoo, {.dialect = GetParam()});
  for (const auto* const protocol : {"auto", "json2", "xmlrpc"}) {
    const auto acme =
        connect(world, std::string("wrong-") + protocol, std::string(R"("protocol":")") + protocol + "\"");
    const auto tested = world.test_connection(acme);
    ASSERT_FALSE(tested.status.ok()) << protocol;
    EXPECT_EQ(tested.status.error().code, ErrorCode::unauthenticated) << tested.status.error().message;
    EXPECT_THAT(tested.status.error().message, Not(HasSubstr(key)));
  }
  EXPECT_THAT(world.logger.text(), Not(HasSubstr(key)));
}

TEST_P(OdooSync, EndsInTheSameStateThroughAStormOfFaults_HTTP_2_SYNC_4) {
  OdooSimulator calm(options_of(31), service_clock());
  SyncWorld calm_world(calm, {.dialect = GetParam()});
  const auto undisturbed = connect(calm_world, "acme");
  ASSERT_EQ(errors_of(calm_world.sync(undisturbed)), "");
  const auto wanted = calm_world.dump(undisturbed);
  const int seeds = scaled(GetParam() == store::Dialect::sqlite ? 10 : 3);
  for (int seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto options = options_of(31);
    options.gzip = true;
    options.faults.seed = static_cast<std::uint64_t>(seed);
    options.faults.oversized_bytes = 33U << 20U;
    for (const auto kind :
         {FaultKind::rate_limit_seconds, FaultKind::rate_limit_date, FaultKind::secondary_limit_bare,
          FaultKind::server_error, FaultKind::bad_gateway, FaultKind::unavailable, FaultKind::gateway_timeout,
          FaultKind::reset_before_headers, FaultKind::reset_after_headers, FaultKind::truncated_body,
          FaultKind::oversized_body, FaultKind::slow_drip, FaultKind::wrong_content_type, FaultKind::invalid_json,
          FaultKind::corrupt_gzip, FaultKind::foreign_redirect}) {
      options.faults.probabilities[kind] = 0.02;
    }
    OdooSimulator stormy(options, service_clock());
    SyncWorld world(stormy, {.dialect = GetParam()});
    const auto acme = connect(world, "acme",
                              std::string(R"("batchSize":)") + (seed % 3 == 0 ? "20" : "60") + R"(,"protocol":")" +
                                  (seed % 2 == 0 ? "xmlrpc" : "auto") + "\"");
    ASSERT_TRUE(world.sync_until_done(acme, 60)) << world.logger.text();
    EXPECT_EQ(world.dump(acme), wanted);
    EXPECT_THAT(world.transport.foreign_origins(), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(On, OdooSync, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

/// Passes requests on until the line is cut; then every connection is reset.
class CutLine final : public simulators::Handler {
public:
  explicit CutLine(simulators::Handler& provider) : provider_(provider) {}
  void cut_after(std::optional<std::uint64_t> requests) { left_ = requests; }

  [[nodiscard]] simulators::Answer handle(const simulators::SimRequest& request) override {
    if (left_ && *left_ == 0) {
      simulators::Answer reset;
      reset.delivery.kind = simulators::DeliveryKind::reset_before_headers;
      return reset;
    }
    if (left_) {
      --*left_;
    }
    return provider_.handle(request);
  }

private:
  simulators::Handler& provider_;
  std::optional<std::uint64_t> left_;
};

TEST(OdooCompany,
     OfElevenThousandPartnersAndTwelveThousandTasksArrivesInBoundedBatchesHoweverOftenItsProcessDies_SYNC_4) {
  auto options = options_of(42);
  // Never so few that a job gets through before its line is cut.
  options.world.partners = std::max(scaled(11'000), 4'000);
  options.world.tasks = std::max(scaled(12'000), 4'000);
  options.world.projects = 60;
  options.world.employees = 300;
  // More is more than the server's memory holds: batches of 200 are halved once and stay so.
  options.most_records = 150;
  OdooSimulator odoo(options, service_clock());
  CutLine line(odoo);
  SyncWorld world(line);
  const auto by_json = connect(world, "json");
  ASSERT_EQ(errors_of(world.sync(by_json)), "");
  EXPECT_EQ(world.count(by_json, "partner"), options.world.partners);
  EXPECT_EQ(world.count(by_json, "task"), options.world.tasks);
  EXPECT_LE(odoo.statistics().most_records, 200);
  EXPECT_EQ(odoo.statistics().by_xmlrpc, 0U);
  const auto wanted = world.dump(by_json);

  for (const auto* const protocol : {"xmlrpc", "json2"}) {
    odoo.reset_statistics();
    const auto killed =
        connect(world, std::string("killed-") + protocol, std::string(R"("protocol":")") + protocol + "\"");
    SeededRandom random(7);
    int deaths = 0;
    for (bool done = false; !done; ++deaths) {
      ASSERT_LT(deaths, 200);
      line.cut_after(5 + random.below(40));
      done = errors_of(world.sync(killed)).empty();
      world.restart();
    }
    line.cut_after(std::nullopt);
    EXPECT_GT(deaths, 3);
    EXPECT_EQ(world.dump(killed), wanted) << protocol;
    const auto statistics = odoo.statistics();
    EXPECT_EQ(statistics.by_json2 == 0, std::string(protocol) == "xmlrpc") << "a pass never mixes protocols";
    // Nothing is read from its beginning again: a death costs the page it fell into and the questions of a new job.
    EXPECT_LE(statistics.calls.at("res.partner.search_read"),
              static_cast<std::uint64_t>(options.world.partners / 100 + 4 * deaths + 4));
  }
}

} // namespace
} // namespace dovetail::test

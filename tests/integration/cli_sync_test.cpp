// SPDX-License-Identifier: Apache-2.0
// `dovetail sync` against a simulated provider over real sockets (SYNC-4, SYNC-11, SYNC-12, HTTP-4, VAULT-4).
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/clock.hpp"
#include "core/json/file.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

using dovetail::testing::CliWorld;
using dovetail::testing::Ended;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* canary = "canary-token-of-the-sync-4b7e";

simulators::github::SimulatorOptions two_organisations() {
  simulators::github::SimulatorOptions options;
  options.world.seed = 7;
  for (const char* const login : {"acme", "globex"}) {
    simulators::github::OrganisationOptions organisation;
    organisation.login = login;
    organisation.members = 5;
    organisation.repositories = 3;
    organisation.pull_requests = 12;
    organisation.commits_per_repository = 10;
    options.world.organisations.push_back(organisation);
  }
  options.tokens.push_back({.token = canary});
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 1'000'000;
  return options;
}

class CliSync : public ::testing::Test {
protected:
  CliSync()
      : simulator(two_organisations(), clock), server(std::move(simulators::Server::start(simulator, clock)).value()) {
    world.add_vault_key();
    world.set("TOKEN_OF_THE_TEST", canary);
    for (const char* const tenant : {"acme", "globex"}) {
      world.expect(0, {"tenant", "add", tenant});
      connect(tenant, server->base_url());
    }
  }

  void connect(const std::string& tenant, const std::string& address) {
    world.expect(0, {"connection",
                     "add",
                     "--tenant",
                     tenant,
                     "--provider",
                     "github",
                     "--name",
                     "main",
                     "--replace",
                     "--config",
                     "organization=" + tenant,
                     "--variant",
                     "custom",
                     "--config",
                     "baseUrl=" + address,
                     "--config",
                     "allowPlainHttp=true",
                     "--config",
                     "allowPrivateAddresses=true",
                     "--config",
                     "rateLimits.requestsPerMinute=0",
                     "--secret-env",
                     "token=TOKEN_OF_THE_TEST"});
  }

  SystemClock clock;
  simulators::github::GithubSimulator simulator;
  std::unique_ptr<simulators::Server> server;
  CliWorld world;
};

TEST_F(CliSync, ReadsAllTenantsAndASecondTimeFindsNothingNew) {
  const json::Document first = world.json({"sync", "--all-tenants", "--json"});
  EXPECT_EQ(first.root().at("/ok").as_bool(), true);
  EXPECT_EQ(first.root().at("/total/failed").as_int64(), 0);
  EXPECT_GT(first.root().at("/total/created").as_int64().value_or(0), 60);
  EXPECT_EQ(first.root().at("/total/created").as_int64(), first.root().at("/total/fetched").as_int64());

  const Ended again = world.expect(0, {"sync", "--all-tenants"});
  EXPECT_THAT(again.out, AllOf(HasSubstr("tenant "), HasSubstr("acme"), HasSubstr("globex"), HasSubstr("pull_request"),
                               HasSubstr("\ntotal")));
  EXPECT_THAT(again.err, IsEmpty()) << "no progress where there is no terminal";
  const json::Document third = world.json({"sync", "--all-tenants", "--json"});
  EXPECT_EQ(third.root().at("/total/created").as_int64(), 0);
  EXPECT_EQ(third.root().at("/total/updated").as_int64(), 0);
  EXPECT_GT(2 * third.root().at("/total/not_modified").as_int64().value_or(0),
            third.root().at("/total/requests").as_int64().value_or(0))
      << "most answers are 304";
  EXPECT_THAT(world.places_of(canary), IsEmpty());
}

TEST_F(CliSync, AMassRemovalStopsAndAsksAndThenIsLetThrough_SYNC_7) {
  world.expect(0, {"sync", "--tenant", "acme", "--object", "member"});
  static_cast<void>(simulator.mutate(1, {.removed_members = 1000, .organisation = 0}));
  const Ended refused = world.expect(1, {"sync", "--tenant", "acme", "--object", "member"});
  EXPECT_THAT(refused.err, HasSubstr("--max-removed"));
  world.expect(2, {"sync", "--tenant", "acme", "--max-removed", "101"});
  const json::Document let =
      world.json({"sync", "--tenant", "acme", "--object", "member", "--max-removed", "100", "--json"});
  EXPECT_GT(let.root().at("/total/removed").as_int64().value_or(0), 0);
}

TEST_F(CliSync, TheRecordsAndJobsOfATenantCanBeRead) {
  world.expect(0, {"sync", "--tenant", "acme", "--object", "repository", "--object", "pull_request"});
  const json::Document records = world.json({"records", "--tenant", "acme", "pull_request", "--format", "json"});
  EXPECT_EQ(records.root().size(), 12U);
  EXPECT_TRUE(records.root().at("/0/id").is_string());
  EXPECT_TRUE(records.root().at("/0/number").as_int64().has_value());
  const json::Document open = world.json({"records", "--tenant", "acme", "pull_request", "--where", "status=open",
                                          "--field", "status", "--field", "title", "--format", "json"});
  EXPECT_LT(open.root().size(), 12U);
  for (const json::Value& record : open.root().elements()) {
    EXPECT_EQ(record.size(), 2U);
    EXPECT_EQ(record["status"].as_string(), "open");
  }
  EXPECT_EQ(world.json({"records", "--tenant", "globex", "pull_request", "--format", "json"}).root().size(), 0U);
  EXPECT_THAT(world.expect(0, {"records", "--tenant", "acme", "pull_request", "--limit", "5"}).err,
              HasSubstr("--limit 0"));

  const json::Document jobs = world.json({"job", "list", "--tenant", "acme", "--json"});
  ASSERT_EQ(jobs.root().size(), 2U);
  EXPECT_EQ(jobs.root().at("/0/state").as_string(), "succeeded");
  const std::string id(jobs.root().at("/0/job").as_string().value_or(""));
  const json::Document job = world.json({"job", "show", id, "--json"});
  EXPECT_EQ(job.root().at("/job").as_string(), id);
  EXPECT_EQ(job.root().at("/connection").as_string(), "main");
  EXPECT_THAT(world.expect(0, {"job", "show", id}).out, HasSubstr("succeeded"));
  const json::Document shown = world.json({"connection", "show", "main", "--tenant", "acme", "--json"});
  EXPECT_EQ(shown.root().at("/objects").size(), 2U);
  world.expect(1, {"connection", "test", "nobody", "--tenant", "acme"});
}

TEST_F(CliSync, ADryRunWritesAReportAndNothingElse) {
  const json::Document outcome = world.json({"sync", "--tenant", "acme", "--dry-run", "--json"});
  EXPECT_EQ(outcome.root().at("/dry_run").as_bool(), true);
  EXPECT_GT(outcome.root().at("/total/created").as_int64().value_or(0), 0);
  EXPECT_EQ(world.json({"records", "--tenant", "acme", "repository", "--format", "json"}).root().size(), 0U);
  const auto text = json::read_file(world.data() / "reports" / "acme" / "github_integration_report_main.json");
  ASSERT_TRUE(text.ok()) << text.error().message;
  const auto report = json::Document::parse(*text);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->root().at("/outcome/total/created").as_int64(), outcome.root().at("/total/created").as_int64());
  world.expect(0, {"sync", "--tenant", "acme", "--dry-run", "--report-dir", (world.folder() / "elsewhere").string()});
  EXPECT_TRUE(std::filesystem::exists(world.folder() / "elsewhere" / "acme" / "github_integration_report_main.json"));
}

TEST_F(CliSync, WhatFailsIsNamedAndTheOthersGoOn) {
  connect("acme", "http://127.0.0.1:9");
  const Ended ended = world.expect(1, {"sync", "--all-tenants", "--object", "repository", "--json"});
  const auto outcome = json::Document::parse(ended.out);
  ASSERT_TRUE(outcome.ok()) << ended.out;
  EXPECT_EQ(outcome->root().at("/ok").as_bool(), false);
  EXPECT_EQ(outcome->root().at("/objects/0/tenant").as_string(), "acme");
  EXPECT_EQ(outcome->root().at("/objects/0/error/code").as_string(), "unavailable");
  EXPECT_GT(outcome->root().at("/total/created").as_int64().value_or(0), 0) << "globex was read";
  EXPECT_THAT(ended.err, HasSubstr("not everything was synced"));
  EXPECT_THAT(world.expect(1, {"sync", "--tenant", "acme", "--object", "nothing"}).err, HasSubstr("provider show"));
  world.expect(1, {"sync", "--tenant", "acme", "--connection", "nobody"});
  world.expect(1, {"sync", "--tenant", "nobody"});
}

TEST_F(CliSync, ARefusedTokenIsToldWithoutShowingIt) {
  world.set("TOKEN_OF_THE_TEST", "canary-wrong-token-5c1d");
  connect("acme", server->base_url());
  const Ended tested = world.expect(1, {"connection", "test", "main", "--tenant", "acme"});
  EXPECT_THAT(tested.err, HasSubstr("does not work"));
  world.expect(
      1, {"sync", "--tenant", "acme", "--log-level", "debug", "--log-file", (world.data() / "log.jsonl").string()});
  world.expect(0, {"connection", "test", "main", "--tenant", "globex"});
  EXPECT_THAT(world.places_of("canary-wrong-token-5c1d"), IsEmpty());
  EXPECT_THAT(world.places_of(canary), IsEmpty());
}

TEST_F(CliSync, WithoutTheKeysDoesNotBegin) {
  world.unset("DOVETAIL_VAULT_KEYS");
  EXPECT_THAT(world.expect(1, {"sync", "--all-tenants"}).err, HasSubstr("DOVETAIL_VAULT_KEYS"));
  EXPECT_EQ(world.json({"job", "list", "--json"}).root().size(), 0U);
}

// The answers drip so slowly that the sync cannot be over when the signal comes.
TEST_F(CliSync, ASignalEndsItCleanlyAndTheNextSyncGoesOn) {
  simulators::github::FaultPlan slow;
  slow.probabilities[simulators::github::FaultKind::slow_drip] = 1.0;
  slow.most_in_a_row = 1'000'000;
  const auto before = simulator.statistics().total();
  simulator.set_faults(slow);
  const int running = world.start({"sync", "--all-tenants"});
  while (simulator.statistics().total() == before) {
    std::this_thread::yield();
  }
  ::kill(running, SIGINT);
  const Ended stopped = world.wait(running);
  EXPECT_EQ(stopped.status, 1) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("stopped by a signal"));
  simulator.set_faults({});
  const json::Document next = world.json({"sync", "--all-tenants", "--json"});
  EXPECT_EQ(next.root().at("/ok").as_bool(), true);
  EXPECT_EQ(world.json({"records", "--tenant", "acme", "pull_request", "--format", "json"}).root().size(), 12U);
}

// The answers drip so slowly that the job cannot be over when it is cancelled.
TEST_F(CliSync, AJobIsCancelledByAnotherProcessAndRunAgain_SYNC_11) {
  simulators::github::FaultPlan slow;
  slow.probabilities[simulators::github::FaultKind::slow_drip] = 1.0;
  slow.most_in_a_row = 1'000'000;
  slow.drip_bytes = 64;
  slow.drip_pause = std::chrono::milliseconds(50);
  const auto before = simulator.statistics().total();
  simulator.set_faults(slow);
  const int running = world.start({"sync", "--tenant", "acme", "--object", "member", "--json"});
  while (simulator.statistics().total() == before) {
    std::this_thread::yield();
  }
  const json::Document jobs = world.json({"job", "list", "--state", "running", "--json"});
  ASSERT_EQ(jobs.root().size(), 1U);
  const std::string id(jobs.root().at("/0/job").as_string().value_or(""));
  world.expect(1, {"job", "cancel", id, "--tenant", "globex"});
  EXPECT_THAT(world.expect(1, {"job", "retry", id, "--tenant", "acme"}).err, HasSubstr("running"));
  EXPECT_THAT(world.expect(0, {"job", "cancel", id, "--tenant", "acme"}).out, HasSubstr("asked to end"));
  const Ended ended = world.wait(running);
  EXPECT_EQ(ended.status, 1) << ended.out << ended.err;
  const auto outcome = json::Document::parse(ended.out);
  ASSERT_TRUE(outcome.ok()) << ended.out;
  EXPECT_EQ(outcome->root().at("/objects/0/error/code").as_string(), "cancelled");
  EXPECT_EQ(world.json({"job", "show", id, "--json"}).root().at("/state").as_string(), "cancelled");
  EXPECT_THAT(world.expect(1, {"job", "cancel", id, "--tenant", "acme"}).err, HasSubstr("has ended already"));

  simulator.set_faults({});
  const json::Document again = world.json({"job", "retry", id, "--tenant", "acme", "--json"});
  EXPECT_EQ(again.root().at("/objects/0/job").as_string(), id);
  const json::Document job = world.json({"job", "show", id, "--json"});
  EXPECT_EQ(job.root().at("/state").as_string(), "succeeded");
  EXPECT_EQ(job.root().at("/attempt").as_int64(), 2);
  EXPECT_EQ(world.json({"records", "--tenant", "acme", "member", "--format", "json"}).root().size(), 5U);
  EXPECT_THAT(world.expect(1, {"job", "retry", id, "--tenant", "acme"}).err, HasSubstr("succeeded"));
  world.expect(2, {"job", "cancel", "the last one", "--tenant", "acme"});
}

} // namespace
} // namespace dovetail

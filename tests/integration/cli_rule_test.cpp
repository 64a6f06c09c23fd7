// SPDX-License-Identifier: Apache-2.0
// Rules and fields of our own through the program (SYNC-1, SYNC-7, SYNC-9, SYNC-12).
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "core/base/clock.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

using dovetail::testing::CliWorld;
using dovetail::testing::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

simulators::github::SimulatorOptions one_organisation() {
  simulators::github::SimulatorOptions options;
  options.world.seed = 7;
  simulators::github::OrganisationOptions organisation;
  organisation.login = "acme";
  organisation.members = 5;
  organisation.repositories = 3;
  organisation.pull_requests = 6;
  organisation.commits_per_repository = 5;
  options.world.organisations.push_back(organisation);
  options.tokens.push_back({.token = "token-of-the-rules-9d"});
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 1'000'000;
  return options;
}

class CliRule : public ::testing::Test {
protected:
  CliRule()
      : simulator(one_organisation(), clock), server(std::move(simulators::Server::start(simulator, clock)).value()) {
    world.add_vault_key();
    world.set("TOKEN_OF_THE_TEST", "token-of-the-rules-9d");
    world.expect(0, {"tenant", "add", "acme"});
    world.expect(0, CliWorld::connect(server->base_url(), {"--secret-env", "token=TOKEN_OF_THE_TEST"}));
  }

  static std::vector<std::string> rule(const std::string& verb, const std::string& object,
                                       std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"rule", verb, "--tenant", "acme", "--connection", "main", "--object", object};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  SystemClock clock;
  simulators::github::GithubSimulator simulator;
  std::unique_ptr<simulators::Server> server;
  CliWorld world;
};

TEST_F(CliRule, IsSavedShownListedAndSwitched_SYNC_1) {
  EXPECT_THAT(world.expect(0, rule("show", "repository")).out,
              AllOf(HasSubstr("There is no rule"), HasSubstr("every 60 min")));
  EXPECT_THAT(world.expect(0, rule("set", "repository", {"--set", "intervalMinutes=15", "--set", "dryRun=true"})).out,
              HasSubstr("(revision 1)"));
  EXPECT_THAT(world.expect(0, rule("set", "repository", {"--set", "dryRun=true"})).out, HasSubstr("says that already"));
  EXPECT_THAT(world.expect(0, rule("set", "repository", {"--set", "dryRun=null"})).out, HasSubstr("(revision 2)"));
  const json::Document shown = world.json(rule("show", "repository", {"--json"}));
  EXPECT_EQ(shown.root().at("/rule").dump(), R"({"intervalMinutes":15})");
  EXPECT_EQ(shown.root().at("/revision").as_int64(), 2);
  EXPECT_EQ(shown.root().at("/enabled").as_bool(), true);
  EXPECT_EQ(shown.root().at("/effective/deletionPolicy").as_string(), "mark_inactive_keep_link");

  const std::string file =
      world.file("rule.json", R"({"object":"member","cron":"0 3 * * *","enabled":false})").string();
  world.expect(0, {"rule", "set", file, "--tenant", "acme", "--connection", "main"});
  world.expect(0, {"rule", "set", "-", "--tenant", "acme", "--connection", "main", "--object", "commit"},
               R"({"behaviour":"delta"})");
  const json::Document listed = world.json({"rule", "list", "--tenant", "acme", "--json"});
  ASSERT_EQ(listed.root().size(), 3U);
  EXPECT_EQ(listed.root().at("/1/object").as_string(), "member");
  EXPECT_EQ(listed.root().at("/1/enabled").as_bool(), false);
  EXPECT_EQ(listed.root().at("/1/due").as_string(), "0 3 * * *");
  EXPECT_THAT(world.expect(0, {"rule", "list", "--tenant", "acme"}).out, HasSubstr("every 15 min"));

  EXPECT_THAT(world.expect(0, rule("enable", "member")).out, HasSubstr("is enabled (revision 2)"));
  EXPECT_THAT(world.expect(0, rule("disable", "review")).out, HasSubstr("a sync leaves it out (revision 1)"));
  EXPECT_THAT(world.expect(0, rule("enable", "pull_request")).out, HasSubstr("enabled already"));
}

TEST_F(CliRule, WhatDoesNotFitIsToldWithItsPointerAndNotSaved_SYNC_1) {
  const Ended refused = world.expect(
      1, rule("set", "repository",
              {"--set", "behaviour=delta", "--set", "cron=99 * * * *", "--set", "clientSyncPolicy=write_once"}));
  EXPECT_THAT(refused.err, AllOf(HasSubstr("/behaviour: "), HasSubstr("/cron: "), HasSubstr("/clientSyncPolicy: "),
                                 HasSubstr("not saved")));
  EXPECT_THAT(world.expect(1, rule("set", "repository", {"--set", "intervall=5"})).err, HasSubstr("intervall"));
  EXPECT_THAT(world.expect(1, rule("set", "nothing", {"--set", "dryRun=true"})).err,
              HasSubstr("has no object \"nothing\""));
  EXPECT_EQ(world.json({"rule", "list", "--tenant", "acme", "--json"}).root().size(), 0U);
  world.expect(2, rule("set", "repository"));
  world.expect(2, {"rule", "set", "--tenant", "acme", "--connection", "main", "--set", "dryRun=true"});
}

TEST_F(CliRule, ADisabledObjectIsLeftOutAndSaidSo_SYNC_1) {
  world.expect(0, rule("disable", "member"));
  const Ended synced = world.expect(0, {"sync", "--tenant", "acme"});
  EXPECT_THAT(synced.err, HasSubstr("acme/main member: its rule is disabled, so it was left out"));
  EXPECT_EQ(world.json({"records", "--tenant", "acme", "member", "--format", "json"}).root().size(), 0U);
  EXPECT_GT(world.json({"records", "--tenant", "acme", "repository", "--format", "json"}).root().size(), 0U);
  world.expect(0, rule("enable", "member"));
  const json::Document again = world.json({"sync", "--tenant", "acme", "--object", "member", "--json"});
  EXPECT_EQ(again.root().at("/objects/0/left_out").as_bool(), false);
  EXPECT_GT(again.root().at("/objects/0/created").as_int64().value_or(0), 0);
  const std::string job(again.root().at("/objects/0/job").as_string().value_or(""));
  EXPECT_EQ(world.json({"job", "show", job, "--json"}).root().at("/rule_revision").as_int64(), 2) << "SYNC-9";
}

TEST_F(CliRule, AnObjectMayOnlyBeTriedInASyncThatWrites_SYNC_12) {
  world.expect(0, rule("set", "member", {"--set", "dryRun=true"}));
  const Ended synced = world.expect(0, {"sync", "--tenant", "acme"});
  EXPECT_THAT(synced.err,
              AllOf(HasSubstr("acme/main member: only tried"), HasSubstr("github_integration_report_main.json")));
  EXPECT_EQ(world.json({"records", "--tenant", "acme", "member", "--format", "json"}).root().size(), 0U);
  EXPECT_GT(world.json({"records", "--tenant", "acme", "repository", "--format", "json"}).root().size(), 0U);
  EXPECT_TRUE(std::filesystem::exists(world.data() / "reports" / "acme" / "github_integration_report_main.json"));
}

TEST_F(CliRule, FiltersHoldWhateverThePluginDoesWithThem_SYNC_1) {
  world.expect(0, {"sync", "--tenant", "acme", "--object", "repository"});
  const json::Document all = world.json({"records", "--tenant", "acme", "repository", "--format", "json"});
  ASSERT_GT(all.root().size(), 1U);
  const std::string wanted(all.root().at("/0/name").as_string().value_or(""));
  world.expect(0, rule("set", "repository", {"--set", "filters./name=" + wanted, "--set", "deletionPolicy=ignore"}));
  const json::Document synced = world.json({"sync", "--tenant", "acme", "--object", "repository", "--json"});
  EXPECT_EQ(synced.root().at("/objects/0/fetched").as_int64(), static_cast<std::int64_t>(all.root().size()));
  EXPECT_EQ(synced.root().at("/objects/0/skipped").as_int64(), static_cast<std::int64_t>(all.root().size()) - 1);
}

/// A project as a provider's sync leaves one.
void insert_project(const std::filesystem::path& file) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  char* problem = nullptr;
  const int code = sqlite3_exec(database,
                                "INSERT INTO project (tenant_id, id, provider, connection_id, external_id, name, "
                                "client, bqe_client_name, client_sync_policy_state, "
                                "content_hash, state, created_at, updated_at) SELECT tenant_id, 7342, 'p', "
                                "connection_id, 'x', 'Tower', 'Acme Ltd', 'Acme Ltd', "
                                "'preserve_local:in_sync', 1, 'active', created_at, created_at FROM connection",
                                nullptr, nullptr, &problem);
  EXPECT_EQ(code, SQLITE_OK) << (problem == nullptr ? "" : problem);
  sqlite3_free(problem);
  sqlite3_close(database);
}

TEST_F(CliRule, AFieldOfOurOwnIsSetAndReset_SYNC_1) {
  world.expect(0, {"records", "--tenant", "acme", "project"});
  insert_project(world.data() / "dovetail.db");
  const Ended set = world.expect(0, {"record", "set", "--tenant", "acme", "project", "7342", "client=Globex"});
  EXPECT_THAT(set.out, AllOf(HasSubstr("\"Globex\", before \"Acme Ltd\""), HasSubstr("preserve_local:diverged")));
  const json::Document reset =
      world.json({"record", "reset", "--tenant", "acme", "project", "7342", "client", "--json"});
  EXPECT_EQ(reset.root().at("/before").as_string(), "Globex");
  EXPECT_EQ(reset.root().at("/after").as_string(), "Acme Ltd");
  EXPECT_EQ(reset.root().at("/state").as_string(), "preserve_local:in_sync");
  EXPECT_THAT(world.expect(1, {"record", "set", "--tenant", "acme", "project", "7342", "name=x"}).err,
              HasSubstr("What may: client."));
  EXPECT_THAT(world.expect(1, {"record", "set", "--tenant", "acme", "project", "1", "client=x"}).err,
              HasSubstr("has no project with the id 1"));
  world.expect(0, {"tenant", "add", "globex"});
  EXPECT_THAT(world.expect(1, {"record", "set", "--tenant", "globex", "project", "7342", "client=x"}).err,
              HasSubstr("has no project"));
  world.expect(2, {"record", "set", "--tenant", "acme", "project", "many", "client=x"});
  world.expect(2, {"record", "set", "--tenant", "acme", "project", "7342", "client"});
  world.expect(0, {"record", "set", "--tenant", "acme", "project", "7342", "client="});
  EXPECT_TRUE(
      world.json({"records", "--tenant", "acme", "project", "--format", "json"}).root().at("/0/client").is_null());
}

} // namespace
} // namespace dovetail

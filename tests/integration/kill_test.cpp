// SPDX-License-Identifier: Apache-2.0
// SYNC-4 with real processes: a sync of 5,000 pull requests from a simulated provider over HTTP, killed at random moments and begun again each time,
// ends in exactly the state of a sync that nobody disturbed.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "core/base/random.hpp"
#include "tests/simulators/github/configuration.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"
#include "tests/support/sync_world.hpp"
#include "tests/support/two_databases.hpp"

namespace dovetail::testing {
namespace {

constexpr int kills = 200;
constexpr int pulls = 5'000;

simulators::github::SimulatorOptions big_world() {
  simulators::github::SimulatorOptions options;
  options.world.seed = 538;
  options.world.long_body_share = 0;
  simulators::github::OrganisationOptions organisation;
  organisation.login = "acme";
  organisation.members = 20;
  organisation.repositories = 6;
  organisation.pull_requests = pulls;
  organisation.reviews_per_pull = 1;
  organisation.commits_per_pull = 1;
  options.world.organisations = {organisation};
  options.tokens = {{.token = "secret-token"}};
  options.limits.primary = 10'000'000;
  options.limits.points_per_minute = 0;
  options.gzip = false;
  return options;
}

void set_up(CliWorld& world, const std::string& address) {
  world.add_vault_key();
  world.set("TOKEN", "secret-token");
  world.expect(0, {"tenant", "add", "acme"});
  world.expect(0, {"connection",   "add",
                   "--tenant",     "acme",
                   "--provider",   "github",
                   "--name",       "github",
                   "--variant",    "custom",
                   "--config",     "organization=acme",
                   "--config",     "baseUrl=" + address,
                   "--config",     "allowPlainHttp=true",
                   "--config",     "allowPrivateAddresses=true",
                   "--config",     "rateLimits.requestsPerMinute=0",
                   "--secret-env", "token=TOKEN"});
}

TEST(Killed, TwoHundredTimesASyncEndsInTheStateOfAnUndisturbedOne_SYNC_4) {
  SystemClock clock;
  simulators::github::GithubSimulator github(big_world(), clock);
  auto server = simulators::Server::start(github, clock);
  ASSERT_TRUE(server.ok()) << server.error().message;

  CliWorld calm;
  set_up(calm, (*server)->base_url());
  calm.expect(0, {"sync", "--tenant", "acme"});

  const char* given = std::getenv("DOVETAIL_SEED"); // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  const std::uint64_t seed = given == nullptr ? 20'260'105 : std::strtoull(given, nullptr, 10);
  SCOPED_TRACE(::testing::Message() << "DOVETAIL_SEED=" << seed);
  SeededRandom random(seed);
  CliWorld killed;
  set_up(killed, (*server)->base_url());
  int died = 0;
  const int wanted = test::scaled(kills);
  for (int i = 0; i < wanted; ++i) {
    const int process = killed.start({"sync", "--tenant", "acme"});
    std::this_thread::sleep_for(std::chrono::microseconds(5'000 + random.below(200'000)));
    ASSERT_EQ(::kill(process, SIGKILL), 0);
    died += killed.wait(process).status == 128 + SIGKILL ? 1 : 0;
  }
  EXPECT_GT(died, wanted / 2) << "most of the syncs were still running when they were killed";
  const auto last = killed.expect(0, {"sync", "--tenant", "acme"});

  TwoDatabases both(calm.data() / "dovetail.db", killed.data() / "dovetail.db");
  for (const auto* table : {"member", "repository", "pull_request", "review", "commit", "pull_request_commit",
                            "external_link", "pending_parent"}) {
    EXPECT_EQ(both.differences(table), "0\n0\n") << table;
    EXPECT_EQ(both.ask(std::string("SELECT count(*) FROM main.\"") + table + "\""),
              both.ask(std::string("SELECT count(*) FROM other.\"") + table + "\""))
        << table;
  }
  EXPECT_EQ(both.ask("SELECT count(*) FROM other.pull_request"), std::to_string(pulls) + "\n");
  EXPECT_EQ(both.ask("SELECT count(*) FROM other.job WHERE state = 'running'"), "0\n")
      << "jobs of dead processes are told so";
}

} // namespace
} // namespace dovetail::testing

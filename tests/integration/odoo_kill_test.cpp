// SPDX-License-Identifier: Apache-2.0
// SYNC-4, PROV-ODOO with real processes and sockets: a sync of 11,000 partners and 12,000 tasks, killed at random moments and begun again each time, over
// XML-RPC and over JSON-2, ends in exactly the state of one that nobody disturbed.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "core/base/random.hpp"
#include "tests/simulators/odoo/simulator.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"
#include "tests/support/sync_world.hpp"
#include "tests/support/two_databases.hpp"

namespace dovetail::testing {
namespace {

constexpr int kills = 30;
constexpr auto key = "planted-api-key-4f1d";

simulators::odoo::SimulatorOptions company() {
  simulators::odoo::SimulatorOptions options;
  options.world.seed = 42;
  options.world.partners = test::scaled(11'000);
  options.world.tasks = test::scaled(12'000);
  options.world.projects = 60;
  options.world.employees = 300;
  options.users = {{.login = "robot@acme.example", .key = key}};
  return options;
}

void set_up(CliWorld& world, const std::string& address, const std::string& protocol) {
  world.add_vault_key();
  world.set("KEY", key);
  world.expect(0, {"tenant", "add", "acme"});
  world.expect(0, {"connection",   "add",
                   "--tenant",     "acme",
                   "--provider",   "odoo",
                   "--name",       "odoo",
                   "--variant",    "custom",
                   "--config",     "baseUrl=" + address,
                   "--config",     "database=acme",
                   "--config",     "login=robot@acme.example",
                   "--config",     "protocol=" + protocol,
                   "--config",     "allowPlainHttp=true",
                   "--config",     "allowPrivateAddresses=true",
                   "--config",     "rateLimits.requestsPerMinute=0",
                   "--secret-env", "api_key=KEY"});
}

TEST(OdooKilled, ManyTimesByEitherProtocolEndsInTheStateOfAnUndisturbedSync_SYNC_4) {
  SystemClock clock;
  simulators::odoo::OdooSimulator odoo(company(), clock);
  auto server = simulators::Server::start(odoo, clock);
  ASSERT_TRUE(server.ok()) << server.error().message;
  CliWorld calm;
  set_up(calm, (*server)->base_url(), "auto");
  calm.expect(0, {"connection", "test", "odoo", "--tenant", "acme"});
  calm.expect(0, {"sync", "--tenant", "acme"});
  EXPECT_EQ(odoo.statistics().by_xmlrpc, 0U);

  SeededRandom random(20'260'105);
  for (const auto* const protocol : {"xmlrpc", "json2"}) {
    CliWorld killed;
    set_up(killed, (*server)->base_url(), protocol);
    int died = 0;
    const int wanted = test::scaled(kills);
    for (int i = 0; i < wanted; ++i) {
      const int process = killed.start({"sync", "--tenant", "acme"});
      std::this_thread::sleep_for(std::chrono::microseconds(20'000 + random.below(150'000)));
      ASSERT_EQ(::kill(process, SIGKILL), 0);
      died += killed.wait(process).status == 128 + SIGKILL ? 1 : 0;
    }
    EXPECT_GT(died, wanted / 3) << "many of the syncs were still running when they were killed";
    killed.expect(0, {"sync", "--tenant", "acme"});
    TwoDatabases both(calm.data() / "dovetail.db", killed.data() / "dovetail.db");
    for (const auto* table : {"department", "job_title", "employee", "partner", "project", "task", "external_link"}) {
      EXPECT_EQ(both.differences(table), "0\n0\n") << protocol << " " << table;
    }
    EXPECT_EQ(both.ask("SELECT count(*) FROM other.partner"), std::to_string(test::scaled(11'000)) + "\n");
    EXPECT_EQ(both.ask("SELECT count(*) FROM other.task"), std::to_string(test::scaled(12'000)) + "\n");
    EXPECT_TRUE(killed.places_of(key).empty()) << killed.places_of(key).front();
  }
}

} // namespace
} // namespace dovetail::testing

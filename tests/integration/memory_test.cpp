// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "tests/simulators/wire.hpp"
#include "tests/support/child_simulator.hpp"
#include "tests/support/cli_world.hpp"

// How much memory the program takes. The simulated provider is a process of its own, so that only the program's memory is seen.
namespace dovetail::testing {
namespace {

constexpr std::int64_t ceiling_kib = 64L * 1024;
constexpr std::int64_t least_page_bytes = 400'000'000;

// Every second pull request has a long body, so pages differ much in size and the largest are above what a page buffer keeps.
constexpr const char* world = R"({
  "seed": 9, "long_body_share": 0.5, "long_body_bytes": 24576, "cache_bytes": 1048576,
  "organisations": [{"login": "acme", "members": 20, "outsiders": 5, "repositories": 1, "empty_repositories": 0,
                     "pull_requests": 15000, "commits_per_repository": 1}],
  "tokens": [{"token": "token-of-the-memory-test"}],
  "limits": {"primary": 0, "points_per_minute": 0, "concurrent": 0}})";

std::int64_t statistic(const ChildSimulator& simulator, std::string_view pointer) {
  simulators::Wire wire(simulator.port());
  wire.get("/__sim__/statistics");
  const auto statistics = json::Document::parse(wire.read().body);
  return statistics.ok() ? statistics->root().int64_or(pointer, -1) : -1;
}

class Memory : public ::testing::Test {
protected:
  Memory() : simulator_(CliWorld::build(), cli_.folder() / "simulator", world) {
    cli_.add_vault_key();
    cli_.set("SIMULATOR_TOKEN", "token-of-the-memory-test");
    cli_.expect(0, {"tenant", "add", "acme"});
    cli_.expect(0, {"connection",   "add",
                    "--tenant",     "acme",
                    "--provider",   "github",
                    "--name",       "github",
                    "--variant",    "custom",
                    "--secret-env", "token=SIMULATOR_TOKEN",
                    "--config",     "organization=acme",
                    "--config",     "baseUrl=" + simulator_.address(),
                    "--config",     "allowPlainHttp=true",
                    "--config",     "allowPrivateAddresses=true",
                    "--config",     "rateLimits.requestsPerMinute=0"});
    cli_.expect(0, {"sync", "--tenant", "acme", "--object", "repository"});
  }

  CliWorld cli_;
  ChildSimulator simulator_;
};

TEST_F(Memory, ASyncOf400MbOfPagesStaysUnder64MiBOfResidentMemory) {
  const Ended ended = cli_.expect(0, {"sync", "--tenant", "acme", "--object", "pull_request", "--json"});
  const auto report = json::Document::parse(ended.out);
  ASSERT_TRUE(report.ok()) << ended.out;
  EXPECT_EQ(report->root().int64_or("/objects/0/created", -1), 15'000) << ended.out;
  EXPECT_GE(statistic(simulator_, "/plain_bytes"), least_page_bytes) << "the pages are too small to show anything";
  EXPECT_GT(ended.max_rss_kib, 0);
  EXPECT_LT(ended.max_rss_kib, ceiling_kib);
}

} // namespace
} // namespace dovetail::testing

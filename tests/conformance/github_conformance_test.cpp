// SPDX-License-Identifier: Apache-2.0
// The laws of every plugin, held against the shipped GitHub plugin and the simulated GitHub (PROV-GITHUB, SYNC-4, TEN-1).
#include <array>
#include <string>

#include "core/base/clock.hpp"
#include "dovetail/testing/conformance_test.hpp"
#include "tests/conformance/simulated.hpp"
#include "tests/simulators/github/simulator.hpp"

namespace dovetail::test {
namespace {

using simulators::github::GithubSimulator;
using simulators::github::OrganisationOptions;
using simulators::github::SimulatorOptions;
using simulators::github::World;

constexpr std::array organisations = {"acme", "globex"};
constexpr std::array tokens = {"token-of-acme", "token-of-globex"};
constexpr auto api = "https://api.simulated.example";

SimulatorOptions options_of(std::uint64_t seed) {
  SimulatorOptions options;
  options.world.seed = seed;
  options.world.long_body_share = 0;
  for (std::size_t i = 0; i < organisations.size(); ++i) {
    OrganisationOptions organisation;
    organisation.login = organisations.at(i);
    organisation.members = i == 0 ? 6 : 3;
    organisation.repositories = 4;
    organisation.pull_requests = i == 0 ? 30 : 9;          // more than a page in the largest repository
    organisation.commits_per_repository = i == 0 ? 13 : 4; // more than a page
    options.world.organisations.push_back(organisation);
    options.tokens.push_back({.token = tokens.at(i), .login = {}, .organisations = {organisations.at(i)}});
  }
  options.api_base = api;
  options.largest_page = 10;
  options.limits = {.primary = 0, .points_per_minute = 0, .concurrent = 0};
  options.gzip = false;
  return options;
}

class GithubWorld final : public testing::ConformanceWorld {
public:
  explicit GithubWorld(std::uint64_t seed) : github_(options_of(seed), clock_) {}

  testing::Reply answer(std::size_t account, const testing::SentRequest& request) override {
    const std::string token = revoked_.at(account) ? "token-that-was-revoked" : tokens.at(account);
    return ask(github_, request, api,
               {{"Authorization", "Bearer " + token},
                {"Accept", "application/vnd.github+json"},
                {"X-GitHub-Api-Version", "2022-11-28"},
                {"User-Agent", "conformance"}});
  }
  [[nodiscard]] std::string config(std::size_t account) const override {
    return std::string(R"({"environment":"custom","baseUrl":")") + api + R"(","memberProfiles":true,"organization":")" +
           organisations.at(account) + R"("})";
  }
  [[nodiscard]] std::string base_url() const override { return api; }
  [[nodiscard]] sdk::Timestamp now() const override {
    return github_.with_world([](const World& world) { return sdk::Timestamp(world.now()); });
  }

  void change(std::uint64_t seed) override {
    simulators::github::MutationCounts counts;
    counts.new_pulls = 4;
    counts.updated_pulls = 3;
    counts.merged_pulls = 2;
    counts.closed_pulls = 1;
    counts.new_reviews = 5;
    counts.dismissed_reviews = 1;
    counts.new_pull_commits = 3;
    counts.new_commits = 4;
    // No renamed accounts: a handle that changes inside old pull requests and reviews is seen by a full read only, as GitHub does not count it as a
    // change of theirs (docs/providers/github.md).
    counts.added_members = 1;
    counts.same_second = seed % 2 == 0;
    counts.organisation = 0;
    static_cast<void>(github_.mutate(seed, counts));
  }
  void remove(std::uint64_t seed) override {
    static_cast<void>(github_.mutate(seed, {.removed_members = 2, .deleted_repositories = 1, .organisation = 0}));
  }
  void revoke(std::size_t account) override { revoked_.at(account) = true; }
  [[nodiscard]] std::vector<std::string> undescribed_requests() const override {
    return github_.undescribed_requests();
  }

private:
  VirtualClock clock_{Timestamp(std::chrono::seconds(1'767'571'200))};
  GithubSimulator github_;
  std::array<bool, 2> revoked_{};
};

} // namespace
} // namespace dovetail::test

DOVETAIL_CONFORMANCE(Github,
                     {.name = "github",
                      .plugin_file = test::plugin_of_this_build("github"),
                      .manifest = test::manifest_of_the_sources("github"),
                      .make_world = [](std::uint64_t seed) { return std::make_unique<test::GithubWorld>(seed); }})

// SPDX-License-Identifier: Apache-2.0
// Many short simulations in virtual time: a world from a seed, faults from the seed, an end of the process at a moment of the seed's choice, a
// change of the world, and at the end the state of an undisturbed run. A failure prints its seed; DOVETAIL_SEED=n runs it alone.
#include <cstdlib>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulators/github/simulator.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::Answer;
using simulators::SimRequest;
using simulators::github::FaultKind;
using simulators::github::GithubSimulator;
using simulators::github::MutationCounts;
using simulators::github::OrganisationOptions;
using simulators::github::SimulatorOptions;

/// Passes requests on until the line is cut; then every connection is reset.
class CutLine final : public simulators::Handler {
public:
  void pass_to(simulators::Handler& provider) { provider_ = &provider; }
  void cut_after(std::optional<std::uint64_t> requests) { left_ = requests; }

  [[nodiscard]] Answer handle(const SimRequest& request) override {
    if (left_ && *left_ == 0) {
      Answer reset;
      reset.delivery.kind = simulators::DeliveryKind::reset_before_headers;
      return reset;
    }
    if (left_) {
      --*left_;
    }
    return provider_->handle(request);
  }

private:
  simulators::Handler* provider_ = nullptr;
  std::optional<std::uint64_t> left_;
};

SimulatorOptions small_world(std::uint64_t seed) {
  SeededRandom random(seed);
  SimulatorOptions options;
  options.world.seed = seed;
  options.world.long_body_share = 0;
  OrganisationOptions organisation;
  organisation.login = "acme";
  organisation.members = 1 + static_cast<int>(random.below(4));
  organisation.repositories = 1 + static_cast<int>(random.below(3));
  organisation.empty_repositories = static_cast<int>(random.below(2));
  organisation.pull_requests = static_cast<int>(random.below(14));
  organisation.commits_per_repository = static_cast<int>(random.below(6));
  options.world.organisations = {organisation};
  options.tokens = {{.token = "secret-token"}};
  options.api_base = std::string(SyncWorld::api);
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 0;
  options.gzip = random.below(2) == 0;
  return options;
}

simulators::github::FaultPlan storm(std::uint64_t seed) {
  simulators::github::FaultPlan plan;
  plan.seed = seed;
  plan.oversized_bytes = 33U << 20U;
  for (const auto kind : {FaultKind::rate_limit_seconds, FaultKind::rate_limit_date, FaultKind::secondary_limit,
                          FaultKind::server_error, FaultKind::bad_gateway, FaultKind::unavailable,
                          FaultKind::reset_before_headers, FaultKind::reset_after_headers, FaultKind::truncated_body,
                          FaultKind::wrong_content_type, FaultKind::invalid_json, FaultKind::foreign_redirect}) {
    plan.probabilities[kind] = 0.015;
  }
  return plan;
}

MutationCounts some_changes(std::uint64_t seed) {
  SeededRandom random(seed * 31 + 7);
  MutationCounts changes;
  changes.new_pulls = static_cast<int>(random.below(3));
  changes.updated_pulls = static_cast<int>(random.below(3));
  changes.merged_pulls = static_cast<int>(random.below(2));
  changes.new_reviews = static_cast<int>(random.below(3));
  changes.dismissed_reviews = static_cast<int>(random.below(2));
  changes.new_pull_commits = static_cast<int>(random.below(2));
  changes.new_commits = static_cast<int>(random.below(3));
  changes.added_members = static_cast<int>(random.below(2));
  changes.same_second = random.below(2) == 0;
  return changes;
}

class Simulation : public ::testing::Test {
protected:
  Simulation() : world_(line_) {}

  void run(std::uint64_t seed) {
    SCOPED_TRACE(::testing::Message() << "DOVETAIL_SEED=" << seed);
    line_.cut_after(std::nullopt);
    GithubSimulator calm(small_world(seed), world_.store.clock());
    line_.pass_to(calm);
    const auto undisturbed = world_.connect("calm-" + std::to_string(seed), R"("organization":"acme")");
    ASSERT_EQ(errors_of(world_.sync(undisturbed)), "");
    static_cast<void>(calm.mutate(seed, some_changes(seed)));
    ASSERT_EQ(errors_of(world_.sync(undisturbed)), "");

    auto options = small_world(seed);
    options.faults = storm(seed);
    GithubSimulator stormy(options, world_.store.clock());
    line_.pass_to(stormy);
    const auto disturbed = world_.connect("storm-" + std::to_string(seed), R"("organization":"acme")");
    SeededRandom random(seed);
    for (int round = 0; round < 2; ++round) {
      if (round == 1) {
        static_cast<void>(stormy.mutate(seed, some_changes(seed)));
      }
      // The line goes dead somewhere in the middle, then the process ends; its successor goes on.
      line_.cut_after(random.below(40));
      static_cast<void>(world_.sync(disturbed));
      line_.cut_after(std::nullopt);
      if (random.below(8) == 0) {
        world_.restart();
      }
      ASSERT_TRUE(world_.sync_until_done(disturbed, 40));
    }
    EXPECT_EQ(world_.dump(disturbed), world_.dump(undisturbed));
    EXPECT_THAT(stormy.undescribed_requests(), ::testing::IsEmpty());
  }

  CutLine line_;
  SyncWorld world_;
};

TEST_F(Simulation, OfAThousandSeedsAllEndInTheStateOfAnUndisturbedRun_SYNC_4) {
  if (const char* one = std::getenv("DOVETAIL_SEED")) { // NOLINT(concurrency-mt-unsafe): before any thread starts
    run(std::strtoull(one, nullptr, 10));
    return;
  }
  for (int seed = 1; seed <= scaled(1000) && !HasFailure(); ++seed) {
    run(static_cast<std::uint64_t>(seed));
  }
}

} // namespace
} // namespace dovetail::test

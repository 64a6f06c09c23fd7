// SPDX-License-Identifier: Apache-2.0
// The laws of every plugin, held against the shipped BQE CORE plugin and the simulated service (PROV-BQE, SYNC-4, TEN-1).
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "dovetail/testing/conformance_test.hpp"
#include "tests/conformance/simulated.hpp"
#include "tests/simulators/bqe/simulator.hpp"

namespace dovetail::test {
namespace {

using simulators::bqe::BqeSimulator;
using simulators::bqe::MutationCounts;
using simulators::bqe::ShapeOptions;
using simulators::bqe::SimulatorOptions;
using simulators::bqe::World;

constexpr std::array tokens = {"token-of-acme", "token-of-globex"};
constexpr auto api = "https://api.simulated.example/api";

/// In which of the forms that have been seen the service answers, and what the connection's config says beside the address.
struct Way {
  ShapeOptions shape;
  bool empty_as_array;
  const char* config;
};

SimulatorOptions options_of(std::uint64_t seed, std::size_t account, const Way& way) {
  SimulatorOptions options;
  options.world.seed = seed + account;
  options.world.projects = account == 0 ? 60 : 20;
  options.world.clients = 14;
  options.world.employees = 11;
  options.world.bulk = account == 0 ? 12 : 1; // more than a page in one second
  options.tokens = {tokens.at(account)};
  options.limits.per_minute = 0;
  options.gzip = false;
  options.shape = way.shape;
  options.empty_as_array = way.empty_as_array;
  return options;
}

/// A token says whose data comes, so each account is a company of its own.
class BqeWorld final : public testing::ConformanceWorld {
public:
  BqeWorld(std::uint64_t seed, const Way& way)
      : config_(way.config), companies_{std::make_unique<BqeSimulator>(options_of(seed, 0, way), clock_),
                                        std::make_unique<BqeSimulator>(options_of(seed, 1, way), clock_)} {}

  testing::Reply answer(std::size_t account, const testing::SentRequest& request) override {
    const std::string token = revoked_.at(account) ? "token-that-was-revoked" : tokens.at(account);
    return ask(*companies_.at(account), request, api,
               {{"Authorization", "Bearer " + token},
                {"Accept", "application/json"},
                {"X-UTC-OFFSET", "0"},
                {"User-Agent", "conformance"}});
  }
  [[nodiscard]] std::string config(std::size_t) const override {
    return std::string(R"({"environment":"custom","baseUrl":")") + api + R"(",)" + config_ + "}";
  }
  [[nodiscard]] std::string base_url() const override { return api; }
  [[nodiscard]] sdk::Timestamp now() const override {
    return companies_[0]->with_world([](const World& world) { return sdk::Timestamp(world.now()); });
  }

  void change(std::uint64_t seed) override {
    MutationCounts counts;
    counts.new_projects = 3;
    counts.new_children = 2;
    counts.updated_projects = 6;
    counts.archived_projects = 2;
    counts.restored_projects = 1;
    counts.moved_below = 1;
    counts.moved_up = 1;
    counts.deleted_projects = 2;
    counts.renamed_clients = 2;
    counts.deleted_clients = 1;
    counts.new_employees = 1;
    counts.updated_employees = 2;
    counts.same_second = seed % 2 == 0;
    static_cast<void>(companies_[0]->mutate(seed, counts));
  }
  void remove(std::uint64_t seed) override {
    static_cast<void>(companies_[0]->mutate(seed, {.deleted_projects = 4, .deleted_clients = 2}));
  }
  void revoke(std::size_t account) override { revoked_.at(account) = true; }
  [[nodiscard]] std::vector<std::string> undescribed_requests() const override {
    return undescribed_requests_of(companies_);
  }

private:
  const char* config_;
  VirtualClock clock_{Timestamp(std::chrono::seconds(1'767'571'200))};
  std::array<std::unique_ptr<BqeSimulator>, 2> companies_;
  std::array<bool, 2> revoked_{};
};

/// Deltas that begin a day earlier, as without zoneVerified, would hide what a delta misses.
constexpr Way plain = {.shape = {}, .empty_as_array = false, .config = R"("pageSize":10,"zoneVerified":true)"};
constexpr Way other_forms = {
    .shape = {.client_as_object = true, .enums_as_text = true, .zulu = true, .fractions = true},
    .empty_as_array = true,
    .config = R"("pageSize":15,"tieBreaker":"id")"};

testing::ConformanceProvider bqe(const Way& way) {
  // A client's name inside its projects, and whether a project has children, change without a stamp of the project: they are as of its last change
  // (docs/providers/bqe.md).
  return {.name = "bqe",
          .plugin_file = plugin_of_this_build("bqe"),
          .manifest = manifest_of_the_sources("bqe"),
          .make_world = [way](std::uint64_t seed) { return std::make_unique<BqeWorld>(seed, way); },
          .objects = objects_without(manifest_of_the_sources("bqe"), [](const std::string& pointer) {
            return pointer.starts_with("/client/") || pointer == "/client" || pointer == "/hasChild";
          })};
}

} // namespace
} // namespace dovetail::test

DOVETAIL_CONFORMANCE(Bqe, test::bqe(test::plain))
DOVETAIL_CONFORMANCE(BqeInOtherForms, test::bqe(test::other_forms))

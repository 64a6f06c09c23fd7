// SPDX-License-Identifier: Apache-2.0
// The laws of every plugin, held against the shipped monday.com plugin and the simulated monday (PROV-MONDAY, SYNC-4, TEN-1).
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "dovetail/testing/conformance_test.hpp"
#include "tests/conformance/simulated.hpp"
#include "tests/simulators/monday/simulator.hpp"

namespace dovetail::test {
namespace {

using simulators::monday::Layout;
using simulators::monday::MondaySimulator;
using simulators::monday::SimulatorOptions;

constexpr std::array tokens = {"token-of-acme", "token-of-globex"};
constexpr auto api = "https://api.simulated.example";

/// An account of monday's: its boards have the same ids in each world, what stands in them differs.
SimulatorOptions options_of(std::uint64_t seed, std::size_t account) {
  SimulatorOptions options;
  options.world.seed = seed * 2 + account;
  options.world.users = account == 0 ? 7 : 4;
  const int items = account == 0 ? 34 : 13; // more than a page
  options.world.boards = {
      {.name = "Tickets", .layout = Layout::tickets, .items = items},
      {.name = "More tickets", .layout = Layout::tickets, .items = items / 2, .column_suffix = "_7"},
      {.name = "Projects", .layout = Layout::projects, .items = items / 2},
      {.name = "Subitems of Tickets", .layout = Layout::tickets, .items = 3, .type = "sub_items_board"}};
  options.tokens = {{.token = tokens.at(account)}};
  options.limits = {.complexity_per_minute = 0, .calls_per_minute = 0, .calls_per_day = 0, .concurrent = 0};
  return options;
}

class MondayConformanceWorld final : public testing::ConformanceWorld {
public:
  explicit MondayConformanceWorld(std::uint64_t seed) {
    for (std::size_t account = 0; account < accounts_.size(); ++account) {
      accounts_.at(account) = std::make_unique<MondaySimulator>(options_of(seed, account), clock_);
    }
  }

  testing::Reply answer(std::size_t account, const testing::SentRequest& request) override {
    return ask(*accounts_.at(account), request, api,
               {{"Authorization", tokens.at(account)}, {"API-Version", "2026-10"}, {"User-Agent", "conformance"}});
  }
  [[nodiscard]] std::string config(std::size_t) const override {
    return std::string(R"({"environment":"custom","baseUrl":")") + api +
           R"(","apiVersion":"2026-10","pageSize":10,"ticketBoards":["5100000001","5100000002"],)"
           R"("projectBoards":["5100000003"],"boardColumns":{"5100000002":{"description":"description_7",)"
           R"("portal_id":"portal_id_7","client_email":"client_email_7","status":"status_7","priority":"priority_7"}}})";
  }
  [[nodiscard]] std::string base_url() const override { return api; }
  [[nodiscard]] sdk::Timestamp now() const override { return clock_.now(); }

  void change(std::uint64_t seed) override {
    // From minutes to weeks, so that each word for a span of days is used. What changes, changes within one second.
    clock_.advance(std::chrono::hours(1) + std::chrono::hours(60) * (seed % 4) * (seed % 4));
    static_cast<void>(accounts_[0]->mutate(
        seed, {.new_items = 5, .updated_items = 7, .renamed_items = 3, .new_users = 1, .deactivated_users = 1}));
  }
  void remove(std::uint64_t seed) override {
    clock_.advance(std::chrono::hours(1));
    for (const int board : {0, 2}) {
      static_cast<void>(accounts_[0]->mutate(
          seed, {.archived_items = 2, .deleted_items = 2, .removed_users = board == 0 ? 1 : 0, .board = board}));
    }
  }
  void revoke(std::size_t account) override { accounts_.at(account)->remove_token(tokens.at(account)); }
  [[nodiscard]] std::vector<std::string> undescribed_requests() const override {
    return undescribed_requests_of(accounts_);
  }

private:
  VirtualClock clock_{Timestamp(std::chrono::seconds(1'767'571'200))};
  std::array<std::unique_ptr<MondaySimulator>, 2> accounts_;
};

} // namespace
} // namespace dovetail::test

DOVETAIL_CONFORMANCE(Monday, {.name = "monday",
                              .plugin_file = test::plugin_of_this_build("monday"),
                              .manifest = test::manifest_of_the_sources("monday"),
                              .make_world = [](std::uint64_t seed) {
                                return std::make_unique<test::MondayConformanceWorld>(seed);
                              }})

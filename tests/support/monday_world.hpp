// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "tests/simulators/monday/simulator.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {

/// A whole Dovetail beside a simulated monday, both on one virtual clock.
class MondayWorld {
public:
  static constexpr std::int64_t first_board = simulators::monday::World::first_board_id;

  explicit MondayWorld(simulators::monday::SimulatorOptions options, SyncWorld::Options world = {})
      : sync(gate_, std::move(world)), monday(std::move(options), sync.store.clock()) {
    gate_.target = &monday;
  }

  /// Calls `hook` before each request, with its number from 1.
  void before_each_request(std::function<void(std::uint64_t)> hook) { gate_.hook = std::move(hook); }
  [[nodiscard]] SyncWorld::Connected connect(const std::string& tenant, const std::string& config,
                                             const std::string& token = "secret-token") {
    return sync.connect_to("monday", tenant,
                           R"({"environment":"custom","baseUrl":")" + std::string(SyncWorld::api) +
                               R"(","rateLimits":{"requestsPerMinute":0},)" + config + "}",
                           {{"token", token}});
  }

private:
  struct Gate final : simulators::Handler {
    simulators::Answer handle(const simulators::SimRequest& request) override {
      ++requests;
      if (hook) {
        hook(requests);
      }
      return target->handle(request);
    }
    simulators::Handler* target = nullptr;
    std::uint64_t requests = 0;
    std::function<void(std::uint64_t)> hook;
  };
  Gate gate_;

public:
  SyncWorld sync;
  simulators::monday::MondaySimulator monday;
};

} // namespace dovetail::test

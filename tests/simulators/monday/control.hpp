// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/base/result.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/simulators/monday/simulator.hpp"

namespace dovetail::simulators::monday {

/// Reads a simulator's options from JSON; members are named as the fields of the structs are, durations in whole seconds (or as the name says), all
/// of them optional:
///
///   {"seed": 7, "users": 20, "boards": [{"name": "Tickets", "layout": "tickets", "items": 500, "column_suffix": "_1"}],
///    "tokens": [{"token": "t1"}], "limits": {"complexity_per_minute": 1000000},
///    "faults": {"seed": 3, "probabilities": {"bad_gateway": 0.01}}}
[[nodiscard]] Result<SimulatorOptions> options_from_json(std::string_view json);
[[nodiscard]] Result<LimitOptions> limits_from_json(std::string_view json);

struct MutationRequest {
  std::uint64_t seed = 1;
  MutationCounts counts;
};
/// {"seed": 2, "new_items": 3, "updated_items": 4, "board": 0}
[[nodiscard]] Result<MutationRequest> mutation_from_json(std::string_view json);

/// A board of tickets and one of projects, with the token "demo-token-monday".
[[nodiscard]] SimulatorOptions demonstration();

/// Paths by which a test drives a simulator that runs in another process. They need no token, are not counted and never fail by a fault plan.
///
///   GET  /__sim__/statistics    requests by status, errors by code, faults by kind, what was undescribed
///   GET  /__sim__/queries       the last queries, with their variables and what they cost
///   POST /__sim__/reset         forgets both
///   POST /__sim__/mutate        body: see mutation_from_json; answers what was done
///   POST /__sim__/faults        body: see faults_from_json; replaces the plan
///   POST /__sim__/limits        body: see limits_from_json; replaces the limits and their counts
///   POST /__sim__/column        {"board": 5100000001, "column": "status", "title": "State"} renames a column,
///                               {"board": 5100000001, "column": "status", "delete": true} deletes it
inline constexpr std::string_view control_prefix = "/__sim__/";

[[nodiscard]] Answer handle_control(MondaySimulator& simulator, const SimRequest& request);

} // namespace dovetail::simulators::monday

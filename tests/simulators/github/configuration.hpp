// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "tests/simulators/github/simulator.hpp"

namespace dovetail::simulators::github {

/// Reads a simulator's options from JSON; members are named as the fields of the structs are, durations in whole seconds (or as the
/// name says), all of them optional:
///
///   {"seed": 7, "epoch": "2026-01-05T00:00:00Z", "organisations": [{"login": "acme", "members": 5, "pull_requests": 90}],
///    "tokens": [{"token": "t1", "organisations": ["acme"]}], "limits": {"primary": 100},
///    "faults": {"seed": 3, "probabilities": {"bad_gateway": 0.01}, "script": [{"kind": "slow_drip", "target": "/pulls", "nth": 2}]}}
///
/// An unknown name, a wrong type or a value out of range is an error that says where.
[[nodiscard]] Result<SimulatorOptions> options_from_json(std::string_view json);
[[nodiscard]] Result<LimitOptions> limits_from_json(std::string_view json);

struct MutationRequest {
  std::uint64_t seed = 1;
  MutationCounts counts;
};
/// {"seed": 2, "new_pulls": 3, "merged_pulls": 1, "same_second": true, "advance": 60}
[[nodiscard]] Result<MutationRequest> mutation_from_json(std::string_view json);

/// Three small organisations, each with a token of its own ("demo-token-northwind", ...): what `./dev run` shows.
[[nodiscard]] SimulatorOptions demonstration();

} // namespace dovetail::simulators::github

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "tests/simulators/bqe/simulator.hpp"

namespace dovetail::simulators::bqe {

/// Reads a simulator's options from JSON; members are named as the fields of the structs are, all of them optional:
///
///   {"seed": 7, "projects": 10000, "child_share": 0.4, "tokens": ["t1"], "limits": {"per_minute": 0},
///    "shape": {"client_as_object": true}, "faults": {"seed": 3, "probabilities": {"bad_gateway": 0.01}}}
///
/// An unknown name, a wrong type or a value out of range is an error that says where.
[[nodiscard]] Result<SimulatorOptions> options_from_json(std::string_view json);

struct MutationRequest {
  std::uint64_t seed = 1;
  MutationCounts counts;
};
/// {"seed": 2, "new_projects": 3, "archived_projects": 1, "same_second": true}
[[nodiscard]] Result<MutationRequest> mutation_from_json(std::string_view json);

[[nodiscard]] std::string statistics_text(const Statistics& statistics);

/// A small company with the token "demo-token".
[[nodiscard]] SimulatorOptions demonstration();

} // namespace dovetail::simulators::bqe

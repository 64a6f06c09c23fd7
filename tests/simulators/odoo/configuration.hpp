// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "tests/simulators/odoo/simulator.hpp"

namespace dovetail::simulators::odoo {

/// Reads a simulator's options from JSON; members are named as the fields of the structs are, all of them optional:
///
///   {"seed": 7, "major_version": 18, "partners": 11000, "tasks": 12000, "database": "acme",
///    "users": [{"login": "robot@acme.example", "key": "k", "rights": ["hr.group_hr_user"]}], "faults": {"probabilities": {"bad_gateway": 0.01}}}
///
/// An unknown name, a wrong type or a value out of range is an error that says where.
[[nodiscard]] Result<SimulatorOptions> options_from_json(std::string_view json);

struct MutationRequest {
  std::uint64_t seed = 1;
  MutationCounts counts;
};
/// {"seed": 2, "created": 3, "deleted": 1, "model": "res.partner", "same_second": true, "advance": 60}
[[nodiscard]] Result<MutationRequest> mutation_from_json(std::string_view json);

[[nodiscard]] std::string statistics_text(const Statistics& statistics);
[[nodiscard]] std::string counts_text(const MutationCounts& counts);

/// A small company, with the key demo-key of the login robot@acme.example in the database acme.
[[nodiscard]] SimulatorOptions demonstration();

} // namespace dovetail::simulators::odoo

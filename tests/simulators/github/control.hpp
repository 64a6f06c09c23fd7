// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {

class GithubSimulator;

/// Paths by which a test drives a simulator that runs in another process. They need no token, are not counted and never fail by a
/// fault plan.
///
///   GET  /__sim__/statistics    requests by endpoint and status, faults by kind, undescribed requests
///   POST /__sim__/reset         forgets the statistics
///   POST /__sim__/mutate        body: see mutation_from_json; answers what was done
///   POST /__sim__/faults        body: see faults_from_json; replaces the plan
///   POST /__sim__/limits        body: see limits_from_json; replaces the limits and their counts
inline constexpr std::string_view control_prefix = "/__sim__/";

[[nodiscard]] Answer handle_control(GithubSimulator& simulator, const SimRequest& request);

} // namespace dovetail::simulators::github

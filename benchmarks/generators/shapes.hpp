// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/generators/seeded_text.hpp"

namespace dovetail::generators {

[[nodiscard]] std::string github_pulls_page(std::uint64_t seed);
[[nodiscard]] std::string monday_items_page(std::uint64_t seed);
[[nodiscard]] std::string monday_tickets_page(std::uint64_t seed);
[[nodiscard]] std::string bqe_projects_page(std::uint64_t seed);
[[nodiscard]] std::string bqe_asked_projects_page(std::uint64_t seed);

} // namespace dovetail::generators

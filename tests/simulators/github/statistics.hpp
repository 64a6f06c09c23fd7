// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/simulators/faults.hpp"
#include "tests/simulators/github/routing.hpp"

namespace dovetail::simulators::github {

/// What a simulator was asked and what it did.
struct Statistics {
  std::array<std::map<int, std::uint64_t>, endpoint_kinds> requests; ///< by Endpoint, then status (0: connection cut)
  std::array<std::uint64_t, fault_kinds> faults{};                   ///< by FaultKind
  std::uint64_t body_bytes = 0;                                      ///< as sent
  std::uint64_t plain_bytes = 0;                                     ///< before compression
  std::uint64_t counted = 0;                                         ///< for the primary limit
  std::vector<std::string> undescribed; ///< "GET /path": asked for, but in no documentation we keep; at most 1000

  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] std::uint64_t with_status(int status) const;
  [[nodiscard]] std::uint64_t of(Endpoint endpoint) const;
};

} // namespace dovetail::simulators::github

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/statistics.hpp"

namespace dovetail::simulators::github {

std::uint64_t Statistics::total() const {
  std::uint64_t sum = 0;
  for (const auto& by_status : requests) {
    for (const auto& [status, count] : by_status) {
      sum += count;
    }
  }
  return sum;
}

std::uint64_t Statistics::with_status(int status) const {
  std::uint64_t sum = 0;
  for (const auto& by_status : requests) {
    const auto found = by_status.find(status);
    sum += found == by_status.end() ? 0 : found->second;
  }
  return sum;
}

std::uint64_t Statistics::of(Endpoint endpoint) const {
  std::uint64_t sum = 0;
  for (const auto& [status, count] : requests[static_cast<std::size_t>(endpoint)]) {
    sum += count;
  }
  return sum;
}

} // namespace dovetail::simulators::github

// SPDX-License-Identifier: Apache-2.0
#include "core/http/retry.hpp"

#include <algorithm>
#include <array>

namespace dovetail::http {

std::chrono::nanoseconds backoff(const RetryOptions& options, int retry, Random& random) {
  constexpr int max_doublings = 20;
  const auto longest = options.backoff_factor * (std::int64_t{1} << std::clamp(retry - 1, 0, max_doublings));
  const auto bound = std::min<std::chrono::nanoseconds>(longest, options.max_backoff);
  return std::chrono::nanoseconds{static_cast<std::int64_t>(
      random.below(static_cast<std::uint64_t>(std::max<std::int64_t>(bound.count(), 0)) + 1))};
}

void RetryBudget::earn(std::string_view provider) {
  const std::scoped_lock lock(mutex_);
  auto found = left_.find(provider);
  if (found == left_.end()) {
    found = left_.emplace(std::string(provider), options_.budget_reserve).first;
  }
  found->second = std::min(found->second + options_.budget_ratio, options_.budget_reserve);
}

bool RetryBudget::spend(std::string_view provider) {
  const std::scoped_lock lock(mutex_);
  const auto found = left_.find(provider);
  if (found == left_.end() || found->second < 1.0) {
    return false;
  }
  found->second -= 1.0;
  return true;
}

bool is_idempotent(std::string_view method) noexcept {
  static constexpr std::array<std::string_view, 6> idempotent{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
  return std::find(idempotent.begin(), idempotent.end(), method) != idempotent.end();
}

} // namespace dovetail::http

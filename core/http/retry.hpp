// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/random.hpp"

namespace dovetail::http {

/// HTTP-2.
struct RetryOptions {
  int max_attempts = 5; ///< in all, the first one counted
  std::chrono::milliseconds backoff_factor{
      500}; ///< the n-th retry waits up to factor * 2^(n-1), drawn evenly (full jitter)
  std::chrono::milliseconds max_backoff{20'000};
  double budget_ratio = 0.5;   ///< retries that each first attempt pays for
  double budget_reserve = 100; ///< retries that a provider may have saved up, and has to begin with
};

/// The time to wait before retry `retry` (from 1).
[[nodiscard]] std::chrono::nanoseconds backoff(const RetryOptions& options, int retry, Random& random);

/// Thread-safe. Keeps retries from multiplying the load on a provider that is down: each request earns a part of a retry, each
/// retry costs one; who has none left is not retried.
class RetryBudget {
public:
  explicit RetryBudget(const RetryOptions& options) : options_(options) {}
  void earn(std::string_view provider);
  [[nodiscard]] bool spend(std::string_view provider);

private:
  const RetryOptions options_;
  std::mutex mutex_;
  // guarded by mutex_; one entry a provider
  std::map<std::string, double, std::less<>> left_;
};

/// Whether sending it twice does no more than sending it once: GET, HEAD, OPTIONS, PUT, DELETE, TRACE (RFC 9110 section 9.2.2).
[[nodiscard]] bool is_idempotent(std::string_view method) noexcept;

} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/base/clock.hpp"

namespace dovetail::simulators::github {

/// The limits of section "rate limits" of GitHub's REST documentation, as numbers that a test can make small. 0 switches one off.
struct LimitOptions {
  int primary = 5000; ///< requests in one window, for each account
  std::chrono::seconds window{3600};
  int points_per_minute = 900; ///< secondary limit; a GET costs one point
  int concurrent = 100;        ///< secondary limit on running requests of one account
  /// The secondary limits say how long to wait.
  bool secondary_retry_after = true;
  /// 403 or 429: the service uses both for either limit.
  int refusal_status = 403;
};

/// Counts requests by account in fixed windows. Thread-safe.
class Limits {
public:
  enum class Outcome : std::uint8_t { admitted, primary, points, concurrent };
  struct Verdict {
    Outcome outcome = Outcome::admitted;
    int limit = 0;
    int remaining = 0;
    int used = 0;
    std::int64_t reset = 0;        ///< Unix seconds
    std::int64_t retry_after = 0;  ///< seconds, for the secondary limits
    std::shared_ptr<void> running; ///< the request runs as long as somebody holds this
  };

  explicit Limits(LimitOptions options) : options_(options) {}
  void configure(LimitOptions options);
  [[nodiscard]] LimitOptions options() const;

  /// Counts one request; `free` ones (GET /rate_limit) do not count for the primary limit.
  [[nodiscard]] Verdict admit(const std::string& account, Timestamp now, bool free);
  /// Takes back what `admit` counted for the primary limit: the answer was 304. Updates `verdict`'s numbers.
  void give_back(const std::string& account, Verdict& verdict);

private:
  struct Account {
    std::int64_t window_end = 0;
    int used = 0;
    std::int64_t minute_end = 0;
    int points = 0;
    std::shared_ptr<int> running = std::make_shared<int>(0);
  };
  void describe(const Account& account, Verdict& verdict) const;

  mutable std::mutex mutex_;
  // guarded by mutex_
  LimitOptions options_;
  std::unordered_map<std::string, Account> accounts_;
};

} // namespace dovetail::simulators::github

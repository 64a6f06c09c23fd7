// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <thread>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/store/limiter_snapshot_repository.hpp"

namespace dovetail::cli {

/// Keeps a limiter's memory in the database, so that a restart grants no fresh burst (HTTP-6): takes over what the last process left,
/// saves it at every snapshot interval and, once more, when it is destroyed. A failure to save is logged: the next start then assumes the
/// worst of the older snapshot.
class LimitKeeper {
public:
  /// All must outlive it. To be made before the limiter's first grant.
  LimitKeeper(limits::RateLimiter& limiter, store::Database& database, Clock& clock, Logger& logger);
  ~LimitKeeper();
  LimitKeeper(const LimitKeeper&) = delete;
  LimitKeeper& operator=(const LimitKeeper&) = delete;
  LimitKeeper(LimitKeeper&&) = delete;
  LimitKeeper& operator=(LimitKeeper&&) = delete;

private:
  void save(bool final);

  limits::RateLimiter& limiter_;
  store::LimiterSnapshotRepository snapshots_;
  Clock& clock_;
  Logger& logger_;
  const std::string scope_;
  std::jthread saver_;
};

} // namespace dovetail::cli

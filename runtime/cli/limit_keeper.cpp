// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/limit_keeper.hpp"

#include <array>

#include <unistd.h>

namespace dovetail::cli {
namespace {

// Machines that share a database have their own buckets.
std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? std::string(name.data())
                                                                             : std::string("localhost");
}

} // namespace

LimitKeeper::LimitKeeper(limits::RateLimiter& limiter, store::Database& database, Clock& clock, Logger& logger)
    : limiter_(limiter), snapshots_(database), clock_(clock), logger_(logger), scope_(machine_name()) {
  const auto left = snapshots_.load(scope_);
  if (!left.ok()) {
    logger_.warning("the rate limits of the last run are not known", {{"error", left.error().message}});
  } else if (*left) {
    limiter_.restore(**left);
  }
  saver_ = std::jthread([this](const std::stop_token& stop) {
    while (clock_.sleep_for(limits::LimiterOptions().snapshot_interval, stop)) {
      save(false);
    }
  });
}

LimitKeeper::~LimitKeeper() {
  saver_.request_stop();
  saver_.join();
  save(true);
}

void LimitKeeper::save(bool final) {
  if (const Status saved = snapshots_.save(scope_, limiter_.snapshot(final)); !saved.ok()) {
    logger_.warning("the rate limits could not be saved", {{"error", saved.error().message}});
  }
}

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "core/store/object_lease.hpp"

namespace dovetail::sync {

/// Renews a lease on a thread of its own as long as it lives, so that slow pages and waits do not lose it; gives it back at the end. When the lease is
/// lost, or its job is to be cancelled, it asks the work to stop.
class LeaseKeeper {
public:
  /// `leases` and `work` outlive it. `duration` is how long each renewal holds.
  LeaseKeeper(store::ObjectLeases& leases, store::ObjectLease lease, std::chrono::milliseconds duration,
              std::stop_source& work);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;
  LeaseKeeper(LeaseKeeper&&) = delete;
  LeaseKeeper& operator=(LeaseKeeper&&) = delete;

  [[nodiscard]] bool lost() const noexcept { return lost_.load(std::memory_order_acquire); }

private:
  void renew_until(const std::stop_token& stop);

  store::ObjectLeases& leases_;
  const store::ObjectLease lease_;
  const std::chrono::milliseconds duration_;
  std::stop_source& work_;
  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_; // last: it uses all of the above
};

} // namespace dovetail::sync

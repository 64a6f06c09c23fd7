// SPDX-License-Identifier: Apache-2.0
#include "core/sync/lease_keeper.hpp"

#include <utility>

namespace dovetail::sync {

LeaseKeeper::LeaseKeeper(store::ObjectLeases& leases, store::ObjectLease lease, std::chrono::milliseconds duration,
                         std::stop_source& work)
    : leases_(leases), lease_(std::move(lease)), duration_(duration), work_(work),
      thread_([this](const std::stop_token& stop) { renew_until(stop); }) {}

LeaseKeeper::~LeaseKeeper() {
  thread_.request_stop();
  thread_.join();
  if (!lost()) {
    // When this fails the lease runs out by itself.
    static_cast<void>(leases_.release(lease_));
  }
}

void LeaseKeeper::renew_until(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, duration_ / 3, [&stop] { return stop.stop_requested(); })) {
    if (stop.stop_requested()) {
      return;
    }
    const auto renewed = leases_.renew(lease_, duration_);
    if (renewed.ok() && *renewed) {
      work_.request_stop(); // and it goes on: until the work has ended the object is its own
    }
    // A conflict between transactions is `aborted` too, but passes.
    if (!renewed.ok() && renewed.error().code == ErrorCode::aborted && renewed.error().retry == RetryClass::never) {
      lost_.store(true, std::memory_order_release);
      work_.request_stop();
      return;
    }
  }
}

} // namespace dovetail::sync

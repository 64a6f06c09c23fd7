// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"
#include "core/store/process_identity.hpp"

namespace dovetail::store {

/// The right of one job to read one object of a connection and to write its rows (SYNC-9).
struct ObjectLease {
  ConnectionId connection;
  std::string object;
  JobId job;
  /// Grows with each holder. Whoever writes compares it in the transaction that writes, so that a holder that lost its lease
  /// while it was stalled writes nothing (check(), and the page writer's guard).
  std::int64_t fence = 0;
  /// The job that held it before and did not give it back: its process is gone or its lease ran out.
  std::optional<JobId> taken_from;
};

/// Who holds a lease.
struct LeaseHolder {
  JobId job;
  ProcessIdentity process;
  Timestamp since;
  Timestamp until;
};

/// Leases of a tenant's objects. PostgreSQL measures their time with its own clock, as several machines share it; SQLite with the
/// database's Clock, as one machine does. Thread-safe.
class ObjectLeases {
public:
  using IsAlive = std::function<bool(const ProcessIdentity&)>;

  /// `self` is written into the leases. `is_alive` answers whether another holder's process may still run; a holder that certainly
  /// does not is succeeded at once instead of when its lease runs out.
  explicit ObjectLeases(TenantScope scope, ProcessIdentity self = this_process(), IsAlive is_alive = may_be_alive)
      : scope_(scope), self_(std::move(self)), is_alive_(std::move(is_alive)) {}

  /// Takes the lease for `duration`. Errors: already_exists when another job holds it, with its id, process and since when.
  [[nodiscard]] Result<ObjectLease> acquire(ConnectionId connection, std::string_view object, JobId job,
                                            std::chrono::milliseconds duration);
  /// Holds it for another `duration` from now, also when it ran out and nobody took it. True when somebody asked its job to end
  /// (JobRepository::request_cancel). Errors: aborted when it is lost.
  [[nodiscard]] Result<bool> renew(const ObjectLease& lease, std::chrono::milliseconds duration);
  /// Gives it back. Errors: aborted when it was lost before.
  [[nodiscard]] Status release(const ObjectLease& lease);
  /// Makes the caller's transaction depend on the lease: nobody can take it over before that ends. Errors: aborted when it is lost.
  [[nodiscard]] static Status check(Transaction& transaction, const ObjectLease& lease);
  /// nullopt when nobody does.
  [[nodiscard]] Result<std::optional<LeaseHolder>> holder(ConnectionId connection, std::string_view object);

private:
  [[nodiscard]] Result<ObjectLease> acquire_in(Transaction& transaction, const ObjectLease& wanted,
                                               std::chrono::milliseconds duration);

  TenantScope scope_;
  ProcessIdentity self_;
  IsAlive is_alive_;
};

} // namespace dovetail::store

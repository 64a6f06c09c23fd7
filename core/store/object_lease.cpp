// SPDX-License-Identifier: Apache-2.0
#include "core/store/object_lease.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Sql;

constexpr Sql select_clock = {"SELECT NULL", "SELECT clock_timestamp()"};

constexpr Sql select_lease =
    "SELECT fence, job_id, host, boot_id, process_id, process_start, acquired_at, expires_at FROM object_lease"
    " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3";
constexpr Sql lock_lease = {
    select_lease.sqlite,
    "SELECT fence, job_id, host, boot_id, process_id, process_start, acquired_at, expires_at FROM object_lease"
    " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 FOR UPDATE"};

constexpr Sql insert_lease = "INSERT INTO object_lease (tenant_id, connection_id, object, fence, job_id, host, "
                             "boot_id, process_id, process_start, acquired_at,"
                             " expires_at) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, "
                             "connection_id, object) DO NOTHING";

constexpr Sql take_lease =
    "UPDATE object_lease SET fence = fence + 1, job_id = $1, host = $2, boot_id = $3, process_id = $4, process_start = "
    "$5,"
    " acquired_at = $6, expires_at = $7 WHERE tenant_id = $8 AND connection_id = $9 AND object = $10 AND fence = $11";

constexpr Sql renew_lease =
    "UPDATE object_lease SET expires_at = $1"
    " WHERE tenant_id = $2 AND connection_id = $3 AND object = $4 AND job_id = $5 AND fence = $6"
    " RETURNING EXISTS (SELECT 1 FROM job WHERE tenant_id = $2 AND job_id = $5 AND cancel_requested)";

constexpr Sql release_lease =
    "UPDATE object_lease SET job_id = 0"
    " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND job_id = $4 AND fence = $5";

// FOR SHARE: a taker waits until the transaction that relies on the lease has ended.
constexpr Sql check_lease = {
    "SELECT 1 FROM object_lease"
    " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND job_id = $4 AND fence = $5",
    "SELECT 1 FROM object_lease"
    " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND job_id = $4 AND fence = $5 FOR SHARE"};

struct StoredLease {
  std::int64_t fence = 0;
  LeaseHolder holder;
};

/// The time by which leases run: see ObjectLeases.
Result<Timestamp> lease_clock(ReadSession& session, const Clock& clock) {
  if (session.dialect() == Dialect::sqlite) {
    return clock.now();
  }
  DOVETAIL_TRY(const auto row, Query(session, select_clock, "asking the database for the time").row(1));
  return row ? row->timestamp(0) : Result<Timestamp>(internal("the database did not tell the time"));
}

Result<std::optional<StoredLease>> read_lease(ReadSession& session, const Sql& sql, ConnectionId connection,
                                              std::string_view object) {
  DOVETAIL_TRY(
      const auto row,
      Query(session, sql, "reading an object's lease").bind(session.tenant()).bind(connection).bind(object).row(8));
  if (!row) {
    return std::optional<StoredLease>();
  }
  StoredLease lease;
  DOVETAIL_TRY(lease.fence, row->integer(0));
  DOVETAIL_TRY(lease.holder.job, row->id<JobTag>(1));
  lease.holder.process.host = row->text(2);
  lease.holder.process.boot_id = row->text(3);
  DOVETAIL_TRY(lease.holder.process.process_id, row->integer(4));
  DOVETAIL_TRY(lease.holder.process.process_start, row->integer(5));
  DOVETAIL_TRY(lease.holder.since, row->timestamp(6));
  DOVETAIL_TRY(lease.holder.until, row->timestamp(7));
  return std::optional<StoredLease>(std::move(lease));
}

Error held(std::string_view object, const LeaseHolder& holder) {
  return already_exists("object \"" + std::string(object) + "\" is being synced by job " +
                        std::to_string(holder.job.value) + " (process " + std::to_string(holder.process.process_id) +
                        " on " + holder.process.host + ", since " + format_iso8601(holder.since) +
                        "): wait for it to end, or cancel it");
}

Error lost(const ObjectLease& lease) {
  return detail::superseded("job " + std::to_string(lease.job.value) + " no longer holds object \"" + lease.object +
                            "\": another job took it over; nothing more may be written");
}

} // namespace

Result<ObjectLease> ObjectLeases::acquire(ConnectionId connection, std::string_view object, JobId job,
                                          std::chrono::milliseconds duration) {
  if (!connection.valid() || !job.valid() || object.empty() || duration.count() <= 0) {
    return invalid_argument("a lease needs a connection, an object, a job and a duration");
  }
  const ObjectLease wanted{connection, std::string(object), job, 0, std::nullopt};
  return scope_.write([&](Transaction& transaction) { return acquire_in(transaction, wanted, duration); });
}

Result<ObjectLease> ObjectLeases::acquire_in(Transaction& transaction, const ObjectLease& wanted,
                                             std::chrono::milliseconds duration) {
  ObjectLease lease = wanted;
  DOVETAIL_TRY(const auto stored, read_lease(transaction, lock_lease, lease.connection, lease.object));
  DOVETAIL_TRY(const Timestamp now, lease_clock(transaction, scope_.database.clock()));
  std::int64_t changed = 0;
  if (!stored) {
    lease.fence = 1;
    DOVETAIL_TRY(changed, Query(transaction, insert_lease, "taking an object's lease")
                              .bind(scope_.tenant)
                              .bind(lease.connection)
                              .bind(lease.object)
                              .bind(lease.job)
                              .bind(self_.host)
                              .bind(self_.boot_id)
                              .bind(self_.process_id)
                              .bind(self_.process_start)
                              .bind(now)
                              .bind(now + duration)
                              .execute());
  } else {
    const bool free = !stored->holder.job.valid();
    if (!free && stored->holder.until > now && is_alive_(stored->holder.process)) {
      return held(lease.object, stored->holder);
    }
    lease.fence = stored->fence + 1;
    if (!free) {
      lease.taken_from = stored->holder.job;
    }
    DOVETAIL_TRY(changed, Query(transaction, take_lease, "taking an object's lease")
                              .bind(lease.job)
                              .bind(self_.host)
                              .bind(self_.boot_id)
                              .bind(self_.process_id)
                              .bind(self_.process_start)
                              .bind(now)
                              .bind(now + duration)
                              .bind(scope_.tenant)
                              .bind(lease.connection)
                              .bind(lease.object)
                              .bind(stored->fence)
                              .execute());
  }
  if (changed != 1) {
    // Two made the row at the same moment: the transaction runs again and finds the other.
    return aborted("object \"" + lease.object + "\" was taken at the same moment");
  }
  return lease;
}

Result<bool> ObjectLeases::renew(const ObjectLease& lease, std::chrono::milliseconds duration) {
  return scope_.write([&](Transaction& transaction) -> Result<bool> {
    DOVETAIL_TRY(const Timestamp now, lease_clock(transaction, scope_.database.clock()));
    DOVETAIL_TRY(const auto renewed, Query(transaction, renew_lease, "renewing an object's lease")
                                         .bind(now + duration)
                                         .bind(scope_.tenant)
                                         .bind(lease.connection)
                                         .bind(lease.object)
                                         .bind(lease.job)
                                         .bind(lease.fence)
                                         .row(1));
    return renewed ? renewed->boolean(0) : Result<bool>(lost(lease));
  });
}

Status ObjectLeases::release(const ObjectLease& lease) {
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, release_lease, "giving an object's lease back")
                                                 .bind(scope_.tenant)
                                                 .bind(lease.connection)
                                                 .bind(lease.object)
                                                 .bind(lease.job)
                                                 .bind(lease.fence)
                                                 .execute());
    return changed == 1 ? Status() : Status(lost(lease));
  });
}

Status ObjectLeases::check(Transaction& transaction, const ObjectLease& lease) {
  DOVETAIL_TRY(const auto row, Query(transaction, check_lease, "checking an object's lease")
                                   .bind(transaction.tenant())
                                   .bind(lease.connection)
                                   .bind(lease.object)
                                   .bind(lease.job)
                                   .bind(lease.fence)
                                   .row(1));
  return row ? Status() : Status(lost(lease));
}

Result<std::optional<LeaseHolder>> ObjectLeases::holder(ConnectionId connection, std::string_view object) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<LeaseHolder>> {
    DOVETAIL_TRY(const auto stored, read_lease(session, select_lease, connection, object));
    DOVETAIL_TRY(const Timestamp now, lease_clock(session, scope_.database.clock()));
    if (!stored || !stored->holder.job.valid() || stored->holder.until <= now || !is_alive_(stored->holder.process)) {
      return std::optional<LeaseHolder>();
    }
    return std::optional<LeaseHolder>(stored->holder);
  });
}

} // namespace dovetail::store

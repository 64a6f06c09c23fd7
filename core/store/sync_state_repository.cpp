// SPDX-License-Identifier: Apache-2.0
#include "core/store/sync_state_repository.hpp"

#include <array>
#include <utility>

#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;

constexpr std::size_t state_columns = 14;
constexpr Sql select_state =
    "SELECT object, parent_id, position, high_water, pass_id, pass_mode, pass_started_at, pass_pages, "
    "mapping_signature,"
    " completed_pass_id, completed_at, full_completed_at, resync_required, updated_at FROM sync_state"
    " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND parent_id = $4";
constexpr Sql select_states =
    "SELECT object, parent_id, position, high_water, pass_id, pass_mode, pass_started_at, pass_pages, "
    "mapping_signature,"
    " completed_pass_id, completed_at, full_completed_at, resync_required, updated_at FROM sync_state"
    " WHERE tenant_id = $1 AND connection_id = $2 AND parent_id = '' ORDER BY object LIMIT 10000";

constexpr Sql begin_pass_sql = {
    "INSERT INTO sync_state (tenant_id, connection_id, object, parent_id, pass_id, pass_mode, pass_started_at, "
    "pass_pages,"
    " mapping_signature, completed_pass_id, resync_required, updated_at) VALUES ($1, $2, $3, '', 1, $4, $5, 0, $6, 0, "
    "0, $5)"
    " ON CONFLICT (tenant_id, connection_id, object, parent_id) DO UPDATE SET pass_id = sync_state.pass_id + 1, "
    "position = NULL,"
    " pass_mode = excluded.pass_mode, pass_started_at = excluded.pass_started_at, pass_pages = 0,"
    " mapping_signature = excluded.mapping_signature, updated_at = excluded.updated_at",
    "INSERT INTO sync_state (tenant_id, connection_id, object, parent_id, pass_id, pass_mode, pass_started_at, "
    "pass_pages,"
    " mapping_signature, completed_pass_id, resync_required, updated_at) VALUES ($1, $2, $3, '', 1, $4, $5, 0, $6, 0, "
    "false, $5)"
    " ON CONFLICT (tenant_id, connection_id, object, parent_id) DO UPDATE SET pass_id = sync_state.pass_id + 1, "
    "position = NULL,"
    " pass_mode = excluded.pass_mode, pass_started_at = excluded.pass_started_at, pass_pages = 0,"
    " mapping_signature = excluded.mapping_signature, updated_at = excluded.updated_at"};

constexpr Sql complete_full_pass = {
    "UPDATE sync_state SET position = NULL, pass_mode = '', high_water = coalesce($1, high_water), completed_pass_id = "
    "pass_id,"
    " completed_at = $2, full_completed_at = $2, resync_required = 0, updated_at = $2"
    " WHERE tenant_id = $3 AND connection_id = $4 AND object = $5 AND parent_id = '' AND pass_id = $6 AND pass_mode = "
    "'full'",
    "UPDATE sync_state SET position = NULL, pass_mode = '', high_water = coalesce(CAST($1 AS timestamptz), high_water),"
    " completed_pass_id = pass_id, completed_at = $2, full_completed_at = $2, resync_required = false, updated_at = $2"
    " WHERE tenant_id = $3 AND connection_id = $4 AND object = $5 AND parent_id = '' AND pass_id = $6 AND pass_mode = "
    "'full'"};
constexpr Sql complete_delta_pass = {
    "UPDATE sync_state SET position = NULL, pass_mode = '', high_water = coalesce($1, high_water), completed_pass_id = "
    "pass_id,"
    " completed_at = $2, updated_at = $2"
    " WHERE tenant_id = $3 AND connection_id = $4 AND object = $5 AND parent_id = '' AND pass_id = $6 AND pass_mode = "
    "'delta'",
    "UPDATE sync_state SET position = NULL, pass_mode = '', high_water = coalesce(CAST($1 AS timestamptz), high_water),"
    " completed_pass_id = pass_id, completed_at = $2, updated_at = $2"
    " WHERE tenant_id = $3 AND connection_id = $4 AND object = $5 AND parent_id = '' AND pass_id = $6 AND pass_mode = "
    "'delta'"};

constexpr Sql reset_position = "UPDATE sync_state SET position = NULL, pass_mode = '', pass_pages = 0, updated_at = $1"
                               " WHERE tenant_id = $2 AND connection_id = $3 AND object = $4 AND parent_id = ''";
// The row stays: its pass_id must never be given again, as pages of older passes are told apart by it.
constexpr Sql reset_mark = "UPDATE sync_state SET position = NULL, high_water = NULL, pass_mode = '', pass_pages = 0,"
                           " full_completed_at = NULL, updated_at = $1"
                           " WHERE tenant_id = $2 AND connection_id = $3 AND object = $4 AND parent_id = ''";
constexpr std::array<Sql, 3> forget_object = {
    "DELETE FROM sync_state WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND parent_id <> ''",
    "DELETE FROM plugin_state WHERE tenant_id = $1 AND connection_id = $2 AND object = $3",
    "DELETE FROM page_state WHERE tenant_id = $1 AND connection_id = $2 AND object = $3"};

constexpr Sql select_plugin_state =
    "SELECT value FROM plugin_state WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND key = $4";

constexpr Sql select_pending = "SELECT external_id, version FROM pending_parent"
                               " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND external_id > $4"
                               " ORDER BY external_id LIMIT $5";
constexpr Sql count_pending =
    "SELECT count(*) FROM pending_parent WHERE tenant_id = $1 AND connection_id = $2 AND object = $3";
constexpr Sql enqueue_all_sql =
    "INSERT INTO pending_parent (tenant_id, connection_id, object, external_id, version)"
    " SELECT tenant_id, connection_id, CAST($1 AS text), external_id, CAST($2 AS bigint) FROM external_link"
    " WHERE tenant_id = $3 AND connection_id = $4 AND object = $5 AND state = 'active'"
    " ON CONFLICT (tenant_id, connection_id, object, external_id) DO UPDATE SET version = excluded.version";

constexpr std::size_t most_taken = 10'000;

std::optional<PassMode> pass_mode_from_name(std::string_view name) noexcept {
  if (name == "full") {
    return PassMode::full;
  }
  return name == "delta" ? std::optional(PassMode::delta) : std::nullopt;
}

Result<SyncState> to_state(const Row& row) {
  SyncState state;
  state.object = row.text(0);
  state.parent_id = row.text(1);
  state.position = row.optional_text(2);
  DOVETAIL_TRY(state.high_water, row.optional_timestamp(3));
  DOVETAIL_TRY(state.pass_id, row.integer(4));
  state.pass_mode = pass_mode_from_name(row.text(5));
  DOVETAIL_TRY(state.pass_started_at, row.optional_timestamp(6));
  DOVETAIL_TRY(state.pass_pages, row.integer(7));
  state.mapping_signature = row.text(8);
  DOVETAIL_TRY(state.completed_pass_id, row.integer(9));
  DOVETAIL_TRY(state.completed_at, row.optional_timestamp(10));
  DOVETAIL_TRY(state.full_completed_at, row.optional_timestamp(11));
  DOVETAIL_TRY(state.resync_required, row.boolean(12));
  DOVETAIL_TRY(state.updated_at, row.timestamp(13));
  return state;
}

Result<std::optional<SyncState>> read_state(ReadSession& session, ConnectionId connection, std::string_view object,
                                            std::string_view parent_id) {
  DOVETAIL_TRY(const auto row, Query(session, select_state, "reading a sync state")
                                   .bind(session.tenant())
                                   .bind(connection)
                                   .bind(object)
                                   .bind(parent_id)
                                   .row(state_columns));
  if (!row) {
    return std::optional<SyncState>();
  }
  DOVETAIL_TRY(SyncState state, to_state(*row));
  return std::optional<SyncState>(std::move(state));
}

} // namespace

std::string_view to_string(PassMode mode) noexcept { return mode == PassMode::full ? "full" : "delta"; }

Result<std::optional<SyncState>> SyncStateRepository::get(ConnectionId connection, std::string_view object,
                                                          std::string_view parent_id) {
  return scope_.read([&](ReadSession& session) { return read_state(session, connection, object, parent_id); });
}

Result<std::vector<SyncState>> SyncStateRepository::list(ConnectionId connection) {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<SyncState>> {
    DOVETAIL_TRY(
        const auto rows,
        Query(session, select_states, "listing sync states").bind(scope_.tenant).bind(connection).rows(state_columns));
    std::vector<SyncState> states;
    states.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(SyncState state, to_state(row));
      states.push_back(std::move(state));
    }
    return states;
  });
}

Result<SyncState> SyncStateRepository::begin_pass(const ObjectLease& lease, PassMode mode,
                                                  std::string_view mapping_signature) {
  return scope_.write([&](Transaction& transaction) -> Result<SyncState> {
    DOVETAIL_TRY_STATUS(ObjectLeases::check(transaction, lease));
    DOVETAIL_TRY_STATUS(Query(transaction, begin_pass_sql, "beginning a pass")
                            .bind(scope_.tenant)
                            .bind(lease.connection)
                            .bind(lease.object)
                            .bind(to_string(mode))
                            .bind(scope_.database.clock().now())
                            .bind(mapping_signature)
                            .execute_only());
    DOVETAIL_TRY(auto state, read_state(transaction, lease.connection, lease.object, {}));
    return state ? Result<SyncState>(std::move(*state)) : internal("a pass is gone in the transaction that began it");
  });
}

Status SyncStateRepository::complete_pass(const ObjectLease& lease, std::int64_t pass_id,
                                          std::optional<Timestamp> high_water) {
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(ObjectLeases::check(transaction, lease));
    for (const Sql& sql : {complete_full_pass, complete_delta_pass}) {
      DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql, "ending a pass")
                                                   .bind(high_water)
                                                   .bind(scope_.database.clock().now())
                                                   .bind(scope_.tenant)
                                                   .bind(lease.connection)
                                                   .bind(lease.object)
                                                   .bind(pass_id)
                                                   .execute());
      if (changed == 1) {
        return {};
      }
    }
    return detail::superseded("pass " + std::to_string(pass_id) + " of object \"" + lease.object +
                              "\" is not open: another one was begun");
  });
}

Status SyncStateRepository::reset(const ObjectLease& lease, ResetScope what) {
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(ObjectLeases::check(transaction, lease));
    DOVETAIL_TRY_STATUS(
        Query(transaction, what == ResetScope::everything ? reset_mark : reset_position, "resetting an object")
            .bind(scope_.database.clock().now())
            .bind(scope_.tenant)
            .bind(lease.connection)
            .bind(lease.object)
            .execute_only());
    if (what == ResetScope::everything) {
      for (const Sql& sql : forget_object) {
        DOVETAIL_TRY_STATUS(Query(transaction, sql, "resetting an object")
                                .bind(scope_.tenant)
                                .bind(lease.connection)
                                .bind(lease.object)
                                .execute_only());
      }
    }
    return {};
  });
}

Result<std::optional<std::string>> PluginStateRepository::get(ConnectionId connection, std::string_view object,
                                                              std::string_view key) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<std::string>> {
    DOVETAIL_TRY(const auto row, Query(session, select_plugin_state, "reading a plugin's state")
                                     .bind(scope_.tenant)
                                     .bind(connection)
                                     .bind(object)
                                     .bind(key)
                                     .row(1, {0}));
    return row ? row->optional_text(0) : std::nullopt;
  });
}

Result<std::vector<PendingParent>> PendingParentRepository::take(ConnectionId connection, std::string_view child_object,
                                                                 std::string_view after, std::size_t limit) {
  if (limit == 0 || limit > most_taken) {
    return invalid_argument("a batch of parents has 1 to 10,000 entries");
  }
  return scope_.read([&](ReadSession& session) -> Result<std::vector<PendingParent>> {
    DOVETAIL_TRY(const auto rows, Query(session, select_pending, "reading pending parents")
                                      .bind(scope_.tenant)
                                      .bind(connection)
                                      .bind(child_object)
                                      .bind(after)
                                      .bind(static_cast<std::int64_t>(limit))
                                      .rows(2));
    std::vector<PendingParent> parents;
    parents.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(const std::int64_t version, row.integer(1));
      parents.push_back({row.text(0), version});
    }
    return parents;
  });
}

Result<std::int64_t> PendingParentRepository::count(ConnectionId connection, std::string_view child_object) {
  return scope_.read([&](ReadSession& session) -> Result<std::int64_t> {
    DOVETAIL_TRY(const auto row, Query(session, count_pending, "counting pending parents")
                                     .bind(scope_.tenant)
                                     .bind(connection)
                                     .bind(child_object)
                                     .row(1));
    return row ? row->integer(0) : Result<std::int64_t>(internal("counting gave no row"));
  });
}

Result<std::int64_t> PendingParentRepository::enqueue_all(const ObjectLease& lease, std::string_view parent_object) {
  const std::int64_t version = ids_.next();
  return scope_.write([&](Transaction& transaction) -> Result<std::int64_t> {
    DOVETAIL_TRY_STATUS(ObjectLeases::check(transaction, lease));
    return Query(transaction, enqueue_all_sql, "putting all parents in the queue")
        .bind(lease.object)
        .bind(version)
        .bind(scope_.tenant)
        .bind(lease.connection)
        .bind(parent_object)
        .execute();
  });
}

} // namespace dovetail::store

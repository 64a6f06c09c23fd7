// SPDX-License-Identifier: Apache-2.0
#include "core/store/connection_removal.hpp"

#include <array>
#include <string>

#include "core/store/query.hpp"

namespace dovetail::store::detail {
namespace {

/// Rows that one transaction deletes: enough to be fast, few enough to hold up nobody.
constexpr std::int64_t batch_rows = 5000;

constexpr Sql count_held = {
    "SELECT count(*) FROM object_lease"
    " WHERE tenant_id = $1 AND connection_id = $2 AND job_id <> 0 AND expires_at > $3",
    "SELECT count(*) FROM object_lease"
    " WHERE tenant_id = $1 AND connection_id = $2 AND job_id <> 0 AND expires_at > clock_timestamp()"
    " AND CAST($3 AS timestamptz) IS NOT NULL"};

constexpr Sql delete_links = {
    "DELETE FROM external_link WHERE rowid IN"
    " (SELECT rowid FROM external_link WHERE tenant_id = $1 AND connection_id = $2 LIMIT $3)",
    "DELETE FROM external_link WHERE ctid = ANY (ARRAY"
    " (SELECT ctid FROM external_link WHERE tenant_id = $1 AND connection_id = $2 LIMIT $3)) AND tenant_id = $1"};

// Small beside the links and the rows: a row for each page of each object at most.
constexpr std::array<Sql, 7> delete_states = {"DELETE FROM sync_state WHERE tenant_id = $1 AND connection_id = $2",
                                              "DELETE FROM plugin_state WHERE tenant_id = $1 AND connection_id = $2",
                                              "DELETE FROM page_state WHERE tenant_id = $1 AND connection_id = $2",
                                              "DELETE FROM pending_parent WHERE tenant_id = $1 AND connection_id = $2",
                                              "DELETE FROM object_lease WHERE tenant_id = $1 AND connection_id = $2",
                                              "DELETE FROM report WHERE tenant_id = $1 AND connection_id = $2",
                                              // its secrets go with it
                                              "DELETE FROM connection WHERE tenant_id = $1 AND connection_id = $2"};

constexpr Sql select_models = "SELECT model FROM model_version ORDER BY model LIMIT 10000";

/// Deletes from a local model's table. Names of tables cannot be parameters: this one comes from our own list of models and has
/// passed the model's check of names; quoting makes sure of it.
std::string delete_rows_sql(Dialect dialect, const std::string& model) {
  std::string table = "\"";
  for (const char byte : model) {
    table += byte == '"' ? "\"\"" : std::string(1, byte);
  }
  table += '"';
  return dialect == Dialect::sqlite ? "DELETE FROM " + table + " WHERE rowid IN (SELECT rowid FROM " + table +
                                          " WHERE tenant_id = $1 AND connection_id = $2 LIMIT $3)"
                                    : "DELETE FROM " + table + " WHERE ctid = ANY (ARRAY (SELECT ctid FROM " + table +
                                          " WHERE tenant_id = $1 AND connection_id = $2 LIMIT $3)) AND tenant_id = $1";
}

/// Deletes in batches until a batch is not full.
Result<std::int64_t> delete_in_batches(const TenantScope& scope, ConnectionId id, const Sql& sql,
                                       std::string_view what) {
  std::int64_t total = 0;
  std::int64_t deleted = batch_rows;
  while (deleted == batch_rows) {
    DOVETAIL_TRY(deleted, scope.write([&](Transaction& transaction) {
      return Query(transaction, sql, what).bind(scope.tenant).bind(id).bind(batch_rows).execute();
    }));
    total += deleted;
  }
  return total;
}

Result<std::vector<std::string>> list_models(const TenantScope& scope) {
  return scope.read([&](ReadSession& session) -> Result<std::vector<std::string>> {
    DOVETAIL_TRY(const auto rows, Query(session, select_models, "listing the local models").rows(1));
    std::vector<std::string> models;
    models.reserve(rows.size());
    for (const Row& row : rows) {
      models.push_back(row.text(0));
    }
    return models;
  });
}

Status refuse_while_held(const TenantScope& scope, Transaction& transaction, ConnectionId id) {
  DOVETAIL_TRY(const auto row, Query(transaction, count_held, "looking for running jobs")
                                   .bind(scope.tenant)
                                   .bind(id)
                                   .bind(scope.database.clock().now())
                                   .row(1));
  DOVETAIL_TRY(const std::int64_t held, row ? row->integer(0) : Result<std::int64_t>(internal("counting gave no row")));
  if (held > 0) {
    return failed_precondition("connection " + std::to_string(id.value) + " is being synced (" + std::to_string(held) +
                               " objects): cancel its jobs or wait for them, then remove it");
  }
  return {};
}

} // namespace

Result<ConnectionRemoval> remove_connection(const TenantScope& scope, ConnectionId id, RowsOnRemoval rows) {
  DOVETAIL_TRY_STATUS(scope.write([&](Transaction& transaction) { return refuse_while_held(scope, transaction, id); }));
  ConnectionRemoval removal;
  if (rows == RowsOnRemoval::remove) {
    DOVETAIL_TRY(const auto models, list_models(scope));
    for (const std::string& model : models) {
      const std::string statement = delete_rows_sql(scope.database.dialect(), model);
      DOVETAIL_TRY(const std::int64_t deleted, delete_in_batches(scope, id, std::string_view(statement),
                                                                 "removing a connection's rows of " + model));
      removal.rows += deleted;
    }
  }
  DOVETAIL_TRY(removal.links, delete_in_batches(scope, id, delete_links, "removing a connection's links"));
  const Status forgotten = scope.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(refuse_while_held(scope, transaction, id));
    for (const Sql& sql : delete_states) {
      DOVETAIL_TRY_STATUS(Query(transaction, sql, "removing a connection").bind(scope.tenant).bind(id).execute_only());
    }
    return {};
  });
  return forgotten.ok() ? Result<ConnectionRemoval>(removal) : forgotten.error();
}

} // namespace dovetail::store::detail

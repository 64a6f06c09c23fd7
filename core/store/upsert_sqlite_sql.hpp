// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/page_writer_plan.hpp"

namespace dovetail::store::detail {

/// How entries for all rows of dovetail_page get into a table that may hold some of them already.
struct SqliteEntriesSql {
  std::string add;           ///< leaves those alone that are there
  std::string add_or_change; ///< changes them
};

/// The SQL of an object's pages for SQLite: one row a statement, prepared once for a connection and kept with it.
struct SqliteUpsertSql {
  std::string
      insert_row; ///< tenant, id, provider, connection, external id, now, source_updated_at, content hash, state, then the fields
  std::string
      update_row; ///< the same, of which it ignores provider, connection and external id: those stay as they were made
  std::string insert_rows;        ///< insert_row for all of dovetail_page (sqlite_page_rows.hpp)
  std::string state_row;          ///< tenant, id, state, now
  std::vector<std::string> match; ///< of each rule: tenant, connection, object, model, then the fields
  SqliteEntriesSql links;         ///< tenant, connection, object, model, pass, now
  SqliteEntriesSql pending;       ///< tenant, connection, the child's object, version
};
[[nodiscard]] SqliteUpsertSql sqlite_upsert_sql(const ObjectPlan& plan);

/// The statements that are the same for every object. The first three parameters of most are tenant, connection and object.
namespace sqlite_sql {

inline constexpr std::string_view guard_sql =
    "SELECT coalesce(l.job_id, 0), coalesce(l.fence, 0), coalesce(j.state, ''), coalesce(s.pass_id, 0), "
    "coalesce(s.pass_pages, -1), coalesce(j.cancel_requested, 0) "
    "FROM (SELECT 1) "
    "LEFT JOIN object_lease AS l ON l.tenant_id = ?1 AND l.connection_id = ?2 AND l.object = ?3 "
    "LEFT JOIN job AS j ON j.tenant_id = ?1 AND j.job_id = ?4 "
    "LEFT JOIN sync_state AS s ON s.tenant_id = ?1 AND s.connection_id = ?2 AND s.object = ?3 AND s.parent_id = ''";

/// The links of all rows of dovetail_page that have one, with the row's number. CROSS JOIN keeps the page outside: few rows, and an index inside.
inline constexpr std::string_view links_sql =
    "SELECT p.rowid, l.row_id, l.content_hash, l.state, l.model = ?4 FROM dovetail_page AS p CROSS JOIN external_link "
    "AS l ON l.tenant_id = ?1 AND l.connection_id = ?2 AND l.object = ?3 AND l.external_id = p.external_id";

inline constexpr std::string_view write_page_sql =
    "INSERT INTO page_state (tenant_id, connection_id, object, page_key, "
    "pass_id, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (tenant_id, connection_id, object, page_key) DO UPDATE SET "
    "pass_id = excluded.pass_id, seen = excluded.seen";
inline constexpr std::string_view stamp_page_sql =
    "UPDATE page_state SET pass_id = ?5 "
    "WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 AND page_key = ?4";
inline constexpr std::string_view known_page_sql =
    "SELECT 1 FROM page_state "
    "WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 AND page_key = ?4";

inline constexpr std::string_view write_state_sql =
    "INSERT INTO plugin_state (tenant_id, connection_id, object, key, value) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (tenant_id, connection_id, object, key) DO UPDATE SET value = excluded.value";
inline constexpr std::string_view drop_state_sql =
    "DELETE FROM plugin_state "
    "WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 AND key = ?4";

inline constexpr std::string_view add_unmatched_sql =
    "INSERT INTO unmatched_record (tenant_id, connection_id, object, external_id, last_seen_at) VALUES (?1, ?2, ?3, "
    "?4, ?5) "
    "ON CONFLICT (tenant_id, connection_id, object, external_id) DO UPDATE SET last_seen_at = excluded.last_seen_at";

inline constexpr std::string_view drop_pending_sql =
    "DELETE FROM pending_parent WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 "
    "AND external_id = ?4 AND version = ?5";

inline constexpr std::string_view write_position_sql =
    "UPDATE sync_state SET position = ?4, high_water = coalesce(?5, "
    "high_water), pass_pages = pass_pages + 1, updated_at = ?6 "
    "WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 AND "
    "parent_id = '' AND pass_id = ?7 AND pass_pages = ?8";
inline constexpr std::string_view write_mark_sql =
    "INSERT INTO sync_state (tenant_id, connection_id, object, parent_id, position, high_water, pass_id, pass_mode, "
    "pass_started_at, "
    "pass_pages, mapping_signature, completed_pass_id, completed_at, full_completed_at, resync_required, updated_at) "
    "VALUES (?1, ?2, ?3, ?4, NULL, ?5, 0, '', NULL, 0, '', 0, NULL, NULL, 0, ?6) "
    "ON CONFLICT (tenant_id, connection_id, object, parent_id) DO UPDATE SET high_water = excluded.high_water, "
    "updated_at = excluded.updated_at";

inline constexpr std::string_view count_sql =
    "UPDATE job SET fetched = fetched + ?4, created = created + ?5, updated = updated + ?6, unchanged = unchanged + "
    "?7, "
    "skipped = skipped + ?8, failed = failed + ?9, conflicts = conflicts + ?10, requests = requests + ?11, "
    "not_modified = not_modified + ?12, updated_at = ?3 WHERE tenant_id = ?1 AND job_id = ?2 AND state = 'running'";

} // namespace sqlite_sql
} // namespace dovetail::store::detail

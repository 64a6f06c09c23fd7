// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/page_writer_plan.hpp"

namespace dovetail::store::detail {

/// The SQL of an object's pages for PostgreSQL: one statement a page for all its rows, over unnest of binary arrays.
struct PostgresUpsertSql {
  std::string
      insert_rows; ///< tenant, connection, provider, now, then arrays: id, source_updated_at, content hash, state, external id, the fields
  std::string restore_rows;       ///< insert_rows that leaves alone what is there
  std::string update_rows;        ///< tenant, now, then the same arrays without external id
  std::string state_rows;         ///< tenant, now, arrays of id and state
  std::vector<std::string> match; ///< of each rule: tenant, connection, object, model, then an array for each field
};
[[nodiscard]] PostgresUpsertSql postgres_upsert_sql(const ObjectPlan& plan);

/// How text is compared without regard to case: a collation, because under row-level security an index over lower() is never used
/// (lower() is not leakproof, the equality of texts is). Made by ensure_tables().
inline constexpr std::string_view ignore_case_collation = "dovetail_ignore_case";

/// The statements that are the same for every object. The first three parameters of most are tenant, connection and object.
namespace postgres_sql {

inline constexpr std::string_view lease_sql =
    "SELECT job_id, fence FROM object_lease WHERE tenant_id = $1::bigint AND connection_id = $2::bigint "
    "AND object = $3::text FOR NO KEY UPDATE";
inline constexpr std::string_view guard_sql =
    "SELECT coalesce(j.state, ''), s.pass_id, s.pass_pages, coalesce(j.cancel_requested, false)::integer::bigint "
    "FROM (SELECT) AS one LEFT JOIN job AS j ON j.tenant_id = $1::bigint AND j.job_id = $4::bigint "
    "LEFT JOIN sync_state AS s ON s.tenant_id = $1::bigint AND "
    "s.connection_id = $2::bigint AND s.object = $3::text "
    "AND s.parent_id = ''";

inline constexpr std::string_view links_sql =
    "SELECT k.n, l.row_id, l.content_hash, l.state, l.model = $4::text FROM unnest($5::text[]) WITH ORDINALITY AS "
    "k(external_id, n) "
    "CROSS JOIN LATERAL (SELECT row_id, content_hash, state, model FROM external_link WHERE tenant_id = $1::bigint AND "
    "connection_id = $2::bigint AND object = $3::text AND external_id = k.external_id LIMIT 1) AS l";

inline constexpr std::string_view write_links_sql =
    "INSERT INTO external_link (tenant_id, connection_id, object, model, pass_id, first_seen_at, last_changed_at, "
    "external_id, external_hash, "
    "row_id, content_hash, state) SELECT $1::bigint, $2::bigint, $3::text, $4::text, $5::bigint, $6::timestamptz, "
    "$6::timestamptz, u.* "
    "FROM unnest($7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[]) AS u "
    "ON CONFLICT (tenant_id, connection_id, object, external_id) DO UPDATE SET model = excluded.model, row_id = "
    "excluded.row_id, "
    "content_hash = excluded.content_hash, state = excluded.state, pass_id = excluded.pass_id, last_changed_at = "
    "excluded.last_changed_at";

inline constexpr std::string_view write_pages_sql =
    "INSERT INTO page_state (tenant_id, connection_id, object, pass_id, page_key, seen) "
    "SELECT $1::bigint, $2::bigint, $3::text, $4::bigint, u.* FROM unnest($5::text[], $6::bytea[]) AS u "
    "ON CONFLICT (tenant_id, connection_id, object, page_key) DO UPDATE SET pass_id = excluded.pass_id, seen = "
    "excluded.seen";
inline constexpr std::string_view stamp_page_sql =
    "UPDATE page_state SET pass_id = $4::bigint WHERE tenant_id = $1::bigint AND "
    "connection_id = $2::bigint AND object = $3::text AND page_key = $5::text";
inline constexpr std::string_view known_page_sql =
    "SELECT 1 FROM page_state WHERE tenant_id = $1::bigint AND connection_id = $2::bigint AND "
    "object = $3::text AND page_key = $4::text";

inline constexpr std::string_view write_state_sql =
    "INSERT INTO plugin_state (tenant_id, connection_id, object, key, value) VALUES ($1::bigint, $2::bigint, $3::text, "
    "$4::text, $5::bytea) "
    "ON CONFLICT (tenant_id, connection_id, object, key) DO UPDATE SET value = excluded.value";
inline constexpr std::string_view drop_state_sql =
    "DELETE FROM plugin_state WHERE tenant_id = $1::bigint AND connection_id = $2::bigint AND "
    "object = $3::text AND key = $4::text";

inline constexpr std::string_view add_unmatched_sql =
    "INSERT INTO unmatched_record (tenant_id, connection_id, object, external_id, last_seen_at) "
    "SELECT $1::bigint, $2::bigint, $3::text, u.external_id, $4::timestamptz FROM unnest($5::text[]) AS u(external_id) "
    "ON CONFLICT (tenant_id, connection_id, object, external_id) DO UPDATE SET last_seen_at = excluded.last_seen_at";

inline constexpr std::string_view add_pending_sql =
    "INSERT INTO pending_parent (tenant_id, connection_id, object, external_id, version) "
    "SELECT $1::bigint, $2::bigint, c.object, u.external_id, $5::bigint FROM unnest($3::text[]) AS c(object) "
    "CROSS JOIN unnest($4::text[]) AS u(external_id) "
    "ON CONFLICT (tenant_id, connection_id, object, external_id) DO UPDATE SET version = excluded.version";
inline constexpr std::string_view drop_pending_sql =
    "DELETE FROM pending_parent AS p USING unnest($4::text[], $5::bigint[]) AS u(external_id, version) WHERE "
    "p.tenant_id = $1::bigint AND "
    "p.connection_id = $2::bigint AND p.object = $3::text AND p.external_id = u.external_id AND p.version = u.version";

inline constexpr std::string_view write_position_sql =
    "UPDATE sync_state SET position = $4::text, high_water = "
    "coalesce($5::timestamptz, high_water), pass_pages = pass_pages + 1, "
    "updated_at = $6::timestamptz WHERE tenant_id = $1::bigint AND "
    "connection_id = $2::bigint AND object = $3::text AND parent_id = '' "
    "AND pass_id = $7::bigint AND pass_pages = $8::bigint";
inline constexpr std::string_view write_marks_sql =
    "INSERT INTO sync_state (tenant_id, connection_id, object, parent_id, position, high_water, pass_id, pass_mode, "
    "pass_started_at, "
    "pass_pages, mapping_signature, completed_pass_id, completed_at, full_completed_at, resync_required, updated_at) "
    "SELECT $1::bigint, $2::bigint, $3::text, u.parent_id, NULL, u.high_water, 0, '', NULL, 0, '', 0, NULL, NULL, "
    "false, $4::timestamptz "
    "FROM unnest($5::text[], $6::timestamptz[]) AS u(parent_id, high_water) "
    "ON CONFLICT (tenant_id, connection_id, object, parent_id) DO UPDATE SET high_water = excluded.high_water, "
    "updated_at = excluded.updated_at";

inline constexpr std::string_view count_sql =
    "UPDATE job SET fetched = fetched + $4::bigint, created = created + $5::bigint, updated = updated + $6::bigint, "
    "unchanged = unchanged + $7::bigint, skipped = skipped + $8::bigint, failed = failed + $9::bigint, conflicts = "
    "conflicts + $10::bigint, "
    "requests = requests + $11::bigint, not_modified = not_modified + $12::bigint, updated_at = $3::timestamptz "
    "WHERE tenant_id = $1::bigint AND job_id = $2::bigint AND state = 'running'";

} // namespace postgres_sql
} // namespace dovetail::store::detail

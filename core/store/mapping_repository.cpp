// SPDX-License-Identifier: Apache-2.0
#include "core/store/mapping_repository.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;

constexpr std::size_t override_columns = 7;
constexpr Sql select_one = "SELECT object, body, mapping_schema_version, field_signature_hash, revision, created_at, "
                           "updated_at FROM mapping_override"
                           " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3";
constexpr Sql select_all = "SELECT object, body, mapping_schema_version, field_signature_hash, revision, created_at, "
                           "updated_at FROM mapping_override"
                           " WHERE tenant_id = $1 AND connection_id = $2 ORDER BY object LIMIT 10000";
constexpr Sql insert_override =
    "INSERT INTO mapping_override (tenant_id, connection_id, object, body, mapping_schema_version,"
    " field_signature_hash, revision, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)"
    " ON CONFLICT (tenant_id, connection_id, object) DO NOTHING";
constexpr Sql update_override = "UPDATE mapping_override SET body = $1, mapping_schema_version = $2, "
                                "field_signature_hash = $3, revision = revision "
                                "+ 1, updated_at = $4"
                                " WHERE tenant_id = $5 AND connection_id = $6 AND object = $7 AND revision = $8";
constexpr Sql delete_override =
    "DELETE FROM mapping_override WHERE tenant_id = $1 AND connection_id = $2 AND object = $3";
constexpr Sql select_accepted = "SELECT fields, accepted_at FROM accepted_fields"
                                " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3";
constexpr Sql upsert_accepted =
    "INSERT INTO accepted_fields (tenant_id, connection_id, object, fields, accepted_at) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (tenant_id, connection_id, object) DO UPDATE SET fields = excluded.fields, accepted_at = "
    "excluded.accepted_at";

Result<MappingOverride> to_override(const Row& row) {
  MappingOverride made;
  made.object = row.text(0);
  made.body = row.text(1);
  DOVETAIL_TRY(const std::int64_t version, row.integer(2));
  made.mapping_schema_version = static_cast<int>(version);
  made.field_signature_hash = row.text(3);
  DOVETAIL_TRY(made.revision, row.integer(4));
  DOVETAIL_TRY(made.created_at, row.timestamp(5));
  DOVETAIL_TRY(made.updated_at, row.timestamp(6));
  return made;
}

} // namespace

Result<std::optional<MappingOverride>> MappingRepository::find(ConnectionId connection, std::string_view object) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<MappingOverride>> {
    DOVETAIL_TRY(const auto row, Query(session, select_one, "reading an override of a mapping")
                                     .bind(scope_.tenant)
                                     .bind(connection)
                                     .bind(object)
                                     .row(override_columns));
    if (!row) {
      return std::optional<MappingOverride>();
    }
    DOVETAIL_TRY(MappingOverride found, to_override(*row));
    return std::optional<MappingOverride>(std::move(found));
  });
}

Result<std::vector<MappingOverride>> MappingRepository::list(ConnectionId connection) {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<MappingOverride>> {
    DOVETAIL_TRY(const auto rows, Query(session, select_all, "listing overrides of mappings")
                                      .bind(scope_.tenant)
                                      .bind(connection)
                                      .rows(override_columns));
    std::vector<MappingOverride> overrides;
    overrides.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(MappingOverride found, to_override(row));
      overrides.push_back(std::move(found));
    }
    return overrides;
  });
}

Result<std::int64_t> MappingRepository::save(ConnectionId connection, const MappingOverride& wanted) {
  if (wanted.body.size() > limits::max_mapping_bytes) {
    return invalid_argument(fmt::format("The override of the mapping of \"{}\" is larger than {} bytes.", wanted.object,
                                        limits::max_mapping_bytes));
  }
  const Timestamp now = scope_.database.clock().now();
  DOVETAIL_TRY(const std::int64_t changed, scope_.write([&](Transaction& transaction) {
    if (wanted.revision == 0) {
      return Query(transaction, insert_override, "storing an override of a mapping")
          .bind(scope_.tenant)
          .bind(connection)
          .bind(wanted.object)
          .bind(wanted.body)
          .bind(std::int64_t{wanted.mapping_schema_version})
          .bind(wanted.field_signature_hash)
          .bind(now)
          .execute();
    }
    return Query(transaction, update_override, "changing an override of a mapping")
        .bind(wanted.body)
        .bind(std::int64_t{wanted.mapping_schema_version})
        .bind(wanted.field_signature_hash)
        .bind(now)
        .bind(scope_.tenant)
        .bind(connection)
        .bind(wanted.object)
        .bind(wanted.revision)
        .execute();
  }));
  if (changed == 1) {
    return wanted.revision + 1;
  }
  return detail::superseded(
      fmt::format("The mapping of \"{}\" was changed by somebody else in between: read it again.", wanted.object));
}

Result<bool> MappingRepository::remove(ConnectionId connection, std::string_view object) {
  DOVETAIL_TRY(const std::int64_t removed, scope_.write([&](Transaction& transaction) {
    return Query(transaction, delete_override, "removing an override of a mapping")
        .bind(scope_.tenant)
        .bind(connection)
        .bind(object)
        .execute();
  }));
  return removed > 0;
}

Result<std::optional<AcceptedFields>> MappingRepository::accepted(ConnectionId connection, std::string_view object) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<AcceptedFields>> {
    DOVETAIL_TRY(const auto row, Query(session, select_accepted, "reading the accepted fields")
                                     .bind(scope_.tenant)
                                     .bind(connection)
                                     .bind(object)
                                     .row(2));
    if (!row) {
      return std::optional<AcceptedFields>();
    }
    DOVETAIL_TRY(const Timestamp at, row->timestamp(1));
    return std::optional<AcceptedFields>(AcceptedFields{row->text(0), at});
  });
}

Status MappingRepository::accept(ConnectionId connection, std::string_view object, std::string_view fields) {
  if (fields.size() > limits::max_accepted_fields_bytes) {
    return invalid_argument(fmt::format("The account has more fields for \"{}\" than can be kept ({} bytes).", object,
                                        limits::max_accepted_fields_bytes));
  }
  return scope_.write([&](Transaction& transaction) {
    return Query(transaction, upsert_accepted, "keeping the accepted fields")
        .bind(scope_.tenant)
        .bind(connection)
        .bind(object)
        .bind(fields)
        .bind(scope_.database.clock().now())
        .execute_only();
  });
}

} // namespace dovetail::store

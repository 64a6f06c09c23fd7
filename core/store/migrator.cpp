// SPDX-License-Identifier: Apache-2.0
#include "core/store/migrator.hpp"

#include <algorithm>
#include <array>

#include "core/store/query.hpp"
#include "core/store/session.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Sql;

constexpr Sql count_our_table = {
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'",
    "SELECT count(*) FROM (SELECT to_regclass('schema_migration') AS found) AS lookup WHERE found IS NOT NULL"};

// A PostgreSQL schema may be shared with other programs' tables; an SQLite file may not.
constexpr Sql count_foreign_tables = {
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", "SELECT 0"};

constexpr Sql select_applied =
    "SELECT version, name, checksum, applied_at FROM schema_migration ORDER BY version LIMIT 10000";

constexpr Sql insert_applied =
    "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

constexpr const char* create_table_sqlite = "CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT "
                                            "NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)";
constexpr const char* create_table_postgresql =
    "CREATE TABLE schema_migration (version bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at "
    "timestamptz NOT NULL);"
    "GRANT SELECT ON schema_migration TO dovetail_runtime, dovetail_operator";

constexpr Sql call_protect_table = {"SELECT 1", "SELECT dovetail_protect_table(format('%I', $1::text)::regclass)"};

constexpr std::array<std::string_view, 21> reserved_tables = {
    "tenant",           "connection",       "secret",         "vault_canary",     "sync_state",
    "plugin_state",     "page_state",       "pending_parent", "external_link",    "job",
    "job_error",        "job_log",          "object_lease",   "report",           "model_version",
    "limiter_snapshot", "schema_migration", "rule",           "unmatched_record", "mapping_override",
    "accepted_fields"};

Result<std::int64_t> count(ReadSession& session, const Sql& sql) {
  DOVETAIL_TRY(const auto row, Query(session, sql, "looking at the schema").row(1));
  return row ? row->integer(0) : Result<std::int64_t>(internal("counting gave no row"));
}

Status compare(const AppliedMigration& applied, std::span<const Migration> known) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Migration& one) { return one.version == applied.version; });
  if (found == known.end()) {
    return failed_precondition(
        "the database's schema has version " + std::to_string(applied.version) + " (" + applied.name +
        "), which this program does not know: it was used by a newer version; run that one, or restore "
        "a backup from before");
  }
  if (found->checksum != applied.checksum) {
    return failed_precondition(
        "migration " + std::string(found->name) +
        " is not the one that this database was built with (its checksum differs): use the program that "
        "built it, or a newer release of the same origin");
  }
  return {};
}

} // namespace

bool is_reserved_table(std::string_view name) noexcept {
  return name.starts_with("sqlite_") || name.starts_with("pg_") || name.starts_with("dovetail_") ||
         std::find(reserved_tables.begin(), reserved_tables.end(), name) != reserved_tables.end();
}

Status protect_table(Transaction& transaction, std::string_view table) {
  if (transaction.dialect() == Dialect::sqlite) {
    return {};
  }
  DOVETAIL_TRY(
      [[maybe_unused]] const auto rows,
      Query(transaction, call_protect_table, "protecting the table " + std::string(table)).bind(table).rows(1));
  return {};
}

namespace detail {

Result<MigrationStatus> read_migrations(ReadSession& session, std::span<const Migration> known) {
  MigrationStatus status;
  DOVETAIL_TRY(const std::int64_t ours, count(session, count_our_table));
  if (ours == 0) {
    DOVETAIL_TRY(const std::int64_t foreign, count(session, count_foreign_tables));
    if (foreign != 0) {
      return failed_precondition(
          "this SQLite file belongs to another program: it has tables, but none that tells a schema "
          "version; name another file");
    }
  } else {
    DOVETAIL_TRY(const auto rows, Query(session, select_applied, "reading the schema's version").rows(4));
    for (const Row& row : rows) {
      DOVETAIL_TRY(const std::int64_t version, row.integer(0));
      DOVETAIL_TRY(const Timestamp applied_at, row.timestamp(3));
      AppliedMigration applied{static_cast<int>(version), row.text(1), row.text(2), applied_at};
      DOVETAIL_TRY_STATUS(compare(applied, known));
      status.applied.push_back(std::move(applied));
    }
  }
  for (const Migration& migration : known) {
    const bool done = std::any_of(status.applied.begin(), status.applied.end(),
                                  [&](const AppliedMigration& one) { return one.version == migration.version; });
    if (!done) {
      status.missing.emplace_back(migration.name);
    }
  }
  return status;
}

Result<bool> apply_next_migration(Transaction& transaction, std::span<const Migration> known, Timestamp now) {
  DOVETAIL_TRY(const MigrationStatus status, read_migrations(transaction, known));
  if (status.missing.empty()) {
    return false;
  }
  Session& session = transaction.session();
  if (status.applied.empty()) {
    DOVETAIL_TRY(const std::int64_t ours, count(transaction, count_our_table));
    if (ours == 0) {
      Status created = session.execute(
          session.dialect() == Dialect::sqlite ? create_table_sqlite : create_table_postgresql, "preparing the schema");
      if (!created.ok() && created.error().code == ErrorCode::permission_denied) {
        return std::move(created).error().in(
            "this user may not create tables; run `dovetail db migrate` with the URL of the "
            "database's owner first");
      }
      DOVETAIL_TRY_STATUS(std::move(created));
    }
  }
  const auto next = std::find_if(known.begin(), known.end(),
                                 [&](const Migration& one) { return one.name == status.missing.front(); });
  Status applied = session.execute(std::string(next->sql).c_str(), "applying migration " + std::string(next->name));
  if (!applied.ok() && applied.error().code == ErrorCode::permission_denied) {
    return std::move(applied).error().in(
        "this user does not own the tables; run `dovetail db migrate` with the owner's URL");
  }
  DOVETAIL_TRY_STATUS(std::move(applied));
  DOVETAIL_TRY([[maybe_unused]] const auto rows, Query(transaction, insert_applied, "recording a migration")
                                                     .bind(std::int64_t{next->version})
                                                     .bind(next->name)
                                                     .bind(next->checksum)
                                                     .bind(now)
                                                     .execute());
  return true;
}

} // namespace detail
} // namespace dovetail::store

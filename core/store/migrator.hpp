// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store {

/// One step of the schema, from core/store/migrations/<dialect>/NNNN_name.sql, built into the program.
struct Migration {
  int version = 0;
  std::string_view name;
  std::string_view checksum; ///< SHA-256 of the file, lower-case hexadecimal
  std::string_view sql;
};

/// Every migration of a dialect, by version.
[[nodiscard]] std::span<const Migration> built_in_migrations(Dialect dialect) noexcept;

struct AppliedMigration {
  int version = 0;
  std::string name;
  std::string checksum;
  Timestamp applied_at;
};

struct MigrationStatus {
  std::vector<AppliedMigration> applied;
  std::vector<std::string> missing; ///< names of those not yet applied, in order
  std::size_t applied_now = 0;      ///< how many of `applied` this call did
};

/// Whether `name` is taken by a table of the store itself, so that no local model may have it.
[[nodiscard]] bool is_reserved_table(std::string_view name) noexcept;

/// Confines a table with a tenant_id column to its tenant and lets the runtime role use it (PostgreSQL: row-level security; SQLite has
/// nothing like it, where this does nothing). To be called in the owner's transaction that creates the table; harmless when repeated.
[[nodiscard]] Status protect_table(Transaction& transaction, std::string_view table);

namespace detail {

/// Reads what has been applied and compares it with `known`. Errors: failed_precondition when the database knows a version that
/// `known` lacks, or a checksum differs, or it holds tables but none of ours.
[[nodiscard]] Result<MigrationStatus> read_migrations(ReadSession& session, std::span<const Migration> known);

/// Applies the first missing migration inside the caller's transaction, which keeps others from doing the same. False when there was
/// none.
[[nodiscard]] Result<bool> apply_next_migration(Transaction& transaction, std::span<const Migration> known,
                                                Timestamp now);

} // namespace detail
} // namespace dovetail::store

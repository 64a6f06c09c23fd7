// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/store/page_writer_plan.hpp"
#include "core/store/transaction.hpp"

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

/// For one page in a running transaction. `plan` and `sql` outlive it.
[[nodiscard]] std::unique_ptr<PageStatements> make_postgres_page(ReadSession& session, const ObjectPlan& plan,
                                                                 const PostgresUpsertSql& sql);

/// How text is compared without regard to case: a collation, because under row-level security an index over lower() is never used
/// (lower() is not leakproof, the equality of texts is). Made by ensure_tables().
inline constexpr std::string_view ignore_case_collation = "dovetail_ignore_case";

} // namespace dovetail::store::detail

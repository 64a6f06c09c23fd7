// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/store/page_writer_plan.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store::detail {

/// The SQL of an object's pages for SQLite: one row a statement, prepared once for a connection and kept with it.
struct SqliteUpsertSql {
  std::string
      insert_row; ///< tenant, id, provider, connection, external id, now, source_updated_at, content hash, state, then the fields
  std::string
      update_row; ///< the same, of which it ignores provider, connection and external id: those stay as they were made
  std::string state_row;          ///< tenant, id, state, now
  std::vector<std::string> match; ///< of each rule: tenant, connection, object, model, then the fields
};
[[nodiscard]] SqliteUpsertSql sqlite_upsert_sql(const ObjectPlan& plan);

/// For one page in a running transaction. `plan` and `sql` outlive it.
[[nodiscard]] std::unique_ptr<PageStatements> make_sqlite_page(ReadSession& session, const ObjectPlan& plan,
                                                               const SqliteUpsertSql& sql);

} // namespace dovetail::store::detail

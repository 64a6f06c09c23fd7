// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/store/page_writer_plan.hpp"
#include "core/store/transaction.hpp"
#include "core/store/upsert_sqlite_sql.hpp"

namespace dovetail::store::detail {

/// For one page in a running transaction. `plan` and `sql` outlive it.
[[nodiscard]] std::unique_ptr<PageStatements> make_sqlite_page(ReadSession& session, const ObjectPlan& plan,
                                                               const SqliteUpsertSql& sql);

} // namespace dovetail::store::detail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/store/model_table.hpp"
#include "core/store/transaction.hpp"

/// How record_query reads rows, in the drivers' own calls. Private to core/store.
namespace dovetail::store::detail {

struct RecordCondition {
  TableColumn column;
  mapping::Cell value; ///< null: IS NULL. Texts belong to the query
};

struct RecordPlan {
  std::vector<TableColumn> columns;
  std::vector<RecordCondition> conditions;
  std::string sql; ///< tenant, after, limit, then the conditions' values but null ones; yields id and the columns
};
[[nodiscard]] std::string record_sql(const model::Model& model, const RecordPlan& plan, bool include_inactive,
                                     Dialect dialect);

struct RecordRows {
  std::vector<std::int64_t> ids;
  std::vector<mapping::Cell> cells; ///< row by row
  std::deque<std::string> texts;    ///< behind the cells
};

/// The next rows behind the id `after`, at most `limit`, in place of what `rows` holds. data_loss when a column of a row holds what its type does not
/// have: somebody else wrote it.
[[nodiscard]] Status read_part(ReadSession& session, TenantId tenant, const RecordPlan& plan, std::int64_t after,
                               std::size_t limit, RecordRows& rows);

} // namespace dovetail::store::detail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/store/model_table.hpp"

namespace dovetail::store {

/// A condition on one column. `value` is written as people write it and read by the column's type: true or false, 42, 0.5,
/// 2026-01-05T09:00:00Z, 2026-01-05; nullopt asks for null. Texts compare exactly.
struct RecordFilter {
  std::string field;
  std::optional<std::string> value;
};

/// Which rows of a local model.
struct RecordQuery {
  const model::Model* model = nullptr;
  std::vector<std::string> columns; ///< empty: all of record_columns()
  std::vector<RecordFilter> where;  ///< all have to hold
  bool include_inactive = false;    ///< also rows that are inactive or deleted (SYNC-7)
  std::optional<std::size_t> limit;
  RowId after; ///< rows behind this one, for the next page; invalid: from the beginning
};

/// One row that was read. Its values live until the visitor returns.
struct RecordView {
  RowId id;
  std::span<const mapping::Cell> values; ///< as RecordQuery::columns says
};
/// Called for each row; an error ends the reading and is returned.
using RecordVisitor = std::function<Status(const RecordView&)>;

/// The columns that may be asked for and filtered by, in the order of the table: all but tenant_id.
[[nodiscard]] std::vector<TableColumn> record_columns(const model::Model& model);

/// Reads rows by rising id, in parts of bounded memory, each a transaction of its own: rows that change meanwhile are seen as they
/// are when their part is read. Errors: invalid_argument for a column that there is none of (the message lists those there
/// are), or a value that its type does not have; those of Database and of the visitor.
[[nodiscard]] Status read_records(const TenantScope& scope, const RecordQuery& query, const RecordVisitor& visitor);

} // namespace dovetail::store

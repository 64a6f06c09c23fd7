// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "core/base/result.hpp"
#include "core/store/page_writer_plan.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store::detail {

/// One row that a page gives to a statement.
struct PageRow {
  const RowChange* change = nullptr;
  const Incoming* record = nullptr;
};

/// The rows of the page that is being written, as a table that SQL on this connection can read: `dovetail_page`. So a page needs one statement
/// where it would need one for each row: SQLite opens each index once and not a hundred times. The table exists on the connections that ask for
/// it only, cannot be used from a stored schema, and is empty but while a statement runs. Columns: id, external_id, external_hash,
/// source_updated_at, content_hash, link_hash, state, and f0, f1, ... for the record's cells. Of rows without a change only external_id is read.
/// One thread at a time, as its connection.
class SqlitePageRows final : public ConnectionAttachment {
public:
  static constexpr std::size_t max_cells = 256;

  /// The connection's own. Errors: internal when SQLite refuses the table.
  [[nodiscard]] static Result<SqlitePageRows*> of(ReadSession& session);

  /// What the table holds until clear(). The rows and what they point to live so long.
  void give(std::span<const PageRow> rows, std::size_t cells);
  void clear() noexcept { rows_ = {}; }
  /// The row that was read last: after a failure the one that was refused.
  [[nodiscard]] std::size_t reached() const noexcept { return reached_; }
  /// Values that were changed since give() because no database could hold them.
  [[nodiscard]] std::int64_t repaired() const noexcept { return repaired_; }

private:
  struct Table;
  struct Cursor;
  struct Module;

  void read(std::size_t row, int column, ::sqlite3_context* context);

  std::span<const PageRow> rows_;
  std::size_t cells_ = 0;
  std::size_t reached_ = 0;
  std::int64_t repaired_ = 0;
  RepairedTexts repaired_texts_;
  std::set<std::size_t> repaired_cells_; // which of them; few, as those texts
  std::vector<char> scratch_;            // instants of the row that is read, one slot a cell
};

/// `insert` (INSERT INTO t (...) VALUES (?1, ...), with the parameters of a row as SqlitePage binds them) for all rows of dovetail_page at once.
/// What is the same for all rows stays a parameter.
[[nodiscard]] std::string insert_of_page_rows(std::string_view insert);

} // namespace dovetail::store::detail

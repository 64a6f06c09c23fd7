// SPDX-License-Identifier: Apache-2.0
#include "core/store/sqlite_page_rows.hpp"

#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/upsert_sqlite_statements.hpp"

namespace dovetail::store::detail {
namespace {

using mapping::Cell;

constexpr const char* table_name = "dovetail_page";

enum Column : int { id, external_id, external_hash, source_updated_at, content_hash, link_hash, state, first_cell };

std::string declaration() {
  std::string text = "CREATE TABLE x(id, external_id, external_hash, source_updated_at, content_hash, link_hash, state";
  for (std::size_t i = 0; i < SqlitePageRows::max_cells; ++i) {
    text += fmt::format(", f{}", i);
  }
  return text + ")";
}

void give_text(::sqlite3_context* context, std::string_view text) {
  // A null pointer would give NULL. The bytes stay as long as the page.
  sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

struct Answer {
  ::sqlite3_context* context;
  void text(std::string_view value) noexcept { give_text(context, value); }
  void integer(std::int64_t value) noexcept { sqlite3_result_int64(context, value); }
  void real(double value) noexcept { sqlite3_result_double(context, value); }
  void null() noexcept { sqlite3_result_null(context); }
};

} // namespace

struct SqlitePageRows::Table : ::sqlite3_vtab {
  SqlitePageRows* rows = nullptr;
};

struct SqlitePageRows::Cursor : ::sqlite3_vtab_cursor {
  std::size_t at = 0;
};

/// What SQLite calls. Nothing here throws but for want of memory, which is turned into SQLITE_NOMEM. https://www.sqlite.org/vtab.html
struct SqlitePageRows::Module {
  static int connect(::sqlite3* handle, void* rows, int /*count*/, const char* const* /*arguments*/,
                     ::sqlite3_vtab** table, char** /*message*/) noexcept {
    try {
      const int code = sqlite3_declare_vtab(handle, declaration().c_str());
      if (code != SQLITE_OK) {
        return code;
      }
      // Not from views and triggers of a file that somebody else may have made.
      sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY); // NOLINT(*-vararg): the library's own interface
      auto made = std::make_unique<Table>();
      made->rows = static_cast<SqlitePageRows*>(rows);
      *table = made.release();
      return SQLITE_OK;
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    }
  }
  static int disconnect(::sqlite3_vtab* table) noexcept {
    delete static_cast<Table*>(table);
    return SQLITE_OK;
  }
  static int best_index(::sqlite3_vtab* table, ::sqlite3_index_info* info) noexcept {
    const auto rows = static_cast<const Table*>(table)->rows->rows_.size();
    info->estimatedCost = static_cast<double>(rows) + 1.0;
    info->estimatedRows = static_cast<std::int64_t>(rows);
    return SQLITE_OK;
  }
  static int open(::sqlite3_vtab* /*table*/, ::sqlite3_vtab_cursor** cursor) noexcept {
    try {
      *cursor = std::make_unique<Cursor>().release();
      return SQLITE_OK;
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    }
  }
  static int close(::sqlite3_vtab_cursor* cursor) noexcept {
    delete static_cast<Cursor*>(cursor);
    return SQLITE_OK;
  }
  static SqlitePageRows& rows_of(::sqlite3_vtab_cursor* cursor) noexcept {
    return *static_cast<Table*>(cursor->pVtab)->rows;
  }
  static int filter(::sqlite3_vtab_cursor* cursor, int /*index*/, const char* /*text*/, int /*count*/,
                    ::sqlite3_value** /*values*/) noexcept {
    static_cast<Cursor*>(cursor)->at = 0;
    rows_of(cursor).reached_ = 0;
    return SQLITE_OK;
  }
  static int next(::sqlite3_vtab_cursor* cursor) noexcept {
    rows_of(cursor).reached_ = ++static_cast<Cursor*>(cursor)->at;
    return SQLITE_OK;
  }
  static int eof(::sqlite3_vtab_cursor* cursor) noexcept {
    return static_cast<Cursor*>(cursor)->at >= rows_of(cursor).rows_.size() ? 1 : 0;
  }
  static int column(::sqlite3_vtab_cursor* cursor, ::sqlite3_context* context, int column) noexcept {
    try {
      rows_of(cursor).read(static_cast<Cursor*>(cursor)->at, column, context);
      return SQLITE_OK;
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    }
  }
  static int row_id(::sqlite3_vtab_cursor* cursor, ::sqlite3_int64* row) noexcept {
    *row = static_cast<::sqlite3_int64>(static_cast<Cursor*>(cursor)->at);
    return SQLITE_OK;
  }
  static ::sqlite3_module make() noexcept {
    ::sqlite3_module module{};
    module.xConnect = connect; // and no xCreate: the table is there without being created
    module.xBestIndex = best_index;
    module.xDisconnect = disconnect;
    module.xOpen = open;
    module.xClose = close;
    module.xFilter = filter;
    module.xNext = next;
    module.xEof = eof;
    module.xColumn = column;
    module.xRowid = row_id;
    return module;
  }
};

Result<SqlitePageRows*> SqlitePageRows::of(ReadSession& session) {
  static const ::sqlite3_module module = Module::make();
  int code = SQLITE_OK;
  SqlitePageRows& rows = session.attachment<SqlitePageRows>("sqlite_page_rows", [&session, &code] {
    auto made = std::make_unique<SqlitePageRows>();
    code = sqlite3_create_module_v2(session.sqlite(), table_name, &module, made.get(), nullptr);
    return made;
  });
  if (code != SQLITE_OK) {
    return sqlite_error(session.sqlite(), "making the table of a page's rows");
  }
  return &rows;
}

void SqlitePageRows::give(std::span<const PageRow> rows, std::size_t cells) {
  rows_ = rows;
  cells_ = cells;
  reached_ = 0;
  repaired_ = 0;
  repaired_texts_.clear();
  repaired_cells_.clear();
  scratch_.resize((cells + 1) * iso8601_length);
}

void SqlitePageRows::read(std::size_t row, int column, ::sqlite3_context* context) {
  const auto& [change, record] = rows_[row];
  switch (column) {
  case id:
    sqlite3_result_int64(context, change->row_id);
    return;
  case external_id:
    give_text(context, record->header->external_id);
    return;
  case external_hash:
    sqlite3_result_int64(context, record->external_hash);
    return;
  case content_hash:
    sqlite3_result_int64(context, record->content_hash);
    return;
  case link_hash:
    sqlite3_result_int64(context, change->link_hash);
    return;
  case state:
    give_text(context, to_string(change->state));
    return;
  default:
    break;
  }
  Cell cell;
  std::size_t slot = cells_;
  if (column == source_updated_at) {
    if (const auto at = record->header->source_updated_at) {
      cell = Cell::timestamp(at->time_since_epoch().count());
    }
  } else {
    slot = static_cast<std::size_t>(column - first_cell);
    cell = slot < cells_ ? record->cells[slot] : Cell();
  }
  // A policy makes a statement read a cell more than once.
  if (make_storable(cell, repaired_texts_) && repaired_cells_.insert(row * (max_cells + 1) + slot).second) {
    ++repaired_;
  }
  tell_cell(cell, scratch_.data() + std::min(slot, cells_) * iso8601_length, Answer{context});
}

std::string insert_of_page_rows(std::string_view insert) {
  constexpr std::string_view values = ") VALUES (";
  const std::size_t split = insert.find(values);
  // FAIL leaves what stands before a refused row, and so needs no copy of each page that the statement changes.
  std::string sql =
      "INSERT OR FAIL" +
      std::string(insert.substr(std::string_view("INSERT").size(), split - std::string_view("INSERT").size())) +
      ") SELECT ";
  std::string_view rest = insert.substr(split + values.size());
  rest.remove_suffix(1); // the last bracket
  constexpr int first_field = 10;
  while (!rest.empty()) {
    const std::size_t mark = rest.find('?');
    sql += rest.substr(0, mark);
    if (mark == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(mark + 1);
    int number = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    switch (number) {
    case 2:
      sql += "id";
      break;
    case 5:
      sql += "external_id";
      break;
    case 7:
      sql += "source_updated_at";
      break;
    case 8:
      sql += "content_hash";
      break;
    case 9:
      sql += "state";
      break;
    default:
      sql += number < first_field ? fmt::format("?{}", number) : fmt::format("f{}", number - first_field);
    }
  }
  return sql + " FROM dovetail_page";
}

} // namespace dovetail::store::detail

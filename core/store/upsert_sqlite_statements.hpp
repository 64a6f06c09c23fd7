// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sqlite3.h>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/store/page_writer_text.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store::detail {

/// How a storable cell stands in SQLite: calls `text(string_view)`, `integer(int64)`, `real(double)` or `null()` of `sink`. `scratch` has room for
/// iso8601_length characters; the text may lie in it.
template <typename Sink> void tell_cell(const mapping::Cell& cell, char* scratch, Sink&& sink) {
  using mapping::Cell;
  switch (cell.kind()) {
  case Cell::Kind::text:
  case Cell::Kind::json:
    return sink.text(cell.as_text());
  case Cell::Kind::integer:
    return sink.integer(cell.as_integer());
  case Cell::Kind::boolean:
    return sink.integer(cell.as_boolean() ? 1 : 0);
  case Cell::Kind::real:
    return sink.real(cell.as_real());
  case Cell::Kind::timestamp:
    format_iso8601_to(cell.as_timestamp(), scratch);
    return sink.text(std::string_view(scratch, iso8601_length));
  case Cell::Kind::date:
    format_iso_date_to(cell.as_integer(), scratch);
    return sink.text(std::string_view(scratch, iso_date_length));
  case Cell::Kind::null:
    break;
  }
  sink.null();
}

/// A prepared statement in use: bind, step, again. Resets on destruction and forgets what was bound, so that views handed to bind()
/// may die with the page. Belongs to a SqliteStatements, which outlives it.
class SqliteStatement {
public:
  SqliteStatement(::sqlite3* handle, ::sqlite3_stmt* statement) noexcept : handle_(handle), statement_(statement) {}
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  SqliteStatement(SqliteStatement&& other) noexcept
      : handle_(other.handle_), statement_(std::exchange(other.statement_, nullptr)) {}
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement() {
    if (statement_ != nullptr) {
      sqlite3_reset(statement_);
      sqlite3_clear_bindings(statement_);
    }
  }

  // Parameters count from 1. A failure to bind (no memory) makes run() and next() fail.
  SqliteStatement& bind(int parameter, std::int64_t value) noexcept {
    return note(sqlite3_bind_int64(statement_, parameter, value));
  }
  /// The text lives until the statement is reset or the parameter bound again.
  SqliteStatement& bind(int parameter, std::string_view text) noexcept {
    // A null pointer would bind NULL.
    return note(sqlite3_bind_text64(statement_, parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                                    SQLITE_STATIC, SQLITE_UTF8));
  }
  SqliteStatement& bind_bytes(int parameter, std::string_view bytes) noexcept {
    return note(sqlite3_bind_blob64(statement_, parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                                    SQLITE_STATIC));
  }
  SqliteStatement& bind(int parameter, double value) noexcept {
    return note(sqlite3_bind_double(statement_, parameter, value));
  }
  SqliteStatement& bind_null(int parameter) noexcept { return note(sqlite3_bind_null(statement_, parameter)); }
  /// A storable cell. `scratch` has room for iso8601_length characters and lives like the text of bind().
  SqliteStatement& bind(int parameter, const mapping::Cell& cell, char* scratch) noexcept;

  /// Runs a statement that returns no rows, and makes it ready to run again; the parameters stay bound. Returns SQLite's code: SQLITE_DONE
  /// is success.
  [[nodiscard]] int run() noexcept {
    if (failed_ != SQLITE_OK) {
      return failed_;
    }
    const int code = sqlite3_step(statement_);
    sqlite3_reset(statement_);
    return code;
  }
  /// run(), where nothing but success is expected.
  [[nodiscard]] Status execute(std::string_view what) noexcept;
  /// True when a row is there to be read, false at the end; then the statement is ready to run again.
  [[nodiscard]] Result<bool> next(std::string_view what) noexcept {
    const int code = failed_ == SQLITE_OK ? sqlite3_step(statement_) : failed_;
    if (code == SQLITE_ROW) {
      return true;
    }
    return ended(code, what);
  }
  /// Ends the reading of rows early.
  void reset() noexcept { sqlite3_reset(statement_); }

  // Columns count from 0.
  [[nodiscard]] std::int64_t integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] double real(int column) const noexcept { return sqlite3_column_double(statement_, column); }
  [[nodiscard]] bool is_null(int column) const noexcept {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  /// Lives until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const noexcept;

  /// Rows that the last run() changed.
  [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(handle_); }
  /// Which kind of failure the last one was, e.g. SQLITE_CONSTRAINT_PRIMARYKEY.
  [[nodiscard]] int extended_code() const noexcept { return sqlite3_extended_errcode(handle_); }
  [[nodiscard]] Error error(std::string_view what) const { return sqlite_error(handle_, what); }

private:
  [[nodiscard]] Result<bool> ended(int code, std::string_view what) noexcept;
  SqliteStatement& note(int code) noexcept {
    if (code != SQLITE_OK) {
      failed_ = code;
    }
    return *this;
  }

  ::sqlite3* handle_;
  ::sqlite3_stmt* statement_;
  int failed_ = SQLITE_OK;
};

/// The prepared statements of one connection, by their text: those used last, at most max_statements.
class SqliteStatements final : public ConnectionAttachment {
public:
  static constexpr std::size_t max_statements = 256;

  explicit SqliteStatements(::sqlite3* handle) : handle_(handle) {}
  /// The connection's own.
  [[nodiscard]] static SqliteStatements& of(ReadSession& session);

  /// `sql` prepared. Not for a statement that is in use already.
  [[nodiscard]] Result<SqliteStatement> use(std::string_view sql);
  [[nodiscard]] ::sqlite3* handle() const noexcept { return handle_; }

private:
  struct Finalize {
    void operator()(::sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  struct Entry {
    std::string sql;
    std::unique_ptr<::sqlite3_stmt, Finalize> statement;
  };

  ::sqlite3* handle_;
  std::list<Entry> entries_; // the one used last comes first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_sql_;
};

} // namespace dovetail::store::detail

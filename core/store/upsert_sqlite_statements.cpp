// SPDX-License-Identifier: Apache-2.0
#include "core/store/upsert_sqlite_statements.hpp"

#include <utility>

namespace dovetail::store::detail {

using mapping::Cell;

SqliteStatement& SqliteStatement::bind(int parameter, const Cell& cell, char* scratch) noexcept {
  struct Parameter {
    SqliteStatement& statement;
    int number;
    void text(std::string_view value) noexcept { statement.bind(number, value); }
    void integer(std::int64_t value) noexcept { statement.bind(number, value); }
    void real(double value) noexcept { statement.bind(number, value); }
    void null() noexcept { statement.bind_null(number); }
  };
  tell_cell(cell, scratch, Parameter{*this, parameter});
  return *this;
}

Status SqliteStatement::execute(std::string_view what) noexcept {
  if (run() != SQLITE_DONE) {
    return error(what);
  }
  return {};
}

Result<bool> SqliteStatement::ended(int code, std::string_view what) noexcept {
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  Error failure = error(what);
  sqlite3_reset(statement_);
  return failure;
}

std::string_view SqliteStatement::text(int column) const noexcept {
  // In this order: the conversion to text may change the size.
  const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

SqliteStatements& SqliteStatements::of(ReadSession& session) {
  return session.attachment<SqliteStatements>(
      "upsert_sqlite", [&session] { return std::make_unique<SqliteStatements>(session.sqlite()); });
}

Result<SqliteStatement> SqliteStatements::use(std::string_view sql) {
  if (const auto found = by_sql_.find(sql); found != by_sql_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return SqliteStatement(handle_, entries_.front().statement.get());
  }
  ::sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return sqlite_error(handle_, "preparing a statement");
  }
  entries_.push_front({std::string(sql), {statement, {}}});
  by_sql_.emplace(entries_.front().sql, entries_.begin());
  if (entries_.size() > max_statements) {
    by_sql_.erase(entries_.back().sql);
    entries_.pop_back();
  }
  return SqliteStatement(handle_, statement);
}

} // namespace dovetail::store::detail

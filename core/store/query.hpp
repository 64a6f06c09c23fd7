// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store::detail {

/// `aborted`, and the same again cannot help: what a guarded change says that found no row, as somebody else has what it was about
/// (design 8.1). Database does not run such a transaction again, as it does after a conflict.
[[nodiscard]] Error superseded(std::string message);

/// One row of an answer, every column as the text that the database gave (bytes as they are). Reading a column that does not hold
/// what is asked for yields data_loss: the row was not written by us.
class Row {
public:
  explicit Row(std::vector<std::optional<std::string>> columns) : columns_(std::move(columns)) {}

  [[nodiscard]] bool is_null(std::size_t column) const { return !columns_.at(column).has_value(); }
  /// Empty for null.
  [[nodiscard]] std::string text(std::size_t column) const { return columns_.at(column).value_or(std::string()); }
  [[nodiscard]] std::optional<std::string> optional_text(std::size_t column) const { return columns_.at(column); }
  [[nodiscard]] Result<std::int64_t> integer(std::size_t column) const;
  [[nodiscard]] Result<bool> boolean(std::size_t column) const;
  [[nodiscard]] Result<Timestamp> timestamp(std::size_t column) const;
  [[nodiscard]] Result<std::optional<Timestamp>> optional_timestamp(std::size_t column) const;
  template <typename Tag> [[nodiscard]] Result<Id<Tag>> id(std::size_t column) const {
    DOVETAIL_TRY(const std::int64_t value, integer(column));
    return Id<Tag>{value};
  }

private:
  std::vector<std::optional<std::string>> columns_;
};

/// The text of one statement; where the dialects differ, one for each. Parameters are $1, $2, ... in both, and each number appears for
/// the first time in that order (SQLite counts them as they come).
struct Sql {
  std::string_view sqlite;
  std::string_view postgresql;

  constexpr Sql(std::string_view both) : sqlite(both), postgresql(both) {} // NOLINT(google-explicit-constructor)
  constexpr Sql(const char* both)                                          // NOLINT(google-explicit-constructor)
      : Sql(std::string_view(both)) {}
  constexpr Sql(std::string_view for_sqlite, std::string_view for_postgresql)
      : sqlite(for_sqlite), postgresql(for_postgresql) {}
};

/// One execution of one statement through Poco::Data: for what is not hot. Values are copied when they are bound. Once only: bind all,
/// then execute() or rows().
class Query {
public:
  /// `what` says what is being done, for the Error: "reading a connection".
  Query(ReadSession& session, const Sql& sql, std::string_view what);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query(Query&&) = delete;
  Query& operator=(Query&&) = delete;

  Query& bind(std::int64_t value);
  Query& bind(std::string_view value);
  Query& bind(const std::string& value) { return bind(std::string_view(value)); }
  Query& bind(const char* value) { return bind(std::string_view(value)); }
  Query& bind(Timestamp value);
  /// A template, so that no pointer or number turns into a flag.
  template <std::same_as<bool> Flag> Query& bind(Flag value) { return bind_flag(value); }
  template <typename Tag> Query& bind(Id<Tag> id) { return bind(id.value); }
  template <typename T> Query& bind(const std::optional<T>& value) { return value ? bind(*value) : bind_null(); }
  Query& bind_bytes(std::string_view value);
  Query& bind_null();

  /// How many rows were inserted, updated or deleted.
  [[nodiscard]] Result<std::int64_t> execute();
  /// execute() for who does not count.
  [[nodiscard]] Status execute_only();
  /// The rows of an answer with `columns` columns, of which those in `bytes` are of the bytes type. More than `most` rows are an
  /// internal error: a statement limits its own answer.
  [[nodiscard]] Result<std::vector<Row>> rows(std::size_t columns, std::initializer_list<std::size_t> bytes = {},
                                              std::size_t most = 100'000);
  /// The only row, or nullopt when there is none.
  [[nodiscard]] Result<std::optional<Row>> row(std::size_t columns, std::initializer_list<std::size_t> bytes = {});

private:
  Query& bind_flag(bool value);

  struct State;
  std::unique_ptr<State> state_;
};

} // namespace dovetail::store::detail

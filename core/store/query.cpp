// SPDX-License-Identifier: Apache-2.0
#include "core/store/query.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include <Poco/Data/LOB.h>
#include <Poco/Data/Statement.h>
#include <Poco/Nullable.h>

#include "core/base/time.hpp"
#include "core/store/session.hpp"

namespace dovetail::store::detail {
namespace {

Error unreadable(std::string_view wanted) {
  return data_loss("a column of the database does not hold " + std::string(wanted) +
                   ": restore the database from a backup, or report this with the version of the program");
}

} // namespace

Error superseded(std::string message) {
  Error error = aborted(std::move(message));
  error.retry = RetryClass::never;
  return error;
}

Result<std::int64_t> Row::integer(std::size_t column) const {
  const auto& text = columns_.at(column);
  std::int64_t value = 0;
  if (!text) {
    return unreadable("a number");
  }
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure != std::errc() || end != text->data() + text->size()) {
    return unreadable("a number");
  }
  return value;
}

Result<bool> Row::boolean(std::size_t column) const {
  const std::string value = text(column);
  if (value == "1" || value == "t") {
    return true;
  }
  if (value == "0" || value == "f") {
    return false;
  }
  return unreadable("a flag");
}

Result<Timestamp> Row::timestamp(std::size_t column) const {
  std::string value = text(column);
  // PostgreSQL writes UTC as "+00", which is not an offset of ISO 8601's extended form.
  if (value.ends_with("+00")) {
    value.replace(value.size() - 3, 3, "Z");
  }
  const auto parsed = parse_iso8601(value);
  if (!parsed) {
    return unreadable("an instant");
  }
  return *parsed;
}

Result<std::optional<Timestamp>> Row::optional_timestamp(std::size_t column) const {
  if (is_null(column)) {
    return std::optional<Timestamp>();
  }
  DOVETAIL_TRY(const Timestamp value, timestamp(column));
  return std::optional<Timestamp>(value);
}

struct Query::State {
  Session& session;
  Poco::Data::Statement statement;
  std::string what;
  std::exception_ptr failure;

  State(Session& of, std::string_view doing) : session(of), statement(of.poco()), what(doing) {}

  /// Poco throws from everywhere; what it says is kept until there is an Error to return.
  template <typename Work> void guarded(Work&& work) {
    if (failure) {
      return;
    }
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }

  [[nodiscard]] Error error() {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
      return session.translate(exception, what);
    }
  }
};

Query::Query(ReadSession& session, const Sql& sql, std::string_view what)
    : state_(std::make_unique<State>(session.session(), what)) {
  state_->guarded(
      [&] { state_->statement << std::string(session.dialect() == Dialect::sqlite ? sql.sqlite : sql.postgresql); });
}

Query::~Query() = default;

Query& Query::bind(std::int64_t value) {
  state_->guarded([&] { state_->statement, Poco::Data::Keywords::bind(value); });
  return *this;
}

Query& Query::bind(std::string_view value) {
  state_->guarded([&] { state_->statement, Poco::Data::Keywords::bind(std::string(value)); });
  return *this;
}

Query& Query::bind(Timestamp value) { return bind(std::string_view(format_iso8601(value))); }

Query& Query::bind_flag(bool value) {
  state_->guarded([&] { state_->statement, Poco::Data::Keywords::bind(value); });
  return *this;
}

Query& Query::bind_bytes(std::string_view value) {
  if (value.empty()) {
    // Poco hands over an empty BLOB as a null pointer, which both drivers take for NULL.
    return bind(value);
  }
  state_->guarded([&] {
    const Poco::Data::BLOB blob(reinterpret_cast<const unsigned char*>(value.data()), value.size());
    state_->statement, Poco::Data::Keywords::bind(blob);
  });
  return *this;
}

Query& Query::bind_null() {
  state_->guarded([&] { state_->statement, Poco::Data::Keywords::bind(Poco::Nullable<std::string>()); });
  return *this;
}

Result<std::int64_t> Query::execute() {
  DOVETAIL_TRY_STATUS(state_->session.begin_now());
  std::size_t affected = 0;
  state_->guarded([&] { affected = state_->statement.execute(); });
  if (state_->failure) {
    return state_->error();
  }
  return static_cast<std::int64_t>(affected);
}

Status Query::execute_only() {
  DOVETAIL_TRY([[maybe_unused]] const std::int64_t affected, execute());
  return {};
}

Result<std::vector<Row>> Query::rows(std::size_t columns, std::initializer_list<std::size_t> bytes, std::size_t most) {
  using Texts = std::vector<Poco::Nullable<std::string>>;
  using Blobs = std::vector<Poco::Nullable<Poco::Data::BLOB>>;
  const auto is_bytes = [&](std::size_t column) {
    return std::find(bytes.begin(), bytes.end(), column) != bytes.end();
  };
  DOVETAIL_TRY_STATUS(state_->session.begin_now());
  std::vector<Texts> texts(columns);
  std::vector<Blobs> blobs(columns);
  state_->guarded([&] {
    for (std::size_t column = 0; column < columns; ++column) {
      if (is_bytes(column)) {
        state_->statement, Poco::Data::Keywords::into(blobs[column]);
      } else {
        state_->statement, Poco::Data::Keywords::into(texts[column]);
      }
    }
    state_->statement.execute();
  });
  if (state_->failure) {
    return state_->error();
  }
  const std::size_t count = columns == 0 ? 0 : is_bytes(0) ? blobs[0].size() : texts[0].size();
  if (count > most) {
    return internal(state_->what + ": more rows than the statement's limit");
  }
  std::vector<Row> result;
  result.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    std::vector<std::optional<std::string>> values(columns);
    for (std::size_t column = 0; column < columns; ++column) {
      if (is_bytes(column)) {
        if (const auto& blob = blobs[column][index]; !blob.isNull()) {
          values[column].emplace(reinterpret_cast<const char*>(blob.value().rawContent()), blob.value().size());
        }
      } else if (auto& text = texts[column][index]; !text.isNull()) {
        values[column] = std::move(text.value());
      }
    }
    result.emplace_back(std::move(values));
  }
  return result;
}

Result<std::optional<Row>> Query::row(std::size_t columns, std::initializer_list<std::size_t> bytes) {
  DOVETAIL_TRY(auto found, rows(columns, bytes));
  if (found.empty()) {
    return std::optional<Row>();
  }
  if (found.size() > 1) {
    return internal(state_->what + ": more than one row where one was expected");
  }
  return std::optional<Row>(std::move(found.front()));
}

} // namespace dovetail::store::detail

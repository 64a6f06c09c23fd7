// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <libpq-fe.h>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store::detail {

/// The type numbers (pg_type.oid) of what we send; fixed for all servers.
namespace oid {
inline constexpr std::uint32_t boolean = 16;
inline constexpr std::uint32_t bytea = 17;
inline constexpr std::uint32_t int8 = 20;
inline constexpr std::uint32_t text = 25;
inline constexpr std::uint32_t float8 = 701;
inline constexpr std::uint32_t date = 1082;
inline constexpr std::uint32_t timestamptz = 1184;
inline constexpr std::uint32_t jsonb = 3802;
} // namespace oid
[[nodiscard]] std::uint32_t oid_of(model::FieldType type) noexcept;

/// A one-dimensional array in the binary format of array_recv: 20 bytes of head, then each element's length and bytes, all big-endian.
class PostgresArray {
public:
  /// Begins anew; `expected` elements of about 16 bytes are made room for.
  void begin(std::uint32_t element_oid, std::size_t expected);
  void add(std::int64_t value);
  void add(std::string_view text);
  void add(Timestamp time);
  /// A storable cell whose kind fits the array's type.
  void add(const mapping::Cell& cell);
  void add_null();
  /// The parameter's bytes, until the array changes.
  [[nodiscard]] std::string_view bytes();
  /// Gives a large buffer back.
  void shrink() noexcept {
    if (buffer_.capacity() > max_kept_bytes) {
      buffer_ = std::string();
    }
  }

private:
  static constexpr std::size_t max_kept_bytes = 64U << 10U;

  void put32(std::uint32_t value);
  void put64(std::uint64_t value);

  std::string buffer_;
  std::uint32_t oid_ = 0;
  std::uint32_t count_ = 0;
  bool has_null_ = false;
};

/// The parameters of one execution, all binary. Texts and arrays are borrowed until it is sent.
class PostgresParameters {
public:
  PostgresParameters() {
    values_.reserve(usual);
    lengths_.reserve(usual);
    formats_.reserve(usual);
  }
  PostgresParameters& add(std::int64_t value);
  PostgresParameters& add(std::string_view text);
  PostgresParameters& add(Timestamp time);
  /// A storable cell that is neither null nor JSON.
  PostgresParameters& add(const mapping::Cell& cell);
  PostgresParameters& add(PostgresArray& array) { return add(array.bytes()); }
  PostgresParameters& add_null();

  [[nodiscard]] int size() const noexcept { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const noexcept { return values_.data(); }
  [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
  [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }

private:
  static constexpr std::size_t usual = 24; // as many as a page's longest statements have

  PostgresParameters& add_bytes(const char* data, std::size_t size);

  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::deque<std::array<char, 8>> numbers_; // does not move what it holds
};

/// Reads binary columns of a result.
[[nodiscard]] std::int64_t read_int8(const ::PGresult* result, int row, int column) noexcept;
[[nodiscard]] bool read_bool(const ::PGresult* result, int row, int column) noexcept;
/// Microseconds and days since 1970.
[[nodiscard]] std::int64_t read_timestamp(const ::PGresult* result, int row, int column) noexcept;
[[nodiscard]] std::int64_t read_date(const ::PGresult* result, int row, int column) noexcept;
[[nodiscard]] std::string_view read_text(const ::PGresult* result, int row, int column) noexcept;

/// Which statements a connection has prepared, by their text: those used last, at most max_statements.
class PostgresStatements final : public ConnectionAttachment {
public:
  static constexpr std::size_t max_statements = 128;
  /// The connection's own.
  [[nodiscard]] static PostgresStatements& of(ReadSession& session);

private:
  friend class PostgresPipeline;
  struct Entry {
    std::string sql;
    std::string name;
  };
  std::list<Entry> entries_; // the one used last comes first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_sql_;
  std::uint64_t made_ = 0;
};

/// Every join of ours is from a few records to an index of a table of any size. The planner, asked once for a prepared statement,
/// may know the table as it was when it was empty: so it gets no other choice, until the end of the transaction.
inline constexpr std::string_view probe_settings_sql =
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), "
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', "
    "true)";

/// Statements sent one after the other without waiting, answered together: a page costs two round trips and not twenty. Use: send() some,
/// then sync(). Inside a transaction of `session`, which what is sent first begins if nothing did before; leaves the connection as it found it otherwise.
class PostgresPipeline {
public:
  using Handler = std::function<Status(const ::PGresult* result)>;

  explicit PostgresPipeline(ReadSession& session);
  PostgresPipeline(const PostgresPipeline&) = delete;
  PostgresPipeline& operator=(const PostgresPipeline&) = delete;
  PostgresPipeline(PostgresPipeline&&) = delete;
  PostgresPipeline& operator=(PostgresPipeline&&) = delete;
  /// Waits for what was sent, if sync() was not called, and drops it.
  ~PostgresPipeline();

  /// Sends one statement, prepared once for the connection. `what` (a literal) says what is being done, for the Error. `handler`, if there is one, gets
  /// the result during sync(); its error fails sync(). `writes_row` marks statements whose failure may be due to one row's values.
  void send(std::string_view sql, const PostgresParameters& parameters, const char* what, Handler handler = {},
            bool writes_row = false);
  /// Waits for all answers. The first failure is the pipeline's: what was sent behind it was not done.
  [[nodiscard]] Status sync();

  /// The SQLSTATE of the statement that failed; "" when none did.
  [[nodiscard]] const std::string& failed_state() const noexcept { return failed_state_; }
  /// Whether it was sent with `writes_row`.
  [[nodiscard]] bool failed_row() const noexcept { return failed_row_; }

private:
  struct Sent {
    const char* what;
    Handler handler;
    bool writes_row;
    std::string prepares; ///< the text that goes with this answer: a statement's preparation; else ""
  };
  void fail(Error error);
  void begin();
  void send_prepared(std::string_view sql, const PostgresParameters& parameters, Sent sent);
  [[nodiscard]] std::string prepared(std::string_view sql, const char* what);
  void take_answer(const Sent& sent);
  void leave();

  Session& session_;
  ::PGconn* connection_;
  PostgresStatements& statements_;
  std::vector<Sent> sent_;
  bool open_ = false;
  Status status_;
  std::string failed_state_;
  bool failed_row_ = false;
};

} // namespace dovetail::store::detail

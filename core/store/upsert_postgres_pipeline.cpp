// SPDX-License-Identifier: Apache-2.0
#include "core/store/upsert_postgres_pipeline.hpp"

#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include "core/store/session.hpp"

namespace dovetail::store::detail {
namespace {

using mapping::Cell;

constexpr std::size_t array_head_bytes = 20;
constexpr std::size_t flags_offset = 4;
constexpr std::size_t count_offset = 12;
constexpr char jsonb_version = 1;

// PostgreSQL counts from 2000-01-01.
constexpr std::int64_t epoch_days = std::chrono::sys_days{std::chrono::January / 1 / 2000}.time_since_epoch().count();
constexpr std::int64_t epoch_micros = epoch_days * 86'400'000'000;

void store32(char* out, std::uint32_t value) noexcept {
  value = __builtin_bswap32(value);
  std::memcpy(out, &value, sizeof value);
}
void store64(char* out, std::uint64_t value) noexcept {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, sizeof value);
}
static_assert(std::endian::native == std::endian::little);

} // namespace

std::uint32_t oid_of(model::FieldType type) noexcept {
  switch (type) {
  case model::FieldType::integer:
    return oid::int8;
  case model::FieldType::real:
    return oid::float8;
  case model::FieldType::boolean:
    return oid::boolean;
  case model::FieldType::timestamp:
    return oid::timestamptz;
  case model::FieldType::date:
    return oid::date;
  case model::FieldType::json:
    return oid::jsonb;
  case model::FieldType::text:
    break;
  }
  return oid::text;
}

void PostgresArray::begin(std::uint32_t element_oid, std::size_t expected) {
  oid_ = element_oid;
  count_ = 0;
  has_null_ = false;
  buffer_.clear();
  buffer_.reserve(array_head_bytes + expected * 16);
  put32(1); // dimensions
  put32(0); // flags: has nulls
  put32(element_oid);
  put32(0); // elements
  put32(1); // lower bound
}

void PostgresArray::put32(std::uint32_t value) {
  std::array<char, 4> bytes{};
  store32(bytes.data(), value);
  buffer_.append(bytes.data(), bytes.size());
}

void PostgresArray::put64(std::uint64_t value) {
  std::array<char, 12> bytes{};
  store32(bytes.data(), 8);
  store64(bytes.data() + 4, value);
  buffer_.append(bytes.data(), bytes.size());
}

void PostgresArray::add(std::int64_t value) {
  ++count_;
  put64(static_cast<std::uint64_t>(value));
}

void PostgresArray::add(std::string_view text) {
  ++count_;
  put32(static_cast<std::uint32_t>(text.size()));
  buffer_.append(text);
}

void PostgresArray::add(Timestamp time) { add(time.time_since_epoch().count() - epoch_micros); }

void PostgresArray::add_null() {
  ++count_;
  has_null_ = true;
  put32(0xFFFF'FFFFU);
}

void PostgresArray::add(const Cell& cell) {
  switch (cell.kind()) {
  case Cell::Kind::null:
    return add_null();
  case Cell::Kind::text:
    return add(cell.as_text());
  case Cell::Kind::json:
    ++count_;
    put32(static_cast<std::uint32_t>(cell.as_text().size()) + 1);
    buffer_.push_back(jsonb_version);
    buffer_.append(cell.as_text());
    return;
  case Cell::Kind::integer:
    return add(cell.as_integer());
  case Cell::Kind::real:
    ++count_;
    return put64(std::bit_cast<std::uint64_t>(cell.as_real()));
  case Cell::Kind::boolean:
    ++count_;
    put32(1);
    buffer_.push_back(cell.as_boolean() ? 1 : 0);
    return;
  case Cell::Kind::timestamp:
    return add(cell.as_timestamp());
  case Cell::Kind::date:
    ++count_;
    put32(4);
    put32(static_cast<std::uint32_t>(static_cast<std::int32_t>(cell.as_integer() - epoch_days)));
    return;
  }
}

std::string_view PostgresArray::bytes() {
  store32(buffer_.data() + flags_offset, has_null_ ? 1 : 0);
  store32(buffer_.data() + count_offset, count_);
  return buffer_;
}

PostgresParameters& PostgresParameters::add_bytes(const char* data, std::size_t size) {
  values_.push_back(data);
  lengths_.push_back(static_cast<int>(size));
  formats_.push_back(1);
  return *this;
}

PostgresParameters& PostgresParameters::add(std::int64_t value) {
  auto& number = numbers_.emplace_back();
  store64(number.data(), static_cast<std::uint64_t>(value));
  return add_bytes(number.data(), number.size());
}

PostgresParameters& PostgresParameters::add(std::string_view text) {
  return add_bytes(text.data() == nullptr ? "" : text.data(), text.size());
}

PostgresParameters& PostgresParameters::add(Timestamp time) {
  return add(time.time_since_epoch().count() - epoch_micros);
}

PostgresParameters& PostgresParameters::add(const Cell& cell) {
  switch (cell.kind()) {
  case Cell::Kind::text:
    return add(cell.as_text());
  case Cell::Kind::integer:
    return add(cell.as_integer());
  case Cell::Kind::real:
    return add(std::bit_cast<std::int64_t>(cell.as_real()));
  case Cell::Kind::timestamp:
    return add(cell.as_timestamp());
  case Cell::Kind::boolean: {
    auto& number = numbers_.emplace_back();
    number[0] = cell.as_boolean() ? 1 : 0;
    return add_bytes(number.data(), 1);
  }
  case Cell::Kind::date: {
    auto& number = numbers_.emplace_back();
    store32(number.data(), static_cast<std::uint32_t>(static_cast<std::int32_t>(cell.as_integer() - epoch_days)));
    return add_bytes(number.data(), 4);
  }
  case Cell::Kind::null:
  case Cell::Kind::json:
    break;
  }
  return add_null();
}

PostgresParameters& PostgresParameters::add_null() { return add_bytes(nullptr, 0); }

std::int64_t read_int8(const ::PGresult* result, int row, int column) noexcept {
  std::uint64_t value = 0;
  if (PQgetlength(result, row, column) == static_cast<int>(sizeof value)) {
    std::memcpy(&value, PQgetvalue(result, row, column), sizeof value);
  }
  return static_cast<std::int64_t>(__builtin_bswap64(value));
}

bool read_bool(const ::PGresult* result, int row, int column) noexcept {
  return PQgetlength(result, row, column) == 1 && *PQgetvalue(result, row, column) != 0;
}

std::int64_t read_timestamp(const ::PGresult* result, int row, int column) noexcept {
  std::int64_t micros = 0; // "infinity" is the largest number: it stays out of every range
  return __builtin_add_overflow(read_int8(result, row, column), epoch_micros, &micros)
             ? std::numeric_limits<std::int64_t>::max()
             : micros;
}

std::int64_t read_date(const ::PGresult* result, int row, int column) noexcept {
  std::uint32_t value = 0;
  if (PQgetlength(result, row, column) == static_cast<int>(sizeof value)) {
    std::memcpy(&value, PQgetvalue(result, row, column), sizeof value);
  }
  return static_cast<std::int32_t>(__builtin_bswap32(value)) + epoch_days;
}

std::string_view read_text(const ::PGresult* result, int row, int column) noexcept {
  return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

PostgresStatements& PostgresStatements::of(ReadSession& session) {
  return session.attachment<PostgresStatements>("upsert_postgres",
                                                [] { return std::make_unique<PostgresStatements>(); });
}

PostgresPipeline::PostgresPipeline(ReadSession& session)
    : session_(session.session()), connection_(session.postgresql()), statements_(PostgresStatements::of(session)) {}

PostgresPipeline::~PostgresPipeline() {
  if (open_) {
    status_ = Status();
    static_cast<void>(sync());
  }
}

void PostgresPipeline::fail(Error error) {
  if (status_.ok()) {
    status_ = std::move(error);
  }
}

std::string PostgresPipeline::prepared(std::string_view sql, const char* what) {
  auto& entries = statements_.entries_;
  auto& by_sql = statements_.by_sql_;
  if (const auto found = by_sql.find(sql); found != by_sql.end()) {
    entries.splice(entries.begin(), entries, found->second);
    return entries.front().name;
  }
  if (entries.size() >= PostgresStatements::max_statements) {
    // Pipelines take no Close message before libpq 17, but DEALLOCATE is a statement like any other.
    const std::string drop = "DEALLOCATE " + entries.back().name;
    if (PQsendQueryParams(connection_, drop.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 0) {
      fail(postgresql_error(connection_, nullptr, what));
      return {};
    }
    sent_.push_back({what, {}, false, {}});
    by_sql.erase(entries.back().sql);
    entries.pop_back();
  }
  std::string name = "dovetail_" + std::to_string(++statements_.made_);
  if (PQsendPrepare(connection_, name.c_str(), std::string(sql).c_str(), 0, nullptr) == 0) {
    fail(postgresql_error(connection_, nullptr, what));
    return {};
  }
  sent_.push_back({what, {}, false, std::string(sql)});
  entries.push_front({std::string(sql), name});
  by_sql.emplace(entries.front().sql, entries.begin());
  return name;
}

void PostgresPipeline::send(std::string_view sql, const PostgresParameters& parameters, const char* what,
                            Handler handler, bool writes_row) {
  if (!status_.ok()) {
    return;
  }
  if (!open_) {
    if (PQenterPipelineMode(connection_) == 0) {
      fail(postgresql_error(connection_, nullptr, what));
      return;
    }
    open_ = true;
    begin();
  }
  send_prepared(sql, parameters, {what, std::move(handler), writes_row, {}});
}

// The server takes nothing behind a BEGIN that failed, so that nothing runs outside the transaction or as another role.
void PostgresPipeline::begin() {
  const auto& begin = session_.pending_begin();
  if (!begin) {
    return;
  }
  const Sent sent{"beginning a transaction", {}, false, {}};
  send_prepared(begin->write ? "BEGIN" : "BEGIN READ ONLY", {}, sent);
  const std::string tenant = std::to_string(begin->tenant.value);
  PostgresParameters parameters;
  parameters.add(std::string_view(tenant));
  send_prepared("SELECT set_config('role', 'dovetail_runtime', true), set_config('dovetail.tenant_id', $1::text, true)",
                parameters, sent);
}

void PostgresPipeline::send_prepared(std::string_view sql, const PostgresParameters& parameters, Sent sent) {
  if (!status_.ok()) {
    return;
  }
  const std::string name = prepared(sql, sent.what);
  if (!status_.ok()) {
    return;
  }
  if (PQsendQueryPrepared(connection_, name.c_str(), parameters.size(), parameters.values(), parameters.lengths(),
                          parameters.formats(), 1) == 0) {
    fail(postgresql_error(connection_, nullptr, sent.what));
    return;
  }
  sent_.push_back(std::move(sent));
}

void PostgresPipeline::take_answer(const Sent& sent) {
  bool done = false;
  while (::PGresult* const raw = PQgetResult(connection_)) {
    const std::unique_ptr<::PGresult, decltype(&PQclear)> result(raw, &PQclear);
    const ExecStatusType status = PQresultStatus(raw);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      done = true;
      if (sent.handler && status_.ok()) {
        if (Status handled = sent.handler(raw); !handled.ok()) {
          fail(std::move(handled).error());
        }
      }
    } else if (status != PGRES_PIPELINE_ABORTED && failed_state_.empty() && status_.ok()) {
      const char* const state = PQresultErrorField(raw, PG_DIAG_SQLSTATE);
      failed_state_ = state == nullptr ? "" : state;
      failed_row_ = sent.writes_row;
      fail(postgresql_error(connection_, raw, sent.what));
    }
  }
  if (!done) {
    fail(postgresql_error(connection_, nullptr, sent.what)); // only if nothing said why
    // What was not prepared is not known. What was not removed only takes room until the connection closes.
    if (const auto found = statements_.by_sql_.find(sent.prepares);
        !sent.prepares.empty() && found != statements_.by_sql_.end()) {
      const auto entry = found->second;
      statements_.by_sql_.erase(found);
      statements_.entries_.erase(entry);
    }
  }
}

Status PostgresPipeline::sync() {
  if (!open_) {
    return std::exchange(status_, Status());
  }
  if (PQpipelineSync(connection_) == 0) {
    fail(postgresql_error(connection_, nullptr, "sending a page"));
  }
  for (const Sent& sent : sent_) {
    take_answer(sent);
  }
  sent_.clear();
  leave();
  return std::exchange(status_, Status());
}

// Ends the pipeline: the answer to the sync, then back to one statement at a time. A lost connection has neither.
void PostgresPipeline::leave() {
  open_ = false;
  if (PQstatus(connection_) == CONNECTION_OK) {
    if (::PGresult* const end = PQgetResult(connection_)) {
      PQclear(end);
    }
  }
  PQexitPipelineMode(connection_);
  if (PQtransactionStatus(connection_) != PQTRANS_IDLE) {
    session_.drop_pending_begin();
  }
}

} // namespace dovetail::store::detail

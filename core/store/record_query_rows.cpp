// SPDX-License-Identifier: Apache-2.0
#include "core/store/record_query_rows.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/upsert_postgres_pipeline.hpp"
#include "core/store/upsert_sqlite_statements.hpp"

namespace dovetail::store::detail {
namespace {

using mapping::Cell;
using model::FieldType;

Error foreign_value(const TableColumn& column) {
  return data_loss(fmt::format("A row's column \"{}\" holds a value that is no {}: it was not written by this program. "
                               "Correct or delete that row.",
                               column.name, to_string(column.type)));
}

std::optional<Cell> sqlite_cell(const SqliteStatement& statement, int index, FieldType type, RecordRows& rows) {
  switch (type) {
  case FieldType::integer:
    return Cell::integer(statement.integer(index));
  case FieldType::real:
    return Cell::real(statement.real(index));
  case FieldType::boolean:
    return Cell::boolean(statement.integer(index) != 0);
  case FieldType::text:
    return Cell::text(rows.texts.emplace_back(statement.text(index)));
  case FieldType::json:
    return Cell::json(rows.texts.emplace_back(statement.text(index)));
  case FieldType::timestamp:
  case FieldType::date: {
    const auto time = parse_iso8601(statement.text(index));
    if (!time) {
      return std::nullopt;
    }
    return type == FieldType::timestamp
               ? Cell::timestamp(time->time_since_epoch().count())
               : Cell::date(std::chrono::floor<std::chrono::days>(*time).time_since_epoch().count());
  }
  }
  return std::nullopt;
}

// PostgreSQL's range is wider than ours, and has infinities.
std::optional<Cell> in_range(Cell cell) {
  RepairedTexts none;
  Cell copy = cell;
  return make_storable(copy, none) ? std::nullopt : std::optional<Cell>(cell);
}

std::optional<Cell> postgres_cell(const ::PGresult* result, int row, int column, FieldType type, RecordRows& rows) {
  const std::string_view text = read_text(result, row, column);
  switch (type) {
  case FieldType::integer:
    return Cell::integer(read_int8(result, row, column));
  case FieldType::real:
    return Cell::real(std::bit_cast<double>(read_int8(result, row, column)));
  case FieldType::boolean:
    return Cell::boolean(read_bool(result, row, column));
  case FieldType::text:
    return Cell::text(rows.texts.emplace_back(text));
  case FieldType::json:
    return text.empty()
               ? std::nullopt
               : std::optional<Cell>(Cell::json(rows.texts.emplace_back(text.substr(1)))); // behind its version
  case FieldType::timestamp:
    return in_range(Cell::timestamp(read_timestamp(result, row, column)));
  case FieldType::date:
    return in_range(Cell::date(read_date(result, row, column)));
  }
  return std::nullopt;
}

Status read_sqlite(ReadSession& session, TenantId tenant, const RecordPlan& plan, std::int64_t after, std::size_t limit,
                   RecordRows& rows) {
  DOVETAIL_TRY(SqliteStatement statement, SqliteStatements::of(session).use(plan.sql));
  statement.bind(1, tenant.value).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
  std::vector<std::array<char, iso8601_length>> scratch(plan.conditions.size());
  int parameter = 4;
  for (std::size_t i = 0; i < plan.conditions.size(); ++i) {
    if (!plan.conditions[i].value.is_null()) {
      statement.bind(parameter++, plan.conditions[i].value, scratch[i].data());
    }
  }
  for (;;) {
    DOVETAIL_TRY(const bool found, statement.next("reading records"));
    if (!found) {
      return {};
    }
    rows.ids.push_back(statement.integer(0));
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      const int index = static_cast<int>(i) + 1;
      const auto cell = statement.is_null(index) ? Cell() : sqlite_cell(statement, index, plan.columns[i].type, rows);
      if (!cell) {
        return foreign_value(plan.columns[i]);
      }
      rows.cells.push_back(*cell);
    }
  }
}

Status take_postgres(const ::PGresult* result, const RecordPlan& plan, RecordRows& rows) {
  for (int row = 0; row < PQntuples(result); ++row) {
    rows.ids.push_back(read_int8(result, row, 0));
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      const int index = static_cast<int>(i) + 1;
      const auto cell =
          PQgetisnull(result, row, index) != 0 ? Cell() : postgres_cell(result, row, index, plan.columns[i].type, rows);
      if (!cell) {
        return foreign_value(plan.columns[i]);
      }
      rows.cells.push_back(*cell);
    }
  }
  return {};
}

Status read_postgres(ReadSession& session, TenantId tenant, const RecordPlan& plan, std::int64_t after,
                     std::size_t limit, RecordRows& rows) {
  PostgresParameters parameters;
  parameters.add(tenant.value).add(after).add(static_cast<std::int64_t>(limit));
  for (const RecordCondition& condition : plan.conditions) {
    if (!condition.value.is_null()) {
      parameters.add(condition.value);
    }
  }
  PostgresPipeline pipeline(session);
  pipeline.send(plan.sql, parameters, "reading records",
                [&](const ::PGresult* result) -> Status { return take_postgres(result, plan, rows); });
  return pipeline.sync();
}

} // namespace

std::string record_sql(const model::Model& model, const RecordPlan& plan, bool include_inactive, Dialect dialect) {
  const bool sqlite = dialect == Dialect::sqlite;
  const char mark = sqlite ? '?' : '$';
  const auto cast = [&](FieldType type) {
    return sqlite ? std::string() : fmt::format("::{}", sql_type(type, dialect));
  };
  std::string sql = "SELECT id";
  for (const TableColumn& column : plan.columns) {
    sql += ", " + quoted(column.name);
  }
  sql += fmt::format(" FROM {0} WHERE tenant_id = {1}1{2} AND id > {1}2{2}", quoted(model.name), mark,
                     cast(FieldType::integer));
  if (!include_inactive) {
    sql += " AND state = 'active'";
  }
  int parameter = 4;
  for (const RecordCondition& condition : plan.conditions) {
    sql += condition.value.is_null() ? fmt::format(" AND {} IS NULL", quoted(condition.column.name))
                                     : fmt::format(" AND {} = {}{}{}", quoted(condition.column.name), mark, parameter++,
                                                   cast(condition.column.type));
  }
  return sql + fmt::format(" ORDER BY id LIMIT {}3{}", mark, cast(FieldType::integer));
}

Status read_part(ReadSession& session, TenantId tenant, const RecordPlan& plan, std::int64_t after, std::size_t limit,
                 RecordRows& rows) {
  rows.ids.clear();
  rows.cells.clear();
  rows.texts.clear();
  return session.dialect() == Dialect::sqlite ? read_sqlite(session, tenant, plan, after, limit, rows)
                                              : read_postgres(session, tenant, plan, after, limit, rows);
}

} // namespace dovetail::store::detail

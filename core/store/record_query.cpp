// SPDX-License-Identifier: Apache-2.0
#include "core/store/record_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/page_writer_text.hpp"
#include "core/store/record_query_rows.hpp"

namespace dovetail::store {
namespace {

using mapping::Cell;
using model::FieldType;

constexpr std::size_t max_filters = 32;
constexpr std::size_t first_part = 64;
constexpr std::size_t largest_part = 1024;
constexpr std::size_t part_bytes = 4U << 20U;
constexpr std::size_t shown_value_bytes = 60;

std::string known_names(const std::vector<TableColumn>& columns) {
  std::string names;
  for (const TableColumn& column : columns) {
    names += names.empty() ? "" : ", ";
    names += column.name;
  }
  return names;
}

Result<TableColumn> find_column(const model::Model& model, const std::vector<TableColumn>& columns,
                                const std::string& name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const TableColumn& column) { return column.name == name; });
  if (found != columns.end()) {
    return *found;
  }
  return invalid_argument(fmt::format("Model \"{}\" has no column \"{}\". It has: {}.", model.name,
                                      name.substr(0, shown_value_bytes), known_names(columns)));
}

template <typename Number> std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? std::optional<Number>(number) : std::nullopt;
}

std::optional<Cell> parse_instant(std::string_view text) {
  const auto time = parse_iso8601(text);
  return time ? std::optional<Cell>(Cell::timestamp(time->time_since_epoch().count())) : std::nullopt;
}

std::optional<Cell> parse_date(std::string_view text) {
  const auto time = text.size() == iso_date_length ? parse_iso8601(text) : std::nullopt;
  return time ? std::optional<Cell>(Cell::date(std::chrono::floor<std::chrono::days>(*time).time_since_epoch().count()))
              : std::nullopt;
}

std::optional<Cell> parse_value(FieldType type, std::string_view text) {
  switch (type) {
  case FieldType::text:
    return is_storable_text(text) ? std::optional<Cell>(Cell::text(text)) : std::nullopt;
  case FieldType::integer: {
    const auto number = parse_number<std::int64_t>(text);
    return number ? std::optional<Cell>(Cell::integer(*number)) : std::nullopt;
  }
  case FieldType::real: {
    const auto number = parse_number<double>(text);
    return number ? std::optional<Cell>(Cell::real(*number)) : std::nullopt;
  }
  case FieldType::boolean:
    return text == "true" || text == "false" ? std::optional<Cell>(Cell::boolean(text == "true")) : std::nullopt;
  case FieldType::timestamp:
    return parse_instant(text);
  case FieldType::date:
    return parse_date(text);
  case FieldType::json:
    break;
  }
  return std::nullopt;
}

std::string_view example_of(FieldType type) {
  switch (type) {
  case FieldType::integer:
    return "a whole number such as 42";
  case FieldType::real:
    return "a number such as 0.5";
  case FieldType::boolean:
    return "true or false";
  case FieldType::timestamp:
    return "an instant such as 2026-01-05T09:00:00Z";
  case FieldType::date:
    return "a day such as 2026-01-05";
  case FieldType::json:
    return "nothing: JSON can only be asked for null";
  case FieldType::text:
    break;
  }
  return "text in UTF-8";
}

Result<detail::RecordCondition> compile_filter(const model::Model& model, const std::vector<TableColumn>& columns,
                                               const RecordFilter& filter) {
  DOVETAIL_TRY(TableColumn column, find_column(model, columns, filter.field));
  if (!filter.value) {
    return detail::RecordCondition{std::move(column), Cell()};
  }
  const auto value = parse_value(column.type, *filter.value);
  if (!value) {
    return invalid_argument(fmt::format("Column \"{}\" of model \"{}\" cannot be \"{}\": it holds {}.", column.name,
                                        model.name, filter.value->substr(0, shown_value_bytes),
                                        example_of(column.type)));
  }
  return detail::RecordCondition{std::move(column), *value};
}

Result<detail::RecordPlan> compile(const RecordQuery& query, Dialect dialect) {
  const model::Model& model = *query.model;
  const auto known = record_columns(model);
  detail::RecordPlan plan;
  if (query.where.size() > max_filters) {
    return invalid_argument(fmt::format("At most {} conditions can be asked for at once.", max_filters));
  }
  if (query.columns.size() > std::numeric_limits<std::uint16_t>::max()) {
    return invalid_argument("Too many columns were asked for.");
  }
  for (const std::string& name : query.columns) {
    DOVETAIL_TRY(TableColumn column, find_column(model, known, name));
    plan.columns.push_back(std::move(column));
  }
  if (query.columns.empty()) {
    plan.columns = known;
  }
  for (const RecordFilter& filter : query.where) {
    DOVETAIL_TRY(detail::RecordCondition condition, compile_filter(model, known, filter));
    plan.conditions.push_back(std::move(condition));
  }
  plan.sql = detail::record_sql(model, plan, query.include_inactive, dialect);
  return plan;
}

std::size_t bytes_of(const detail::RecordRows& rows) {
  std::size_t bytes = 0;
  for (const Cell& cell : rows.cells) {
    bytes += cell.kind() == Cell::Kind::text || cell.kind() == Cell::Kind::json ? cell.as_text().size() : 0;
  }
  return bytes;
}

} // namespace

std::vector<TableColumn> record_columns(const model::Model& model) {
  auto columns = table_columns(model);
  std::erase_if(columns, [](const TableColumn& column) { return column.name == "tenant_id"; });
  return columns;
}

Status read_records(const TenantScope& scope, const RecordQuery& query, const RecordVisitor& visitor) {
  DOVETAIL_TRY(const detail::RecordPlan plan, compile(query, scope.database.dialect()));
  std::size_t left = query.limit.value_or(std::numeric_limits<std::size_t>::max());
  std::size_t part = first_part;
  std::int64_t after = query.after.value;
  detail::RecordRows rows;
  while (left > 0) {
    const std::size_t wanted = std::min(part, left);
    DOVETAIL_TRY_STATUS(scope.read(
        [&](ReadSession& session) { return detail::read_part(session, scope.tenant, plan, after, wanted, rows); }));
    for (std::size_t i = 0; i < rows.ids.size(); ++i) {
      DOVETAIL_TRY_STATUS(
          visitor({RowId{rows.ids[i]}, std::span(rows.cells).subspan(i * plan.columns.size(), plan.columns.size())}));
    }
    if (rows.ids.size() < wanted) {
      return {};
    }
    after = rows.ids.back();
    left -= rows.ids.size();
    // As many rows as fit in a few MiB, going by those just read.
    part = bytes_of(rows) > part_bytes ? std::max<std::size_t>(1, part / 4) : std::min(part * 2, largest_part);
  }
  return {};
}

} // namespace dovetail::store

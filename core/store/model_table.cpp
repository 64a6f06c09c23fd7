// SPDX-License-Identifier: Apache-2.0
#include "core/store/model_table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include <fmt/format.h>

#include "core/store/derived.hpp"
#include "core/store/upsert_postgres_sql.hpp"

namespace dovetail::store {
namespace {

using model::DerivedField;
using model::Field;
using model::FieldType;
using model::Model;

// PostgreSQL cuts identifiers at 63 bytes; an index's name is built from the model's and its fields'.
constexpr std::size_t max_name_bytes = 48;
constexpr std::size_t max_identifier_bytes = 63;
// SQLite binds at most 2000 columns and PostgreSQL stores at most 1600; a model that wants more than this is a mistake.
constexpr std::size_t max_fields = 256;

constexpr std::array<std::string_view, 5> leading_columns{"tenant_id", "id", "provider", "connection_id",
                                                          "external_id"};
constexpr std::array<std::string_view, 5> trailing_columns{"source_updated_at", "content_hash", "state", "created_at",
                                                           "updated_at"};

TableColumn own(std::string_view name, FieldType type, bool nullable = false) {
  return {std::string(name), type, nullable, TableColumn::Origin::own};
}

bool is_own_column(std::string_view name) {
  return std::find(leading_columns.begin(), leading_columns.end(), name) != leading_columns.end() ||
         std::find(trailing_columns.begin(), trailing_columns.end(), name) != trailing_columns.end();
}

Status check_name(const Model& model, std::string_view what, std::string_view name) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
  };
  if (!name.empty() && name.size() <= max_name_bytes && name.front() >= 'a' && name.front() <= 'z' &&
      std::all_of(name.begin(), name.end(), fits) && !name.starts_with("sqlite_") && !name.starts_with("pg_")) {
    return {};
  }
  return invalid_argument(
      fmt::format("Model \"{}\": the {} name \"{}\" cannot be an SQL name: give 1 to {} characters of a-z, 0-9 and "
                  "'_', beginning with a letter, not with \"sqlite_\" or \"pg_\".",
                  model.name.substr(0, max_name_bytes), what, name.substr(0, max_name_bytes), max_name_bytes));
}

Status check_fields(const Model& model) {
  DOVETAIL_TRY_STATUS(check_name(model, "model", model.name));
  if (model.fields.size() + model.derived.size() > max_fields) {
    return invalid_argument(fmt::format("Model \"{}\" has more than {} fields: split it.", model.name, max_fields));
  }
  std::set<std::string_view> names;
  const auto check = [&](const std::string& name) -> Status {
    DOVETAIL_TRY_STATUS(check_name(model, "field", name));
    if (is_own_column(name)) {
      return invalid_argument(fmt::format(
          "Model \"{}\": every table has a column \"{}\" already: give the field another name.", model.name, name));
    }
    if (!names.insert(name).second) {
      return invalid_argument(
          fmt::format("Model \"{}\" declares the field \"{}\" twice: remove one.", model.name, name));
    }
    return {};
  };
  for (const Field& field : model.fields) {
    DOVETAIL_TRY_STATUS(check(field.name));
  }
  for (const DerivedField& derived : model.derived) {
    DOVETAIL_TRY_STATUS(check(derived.field.name));
  }
  return {};
}

Status check_index(const Model& model, std::span<const std::string> fields, std::string_view what) {
  if (fields.empty() || fields.size() > 8) {
    return invalid_argument(fmt::format("Model \"{}\": an {} names 1 to 8 fields.", model.name, what));
  }
  const auto columns = table_columns(model);
  for (const std::string& name : fields) {
    const auto column =
        std::find_if(columns.begin(), columns.end(), [&](const TableColumn& each) { return each.name == name; });
    if (column == columns.end() || name == "tenant_id") {
      return invalid_argument(fmt::format("Model \"{}\": an {} names \"{}\", which is none of its fields.", model.name,
                                          what, name.substr(0, max_name_bytes)));
    }
    if (column->type == FieldType::json) {
      return invalid_argument(
          fmt::format("Model \"{}\": an {} names \"{}\", which is JSON and has no order.", model.name, what, name));
    }
  }
  return {};
}

Status check_match_rule(const Model& model, const MatchRule& rule) {
  DOVETAIL_TRY_STATUS(check_index(model, rule, "match rule"));
  for (const std::string& name : rule) {
    const Field* const field = model.find(name);
    const bool declared =
        std::any_of(model.fields.begin(), model.fields.end(), [&](const Field& each) { return each.name == name; });
    if (!declared || (field->type != FieldType::text && field->type != FieldType::integer)) {
      return invalid_argument(fmt::format(
          "Model \"{}\": the match rule's field \"{}\" has to be a declared text or integer.", model.name, name));
    }
  }
  return {};
}

// FNV-1a: a short stable tail for names that were cut.
std::uint32_t short_hash(std::string_view text) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 16'777'619U;
  }
  return hash;
}

std::string index_name(std::string_view table, std::span<const std::string> fields, std::string_view kind) {
  std::string name(table);
  for (const std::string& field : fields) {
    name += '_';
    name += field;
  }
  name += '_';
  name += kind;
  if (name.size() > max_identifier_bytes) {
    const auto tail = fmt::format("_{:08x}", short_hash(name));
    name.resize(max_identifier_bytes - tail.size());
    name += tail;
  }
  return name;
}

std::string column_definition(const TableColumn& column, const Model& model, Dialect dialect) {
  std::string text = fmt::format("{} {}", quoted(column.name), sql_type(column.type, dialect));
  if (dialect == Dialect::postgresql && column.type == FieldType::text) {
    text += " COLLATE \"C\""; // the order that SQLite has too, and the quickest
  }
  if (column.origin == TableColumn::Origin::generated) {
    const auto derived = std::find_if(model.derived.begin(), model.derived.end(),
                                      [&](const DerivedField& each) { return each.field.name == column.name; });
    // SQLite can add a generated column to a table that has rows only if it is computed on reading.
    text += fmt::format(" GENERATED ALWAYS AS ({}) {}", seconds_between_expression(model, *derived, dialect),
                        dialect == Dialect::sqlite ? "VIRTUAL" : "STORED");
  } else if (!column.nullable) {
    text += " NOT NULL";
  }
  return text;
}

} // namespace

std::vector<TableColumn> table_columns(const Model& model) {
  std::vector<TableColumn> columns{own("tenant_id", FieldType::integer), own("id", FieldType::integer),
                                   own("provider", FieldType::text), own("connection_id", FieldType::integer),
                                   own("external_id", FieldType::text)};
  for (const Field& field : model.fields) {
    columns.push_back({field.name, field.type, true, TableColumn::Origin::declared});
  }
  for (const DerivedField& derived : model.derived) {
    columns.push_back({derived.field.name, derived.field.type, true,
                       derived.kind == DerivedField::Kind::seconds_between ? TableColumn::Origin::generated
                                                                           : TableColumn::Origin::computed});
  }
  columns.push_back(own("source_updated_at", FieldType::timestamp, true));
  columns.push_back(own("content_hash", FieldType::integer));
  columns.push_back(own("state", FieldType::text));
  columns.push_back(own("created_at", FieldType::timestamp));
  columns.push_back(own("updated_at", FieldType::timestamp));
  return columns;
}

std::string quoted(std::string_view identifier) {
  std::string text = "\"";
  for (const char letter : identifier) {
    text += letter;
    if (letter == '"') {
      text += '"';
    }
  }
  return text += '"';
}

std::string sql_literal(std::string_view text) {
  std::string literal = "'";
  for (const char letter : text) {
    literal += letter;
    if (letter == '\'') {
      literal += '\'';
    }
  }
  return literal += '\'';
}

std::string_view sql_type(FieldType type, Dialect dialect) noexcept {
  const bool sqlite = dialect == Dialect::sqlite;
  switch (type) {
  case FieldType::integer:
    return sqlite ? "INTEGER" : "bigint";
  case FieldType::real:
    return sqlite ? "REAL" : "double precision";
  case FieldType::boolean:
    return sqlite ? "INTEGER" : "boolean";
  case FieldType::timestamp:
    return sqlite ? "TEXT" : "timestamptz";
  case FieldType::date:
    return sqlite ? "TEXT" : "date";
  case FieldType::json:
    return sqlite ? "TEXT" : "jsonb";
  case FieldType::text:
    break;
  }
  return sqlite ? "TEXT" : "text";
}

Status check_tables(std::span<const TableSpec> models) {
  std::set<std::string_view> names;
  for (const TableSpec& spec : models) {
    const Model& model = *spec.model;
    DOVETAIL_TRY_STATUS(check_fields(model));
    if (!names.insert(model.name).second) {
      return invalid_argument(fmt::format("There are two models named \"{}\": remove one.", model.name));
    }
    for (const DerivedField& derived : model.derived) {
      DOVETAIL_TRY_STATUS(check_derived(model, derived, models));
    }
    for (const auto& index : model.indexes) {
      DOVETAIL_TRY_STATUS(check_index(model, index, "index"));
    }
    for (const MatchRule& rule : spec.match_by) {
      DOVETAIL_TRY_STATUS(check_match_rule(model, rule));
    }
  }
  return {};
}

namespace detail {

std::string match_operand(std::string_view column, FieldType type, Dialect dialect) {
  if (type != FieldType::text) {
    return std::string(column);
  }
  return dialect == Dialect::sqlite ? fmt::format("lower({})", column)
                                    : fmt::format("{} COLLATE {}", column, quoted(ignore_case_collation));
}

std::vector<std::string> index_statements(const TableSpec& spec, std::span<const TableSpec> models, Dialect dialect) {
  const Model& model = *spec.model;
  std::set<std::string> made;
  std::vector<std::string> statements;
  const auto add = [&](std::span<const std::string> fields, std::string_view kind) {
    const std::string name = index_name(model.name, fields, kind);
    if (!made.insert(name).second) {
      return;
    }
    std::string columns = "tenant_id";
    for (const std::string& field : fields) {
      const Field* const declared = model.find(field);
      columns += ", ";
      columns += kind == "match" && declared != nullptr ? match_operand(quoted(field), declared->type, dialect)
                                                        : quoted(field);
    }
    statements.push_back(
        fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})", quoted(name), quoted(model.name), columns));
  };
  for (const auto& index : model.indexes) {
    add(index, "index");
  }
  for (const MatchRule& rule : spec.match_by) {
    add(rule, "match");
  }
  for (const std::string& key : derived_key_fields(model, models)) {
    const bool covered = std::any_of(model.indexes.begin(), model.indexes.end(),
                                     [&](const auto& index) { return index.front() == key; });
    if (!covered) {
      add(std::span(&key, 1), "index");
    }
  }
  return statements;
}

} // namespace detail

std::vector<std::string> create_statements(const TableSpec& spec, std::span<const TableSpec> models, Dialect dialect) {
  const Model& model = *spec.model;
  std::string table = fmt::format("CREATE TABLE {} (", quoted(model.name));
  for (const TableColumn& column : table_columns(model)) {
    table += fmt::format("{}, ", column_definition(column, model, dialect));
  }
  table += "PRIMARY KEY (tenant_id, id))";
  if (dialect == Dialect::sqlite) {
    table += " STRICT";
  }
  std::vector<std::string> statements{std::move(table)};
  for (std::string& statement : detail::index_statements(spec, models, dialect)) {
    statements.push_back(std::move(statement));
  }
  return statements;
}

std::string detail::add_column_statement(const TableColumn& column, const Model& model, Dialect dialect) {
  return fmt::format("ALTER TABLE {} ADD COLUMN {}", quoted(model.name), column_definition(column, model, dialect));
}

} // namespace dovetail::store

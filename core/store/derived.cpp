// SPDX-License-Identifier: Apache-2.0
#include "core/store/derived.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace dovetail::store {
namespace {

using model::Condition;
using model::DerivedField;
using model::Field;
using model::FieldType;
using model::Model;

const Model* find_model(std::span<const TableSpec> models, std::string_view name) {
  const auto found =
      std::find_if(models.begin(), models.end(), [&](const TableSpec& spec) { return spec.model->name == name; });
  return found == models.end() ? nullptr : found->model;
}

const Field* find_declared(const Model& model, std::string_view name) {
  const auto found =
      std::find_if(model.fields.begin(), model.fields.end(), [&](const Field& field) { return field.name == name; });
  return found == model.fields.end() ? nullptr : &*found;
}

// A declared field, or a min_of before `self`: what seconds_between may look at. PostgreSQL lets no generated column name another.
const Field* find_operand(const Model& model, const DerivedField& self, std::string_view name) {
  if (const Field* const declared = find_declared(model, name)) {
    return declared;
  }
  for (const DerivedField& derived : model.derived) {
    if (derived.field.name == self.field.name) {
      break;
    }
    if (derived.field.name == name && derived.kind == DerivedField::Kind::min_of) {
      return &derived.field;
    }
  }
  return nullptr;
}

Error wrong(const Model& model, const DerivedField& derived, std::string_view why) {
  return invalid_argument(fmt::format("Model \"{}\", derived field \"{}\": {}", model.name, derived.field.name, why));
}

Status check_seconds_between(const Model& model, const DerivedField& derived) {
  if (derived.field.type != FieldType::integer) {
    return wrong(model, derived, "seconds_between yields whole seconds: declare it as an integer.");
  }
  for (const std::string& name : {derived.from, derived.to}) {
    const Field* const operand = find_operand(model, derived, name);
    if (operand == nullptr) {
      return wrong(model, derived, fmt::format("\"{}\" is neither a field nor a min_of that stands before it.", name));
    }
    if (operand->type != FieldType::timestamp && operand->type != FieldType::date) {
      return wrong(model, derived, fmt::format("\"{}\" is neither a timestamp nor a date.", name));
    }
  }
  return {};
}

bool parses_as_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

Status check_condition(const Model& model, const DerivedField& derived, const Model& other,
                       const Condition& condition) {
  const Field* const field = find_declared(other, condition.field);
  if (field == nullptr) {
    return wrong(
        model, derived,
        fmt::format("a condition names \"{}\", which is no declared field of \"{}\".", condition.field, other.name));
  }
  switch (condition.kind) {
  case Condition::Kind::is_null:
  case Condition::Kind::is_not_null:
    return {};
  case Condition::Kind::not_equals_field: {
    const Field* const mine = find_declared(model, condition.value);
    if (mine == nullptr || mine->type != field->type || field->type == FieldType::json) {
      return wrong(model, derived,
                   fmt::format("a condition compares \"{}\" with \"{}\", which is no declared field of the same type.",
                               condition.field, condition.value));
    }
    return {};
  }
  case Condition::Kind::equals:
  case Condition::Kind::not_equals: {
    const bool plain = std::none_of(condition.value.begin(), condition.value.end(),
                                    [](char letter) { return static_cast<unsigned char>(letter) < 0x20U; });
    const bool fits =
        field->type == FieldType::text
            ? plain
            : (field->type == FieldType::integer
                   ? parses_as_integer(condition.value)
                   : field->type == FieldType::boolean && (condition.value == "true" || condition.value == "false"));
    if (!fits) {
      return wrong(model, derived,
                   fmt::format("a condition compares \"{}\" with a value that its type does not have: compare texts, "
                               "integers, or true and "
                               "false.",
                               condition.field));
    }
    return {};
  }
  }
  return {};
}

Status check_min_of(const Model& model, const DerivedField& derived, std::span<const TableSpec> models) {
  const Model* const other = find_model(models, derived.of_model);
  if (other == nullptr || other == &model) {
    return wrong(model, derived, fmt::format("there is no other model \"{}\".", derived.of_model));
  }
  const Field* const of_field = find_declared(*other, derived.of_field);
  if (of_field == nullptr || of_field->type != derived.field.type || of_field->type == FieldType::json ||
      of_field->type == FieldType::boolean) {
    return wrong(model, derived,
                 fmt::format("\"{}\" of \"{}\" has to be a declared field of the same type that has an order.",
                             derived.of_field, other->name));
  }
  const Field* const key = find_declared(model, derived.key);
  const Field* const of_key = find_declared(*other, derived.of_key);
  if (key == nullptr || of_key == nullptr || key->type != of_key->type ||
      (key->type != FieldType::text && key->type != FieldType::integer)) {
    return wrong(model, derived,
                 fmt::format("\"{}\" here and \"{}\" of \"{}\" have to be declared, both texts or both integers.",
                             derived.key, derived.of_key, other->name));
  }
  for (const Condition& condition : derived.where) {
    DOVETAIL_TRY_STATUS(check_condition(model, derived, *other, condition));
  }
  return {};
}

std::string literal_of(const Field& field, std::string_view value, Dialect dialect) {
  if (field.type == FieldType::text) {
    return sql_literal(value);
  }
  if (field.type == FieldType::boolean && dialect == Dialect::sqlite) {
    return value == "true" ? "1" : "0";
  }
  return std::string(value);
}

// Null counts as a value that differs from every other: a review without an author is not the author's own.
std::string condition_sql(const Model& other, const Condition& condition, Dialect dialect) {
  const std::string column = "c." + quoted(condition.field);
  const std::string_view differs = dialect == Dialect::sqlite ? "IS NOT" : "IS DISTINCT FROM";
  const Field& field = *find_declared(other, condition.field);
  switch (condition.kind) {
  case Condition::Kind::is_null:
    return column + " IS NULL";
  case Condition::Kind::is_not_null:
    return column + " IS NOT NULL";
  case Condition::Kind::equals:
    return fmt::format("{} = {}", column, literal_of(field, condition.value, dialect));
  case Condition::Kind::not_equals:
    return fmt::format("{} {} {}", column, differs, literal_of(field, condition.value, dialect));
  case Condition::Kind::not_equals_field:
    return fmt::format("{} {} q.{}", column, differs, quoted(condition.value));
  }
  return {};
}

// The answer for the row `q` of the model.
std::string least_of(const DerivedField& derived, const Model& other, Dialect dialect) {
  std::string sql =
      fmt::format("(SELECT min(c.{}) FROM {} AS c WHERE c.tenant_id = q.tenant_id AND c.{} = q.{} AND "
                  "c.connection_id = q.connection_id AND c.state = 'active'",
                  quoted(derived.of_field), quoted(other.name), quoted(derived.of_key), quoted(derived.key));
  for (const Condition& condition : derived.where) {
    sql += " AND " + condition_sql(other, condition, dialect);
  }
  return sql + ")";
}

MinOf compile(const Model& model, const DerivedField& derived, const Model& other, Dialect dialect) {
  MinOf field{&model, &other, &derived, find_declared(model, derived.key)->type, {}, {}, {}, {}, {}};
  const std::string table = quoted(model.name);
  const std::string column = quoted(derived.field.name);
  const std::string key = quoted(derived.key);
  const std::string least = least_of(derived, other, dialect);
  const bool sqlite = dialect == Dialect::sqlite;
  const auto update = [&](std::string_view now, std::string_view rows, std::string_view tenant) {
    // Rows whose answer stays are not written.
    return fmt::format("UPDATE {0} AS p SET {1} = n.value, updated_at = {2} FROM (SELECT q.tenant_id, q.id, {3} AS "
                       "value FROM {4}) AS n "
                       "WHERE p.tenant_id = {5} AND p.id = n.id AND p.{1} {6} n.value",
                       table, column, now, least, rows, tenant, sqlite ? "IS NOT" : "IS DISTINCT FROM");
  };
  if (sqlite) {
    field.by_id = update("?2", fmt::format("{} AS q WHERE q.tenant_id = ?1 AND q.id = ?3", table), "?1");
    field.differs_by_id = fmt::format("SELECT 1 FROM {} AS q WHERE q.tenant_id = ?1 AND q.id = ?2 AND q.{} IS NOT {}",
                                      table, column, least);
    field.any_other = fmt::format("SELECT 1 FROM {} WHERE tenant_id = ?1 LIMIT 1", quoted(other.name));
    field.by_key = update(
        "?2", fmt::format("{} AS q WHERE q.tenant_id = ?1 AND q.{} = ?4 AND q.connection_id = ?3", table, key), "?1");
    field.all = update("?1", table + " AS q", "n.tenant_id");
    return field;
  }
  const std::string_view key_type = sql_type(field.key_type, dialect);
  field.by_id = update(
      "$2::timestamptz",
      fmt::format(
          "unnest($3::bigint[]) AS k(id) CROSS JOIN LATERAL (SELECT * FROM {} AS r WHERE r.tenant_id = $1::bigint "
          "AND r.id = k.id LIMIT 1) AS q",
          table),
      "$1::bigint");
  // OFFSET 0 keeps the probe a probe: without it the planner may join the whole table.
  field.by_key = update(
      "$2::timestamptz",
      fmt::format(
          "unnest($4::{}[]) AS k(key) CROSS JOIN LATERAL (SELECT * FROM {} AS r WHERE r.tenant_id = $1::bigint AND "
          "r.{} = k.key AND r.connection_id = $3::bigint OFFSET 0) AS q",
          key_type, table, key),
      "$1::bigint");
  field.all = update("$1::timestamptz", table + " AS q", "n.tenant_id");
  return field;
}

std::string instant_sql(const Field& field, Dialect dialect) {
  const std::string column = quoted(field.name);
  if (dialect == Dialect::sqlite) {
    // Texts of both types: the milliseconds of "YYYY-MM-DDTHH:MM:SS.mmmZ"; a date has none, and its cut is ''.
    return fmt::format("(unixepoch({0}) * 1000 + CAST(substr({0}, 21, 3) AS INTEGER))", column);
  }
  // What a generated column calls must not depend on the session's time zone.
  return field.type == FieldType::date ? fmt::format("({}::timestamp AT TIME ZONE 'UTC')", column) : column;
}

std::string_view kind_name(Condition::Kind kind) {
  switch (kind) {
  case Condition::Kind::equals:
    return "=";
  case Condition::Kind::not_equals:
    return "<>";
  case Condition::Kind::is_null:
    return "is null";
  case Condition::Kind::is_not_null:
    return "is not null";
  case Condition::Kind::not_equals_field:
    return "<> own";
  }
  return "";
}

} // namespace

Status check_derived(const Model& model, const DerivedField& derived, std::span<const TableSpec> models) {
  return derived.kind == DerivedField::Kind::seconds_between ? check_seconds_between(model, derived)
                                                             : check_min_of(model, derived, models);
}

std::string seconds_between_expression(const Model& model, const DerivedField& derived, Dialect dialect) {
  const std::string from = instant_sql(*find_operand(model, derived, derived.from), dialect);
  const std::string to = instant_sql(*find_operand(model, derived, derived.to), dialect);
  if (dialect == Dialect::postgresql) {
    return fmt::format("trunc(extract(epoch FROM ({} - {})))::bigint", to, from);
  }
  // SQLite computes it for each row that is written, although it does not store it: no instant is taken apart in vain.
  return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE ({} - {}) / 1000 END", quoted(derived.to), to, from);
}

std::vector<MinOf> min_of_fields(const Model& model, std::span<const TableSpec> models, Dialect dialect) {
  std::vector<MinOf> fields;
  for (const DerivedField& derived : model.derived) {
    const Model* const other = find_model(models, derived.of_model);
    if (derived.kind == DerivedField::Kind::min_of && other != nullptr) {
      fields.push_back(compile(model, derived, *other, dialect));
    }
  }
  return fields;
}

std::vector<MinOf> min_of_fields_over(const Model& model, std::span<const TableSpec> models, Dialect dialect) {
  std::vector<MinOf> fields;
  for (const TableSpec& spec : models) {
    for (const DerivedField& derived : spec.model->derived) {
      if (derived.kind == DerivedField::Kind::min_of && derived.of_model == model.name) {
        fields.push_back(compile(*spec.model, derived, model, dialect));
      }
    }
  }
  return fields;
}

std::vector<std::string> derived_key_fields(const Model& model, std::span<const TableSpec> models) {
  std::vector<std::string> keys;
  const auto add = [&keys](const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(key);
    }
  };
  for (const TableSpec& spec : models) {
    for (const DerivedField& derived : spec.model->derived) {
      if (derived.kind != DerivedField::Kind::min_of) {
        continue;
      }
      if (spec.model->name == model.name) {
        add(derived.key);
      }
      if (derived.of_model == model.name) {
        add(derived.of_key);
      }
    }
  }
  return keys;
}

std::string describe(const DerivedField& derived) {
  if (derived.kind == DerivedField::Kind::seconds_between) {
    return fmt::format("seconds_between {} {}", derived.from, derived.to);
  }
  std::string text =
      fmt::format("min_of {}.{} by {} = {}", derived.of_model, derived.of_field, derived.of_key, derived.key);
  for (const Condition& condition : derived.where) {
    text += fmt::format(", {} {} {}", condition.field, kind_name(condition.kind), condition.value);
  }
  return text;
}

} // namespace dovetail::store

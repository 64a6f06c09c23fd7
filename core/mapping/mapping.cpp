// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/mapping.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "core/json/pointer.hpp"

namespace dovetail::mapping {
namespace {

using json::Kind;
using json::Value;

constexpr std::string_view page_prefix = "$page/";
constexpr std::string_view what_a_source_is =
    "a JSON pointer, \"$page/<name>\", or an object with one of \"from\", \"const\", \"concat\", \"firstOf\", \"find\"";

Error wrong(const Value& at, std::string_view message) {
  return invalid_argument(fmt::format("\"{}\": {}", at.pointer(), message));
}

/// Refuses members that nobody reads: a misspelt option must not be ignored.
Status check_members(const Value& object, std::initializer_list<std::string_view> allowed) {
  for (const auto& [name, value] : object.members()) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      std::string names;
      for (const std::string_view one : allowed) {
        names += names.empty() ? "" : ", ";
        names += one;
      }
      return wrong(value, fmt::format("not known here; known are {}", names));
    }
  }
  return {};
}

Result<std::string> read_text(const Value& value, std::string_view what, std::size_t max_bytes) {
  const auto text = value.as_string();
  if (!text) {
    return wrong(value, fmt::format("{} must be a text", what));
  }
  if (text->size() > max_bytes) {
    return wrong(value, fmt::format("{} is longer than {} bytes", what, max_bytes));
  }
  return std::string(*text);
}

/// A member that must be there.
Result<Value> member(const Value& object, std::string_view name) {
  const Value found = object[name];
  if (!found.exists()) {
    return wrong(object, fmt::format("\"{}\" is missing", name));
  }
  return found;
}

Result<std::string> read_pointer(const Value& value) {
  DOVETAIL_TRY(auto pointer, read_text(value, "a JSON pointer", max_pointer_bytes));
  const auto steps = json::split_pointer(pointer);
  if (!steps.ok()) {
    return wrong(
        value,
        fmt::format("\"{}\" is no JSON pointer: it must be empty or begin with '/', and '~' stands only in ~0 and ~1",
                    pointer));
  }
  if (steps->size() > max_pointer_depth) {
    return wrong(value,
                 fmt::format("the pointer has {} steps, at most {} are allowed", steps->size(), max_pointer_depth));
  }
  return pointer;
}

Result<Scalar> read_scalar(const Value& value) {
  Scalar scalar;
  switch (value.kind()) {
  case Kind::null:
    return scalar;
  case Kind::boolean:
    scalar.kind = Scalar::Kind::boolean;
    scalar.text = *value.as_bool() ? "true" : "false";
    return scalar;
  case Kind::integer:
  case Kind::real:
    scalar.kind = Scalar::Kind::number;
    scalar.text = value.dump();
    return scalar;
  case Kind::string: {
    scalar.kind = Scalar::Kind::string;
    DOVETAIL_TRY(scalar.text, read_text(value, "a constant", max_literal_bytes));
    return scalar;
  }
  default:
    return wrong(value, "must be a text, a number, true, false or null");
  }
}

Result<Expression> read_expression(const Value& value, std::size_t depth);

Result<Expression> read_shorthand(const Value& value) {
  DOVETAIL_TRY(auto text, read_text(value, "a source", max_pointer_bytes));
  Expression expression;
  if (text.starts_with(page_prefix)) {
    expression.kind = Expression::Kind::page_constant;
    expression.name = text.substr(page_prefix.size());
    if (expression.name.empty()) {
      return wrong(value, "\"$page/\" must be followed by the constant's name");
    }
    return expression;
  }
  expression.kind = Expression::Kind::pointer;
  DOVETAIL_TRY(expression.pointer, read_pointer(value));
  return expression;
}

Result<Expression> read_parts(const Value& list, Expression::Kind kind, std::size_t depth) {
  if (!list.is_array() || list.size() == 0 || list.size() > max_parts) {
    return wrong(list, fmt::format("must be an array of 1 to {} sources", max_parts));
  }
  Expression expression;
  expression.kind = kind;
  for (const Value part : list.elements()) {
    DOVETAIL_TRY(auto read, read_expression(part, depth + 1));
    expression.parts.push_back(std::move(read));
  }
  return expression;
}

Result<Expression> read_find(const Value& object) {
  Expression expression;
  expression.kind = Expression::Kind::find;
  DOVETAIL_TRY(const auto find, member(object, "find"));
  if (!find.is_object()) {
    return wrong(find, "must be an object with \"in\", \"where\" and \"equals\"");
  }
  DOVETAIL_TRY_STATUS(check_members(find, {"in", "where", "equals"}));
  DOVETAIL_TRY(const auto in, member(find, "in"));
  DOVETAIL_TRY(expression.pointer, read_pointer(in));
  DOVETAIL_TRY(const auto where, member(find, "where"));
  DOVETAIL_TRY(expression.where, read_pointer(where));
  DOVETAIL_TRY(const auto equals, member(find, "equals"));
  DOVETAIL_TRY(auto wanted, read_scalar(equals));
  if (wanted.kind == Scalar::Kind::null) {
    return wrong(equals, "null equals nothing: name a text, a number, true or false");
  }
  expression.equals = std::move(wanted.text);
  DOVETAIL_TRY(const auto take, member(object, "take"));
  DOVETAIL_TRY(expression.take, read_pointer(take));
  return expression;
}

/// The source in an object; its other members (enum, format ...) are the caller's.
Result<Expression> read_object_source(const Value& value, std::size_t depth) {
  constexpr std::array<std::string_view, 5> kinds{"from", "const", "concat", "firstOf", "find"};
  const auto given =
      std::count_if(kinds.begin(), kinds.end(), [&](std::string_view name) { return value[name].exists(); });
  if (given != 1) {
    return wrong(value, fmt::format("must be {}", what_a_source_is));
  }
  Expression expression;
  if (value["from"].exists()) {
    DOVETAIL_TRY(expression, read_shorthand(value["from"]));
  } else if (value["const"].exists()) {
    DOVETAIL_TRY(expression.literal, read_scalar(value["const"]));
  } else if (value["concat"].exists()) {
    DOVETAIL_TRY(expression, read_parts(value["concat"], Expression::Kind::concat, depth));
  } else if (value["firstOf"].exists()) {
    DOVETAIL_TRY(expression, read_parts(value["firstOf"], Expression::Kind::first_of, depth));
  } else {
    DOVETAIL_TRY(expression, read_find(value));
  }
  const Value embedded = value["embedded"];
  if (embedded.exists()) {
    if (expression.kind != Expression::Kind::pointer && expression.kind != Expression::Kind::find) {
      return wrong(embedded, "goes with a \"from\" that is a JSON pointer, or with \"find\"");
    }
    DOVETAIL_TRY(expression.embedded, read_pointer(embedded));
  }
  if (value["take"].exists() && expression.kind != Expression::Kind::find) {
    return wrong(value["take"], "goes with \"find\"");
  }
  return expression;
}

/// A source where nothing else may stand beside it.
Result<Expression> read_expression(const Value& value, std::size_t depth) {
  if (depth > max_expression_depth) {
    return wrong(value, fmt::format("concat and firstOf are nested more than {} deep", max_expression_depth));
  }
  if (value.is_string()) {
    return read_shorthand(value);
  }
  if (!value.is_object()) {
    return wrong(value, fmt::format("must be {}", what_a_source_is));
  }
  DOVETAIL_TRY_STATUS(check_members(value, {"from", "const", "concat", "firstOf", "find", "take", "embedded"}));
  return read_object_source(value, depth);
}

Status read_enum(const Value& value, FieldMapping& field) {
  const Value entries = value["enum"];
  if (entries.exists()) {
    if (!entries.is_object() || entries.size() == 0 || entries.size() > max_enum_entries) {
      return wrong(entries,
                   fmt::format("must be an object of 1 to {} members: text at the source -> value", max_enum_entries));
    }
    for (const auto& [text, mapped] : entries.members()) {
      DOVETAIL_TRY(auto scalar, read_scalar(mapped));
      field.enum_entries.emplace_back(std::string(text), std::move(scalar));
    }
  }
  const Value otherwise = value["default"];
  if (otherwise.exists()) {
    if (!entries.exists()) {
      return wrong(otherwise, "needs an \"enum\": it stands for the texts that the enum lacks");
    }
    DOVETAIL_TRY(field.enum_default, read_scalar(otherwise));
  }
  const Value keep = value["keepUnknown"];
  if (keep.exists()) {
    if (!keep.as_bool()) {
      return wrong(keep, "must be true or false");
    }
    if (!entries.exists() || otherwise.exists()) {
      return wrong(keep, "goes with an \"enum\" that has no \"default\": what the enum lacks stays as it came");
    }
    field.keep_unknown = *keep.as_bool();
  }
  return {};
}

Result<FieldMapping> read_field(std::string name, const Value& value) {
  FieldMapping field;
  field.field = std::move(name);
  if (value.is_string()) {
    DOVETAIL_TRY(field.from, read_shorthand(value));
    return field;
  }
  if (!value.is_object()) {
    return wrong(value, fmt::format("must be {}", what_a_source_is));
  }
  DOVETAIL_TRY_STATUS(check_members(value, {"from", "const", "concat", "firstOf", "find", "take", "embedded", "enum",
                                            "default", "keepUnknown", "format"}));
  DOVETAIL_TRY(field.from, read_object_source(value, 0));
  DOVETAIL_TRY_STATUS(read_enum(value, field));
  const Value format = value["format"];
  if (format.exists()) {
    const auto text = format.as_string();
    if (text == "epoch_s") {
      field.format = TimeFormat::epoch_s;
    } else if (text == "epoch_ms") {
      field.format = TimeFormat::epoch_ms;
    } else if (text != "iso8601") {
      return wrong(format, "must be \"iso8601\", \"epoch_s\" or \"epoch_ms\"");
    }
  }
  return field;
}

/// One scalar, or any of an array of them.
Status read_wanted(const Value& value, std::vector<Scalar>& wanted) {
  if (!value.is_array()) {
    DOVETAIL_TRY(auto scalar, read_scalar(value));
    wanted.push_back(std::move(scalar));
    return {};
  }
  if (value.size() == 0 || value.size() > max_enum_entries) {
    return wrong(value, fmt::format("must be an array of 1 to {} values", max_enum_entries));
  }
  for (const Value one : value.elements()) {
    DOVETAIL_TRY(auto scalar, read_scalar(one));
    wanted.push_back(std::move(scalar));
  }
  return {};
}

Result<RecordRule> read_condition(const Value& value, std::string_view meaning) {
  RecordRule rule;
  if (!value.is_object()) {
    return wrong(value, "must be an object: a source and one of \"equals\", \"in\", \"present\"");
  }
  DOVETAIL_TRY_STATUS(
      check_members(value, {"from", "concat", "firstOf", "find", "take", "embedded", "equals", "in", "present"}));
  DOVETAIL_TRY(rule.from, read_object_source(value, 0));
  const Value equals = value["equals"];
  const Value in = value["in"];
  const Value present = value["present"];
  if ((equals.exists() ? 1 : 0) + (in.exists() ? 1 : 0) + (present.exists() ? 1 : 0) != 1) {
    return wrong(value, "needs one of \"equals\", \"in\", \"present\"");
  }
  if (equals.exists()) {
    DOVETAIL_TRY(auto scalar, read_scalar(equals));
    rule.equals.push_back(std::move(scalar));
  } else if (in.exists()) {
    if (!in.is_array()) {
      return wrong(in, fmt::format("must be an array of 1 to {} values", max_enum_entries));
    }
    DOVETAIL_TRY_STATUS(read_wanted(in, rule.equals));
  } else if (present.as_bool() != true) {
    return wrong(present,
                 fmt::format("can only be true: to be {} where the value is missing, use \"equals\": null", meaning));
  } else {
    rule.when_present = true;
  }
  return rule;
}

} // namespace

Result<Mapping> Mapping::parse(const json::Value& spec) {
  if (!spec.is_object()) {
    return wrong(spec, "a mapping must be an object");
  }
  DOVETAIL_TRY_STATUS(
      check_members(spec, {"model", "externalId", "sourceUpdatedAt", "inactiveWhen", "goneWhen", "fields"}));
  Mapping mapping;
  DOVETAIL_TRY(const auto model, member(spec, "model"));
  DOVETAIL_TRY(mapping.model, read_text(model, "a model's name", max_pointer_bytes));
  DOVETAIL_TRY(const auto external_id, member(spec, "externalId"));
  DOVETAIL_TRY(mapping.external_id, read_expression(external_id, 0));
  if (spec["sourceUpdatedAt"].exists()) {
    DOVETAIL_TRY(mapping.source_updated_at, read_field("sourceUpdatedAt", spec["sourceUpdatedAt"]));
  }
  if (spec["inactiveWhen"].exists()) {
    DOVETAIL_TRY(mapping.inactive_when, read_condition(spec["inactiveWhen"], "inactive"));
  }
  if (spec["goneWhen"].exists()) {
    DOVETAIL_TRY(mapping.gone_when, read_condition(spec["goneWhen"], "gone"));
  }
  DOVETAIL_TRY(const auto fields, member(spec, "fields"));
  if (!fields.is_object() || fields.size() == 0 || fields.size() > max_fields) {
    return wrong(fields, fmt::format("must be an object of 1 to {} fields", max_fields));
  }
  for (const auto& [name, value] : fields.members()) {
    DOVETAIL_TRY(auto field, read_field(std::string(name), value));
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

Status Mapping::leave_out_children(std::string_view parent_key, const json::Value& predicate) {
  DOVETAIL_TRY(const auto steps, json::split_pointer(parent_key));
  if (steps.size() > max_pointer_depth || parent_key.size() > max_pointer_bytes) {
    return invalid_argument(fmt::format("\"{}\": too long for the pointer to a record's parent", parent_key));
  }
  RecordRule has_parent;
  has_parent.from.kind = Expression::Kind::pointer;
  has_parent.from.pointer = parent_key;
  has_parent.when_present = true;
  has_parent.empty_is_null = true;
  child_when.push_back(std::move(has_parent));
  if (!predicate.exists()) {
    return {};
  }
  RecordRule rule;
  rule.empty_is_null = true;
  rule.from.kind = Expression::Kind::pointer;
  DOVETAIL_TRY_STATUS(check_members(predicate, {"from", "equals"}));
  DOVETAIL_TRY(const auto from, member(predicate, "from"));
  DOVETAIL_TRY(rule.from.pointer, read_pointer(from));
  const Value equals = predicate["equals"];
  rule.when_present = !equals.exists();
  if (equals.exists()) {
    DOVETAIL_TRY_STATUS(read_wanted(equals, rule.equals));
  }
  child_when.push_back(std::move(rule));
  return {};
}

} // namespace dovetail::mapping

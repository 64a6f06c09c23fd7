// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/override.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/json/writer.hpp"

namespace dovetail::mapping {
namespace {

using json::Value;

/// What a mapping may have besides its fields and an override may change.
constexpr std::array<std::string_view, 3> conditions{"sourceUpdatedAt", "inactiveWhen", "goneWhen"};

/// Of a member that both may have: the override's word counts, and null is no member.
void write_member(json::Writer& writer, std::string_view name, const Value& standing, const Value& change) {
  const Value chosen = change.exists() ? change : standing;
  if (chosen.exists() && !chosen.is_null()) {
    writer.member(name, chosen);
  }
}

Status check_override(const Value& change) {
  if (!change.is_object()) {
    return invalid_argument("An override of a mapping must be a JSON object with \"fields\", \"sourceUpdatedAt\", "
                            "\"inactiveWhen\" or \"goneWhen\".");
  }
  for (const auto& [name, value] : change.members()) {
    if (name == "externalId" || name == "model") {
      return invalid_argument(
          fmt::format("\"/{}\": cannot be overridden: it says which row a record belongs to.", name));
    }
    if (name != "fields" && std::find(conditions.begin(), conditions.end(), name) == conditions.end() &&
        !name.starts_with('$')) {
      return invalid_argument(fmt::format(
          "\"{}\": not known here; known are fields, sourceUpdatedAt, inactiveWhen, goneWhen", value.pointer()));
    }
  }
  const Value fields = change["fields"];
  if (fields.exists() && (!fields.is_object() || fields.size() > max_fields)) {
    return invalid_argument(fmt::format("\"/fields\": must be an object of at most {} fields", max_fields));
  }
  return {};
}

} // namespace

Result<std::string> apply_override(const Value& default_mapping, const Value& change) {
  DOVETAIL_TRY_STATUS(check_override(change));
  json::Writer writer;
  writer.begin_object();
  writer.member("model", default_mapping["model"]).member("externalId", default_mapping["externalId"]);
  for (const std::string_view name : conditions) {
    write_member(writer, name, default_mapping[name], change[name]);
  }
  writer.key("fields").begin_object();
  const Value standing = default_mapping["fields"];
  const Value changed = change["fields"];
  for (const auto& [name, value] : standing.members()) {
    write_member(writer, name, value, changed[name]);
  }
  for (const auto& [name, value] : changed.members()) {
    if (!standing[name].exists()) {
      write_member(writer, name, {}, value);
    }
  }
  writer.end_object().end_object();
  return std::move(writer).take();
}

std::string SourcePlace::text() const {
  return is_find()
             ? fmt::format("the element of {} whose {} is \"{}\"", pointer, where.empty() ? "value" : where, equals)
         : pointer.empty() ? "the whole record"
                           : pointer;
}

std::vector<SourcePlace> places_of(const Expression& expression) {
  switch (expression.kind) {
  case Expression::Kind::pointer:
    return {{.pointer = expression.pointer, .where = {}, .equals = {}}};
  case Expression::Kind::find:
    return {{.pointer = expression.pointer, .where = expression.where, .equals = expression.equals}};
  case Expression::Kind::page_constant:
  case Expression::Kind::literal:
    return {};
  case Expression::Kind::concat:
  case Expression::Kind::first_of:
    break;
  }
  std::vector<SourcePlace> places;
  for (const Expression& part : expression.parts) {
    for (SourcePlace& place : places_of(part)) {
      places.push_back(std::move(place));
    }
  }
  return places;
}

Result<Expression> parse_source(std::string_view text) {
  // As the only field of a mapping, so that there is one reader of sources.
  json::Writer writer;
  writer.begin_object().member("model", "m").member("externalId", "/id").key("fields").begin_object().key("source");
  if (text.starts_with('{')) {
    DOVETAIL_TRY(const auto document, json::Document::parse(text));
    writer.copy(document.root());
  } else {
    writer.string(text);
  }
  writer.end_object().end_object();
  DOVETAIL_TRY(const auto document, json::Document::parse(writer.view()));
  DOVETAIL_TRY(auto mapping, Mapping::parse(document.root()));
  return std::move(mapping.fields.front().from);
}

} // namespace dovetail::mapping

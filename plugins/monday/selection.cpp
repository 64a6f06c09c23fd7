// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace dovetail::monday {
namespace {

using namespace sdk;

/// Which GraphQL type of a column's value has which field. The API merges the fragments of one query, so a name means the same everywhere.
struct TypedField {
  std::string_view column_type;
  std::string_view graphql_type;
  ColumnField field;
};

constexpr std::array<TypedField, 36> typed = {{
    {"status", "StatusValue", {"label", "label", "text"}},
    {"status", "StatusValue", {"index", "index", "integer"}},
    {"status", "StatusValue", {"is_done", "is_done", "boolean"}},
    {"date", "DateValue", {"date", "date", "date"}},
    {"date", "DateValue", {"time", "time", "text"}},
    {"numbers", "NumbersValue", {"number", "number", "real"}},
    {"numbers", "NumbersValue", {"symbol", "symbol", "text"}},
    {"people", "PeopleValue", {"persons_and_teams", "persons_and_teams{id kind}", "json"}},
    {"dropdown", "DropdownValue", {"values", "values{id label}", "json"}},
    {"timeline", "TimelineValue", {"from", "from", "date"}},
    {"timeline", "TimelineValue", {"to", "to", "date"}},
    {"checkbox", "CheckboxValue", {"checked", "checked", "boolean"}},
    {"email", "EmailValue", {"email", "email", "text"}},
    {"email", "EmailValue", {"label", "label", "text"}},
    {"link", "LinkValue", {"url", "url", "text"}},
    {"link", "LinkValue", {"url_text", "url_text", "text"}},
    {"phone", "PhoneValue", {"phone", "phone", "text"}},
    {"phone", "PhoneValue", {"country_short_name", "country_short_name", "text"}},
    {"board_relation", "BoardRelationValue", {"linked_item_ids", "linked_item_ids", "json"}},
    {"board_relation", "BoardRelationValue", {"display_value", "display_value", "text"}},
    {"dependency", "DependencyValue", {"linked_item_ids", "linked_item_ids", "json"}},
    {"dependency", "DependencyValue", {"display_value", "display_value", "text"}},
    {"mirror", "MirrorValue", {"display_value", "display_value", "text"}},
    {"formula", "FormulaValue", {"display_value", "display_value", "text"}},
    {"subtasks", "SubtasksValue", {"subitems_ids", "subitems_ids", "json"}},
    {"subtasks", "SubtasksValue", {"display_value", "display_value", "text"}},
    {"creation_log", "CreationLogValue", {"created_at", "created_at", "timestamp"}},
    {"creation_log", "CreationLogValue", {"creator_id", "creator_id", "text"}},
    {"last_updated", "LastUpdatedValue", {"updated_at", "updated_at", "timestamp"}},
    {"last_updated", "LastUpdatedValue", {"updater_id", "updater_id", "text"}},
    {"item_id", "ItemIdValue", {"item_id", "item_id", "text"}},
    {"text", "TextValue", {"text", "text", "text"}},
    {"long_text", "LongTextValue", {"text", "text", "text"}},
    // What payloads and boards made long ago call these.
    {"color", "StatusValue", {"label", "label", "text"}},
    {"multiple_person", "PeopleValue", {"persons_and_teams", "persons_and_teams{id kind}", "json"}},
    {"numeric", "NumbersValue", {"number", "number", "real"}},
}};

/// Fields that every column's value has.
constexpr std::array<std::string_view, 4> common_fields = {"id", "type", "text", "value"};

struct ItemField {
  std::string_view name;
  std::string_view selection;
};
constexpr std::array<ItemField, 12> item_fields_known = {{
    {"id", "id"},
    {"name", "name"},
    {"state", "state"},
    {"created_at", "created_at"},
    {"updated_at", "updated_at"},
    {"creator_id", "creator_id"},
    {"url", "url"},
    {"relative_link", "relative_link"},
    {"email", "email"},
    {"group", "group{id title}"},
    {"board", "board{id}"},
    {"parent_item", "parent_item{id}"},
}};

/// The first step of a pointer, and what is behind it.
std::pair<std::string_view, std::string_view> split(std::string_view pointer) {
  if (pointer.empty()) {
    return {};
  }
  pointer.remove_prefix(1);
  const auto slash = pointer.find('/');
  return {pointer.substr(0, slash), slash == std::string_view::npos ? "" : pointer.substr(slash)};
}

bool is_common(std::string_view field) {
  return std::find(common_fields.begin(), common_fields.end(), field) != common_fields.end();
}

bool is_typed(std::string_view field) {
  return std::any_of(typed.begin(), typed.end(), [field](const TypedField& one) { return one.field.name == field; });
}

/// What a query asks of a column's value. `wanted` empty: all.
std::string value_fields(const std::set<std::string, std::less<>>& wanted) {
  std::string out;
  for (const auto field : common_fields) {
    if (wanted.empty() || wanted.contains(field)) {
      out += std::string(field) + " ";
    }
  }
  // Several column types have one GraphQL type, the legacy names among them: each field is asked for once, since it is paid for each time.
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> fragments;
  for (const auto& one : typed) {
    if (is_common(one.field.name) || (!wanted.empty() && !wanted.contains(one.field.name))) {
      continue;
    }
    auto fragment = std::find_if(fragments.begin(), fragments.end(),
                                 [&one](const auto& made) { return made.first == one.graphql_type; });
    if (fragment == fragments.end()) {
      fragment = fragments.insert(fragments.end(), {one.graphql_type, {}});
    }
    auto& fields = fragment->second;
    if (std::find(fields.begin(), fields.end(), one.field.selection) == fields.end()) {
      fields.push_back(one.field.selection);
    }
  }
  for (const auto& [type, fields] : fragments) {
    out += "... on " + std::string(type) + "{";
    for (std::size_t i = 0; i < fields.size(); ++i) {
      out += (i == 0 ? "" : " ") + std::string(fields[i]);
    }
    out += "}";
  }
  return out;
}

} // namespace

bool is_column_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::vector<ColumnField> typed_fields(std::string_view column_type) {
  std::vector<ColumnField> fields;
  for (const auto& one : typed) {
    if (one.column_type == column_type && !is_common(one.field.name)) {
      fields.push_back(one.field);
    }
  }
  return fields;
}

std::string scalar_fields(const std::vector<std::string_view>& pointers, const std::vector<std::string_view>& known) {
  std::string out = "id";
  for (const auto name : known) {
    const bool wanted = pointers.empty() || std::any_of(pointers.begin(), pointers.end(), [&](auto pointer) {
                          return pointer.empty() || split(pointer).first == name;
                        });
    if (wanted && name != "id") {
      out += " " + std::string(name);
    }
  }
  return out;
}

Status Selection::add(std::string_view pointer) {
  const auto [name, rest] = split(pointer);
  if (name == "column_values") {
    listed_columns_ = true;
    return {};
  }
  if (!name.starts_with(column_prefix)) {
    const auto known = std::find_if(item_fields_known.begin(), item_fields_known.end(),
                                    [name = name](const ItemField& field) { return field.name == name; });
    if (known == item_fields_known.end()) {
      return make_error(Code::invalid_argument, "the mapping asks for \"" + std::string(pointer) +
                                                    "\", which an item does not have: columns stand under \"/" +
                                                    std::string(column_prefix) + "<name>/0/<field>\"");
    }
    fields_.emplace(known->name);
    return {};
  }
  const auto column = name.substr(column_prefix.size());
  if (!is_column_name(column)) {
    return make_error(Code::invalid_argument,
                      "the mapping asks for \"" + std::string(pointer) +
                          "\": a column's name has letters, digits and \"_\" only; give this one such a name under "
                          "\"columns\" in the connection's config");
  }
  const auto field = split(split(rest).second).first;
  if (!field.empty() && !is_common(field) && !is_typed(field)) {
    return make_error(Code::invalid_argument, "the mapping asks for \"" + std::string(pointer) +
                                                  "\", but no column has a field \"" + std::string(field) + "\"");
  }
  columns_[std::string(column)].emplace(field);
  return {};
}

Result<Selection> Selection::make(const std::vector<std::string_view>& pointers, const Settings& settings) {
  Selection selection;
  for (const auto pointer : pointers) {
    if (pointer.empty()) {
      return make(std::vector<std::string_view>{}, settings); // the whole record is wanted
    }
    if (!pointer.starts_with("$")) {
      DVT_TRY_STATUS(selection.add(pointer));
    }
  }
  if (pointers.empty()) {
    for (const auto& field : item_fields_known) {
      selection.fields_.emplace(field.name);
    }
    for (const auto& [name, id] : settings.columns) {
      selection.columns_[name].emplace();
    }
  }
  return selection;
}

std::vector<std::string> Selection::columns() const {
  std::vector<std::string> names;
  names.reserve(columns_.size());
  for (const auto& [name, fields] : columns_) {
    names.push_back(name);
  }
  return names;
}

std::string Selection::item_fields(const Settings& settings, std::string_view board) const {
  std::string out = "id created_at updated_at";
  for (const auto& field : item_fields_known) {
    if (fields_.contains(field.name) && field.name != "id" && field.name != "created_at" &&
        field.name != "updated_at") {
      out += " " + std::string(field.selection);
    }
  }
  for (const auto& [name, wanted] : columns_) {
    const bool whole = wanted.contains("");
    out += " " + std::string(column_prefix) + name + ":column_values(ids:[" + quoted(settings.column_id(board, name)) +
           "]){" + value_fields(whole ? std::set<std::string, std::less<>>{} : wanted) + "}";
  }
  if (listed_columns_) {
    std::string ids;
    for (const auto& [name, id] : settings.columns) {
      ids += (ids.empty() ? "" : ",") + quoted(settings.column_id(board, name));
    }
    out += " column_values" + (ids.empty() ? std::string() : "(ids:[" + ids + "])") + "{" + value_fields({}) + "}";
  }
  return out;
}

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#include "discovery.hpp"

#include <array>
#include <string>

#include "board_columns.hpp"
#include "column_write.hpp"
#include "selection.hpp"

namespace dovetail::monday {
namespace {

using namespace sdk;

struct ItemFact {
  std::string_view source;
  std::string_view label;
  FieldType type;
};
constexpr std::array<ItemFact, 11> item_facts = {{
    {"/id", "Item ID", FieldType::text},
    {"/name", "Name", FieldType::text},
    {"/state", "State", FieldType::text},
    {"/creator_id", "Creator", FieldType::text},
    {"/board/id", "Board", FieldType::text},
    {"/group/id", "Group ID", FieldType::text},
    {"/group/title", "Group", FieldType::text},
    {"/parent_item/id", "Parent item", FieldType::text},
    {"/url", "Address", FieldType::text},
    {"/created_at", "Created", FieldType::timestamp},
    {"/updated_at", "Last updated", FieldType::timestamp},
}};

FieldType type_named(std::string_view name) {
  for (const auto type : {FieldType::integer, FieldType::real, FieldType::boolean, FieldType::timestamp,
                          FieldType::date, FieldType::json}) {
    if (to_string(type) == name) {
      return type;
    }
  }
  return FieldType::text;
}

std::string options_of(const BoardColumn& column, std::string_view field) {
  if (column.labels.empty() || (field != "label" && field != "index")) {
    return {};
  }
  JsonWriter options;
  options.open_array();
  for (const auto& label : column.labels) {
    options.open_object().name("value");
    const bool by_index = field == "index" && parse_integer(label.index);
    by_index ? options.raw(label.index) : options.value(label.text);
    options.member("label", label.text).close();
  }
  return options.close().take();
}

bool is_read_only(std::string_view type) {
  for (const std::string_view known : {"mirror", "formula", "creation_log", "last_updated", "item_id", "auto_number",
                                       "progress", "subtasks", "button", "vote", "time_tracking", "dependency"}) {
    if (type == known) {
      return true;
    }
  }
  return false;
}

Status tell_column(const std::string& board, const BoardColumn& column, const std::string& name, Fields& fields) {
  std::vector<ColumnField> parts = typed_fields(column.type);
  parts.push_back({"text", "text", "text"});
  parts.push_back({"value", "value", "text"});
  for (const auto& part : parts) {
    const std::string source = "/" + std::string(column_prefix) + name + "/0/" + std::string(part.name);
    // A column that has several names is told by each of them.
    const std::string key = name + "/" + std::string(part.name);
    const std::string options = options_of(column, part.name);
    DVT_TRY_STATUS(fields.add({.key = key,
                               .source = source,
                               .label = column.title,
                               .type = type_named(part.type),
                               .read_only = is_read_only(column.type),
                               .scope = board,
                               .provider_type = column.type,
                               .options = options}));
  }
  return {};
}

} // namespace

Status discover_fields(Context& context, const Settings& settings, std::string_view object, Fields& fields) {
  const auto& boards = settings.boards_of(object);
  if (boards.empty()) {
    return make_error(Code::not_found, object == "project_item"
                                           ? "no board feeds projects: set \"projectBoards\" in the connection's config"
                                           : "no board feeds tickets: set \"ticketBoards\" in the connection's config");
  }
  for (const auto& fact : item_facts) {
    DVT_TRY_STATUS(fields.add({.key = fact.source.substr(1),
                               .source = fact.source,
                               .label = fact.label,
                               .type = fact.type,
                               .nullable = fact.source != "/id",
                               .identifier = fact.source == "/id",
                               .read_only = fact.source != "/name"}));
  }
  DVT_TRY(const auto read, read_board_columns(context, boards));
  for (const auto& board : read) {
    for (const auto& column : board.columns) {
      if (column.archived || column.type == "name") {
        continue;
      }
      const auto names = names_of(settings, board.board, column.id);
      if (names.empty()) {
        context.warning(
            "the column \"" + column.title + "\" of board " + board.board +
            " has an id that a query cannot name: give it a name under \"columns\" in the connection's config");
      }
      for (const auto& name : names) {
        DVT_TRY_STATUS(tell_column(board.board, column, name, fields));
      }
    }
  }
  return {};
}

} // namespace dovetail::monday

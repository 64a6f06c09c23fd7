// SPDX-License-Identifier: Apache-2.0
// The mutations: see execute.hpp.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "tests/simulators/monday/execute.hpp"
#include "tests/simulators/monday/values.hpp"

namespace dovetail::simulators::monday {
namespace {

constexpr std::size_t most_items = 10'000;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_url = 255;

std::int64_t id_argument(const Selection& field, std::string_view name) {
  const Value* value = field.argument(name);
  const std::string text = value == nullptr ? "" : value->id();
  std::int64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

std::string text_argument(const Selection& field, std::string_view name) {
  const Value* value = field.argument(name);
  return value == nullptr ? "" : value->id();
}

bool flag_argument(const Selection& field, std::string_view name) {
  const Value* value = field.argument(name);
  return value != nullptr && value->boolean;
}

void check_name(const std::string& name) {
  if (name.empty() || name.size() > longest_name) {
    throw ApiError{"ItemNameTooLongException", "an item's name has 1 to 255 characters"};
  }
}

} // namespace

void Execution::root_mutation(Json& out, const Selection& field) {
  if (field.name == "create_item") {
    create_item(out, field);
  } else if (field.name == "change_multiple_column_values") {
    change_item(out, field);
  } else if (field.name == "archive_item" || field.name == "delete_item") {
    retire_item(out, field, field.name == "archive_item" ? State::archived : State::deleted);
  } else if (field.name == "create_webhook") {
    create_webhook(out, field);
  } else {
    throw ApiError{"InvalidArgumentException", fmt::format("{} is not part of the simulation", field.name)};
  }
}

Board& Execution::board_for(const Selection& field) {
  Board* board = parts_.world.find_board(id_argument(field, "board_id"));
  if (board == nullptr || board->state != State::active) {
    throw ApiError{"InvalidBoardIdException", "the board does not exist"};
  }
  return *board;
}

Item& Execution::item_for(const Selection& field, Board*& board) {
  const std::int64_t id = id_argument(field, "item_id");
  const std::int64_t wanted = id_argument(field, "board_id");
  for (const Board& one : parts_.world.boards()) {
    board = parts_.world.find_board(one.id);
    Item* item = wanted != 0 && wanted != one.id ? nullptr : board->find_item(id);
    if (item != nullptr && item->state != State::deleted) {
      return *item;
    }
  }
  throw ApiError{"InvalidItemIdException", fmt::format("there is no item {}", id)};
}

void Execution::write_columns(Board& board, Item& item, const std::string& json, bool create_labels) {
  const auto values = parse_variables(json);
  if (!values.ok()) {
    throw ApiError{"JsonParseException", "column_values is no JSON object", 400};
  }
  // Nothing is written unless all of it is right.
  Item changed = item;
  for (const auto& [id, value] : *values) {
    if (id == "name" && value.kind == Value::Kind::string) {
      check_name(value.text);
      changed.name = value.text;
      continue;
    }
    const Column* column = board.find_column(id);
    if (column == nullptr) {
      throw ApiError{"InvalidColumnIdException", fmt::format("This column ID doesn't exist for the board: {}", id), 200,
                     id};
    }
    const auto place = static_cast<std::size_t>(column - board.columns.data());
    const Status status =
        read_value(value, parts_.world, board.columns[place], create_labels, parts_.now, changed.cells[place]);
    if (!status.ok()) {
      throw ApiError{"ColumnValueException", status.error().message, 200, id};
    }
  }
  item = std::move(changed);
}

void Execution::create_item(Json& out, const Selection& field) {
  Board& board = board_for(field);
  const std::string name = text_argument(field, "item_name");
  check_name(name);
  if (board.items.size() >= most_items) {
    throw ApiError{"ItemsLimitationException", "the board holds 10,000 items"};
  }
  const std::string group = text_argument(field, "group_id");
  const bool known = group.empty() || std::any_of(board.groups.begin(), board.groups.end(),
                                                  [&](const Group& one) { return one.id == group; });
  if (!known) {
    throw ApiError{"ResourceNotFoundException", "the group does not exist"};
  }
  // What the columns refuse must leave no item behind.
  Item draft;
  draft.cells.resize(board.columns.size());
  const std::string values = text_argument(field, "column_values");
  if (!values.empty()) {
    write_columns(board, draft, values, flag_argument(field, "create_labels_if_missing"));
  }
  Item& item = parts_.world.add_item(board, name, parts_.now, parts_.user);
  for (std::size_t i = 0; i < draft.cells.size(); ++i) {
    if (draft.cells[i].set) {
      item.cells[i] = draft.cells[i];
    }
  }
  if (!group.empty()) {
    item.group = group;
  }
  this->item(out, field, board, item);
}

void Execution::change_item(Json& out, const Selection& field) {
  static_cast<void>(board_for(field));
  Board* board = nullptr;
  Item& item = item_for(field, board);
  write_columns(*board, item, text_argument(field, "column_values"), flag_argument(field, "create_labels_if_missing"));
  parts_.world.touch(*board, item, parts_.now);
  this->item(out, field, *board, item);
}

void Execution::retire_item(Json& out, const Selection& field, State state) {
  Board* board = nullptr;
  Item& item = item_for(field, board);
  item.state = state;
  parts_.world.touch(*board, item, parts_.now);
  this->item(out, field, *board, item);
}

void Execution::create_webhook(Json& out, const Selection& field) {
  const Board& board = board_for(field);
  const std::string url = text_argument(field, "url");
  if (url.empty() || url.size() > longest_url) {
    throw ApiError{"InvalidArgumentException", "the webhook's URL has at most 255 characters"};
  }
  if (parts_.challenge && !parts_.challenge(url)) {
    throw ApiError{"InvalidArgumentException", "Failed to verify the webhook's URL: the challenge was not answered"};
  }
  webhook(out, field,
          parts_.world.add_webhook({.id = 0,
                                    .board = board.id,
                                    .url = url,
                                    .event = text_argument(field, "event"),
                                    .config = text_argument(field, "config")}));
}

void Execution::webhook(Json& out, const Selection& field, const Webhook& webhook) const {
  out.begin_object();
  for (const Selection& inner : collect(parts_.document, field.selections, "Webhook")) {
    out.name(inner.alias);
    if (inner.name == "config") {
      webhook.config.empty() ? void(out.null()) : void(out.value(webhook.config));
    } else {
      out.value(inner.name == "id"         ? std::to_string(webhook.id)
                : inner.name == "board_id" ? std::to_string(webhook.board)
                                           : webhook.event);
    }
  }
  out.end_object();
}

void Execution::webhooks(Json& out, const Selection& field) {
  const std::int64_t board = id_argument(field, "board_id");
  out.begin_array();
  for (const Webhook& one : parts_.world.webhooks()) {
    if (one.board == board) {
      webhook(out, field, one);
    }
  }
  out.end_array();
}

} // namespace dovetail::simulators::monday

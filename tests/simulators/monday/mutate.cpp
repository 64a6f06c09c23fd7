// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "tests/simulators/monday/world.hpp"
#include "tests/simulators/words.hpp"

namespace dovetail::simulators::monday {
namespace {

/// An active item of one of the boards; nullptr when ten draws found none.
Item* draw_item(std::vector<Board>& boards, int wanted, Seeded& choices, Board*& board) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    board = &boards[wanted >= 0 ? static_cast<std::size_t>(wanted) : choices.below(boards.size())];
    if (board->items.empty()) {
      continue;
    }
    Item& item = board->items[choices.below(board->items.size())];
    if (item.state == State::active) {
      return &item;
    }
  }
  return nullptr;
}

} // namespace

void World::touch(Board& board, Item& item, Second now) {
  item.updated = now;
  board.updated = now;
}

Item& World::add_item(Board& board, const std::string& name, Second now, std::int64_t creator) {
  Item item;
  item.id = next_item_++;
  item.name = name;
  item.created = now;
  item.updated = now;
  item.creator = creator;
  item.group = board.groups.front().id;
  item.cells.resize(board.columns.size());
  for (std::size_t i = 0; i < board.columns.size(); ++i) {
    const ColumnType type = board.columns[i].type;
    item.cells[i].set = type == ColumnType::creation_log || type == ColumnType::last_updated ||
                        type == ColumnType::item_id || type == ColumnType::subtasks;
  }
  board.updated = now;
  board.items.push_back(std::move(item));
  return board.items.back();
}

Webhook& World::add_webhook(Webhook webhook) {
  webhook.id = next_webhook_++;
  webhooks_.push_back(std::move(webhook));
  return webhooks_.back();
}

MutationCounts World::mutate(std::uint64_t seed, const MutationCounts& counts, Second now) {
  Seeded choices(key_of(options_.seed, 3, seed));
  MutationCounts done;
  Board* board = nullptr;
  if (boards_.empty()) {
    return done;
  }
  for (int i = 0; i < counts.new_items; ++i, ++done.new_items) {
    Board& home = boards_[counts.board >= 0 ? static_cast<std::size_t>(counts.board) : choices.below(boards_.size())];
    Item& item = add_item(home, words::title(choices), now, users_.empty() ? first_user_id : users_.front().id);
    fill(home, item, choices);
  }
  for (int i = 0; i < counts.updated_items; ++i) {
    if (Item* item = draw_item(boards_, counts.board, choices, board); item != nullptr) {
      for (int changes = 0; changes < 3; ++changes) {
        const std::size_t column = choices.below(board->columns.size());
        item->cells[column] = make_cell(*board, board->columns[column], choices, now);
      }
      if (!counts.silent) {
        touch(*board, *item, now);
      }
      ++done.updated_items;
    }
  }
  for (int i = 0; i < counts.renamed_items; ++i) {
    if (Item* item = draw_item(boards_, counts.board, choices, board); item != nullptr) {
      item->name = words::title(choices);
      touch(*board, *item, now);
      ++done.renamed_items;
    }
  }
  for (const auto& [wanted, state, reached] : {std::tuple{counts.archived_items, State::archived, &done.archived_items},
                                               std::tuple{counts.deleted_items, State::deleted, &done.deleted_items}}) {
    for (int i = 0; i < wanted; ++i) {
      if (Item* item = draw_item(boards_, counts.board, choices, board); item != nullptr) {
        item->state = state;
        touch(*board, *item, now);
        ++*reached;
      }
    }
  }
  for (int i = 0; i < counts.new_users; ++i, ++done.new_users) {
    users_.push_back(make_user(choices.next(), now));
  }
  for (int i = 0; i < counts.deactivated_users && users_.size() > 1; ++i, ++done.deactivated_users) {
    users_[1 + choices.below(users_.size() - 1)].status = "INACTIVE";
  }
  for (int i = 0; i < counts.removed_users && users_.size() > 1; ++i, ++done.removed_users) {
    users_.erase(users_.begin() + 1 + static_cast<std::ptrdiff_t>(choices.below(users_.size() - 1)));
  }
  return done;
}

Status World::rename_column(std::int64_t board_id, std::string_view column, const std::string& title) {
  Board* board = find_board(board_id);
  if (board == nullptr || board->find_column(column) == nullptr) {
    return not_found(fmt::format("no column {} on board {}", column, board_id));
  }
  board->columns[static_cast<std::size_t>(board->find_column(column) - board->columns.data())].title = title;
  return {};
}

Status World::delete_column(std::int64_t board_id, std::string_view column) {
  Board* board = find_board(board_id);
  const Column* found = board == nullptr ? nullptr : board->find_column(column);
  if (found == nullptr) {
    return not_found(fmt::format("no column {} on board {}", column, board_id));
  }
  const auto place = found - board->columns.data();
  board->columns.erase(board->columns.begin() + place);
  for (Item& item : board->items) {
    item.cells.erase(item.cells.begin() + place);
  }
  return {};
}

Status World::retype_column(std::int64_t board_id, std::string_view column, ColumnType type) {
  Board* board = find_board(board_id);
  const Column* found = board == nullptr ? nullptr : board->find_column(column);
  if (found == nullptr) {
    return not_found(fmt::format("no column {} on board {}", column, board_id));
  }
  const auto place = static_cast<std::size_t>(found - board->columns.data());
  board->columns[place].type = type;
  for (Item& item : board->items) {
    item.cells[place] = Cell{};
  }
  return {};
}

Status World::archive_board(std::int64_t board_id) {
  Board* board = find_board(board_id);
  if (board == nullptr) {
    return not_found(fmt::format("no board {}", board_id));
  }
  board->state = State::archived;
  return {};
}

} // namespace dovetail::simulators::monday

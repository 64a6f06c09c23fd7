// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/simulators/words.hpp"

namespace dovetail::simulators::monday {
namespace {

std::vector<Label> labels_of(const std::vector<std::string>& texts) {
  std::vector<Label> labels;
  for (const std::string& text : texts) {
    // The service keeps 5 for "no label".
    const int index = static_cast<int>(labels.size());
    labels.push_back({index >= 5 ? index + 1 : index, text});
  }
  return labels;
}

std::string day_text(Second time) { return format_second(time).substr(0, 10); }

std::vector<Column> columns_of(const BoardOptions& options) {
  std::vector<std::string> states = {"Open", "In Progress", "Resolved", "Closed"};
  if (options.odd_labels) {
    states.emplace_back("Waiting for \"parts\"");
  }
  std::vector<Column> columns;
  switch (options.layout) {
  case Layout::tickets:
    columns = {{"description", "Description", ColumnType::long_text, {}},
               {"portal_id", "Portal ID", ColumnType::text, {}},
               {"client_email", "Client Email", ColumnType::email, {}},
               {"status", "Status", ColumnType::status, labels_of(states)},
               {"priority", "Priority", ColumnType::status, labels_of({"Low", "Medium", "High", "Urgent"})}};
    break;
  case Layout::projects:
    columns = {{"project_id", "Project ID", ColumnType::text, {}},
               {"status", "Status", ColumnType::status, labels_of({"Working on it", "Done", "Stuck"})},
               {"revenue", "Revenue", ColumnType::numbers, {}},
               {"timeline", "Timeline", ColumnType::timeline, {}},
               {"person", "Owner", ColumnType::people, {}}};
    break;
  case Layout::every:
    for (std::size_t i = 0; i < column_types; ++i) {
      const auto type = static_cast<ColumnType>(i);
      Column column{std::string(to_string(type)), fmt::format("A {}", to_string(type)), type, {}};
      if (type == ColumnType::status) {
        column.labels = labels_of(states);
      } else if (type == ColumnType::dropdown) {
        column.labels = labels_of({"North", "South, by the \"sea\"", "East", "West"});
      }
      columns.push_back(std::move(column));
    }
  }
  for (Column& column : columns) {
    column.id += options.column_suffix;
  }
  return columns;
}

} // namespace

std::string_view to_string(Layout layout) noexcept {
  return layout == Layout::tickets ? "tickets" : layout == Layout::projects ? "projects" : "every";
}

World::World(WorldOptions options, Second now) : options_(std::move(options)) {
  for (int i = 0; i < options_.users; ++i) {
    users_.push_back(make_user(key_of(options_.seed, 1, i), now - options_.history));
  }
  for (std::size_t i = 0; i < options_.boards.size(); ++i) {
    boards_.push_back(make_board(options_.boards[i], key_of(options_.seed, 2, i), now));
  }
}

User World::make_user(std::uint64_t key, Second created) {
  Seeded choices(key);
  User user;
  user.id = next_user_++;
  const std::string first = words::first_name(choices);
  const std::string last = words::last_name(choices);
  user.name = first + " " + last;
  user.email = fmt::format("{}.{}{}@example.com", words::plain(first), words::plain(last), user.id - first_user_id);
  user.kind = users_.empty() ? "ADMIN" : choices.chance(0.2) ? "GUEST" : "MEMBER";
  user.status = choices.chance(0.1) ? "PENDING" : "ACTIVE";
  user.title = choices.chance(0.5) ? words::thing(choices) : "";
  user.phone = choices.chance(0.4) ? fmt::format("+1202555{:04}", choices.below(10'000)) : "";
  user.time_zone = choices.chance(0.5) ? "Asia/Singapore" : "Europe/Berlin";
  user.created = created;
  return user;
}

Board World::make_board(const BoardOptions& options, std::uint64_t key, Second now) {
  Seeded choices(key);
  Board board;
  board.id = first_board_id + static_cast<std::int64_t>(boards_.size());
  board.name = options.name.empty() ? words::title(choices) : options.name;
  board.description = choices.chance(0.5) ? words::sentence(choices) : "";
  board.type = options.type;
  board.created = now - options_.history;
  board.updated = board.created;
  board.columns = columns_of(options);
  board.groups = {{"topics", "Incoming"}, {"group_1", "In hand"}, {"group_2", "Done"}};
  board.items.reserve(static_cast<std::size_t>(options.items));
  const auto history = std::chrono::seconds(options_.history).count();
  for (int i = 0; i < options.items; ++i) {
    Item item;
    item.id = next_item_++;
    Seeded own(key_of(key, item.id));
    // Spread over the history, several in one second here and there.
    item.created = board.created + std::chrono::seconds(history * (i / 3 * 3) / std::max(options.items, 1));
    item.updated =
        item.created + std::chrono::seconds(own.below(static_cast<std::uint64_t>((now - item.created).count()) + 1));
    item.creator = users_.empty() ? first_user_id : users_[own.below(users_.size())].id;
    item.name = words::title(own);
    item.group = board.groups[own.below(board.groups.size())].id;
    item.state = own.chance(0.02) ? State::archived : State::active;
    fill(board, item, own);
    board.items.push_back(std::move(item));
  }
  return board;
}

void World::fill(const Board& board, Item& item, Seeded& choices) const {
  item.cells.resize(board.columns.size());
  for (std::size_t i = 0; i < board.columns.size(); ++i) {
    item.cells[i] = make_cell(board, board.columns[i], choices, item.updated);
  }
}

Cell World::make_cell(const Board& board, const Column& column, Seeded& choices, Second changed) const {
  Cell cell;
  cell.changed = changed;
  cell.set = choices.chance(0.85);
  const auto pick_items = [&] {
    for (std::uint64_t i = choices.below(3) + 1; i > 0 && !board.items.empty(); --i) {
      cell.ids.push_back(board.items[choices.below(board.items.size())].id);
    }
  };
  switch (column.type) {
  case ColumnType::status:
    cell.index = column.labels.empty() ? 0 : column.labels[choices.below(column.labels.size())].index;
    break;
  case ColumnType::text:
    cell.text = choices.chance(0.5) ? fmt::format("client_{}", hex_text(choices.next(), 6)) : words::title(choices);
    break;
  case ColumnType::long_text:
    cell.text = words::markdown(choices, 2);
    break;
  case ColumnType::email:
    cell.text = fmt::format("{}@example.org", hex_text(choices.next(), 8));
    cell.more = choices.chance(0.5) ? cell.text : words::first_name(choices);
    break;
  case ColumnType::date:
    cell.text = day_text(changed + std::chrono::hours(24 * choices.below(60)));
    cell.more = choices.chance(0.5) ? fmt::format("{:02}:30:00", choices.below(24)) : "";
    break;
  case ColumnType::numbers:
    cell.number = static_cast<double>(choices.between(-1'000'000, 1'000'000)) / 4;
    break;
  case ColumnType::people:
    for (std::uint64_t i = choices.below(3) + 1; i > 0 && !users_.empty(); --i) {
      cell.ids.push_back(users_[choices.below(users_.size())].id);
    }
    break;
  case ColumnType::dropdown:
    for (const Label& label : column.labels) {
      if (choices.chance(0.4)) {
        cell.ids.push_back(label.index);
      }
    }
    cell.set = cell.set && !cell.ids.empty();
    break;
  case ColumnType::timeline:
    cell.text = day_text(changed);
    cell.more = day_text(changed + std::chrono::hours(24 * choices.below(40)));
    break;
  case ColumnType::checkbox:
    cell.index = 1;
    break;
  case ColumnType::board_relation:
  case ColumnType::dependency:
    pick_items();
    cell.set = !cell.ids.empty();
    break;
  case ColumnType::mirror:
  case ColumnType::formula:
    cell.text = words::thing(choices);
    break;
  case ColumnType::link:
    cell.text = fmt::format("https://example.org/{}?q=a%20b&x=\"{}\"", hex_text(choices.next(), 6), choices.below(9));
    cell.more = words::thing(choices);
    break;
  case ColumnType::phone:
    cell.text = fmt::format("1202555{:04}", choices.below(10'000));
    cell.more = "US";
    break;
  case ColumnType::rating:
    cell.index = static_cast<int>(choices.below(5)) + 1;
    break;
  case ColumnType::creation_log:
  case ColumnType::last_updated:
  case ColumnType::item_id:
  case ColumnType::subtasks:
    cell.set = true;
    break;
  default:
    cell.text = words::place(choices);
  }
  return cell;
}

Board* World::find_board(std::int64_t id) noexcept {
  const auto found = std::find_if(boards_.begin(), boards_.end(), [id](const Board& board) { return board.id == id; });
  return found == boards_.end() ? nullptr : &*found;
}

const Board* World::find_board(std::int64_t id) const noexcept {
  const auto found = std::find_if(boards_.begin(), boards_.end(), [id](const Board& board) { return board.id == id; });
  return found == boards_.end() ? nullptr : &*found;
}

const Item* World::find_item(std::int64_t id) const noexcept {
  for (const Board& board : boards_) {
    const auto found = std::lower_bound(board.items.begin(), board.items.end(), id,
                                        [](const Item& item, std::int64_t wanted) { return item.id < wanted; });
    if (found != board.items.end() && found->id == id) {
      return &*found;
    }
  }
  return nullptr;
}

const User* World::find_user(std::int64_t id) const noexcept {
  const auto found = std::find_if(users_.begin(), users_.end(), [id](const User& user) { return user.id == id; });
  return found == users_.end() ? nullptr : &*found;
}

} // namespace dovetail::simulators::monday

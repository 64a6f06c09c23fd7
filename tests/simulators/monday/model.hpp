// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dovetail::simulators::monday {

using Second = std::chrono::sys_seconds;

/// Types of columns: all that the schema lists, without that of the item's own name.
enum class ColumnType : std::uint8_t {
  status,
  text,
  long_text,
  email,
  date,
  numbers,
  people,
  dropdown,
  timeline,
  checkbox,
  board_relation,
  mirror,
  formula,
  link,
  phone,
  creation_log,
  last_updated,
  item_id,
  dependency,
  subtasks,
  tags,
  rating,
  hour,
  location,
  // From here on types that the fact sheet only names: they have a text and nothing else.
  auto_number,
  button,
  color_picker,
  country,
  direct_doc,
  doc,
  file,
  group,
  integration,
  item_assignees,
  person,
  progress,
  team,
  time_tracking,
  unsupported,
  vote,
  week,
  world_clock,
};
inline constexpr std::size_t column_types = 42;
[[nodiscard]] std::string_view to_string(ColumnType type) noexcept;
/// The type of a column's value in the schema: "StatusValue".
[[nodiscard]] std::string_view value_type(ColumnType type) noexcept;
/// Whether a client may write it.
[[nodiscard]] bool is_writable(ColumnType type) noexcept;

struct Label {
  int index = 0;
  std::string text;
};

struct Column {
  std::string id;
  std::string title;
  ColumnType type = ColumnType::text;
  std::vector<Label> labels; ///< of status and dropdown columns
};

/// What one item holds in one column. Which members count follows from the column's type.
struct Cell {
  bool set = false;
  /// email, link, phone: address, URL, number. date, timeline: the (first) day. mirror, formula: what is shown. All others that have one: the text.
  std::string text;
  /// email, link: the label. phone: the country. date: the time, UTC. timeline: the last day.
  std::string more;
  double number = 0;             ///< numbers
  int index = 0;                 ///< status: of the label. rating: the stars
  std::vector<std::int64_t> ids; ///< people: users. dropdown: labels. board_relation, dependency: items
  Second changed{};
};

enum class State : std::uint8_t { active, archived, deleted };
[[nodiscard]] std::string_view to_string(State state) noexcept;

struct Item {
  std::int64_t id = 0;
  std::string name;
  State state = State::active;
  std::int64_t creator = 0;
  std::string group;
  Second created{};
  Second updated{};
  std::vector<Cell> cells; ///< one for each column of the board
};

struct Group {
  std::string id;
  std::string title;
};

struct Board {
  std::int64_t id = 0;
  std::string name;
  std::string description;
  std::string type = "board";
  State state = State::active;
  Second created{};
  Second updated{};
  std::vector<Column> columns;
  std::vector<Group> groups;
  std::vector<Item> items;

  [[nodiscard]] const Column* find_column(std::string_view column_id) const noexcept;
  [[nodiscard]] Item* find_item(std::int64_t item_id) noexcept;
};

struct User {
  std::int64_t id = 0;
  std::string name;
  std::string email;
  std::string kind = "MEMBER";
  std::string status = "ACTIVE";
  std::string title;
  std::string phone;
  std::string time_zone;
  Second created{};
  bool deleted = false;
};

struct Webhook {
  std::int64_t id = 0;
  std::int64_t board = 0;
  std::string url;
  std::string event;
  std::string config;
};

/// "2026-01-05T09:00:00Z"
[[nodiscard]] std::string format_second(Second time);

} // namespace dovetail::simulators::monday

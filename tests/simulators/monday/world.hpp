// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/monday/model.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators::monday {

/// Which columns a board has.
enum class Layout : std::uint8_t {
  tickets,  ///< description, portal_id, client_email, status, priority
  projects, ///< project_id, status, revenue, timeline, person
  every,    ///< one column of each type
};
[[nodiscard]] std::string_view to_string(Layout layout) noexcept;

struct BoardOptions {
  std::string name = {};
  Layout layout = Layout::tickets;
  int items = 20;
  std::string type = "board";     ///< or "sub_items_board"
  std::string column_suffix = {}; ///< behind each column's id, as the ids of real boards have
  /// Labels of the status column beside those that mappings know.
  bool odd_labels = true;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::vector<BoardOptions> boards = {};
  int users = 12;
  std::chrono::hours history{24 * 90};
  /// Where the generated history ends; unset: when the simulator starts.
  std::optional<Second> epoch = {};
};

/// What happens to the world at one instant. What has no candidate left happens less often.
struct MutationCounts {
  int new_items = 0;
  int updated_items = 0; ///< a few columns each
  int renamed_items = 0;
  int archived_items = 0;
  int deleted_items = 0;
  int new_users = 0;
  int deactivated_users = 0;
  int removed_users = 0;
  /// The board that it happens to, by its place among the options; -1: any.
  int board = -1;
  /// Updates change items without moving their `updated_at`, as mirrors and formulas do.
  bool silent = false;
};

/// A whole account in memory, generated from a seed: the same options and the same mutations at the same instants give the same world. Not
/// thread-safe.
class World {
public:
  static constexpr std::int64_t first_board_id = 5'100'000'001;
  static constexpr std::int64_t first_item_id = 6'100'000'001;
  static constexpr std::int64_t first_user_id = 70'000'001;

  /// History ends at `now`.
  World(WorldOptions options, Second now);

  [[nodiscard]] const std::vector<Board>& boards() const noexcept { return boards_; }
  [[nodiscard]] const std::vector<User>& users() const noexcept { return users_; }
  [[nodiscard]] const std::vector<Webhook>& webhooks() const noexcept { return webhooks_; }
  [[nodiscard]] Board* find_board(std::int64_t id) noexcept;
  [[nodiscard]] const Board* find_board(std::int64_t id) const noexcept;
  [[nodiscard]] const Item* find_item(std::int64_t id) const noexcept;
  [[nodiscard]] const User* find_user(std::int64_t id) const noexcept;
  [[nodiscard]] std::int64_t board_id(std::size_t place) const { return boards_.at(place).id; }

  /// Does so much of it as there are candidates for; says what was done.
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts, Second now);

  /// What writers do. Errors say what the service says.
  Item& add_item(Board& board, const std::string& name, Second now, std::int64_t creator);
  void touch(Board& board, Item& item, Second now);
  Webhook& add_webhook(Webhook webhook);
  /// Changes of a board's structure.
  Status rename_column(std::int64_t board, std::string_view column, const std::string& title);
  Status delete_column(std::int64_t board, std::string_view column);
  Status retype_column(std::int64_t board, std::string_view column, ColumnType type);
  Status archive_board(std::int64_t board);

private:
  [[nodiscard]] Board make_board(const BoardOptions& options, std::uint64_t key, Second now);
  [[nodiscard]] User make_user(std::uint64_t key, Second created);
  [[nodiscard]] Cell make_cell(const Board& board, const Column& column, Seeded& choices, Second changed) const;
  void fill(const Board& board, Item& item, Seeded& choices) const;

  WorldOptions options_;
  std::vector<Board> boards_;
  std::vector<User> users_;
  std::vector<Webhook> webhooks_;
  std::int64_t next_user_ = first_user_id;
  std::int64_t next_item_ = first_item_id;
  std::int64_t next_webhook_ = 80'000'001;
};

} // namespace dovetail::simulators::monday

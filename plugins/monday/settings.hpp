// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::monday {

/// Names of columns, as mappings use them, to column ids.
using ColumnIds = std::map<std::string, std::string, std::less<>>;

/// A connection's config and the manifest's settings, as the manifest describes them.
struct Settings {
  std::string api_version;
  std::vector<std::string> ticket_boards;  ///< what the object "item" reads
  std::vector<std::string> project_boards; ///< what the object "project_item" reads
  ColumnIds columns;                       ///< for all boards; a name that is not here is its own id
  std::map<std::string, ColumnIds, std::less<>> board_columns; ///< board id -> what differs there

  std::int64_t page_size = 200;    ///< items asked for at once
  std::int64_t smallest_page = 10; ///< below this a page that is too expensive is an error
  std::int64_t list_size = 100;    ///< boards and users asked for at once
  std::chrono::minutes cursor_life{55};
  std::string creation_order; ///< the column id that orders by creation; "": the order means nothing
  std::string change_order;   ///< the column id that orders by the last change; "": deltas read everything
  bool filters_by_day = true; ///< deltas ask for the days that can hold changes only

  [[nodiscard]] const std::vector<std::string>& boards_of(std::string_view object) const noexcept;
  [[nodiscard]] bool reads(std::string_view object, std::string_view board) const;
  /// The id of the column that mappings call `name`, on that board.
  [[nodiscard]] std::string column_id(std::string_view board, std::string_view name) const;
};

[[nodiscard]] sdk::Result<Settings> read_settings(sdk::Context& context, const sdk::Config& config);

/// Whether a column id is one of the texts that examples put where a real id belongs ("REPLACE_ME").
[[nodiscard]] bool is_placeholder(std::string_view column_id);

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"
#include "settings.hpp"

namespace dovetail::monday {

/// A label of a status or dropdown column.
struct Label {
  std::string index;
  std::string text;
};

/// A column as the board has it.
struct BoardColumn {
  std::string id;
  std::string title;
  std::string type;
  bool archived = false;
  std::vector<Label> labels;
};

struct BoardColumns {
  std::string board;
  std::vector<BoardColumn> columns;
};

/// The columns of boards, in the order of `boards`. Errors: not_found, with the ids, where the token does not see one of them.
[[nodiscard]] sdk::Result<std::vector<BoardColumns>> read_board_columns(sdk::Context& context,
                                                                        const std::vector<std::string>& boards);

/// The names by which a mapping finds that column on that board: what the config calls it, and its id where no name of the config hides it.
[[nodiscard]] std::vector<std::string> names_of(const Settings& settings, std::string_view board,
                                                std::string_view column);

} // namespace dovetail::monday

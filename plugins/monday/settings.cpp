// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace dovetail::monday {
namespace {

using namespace sdk;

constexpr std::int64_t largest_page = 500; // the API's own bound of items_page

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), detail::lower);
  return out;
}

Result<std::vector<std::string>> read_list(const Json& json, std::string_view pointer) {
  std::vector<std::string> list;
  DVT_TRY(const auto value, json.at(pointer));
  if (!value.absent()) {
    DVT_TRY_STATUS(
        json.for_each(pointer, {""}, [&list](const JsonElement& element) { list.emplace_back(element[0].text()); }));
  }
  return list;
}

Status refuse_placeholder(std::string_view name, std::string_view id) {
  if (!id.empty() && !is_placeholder(id)) {
    return {};
  }
  return make_error(Code::invalid_argument, "the column \"" + std::string(name) + "\" has the placeholder \"" +
                                                std::string(id) +
                                                "\" in place of an id: put the id of the board's column into the "
                                                "connection's config (connection discover lists them)");
}

Result<ColumnIds> read_columns(const Json& json, const std::string& pointer) {
  ColumnIds columns;
  DVT_TRY(const auto value, json.at(pointer));
  if (!value.absent()) {
    DVT_TRY_STATUS(json.for_each(pointer, {""}, [&columns](const JsonElement& column) -> Status {
      DVT_TRY_STATUS(refuse_placeholder(column.key(), column[0].text()));
      columns.insert_or_assign(std::string(column.key()), std::string(column[0].text()));
      return {};
    }));
  }
  return columns;
}

Status read_tuning(const Json& tuning, Settings& settings) {
  settings.page_size = std::clamp<std::int64_t>(tuning.integer_or("/pageSize", settings.page_size), 1, largest_page);
  settings.smallest_page =
      std::clamp<std::int64_t>(tuning.integer_or("/smallestPage", settings.smallest_page), 1, settings.page_size);
  settings.list_size = std::clamp<std::int64_t>(tuning.integer_or("/listSize", settings.list_size), 1, 200);
  settings.cursor_life = std::chrono::minutes(
      std::clamp<std::int64_t>(tuning.integer_or("/cursorMinutes", settings.cursor_life.count()), 1, 60));
  settings.creation_order = tuning.string_or("/creationOrder", "");
  settings.change_order = tuning.string_or("/changeOrder", "");
  return {};
}

} // namespace

bool is_placeholder(std::string_view column_id) {
  static constexpr std::array<std::string_view, 9> marks = {"replace_me",  "replaceme",   "replace-me",
                                                            "change_me",   "changeme",    "change-me",
                                                            "placeholder", "your_column", "your-column"};
  const std::string id = lower_case(column_id);
  return id.starts_with("<") || id.starts_with("{{") || id.find_first_not_of("x.?-_ ") == std::string::npos ||
         std::any_of(marks.begin(), marks.end(),
                     [&id](std::string_view mark) { return id.find(mark) != std::string::npos; });
}

const std::vector<std::string>& Settings::boards_of(std::string_view object) const noexcept {
  return object == "project_item" ? project_boards : ticket_boards;
}

bool Settings::reads(std::string_view object, std::string_view board) const {
  const auto& boards = boards_of(object);
  return std::find(boards.begin(), boards.end(), board) != boards.end();
}

std::string Settings::column_id(std::string_view board, std::string_view name) const {
  if (const auto own = board_columns.find(board); own != board_columns.end()) {
    if (const auto found = own->second.find(name); found != own->second.end()) {
      return found->second;
    }
  }
  const auto found = columns.find(name);
  return found == columns.end() ? std::string(name) : found->second;
}

Result<Settings> read_settings(Context& context, const Config& config) {
  DVT_TRY(const auto json, context.parse(config.config));
  DVT_TRY(const auto tuning, context.parse(config.settings));
  Settings settings;
  DVT_TRY_STATUS(read_tuning(tuning, settings));
  settings.api_version = json.string_or("/apiVersion", "");
  settings.page_size =
      std::clamp<std::int64_t>(json.integer_or("/pageSize", settings.page_size), settings.smallest_page, largest_page);
  settings.filters_by_day = json.boolean_or("/filterByDay", true);
  DVT_TRY(settings.ticket_boards, read_list(json, "/ticketBoards"));
  DVT_TRY(settings.project_boards, read_list(json, "/projectBoards"));
  DVT_TRY(settings.columns, read_columns(json, "/columns"));
  DVT_TRY(const auto boards, json.at("/boardColumns"));
  if (!boards.absent()) {
    std::vector<std::string> ids;
    DVT_TRY_STATUS(
        json.for_each("/boardColumns", {""}, [&ids](const JsonElement& board) { ids.emplace_back(board.key()); }));
    for (auto& id : ids) {
      DVT_TRY(auto columns, read_columns(json, "/boardColumns/" + pointer_escape(id)));
      settings.board_columns.insert_or_assign(std::move(id), std::move(columns));
    }
  }
  return settings;
}

} // namespace dovetail::monday

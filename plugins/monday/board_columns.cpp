// SPDX-License-Identifier: Apache-2.0
#include "board_columns.hpp"

#include <algorithm>
#include <utility>

#include "selection.hpp"

namespace dovetail::monday {
namespace {

using namespace sdk;

constexpr std::size_t boards_per_query = 25;
constexpr std::size_t most_labels = 1000;

/// Labels stand as {"0": "Open"} or as [{"id": 0, "label": "Open"}], by the age of the board; a dropdown calls the text "name".
Status read_labels(Context& context, std::string_view settings, std::vector<Label>& labels) {
  DVT_TRY(const auto json, context.parse(settings));
  DVT_TRY(const auto list, json.at("/labels"));
  if (list.kind() != JsonValue::Kind::array && list.kind() != JsonValue::Kind::object) {
    return {};
  }
  return json.for_each("/labels", {"", "/id", "/index", "/label", "/name"}, [&labels](const JsonElement& label) {
    Label made;
    if (const auto text = label[0].string()) {
      made = {std::string(label.key()), std::string(*text)};
    } else {
      made.index = label[2].absent() ? label[1].text() : label[2].text();
      made.text = label[3].string().value_or(label[4].string().value_or(""));
    }
    if (!made.text.empty() && labels.size() < most_labels) {
      labels.push_back(std::move(made));
    }
  });
}

Status read_columns(Context& context, std::string_view text, std::vector<BoardColumn>& columns) {
  DVT_TRY(const auto json, context.parse(text));
  return json.for_each("", {"/id", "/title", "/type", "/archived", "/settings"},
                       [&](const JsonElement& column) -> Status {
                         BoardColumn made;
                         made.id = column[0].text();
                         made.title = column[1].text();
                         made.type = column[2].text();
                         made.archived = column[3].boolean().value_or(false);
                         if (!column[4].absent() && (made.type == "status" || made.type == "dropdown")) {
                           DVT_TRY_STATUS(read_labels(context, column[4].text(), made.labels));
                         }
                         columns.push_back(std::move(made));
                         return {};
                       });
}

Status read_some(Context& context, const std::vector<std::string>& ids, std::vector<BoardColumns>& out) {
  JsonWriter variables;
  variables.open_object().name("boards").open_array();
  for (const auto& id : ids) {
    variables.value(id);
  }
  variables.close().member("limit", ids.size()).close();
  const std::string document =
      "query($boards:[ID!],$limit:Int!){" + std::string(complexity_fields) +
      "boards(ids:$boards,limit:$limit,state:all){id columns{id title type archived settings}}}";
  DVT_TRY(const auto answer, ask_plainly(context, document, variables.text(), "reading the columns of boards"));
  return answer.body.for_each("/data/boards", {"/id", "/columns"}, [&](const JsonElement& board) -> Status {
    BoardColumns made{std::string(board[0].text()), {}};
    if (!board[1].absent()) {
      DVT_TRY_STATUS(read_columns(context, board[1].text(), made.columns));
    }
    out.push_back(std::move(made));
    return {};
  });
}

} // namespace

Result<std::vector<BoardColumns>> read_board_columns(Context& context, const std::vector<std::string>& boards) {
  std::vector<BoardColumns> read;
  for (std::size_t from = 0; from < boards.size(); from += boards_per_query) {
    const auto to = std::min(boards.size(), from + boards_per_query);
    DVT_TRY_STATUS(read_some(
        context, {boards.begin() + static_cast<std::ptrdiff_t>(from), boards.begin() + static_cast<std::ptrdiff_t>(to)},
        read));
  }
  std::vector<BoardColumns> ordered;
  for (const auto& id : boards) {
    const auto found =
        std::find_if(read.begin(), read.end(), [&id](const BoardColumns& board) { return board.board == id; });
    if (found == read.end()) {
      return make_error(Code::not_found,
                        "the token does not see the board " + id +
                            ": check the id in the connection's config, and that the token's user may see it");
    }
    ordered.push_back(*found);
  }
  return ordered;
}

std::vector<std::string> names_of(const Settings& settings, std::string_view board, std::string_view column) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (settings.column_id(board, name) == column && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  };
  for (const auto& [name, id] : settings.columns) {
    add(name);
  }
  if (const auto own = settings.board_columns.find(board); own != settings.board_columns.end()) {
    for (const auto& [name, id] : own->second) {
      add(name);
    }
  }
  if (is_column_name(column)) {
    add(std::string(column));
  }
  return names;
}

} // namespace dovetail::monday

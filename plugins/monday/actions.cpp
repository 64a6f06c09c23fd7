// SPDX-License-Identifier: Apache-2.0
#include "actions.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "api.hpp"
#include "board_columns.hpp"
#include "column_write.hpp"

namespace dovetail::monday {
namespace {

using namespace sdk;

/// A value that the input may give as a number or as its text.
Result<std::string> id_in(const Json& input, const std::string& pointer) {
  DVT_TRY(const auto value, input.at(pointer));
  if (parse_integer(value.text()).value_or(0) <= 0) {
    return make_error(Code::invalid_argument, "the input needs an id at \"" + pointer + "\"");
  }
  return std::string(value.text());
}

const BoardColumn* find_column(const Settings& settings, const BoardColumns& board, std::string_view name) {
  const auto id = settings.column_id(board.board, name);
  const auto by_id = std::find_if(board.columns.begin(), board.columns.end(),
                                  [&id](const BoardColumn& column) { return column.id == id; });
  return by_id == board.columns.end() ? nullptr : &*by_id;
}

/// The JSON object that `column_values` takes, as text; "" where there is nothing to write.
Result<std::string> column_values(Context& context, const Settings& settings, const std::string& board_id,
                                  const Json& input, bool with_name) {
  DVT_TRY(const auto values, input.at("/values"));
  const auto name = with_name ? input.string_or("/name", "") : std::string_view();
  if (values.size() == 0 && name.empty()) {
    return std::string();
  }
  JsonWriter out;
  out.open_object();
  if (!name.empty()) {
    out.member("name", name);
  }
  if (values.size() > 0) {
    DVT_TRY(const auto boards, read_board_columns(context, {board_id}));
    DVT_TRY_STATUS(input.for_each("/values", {""}, [&](const JsonElement& value) -> Status {
      const auto* column = find_column(settings, boards.front(), value.key());
      if (column == nullptr) {
        return make_error(Code::invalid_argument, "board " + board_id + " has no column \"" + std::string(value.key()) +
                                                      "\" (connection discover lists them)");
      }
      out.name(column->id);
      return write_column(context, *column, value[0], out);
    }));
  }
  return out.close().take();
}

Status create_item(Context& context, const Settings& settings, const ActionRequest& request, const Json& input,
                   ActionResult& result) {
  DVT_TRY(const auto board, id_in(input, "/board"));
  DVT_TRY(const auto name, input.string("/name"));
  DVT_TRY(const auto values, column_values(context, settings, board, input, false));
  const auto group = input.string_or("/group", "");
  JsonWriter variables;
  variables.open_object().member("board", board).member("name", name);
  variables.name("group");
  group.empty() ? variables.value(nullptr) : variables.value(group);
  variables.name("values");
  values.empty() ? variables.value(nullptr) : variables.value(values);
  variables.member("labels", input.boolean_or("/createLabels", false)).close();
  DVT_TRY(
      const auto answer,
      change(
          context,
          "mutation($board:ID!,$name:String!,$group:String,$values:JSON,$labels:Boolean){create_item(board_id:$board,"
          "item_name:$name,group_id:$group,column_values:$values,create_labels_if_missing:$labels){id name url "
          "created_at updated_at}}",
          variables.text(), uuid_of(request.idempotency_key), "create_item", "creating an item on board " + board));
  DVT_TRY(const auto made, answer.body.at("/data/create_item"));
  return result.output(made.text());
}

Status update_item(Context& context, const Settings& settings, const ActionRequest& request, const Json& input,
                   ActionResult& result) {
  DVT_TRY(const auto board, id_in(input, "/board"));
  DVT_TRY(const auto item, id_in(input, "/item"));
  DVT_TRY(const auto values, column_values(context, settings, board, input, true));
  if (values.empty()) {
    return make_error(Code::invalid_argument, "there is nothing to change: give \"name\" or \"values\"");
  }
  JsonWriter variables;
  variables.open_object().member("board", board).member("item", item).member("values", values);
  variables.member("labels", input.boolean_or("/createLabels", false)).close();
  DVT_TRY(
      const auto answer,
      change(
          context,
          "mutation($board:ID!,$item:ID,$values:JSON!,$labels:Boolean){change_multiple_column_values(board_id:$board,"
          "item_id:$item,column_values:$values,create_labels_if_missing:$labels){id name url updated_at}}",
          variables.text(), uuid_of(request.idempotency_key), "change_multiple_column_values",
          "changing the item " + item));
  DVT_TRY(const auto made, answer.body.at("/data/change_multiple_column_values"));
  return result.output(made.text());
}

Status create_webhook(Context& context, const ActionRequest& request, const Json& input, ActionResult& result) {
  constexpr std::size_t longest_url = 255;
  DVT_TRY(const auto board, id_in(input, "/board"));
  DVT_TRY(const auto url, input.string("/url"));
  DVT_TRY(const auto event, input.string("/event"));
  if (url.size() > longest_url) {
    return make_error(Code::invalid_argument,
                      "monday takes webhook addresses of at most 255 characters; this one has " +
                          std::to_string(url.size()));
  }
  DVT_TRY(const auto config, input.at("/config"));
  JsonWriter variables;
  variables.open_object().member("board", board).member("url", url).name("config");
  config.absent() ? variables.value(nullptr) : variables.value(config.text());
  variables.close();
  // The event is a name of the schema's own, not a text: the manifest's schema lists those that there are.
  const std::string document =
      "mutation($board:ID!,$url:String!,$config:JSON){create_webhook(board_id:$board,url:$url,event:" +
      std::string(event) + ",config:$config){id board_id event}}";
  if (event.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos) {
    return make_error(Code::invalid_argument, "\"event\" is no event that monday has");
  }
  DVT_TRY(const auto answer, change(context, document, variables.text(), uuid_of(request.idempotency_key),
                                    "create_webhook", "making a webhook on board " + board));
  DVT_TRY(const auto made, answer.body.at("/data/create_webhook"));
  return result.output(made.text());
}

} // namespace

std::string uuid_of(std::string_view key) {
  // FNV-1a, twice with different beginnings: it has to spread, not to withstand.
  std::array<std::uint64_t, 2> halves = {0xcbf29ce484222325ULL, 0x9ae16a3b2f90404fULL};
  for (auto& half : halves) {
    for (const char c : key) {
      half = (half ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
  }
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) {
      out += '-';
    }
    // Version 8 (RFC 9562: the maker's own way) and its variant.
    const auto nibble = (halves[i / 16] >> (60U - 4U * (i % 16))) & 0xFU;
    out += i == 12 ? '8' : i == 16 ? digits[8U | (nibble & 3U)] : digits[nibble];
  }
  return out;
}

Status invoke_action(Context& context, const Settings& settings, const ActionRequest& request, ActionResult& result) {
  DVT_TRY(const auto input, context.parse(request.input));
  if (request.action == "create_item") {
    return create_item(context, settings, request, input, result);
  }
  if (request.action == "update_item") {
    return update_item(context, settings, request, input, result);
  }
  if (request.action == "create_webhook") {
    return create_webhook(context, request, input, result);
  }
  return make_error(Code::unimplemented, "this plugin has no action \"" + std::string(request.action) +
                                             "\", only: create_item, update_item, create_webhook");
}

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#include "accounts.hpp"

#include "selection.hpp"

namespace dovetail::monday {

using namespace sdk;

Status BoardReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  static const std::vector<std::string_view> known = {"name",       "description",    "state",        "board_kind",
                                                      "type",       "hierarchy_type", "workspace_id", "items_count",
                                                      "created_at", "updated_at",     "url"};
  // The type decides which boards count, so it is always asked for.
  auto fields = scalar_fields(request.fields, known);
  if (fields.find(" type") == std::string::npos) {
    fields += " type";
  }
  return list_.read_page(context, request, fields, page, [&](const Answer& answer) -> Status {
    std::vector<std::uint64_t> boards;
    std::uint64_t all = 0;
    DVT_TRY_STATUS(answer.body.for_each("/data/boards", {"/id", "/type"}, [&](const JsonElement& board) {
      ++all;
      const auto type = board[1].string().value_or("board");
      const std::string id(board[0].text());
      if (type == "board" || settings_.reads("item", id) || settings_.reads("project_item", id)) {
        boards.push_back(board.index());
      }
    }));
    if (boards.size() == all) {
      return page.records(answer.response, {.pointer = "/data/boards"});
    }
    for (const auto index : boards) {
      DVT_TRY_STATUS(page.records(answer.response, {.pointer = "/data/boards/" + std::to_string(index)}));
    }
    return {};
  });
}

Status UserReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  static const std::vector<std::string_view> known = {
      "name",  "email",           "kind",         "status",   "is_deleted",   "is_email_confirmed",   "created_at",
      "title", "phone",           "mobile_phone", "location", "country_code", "time_zone_identifier", "photo_url",
      "url",   "became_active_at"};
  return list_.read_page(context, request, scalar_fields(request.fields, known), page, [&](const Answer& answer) {
    return page.records(answer.response, {.pointer = "/data/users"});
  });
}

} // namespace dovetail::monday

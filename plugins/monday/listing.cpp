// SPDX-License-Identifier: Apache-2.0
#include "listing.hpp"

#include <algorithm>

namespace dovetail::monday {

using namespace sdk;

namespace {

constexpr std::int64_t most_restarts = 5;

constexpr std::int64_t smallest_size = 10;

} // namespace

Result<Listing::Cursor> Listing::read_cursor(Context& context, const ReadRequest& request) const {
  Cursor cursor;
  cursor.size = size_;
  if (request.first_page()) {
    return cursor;
  }
  DVT_TRY(const auto json, context.parse(request.cursor));
  DVT_TRY(cursor.page, json.integer("/page"));
  cursor.last = json.string_or("/last", "");
  cursor.restarts = json.integer_or("/restarts", 0);
  cursor.size = std::clamp<std::int64_t>(json.integer_or("/size", size_), 1, size_);
  return cursor;
}

Status Listing::go_on(const Cursor& cursor, Page& page) {
  return page.next(JsonWriter()
                       .open_object()
                       .member("page", cursor.page)
                       .member("last", cursor.last)
                       .member("restarts", cursor.restarts)
                       .member("size", cursor.size)
                       .close()
                       .text());
}

std::string Listing::document(std::string_view fields, bool with_page_before) const {
  const std::string arguments = arguments_.empty() ? "" : "," + arguments_;
  std::string text = "query($limit:Int!,$page:Int!" + std::string(with_page_before ? ",$before:Int!" : "") + "){" +
                     std::string(complexity_fields) + root_ + "(limit:$limit,page:$page" + arguments + "){" +
                     std::string(fields) + "}";
  if (with_page_before) {
    text += " before:" + root_ + "(limit:$limit,page:$before" + arguments + "){id}";
  }
  return text + "}";
}

Result<std::string> Listing::last_id(const Json& body, const std::string& pointer) {
  DVT_TRY(const auto list, body.at(pointer));
  if (list.kind() != JsonValue::Kind::array) {
    return make_error(Code::unavailable, "monday's answer lacks the list at \"" + pointer + "\"", Retry::transient);
  }
  if (list.size() == 0) {
    return std::string();
  }
  DVT_TRY(const auto last, body.at(pointer + "/" + std::to_string(list.size() - 1) + "/id"));
  return std::string(last.text());
}

Status Listing::read_page(Context& context, const ReadRequest& request, std::string_view fields, Page& page,
                          const std::function<Status(const Answer&)>& give) const {
  DVT_TRY(const auto cursor, read_cursor(context, request));
  const bool with_page_before = cursor.page > 1;
  JsonWriter variables;
  variables.open_object().member("limit", cursor.size).member("page", cursor.page);
  if (with_page_before) {
    variables.member("before", cursor.page - 1);
  }
  const std::string what = "listing the " + root_;
  DVT_TRY(const auto answer, ask(context, document(fields, with_page_before), variables.close().text(), what));
  if (answer.trouble == Trouble::too_complex && cursor.size > smallest_size) {
    // Pages of another size begin elsewhere.
    return go_on({.restarts = cursor.restarts, .size = std::max(smallest_size, cursor.size / 2)}, page);
  }
  if (answer.trouble != Trouble::none) {
    return answer.error;
  }
  if (with_page_before) {
    DVT_TRY(const auto before, last_id(answer.body, "/data/before"));
    if (before != cursor.last) {
      if (cursor.restarts >= most_restarts) {
        return make_error(Code::aborted, what + ": the list changes faster than it can be read; try again later",
                          Retry::transient);
      }
      context.info("the list of " + root_ + " changed while it was read: it is read again from its beginning");
      return go_on({.restarts = cursor.restarts + 1, .size = cursor.size}, page);
    }
  }
  DVT_TRY(const auto last, last_id(answer.body, "/data/" + root_));
  // Only an empty page ends the list: the API may give fewer records than were asked for.
  if (last.empty()) {
    return page.exhausted();
  }
  DVT_TRY_STATUS(give(answer));
  return go_on({.page = cursor.page + 1, .last = last, .restarts = cursor.restarts, .size = cursor.size}, page);
}

} // namespace dovetail::monday

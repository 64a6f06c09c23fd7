// SPDX-License-Identifier: Apache-2.0
#include "members.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace dovetail::github {

using namespace sdk;

namespace {

std::string role_constants(const std::string& role) {
  return JsonWriter().open_object().member("role", role).close().take();
}

/// "login:id login:id": what the list tells of each member whose profile is to be read.
Result<std::string> listed_in(const Response& response) {
  DVT_TRY(const auto members, json_of(response, "listing the members"));
  std::string listed;
  DVT_TRY_STATUS(members.for_each("", {"/login", "/id"}, [&listed](const JsonElement& member) {
    const auto login = member[0].string();
    const auto id = member[1].integer();
    if (login && id) {
      listed += (listed.empty() ? "" : " ") + std::string(*login) + ":" + std::to_string(*id);
    }
  }));
  return listed;
}

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> parts;
  while (!words.empty()) {
    const auto space = words.find(' ');
    parts.emplace_back(words.substr(0, space));
    words.remove_prefix(space == std::string_view::npos ? words.size() : space + 1);
  }
  return parts;
}

} // namespace

std::string MemberReader::list_address(const std::string& role) const {
  return Url("orgs")
      .segment(settings_.organization)
      .segment("members")
      .query("role", role)
      .query("per_page", page_size)
      .text();
}

Result<MemberReader::Cursor> MemberReader::begin(Context& context, const ReadRequest& request) const {
  Cursor cursor;
  if (request.first_page()) {
    cursor.address = list_address(cursor.role);
    return cursor;
  }
  DVT_TRY(const auto json, context.parse(request.cursor));
  DVT_TRY(const auto role, json.string("/role"));
  cursor.role = role;
  cursor.address = json.string_or("/address", "");
  cursor.listed = split(json.string_or("/listed", ""));
  return cursor;
}

Status MemberReader::read_list(Context& context, Cursor& cursor, Page& page) const {
  const std::string what = "listing the members of " + settings_.organization;
  if (!settings_.member_profiles) {
    DVT_TRY(const auto list, lists_.read(context, page, cursor.address, role_constants(cursor.role), what));
    cursor.address = list.next;
    return {};
  }
  DVT_TRY(const auto list, lists_.read_index(context, page, cursor.address, what, listed_in));
  cursor.address = list.next;
  cursor.listed = split(list.extra);
  return {};
}

Status MemberReader::read_profile(Context& context, std::string_view listed, const std::string& role,
                                  Page& page) const {
  const auto colon = listed.rfind(':');
  const std::string login(listed.substr(0, colon));
  const std::string address = Url("users").segment(login).text();
  const std::string constants = role_constants(role);
  const auto profile = lists_.read(context, page, address, constants, "reading the profile of " + login);
  if (profile.ok()) {
    return {};
  }
  if (profile.error().code != Code::not_found) {
    return profile.error();
  }
  // The list has the member, so it is one: what was read of it earlier stands, or what the list tells does.
  context.info("the member " + login + " has no profile that can be read");
  DVT_TRY(const bool stands, page.unchanged(ListReader::page_key(address, constants)));
  if (stands || colon == std::string_view::npos) {
    return {};
  }
  std::int64_t id = 0;
  std::from_chars(listed.data() + colon + 1, listed.data() + listed.size(), id);
  return page.records_json(
      JsonWriter().open_array().open_object().member("id", id).member("login", login).close().close().take(),
      {.constants = constants});
}

Status MemberReader::read_profiles(Context& context, Cursor& cursor, Page& page) const {
  const auto count = std::min(cursor.listed.size(), max_requests_per_page);
  for (std::size_t i = 0; i < count; ++i) {
    DVT_TRY_STATUS(read_profile(context, cursor.listed[i], cursor.role, page));
  }
  cursor.listed.erase(cursor.listed.begin(), cursor.listed.begin() + static_cast<std::ptrdiff_t>(count));
  return {};
}

Status MemberReader::go_on(Cursor cursor, Page& page) const {
  if (cursor.listed.empty() && cursor.address.empty()) {
    if (cursor.role == "member") {
      return page.exhausted();
    }
    cursor.role = "member";
    cursor.address = list_address(cursor.role);
  }
  std::string listed;
  for (const auto& member : cursor.listed) {
    listed += listed.empty() ? member : " " + member;
  }
  return page.next(JsonWriter()
                       .open_object()
                       .member("role", cursor.role)
                       .member("address", cursor.address)
                       .member("listed", listed)
                       .close()
                       .text());
}

Status MemberReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  if (settings_.organization.empty()) {
    return make_error(Code::failed_precondition,
                      "members belong to an organisation: set \"organization\" in the connection's config");
  }
  DVT_TRY(auto cursor, begin(context, request));
  if (cursor.listed.empty()) {
    DVT_TRY_STATUS(read_list(context, cursor, page));
  } else {
    DVT_TRY_STATUS(read_profiles(context, cursor, page));
  }
  return go_on(std::move(cursor), page);
}

} // namespace dovetail::github

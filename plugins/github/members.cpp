// SPDX-License-Identifier: Apache-2.0
#include "members.hpp"

#include <algorithm>
#include <utility>

namespace dovetail::github {

using namespace sdk;

namespace {

std::string role_constants(const std::string& role) {
  return JsonWriter().open_object().member("role", role).close().take();
}

Result<std::string> logins_of(const Response& response) {
  DVT_TRY(const auto members, json_of(response, "listing the members"));
  std::string logins;
  DVT_TRY_STATUS(members.for_each("", {"/login"}, [&logins](const JsonElement& member) {
    if (const auto login = member[0].string()) {
      logins += logins.empty() ? std::string(*login) : " " + std::string(*login);
    }
  }));
  return logins;
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
  cursor.logins = split(json.string_or("/logins", ""));
  return cursor;
}

Status MemberReader::read_list(Context& context, Cursor& cursor, Page& page) const {
  const std::string what = "listing the members of " + settings_.organization;
  if (!settings_.member_profiles) {
    DVT_TRY(const auto list, lists_.read(context, page, cursor.address, role_constants(cursor.role), what));
    cursor.address = list.next;
    return {};
  }
  DVT_TRY(const auto list, lists_.read_index(context, page, cursor.address, what, logins_of));
  cursor.address = list.next;
  cursor.logins = split(list.extra);
  return {};
}

Status MemberReader::read_profiles(Context& context, Cursor& cursor, Page& page) const {
  const auto count = std::min(cursor.logins.size(), max_requests_per_page);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& login = cursor.logins[i];
    const auto profile = lists_.read(context, page, Url("users").segment(login).text(), role_constants(cursor.role),
                                     "reading the profile of " + login);
    if (!profile.ok() && profile.error().code == Code::not_found) {
      context.info("the member " + login + " is gone");
    } else if (!profile.ok()) {
      return profile.error();
    }
  }
  cursor.logins.erase(cursor.logins.begin(), cursor.logins.begin() + static_cast<std::ptrdiff_t>(count));
  return {};
}

Status MemberReader::go_on(Cursor cursor, Page& page) const {
  if (cursor.logins.empty() && cursor.address.empty()) {
    if (cursor.role == "member") {
      return page.exhausted();
    }
    cursor.role = "member";
    cursor.address = list_address(cursor.role);
  }
  std::string logins;
  for (const auto& login : cursor.logins) {
    logins += logins.empty() ? login : " " + login;
  }
  return page.next(JsonWriter()
                       .open_object()
                       .member("role", cursor.role)
                       .member("address", cursor.address)
                       .member("logins", logins)
                       .close()
                       .text());
}

Status MemberReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  if (settings_.organization.empty()) {
    return make_error(Code::failed_precondition,
                      "members belong to an organisation: set \"organization\" in the connection's config");
  }
  DVT_TRY(auto cursor, begin(context, request));
  if (cursor.logins.empty()) {
    DVT_TRY_STATUS(read_list(context, cursor, page));
  } else {
    DVT_TRY_STATUS(read_profiles(context, cursor, page));
  }
  return go_on(std::move(cursor), page);
}

} // namespace dovetail::github

// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace dovetail::github {
namespace {

using namespace sdk;

constexpr std::size_t max_key_bytes = 1024;
constexpr std::size_t max_state_bytes = 16U << 10U;

} // namespace

bool Settings::tracks(std::string_view id, std::string_view full_name) const {
  if (repositories.empty()) {
    return true;
  }
  const auto slash = full_name.find('/');
  const auto name = slash == std::string_view::npos ? full_name : full_name.substr(slash + 1);
  return std::any_of(repositories.begin(), repositories.end(), [&](const std::string& wanted) {
    return wanted == id || detail::equals_ignoring_case(wanted, full_name) ||
           detail::equals_ignoring_case(wanted, name);
  });
}

Result<Settings> read_settings(Context& context, const Config& config) {
  DVT_TRY(const auto json, context.parse(config.config));
  Settings settings;
  settings.base_url = config.base_url;
  settings.organization = json.string_or("/organization", "");
  settings.member_profiles = json.boolean_or("/memberProfiles", true);
  settings.commit_branch = json.string_or("/commitBranch", "");
  DVT_TRY(const auto repositories, json.at("/repositories"));
  if (!repositories.absent()) {
    DVT_TRY_STATUS(json.for_each("/repositories", {""}, [&settings](const JsonElement& repository) {
      settings.repositories.emplace_back(repository[0].text());
    }));
  }
  return settings;
}

Result<Repository> read_repository(Context& context, const ReadRequest& request) {
  DVT_TRY(const auto parents, context.parse(request.parents));
  Repository repository;
  DVT_TRY(const auto id, parents.string("/0/external_id"));
  DVT_TRY(const auto full_name, parents.string("/0/full_name"));
  repository.id = id;
  repository.full_name = full_name;
  return repository;
}

Url repository_url(const Repository& repository) { return Url("repos").segments(repository.full_name); }

Error error_of(const Response& response, std::string_view what) {
  Error error = response.to_error(what);
  error.provider_request_id = response.header_or("X-GitHub-Request-Id", error.provider_request_id);
  if (response.status() == 403 && response.header("X-GitHub-SSO")) {
    error.code = Code::unauthenticated;
    error.message += "; the organisation asks for single sign-on: authorise the token for it";
  }
  if (response.status() == 403 || response.status() == 404) {
    if (const auto wanted = response.header_or("X-Accepted-OAuth-Scopes", ""); !wanted.empty()) {
      error.message += "; wanted scopes: " + std::string(wanted) +
                       ", the token has: " + std::string(response.header_or("X-OAuth-Scopes", "none"));
    }
  }
  return error;
}

Result<Json> json_of(const Response& response, std::string_view what) {
  auto json = response.json();
  if (json.ok()) {
    return json;
  }
  Error error =
      make_error(Code::unavailable,
                 std::string(what) + ": GitHub answered something that is no JSON (" + json.error().message + ")",
                 Retry::transient);
  error.http_status = response.status();
  error.provider_request_id = response.header_or("X-GitHub-Request-Id", "");
  return error;
}

Result<std::string> next_address(const Settings& settings, const Response& response) {
  const auto next = response.link("next");
  if (!next) {
    return std::string();
  }
  if (next->starts_with(settings.base_url + "/")) {
    return next->substr(settings.base_url.size());
  }
  const auto origin = url_origin(*next);
  if (!detail::equals_ignoring_case(origin, url_origin(settings.base_url))) {
    return make_error(Code::permission_denied, "the next page would be on " + std::string(origin) +
                                                   ", not on this connection's host " +
                                                   std::string(url_origin(settings.base_url)) +
                                                   ": if the API moved, change the connection's base URL");
  }
  return *next;
}

bool is_unreadable(Context& context, const Response& response, std::string_view what) {
  const int status = response.status();
  // 403: signs of a limit became errors in the host before they came here.
  if (status != 403 && status != 404 && status != 451) {
    return false;
  }
  // A token that single sign-on refuses is refused everywhere until a person authorises it: nothing may pass for read.
  if (status == 403 && response.header("X-GitHub-SSO")) {
    return false;
  }
  context.warning(error_of(response, what).message + "; the other repositories go on");
  return true;
}

Result<ListReader::Known> ListReader::known(Context& context, const std::string& key) {
  Known known;
  if (key.size() > max_key_bytes) {
    return known;
  }
  DVT_TRY(const auto value, context.state(key));
  if (value.empty()) {
    return known;
  }
  DVT_TRY(const auto json, context.parse(value));
  known.etag = json.string_or("/etag", "");
  known.next = json.string_or("/next", "");
  known.extra = json.string_or("/extra", "");
  known.full = json.boolean_or("/full", false);
  return known;
}

Status ListReader::keep(Page& page, const std::string& key, const Known& known) {
  if (key.size() > max_key_bytes) {
    return {};
  }
  const auto value = JsonWriter()
                         .open_object()
                         .member("etag", known.etag)
                         .member("next", known.next)
                         .member("extra", known.extra)
                         .member("full", known.full)
                         .close()
                         .take();
  return page.set_state(key, known.etag.empty() || value.size() > max_state_bytes ? "" : value);
}

Result<bool> ListReader::is_full(const Response& response, std::string_view what) {
  DVT_TRY(const auto body, json_of(response, what));
  DVT_TRY(const auto rows, body.at(""));
  return rows.size() >= static_cast<std::uint64_t>(page_size);
}

Result<std::optional<std::string>> ListReader::next_of_unchanged(const Response& response, const Known& known) const {
  if (response.header("Link")) {
    DVT_TRY(auto next, next_address(settings_, response));
    return std::optional(std::move(next));
  }
  return known.next.empty() && known.full ? std::nullopt : std::optional(known.next);
}

// The constants are part of the records, so a page is only the same with the same constants.
std::string ListReader::page_key(std::string_view address, std::string_view constants) {
  return std::string(address) + (constants.empty() ? "" : " " + std::string(constants));
}

Result<ListPage> ListReader::read(Context& context, Page& page, const std::string& address, std::string_view constants,
                                  std::string_view what) const {
  const std::string page_key = ListReader::page_key(address, constants);
  const std::string key = "page:" + page_key;
  const bool keeps = key.size() <= max_key_bytes;
  DVT_TRY(auto before, known(context, key));
  for (;;) {
    DVT_TRY(auto response, context.send(Request::get(address).header_if("If-None-Match", before.etag)));
    ListPage result;
    if (response.is_not_modified()) {
      DVT_TRY(auto next, next_of_unchanged(response, before));
      bool stands = false;
      if (next) {
        DVT_TRY(stands, page.unchanged(page_key));
      }
      if (stands) {
        result.next = std::move(*next);
        return result;
      }
      // The host no longer knows what stood there: ask for it without the ETag. An answer to that is never 304.
      if (before.etag.empty()) {
        return error_of(response, what);
      }
      before.etag.clear();
      continue;
    }
    if (!response.is_success()) {
      return error_of(response, what);
    }
    DVT_TRY(result.next, next_address(settings_, response));
    DVT_TRY_STATUS(
        page.records(response, {.constants = constants, .page_key = keeps ? std::string_view(page_key) : ""}));
    // Only a last page can be followed by one that is new.
    bool full = false;
    if (result.next.empty()) {
      DVT_TRY(full, is_full(response, what));
    }
    DVT_TRY_STATUS(keep(page, key, {std::string(response.header_or("ETag", "")), result.next, "", full}));
    result.response = std::move(response);
    return result;
  }
}

} // namespace dovetail::github

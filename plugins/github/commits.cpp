// SPDX-License-Identifier: Apache-2.0
#include "commits.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace dovetail::github {

using namespace sdk;

namespace {

std::string first_address(const Settings& settings, const Repository& repository, const ReadRequest& request) {
  Url url = repository_url(repository).segment("commits");
  if (!settings.commit_branch.empty()) {
    url.query("sha", settings.commit_branch);
  }
  // Git knows no time before 1970, and GitHub answers anything then.
  if (request.since && *request.since > Timestamp{}) {
    url.query("since", format_iso8601(*request.since));
  }
  return url.query("per_page", page_size).text();
}

/// The newest commit date of the page, but never one in the future: a clock that ran ahead would hide what comes before it. None
/// when the page is empty.
Result<std::optional<Timestamp>> newest(Context& context, const Response& response) {
  DVT_TRY(const auto rows, json_of(response, "listing the commits"));
  std::optional<Timestamp> latest;
  DVT_TRY_STATUS(rows.for_each("", {"/commit/committer/date"}, [&latest](const JsonElement& row) {
    if (const auto date = row[0].timestamp()) {
      latest = std::max(latest.value_or(*date), *date);
    }
  }));
  return latest ? std::optional(std::min(*latest, context.now())) : std::nullopt;
}

} // namespace

Status CommitReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  DVT_TRY(const auto repository, read_repository(context, request));
  if (!settings_.tracks(repository.id, repository.full_name)) {
    return page.exhausted();
  }
  const std::string what = "listing the commits of " + repository.full_name;
  const std::string state_key = "commits:" + repository.id;
  const std::string first = first_address(settings_, repository, request);
  std::string address = first;
  std::string etag;
  std::string high_water;
  std::string condition;
  if (request.first_page()) {
    // The ETag belongs to one exact address; with another `since` it would never match.
    if (!request.full) {
      DVT_TRY(const auto kept, context.state(state_key));
      if (!kept.empty()) {
        DVT_TRY(const auto json, context.parse(kept));
        condition = json.string_or("/address", "") == first ? json.string_or("/etag", "") : "";
      }
    }
  } else {
    DVT_TRY(const auto cursor, context.parse(request.cursor));
    DVT_TRY(address, cursor.string("/next"));
    etag = cursor.string_or("/etag", "");
    high_water = cursor.string_or("/high_water", "");
  }
  DVT_TRY(const auto response, context.send(Request::get(address).header_if("If-None-Match", condition)));
  if (response.is_not_modified()) {
    return page.exhausted();
  }
  if (response.status() == 409) { // "Git Repository is empty."
    return page.exhausted(Timestamp{});
  }
  if (is_unreadable(context, response, what)) {
    return page.exhausted();
  }
  if (!response.is_success()) {
    return error_of(response, what);
  }
  if (request.first_page()) {
    etag = response.header_or("ETag", "");
    DVT_TRY(const auto latest, newest(context, response));
    // Nothing since then: the mark stays. Nothing at all: the branch was read to its end, from the beginning of time.
    if (latest || !request.since) {
      high_water = format_iso8601(latest.value_or(Timestamp{}), true);
    }
  }
  const auto constants = JsonWriter()
                             .open_object()
                             .member("repository_id", repository.id)
                             .member("repository_full_name", repository.full_name)
                             .close()
                             .take();
  DVT_TRY_STATUS(page.records(response, {.constants = constants}));
  DVT_TRY(const auto next, next_address(settings_, response));
  if (!next.empty()) {
    return page.next(JsonWriter()
                         .open_object()
                         .member("next", next)
                         .member("etag", etag)
                         .member("high_water", high_water)
                         .close()
                         .text());
  }
  // Only now: an ETag that is kept while pages are missing would let a 304 hide them.
  const auto kept = JsonWriter().open_object().member("address", first).member("etag", etag).close().take();
  DVT_TRY_STATUS(page.set_state(state_key, etag.empty() ? "" : kept));
  return page.exhausted(parse_iso8601(high_water));
}

} // namespace dovetail::github

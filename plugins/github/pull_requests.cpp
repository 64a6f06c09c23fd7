// SPDX-License-Identifier: Apache-2.0
#include "pull_requests.hpp"

#include <algorithm>
#include <utility>

namespace dovetail::github {

using namespace sdk;

namespace {

struct Span {
  std::optional<Timestamp> newest;
  std::optional<Timestamp> oldest;
};

Result<Span> span_of(const Response& response) {
  DVT_TRY(const auto rows, json_of(response, "listing the pull requests"));
  Span span;
  DVT_TRY_STATUS(rows.for_each("", {"/updated_at"}, [&span](const JsonElement& row) {
    if (const auto updated = row[0].timestamp()) {
      span.newest = std::max(span.newest.value_or(*updated), *updated);
      span.oldest = std::min(span.oldest.value_or(*updated), *updated);
    }
  }));
  return span;
}

std::string list_address(const Repository& repository) {
  return repository_url(repository)
      .segment("pulls")
      .query("state", "all")
      .query("sort", "updated")
      .query("direction", "desc")
      .query("per_page", page_size)
      .text();
}

std::string constants_of(const Repository& repository) {
  return JsonWriter()
      .open_object()
      .member("repository_id", repository.id)
      .member("repository_full_name", repository.full_name)
      .close()
      .take();
}

std::string state_key(const Repository& repository) { return "pulls:" + repository.id; }

/// A repository without a single row is read to its end too: its mark is the beginning of time.
std::string mark_of(const Span& span) { return format_iso8601(span.newest.value_or(Timestamp{}), true); }

} // namespace

Result<PullRequestReader::Cursor> PullRequestReader::read_cursor(Context& context, const ReadRequest& request) {
  Cursor cursor;
  if (request.first_page()) {
    return cursor;
  }
  DVT_TRY(const auto json, context.parse(request.cursor));
  DVT_TRY(const auto address, json.string("/next"));
  cursor.address = address;
  cursor.etag = json.string_or("/etag", "");
  cursor.high_water = json.string_or("/high_water", "");
  return cursor;
}

Status PullRequestReader::finish(const Repository& repository, const Cursor& cursor, bool more, Page& page) {
  if (more) {
    return page.next(JsonWriter()
                         .open_object()
                         .member("next", cursor.address)
                         .member("etag", cursor.etag)
                         .member("high_water", cursor.high_water)
                         .close()
                         .text());
  }
  if (!cursor.etag.empty()) {
    DVT_TRY_STATUS(page.set_state(state_key(repository), cursor.etag));
  }
  return page.exhausted(parse_iso8601(cursor.high_water));
}

Status PullRequestReader::read_delta(Context& context, const ReadRequest& request, const Repository& repository,
                                     Cursor cursor, Page& page) const {
  const std::string what = "listing the pull requests of " + repository.full_name;
  const bool first = cursor.address.empty();
  std::string_view etag;
  if (first) {
    cursor.address = list_address(repository);
    if (request.since) {
      DVT_TRY(etag, context.state(state_key(repository)));
    }
  }
  DVT_TRY(const auto response, context.send(Request::get(cursor.address).header_if("If-None-Match", etag)));
  if (response.is_not_modified()) {
    return page.exhausted();
  }
  if (is_unreadable(context, response, what)) {
    return page.exhausted();
  }
  if (!response.is_success()) {
    return error_of(response, what);
  }
  // To look at every row costs as much as to map the page: only where something depends on it.
  Span span;
  if (first || request.since) {
    DVT_TRY(span, span_of(response));
  }
  if (first) {
    cursor.etag = response.header_or("ETag", "");
    cursor.high_water = mark_of(span);
  }
  DVT_TRY_STATUS(page.records(response, {.constants = constants_of(repository)}));
  DVT_TRY(cursor.address, next_address(settings_, response));
  const bool older_follow = !request.since || !span.oldest || *span.oldest >= *request.since;
  return finish(repository, cursor, !cursor.address.empty() && older_follow, page);
}

Status PullRequestReader::read_all(Context& context, const ReadRequest& /*request*/, const Repository& repository,
                                   Cursor cursor, Page& page) const {
  const std::string what = "listing the pull requests of " + repository.full_name;
  const bool first = cursor.address.empty();
  auto list =
      lists_.read(context, page, first ? list_address(repository) : cursor.address, constants_of(repository), what);
  if (!list.ok()) {
    // One repository that the token may not read must not hold up the others.
    const int status = list.error().http_status;
    if (status == 404 || status == 451 || (status == 403 && list.error().code == Code::permission_denied)) {
      context.warning(list.error().message + "; the other repositories go on");
      return page.exhausted();
    }
    return list.error();
  }
  if (first && list->response) {
    DVT_TRY(const auto span, span_of(*list->response));
    cursor.etag = list->response->header_or("ETag", "");
    cursor.high_water = mark_of(span);
  }
  cursor.address = list->next;
  return finish(repository, cursor, !cursor.address.empty(), page);
}

Status PullRequestReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  DVT_TRY(const auto repository, read_repository(context, request));
  if (!settings_.tracks(repository.id, repository.full_name)) {
    return page.exhausted();
  }
  DVT_TRY(auto cursor, read_cursor(context, request));
  return request.full ? read_all(context, request, repository, std::move(cursor), page)
                      : read_delta(context, request, repository, std::move(cursor), page);
}

} // namespace dovetail::github

// SPDX-License-Identifier: Apache-2.0
#include "pull_request_children.hpp"

#include <cstdint>
#include <vector>

namespace dovetail::github {

using namespace sdk;

namespace {

struct PullRequest {
  std::string id;
  std::string repository_id;
  std::string repository;
  std::int64_t number = 0;
};

Result<std::vector<PullRequest>> read_parents(Context& context, const ReadRequest& request) {
  DVT_TRY(const auto parents, context.parse(request.parents));
  std::vector<PullRequest> pulls;
  DVT_TRY_STATUS(parents.for_each("", {"/external_id", "/repository_id", "/repository_full_name", "/number"},
                                  [&pulls](const JsonElement& parent) -> Status {
                                    const auto number = parent[3].integer();
                                    if (parent[0].absent() || parent[2].absent() || !number) {
                                      return make_error(Code::invalid_argument,
                                                        "a parent lacks its external_id, repository_full_name or "
                                                        "number: the manifest's \"parent.fields\" must name them");
                                    }
                                    pulls.push_back({std::string(parent[0].text()), std::string(parent[1].text()),
                                                     std::string(parent[2].text()), *number});
                                    return {};
                                  }));
  return pulls;
}

/// Deleted with its repository, hidden from the token, or blocked by law: there is nothing to wait for.
bool is_gone(const Response& response) {
  return response.status() == 404 || response.status() == 410 || response.status() == 451;
}

std::string constants_of(const PullRequest& pull) {
  return JsonWriter()
      .open_object()
      .member("pull_request_id", pull.id)
      .member("pull_request_number", pull.number)
      .member("repository_id", pull.repository_id)
      .member("repository_full_name", pull.repository)
      .close()
      .take();
}

} // namespace

Status PullRequestChildReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  DVT_TRY(const auto pulls, read_parents(context, request));
  std::size_t at = 0;
  std::string address;
  if (!request.first_page()) {
    DVT_TRY(const auto cursor, context.parse(request.cursor));
    DVT_TRY(const auto index, cursor.integer("/at"));
    at = static_cast<std::size_t>(index);
    address = cursor.string_or("/next", "");
  }
  std::size_t sent = 0;
  for (; at < pulls.size() && sent < max_requests_per_page; ++sent) {
    const PullRequest& pull = pulls[at];
    const std::string what = "listing the " + child_ + " of " + pull.repository + "#" + std::to_string(pull.number);
    if (address.empty()) {
      address = repository_url({pull.repository_id, pull.repository})
                    .segment("pulls")
                    .segment(pull.number)
                    .segment(child_)
                    .query("per_page", page_size)
                    .text();
    }
    const auto response = context.send(Request::get(address));
    if (!response.ok()) {
      const Error& error = response.error();
      // The host holds no more bodies in one page: this one is the next page's.
      if (sent > 0 && error.code == Code::resource_exhausted && error.retry == Retry::never) {
        break;
      }
      return error;
    }
    address.clear();
    if (response->is_success()) {
      DVT_TRY_STATUS(page.records(*response, {.constants = constants_of(pull)}));
      DVT_TRY(address, next_address(settings_, *response));
    } else if (is_gone(*response)) {
      context.warning(error_of(*response, what).message + "; it counts as gone");
    } else {
      // A refusal too: the host asks for the others without this one, and keeps it for the next sync.
      return error_of(*response, what);
    }
    if (address.empty()) {
      ++at;
    }
  }
  if (at >= pulls.size()) {
    return page.exhausted();
  }
  return page.next(
      JsonWriter().open_object().member("at", static_cast<std::int64_t>(at)).member("next", address).close().text());
}

} // namespace dovetail::github

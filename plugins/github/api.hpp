// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::github {

inline constexpr int page_size = 100;
/// Requests that one read_page sends at most, so that a page ends within seconds.
inline constexpr std::size_t max_requests_per_page = 20;

/// A connection's config, as the manifest's schema describes it.
struct Settings {
  std::string base_url;
  std::string organization; ///< empty: the repositories of the token's own user
  /// Tracked repositories, as "owner/name", "name" or id; empty: all.
  std::vector<std::string> repositories;
  bool member_profiles = true;
  std::string commit_branch; ///< empty: each repository's default branch

  [[nodiscard]] bool tracks(std::string_view id, std::string_view full_name) const;
};

[[nodiscard]] sdk::Result<Settings> read_settings(sdk::Context& context, const sdk::Config& config);

/// The repository that a page is read below.
struct Repository {
  std::string id;
  std::string full_name;
};
[[nodiscard]] sdk::Result<Repository> read_repository(sdk::Context& context, const sdk::ReadRequest& request);
/// /repos/{owner}/{name}
[[nodiscard]] sdk::Url repository_url(const Repository& repository);

/// The Error of an answer that is no success, with GitHub's own request id and what its headers say about the token.
[[nodiscard]] sdk::Error error_of(const sdk::Response& response, std::string_view what);

/// The body as JSON; an HTML page under status 200 is a passing fault of the provider.
[[nodiscard]] sdk::Result<sdk::Json> json_of(const sdk::Response& response, std::string_view what);

/// The address behind rel="next", relative to the base URL where it stands below it; "" at the end. permission_denied when it leads to another
/// host than the connection's.
[[nodiscard]] sdk::Result<std::string> next_address(const Settings& settings, const sdk::Response& response);

/// Whether the answer means that this one repository cannot be read (404, 403, 451) while others can; says so in the log.
/// Never for refusals that concern the token or its limits.
[[nodiscard]] bool is_unreadable(sdk::Context& context, const sdk::Response& response, std::string_view what);

/// What a conditional request for one page of a list found.
struct ListPage {
  /// The answer, already handed to the page; none when what was read before still stands.
  std::optional<sdk::Response> response;
  std::string next;  ///< "" at the end
  std::string extra; ///< what `keep_extra` gave when the page was read
};

/// Reads one page of a list that is read to its end on every pass: with the ETag of the last time, so that an unchanged page costs nothing of the rate
/// limit (a 304), and with a page key, so that the host counts its records as seen.
class ListReader {
public:
  explicit ListReader(const Settings& settings) : settings_(settings) {}

  /// Under which name the host knows the records of that page.
  [[nodiscard]] static std::string page_key(std::string_view address, std::string_view constants);
  /// `constants` as for Page::records.
  [[nodiscard]] sdk::Result<ListPage> read(sdk::Context& context, sdk::Page& page, const std::string& address,
                                           std::string_view constants, std::string_view what) const;

  /// The same for a page whose records come from elsewhere: nothing is handed over; `extra_of` draws from the answer what a later 304 must
  /// know again (at most 12 KiB).
  template <typename ExtraOf>
  [[nodiscard]] sdk::Result<ListPage> read_index(sdk::Context& context, sdk::Page& page, const std::string& address,
                                                 std::string_view what, ExtraOf extra_of) const;

private:
  struct Known {
    std::string etag;
    std::string next;
    std::string extra;
    bool full = false; ///< the page held as many records as fit, so a page that is new since then may follow it
  };
  /// The address behind an unchanged page; nullopt when nobody can know it, so that the page has to be read anew. The ETag
  /// covers the page alone: what follows it may have come meanwhile.
  [[nodiscard]] sdk::Result<std::optional<std::string>> next_of_unchanged(const sdk::Response& response,
                                                                          const Known& known) const;
  [[nodiscard]] static sdk::Result<bool> is_full(const sdk::Response& response, std::string_view what);
  [[nodiscard]] static sdk::Result<Known> known(sdk::Context& context, const std::string& key);
  [[nodiscard]] static sdk::Status keep(sdk::Page& page, const std::string& key, const Known& known);

  const Settings& settings_;
};

template <typename ExtraOf>
sdk::Result<ListPage> ListReader::read_index(sdk::Context& context, sdk::Page& page, const std::string& address,
                                             std::string_view what, ExtraOf extra_of) const {
  const std::string key = "index:" + address;
  DVT_TRY(auto before, known(context, key));
  ListPage result;
  DVT_TRY(auto response, context.send(sdk::Request::get(address).header_if("If-None-Match", before.etag)));
  if (response.is_not_modified()) {
    DVT_TRY(auto next, next_of_unchanged(response, before));
    if (next) {
      result.next = std::move(*next);
      result.extra = std::move(before.extra);
      return result;
    }
    DVT_TRY(response, context.send(sdk::Request::get(address)));
  }
  if (!response.is_success()) {
    return error_of(response, what);
  }
  DVT_TRY(result.next, next_address(settings_, response));
  DVT_TRY(result.extra, extra_of(response));
  DVT_TRY(const bool full, is_full(response, what));
  DVT_TRY_STATUS(keep(page, key, {std::string(response.header_or("ETag", "")), result.next, result.extra, full}));
  result.response = std::move(response);
  return result;
}

} // namespace dovetail::github

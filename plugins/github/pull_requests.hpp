// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "api.hpp"

namespace dovetail::github {

/// GET /repos/{owner}/{name}/pulls, newest change first. There is no `since`: a delta stops behind the first row that is older than it. What changes
/// while it reads jumps to the front and is caught by the next delta, because that begins where the first page of this one stood.
class PullRequestReader final : public sdk::ObjectReader {
public:
  explicit PullRequestReader(const Settings& settings) : settings_(settings), lists_(settings) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  struct Cursor {
    std::string address;
    /// Of the first page, kept until the last one is stored: earlier, a crash between pages would let a 304 hide the rest.
    std::string etag;
    std::string high_water;
  };
  [[nodiscard]] static sdk::Result<Cursor> read_cursor(sdk::Context& context, const sdk::ReadRequest& request);
  [[nodiscard]] sdk::Status read_delta(sdk::Context& context, const sdk::ReadRequest& request,
                                       const Repository& repository, Cursor cursor, sdk::Page& page) const;
  [[nodiscard]] sdk::Status read_all(sdk::Context& context, const sdk::ReadRequest& request,
                                     const Repository& repository, Cursor cursor, sdk::Page& page) const;
  [[nodiscard]] static sdk::Status finish(const Repository& repository, const Cursor& cursor, bool more,
                                          sdk::Page& page);

  const Settings& settings_;
  ListReader lists_;
};

} // namespace dovetail::github

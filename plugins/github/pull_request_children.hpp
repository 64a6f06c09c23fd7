// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "api.hpp"

namespace dovetail::github {

/// What stands below a pull request: GET /repos/{owner}/{name}/pulls/{number}/reviews and .../commits (at most 250 of those). Neither can be
/// filtered, so the host asks only for pull requests that changed; a review moves its pull request's updated_at.
class PullRequestChildReader final : public sdk::ObjectReader {
public:
  PullRequestChildReader(const Settings& settings, std::string child) : settings_(settings), child_(std::move(child)) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  const Settings& settings_;
  std::string child_; ///< the last segment of the address
};

} // namespace dovetail::github

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api.hpp"

namespace dovetail::github {

/// GET /repos/{owner}/{name}/commits of one branch. `since` filters by commit date, so commits with an old date that are pushed later are only
/// found within the manifest's overlap.
class CommitReader final : public sdk::ObjectReader {
public:
  explicit CommitReader(const Settings& settings) : settings_(settings) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  const Settings& settings_;
};

} // namespace dovetail::github

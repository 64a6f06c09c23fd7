// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api.hpp"

namespace dovetail::github {

/// GET /orgs/{org}/repos, or GET /user/repos for a connection without an organisation; all of them on every pass.
class RepositoryReader final : public sdk::ObjectReader {
public:
  explicit RepositoryReader(const Settings& settings) : settings_(settings), lists_(settings) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  const Settings& settings_;
  ListReader lists_;
};

} // namespace dovetail::github

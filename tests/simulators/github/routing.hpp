// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {

/// What a request asks for. One word each in statistics.
enum class Endpoint : std::uint8_t {
  organisation_members,
  membership,
  user,
  account, ///< GET /user
  organisation_repositories,
  account_repositories, ///< GET /user/repos
  repository,
  pulls,
  pull,
  reviews,
  review,
  pull_commits,
  commits,
  commit,
  rate_limit,
  undescribed, ///< nothing that the documentation we keep describes
};
inline constexpr std::size_t endpoint_kinds = 16;
[[nodiscard]] std::string_view to_string(Endpoint endpoint) noexcept;

/// A request taken apart by shape alone: whether its names exist is for later.
struct Route {
  Endpoint endpoint = Endpoint::undescribed;
  std::string organisation;         ///< login, or empty when by id
  std::int64_t organisation_id = 0; ///< /organizations/{id}/...
  std::string owner;
  std::string repository;
  std::int64_t repository_id = 0; ///< /repositories/{id}/...
  std::int64_t number = 0;        ///< of a pull request
  std::string name;               ///< a login, a review's id, a commit's sha
  std::string rest;               ///< the path after the organisation or repository: "/pulls/7"
};

[[nodiscard]] Route route_of(std::string_view method, const Target& target);

} // namespace dovetail::simulators::github

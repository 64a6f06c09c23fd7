// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/routing.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace dovetail::simulators::github {
namespace {

constexpr std::array<std::string_view, endpoint_kinds> names = {"organisation_members",
                                                                "membership",
                                                                "user",
                                                                "account",
                                                                "organisation_repositories",
                                                                "account_repositories",
                                                                "repository",
                                                                "pulls",
                                                                "pull",
                                                                "reviews",
                                                                "review",
                                                                "pull_commits",
                                                                "commits",
                                                                "commit",
                                                                "rate_limit",
                                                                "undescribed"};
static_assert(static_cast<std::size_t>(Endpoint::undescribed) + 1 == endpoint_kinds);

using Segments = std::span<const std::string>;

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && number > 0 ? std::optional(number)
                                                                                           : std::nullopt;
}

Endpoint organisation_endpoint(Segments rest, Route& route) {
  if (rest.size() == 1 && rest[0] == "members") {
    return Endpoint::organisation_members;
  }
  if (rest.size() == 1 && rest[0] == "repos") {
    return Endpoint::organisation_repositories;
  }
  if (rest.size() == 2 && rest[0] == "memberships" && !rest[1].empty()) {
    route.name = rest[1];
    return Endpoint::membership;
  }
  return Endpoint::undescribed;
}

Endpoint pull_endpoint(Segments rest, Route& route) {
  const std::optional<std::int64_t> number = number_of(rest[0]);
  if (!number) {
    return Endpoint::undescribed;
  }
  route.number = *number;
  if (rest.size() == 1) {
    return Endpoint::pull;
  }
  if (rest[1] == "reviews" && rest.size() == 2) {
    return Endpoint::reviews;
  }
  if (rest[1] == "reviews" && rest.size() == 3 && number_of(rest[2])) {
    route.name = rest[2];
    return Endpoint::review;
  }
  return rest[1] == "commits" && rest.size() == 2 ? Endpoint::pull_commits : Endpoint::undescribed;
}

Endpoint repository_endpoint(Segments rest, Route& route) {
  if (rest.empty()) {
    return Endpoint::repository;
  }
  if (rest[0] == "pulls") {
    return rest.size() == 1 ? Endpoint::pulls : pull_endpoint(rest.subspan(1), route);
  }
  if (rest[0] == "commits" && rest.size() == 1) {
    return Endpoint::commits;
  }
  if (rest[0] == "commits" && rest.size() == 2 && !rest[1].empty()) {
    route.name = rest[1];
    return Endpoint::commit;
  }
  return Endpoint::undescribed;
}

} // namespace

std::string_view to_string(Endpoint endpoint) noexcept { return names[static_cast<std::size_t>(endpoint)]; }

Route route_of(std::string_view method, const Target& target) {
  Route route;
  const Segments path(target.segments);
  if ((method != "GET" && method != "HEAD") || path.empty()) {
    return route;
  }
  const auto remember_rest = [&](std::size_t skipped) {
    for (const std::string& segment : path.subspan(skipped)) {
      route.rest += "/" + percent_encode(segment);
    }
  };
  if (path[0] == "orgs" && path.size() >= 2 && !path[1].empty()) {
    route.organisation = path[1];
    remember_rest(2);
    route.endpoint = organisation_endpoint(path.subspan(2), route);
  } else if (path[0] == "organizations" && path.size() >= 2 && number_of(path[1])) {
    route.organisation_id = *number_of(path[1]);
    remember_rest(2);
    route.endpoint = organisation_endpoint(path.subspan(2), route);
  } else if (path[0] == "repos" && path.size() >= 3 && !path[1].empty() && !path[2].empty()) {
    route.owner = path[1];
    route.repository = path[2];
    remember_rest(3);
    route.endpoint = repository_endpoint(path.subspan(3), route);
  } else if (path[0] == "repositories" && path.size() >= 2 && number_of(path[1])) {
    route.repository_id = *number_of(path[1]);
    remember_rest(2);
    route.endpoint = repository_endpoint(path.subspan(2), route);
  } else if (path[0] == "users" && path.size() == 2 && !path[1].empty()) {
    route.name = path[1];
    route.endpoint = Endpoint::user;
  } else if (path[0] == "user" && path.size() == 1) {
    route.endpoint = Endpoint::account;
  } else if (path[0] == "user" && path.size() == 2 && path[1] == "repos") {
    route.endpoint = Endpoint::account_repositories;
  } else if (path[0] == "rate_limit" && path.size() == 1) {
    route.endpoint = Endpoint::rate_limit;
  }
  return route;
}

} // namespace dovetail::simulators::github

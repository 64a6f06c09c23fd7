// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulators/github/render.hpp"
#include "tests/simulators/github/routing.hpp"
#include "tests/simulators/github/world.hpp"

namespace dovetail::simulators::github {

/// What a token may see.
struct Viewer {
  UserRef account;
  /// Organisations whose private members and repositories are visible.
  std::vector<std::uint32_t> organisations;
  [[nodiscard]] bool sees(std::uint32_t organisation) const;
};

/// An answer before limits, conditions and encodings come to it.
struct Content {
  int status = 200;
  std::string body;
  std::string link;     ///< whole value of the Link header; empty when there is one page
  std::string location; ///< of a redirect
};

/// `{"message":...,"documentation_url":...,"status":"404"}`.
[[nodiscard]] std::string error_body(int status, std::string_view message);

/// Answers a described route from the world. `base` is what links begin with, e.g. "http://127.0.0.1:4567" or
/// "https://api.github.com", `largest_page` how many rows a page has at most. `rate_limit` is answered elsewhere. Pure.
[[nodiscard]] Content answer_route(const World& world, const Viewer& viewer, ApiVersion version, const Route& route,
                                   const Target& target, const std::string& base, std::size_t largest_page);

} // namespace dovetail::simulators::github

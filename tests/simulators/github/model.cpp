// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/model.hpp"

#include "core/base/time.hpp"

namespace dovetail::simulators::github {

std::string_view to_string(UserType type) noexcept {
  switch (type) {
  case UserType::user:
    return "User";
  case UserType::bot:
    return "Bot";
  case UserType::organization:
    return "Organization";
  }
  return "User";
}

std::string_view to_string(Role role) noexcept { return role == Role::admin ? "admin" : "member"; }

std::string_view to_string(ReviewState state) noexcept {
  switch (state) {
  case ReviewState::approved:
    return "APPROVED";
  case ReviewState::changes_requested:
    return "CHANGES_REQUESTED";
  case ReviewState::commented:
    return "COMMENTED";
  case ReviewState::dismissed:
    return "DISMISSED";
  case ReviewState::pending:
    return "PENDING";
  }
  return "COMMENTED";
}

std::string format_instant(sys_seconds time) {
  std::string text = format_iso8601(time);
  // "...:00.000Z" loses its fraction: GitHub writes whole seconds.
  text.replace(19, std::string::npos, "Z");
  return text;
}

std::optional<sys_seconds> parse_instant(std::string_view text) {
  const std::optional<Timestamp> time = parse_iso8601(text);
  return time ? std::optional(std::chrono::floor<std::chrono::seconds>(*time)) : std::nullopt;
}

} // namespace dovetail::simulators::github

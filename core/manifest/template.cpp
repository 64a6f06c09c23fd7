// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "core/manifest/connection.hpp"

namespace dovetail::manifest {
namespace {

bool is_name(std::string_view name) noexcept {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), allowed);
}

/// Calls `plain` for the texts between the names and `name` for these.
Status walk(std::string_view text, const std::function<void(std::string_view)>& plain,
            const std::function<Status(std::string_view)>& name) {
  while (!text.empty()) {
    const auto open = std::min(text.find_first_of("{}"), text.size());
    plain(text.substr(0, open));
    if (open == text.size()) {
      return {};
    }
    const auto close = text.find('}', open);
    if (text[open] == '}' || close == std::string_view::npos) {
      return invalid_argument(fmt::format("\"{}\": a brace without its fellow", text));
    }
    const auto found = text.substr(open + 1, close - open - 1);
    if (!is_name(found)) {
      return invalid_argument(
          fmt::format("\"{{{}}}\" is no name of a member: letters, digits and '_', the first a letter", found));
    }
    DOVETAIL_TRY_STATUS(name(found));
    text.remove_prefix(close + 1);
  }
  return {};
}

} // namespace

Result<std::string> expand_template(std::string_view text, const json::Value& config) {
  std::string out;
  const auto member = [&](std::string_view name) -> Status {
    const auto value = config[name];
    if (const auto found = value.as_string()) {
      out += *found;
    } else if (value.kind() == json::Kind::integer || value.kind() == json::Kind::boolean) {
      out += value.dump();
    } else {
      return invalid_argument(fmt::format("/{}: expected a text, found {}", name, to_string(value.kind())));
    }
    return {};
  };
  DOVETAIL_TRY_STATUS(walk(
      text, [&out](std::string_view part) { out += part; }, member));
  return out;
}

Result<std::vector<std::string>> template_names(std::string_view text) {
  std::vector<std::string> names;
  DOVETAIL_TRY_STATUS(walk(
      text, [](std::string_view) {},
      [&names](std::string_view name) -> Status {
        names.emplace_back(name);
        return {};
      }));
  return names;
}

} // namespace dovetail::manifest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/time.hpp"
#include "core/sync/sync_options.hpp"

/// Words of a rule that both its check and its reading know. Private to core/sync.
namespace dovetail::sync {

inline constexpr std::array<std::pair<std::string_view, InitialSyncMode>, 3> initial_mode_names{
    {{"full_once", InitialSyncMode::full_once},
     {"delta_only_after_date", InitialSyncMode::delta_only_after_date},
     {"delta_only_from_now", InitialSyncMode::delta_only_from_now}}};

[[nodiscard]] inline std::optional<InitialSyncMode> initial_mode_from_name(std::string_view name) {
  const auto* const found = std::find_if(initial_mode_names.begin(), initial_mode_names.end(),
                                         [name](const auto& entry) { return entry.first == name; });
  return found == initial_mode_names.end() ? std::nullopt : std::optional(found->second);
}

/// An instant, or a date: its first instant, UTC.
[[nodiscard]] inline std::optional<Timestamp> parse_day_or_instant(std::string_view text) {
  constexpr std::size_t date_bytes = 10;
  return parse_iso8601(text.size() == date_bytes ? std::string(text) + "T00:00:00Z" : std::string(text));
}

} // namespace dovetail::sync

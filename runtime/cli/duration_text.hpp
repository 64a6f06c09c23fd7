// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace dovetail::cli {

/// Reads "90s", "5m", "1h", "500ms" or a plain number of seconds; at most a week. nullopt when it is none of these.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

} // namespace dovetail::cli

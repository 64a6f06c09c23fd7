// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"

namespace dovetail {

/// Reads an ISO 8601 / RFC 3339 instant: date, 'T' or space, time, optional fraction (read to microseconds, the rest cut), and
/// "Z" or an offset "+08:00" / "+0800"; the result is UTC. Without an offset the text is taken as UTC. nullopt when it is
/// not a real instant (month 13, 30 February, second 61, trailing text). Years 1 to 9999. Allocates nothing.
[[nodiscard]] std::optional<Timestamp> parse_iso8601(std::string_view text) noexcept;

/// "2026-01-05T09:00:00.000Z": UTC, always milliseconds, so that texts sort as the instants do.
[[nodiscard]] std::string format_iso8601(Timestamp time);
/// The same into `out`, which has room for 24 characters; no terminator.
inline constexpr std::size_t iso8601_length = 24;
void format_iso8601_to(Timestamp time, char* out) noexcept;

/// Reads an HTTP-date (RFC 9110 section 5.6.7) in all three forms: IMF-fixdate, RFC 850 and asctime.
[[nodiscard]] std::optional<Timestamp> parse_http_date(std::string_view text) noexcept;
[[nodiscard]] std::string format_http_date(Timestamp time);

} // namespace dovetail

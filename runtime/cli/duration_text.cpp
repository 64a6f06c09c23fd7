// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/duration_text.hpp"

#include <charconv>
#include <cstdint>

namespace dovetail::cli {
namespace {

constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 7);

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) {
    return std::nullopt;
  }
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const std::int64_t factor = unit == "ms"                  ? 1
                              : unit.empty() || unit == "s" ? 1'000
                              : unit == "m"                 ? 60'000
                              : unit == "h"                 ? 3'600'000
                                                            : 0;
  if (factor == 0 || number > longest.count() / factor) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(number * factor);
}

} // namespace dovetail::cli

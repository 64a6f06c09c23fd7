// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace dovetail::json {

/// A longer pointer is refused.
inline constexpr std::size_t max_pointer_bytes = 4096;
/// A pointer with more steps is refused: nothing can stand there (see limits::max_json_depth).
inline constexpr std::size_t max_pointer_steps = 128;

/// Splits a JSON pointer (RFC 6901) into its unescaped steps; "" has none. Refused: a pointer that does not begin with '/', a '~'
/// without 0 or 1 behind it, and one that is too long.
[[nodiscard]] Result<std::vector<std::string>> split_pointer(std::string_view pointer);

/// The step as it stands in a pointer: '~' becomes "~0", '/' becomes "~1".
[[nodiscard]] std::string escape_step(std::string_view step);

/// The array index that a step names: digits without a leading zero. nullopt for all else ("-" too: nothing stands there).
[[nodiscard]] std::optional<std::size_t> step_index(std::string_view step) noexcept;

} // namespace dovetail::json

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace dovetail::json {

/// What stands at a place of a JSON text. The numbers are those of dovetail.json/1 in the plugin ABI.
enum class Kind : std::uint8_t {
  missing = 0, ///< nothing stands there
  null = 1,
  boolean = 2,
  integer = 3, ///< written without fraction and exponent, and fits 64 bits with a sign
  real = 4,    ///< every other number
  string = 5,
  array = 6,
  object = 7
};

/// The word for people: "missing", "null", "boolean", "integer", "number", "string", "array", "object".
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;

} // namespace dovetail::json

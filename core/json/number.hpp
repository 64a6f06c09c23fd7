// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dovetail::json::detail {

/// A JSON number, read.
struct Number {
  bool whole = false;       ///< written without fraction and exponent, and `integer` holds it
  std::int64_t integer = 0; ///< 0 unless whole
  double real = 0;          ///< the nearest double; infinite where none holds it, 0 where it is too small
};

/// nullopt when `text` is no number. Lenient about leading zeros and the like, which `check` refuses.
[[nodiscard]] std::optional<Number> read_number(std::string_view text) noexcept;

} // namespace dovetail::json::detail

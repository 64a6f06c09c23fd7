// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"

namespace dovetail::json {

/// Passes over `text` once and says whether it is one JSON value as RFC 8259 has it: grammar, UTF-8 (no overlong forms, no
/// surrogates), escapes that name real characters, nesting of at most `max_depth`. The Error (invalid_argument) names line,
/// column and reason. Numbers may be of any size. Allocates nothing when all is well and keeps no stack for the nesting.
[[nodiscard]] Status check(std::string_view text, std::size_t max_depth = limits::max_json_depth);

/// "line 3, column 14" for a byte of `text`; both count from 1, columns in characters.
[[nodiscard]] std::string describe_place(std::string_view text, std::size_t offset);

} // namespace dovetail::json

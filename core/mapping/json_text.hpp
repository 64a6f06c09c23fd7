// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "core/mapping/program.hpp"

// The parts of reading JSON text that do not decide the speed; shared by the engines.

namespace dovetail::mapping {

/// Reads the rest of a JSON string from `p` (behind its opening quote or further on, at a character's begin), writes the text
/// behind what is between `begin` and `p` (copied as it is) into `arena`, and sets `p` behind the closing quote. False for
/// a broken escape, a control character or no end. 64 more bytes may be read behind the text.
[[nodiscard]] bool unescape(const char* begin, const char*& p, const char* end, TextArena& arena, RawValue& out);

/// The end of the JSON number that begins at `p`, null when none does.
[[nodiscard]] const char* number_end(const char* p, const char* end) noexcept;

/// Checks one value (no space around it) strictly, depth included, and makes it compact: a view of `source` where that has no
/// white space outside of strings, else a copy in `arena`. The type is json, nul_json, or missing when it is no JSON.
[[nodiscard]] RawValue checked_json(std::string_view source, std::size_t max_depth, TextArena& arena);

/// True if all of [p, end) is well-formed UTF-8; one character at a time.
[[nodiscard]] bool is_utf8(const char* p, const char* end) noexcept;

} // namespace dovetail::mapping

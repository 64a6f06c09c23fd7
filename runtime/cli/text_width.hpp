// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dovetail::cli {

/// `text` made fit for one line of a terminal: line breaks and tabs become spaces; other control characters, marks that turn the
/// direction of writing, and bytes that are not UTF-8 become U+FFFD, so that foreign text can neither move the cursor nor colour it.
[[nodiscard]] std::string printable(std::string_view text);
/// How many columns of a terminal a printable text takes: two for East Asian wide characters and emoji, none for combining marks.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;
/// `text` cut between characters to at most `width` columns, with an ellipsis in place of what is missing.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t width);
/// `text` in lines of at most `width` columns, broken at spaces where there are some; `indent` spaces before all but the first.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

} // namespace dovetail::cli

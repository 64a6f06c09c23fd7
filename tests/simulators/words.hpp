// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "tests/simulators/seeded.hpp"

/// Text as people write it, from a stream of choices: other scripts, emoji, quotes, escapes, markup, line ends of both kinds.
namespace dovetail::simulators::words {

[[nodiscard]] std::string first_name(Seeded& choices);
[[nodiscard]] std::string last_name(Seeded& choices);
[[nodiscard]] std::string adjective(Seeded& choices);
[[nodiscard]] std::string thing(Seeded& choices);
[[nodiscard]] std::string place(Seeded& choices);
[[nodiscard]] std::string language(Seeded& choices);
/// One line, never empty.
[[nodiscard]] std::string title(Seeded& choices);
[[nodiscard]] std::string sentence(Seeded& choices);
/// Markdown of `paragraphs` paragraphs.
[[nodiscard]] std::string markdown(Seeded& choices, int paragraphs);
/// Markdown of at least `bytes` bytes.
[[nodiscard]] std::string long_markdown(Seeded& choices, std::size_t bytes);
/// A branch name: ASCII letters, digits, '-' and '/'.
[[nodiscard]] std::string branch(Seeded& choices);
/// The ASCII letters of a text in lower case, for logins and addresses.
[[nodiscard]] std::string plain(const std::string& text);

} // namespace dovetail::simulators::words

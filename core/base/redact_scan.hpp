// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/base/redact_patterns.hpp"

namespace dovetail::redaction {

/// How a name wants its value treated.
enum class NameKind {
  plain,     ///< not secret
  code,      ///< "code": judged by its value
  secret,    ///< the value goes
  whole_line ///< a header whose value may hold spaces: Authorization, Cookie, ...
};

inline constexpr std::size_t longest_name = 64;

/// Lower-case letters and digits of `name`, which is how names are compared; empty when it is longer than `longest_name`.
[[nodiscard]] std::string normalise_name(std::string_view name);
/// What the built-in rules say about a normalised name.
[[nodiscard]] NameKind classify_name(std::string_view normalised) noexcept;
/// The rule for values of `code` outside of URLs and forms; see Redactor.
[[nodiscard]] bool looks_like_code(std::string_view value) noexcept;

using NameRule = std::function<NameKind(std::string_view name)>;

/// Adds the spans of secret-bearing names' values and of token-shaped text. One pass; every step backwards is bounded.
void scan_text(std::string_view text, const NameRule& rule, std::vector<Span>& out);

} // namespace dovetail::redaction

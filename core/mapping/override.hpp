// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/mapping/mapping.hpp"

namespace dovetail::mapping {

/// Puts an override over a default mapping and returns the JSON of the whole (SYNC-2). An override has the mapping's own form, but only "fields",
/// "sourceUpdatedAt", "inactiveWhen" and "goneWhen", each of which may be missing; what it names replaces the default's entry or is added to it, and null takes
/// it out. Places in the result have the same JSON pointers as in the override, so that messages of Mapping::parse fit it. Errors:
/// invalid_argument with the pointer of what is wrong.
[[nodiscard]] Result<std::string> apply_override(const json::Value& default_mapping, const json::Value& change);

/// A place in a provider's record that a mapping reads: the value at `pointer`, or (where `where` or `equals` is not empty) in the array there the
/// element whose value at `where` is `equals`.
struct SourcePlace {
  std::string pointer;
  std::string where;
  std::string equals;

  [[nodiscard]] bool is_find() const noexcept { return !where.empty() || !equals.empty(); }
  /// For people: the pointer, or "element of /columns whose /id is status".
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const SourcePlace&, const SourcePlace&) = default;
};

/// The places that `expression` reads, in its order. Constants, of a page too, read none.
[[nodiscard]] std::vector<SourcePlace> places_of(const Expression& expression);

/// Reads a source that stands alone: a JSON pointer, or the JSON of an object with "find" and the like. Errors: invalid_argument.
[[nodiscard]] Result<Expression> parse_source(std::string_view text);

} // namespace dovetail::mapping

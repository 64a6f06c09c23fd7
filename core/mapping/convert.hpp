// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "core/mapping/program.hpp"

namespace dovetail::mapping {

/// A cell, or why there is none.
struct Converted {
  Cell cell;
  std::string_view problem; ///< empty: all went well; else for people, a static text
};

/// Turns what stands at the source into a column's type. Missing and null become null. Where a text has to be built it goes
/// into `arena`; otherwise the cell is a view of what `value` is a view of. Never throws but for memory.
[[nodiscard]] Converted convert(const RawValue& value, model::FieldType type, TimeFormat format, TextArena& arena);

/// The text of a scalar: a string's content, a number as written, "true", "false". nullopt for all else.
[[nodiscard]] std::optional<std::string_view> scalar_text(const RawValue& value) noexcept;

/// parse_iso8601 with a short way for "YYYY-MM-DDTHH:MM:SSZ" and its fraction of three digits; the results are the same.
[[nodiscard]] std::optional<Timestamp> parse_instant(std::string_view text) noexcept;

[[nodiscard]] RawValue to_raw(Scalar::Kind kind, std::string_view text) noexcept;

} // namespace dovetail::mapping

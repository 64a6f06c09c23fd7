// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"

namespace dovetail::store {

/// True when a text is valid UTF-8 without U+0000: what both databases take as it is. PostgreSQL refuses anything else, and with it
/// the whole statement; SQLite would keep it, but its own functions stop at the U+0000.
[[nodiscard]] bool is_storable_text(std::string_view text) noexcept;

/// The same for a JSON document kept as jsonb, which further refuses the escape \u0000 and halves of surrogate pairs.
[[nodiscard]] bool is_storable_json(std::string_view json) noexcept;

/// The copies behind cells that make_storable() had to change: few, since nearly every text is storable as it is.
using RepairedTexts = std::deque<std::string>;

/// Makes a cell fit both databases in the same way, so that they hold the same rows:
///  - in texts every U+0000 and every byte that is not UTF-8 becomes U+FFFD; in JSON also such escapes,
///  - timestamps are cut to the millisecond; outside of the years 1 to 9999 they, and such dates, become null,
///  - a real that is not a number becomes null.
/// Texts that had to change are copied into `repaired`, and live as long as it does. Returns true when something was lost (a cut below a millisecond is not a loss).
bool make_storable(mapping::Cell& cell, RepairedTexts& repaired);

/// True when a cell of this kind may stand in a column of this type (null always may).
[[nodiscard]] constexpr bool fits(mapping::Cell::Kind kind, model::FieldType type) noexcept {
  using Kind = mapping::Cell::Kind;
  switch (kind) {
  case Kind::null:
    return true;
  case Kind::text:
    return type == model::FieldType::text;
  case Kind::integer:
    return type == model::FieldType::integer;
  case Kind::real:
    return type == model::FieldType::real;
  case Kind::boolean:
    return type == model::FieldType::boolean;
  case Kind::timestamp:
    return type == model::FieldType::timestamp;
  case Kind::date:
    return type == model::FieldType::date;
  case Kind::json:
    return type == model::FieldType::json;
  }
  return false;
}

/// Writes "YYYY-MM-DD" of `days` since 1970-01-01 (years 1 to 9999) into `out`, which has room for 10 characters.
inline constexpr std::size_t iso_date_length = 10;
void format_iso_date_to(std::int64_t days, char* out) noexcept;

} // namespace dovetail::store

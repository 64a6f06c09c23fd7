// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::bqe {

/// How often a group of rows of one second is read until two readings agree.
inline constexpr int most_readings = 6;

/// What one page of a list in the order of an instant looks like.
struct PageLook {
  std::size_t rows = 0;
  std::string first; ///< the earliest second, as literal_of writes it; empty: no row has one
  std::string last;  ///< that of the last row; empty: it has none
  bool in_order = true;
  std::uint64_t group = 0; ///< a sum over the ids of the rows that lie in the walk's second
  std::optional<sdk::Timestamp> newest;

  /// Takes the next row. `from` is the walk's second.
  void add(std::string_view id, const sdk::JsonValue& instant, std::string_view from);
};

/// A walk through a list in the order of an instant at which each row changed (or was deleted).
///
/// A walk by page numbers alone loses rows: one that goes away, or changes and thereby moves to the end, pulls all behind it one place forward, over the
/// edge of a page. So each page is asked for by the second that the last one ended in, as page 1 of what lies at or after it: a row that was not seen yet can only
/// move on, so it still lies ahead. The rows of that one second come twice, which costs nothing.
///
/// A second with more rows than a page is read with the largest pages, and when it is larger still, by page numbers, again and again until two readings
/// have the same rows: then nothing slipped through between two of its pages.
struct Walk {
  std::string from; ///< the second; empty: the list's beginning
  int page = 0;     ///< counted from 0
  bool wide = false;
  std::uint64_t sum = 0; ///< over the ids of `from`'s rows, in this reading
  std::optional<std::uint64_t> previous;
  int readings = 0;

  enum class Step : std::uint8_t { more, end };
  void begin(std::string second);
  /// Moves on behind a page of at most `size` rows; at the end it stays where it is. Errors: failed_precondition when the rows do not stand in the order that was asked for, unavailable (transient)
  /// when a second does not come to rest.
  [[nodiscard]] sdk::Result<Step> advance(const PageLook& look, std::size_t size, bool can_widen);
};

} // namespace dovetail::bqe

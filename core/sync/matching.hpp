// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dovetail::sync {

/// How a record stands to the local rows (SYNC-13).
enum class MatchStatus : std::uint8_t {
  matched,  ///< one record and one row fit each other, and nothing else fits either by the same rule
  conflict, ///< several rows fit the record, or several records fit a row: a person has to choose
  unmatched ///< no rule finds a row
};
[[nodiscard]] std::string_view to_string(MatchStatus status) noexcept;
[[nodiscard]] std::optional<MatchStatus> match_status_from_name(std::string_view name) noexcept;

/// A record or a row as matching sees it: the texts of the fields that the rules name, nullopt for null.
struct MatchItem {
  std::string id; ///< the record's external id, the row's number
  std::vector<std::optional<std::string>> values;
};

/// What is suggested for one record.
struct MatchSuggestion {
  MatchStatus status = MatchStatus::unmatched;
  std::optional<std::size_t> rule; ///< the rule that found the rows
  std::vector<std::size_t> rows;   ///< indexes of the rows that fit: one when matched, at most max_match_candidates
};

/// Rows that are named in a conflict.
inline constexpr std::size_t max_match_candidates = 20;

/// Compares each record with each row by `rules`, in their order; a rule is a list of indexes into the values, all of which have to be equal without
/// regard to the case of ASCII letters, and none null or empty. What an earlier rule matched is out of the later ones' reach. The result has an entry for each
/// record.
[[nodiscard]] std::vector<MatchSuggestion> suggest_matches(std::span<const std::vector<std::size_t>> rules,
                                                           std::span<const MatchItem> records,
                                                           std::span<const MatchItem> rows);

} // namespace dovetail::sync

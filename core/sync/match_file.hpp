// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/store/match_links.hpp"
#include "core/sync/match_records.hpp"
#include "core/sync/matching.hpp"

namespace dovetail::sync {

inline constexpr std::string_view match_file_form = "dovetail.matching/1";
inline constexpr std::size_t max_match_file_bytes = 256U << 20U;

/// What a file of matches is about.
struct MatchSubject {
  std::string tenant;
  std::string connection;
  std::string object;
  std::string model;
};

/// All that one look at provider and local rows found (SYNC-13).
struct MatchReview {
  MatchSubject subject;
  MatchFields fields;
  std::vector<MatchItem> records;           ///< without a row, by external id
  std::vector<MatchItem> rows;              ///< that no record is linked to, by number
  std::vector<MatchSuggestion> suggestions; ///< one for each record
  std::size_t linked = 0;                   ///< records that a row stands for already

  [[nodiscard]] std::size_t count(MatchStatus status) const noexcept;
};

/// The review as a file that a person edits (docs/guide/matching.md).
[[nodiscard]] std::string to_json(const MatchReview& review, Timestamp now);

/// What a person made of a review.
struct MatchDecision {
  MatchSubject subject;
  std::vector<store::MatchPair> pairs; ///< records with a row
  std::size_t changed = 0;             ///< of the pairs: those with another row than was suggested
  std::size_t skipped = 0;             ///< records without a row
};

/// Errors: invalid_argument with the pointer of what is wrong, resource_exhausted when the text is longer than max_match_file_bytes.
[[nodiscard]] Result<MatchDecision> read_match_file(std::string_view text);

} // namespace dovetail::sync

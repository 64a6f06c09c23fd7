// SPDX-License-Identifier: Apache-2.0
#include "core/sync/matching.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>

namespace dovetail::sync {
namespace {

constexpr std::array<std::pair<MatchStatus, std::string_view>, 3> status_names{
    {{MatchStatus::matched, "matched"}, {MatchStatus::conflict, "conflict"}, {MatchStatus::unmatched, "unmatched"}}};

/// The values of one rule as one text; nullopt when one of them says nothing.
std::optional<std::string> key_of(const MatchItem& item, const std::vector<std::size_t>& rule) {
  std::string key;
  for (const std::size_t field : rule) {
    const auto& value = item.values.at(field);
    if (!value || value->empty()) {
      return std::nullopt;
    }
    // The length in front keeps ("a", "bc") and ("ab", "c") apart.
    key += std::to_string(value->size()) + ":";
    std::transform(value->begin(), value->end(), std::back_inserter(key), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
  }
  return key;
}

/// All that have the same values in the fields of one rule.
struct Bucket {
  std::vector<std::size_t> records;
  std::vector<std::size_t> rows;
};

class Matcher {
public:
  Matcher(std::span<const MatchItem> records, std::span<const MatchItem> rows)
      : records_(records), rows_(rows), suggestions_(records.size()), taken_(rows.size()), contested_(rows.size()) {}

  void apply(const std::vector<std::size_t>& rule, std::size_t number) {
    std::unordered_map<std::string, Bucket> buckets;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (auto key = taken_[i] ? std::nullopt : key_of(rows_[i], rule)) {
        buckets[std::move(*key)].rows.push_back(i);
      }
    }
    for (std::size_t i = 0; i < records_.size(); ++i) {
      if (suggestions_[i].status != MatchStatus::unmatched) {
        continue;
      }
      if (const auto key = key_of(records_[i], rule)) {
        if (const auto found = buckets.find(*key); found != buckets.end()) {
          found->second.records.push_back(i);
        }
      }
    }
    for (const auto& [key, bucket] : buckets) {
      if (!bucket.records.empty()) {
        settle(bucket, number);
      }
    }
  }

  std::vector<MatchSuggestion> take() && { return std::move(suggestions_); }

private:
  void settle(const Bucket& bucket, std::size_t rule) {
    const bool matched = bucket.records.size() == 1 && bucket.rows.size() == 1 && !contested_[bucket.rows.front()];
    for (const std::size_t record : bucket.records) {
      MatchSuggestion& suggestion = suggestions_[record];
      suggestion.status = matched ? MatchStatus::matched : MatchStatus::conflict;
      suggestion.rule = rule;
      suggestion.rows.assign(bucket.rows.begin(), bucket.rows.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                            bucket.rows.size(), max_match_candidates)));
    }
    for (const std::size_t row : bucket.rows) {
      (matched ? taken_ : contested_)[row] = true;
    }
  }

  std::span<const MatchItem> records_;
  std::span<const MatchItem> rows_;
  std::vector<MatchSuggestion> suggestions_;
  std::vector<bool> taken_;     // rows that were matched
  std::vector<bool> contested_; // rows that an earlier rule left to a person
};

} // namespace

std::string_view to_string(MatchStatus status) noexcept {
  return status_names.at(static_cast<std::size_t>(status)).second;
}

std::optional<MatchStatus> match_status_from_name(std::string_view name) noexcept {
  for (const auto& [status, known] : status_names) {
    if (known == name) {
      return status;
    }
  }
  return std::nullopt;
}

std::vector<MatchSuggestion> suggest_matches(std::span<const std::vector<std::size_t>> rules,
                                             std::span<const MatchItem> records, std::span<const MatchItem> rows) {
  Matcher matcher(records, rows);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    matcher.apply(rules[i], i);
  }
  return std::move(matcher).take();
}

} // namespace dovetail::sync

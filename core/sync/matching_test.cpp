// SPDX-License-Identifier: Apache-2.0
// SYNC-13
#include "core/sync/matching.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Values = std::vector<std::optional<std::string>>;

// The number first, then name and client.
const std::vector<std::vector<std::size_t>> rules{{0}, {1, 2}};

std::vector<MatchSuggestion> suggest(const std::vector<Values>& records, const std::vector<Values>& rows) {
  const auto items = [](const std::vector<Values>& all) {
    std::vector<MatchItem> made;
    for (const Values& values : all) {
      made.push_back({std::to_string(made.size()), values});
    }
    return made;
  };
  return suggest_matches(rules, items(records), items(rows));
}

TEST(Matching, TakesTheNumberBeforeNameAndClient_SYNC_13) {
  const auto found = suggest({{"P-1", "Bridge", "Acme"}}, {{"P-9", "Bridge", "Acme"}, {"P-1", "Other", "Other"}});
  EXPECT_EQ(found[0].status, MatchStatus::matched);
  EXPECT_EQ(found[0].rule, 0U);
  EXPECT_THAT(found[0].rows, ElementsAre(1));
}

TEST(Matching, TakesNameAndClientWithoutRegardToCase_SYNC_13) {
  const auto found = suggest({{"7", "Harbour BRIDGE", "acme"}, {"8", "Harbour Bridge", "Globex"}},
                             {{std::nullopt, "harbour bridge", "ACME"}});
  EXPECT_EQ(found[0].status, MatchStatus::matched);
  EXPECT_EQ(found[0].rule, 1U);
  EXPECT_EQ(found[1].status, MatchStatus::unmatched);
  EXPECT_THAT(found[1].rows, IsEmpty());
}

TEST(Matching, IsAConflictWhereSeveralRowsFitARecord_SYNC_13) {
  const auto found = suggest({{"P-1", "a", "b"}}, {{"P-1", "x", "y"}, {"p-1", "x", "z"}});
  EXPECT_EQ(found[0].status, MatchStatus::conflict);
  EXPECT_THAT(found[0].rows, ElementsAre(0, 1));
}

TEST(Matching, IsAConflictWhereSeveralRecordsFitARow_SYNC_13) {
  const auto found = suggest({{"P-1", "a", "b"}, {"P-1", "c", "d"}}, {{"P-1", "x", "y"}});
  for (const auto& suggestion : found) {
    EXPECT_EQ(suggestion.status, MatchStatus::conflict);
    EXPECT_THAT(suggestion.rows, ElementsAre(0));
  }
}

TEST(Matching, ALaterRuleNeitherTakesMatchedRowsNorSettlesContestedOnes_SYNC_13) {
  const auto taken = suggest({{"P-1", "a", "b"}, {"9", "x", "y"}}, {{"P-1", "x", "y"}});
  EXPECT_EQ(taken[0].status, MatchStatus::matched);
  EXPECT_EQ(taken[1].status, MatchStatus::unmatched);
  const auto contested = suggest({{"P-1", "a", "b"}, {"P-1", "c", "d"}, {"9", "x", "y"}}, {{"P-1", "x", "y"}});
  EXPECT_EQ(contested[2].status, MatchStatus::conflict);
}

TEST(Matching, NullAndEmptyValuesSayNothing_SYNC_13) {
  const auto found = suggest({{"", "Bridge", std::nullopt}, {std::nullopt, "", ""}},
                             {{"", "Bridge", std::nullopt}, {std::nullopt, "", ""}});
  EXPECT_EQ(found[0].status, MatchStatus::unmatched);
  EXPECT_EQ(found[1].status, MatchStatus::unmatched);
}

TEST(Matching, KeepsTheBordersBetweenValuesApart) {
  const auto found = suggest({{"1", "ab", "c"}}, {{"2", "a", "bc"}});
  EXPECT_EQ(found[0].status, MatchStatus::unmatched);
}

TEST(Matching, NamesABoundedNumberOfCandidates) {
  const std::vector<Values> rows(100, Values{"P-1", "a", "b"});
  const auto found = suggest({{"P-1", "a", "b"}}, rows);
  EXPECT_EQ(found[0].status, MatchStatus::conflict);
  EXPECT_THAT(found[0].rows, SizeIs(max_match_candidates));
}

TEST(Matching, StatusesHaveNames) {
  for (const auto status : {MatchStatus::matched, MatchStatus::conflict, MatchStatus::unmatched}) {
    EXPECT_EQ(match_status_from_name(to_string(status)), status);
  }
  EXPECT_FALSE(match_status_from_name("maybe"));
}

} // namespace
} // namespace dovetail::sync

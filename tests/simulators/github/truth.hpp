// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/simulators/github/world.hpp"

/// What a correct sync must end with, taken from the world without JSON or HTTP. A reader who goes another way to the same
/// rows (through pages) can be checked against this.
namespace dovetail::simulators::github {

struct PullTruth {
  Pull pull;
  std::int64_t repository_id = 0;
  std::optional<User> author;
  /// `merged_at - created_at`; nullopt when not merged.
  std::optional<std::int64_t> cycle_time_seconds;
  /// Earliest `submitted_at` of an eligible review `- created_at`. Eligible: submitted (not pending), by a present account that is
  /// neither the author nor a bot. With a deleted author everybody else is eligible.
  std::optional<std::int64_t> review_time_seconds;
};

struct ReviewTruth {
  Review review;
  std::int64_t repository_id = 0;
  std::int64_t pull_id = 0;
  int pull_number = 0;
  std::optional<User> user;
};

struct CommitTruth {
  Commit commit;
  std::int64_t repository_id = 0;
  int pull_number = 0; ///< 0 for a commit of the default branch
  std::optional<User> author;
};

struct Truth {
  std::vector<Member> members; ///< with role, and e-mail where the profile shows one
  std::vector<Repository> repositories;
  std::vector<PullTruth> pulls;
  std::vector<ReviewTruth> reviews;
  std::vector<CommitTruth> pull_commits; ///< the first 250 of each pull request, as listed
  std::vector<CommitTruth> commits;      ///< of default branches
};

struct TruthOptions {
  bool reviews = true;
  bool pull_commits = true;
  bool commits = true;
};

/// One organisation, as its own members see it. Lists are by repository id, then by number or place.
[[nodiscard]] Truth truth_of(const World& world, std::uint32_t organisation, const TruthOptions& options = {});
[[nodiscard]] std::optional<std::int64_t> cycle_time_seconds(const Pull& pull);
[[nodiscard]] std::optional<std::int64_t> review_time_seconds(const World& world, const Pull& pull,
                                                              const std::vector<Review>& reviews);

} // namespace dovetail::simulators::github

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/truth.hpp"

#include <algorithm>

namespace dovetail::simulators::github {
namespace {

constexpr std::size_t most_pull_commits = 250;

std::optional<User> user_of(const World& world, std::optional<UserRef> ref) {
  return ref ? std::optional(world.user(*ref)) : std::nullopt;
}

} // namespace

std::optional<std::int64_t> cycle_time_seconds(const Pull& pull) {
  return pull.merged_at ? std::optional<std::int64_t>((*pull.merged_at - pull.created_at).count()) : std::nullopt;
}

std::optional<std::int64_t> review_time_seconds(const World& world, const Pull& pull,
                                                const std::vector<Review>& reviews) {
  std::optional<std::int64_t> earliest;
  for (const Review& review : reviews) {
    const bool eligible = review.state != ReviewState::pending && review.submitted_at && review.user &&
                          review.user != pull.author && world.user(*review.user).type != UserType::bot;
    if (eligible) {
      const std::int64_t waited = (*review.submitted_at - pull.created_at).count();
      earliest = std::min(earliest.value_or(waited), waited);
    }
  }
  return earliest;
}

Truth truth_of(const World& world, std::uint32_t organisation, const TruthOptions& options) {
  Truth truth;
  truth.members = world.members(organisation);
  for (const RepositoryRef ref : world.repositories(organisation)) {
    truth.repositories.push_back(world.repository(ref));
    const std::int64_t repository_id = truth.repositories.back().id;
    for (int index = 0; index < world.pull_count(ref); ++index) {
      const int number = pull_number(index);
      const Pull pull = *world.pull(ref, number);
      const std::vector<Review> reviews = world.reviews(ref, number);
      truth.pulls.push_back({pull, repository_id, user_of(world, pull.author), cycle_time_seconds(pull),
                             review_time_seconds(world, pull, reviews)});
      if (options.reviews) {
        for (const Review& review : reviews) {
          truth.reviews.push_back({review, repository_id, pull.id, number, user_of(world, review.user)});
        }
      }
      if (options.pull_commits) {
        const std::vector<Commit> commits = world.pull_commits(ref, number);
        for (std::size_t i = 0; i < std::min(commits.size(), most_pull_commits); ++i) {
          truth.pull_commits.push_back({commits[i], repository_id, number, user_of(world, commits[i].author_user)});
        }
      }
    }
    if (options.commits) {
      for (int index = 0; index < world.commit_count(ref); ++index) {
        const Commit commit = world.commit(ref, index);
        truth.commits.push_back({commit, repository_id, 0, user_of(world, commit.author_user)});
      }
    }
  }
  return truth;
}

} // namespace dovetail::simulators::github

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/github/model.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators::github {

enum class PullFilter : std::uint8_t { open, closed, all };
enum class PullSort : std::uint8_t { created, updated, popularity, long_running };

struct PullOrder {
  PullFilter filter = PullFilter::open;
  PullSort sort = PullSort::created;
  bool descending = true;
  friend auto operator<=>(const PullOrder&, const PullOrder&) = default;
};

/// What happens to the world between two passes. Counts say how often; what has no candidate left happens less often.
struct MutationCounts {
  int new_pulls = 0;
  int updated_pulls = 0; ///< title edited
  int merged_pulls = 0;
  int closed_pulls = 0; ///< without a merge
  int new_reviews = 0;
  int dismissed_reviews = 0;
  int new_pull_commits = 0;
  int new_commits = 0;
  int renamed_repositories = 0;
  int renamed_members = 0;
  int added_members = 0;
  int removed_members = 0;
  int archived_repositories = 0;
  int deleted_repositories = 0;
  /// Everything in this call carries the same second.
  bool same_second = false;
  /// How far the world's time moves before the first event.
  std::chrono::seconds advance{3600};
  /// Keeps to one organisation or one repository; nullopt is the whole world.
  std::optional<std::uint32_t> organisation = std::nullopt;
  std::optional<RepositoryRef> repository = std::nullopt;
};

/// A whole GitHub in a few kilobytes: every user, repository, pull request, review and commit is derived on demand from the seed
/// and its place, and only what `mutate` changed is kept. So a world of 50,000 pull requests starts at once, and the same
/// options and the same mutations give the same world in every process.
///
/// Time inside the world does not follow any clock: the generated history ends at `options().epoch` and each mutation moves on from
/// there. Two facts of the real service are kept: renaming a user or a repository changes the texts of rows (login, full_name,
/// URLs) whose `updated_at` does not move, and nobody's `author_association` is recomputed here after members come and go.
///
/// Thread-safety: const functions may run at the same time; `mutate` needs the world to itself.
class World {
public:
  /// Precondition: `check(options)` is ok.
  explicit World(WorldOptions options);
  /// Says what is out of range: counts, empty or repeated logins.
  [[nodiscard]] static Status check(const WorldOptions& options);

  [[nodiscard]] const WorldOptions& options() const noexcept { return options_; }
  /// Grows with every mutation.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  /// The newest instant in the world.
  [[nodiscard]] sys_seconds now() const noexcept { return now_; }

  [[nodiscard]] std::uint32_t organisation_count() const noexcept {
    return static_cast<std::uint32_t>(options_.organisations.size());
  }
  [[nodiscard]] User organisation(std::uint32_t organisation) const;
  [[nodiscard]] std::optional<std::uint32_t> find_organisation(std::string_view login) const;
  [[nodiscard]] std::optional<std::uint32_t> find_organisation(std::int64_t id) const;

  [[nodiscard]] User user(UserRef ref) const;
  /// By current login, ignoring case; organisations are not found here.
  [[nodiscard]] std::optional<UserRef> find_user(std::string_view login) const;
  /// By id.
  [[nodiscard]] std::vector<Member> members(std::uint32_t organisation) const;
  [[nodiscard]] std::optional<Member> member(std::uint32_t organisation, UserRef ref) const;

  /// Those that were not deleted, by id.
  [[nodiscard]] std::vector<RepositoryRef> repositories(std::uint32_t organisation) const;
  [[nodiscard]] Repository repository(RepositoryRef ref) const;
  struct FoundRepository {
    RepositoryRef ref;
    bool moved = false; ///< found under a name that it no longer has
  };
  [[nodiscard]] std::optional<FoundRepository> find_repository(std::string_view owner, std::string_view name) const;
  [[nodiscard]] std::optional<RepositoryRef> find_repository(std::int64_t id) const;

  [[nodiscard]] int pull_count(RepositoryRef ref) const;
  /// The numbers of the pull requests in that order; ties by number in the same direction. Shared with later calls.
  [[nodiscard]] std::shared_ptr<const std::vector<int>> pull_numbers(RepositoryRef ref, PullOrder order) const;
  /// nullopt when there is no pull request of that number.
  [[nodiscard]] std::optional<Pull> pull(RepositoryRef ref, int number) const;
  /// In the order in which they were submitted, pending ones last. Precondition: the pull request exists.
  [[nodiscard]] std::vector<Review> reviews(RepositoryRef ref, int number) const;
  /// All commits, oldest first, also beyond the 250 that the API lists.
  [[nodiscard]] std::vector<Commit> pull_commits(RepositoryRef ref, int number) const;
  /// Commits of the default branch.
  [[nodiscard]] int commit_count(RepositoryRef ref) const;
  /// 0 is the oldest. Precondition: in range.
  [[nodiscard]] Commit commit(RepositoryRef ref, int index) const;
  [[nodiscard]] sys_seconds commit_date(RepositoryRef ref, int index) const;

  /// Changes the world; the same seed on the same world does the same. Returns what was really done.
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);

private:
  struct ReviewCore {
    std::uint32_t ordinal = 0;
    std::optional<UserRef> user;
    ReviewState state = ReviewState::commented;
    std::optional<sys_seconds> submitted_at;
  };
  /// The part of a pull request that lists are sorted by and mutations change; its texts follow from it.
  struct PullCore {
    int number = 0;
    int revision = 0;
    bool open = true;
    bool draft = false;
    sys_seconds created_at;
    sys_seconds updated_at;
    std::optional<sys_seconds> closed_at;
    std::optional<sys_seconds> merged_at;
    std::optional<UserRef> author;
    std::optional<UserRef> merged_by;
    int base_commits = 1;
    std::vector<sys_seconds> added_commits;
    std::vector<ReviewCore> reviews;
  };
  struct RepositoryState {
    int base_pulls = 0;
    int pulls = 0;
    int base_commits = 0;
    bool deleted = false;
    bool archived = false;
    std::string name;
    std::optional<sys_seconds> updated_at;
    std::optional<sys_seconds> pushed_at;
    std::vector<sys_seconds> added_commits;
    std::unordered_map<int, PullCore> changed;
  };
  struct OrganisationState {
    std::vector<RepositoryState> repositories;
    std::map<std::uint32_t, std::string> renamed_users;
    std::vector<std::uint32_t> members; ///< sorted
    std::uint32_t people = 0;           ///< members that ever were
  };
  using OrderKey = std::tuple<std::uint32_t, std::uint32_t, PullOrder>;

  void place_repositories(std::uint32_t organisation);
  [[nodiscard]] const RepositoryState& state(RepositoryRef ref) const {
    return organisations_[ref.organisation].repositories[ref.index];
  }
  [[nodiscard]] RepositoryState& state(RepositoryRef ref) {
    return organisations_[ref.organisation].repositories[ref.index];
  }
  [[nodiscard]] std::uint64_t key(RepositoryRef ref, std::uint64_t kind, std::uint64_t a = 0,
                                  std::uint64_t b = 0) const;
  [[nodiscard]] User original_user(UserRef ref) const;
  [[nodiscard]] std::optional<UserRef> person(std::uint32_t organisation, Seeded& choices) const;
  [[nodiscard]] std::string_view association(std::optional<UserRef> ref) const;
  [[nodiscard]] sys_seconds repository_created(RepositoryRef ref) const;
  [[nodiscard]] std::string default_branch(RepositoryRef ref) const;

  [[nodiscard]] PullCore pull_core(RepositoryRef ref, int number) const;
  [[nodiscard]] PullCore original_pull_core(RepositoryRef ref, int number) const;
  void add_original_reviews(RepositoryRef ref, PullCore& core) const;
  [[nodiscard]] std::string pull_commit_sha(RepositoryRef ref, int number, int index) const;
  [[nodiscard]] int comment_count(RepositoryRef ref, int number) const;
  void describe_pull(Pull& pull, const PullCore& core, Seeded& choices) const;
  [[nodiscard]] Commit describe_commit(RepositoryRef ref, std::uint64_t commit_key, sys_seconds date) const;

  class Mutation;
  friend class Mutation;

  const WorldOptions options_;
  std::uint64_t version_ = 1;
  sys_seconds now_;
  std::vector<OrganisationState> organisations_;
  std::unordered_map<std::string, std::uint32_t> organisation_by_login_;
  std::unordered_map<std::string, UserRef> user_by_login_;
  /// "owner/name" in lower case, old names too.
  std::unordered_map<std::string, RepositoryRef> repository_by_name_;

  mutable std::mutex order_mutex_;
  // guarded by order_mutex_: sorted lists of this version
  mutable std::map<OrderKey, std::shared_ptr<const std::vector<int>>> orders_;
};

/// Issues and pull requests share one sequence of numbers; every sixth is an issue here.
[[nodiscard]] constexpr int pull_number(int index) noexcept { return index + 1 + index / 5; }
/// The place of a pull request's number, or -1 when the number is an issue's.
[[nodiscard]] constexpr int pull_index(int number) noexcept {
  return number < 1 || number % 6 == 0 ? -1 : number - 1 - (number - 1) / 6;
}

} // namespace dovetail::simulators::github

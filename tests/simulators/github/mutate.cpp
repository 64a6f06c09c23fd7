// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "tests/simulators/github/world.hpp"
#include "tests/simulators/github/world_kinds.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {

using std::chrono::seconds;

/// One call of `World::mutate`: a stream of choices, a running clock and what was done so far.
class World::Mutation {
public:
  Mutation(World& world, std::uint64_t seed, const MutationCounts& wish)
      : world_(world), wish_(wish), choices_(key_of(seed, kind_mutation, world.version_)) {
    done_.same_second = wish.same_second;
    done_.advance = wish.advance;
    done_.organisation = wish.organisation;
    done_.repository = wish.repository;
  }

  MutationCounts run() {
    world_.now_ += wish_.advance;
    repeat(wish_.new_pulls, done_.new_pulls, [&] { return new_pull(); });
    repeat(wish_.updated_pulls, done_.updated_pulls, [&] { return edit_pull(); });
    repeat(wish_.new_pull_commits, done_.new_pull_commits, [&] { return push_to_pull(); });
    repeat(wish_.new_reviews, done_.new_reviews, [&] { return review_pull(); });
    repeat(wish_.dismissed_reviews, done_.dismissed_reviews, [&] { return dismiss_review(); });
    repeat(wish_.merged_pulls, done_.merged_pulls, [&] { return close_pull(true); });
    repeat(wish_.closed_pulls, done_.closed_pulls, [&] { return close_pull(false); });
    repeat(wish_.new_commits, done_.new_commits, [&] { return new_commit(); });
    repeat(wish_.renamed_repositories, done_.renamed_repositories, [&] { return rename_repository(); });
    repeat(wish_.renamed_members, done_.renamed_members, [&] { return rename_member(); });
    repeat(wish_.added_members, done_.added_members, [&] { return add_member(); });
    repeat(wish_.removed_members, done_.removed_members, [&] { return remove_member(); });
    repeat(wish_.archived_repositories, done_.archived_repositories, [&] { return archive_repository(); });
    repeat(wish_.deleted_repositories, done_.deleted_repositories, [&] { return delete_repository(); });
    ++world_.version_;
    const std::lock_guard lock(world_.order_mutex_);
    world_.orders_.clear();
    return done_;
  }

private:
  template <typename Event> void repeat(int times, int& done, Event event) {
    for (int i = 0; i < times; ++i) {
      if (!wish_.same_second) {
        world_.now_ += seconds{choices_.between(0, 40)};
      }
      if (event()) {
        ++done;
      }
    }
  }

  std::optional<std::uint32_t> some_organisation() {
    if (wish_.repository) {
      return wish_.repository->organisation;
    }
    if (wish_.organisation) {
      return wish_.organisation;
    }
    if (world_.organisation_count() == 0) {
      return std::nullopt;
    }
    return static_cast<std::uint32_t>(choices_.below(world_.organisation_count()));
  }

  template <typename Accept> std::optional<RepositoryRef> some_repository(Accept accept) {
    if (wish_.repository) {
      return accept(*wish_.repository) ? wish_.repository : std::nullopt;
    }
    std::vector<RepositoryRef> candidates;
    for (std::uint32_t o = 0; o < world_.organisation_count(); ++o) {
      if (wish_.organisation && *wish_.organisation != o) {
        continue;
      }
      for (const RepositoryRef ref : world_.repositories(o)) {
        if (accept(ref)) {
          candidates.push_back(ref);
        }
      }
    }
    if (candidates.empty()) {
      return std::nullopt;
    }
    return candidates[choices_.below(candidates.size())];
  }

  std::optional<RepositoryRef> active_repository() {
    return some_repository([&](RepositoryRef ref) {
      const RepositoryState& state = world_.state(ref);
      return !state.deleted && !state.archived && world_.commit_count(ref) > 0;
    });
  }

  /// A pull request that `accept` takes, ready to be changed; nullptr when a fair number of tries found none.
  template <typename Accept> PullCore* some_pull(Accept accept) {
    for (int attempt = 0; attempt < 64; ++attempt) {
      const std::optional<RepositoryRef> ref = active_repository();
      if (!ref) {
        return nullptr;
      }
      const int count = world_.pull_count(*ref);
      if (count == 0) {
        continue;
      }
      const int number = pull_number(static_cast<int>(choices_.below(static_cast<std::uint64_t>(count))));
      PullCore core = world_.pull_core(*ref, number);
      if (accept(core)) {
        organisation_ = ref->organisation;
        repository_ = *ref;
        return &world_.state(*ref).changed.insert_or_assign(number, std::move(core)).first->second;
      }
    }
    return nullptr;
  }

  bool new_pull() {
    const std::optional<RepositoryRef> ref = active_repository();
    if (!ref || world_.pull_count(*ref) >= max_pulls_per_repository) {
      return false;
    }
    RepositoryState& repository = world_.state(*ref);
    PullCore core;
    core.number = pull_number(repository.pulls);
    core.created_at = core.updated_at = world_.now_;
    core.author = world_.person(ref->organisation, choices_);
    core.draft = choices_.chance(0.2);
    core.base_commits = static_cast<int>(choices_.between(1, 4));
    repository.changed.emplace(core.number, std::move(core));
    ++repository.pulls;
    return true;
  }

  bool edit_pull() {
    PullCore* pull = some_pull([](const PullCore&) { return true; });
    if (pull == nullptr) {
      return false;
    }
    ++pull->revision;
    pull->updated_at = world_.now_;
    return true;
  }

  bool push_to_pull() {
    PullCore* pull = some_pull([](const PullCore& core) { return core.open; });
    if (pull == nullptr) {
      return false;
    }
    pull->added_commits.push_back(world_.now_);
    pull->updated_at = world_.now_;
    return true;
  }

  bool review_pull() {
    PullCore* pull = some_pull([](const PullCore& core) { return core.reviews.size() < 2000; });
    if (pull == nullptr) {
      return false;
    }
    ReviewCore review;
    review.ordinal = static_cast<std::uint32_t>(pull->reviews.size());
    review.user = world_.person(organisation_, choices_);
    review.state = choices_.chance(0.5) ? ReviewState::approved : ReviewState::commented;
    review.submitted_at = world_.now_;
    // Pending ones stay last.
    const auto place = std::find_if(pull->reviews.begin(), pull->reviews.end(),
                                    [](const ReviewCore& other) { return !other.submitted_at.has_value(); });
    pull->reviews.insert(place, std::move(review));
    pull->updated_at = world_.now_;
    return true;
  }

  bool dismiss_review() {
    const auto dismissible = [](const ReviewCore& review) {
      return review.state == ReviewState::approved || review.state == ReviewState::changes_requested;
    };
    PullCore* pull = some_pull(
        [&](const PullCore& core) { return std::any_of(core.reviews.begin(), core.reviews.end(), dismissible); });
    if (pull == nullptr) {
      return false;
    }
    std::find_if(pull->reviews.begin(), pull->reviews.end(), dismissible)->state = ReviewState::dismissed;
    pull->updated_at = world_.now_;
    return true;
  }

  bool close_pull(bool merge) {
    PullCore* pull = some_pull([](const PullCore& core) { return core.open; });
    if (pull == nullptr) {
      return false;
    }
    pull->open = false;
    pull->draft = false;
    pull->closed_at = pull->updated_at = world_.now_;
    if (merge) {
      pull->merged_at = world_.now_;
      pull->merged_by = world_.person(organisation_, choices_);
      world_.state(repository_).pushed_at = world_.now_;
      world_.state(repository_).updated_at = world_.now_;
    }
    return true;
  }

  bool new_commit() {
    const std::optional<RepositoryRef> ref = active_repository();
    if (!ref) {
      return false;
    }
    RepositoryState& repository = world_.state(*ref);
    repository.added_commits.push_back(world_.now_);
    repository.pushed_at = repository.updated_at = world_.now_;
    return true;
  }

  bool rename_repository() {
    const std::optional<RepositoryRef> ref =
        some_repository([&](RepositoryRef candidate) { return !world_.state(candidate).deleted; });
    if (!ref) {
      return false;
    }
    RepositoryState& repository = world_.state(*ref);
    repository.name += fmt::format("-r{}", world_.version_);
    repository.updated_at = world_.now_;
    const std::string& owner = world_.options_.organisations[ref->organisation].login;
    return world_.repository_by_name_.insert_or_assign(lower_case(owner + "/" + repository.name), *ref).second;
  }

  std::optional<UserRef> some_member() {
    const std::optional<std::uint32_t> organisation = some_organisation();
    if (!organisation || world_.organisations_[*organisation].members.empty()) {
      return std::nullopt;
    }
    const std::vector<std::uint32_t>& all = world_.organisations_[*organisation].members;
    return UserRef{*organisation, all[choices_.below(all.size())]};
  }

  bool rename_member() {
    const std::optional<UserRef> ref = some_member();
    if (!ref) {
      return false;
    }
    const std::string old_login = world_.user(*ref).login;
    const std::string login = fmt::format("{}-n{}", world_.original_user(*ref).login, world_.version_);
    if (world_.user_by_login_.contains(lower_case(login))) {
      return false;
    }
    world_.user_by_login_.erase(lower_case(old_login));
    world_.user_by_login_.emplace(lower_case(login), *ref);
    world_.organisations_[ref->organisation].renamed_users[ref->index] = login;
    return true;
  }

  bool add_member() {
    const std::optional<std::uint32_t> organisation = some_organisation();
    if (!organisation || world_.organisations_[*organisation].people >= outsider_base - 1) {
      return false;
    }
    OrganisationState& state = world_.organisations_[*organisation];
    const UserRef ref{*organisation, state.people};
    ++state.people;
    state.members.push_back(ref.index);
    world_.user_by_login_.emplace(lower_case(world_.original_user(ref).login), ref);
    return true;
  }

  bool remove_member() {
    const std::optional<UserRef> ref = some_member();
    if (!ref) {
      return false;
    }
    std::erase(world_.organisations_[ref->organisation].members, ref->index);
    return true;
  }

  bool archive_repository() {
    const std::optional<RepositoryRef> ref = active_repository();
    if (!ref) {
      return false;
    }
    world_.state(*ref).archived = true;
    world_.state(*ref).updated_at = world_.now_;
    return true;
  }

  bool delete_repository() {
    const std::optional<RepositoryRef> ref =
        some_repository([&](RepositoryRef candidate) { return !world_.state(candidate).deleted; });
    if (!ref) {
      return false;
    }
    world_.state(*ref).deleted = true;
    return true;
  }

  World& world_;
  const MutationCounts& wish_;
  Seeded choices_;
  MutationCounts done_;
  std::uint32_t organisation_ = 0;
  RepositoryRef repository_;
};

MutationCounts World::mutate(std::uint64_t seed, const MutationCounts& counts) {
  return Mutation(*this, seed, counts).run();
}

} // namespace dovetail::simulators::github

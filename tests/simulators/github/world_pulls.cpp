// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tests/simulators/words.hpp"
#include "tests/simulators/github/world.hpp"
#include "tests/simulators/github/world_kinds.hpp"

namespace dovetail::simulators::github {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* bases[] = {"release/1.x", "develop"};
constexpr const char* milestones[] = {"v1.0", "v2.0 – “Frühling”", "Backlog"};
struct LabelKind {
  const char* name;
  const char* color;
  const char* description;
};
constexpr LabelKind label_kinds[] = {{"bug", "d73a4a", "Something isn't working"},
                                     {"enhancement", "a2eeef", nullptr},
                                     {"good first issue", "7057ff", "Good for newcomers"},
                                     {"area: größe/尺寸", "fbca04", "Sizes & limits"},
                                     {"dependencies", "0366d6", "Pull requests that update a dependency file"}};

// A whole number whose mean is `mean`.
int around(double mean, Seeded& choices) { return static_cast<int>(std::lround(choices.unit() * 2.0 * mean)); }

} // namespace

std::optional<UserRef> World::person(std::uint32_t organisation, Seeded& choices) const {
  const OrganisationOptions& wish = options_.organisations[organisation];
  const double kind = choices.unit();
  const std::uint64_t which = choices.next();
  if (kind < 0.015) {
    return std::nullopt;
  }
  if (kind < 0.06) {
    return UserRef{organisation, bot_base + static_cast<std::uint32_t>(which % bots_per_organisation)};
  }
  const auto members = static_cast<std::uint64_t>(wish.members);
  const auto outsiders = static_cast<std::uint64_t>(wish.outsiders);
  if (members > 0 && (kind < 0.85 || outsiders == 0)) {
    return UserRef{organisation, static_cast<std::uint32_t>(which % members)};
  }
  return outsiders == 0
             ? std::nullopt
             : std::optional(UserRef{organisation, outsider_base + static_cast<std::uint32_t>(which % outsiders)});
}

std::string_view World::association(std::optional<UserRef> ref) const {
  if (!ref) {
    return "NONE";
  }
  return ref->index < outsider_base                     ? "MEMBER"
         : ref->index < bot_base && ref->index % 3 == 2 ? "FIRST_TIME_CONTRIBUTOR"
                                                        : "CONTRIBUTOR";
}

int World::pull_count(RepositoryRef ref) const { return state(ref).pulls; }

World::PullCore World::original_pull_core(RepositoryRef ref, int number) const {
  const RepositoryState& repository = state(ref);
  const OrganisationOptions& wish = options_.organisations[ref.organisation];
  Seeded choices(key(ref, kind_pull, static_cast<std::uint64_t>(number)));
  PullCore core;
  core.number = number;
  const sys_seconds start = repository_created(ref);
  const double place = (pull_index(number) + choices.unit()) / std::max(repository.base_pulls, 1);
  core.created_at =
      start + seconds{static_cast<std::int64_t>(place * static_cast<double>((options_.epoch - start).count()))};
  core.author = person(ref.organisation, choices);
  core.base_commits = std::max(1, around(wish.commits_per_pull, choices));
  if (wish.commits_per_pull >= 1 && choices.chance(0.002)) {
    core.base_commits = 260; // past the 250 that the API lists
  }
  const double fate = choices.unit();
  // From ten minutes to about three weeks, short ones more often.
  const seconds lifetime{static_cast<std::int64_t>(600.0 * std::exp(choices.unit() * 8.0))};
  const sys_seconds end = core.created_at + lifetime;
  if (fate < 0.8 && end <= options_.epoch) {
    core.open = false;
    core.closed_at = end;
    if (fate < 0.66) {
      core.merged_at = end;
      core.merged_by = choices.chance(0.98) ? person(ref.organisation, choices) : std::nullopt;
    }
  }
  core.draft = core.open && choices.chance(0.15);
  add_original_reviews(ref, core);
  core.updated_at = core.closed_at.value_or(core.created_at);
  for (const ReviewCore& review : core.reviews) {
    core.updated_at = std::max(core.updated_at, review.submitted_at.value_or(core.updated_at));
  }
  if (choices.chance(0.3)) {
    core.updated_at = std::min(options_.epoch, core.updated_at + seconds{choices.between(0, 86'400 * 3)});
  }
  // A label put on many at once: rows that share one updated_at.
  const sys_seconds bulk_edit = options_.epoch - options_.history / 4;
  if (choices.chance(0.04) && core.updated_at < bulk_edit) {
    core.updated_at = bulk_edit;
  }
  return core;
}

void World::add_original_reviews(RepositoryRef ref, PullCore& core) const {
  const OrganisationOptions& wish = options_.organisations[ref.organisation];
  Seeded choices(key(ref, kind_review, static_cast<std::uint64_t>(core.number)));
  const int count = around(wish.reviews_per_pull, choices);
  const sys_seconds end = core.closed_at.value_or(std::min(options_.epoch, core.created_at + hours{240}));
  bool pending = false;
  for (int i = 0; i < count; ++i) {
    ReviewCore review;
    review.user = person(ref.organisation, choices);
    if (choices.chance(0.1)) {
      review.user = core.author;
    }
    const double kind = choices.unit();
    review.state = kind < 0.4    ? ReviewState::approved
                   : kind < 0.55 ? ReviewState::changes_requested
                   : kind < 0.9  ? ReviewState::commented
                   : kind < 0.96 ? ReviewState::dismissed
                                 : ReviewState::pending;
    sys_seconds when =
        core.created_at + seconds{choices.between(1, std::max<std::int64_t>(1, (end - core.created_at).count()))};
    if (choices.chance(0.06)) {
      when = end + seconds{choices.between(60, 86'400 * 5)};
    }
    if (review.state == ReviewState::pending && (pending || !review.user)) {
      review.state = ReviewState::commented;
    }
    if (review.state == ReviewState::pending) {
      pending = true;
    } else {
      review.submitted_at = std::min(when, options_.epoch);
    }
    core.reviews.push_back(std::move(review));
  }
  std::stable_sort(core.reviews.begin(), core.reviews.end(), [](const ReviewCore& left, const ReviewCore& right) {
    return left.submitted_at.value_or(sys_seconds::max()) < right.submitted_at.value_or(sys_seconds::max());
  });
  for (std::size_t i = 0; i < core.reviews.size(); ++i) {
    core.reviews[i].ordinal = static_cast<std::uint32_t>(i);
  }
}

World::PullCore World::pull_core(RepositoryRef ref, int number) const {
  const auto& changed = state(ref).changed;
  const auto found = changed.find(number);
  return found == changed.end() ? original_pull_core(ref, number) : found->second;
}

int World::comment_count(RepositoryRef ref, int number) const {
  return static_cast<int>(key(ref, kind_pull_text, static_cast<std::uint64_t>(number), 9) % 12);
}

std::shared_ptr<const std::vector<int>> World::pull_numbers(RepositoryRef ref, PullOrder order) const {
  const OrderKey wanted{ref.organisation, ref.index, order};
  {
    const std::lock_guard lock(order_mutex_);
    if (const auto found = orders_.find(wanted); found != orders_.end()) {
      return found->second;
    }
  }
  struct Row {
    std::int64_t rank;
    int number;
  };
  std::vector<Row> rows;
  for (int index = 0; index < pull_count(ref); ++index) {
    const int number = pull_number(index);
    const PullCore core = pull_core(ref, number);
    if (order.filter != PullFilter::all && core.open != (order.filter == PullFilter::open)) {
      continue;
    }
    const std::int64_t rank = order.sort == PullSort::updated      ? core.updated_at.time_since_epoch().count()
                              : order.sort == PullSort::popularity ? comment_count(ref, number)
                                                                   : core.created_at.time_since_epoch().count();
    rows.push_back({rank, number});
  }
  std::sort(rows.begin(), rows.end(), [&](const Row& left, const Row& right) {
    const auto ascending = std::tie(left.rank, left.number) < std::tie(right.rank, right.number);
    const auto descending = std::tie(left.rank, left.number) > std::tie(right.rank, right.number);
    return order.descending ? descending : ascending;
  });
  auto numbers = std::make_shared<std::vector<int>>();
  numbers->reserve(rows.size());
  for (const Row& row : rows) {
    numbers->push_back(row.number);
  }
  const std::lock_guard lock(order_mutex_);
  orders_[wanted] = numbers;
  return numbers;
}

std::optional<Pull> World::pull(RepositoryRef ref, int number) const {
  const int index = pull_index(number);
  if (index < 0 || index >= pull_count(ref)) {
    return std::nullopt;
  }
  const PullCore core = pull_core(ref, number);
  Seeded choices(key(ref, kind_pull_text, static_cast<std::uint64_t>(number)));
  Pull pull;
  pull.repository = ref;
  const std::int64_t serial = std::int64_t{ref.organisation} * max_repositories + ref.index;
  pull.id = first_pull_id + serial * max_pulls_per_repository + index;
  pull.number = number;
  pull.node_id = fmt::format("PR_kwDO{:x}", pull.id);
  pull.open = core.open;
  pull.draft = core.draft;
  pull.created_at = core.created_at;
  pull.updated_at = core.updated_at;
  pull.closed_at = core.closed_at;
  pull.merged_at = core.merged_at;
  pull.author = core.author;
  pull.merged_by = core.merged_by;
  pull.author_association = association(core.author);
  pull.commits = core.base_commits + static_cast<int>(core.added_commits.size());
  describe_pull(pull, core, choices);
  return pull;
}

void World::describe_pull(Pull& pull, const PullCore& core, Seeded& choices) const {
  const RepositoryRef ref = pull.repository;
  pull.title = words::title(choices);
  if (core.revision > 0) {
    pull.title += fmt::format(" (take {})", core.revision + 1);
  }
  const double length = choices.unit();
  if (length < options_.long_body_share) {
    pull.body = words::long_markdown(choices, options_.long_body_bytes);
  } else if (length < 0.8) {
    pull.body = words::markdown(choices, static_cast<int>(choices.between(1, 4)));
  } else if (length < 0.87) {
    pull.body = "";
  }
  pull.locked = choices.chance(0.02);
  pull.base_ref = choices.chance(0.9) ? default_branch(ref) : choices.pick(bases);
  pull.base_sha = hex_text(choices.next(), 40);
  const double origin = choices.unit();
  pull.head_kind = origin < 0.75 ? HeadKind::same_repository : origin < 0.95 ? HeadKind::fork : HeadKind::deleted_fork;
  if (!core.author && pull.head_kind == HeadKind::fork) {
    pull.head_kind = HeadKind::deleted_fork;
  }
  pull.head_ref = words::branch(choices);
  pull.head_sha = pull_commit_sha(ref, pull.number, pull.commits - 1);
  if (core.merged_at || core.open) {
    pull.merge_commit_sha =
        hex_text(key(ref, kind_pull_text, static_cast<std::uint64_t>(pull.number), core.merged_at ? 2 : 1), 40);
  }
  if (const std::optional<UserRef> assignee = person(ref.organisation, choices); assignee && choices.chance(0.2)) {
    pull.assignees.push_back(*assignee);
  }
  if (const std::optional<UserRef> reviewer = person(ref.organisation, choices);
      reviewer && core.open && choices.chance(0.4)) {
    pull.requested_reviewers.push_back(*reviewer);
  }
  std::int64_t label_id = 3'000'000'000 + std::int64_t{ref.organisation} * 1'000'000 + std::int64_t{ref.index} * 10;
  for (const LabelKind& kind : label_kinds) {
    ++label_id;
    if (choices.chance(0.12)) {
      pull.labels.push_back(
          {label_id, kind.name, kind.color,
           kind.description == nullptr ? std::nullopt : std::optional<std::string>(kind.description)});
    }
  }
  if (choices.chance(0.1)) {
    pull.milestone = choices.pick(milestones);
  }
  pull.auto_merge = core.open && choices.chance(0.03);
  pull.comments = comment_count(ref, pull.number);
  pull.review_comments = static_cast<int>(choices.below(9));
  pull.additions = static_cast<int>(choices.below(choices.chance(0.05) ? 200'000 : 800));
  pull.deletions = static_cast<int>(choices.below(400));
  pull.changed_files = static_cast<int>(choices.between(1, 60));
  pull.maintainer_can_modify = choices.chance(0.3);
}

std::vector<Review> World::reviews(RepositoryRef ref, int number) const {
  const PullCore core = pull_core(ref, number);
  const std::int64_t serial = std::int64_t{ref.organisation} * max_repositories + ref.index;
  std::vector<Review> list;
  list.reserve(core.reviews.size());
  for (const ReviewCore& found : core.reviews) {
    Seeded choices(key(ref, kind_review_text, static_cast<std::uint64_t>(number), found.ordinal));
    Review review;
    review.id = first_review_id + (serial * max_pulls_per_repository + pull_index(number)) * 2048 + found.ordinal;
    review.node_id = fmt::format("PRR_kwDO{:x}", review.id);
    review.user = found.user;
    review.state = found.state;
    review.submitted_at = found.submitted_at;
    review.author_association = association(found.user);
    const std::uint64_t at = choices.below(static_cast<std::uint64_t>(core.base_commits));
    if (found.state != ReviewState::pending && choices.chance(0.97)) {
      review.commit_id = pull_commit_sha(ref, number, static_cast<int>(at));
    }
    if (choices.chance(0.5)) {
      review.body = words::markdown(choices, static_cast<int>(choices.between(1, 2)));
    }
    list.push_back(std::move(review));
  }
  return list;
}

} // namespace dovetail::simulators::github

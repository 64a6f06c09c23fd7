// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "tests/simulators/words.hpp"
#include "tests/simulators/github/world.hpp"
#include "tests/simulators/github/world_kinds.hpp"

namespace dovetail::simulators::github {

using std::chrono::seconds;

int World::commit_count(RepositoryRef ref) const {
  const RepositoryState& repository = state(ref);
  return repository.base_commits + static_cast<int>(repository.added_commits.size());
}

sys_seconds World::commit_date(RepositoryRef ref, int index) const {
  const RepositoryState& repository = state(ref);
  if (index >= repository.base_commits) {
    return repository.added_commits[static_cast<std::size_t>(index - repository.base_commits)];
  }
  const sys_seconds start = repository_created(ref);
  Seeded choices(key(ref, kind_commit, static_cast<std::uint64_t>(index), 1));
  const double place = (index + choices.unit()) / repository.base_commits;
  return start + seconds{static_cast<std::int64_t>(place * static_cast<double>((options_.epoch - start).count()))};
}

Commit World::commit(RepositoryRef ref, int index) const {
  const auto commit_key = [&](int at) { return key(ref, kind_commit, static_cast<std::uint64_t>(at)); };
  Commit commit = describe_commit(ref, commit_key(index), commit_date(ref, index));
  if (index > 0) {
    commit.parents.push_back(hex_text(commit_key(index - 1), 40));
    if (commit_key(index) % 8 == 0) {
      commit.parents.push_back(hex_text(mix(commit_key(index)), 40));
    }
  }
  return commit;
}

std::string World::pull_commit_sha(RepositoryRef ref, int number, int index) const {
  return hex_text(key(ref, kind_pull_commit, static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(index)),
                  40);
}

std::vector<Commit> World::pull_commits(RepositoryRef ref, int number) const {
  const PullCore core = pull_core(ref, number);
  const int count = core.base_commits + static_cast<int>(core.added_commits.size());
  std::vector<Commit> list;
  list.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const sys_seconds date = i < core.base_commits
                                 ? core.created_at - seconds{std::int64_t{core.base_commits - i} * 1777}
                                 : core.added_commits[static_cast<std::size_t>(i - core.base_commits)];
    list.push_back(describe_commit(
        ref, key(ref, kind_pull_commit, static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(i)), date));
    list.back().parents.push_back(
        i == 0 ? hex_text(key(ref, kind_pull_commit, static_cast<std::uint64_t>(number), 1U << 20U), 40)
               : pull_commit_sha(ref, number, i - 1));
  }
  return list;
}

Commit World::describe_commit(RepositoryRef ref, std::uint64_t commit_key, sys_seconds date) const {
  Seeded choices(mix(commit_key));
  Commit commit;
  commit.sha = hex_text(commit_key, 40);
  commit.tree_sha = hex_text(commit_key ^ 0x7aeeULL, 40);
  commit.message = words::title(choices);
  if (choices.chance(0.4)) {
    commit.message += "\n\n" + words::markdown(choices, static_cast<int>(choices.between(1, 3)));
  }
  commit.author_user = person(ref.organisation, choices);
  // Rebased: written earlier than committed.
  const seconds age{choices.chance(0.2) ? choices.between(1, 86'400 * 20) : 0};
  if (commit.author_user) {
    // Git keeps the name and the address that were typed then, whatever the account is called now.
    const User account = original_user(*commit.author_user);
    commit.author = {account.name.value_or(account.login),
                     account.email.value_or(fmt::format("{}+{}@users.noreply.github.com", account.id, account.login)),
                     date - age};
  } else {
    commit.author = {words::first_name(choices) + " " + words::last_name(choices),
                     fmt::format("someone{}@example.org", choices.below(1000)), date - age};
  }
  if (choices.chance(0.4)) {
    commit.committer = {"GitHub", "noreply@github.com", date};
    commit.committer_user = web_flow;
    commit.verified = true;
  } else {
    commit.committer = {commit.author.name, commit.author.email, date};
    commit.committer_user = commit.author_user;
    commit.verified = choices.chance(0.3);
  }
  commit.comment_count = choices.chance(0.05) ? 1 : 0;
  commit.additions = static_cast<int>(choices.below(500));
  commit.deletions = static_cast<int>(choices.below(300));
  return commit;
}

} // namespace dovetail::simulators::github

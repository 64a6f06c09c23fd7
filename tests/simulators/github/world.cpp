// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/simulators/words.hpp"
#include "tests/simulators/github/world_kinds.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {
namespace {

using std::chrono::seconds;

constexpr const char* license_keys[] = {"mit", "apache-2.0", "lgpl-3.0"};
constexpr const char* topics[] = {"cpp", "integration", "etl", "sync", "api-client", "tooling", "hacktoberfest"};

std::string base36(std::uint64_t number) {
  static constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string text;
  do {
    text.insert(text.begin(), digits[number % 36]);
    number /= 36;
  } while (number != 0);
  return text;
}

std::string full_key(std::string_view owner, std::string_view name) {
  return lower_case(owner) + "/" + lower_case(name);
}

bool valid_login(std::string_view login) {
  return !login.empty() && login.size() <= 39 && std::all_of(login.begin(), login.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

} // namespace

Status World::check(const WorldOptions& options) {
  std::vector<std::string> seen;
  for (const OrganisationOptions& organisation : options.organisations) {
    const std::string login = lower_case(organisation.login);
    if (!valid_login(login)) {
      return invalid_argument(
          fmt::format("organisation \"{}\": a login has 1 to 39 letters, digits or '-'", organisation.login));
    }
    if (std::find(seen.begin(), seen.end(), login) != seen.end()) {
      return invalid_argument(fmt::format("organisation \"{}\" is there twice", organisation.login));
    }
    seen.push_back(login);
    const auto inside = [](int count, int limit) { return count >= 0 && count <= limit; };
    if (!inside(organisation.members, 900'000) || !inside(organisation.outsiders, 900'000) ||
        !inside(organisation.repositories, static_cast<int>(max_repositories)) ||
        !inside(organisation.empty_repositories, organisation.repositories) ||
        !inside(organisation.pull_requests, max_pulls_per_repository) ||
        !inside(organisation.commits_per_repository, 100'000'000) || organisation.reviews_per_pull < 0 ||
        organisation.reviews_per_pull > 1000 || organisation.commits_per_pull < 0 ||
        organisation.commits_per_pull > 10'000) {
      return invalid_argument(fmt::format("organisation \"{}\": a count is out of range", organisation.login));
    }
    if (organisation.pull_requests > 0 && organisation.repositories == organisation.empty_repositories) {
      return invalid_argument(fmt::format("organisation \"{}\" has pull requests but no repository that may hold them",
                                          organisation.login));
    }
  }
  if (options.history < std::chrono::hours{24}) {
    return invalid_argument("the history must cover at least a day");
  }
  return {};
}

World::World(WorldOptions options) : options_(std::move(options)), now_(options_.epoch) {
  organisations_.resize(options_.organisations.size());
  for (std::uint32_t o = 0; o < organisation_count(); ++o) {
    const OrganisationOptions& wish = options_.organisations[o];
    organisation_by_login_.emplace(lower_case(wish.login), o);
    organisations_[o].people = static_cast<std::uint32_t>(wish.members);
    for (std::uint32_t i = 0; i < organisations_[o].people; ++i) {
      organisations_[o].members.push_back(i);
    }
    const auto register_user = [&](UserRef ref) { user_by_login_.emplace(lower_case(original_user(ref).login), ref); };
    for (std::uint32_t i = 0; i < organisations_[o].people; ++i) {
      register_user({o, i});
    }
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(wish.outsiders); ++i) {
      register_user({o, outsider_base + i});
    }
    for (std::uint32_t i = 0; i < bots_per_organisation; ++i) {
      register_user({o, bot_base + i});
    }
    place_repositories(o);
  }
  user_by_login_.emplace("web-flow", web_flow);
}

void World::place_repositories(std::uint32_t organisation) {
  const OrganisationOptions& wish = options_.organisations[organisation];
  std::vector<RepositoryState>& repositories = organisations_[organisation].repositories;
  repositories.resize(static_cast<std::size_t>(wish.repositories));
  const std::size_t filled = repositories.size() - static_cast<std::size_t>(wish.empty_repositories);
  std::vector<std::uint64_t> weights(filled);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < filled; ++i) {
    weights[i] = 1 + key_of(options_.seed, kind_repository, organisation, i, 7) % 8;
    total += weights[i];
  }
  int left = wish.pull_requests;
  for (std::size_t i = 0; i < repositories.size(); ++i) {
    RepositoryState& repository = repositories[i];
    Seeded choices(key_of(options_.seed, kind_repository, organisation, i, 1));
    repository.name = words::adjective(choices) + "-" + words::thing(choices) + "-" + std::to_string(i + 1);
    repository.archived = i > 0 && choices.chance(0.08);
    repository_by_name_.emplace(full_key(wish.login, repository.name),
                                RepositoryRef{organisation, static_cast<std::uint32_t>(i)});
    if (i >= filled) {
      continue;
    }
    repository.base_commits = wish.commits_per_repository;
    repository.base_pulls = static_cast<int>(static_cast<std::uint64_t>(wish.pull_requests) * weights[i] / total);
    left -= repository.base_pulls;
  }
  if (filled > 0) {
    repositories[0].base_pulls += left;
  }
  for (RepositoryState& repository : repositories) {
    repository.pulls = repository.base_pulls;
  }
}

User World::organisation(std::uint32_t organisation) const {
  User account;
  account.login = options_.organisations[organisation].login;
  account.id = first_organisation_id + organisation;
  account.node_id = fmt::format("O_kgDO{}", base36(static_cast<std::uint64_t>(account.id)));
  account.type = UserType::organization;
  account.created_at = account.updated_at = options_.epoch - options_.history - seconds{86'400 * 400};
  return account;
}

std::optional<std::uint32_t> World::find_organisation(std::string_view login) const {
  const auto found = organisation_by_login_.find(lower_case(login));
  return found == organisation_by_login_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> World::find_organisation(std::int64_t id) const {
  const std::int64_t place = id - first_organisation_id;
  return place >= 0 && place < organisation_count() ? std::optional(static_cast<std::uint32_t>(place)) : std::nullopt;
}

User World::original_user(UserRef ref) const {
  User account;
  if (ref == web_flow) {
    account.id = 19'864'447;
    account.login = "web-flow";
    account.name = "GitHub Web Flow";
    account.node_id = "MDQ6VXNlcjE5ODY0NDQ3";
    account.created_at = account.updated_at = sys_seconds{seconds{1'449'000'000}};
    return account;
  }
  Seeded choices(key_of(options_.seed, kind_user, ref.organisation, ref.index));
  account.id = first_user_id + std::int64_t{ref.organisation} * users_per_organisation + ref.index;
  account.node_id = fmt::format("U_kgDO{}", base36(static_cast<std::uint64_t>(account.id)));
  account.created_at = options_.epoch - options_.history - seconds{choices.between(0, 86'400 * 2000)};
  account.updated_at = options_.epoch - seconds{choices.between(0, 86'400 * 300)};
  const std::uint64_t serial = std::uint64_t{ref.index} * organisation_count() + ref.organisation;
  if (ref.index >= bot_base) {
    account.type = UserType::bot;
    account.login = fmt::format("{}-{}[bot]", ref.index == bot_base ? "checks" : "updates", base36(serial));
    return account;
  }
  const std::string first = words::first_name(choices);
  const std::string last = words::last_name(choices);
  account.login = fmt::format("{}{}-{}", words::plain(first), words::plain(last).substr(0, 6), base36(serial));
  account.site_admin = choices.chance(0.01);
  if (choices.chance(0.85)) {
    account.name = first + " " + last;
  }
  if (choices.chance(0.4)) {
    account.company = "@" + options_.organisations[ref.organisation].login;
  }
  account.blog = choices.chance(0.2) ? fmt::format("https://{}.example.org", words::plain(last)) : "";
  if (choices.chance(0.5)) {
    account.location = words::place(choices);
  }
  if (choices.chance(0.45)) {
    account.email = fmt::format("{}@example.org", account.login);
  }
  if (choices.chance(0.2)) {
    account.hireable = true;
  }
  if (choices.chance(0.3)) {
    account.bio = words::sentence(choices);
  }
  if (choices.chance(0.1)) {
    account.twitter_username = words::plain(first) + base36(serial);
  }
  account.public_repos = static_cast<int>(choices.below(80));
  account.public_gists = static_cast<int>(choices.below(10));
  account.followers = static_cast<int>(choices.below(400));
  account.following = static_cast<int>(choices.below(60));
  return account;
}

User World::user(UserRef ref) const {
  User account = original_user(ref);
  if (!(ref == web_flow)) {
    const auto& renamed = organisations_[ref.organisation].renamed_users;
    if (const auto found = renamed.find(ref.index); found != renamed.end()) {
      account.login = found->second;
    }
  }
  return account;
}

std::optional<UserRef> World::find_user(std::string_view login) const {
  const auto found = user_by_login_.find(lower_case(login));
  return found == user_by_login_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Member> World::members(std::uint32_t organisation) const {
  std::vector<Member> list;
  list.reserve(organisations_[organisation].members.size());
  for (const std::uint32_t index : organisations_[organisation].members) {
    list.push_back(*member(organisation, {organisation, index}));
  }
  return list;
}

std::optional<Member> World::member(std::uint32_t organisation, UserRef ref) const {
  const std::vector<std::uint32_t>& all = organisations_[organisation].members;
  if (ref.organisation != organisation || !std::binary_search(all.begin(), all.end(), ref.index)) {
    return std::nullopt;
  }
  Seeded choices(key_of(options_.seed, kind_user, ref.organisation, ref.index, 2));
  Member found;
  found.user = user(ref);
  found.role = ref.index == 0 || choices.chance(0.1) ? Role::admin : Role::member;
  found.is_public = choices.chance(0.3);
  return found;
}

std::vector<RepositoryRef> World::repositories(std::uint32_t organisation) const {
  std::vector<RepositoryRef> list;
  const std::vector<RepositoryState>& all = organisations_[organisation].repositories;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (!all[i].deleted) {
      list.push_back({organisation, i});
    }
  }
  return list;
}

std::uint64_t World::key(RepositoryRef ref, std::uint64_t kind, std::uint64_t a, std::uint64_t b) const {
  return key_of(options_.seed, kind, ref.organisation, ref.index, a, b);
}

sys_seconds World::repository_created(RepositoryRef ref) const {
  Seeded choices(key(ref, kind_repository, 2));
  return options_.epoch - options_.history + seconds{choices.between(0, options_.history.count() / 20)};
}

std::string World::default_branch(RepositoryRef ref) const {
  return key(ref, kind_repository, 4) % 5 == 0 ? "master" : "main";
}

Repository World::repository(RepositoryRef ref) const {
  const RepositoryState& current = state(ref);
  Seeded choices(key(ref, kind_repository, 3));
  Repository repository;
  repository.ref = ref;
  repository.id = first_repository_id + std::int64_t{ref.organisation} * max_repositories + ref.index;
  repository.node_id = fmt::format("R_kgDO{}", base36(static_cast<std::uint64_t>(repository.id)));
  repository.owner = options_.organisations[ref.organisation].login;
  repository.name = current.name;
  if (choices.chance(0.75)) {
    repository.description = words::sentence(choices);
  }
  const std::uint64_t reach = choices.below(10);
  repository.visibility = reach < 4 ? "private" : reach < 5 ? "internal" : "public";
  repository.is_private = repository.visibility != "public";
  repository.fork = ref.index > 0 && choices.chance(0.1);
  repository.archived = current.archived;
  repository.default_branch = default_branch(ref);
  if (choices.chance(0.85)) {
    repository.language = words::language(choices);
  }
  if (choices.chance(0.3)) {
    repository.homepage = choices.chance(0.5) ? "" : fmt::format("https://{}.example.org/", current.name);
  }
  if (choices.chance(0.6)) {
    repository.license_key = choices.pick(license_keys);
  }
  for (const char* topic : topics) {
    if (choices.chance(0.2)) {
      repository.topics.emplace_back(topic);
    }
  }
  repository.created_at = repository_created(ref);
  const int commits = commit_count(ref);
  repository.pushed_at = current.pushed_at;
  if (!repository.pushed_at && commits > 0) {
    repository.pushed_at = commit_date(ref, commits - 1);
  }
  repository.updated_at = current.updated_at.value_or(
      std::max(repository.created_at, repository.pushed_at.value_or(repository.created_at)));
  repository.size = commits == 0 ? 0 : static_cast<int>(choices.between(10, 200'000));
  repository.stars = static_cast<int>(choices.below(500));
  repository.forks = static_cast<int>(choices.below(50));
  repository.open_issues = static_cast<int>(pull_numbers(ref, PullOrder{})->size());
  return repository;
}

std::optional<World::FoundRepository> World::find_repository(std::string_view owner, std::string_view name) const {
  const auto found = repository_by_name_.find(full_key(owner, name));
  if (found == repository_by_name_.end() || state(found->second).deleted) {
    return std::nullopt;
  }
  return FoundRepository{found->second, !equal_ignoring_case(state(found->second).name, name)};
}

std::optional<RepositoryRef> World::find_repository(std::int64_t id) const {
  const std::int64_t place = id - first_repository_id;
  if (place < 0 || place / max_repositories >= organisation_count()) {
    return std::nullopt;
  }
  const RepositoryRef ref{static_cast<std::uint32_t>(place / max_repositories),
                          static_cast<std::uint32_t>(place % max_repositories)};
  if (ref.index >= organisations_[ref.organisation].repositories.size() || state(ref).deleted) {
    return std::nullopt;
  }
  return ref;
}

} // namespace dovetail::simulators::github

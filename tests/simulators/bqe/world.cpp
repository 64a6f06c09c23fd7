// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/bqe/world.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "tests/simulators/words.hpp"

namespace dovetail::simulators::bqe {
namespace {

constexpr std::array<std::string_view, entities> paths{"project", "client", "employee"};
constexpr std::array<std::string_view, entities> types{"Project", "Client", "Employee"};
constexpr std::uint32_t most_records = 2'000'000;
constexpr std::int64_t history_seconds = 600LL * 86'400;

enum Kind : std::uint64_t { kind_project = 1, kind_client, kind_employee, kind_deletion, kind_time, kind_mutation };

const char* const phases[] = {"Schematic design", "Design development", "Documents", "Administration"};
const char* const titles[] = {"Architect", "Engineer", "Draughtsman", "Principal"};
const char* const departments[] = {"Design", "Structures", "Office"};

} // namespace

std::string_view path_of(Entity entity) noexcept { return paths[static_cast<std::size_t>(entity)]; }
std::string_view type_of(Entity entity) noexcept { return types[static_cast<std::size_t>(entity)]; }

std::string guid(std::uint64_t key) {
  const std::string hex = hex_text(key, 32);
  return fmt::format("{}-{}-4{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3), hex.substr(17, 3),
                     hex.substr(20, 12));
}

Status World::check(const WorldOptions& options) {
  if (options.projects > most_records || options.clients > most_records || options.employees > most_records) {
    return invalid_argument(fmt::format("a world holds at most {} records of a kind", most_records));
  }
  if (options.clients == 0 || options.employees == 0) {
    return invalid_argument("projects need a client and a manager: at least 1 of each");
  }
  if (options.child_share < 0 || options.child_share >= 1 || options.levels < 1 || options.levels > 9 ||
      options.bulk == 0) {
    return invalid_argument("child_share is from 0 to below 1, levels from 1 to 9, bulk at least 1");
  }
  return {};
}

World::World(WorldOptions options) : options_(options), now_(options.epoch) {
  for (std::uint32_t i = 0; i < options_.employees; ++i) {
    make_employee(key_of(options_.seed, kind_employee, i),
                  some_time(key_of(options_.seed, kind_employee, i / options_.bulk)));
  }
  for (std::uint32_t i = 0; i < options_.clients; ++i) {
    make_client(key_of(options_.seed, kind_client, i),
                some_time(key_of(options_.seed, kind_client, i / options_.bulk)));
  }
  const auto children = static_cast<std::uint32_t>(options_.projects * options_.child_share + 0.5);
  const std::uint32_t tops = options_.projects - children;
  projects_.reserve(options_.projects);
  for (std::uint32_t i = 0; i < options_.projects; ++i) {
    const std::uint64_t key = key_of(options_.seed, kind_project, i);
    const Project* parent = nullptr;
    if (i >= tops && tops > 0) {
      Seeded choices(mix(key));
      do {
        parent = &projects_[choices.below(projects_.size())];
      } while (parent->level >= options_.levels);
    }
    make_project(key, some_time(key_of(options_.seed, kind_project, i / options_.bulk)), parent);
  }
}

sys_seconds World::some_time(std::uint64_t place) const {
  return options_.epoch - std::chrono::seconds(1 + mix(key_of(place, kind_time)) % history_seconds);
}

void World::make_project(std::uint64_t key, sys_seconds when, const Project* parent) {
  Seeded choices(key);
  Project made;
  made.audit.id = guid(key);
  made.audit.created = when - std::chrono::seconds(choices.below(30 * 86'400));
  made.audit.updated = when;
  made.audit.version = 1 + static_cast<int>(choices.below(9));
  if (parent == nullptr) {
    made.code = fmt::format("{:02}-{:04}", 20 + choices.below(7), projects_.size());
    made.name = words::title(choices);
    made.root_id = made.audit.id;
    made.client = static_cast<std::uint32_t>(choices.below(clients_.size()));
    made.manager = static_cast<std::uint32_t>(choices.below(employees_.size()));
  } else {
    made.code = fmt::format("{}-{:02}", parent->code, choices.below(100));
    made.name = choices.pick(phases);
    made.parent_id = parent->audit.id;
    made.root_id = parent->root_id;
    made.level = parent->level + 1;
    made.client = parent->client;
    made.manager = parent->manager;
    projects_[static_cast<std::size_t>(parent - projects_.data())].has_child = true;
  }
  made.status = choices.chance(options_.archived_share) ? status_inactive
                : choices.chance(0.1)                   ? status_completed
                                                        : status_active;
  if (choices.chance(0.8)) {
    made.start = std::chrono::floor<std::chrono::days>(made.audit.created) + std::chrono::days(choices.below(60));
    made.due = *made.start + std::chrono::days(30 + choices.below(400));
  }
  made.percent_complete = static_cast<int>(choices.below(101));
  made.contract_cents = choices.between(100'000, 900'000'000);
  projects_.push_back(std::move(made));
}

void World::make_client(std::uint64_t key, sys_seconds when) {
  Seeded choices(key);
  Client made;
  made.audit.id = guid(key);
  made.audit.created = when - std::chrono::seconds(choices.below(30 * 86'400));
  made.audit.updated = when;
  made.first_name = words::first_name(choices);
  made.last_name = words::last_name(choices);
  made.name = fmt::format("{} & Co {}", made.last_name, clients_.size());
  made.city = words::place(choices);
  made.manager = static_cast<std::uint32_t>(choices.below(employees_.size()));
  clients_.push_back(std::move(made));
}

void World::make_employee(std::uint64_t key, sys_seconds when) {
  Seeded choices(key);
  Employee made;
  made.audit.id = guid(key);
  made.audit.created = when - std::chrono::seconds(choices.below(30 * 86'400));
  made.audit.updated = when;
  made.first_name = words::first_name(choices);
  made.last_name = words::last_name(choices);
  made.title = choices.pick(titles);
  made.department = choices.pick(departments);
  made.hired = std::chrono::floor<std::chrono::days>(made.audit.created);
  employees_.push_back(std::move(made));
}

const Audit& World::audit(Entity entity, std::size_t place) const {
  switch (entity) {
  case Entity::project:
    return projects_[place].audit;
  case Entity::client:
    return clients_[place].audit;
  case Entity::employee:
    break;
  }
  return employees_[place].audit;
}

std::size_t World::count(Entity entity) const noexcept {
  return entity == Entity::project ? projects_.size() : entity == Entity::client ? clients_.size() : employees_.size();
}

const Project* World::find_project(std::string_view id) const {
  const auto found =
      std::find_if(projects_.begin(), projects_.end(), [id](const Project& one) { return one.audit.id == id; });
  return found == projects_.end() ? nullptr : &*found;
}

/// One call of mutate: picks candidates and stamps what it touches.
class World::Mutation {
public:
  Mutation(World& world, std::uint64_t seed, const MutationCounts& wanted)
      : world_(world), wanted_(wanted), choices_(key_of(seed, kind_mutation, world.projects_.size())) {
    world_.now_ += wanted.advance;
  }

  MutationCounts run() {
    MutationCounts done = wanted_;
    const auto times = [](int& count, auto&& act) {
      int really = 0;
      for (int i = 0; i < count; ++i) {
        really += act() ? 1 : 0;
      }
      count = really;
    };
    times(done.new_projects, [&] { return create(nullptr); });
    times(done.new_children, [&] { return create(pick([](const Project& one) { return one.level == 0; })); });
    times(done.updated_projects,
          [&] { return with([](const Project&) { return true; }, [](Project& one) { one.name += " (edited)"; }); });
    times(done.archived_projects, [&] {
      return with([](const Project& one) { return one.level == 0 && one.status == status_active; },
                  [](Project& one) { one.status = status_inactive; });
    });
    times(done.restored_projects, [&] {
      return with([](const Project& one) { return one.level == 0 && one.status == status_inactive; },
                  [](Project& one) { one.status = status_active; });
    });
    times(done.moved_below, [&] { return move_below(); });
    times(done.moved_up, [&] {
      return with([](const Project& one) { return one.level > 0 && !one.has_child; },
                  [](Project& one) {
                    one.level = 0;
                    one.parent_id.clear();
                    one.root_id = one.audit.id;
                  });
    });
    times(done.deleted_projects, [&] { return remove_project(); });
    times(done.renamed_clients, [&] { return rename_client(); });
    times(done.deleted_clients, [&] { return remove_client(); });
    times(done.new_employees, [&] {
      world_.make_employee(choices_.next(), stamp());
      return true;
    });
    times(done.updated_employees, [&] { return update_employee(); });
    return done;
  }

private:
  sys_seconds stamp() {
    if (!wanted_.same_second) {
      world_.now_ += std::chrono::seconds(1);
    }
    return world_.now_ - wanted_.skew;
  }
  void touch(Audit& audit) {
    audit.updated = stamp();
    ++audit.version;
  }
  /// One of the living projects that fit, by chance; null when none does.
  template <typename Fits> Project* pick(Fits fits) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < world_.projects_.size(); ++i) {
      if (!world_.projects_[i].audit.deleted && fits(world_.projects_[i])) {
        candidates.push_back(i);
      }
    }
    return candidates.empty() ? nullptr : &world_.projects_[candidates[choices_.below(candidates.size())]];
  }
  template <typename Fits, typename Change> bool with(Fits fits, Change change) {
    Project* const chosen = pick(fits);
    if (chosen == nullptr) {
      return false;
    }
    change(*chosen);
    touch(chosen->audit);
    return true;
  }
  bool create(const Project* parent) {
    const std::uint64_t key = choices_.next();
    world_.make_project(key, stamp(), parent);
    return true;
  }
  bool move_below() {
    Project* const parent = pick([](const Project& one) { return one.level == 0; });
    if (parent == nullptr) {
      return false;
    }
    return with([parent](const Project& one) { return one.level == 0 && !one.has_child && &one != parent; },
                [parent](Project& one) {
                  one.level = 1;
                  one.parent_id = parent->audit.id;
                  one.root_id = parent->root_id;
                  parent->has_child = true;
                });
  }
  void remove(Entity entity, Audit& audit) {
    audit.deleted = true;
    world_.deletions_.push_back({guid(key_of(choices_.next(), kind_deletion)), entity, audit.id, stamp()});
  }
  bool remove_project() {
    Project* const chosen = pick([](const Project& one) { return !one.has_child; });
    if (chosen != nullptr) {
      remove(Entity::project, chosen->audit);
    }
    return chosen != nullptr;
  }
  template <typename List> auto* living(List& list) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].audit.deleted) {
        candidates.push_back(i);
      }
    }
    return candidates.empty() ? nullptr : &list[candidates[choices_.below(candidates.size())]];
  }
  bool rename_client() {
    Client* const chosen = living(world_.clients_);
    if (chosen != nullptr) {
      chosen->name += " Ltd";
      touch(chosen->audit);
    }
    return chosen != nullptr;
  }
  bool remove_client() {
    Client* const chosen = living(world_.clients_);
    if (chosen != nullptr) {
      remove(Entity::client, chosen->audit);
    }
    return chosen != nullptr;
  }
  bool update_employee() {
    Employee* const chosen = living(world_.employees_);
    if (chosen != nullptr) {
      chosen->title = choices_.pick(titles);
      touch(chosen->audit);
    }
    return chosen != nullptr;
  }

  World& world_;
  const MutationCounts wanted_;
  Seeded choices_;
};

MutationCounts World::mutate(std::uint64_t seed, const MutationCounts& counts) {
  return Mutation(*this, seed, counts).run();
}

} // namespace dovetail::simulators::bqe

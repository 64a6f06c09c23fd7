// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators::bqe {

using std::chrono::sys_seconds;

struct WorldOptions {
  std::uint64_t seed = 1;
  sys_seconds epoch{std::chrono::seconds(1'763'683'200)}; ///< where the generated history ends
  std::uint32_t projects = 40;                            ///< of all levels
  double child_share = 0.4;                               ///< of the projects
  int levels = 3;                                         ///< below the top
  double archived_share = 0.1;
  std::uint32_t clients = 10;
  std::uint32_t employees = 8;
  /// So many rows, at most, carry the instant of one import.
  std::uint32_t bulk = 1;
};

enum class Entity : std::uint8_t { project, client, employee };
inline constexpr std::size_t entities = 3;
/// "project"
[[nodiscard]] std::string_view path_of(Entity entity) noexcept;
/// "Project", as the list of deletions has it.
[[nodiscard]] std::string_view type_of(Entity entity) noexcept;

inline constexpr int status_active = 0;
inline constexpr int status_completed = 2;
inline constexpr int status_inactive = 4;

/// What all records have.
struct Audit {
  std::string id;
  sys_seconds created;
  sys_seconds updated;
  int version = 1;
  bool deleted = false;
};

struct Project {
  Audit audit;
  std::string code;
  std::string name;
  std::string parent_id; ///< empty at the top
  std::string root_id;
  int level = 0;
  bool has_child = false;
  int status = status_active;
  std::uint32_t client = 0;  ///< place in the world's list
  std::uint32_t manager = 0; ///< the same
  std::optional<sys_seconds> start;
  std::optional<sys_seconds> due;
  int percent_complete = 0;
  std::int64_t contract_cents = 0;
};

struct Client {
  Audit audit;
  std::string name;
  std::string first_name;
  std::string last_name;
  std::string city;
  int status = status_active;
  std::uint32_t manager = 0;
};

struct Employee {
  Audit audit;
  std::string first_name;
  std::string last_name;
  std::string title;
  std::string department;
  int status = status_active;
  sys_seconds hired;
};

struct Deletion {
  std::string id;
  Entity entity = Entity::project;
  std::string entity_id;
  sys_seconds deleted_on;
};

/// What happens between two passes. Counts say how often; what has no candidate left happens less often.
struct MutationCounts {
  int new_projects = 0;
  int new_children = 0;
  int updated_projects = 0;
  int archived_projects = 0; ///< top-level and active ones
  int restored_projects = 0;
  int deleted_projects = 0; ///< without children, at any level
  int moved_below = 0;      ///< a top-level project without children becomes a child
  int moved_up = 0;         ///< a child without children becomes a top-level project
  int renamed_clients = 0;  ///< their projects show the new name, and their `lastUpdated` does not move
  int deleted_clients = 0;
  int new_employees = 0;
  int updated_employees = 0;
  bool same_second = false;
  std::chrono::seconds advance{3600}; ///< how far the world's time moves before the first event
  std::chrono::seconds skew{0};       ///< the machine that writes these is behind by so much
};

/// A company in BQE CORE. The same options and mutations give the same world in every process. Const functions may run at the same time; `mutate`
/// needs the world to itself.
class World {
public:
  /// Precondition: check(options) is ok.
  explicit World(WorldOptions options);
  [[nodiscard]] static Status check(const WorldOptions& options);

  [[nodiscard]] const std::vector<Project>& projects() const noexcept { return projects_; }
  [[nodiscard]] const std::vector<Client>& clients() const noexcept { return clients_; }
  [[nodiscard]] const std::vector<Employee>& employees() const noexcept { return employees_; }
  [[nodiscard]] const std::vector<Deletion>& deletions() const noexcept { return deletions_; }
  [[nodiscard]] sys_seconds now() const noexcept { return now_; }
  [[nodiscard]] const Audit& audit(Entity entity, std::size_t place) const;
  [[nodiscard]] std::size_t count(Entity entity) const noexcept;
  [[nodiscard]] const Project* find_project(std::string_view id) const;

  /// Returns what was really done.
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);

private:
  class Mutation;
  void make_project(std::uint64_t key, sys_seconds when, const Project* parent);
  void make_client(std::uint64_t key, sys_seconds when);
  void make_employee(std::uint64_t key, sys_seconds when);
  [[nodiscard]] sys_seconds some_time(std::uint64_t place) const;

  const WorldOptions options_;
  sys_seconds now_;
  std::vector<Project> projects_;
  std::vector<Client> clients_;
  std::vector<Employee> employees_;
  std::vector<Deletion> deletions_;
};

/// A GUID that follows from a key.
[[nodiscard]] std::string guid(std::uint64_t key);

} // namespace dovetail::simulators::bqe

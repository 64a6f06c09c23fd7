// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "tests/simulators/odoo/schema.hpp"
#include "tests/simulators/odoo/value.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators::odoo {

struct WorldOptions {
  std::uint64_t seed = 1;
  int major_version = 19;
  std::chrono::sys_seconds epoch{std::chrono::seconds(1'767'571'200)}; ///< 2026-01-05T00:00:00Z: where the history ends
  int departments = 12;
  int jobs = 8;
  int employees = 30;
  int partners = 60;
  int projects = 6;
  int tasks = 80;
  /// Ids of partners begin here, so that large ones are met.
  std::int64_t first_partner_id = 1;
};

/// What happens to the world. Counts say how often; what has no candidate left happens less often.
struct MutationCounts {
  int created = 0; ///< of each model that is synced
  int updated = 0;
  int archived = 0; ///< or taken out of the archive again
  int deleted = 0;
  int renamed_departments = 0; ///< moves complete_name, and so the stamp, of all below
  int changed_versions = 0;    ///< positions of employees: hr.version alone moves (19 and later)
  /// Everything in this call carries the same second.
  bool same_second = false;
  /// The stamps lie so far back, as those of a long transaction do when it commits.
  std::chrono::seconds stamped_earlier{0};
  /// How far the server's time moves before the first event.
  std::chrono::seconds advance{7200};
  /// Keeps to one model; empty: all that are synced.
  std::string model = {};
};

struct Record {
  std::int64_t id = 0;
  std::map<std::string, Value, std::less<>> values;
  Timestamp created;
  Timestamp written; ///< with microseconds, which are never shown
};

struct Table {
  ModelSpec spec;
  std::map<std::int64_t, Record> records;
  std::int64_t next_id = 1;
};

/// An Odoo database in memory: tables that can be searched, written and unlinked. Time follows no clock: the history ends at the epoch, and each
/// mutation moves on from there. The same options and mutations give the same world in every process.
/// Thread-safety: const functions may run at the same time; all others need the world to themselves.
class World {
public:
  /// Precondition: `check(options)` is ok.
  explicit World(WorldOptions options);
  [[nodiscard]] static Status check(const WorldOptions& options);

  [[nodiscard]] const WorldOptions& options() const noexcept { return options_; }
  /// The server's own time.
  [[nodiscard]] Timestamp now() const noexcept { return now_; }
  void advance(std::chrono::microseconds duration) { now_ += duration; }

  [[nodiscard]] const Table* table(std::string_view model) const;
  /// What people see of a record: in pairs and as display_name.
  [[nodiscard]] std::string display_name(const Table& table, const Record& record) const;
  /// A field's value as a read shows it, times cut to seconds; a many2one as a pair.
  [[nodiscard]] Value shown(const Table& table, const Record& record, const FieldSpec& field) const;
  /// The same as domains compare it: a many2one by its id, write_date with its microseconds.
  [[nodiscard]] static Value stored(const Record& record, std::string_view field);

  std::int64_t create(std::string_view model, const Value::Members& values);
  void write(std::string_view model, std::int64_t id, const Value::Members& values);
  void unlink(std::string_view model, std::int64_t id);
  /// Changes the world; the same seed on the same world does the same. Returns what was really done.
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);

  /// The ids of a model's records, in their order.
  [[nodiscard]] std::vector<std::int64_t> ids(std::string_view model) const;

private:
  friend class Generator;
  void touch_complete_names(std::int64_t department);

  WorldOptions options_;
  Timestamp now_;
  std::map<std::string, Table, std::less<>> tables_;
};

/// Which models a mutation changes when it names none.
[[nodiscard]] const std::vector<std::string>& synced_models();

/// "2026-01-05 00:00:00", and with microseconds where the text is only compared.
[[nodiscard]] std::string odoo_time(Timestamp time, bool microseconds = false);

/// Values for a new record of a model, or for a change of one; refers only to what the world holds. Of one key always the same.
[[nodiscard]] Value::Members invented_values(const World& world, std::string_view model, std::uint64_t key);
[[nodiscard]] Value::Members changed_values(const World& world, std::string_view model, std::uint64_t key);

} // namespace dovetail::simulators::odoo

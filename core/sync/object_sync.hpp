// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/manifest/manifest.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/store/model_table.hpp"
#include "core/store/object_lease.hpp"
#include "core/sync/mapping_state.hpp"
#include "core/sync/match_records.hpp"
#include "core/sync/page_source.hpp"
#include "core/sync/rule.hpp"
#include "core/sync/stored_parents.hpp"
#include "core/sync/sync_options.hpp"

namespace dovetail::sync {

/// One object of one connection, ready to be read.
struct ObjectTask {
  TenantId tenant;
  ConnectionId connection;
  const manifest::Manifest* manifest = nullptr;
  const manifest::Object* object = nullptr;
  const model::Model* model = nullptr;        ///< the object's
  const model::Model* parent_model = nullptr; ///< its parent's, where it has one
  std::span<const store::TableSpec> tables;   ///< all local models
  std::chrono::seconds overlap{0};
  /// What its rule says; without one the manifest's word counts.
  std::optional<ObjectRule> rule = {};
  /// Changes when the connection leads somewhere else: a read that is open then begins anew.
  std::uint64_t source = 0;
  std::vector<std::string> children; ///< objects that are read below changed rows of this one
  /// Every object that is read below this one, and what it wants to know of the rows: what a dry run has to remember.
  std::vector<std::pair<std::string, manifest::Parent>> child_parents;
  /// Makes the source of pages for this job.
  std::function<Result<std::unique_ptr<PageSource>>(JobId job)> make_source;
  DryRunParents* dry_run_parents = nullptr; ///< set in a dry run
  /// The mapping as it stands for this connection; nullopt: the manifest's default, as it is.
  std::optional<MappingState> mapping = {};
  /// Set instead when it could not be found out: the job fails with it.
  std::optional<Error> mapping_failure = {};
  /// What finding it out cost the provider.
  Exchanges before = {};
  /// What the object's rule says; SyncOptions::on_stale_mapping counts more.
  StaleMapping on_stale_mapping = StaleMapping::block;
  /// Hears of what a dry run maps; may be null.
  MappedPages* mapped = nullptr;
};

struct ObjectSyncParts {
  store::Database& database;
  IdGenerator& ids;
  Clock& clock;
  Logger& logger;
  const Redactor& redactor;
};

struct ObjectSyncTuning {
  std::chrono::milliseconds lease{60'000};
  /// Whether a thread renews the lease while the job runs. Off in simulations, where time is virtual.
  bool keep_lease = true;
  /// How often one page is read whose body cannot be understood, before the job fails.
  int max_page_attempts = 3;
};

/// Runs one job from start to end (design 5): lease, pages, sweep, result. Whatever stops it, the next run goes on at the last page that was
/// stored (SYNC-4). Stateless between runs; one thread at a time.
class ObjectSync {
public:
  explicit ObjectSync(ObjectSyncParts parts, ObjectSyncTuning tuning = {}) : parts_(parts), tuning_(tuning) {}

  /// `report` has its names filled in; it comes back with job, counts, duration and, when the object was not read to its end, the error:
  /// already_exists when another job holds the object, cancelled, those of the source and of the database.
  void run(const ObjectTask& task, const SyncOptions& options, const std::stop_token& stop, ProgressListener* progress,
           ObjectReport& report);

private:
  ObjectSyncParts parts_;
  ObjectSyncTuning tuning_;
};

} // namespace dovetail::sync

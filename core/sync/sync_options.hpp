// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/context.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/sync/mapping_state.hpp"

namespace dovetail::sync {

/// How the very first read of an object begins (SYNC-1, SYNC-8).
enum class InitialSyncMode : std::uint8_t {
  full_once,             ///< everything that exists
  delta_only_after_date, ///< what changed at or after `initial_sync_since`
  delta_only_from_now    ///< what changes after the first run began
};

/// What a sync is asked to do. Filled by the CLI or the planner.
struct SyncOptions {
  /// Objects by key; empty: all of the provider's. Parents are not added by themselves.
  std::vector<std::string> objects = {};
  /// Read everything that exists, and apply the deletion policy to what is gone. Objects without a delta are always read fully.
  bool full = false;
  /// Fetch and map, write nothing, report what would be done (SYNC-12).
  bool dry_run = false;
  /// Runs this failed or cancelled job again instead of making one; only with exactly one object, the job's (SYNC-11).
  std::optional<JobId> retry_of = {};
  /// The longest that a job waits in place for a provider's rate limit before it stops and says when to go on.
  std::chrono::milliseconds max_wait{std::chrono::minutes(2)};
  /// Fetch page N+1 on a second thread while page N is mapped and stored.
  bool prefetch = true;
  /// Instead of what the object's rule or its manifest says.
  std::optional<InitialSyncMode> initial_mode = {};
  std::optional<Timestamp> initial_since = {};
  /// The largest share of an object's active links that one full pass may remove without asking; see store::SweepRequest.
  double max_removed_share = 0.3;
  /// So few may go whatever their share is.
  std::int64_t always_removable = 5;
  /// What to do where the mapping no longer fits the provider's fields; nullopt: as the object's rule says.
  std::optional<StaleMapping> on_stale_mapping = {};
};

/// What was counted for one object, or for all of them (SYNC-11).
struct SyncCounts {
  std::int64_t fetched = 0; ///< records that the provider sent
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;        ///< records equal to what is stored
  std::int64_t skipped = 0;          ///< duplicates in a page, null rows, what a rule leaves out, children
  std::int64_t skipped_children = 0; ///< of `skipped`: records left out because they are children of others (SYNC-6)
  std::int64_t failed = 0;           ///< records without a usable id
  std::int64_t removed = 0;          ///< rows that a full pass no longer saw
  std::int64_t unmatched = 0;        ///< records that fit no row and by their rule made none; also skipped
  std::int64_t corrected = 0;        ///< rows whose local fields were put right by their policies, besides the records
  std::int64_t conflicts = 0;        ///< new records that matched more than one row
  std::int64_t field_errors = 0;     ///< values that did not convert; their rows are there
  std::int64_t requests = 0;         ///< HTTP exchanges, repeated ones among them
  std::int64_t not_modified = 0;     ///< exchanges that answered 304
  std::int64_t pages = 0;

  SyncCounts& operator+=(const SyncCounts& other);
};

/// How one object of one connection went.
struct ObjectReport {
  std::string tenant;
  std::string provider;
  std::string connection;
  std::string object;
  JobId job;
  SyncCounts counts;
  std::chrono::milliseconds duration{0};
  /// Set when the object was not synced to its end.
  std::optional<Error> error;
  /// True when its rule is disabled: it was left out on purpose.
  bool left_out = false;
  /// True when it was only tried: the sync was a dry run, or the object's rule says so.
  bool dry_run = false;
  /// What a person should know though it is no error.
  std::vector<std::string> notes;
  /// True when a read that an earlier run left unfinished was taken up where it stood.
  bool resumed = false;
  /// Why only a part of the mapping was read (StaleMapping::run_valid); empty: all of it was.
  std::string partial;
};

/// Hears of progress, on the thread that syncs. Implementations must not throw.
class ProgressListener {
public:
  ProgressListener() = default;
  ProgressListener(const ProgressListener&) = delete;
  ProgressListener& operator=(const ProgressListener&) = delete;
  ProgressListener(ProgressListener&&) = delete;
  ProgressListener& operator=(ProgressListener&&) = delete;
  virtual ~ProgressListener() = default;

  virtual void object_started(const ObjectReport& report) = 0;
  /// After each stored page.
  virtual void page_done(const ObjectReport& report) = 0;
  virtual void object_finished(const ObjectReport& report) = 0;
};

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"
#include "core/store/object_lease.hpp"

namespace dovetail::store {

/// How a pass reads: everything that exists, or what changed since the high-water mark.
enum class PassMode : std::uint8_t { full, delta };
[[nodiscard]] std::string_view to_string(PassMode mode) noexcept;

/// Where the reading of one object stands, or (parent_id not empty) that of one parent's children, which has a mark only (SYNC-8).
struct SyncState {
  std::string object;
  std::string parent_id;
  std::optional<std::string> position; ///< where the next page of the open pass begins; written with each page (SYNC-4)
  std::optional<Timestamp> high_water;
  std::int64_t pass_id = 0;          ///< of the last pass that was begun; grows
  std::optional<PassMode> pass_mode; ///< of the pass that is open; nullopt when none is
  std::optional<Timestamp> pass_started_at;
  std::int64_t pass_pages = 0;   ///< pages of that pass that are durable
  std::string mapping_signature; ///< of that pass: a pass goes on only under the same mapping
  std::int64_t completed_pass_id = 0;
  std::optional<Timestamp> completed_at;
  std::optional<Timestamp> full_completed_at;
  bool resync_required = false; ///< SYNC-14; cleared by a complete full pass
  Timestamp updated_at;
};

/// What a reset throws away.
enum class ResetScope : std::uint8_t {
  position, ///< the open pass: the next one begins at the high-water mark
  everything ///< also the marks, what the plugin keeps and what the pages held: the next pass reads all again. Rows and links stay
};

/// A tenant's sync states: what is read, begun and ended outside the pages' transactions. Thread-safe.
class SyncStateRepository {
public:
  explicit SyncStateRepository(TenantScope scope) : scope_(scope) {}

  /// nullopt when the object was never read.
  [[nodiscard]] Result<std::optional<SyncState>> get(ConnectionId connection, std::string_view object,
                                                     std::string_view parent_id = {});
  /// All objects of a connection, without those of single parents; sorted.
  [[nodiscard]] Result<std::vector<SyncState>> list(ConnectionId connection);

  /// Begins a pass with a new id and no position, in place of an open one. Errors: aborted when the lease is lost.
  [[nodiscard]] Result<SyncState> begin_pass(const ObjectLease& lease, PassMode mode,
                                             std::string_view mapping_signature);
  /// Ends the pass: it reached the end of the source. `high_water` (nullopt keeps the old one) is where the next delta begins. Errors:
  /// aborted when the lease is lost or another pass is open.
  [[nodiscard]] Status complete_pass(const ObjectLease& lease, std::int64_t pass_id,
                                     std::optional<Timestamp> high_water);
  /// Errors: aborted when the lease is lost.
  [[nodiscard]] Status reset(const ObjectLease& lease, ResetScope what);

private:
  TenantScope scope_;
};

/// What a plugin keeps between pages and passes (`state.get`); written with the pages. Thread-safe.
class PluginStateRepository {
public:
  explicit PluginStateRepository(TenantScope scope) : scope_(scope) {}
  /// nullopt when there is nothing under that key.
  [[nodiscard]] Result<std::optional<std::string>> get(ConnectionId connection, std::string_view object,
                                                       std::string_view key);

private:
  TenantScope scope_;
};

/// A parent whose children are to be read.
struct PendingParent {
  std::string external_id;
  std::int64_t version = 0; ///< what a page that consumed it names, so that a change in between is not lost
};

/// The work queue of child objects that are read for changed parents only. Thread-safe.
class PendingParentRepository {
public:
  PendingParentRepository(TenantScope scope, IdGenerator& ids) : scope_(scope), ids_(ids) {}

  /// The next `limit` (1 to 10,000) parents behind `after`, by external id. They stay until a page consumes them.
  [[nodiscard]] Result<std::vector<PendingParent>> take(ConnectionId connection, std::string_view child_object,
                                                        std::string_view after, std::size_t limit);
  [[nodiscard]] Result<std::int64_t> count(ConnectionId connection, std::string_view child_object);
  /// Puts every active row of the parent object in, for a full read of the children; returns how many. `lease` is the child's.
  [[nodiscard]] Result<std::int64_t> enqueue_all(const ObjectLease& lease, std::string_view parent_object);

private:
  TenantScope scope_;
  IdGenerator& ids_;
};

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/store/model_table.hpp"
#include "core/store/page_writer.hpp"

namespace dovetail::store {

/// The end of a full pass that the core counted as complete: every page was written or called unchanged, and the last one said that
/// the source is exhausted, and no record lacked a usable id (design 8.4). Whoever asks for a sweep vouches for that.
struct SweepRequest {
  TenantId tenant;
  ConnectionId connection;
  std::string object;
  const model::Model* model = nullptr; ///< one of `models`
  std::span<const TableSpec> models;   ///< all local models, as for the page writer
  JobId job;
  std::int64_t fence = 0;
  std::int64_t pass_id = 0;
  DeletionPolicy policy = DeletionPolicy::mark_inactive_keep_link;
  /// The guard against mass deletion: the sweep is refused when more than this share of the object's active links is missing. A
  /// pass that saw nothing at all is refused too while there are active links. 1 lets everything pass.
  double max_share = 0.3;
  /// So few may go whatever their share is.
  std::int64_t always_allowed = 5;
};

struct SweepTuning {
  std::size_t hashes_in_memory = 1U << 20U; ///< 8 bytes each; a pass that saw more is compared in parts
  std::size_t links_per_read = 4096;
  std::size_t links_per_transaction = 500;
  std::size_t pages_per_read = 64;
};

struct SweepOutcome {
  std::int64_t active = 0;  ///< links that were active before
  std::int64_t seen = 0;    ///< external ids on the pages of the pass, repetitions included
  std::int64_t removed = 0; ///< links that lost their state "active" now; the job's `removed` grew by it
};

/// Applies the deletion policy to the rows that a complete full pass did not see (SYNC-7): link and row lose their state "active"; a row to which
/// another connection or object still has an active link keeps it. Derived fields follow. Then forgets what older passes saw.
/// Works in transactions of bounded size, each guarded by job and fence; when it was interrupted, calling it again goes on.
/// With DeletionPolicy::ignore it only forgets.
/// Errors: failed_precondition when the guard refuses, with how many of how many; nothing is changed then. aborted when the job has lost its
/// lease. Those of Database.
[[nodiscard]] Result<SweepOutcome> sweep(Database& database, const SweepRequest& request,
                                         const SweepTuning& tuning = {});

} // namespace dovetail::store

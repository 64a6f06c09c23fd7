// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/manifest/object.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/sync/match_file.hpp"

namespace dovetail::sync {

/// Where a person's decision goes.
struct MatchTarget {
  store::TenantScope scope;
  IdGenerator& ids;
  ConnectionId connection;
  std::string provider;
  const manifest::Object& object;
  const model::Model& model;
};

/// What came of it (SYNC-13).
struct MatchSummary {
  JobId job;               ///< of kind "match"
  std::size_t matched = 0; ///< records linked to the row that was suggested
  std::size_t changed = 0; ///< records linked to another row, which a person chose
  std::size_t skipped = 0; ///< records that were left out
};

/// Links the pairs of a decision in one transaction, under the object's lease and with a job of its own. The next sync updates those rows. Errors:
/// already_exists when another job holds the object, those of store::confirm_matches: then no pair was linked.
[[nodiscard]] Result<MatchSummary> confirm_decision(const MatchTarget& target, const MatchDecision& decision);

} // namespace dovetail::sync

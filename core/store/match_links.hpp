// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/store/object_lease.hpp"

namespace dovetail::store {

/// A provider's record and the row of a local model that is to stand for it, or does.
struct MatchPair {
  std::string external_id;
  RowId row;

  friend bool operator==(const MatchPair&, const MatchPair&) = default;
};

/// Links of one object that matching looks at; an object with more is refused, as nobody could look at them.
inline constexpr std::size_t max_match_links = 1'000'000;
/// Pairs that are confirmed at once.
inline constexpr std::size_t max_match_pairs = 100'000;

/// The links of one object of a connection, by external id. Errors: resource_exhausted above max_match_links.
[[nodiscard]] Result<std::vector<MatchPair>> read_links(const TenantScope& scope, ConnectionId connection,
                                                        std::string_view object);

/// Links records to rows that are there already, all in one transaction or none (SYNC-13). The next sync reads the object anew and writes what it finds into
/// these rows. Errors, and nothing is changed: invalid_argument when an external id or a row is named twice, an external id cannot be stored, or there are
/// too many; not_found when this tenant's model has no such row, or it is deleted; already_exists when a record or a row is linked already: each with up
/// to ten of what is wrong; aborted when the lease on the object is lost.
[[nodiscard]] Status confirm_matches(const TenantScope& scope, const ObjectLease& lease, const model::Model& model,
                                     std::span<const MatchPair> pairs);

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

inline constexpr std::size_t max_rule_bytes = 64U << 10U;

/// What a person decided about one object of a connection (SYNC-1).
struct RuleRecord {
  ConnectionId connection;
  std::string object;
  std::string body = "{}"; ///< a JSON object, checked by the caller
  bool enabled = true;
  std::int64_t revision = 0; ///< grows with each change; 0: not stored yet
  Timestamp created_at;
  Timestamp updated_at;
};

/// A tenant's rules. Thread-safe.
class RuleRepository {
public:
  explicit RuleRepository(TenantScope scope) : scope_(scope) {}

  /// Stores `rule` in the place of the one that has its revision (0: there was none) and returns it as it stands then. One that says the same as
  /// the stored one is not written and keeps its revision. Errors: aborted when the stored one is at another revision; failed_precondition when
  /// this tenant has no such connection; invalid_argument beyond max_rule_bytes.
  [[nodiscard]] Result<RuleRecord> save(const RuleRecord& rule);
  /// nullopt when there is none.
  [[nodiscard]] Result<std::optional<RuleRecord>> get(ConnectionId connection, std::string_view object);
  /// A connection's rules, by object.
  [[nodiscard]] Result<std::vector<RuleRecord>> list(ConnectionId connection);

private:
  TenantScope scope_;
};

/// External ids of records that fit no row and made none, as their rule wanted, and that have no link since; sorted, those behind `after`, at most
/// `limit` (1 to 10000).
[[nodiscard]] Result<std::vector<std::string>> unmatched_records(const TenantScope& scope, ConnectionId connection,
                                                                 std::string_view object, std::string_view after = {},
                                                                 std::size_t limit = 1000);

} // namespace dovetail::store

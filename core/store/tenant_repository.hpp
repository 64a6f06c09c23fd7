// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

struct TenantRecord {
  TenantId id;
  std::string name;
  Timestamp created_at;
};

/// The tenants themselves: an operator's view. Thread-safe.
class TenantRepository {
public:
  TenantRepository(Database& database, IdGenerator& ids) : database_(database), ids_(ids) {}

  /// Errors: invalid_argument (check_name), already_exists.
  [[nodiscard]] Result<TenantRecord> add(std::string_view name);
  /// nullopt when there is none of that id or name.
  [[nodiscard]] Result<std::optional<TenantRecord>> get(TenantId id);
  [[nodiscard]] Result<std::optional<TenantRecord>> find(std::string_view name);
  /// Up to `limit` (1 to 1000) tenants with names behind `after`, sorted by name.
  [[nodiscard]] Result<std::vector<TenantRecord>> list(std::string_view after = {}, std::size_t limit = 1000);

private:
  Database& database_;
  IdGenerator& ids_;
};

} // namespace dovetail::store

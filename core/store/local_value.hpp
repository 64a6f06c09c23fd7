// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

inline constexpr std::size_t max_local_value_bytes = 64U << 10U;

/// What a change of a local field found and left.
struct LocalChange {
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::optional<std::string> source; ///< the provider's value
  model::PolicyKind policy =
      model::PolicyKind::preserve_local; ///< the one that ran last on this row; the model's default if none did
  std::string state;                     ///< what the row says now, see model::FieldPolicy
};

/// Writes a field that a policy makes ours (SYNC-1), guarded by the value that was read, so that no page that is written meanwhile is undone.
/// nullopt empties it. Errors: invalid_argument when no policy makes the field local (names those that are) or the value is no text
/// that a database holds; not_found when the tenant has no such row; aborted when the row changed in between.
[[nodiscard]] Result<LocalChange> set_local_value(const TenantScope& scope, const model::Model& model,
                                                  std::int64_t row_id, std::string_view field,
                                                  const std::optional<std::string>& value);
/// The same with the provider's value.
[[nodiscard]] Result<LocalChange> reset_local_value(const TenantScope& scope, const model::Model& model,
                                                    std::int64_t row_id, std::string_view field);

} // namespace dovetail::store

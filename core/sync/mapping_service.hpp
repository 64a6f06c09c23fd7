// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.hpp"
#include "core/manifest/object.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/store/mapping_repository.hpp"
#include "core/sync/mapping_state.hpp"

namespace dovetail::sync {

/// The mapping of one object of one connection: what is stored, judged and changed (SYNC-2). The manifest's object outlives it. Thread-safe.
class MappingService {
public:
  MappingService(store::TenantScope scope, ConnectionId connection, const manifest::Object& object)
      : mappings_(scope), connection_(connection), object_(object) {}

  /// How default and override stand. `current` are the account's fields; nullopt: not asked for. Then those that were accepted stand for them.
  [[nodiscard]] Result<MappingState> state(const std::optional<AccountFields>& current);
  /// The stored override; nullopt when the default stands.
  [[nodiscard]] Result<std::optional<store::MappingOverride>> change();
  /// The account's fields that the mapping was last in order with.
  [[nodiscard]] Result<std::optional<AccountFields>> accepted();

  /// Checks and stores an override in place of the one that is there, made for the fields as they are now, and returns its revision. Errors:
  /// invalid_argument with the pointer of what is wrong; aborted when somebody else changed it meanwhile.
  [[nodiscard]] Result<std::int64_t> set(const model::Model& model, std::string_view body,
                                         const std::optional<AccountFields>& current);
  /// Back to the default; false when there was no override. What the account has now counts as accepted.
  [[nodiscard]] Result<bool> reset(const std::optional<AccountFields>& current);
  /// Takes a mapping that is stale as it is: the override counts as made for the fields as they are now. Errors: failed_precondition when it reads what
  /// is gone: that has to be corrected.
  [[nodiscard]] Status accept(const model::Model& model, const std::optional<AccountFields>& current);
  /// Keeps the account's fields where the state says so.
  [[nodiscard]] Status keep(const MappingState& state);

private:
  [[nodiscard]] Status keep_fields(const std::optional<AccountFields>& current);

  store::MappingRepository mappings_;
  ConnectionId connection_;
  const manifest::Object& object_;
};

} // namespace dovetail::sync

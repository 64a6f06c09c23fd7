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

namespace dovetail::store {

/// What a tenant changed in the default mapping of one object of a connection (SYNC-2).
struct MappingOverride {
  std::string object{};
  std::string body{};                 ///< JSON, checked by the caller; at most limits::max_mapping_bytes
  int mapping_schema_version = 1;     ///< of the manifest that it was made against
  std::string field_signature_hash{}; ///< of the manifest's fields then
  std::int64_t revision = 0;          ///< grows with each change; 0: not stored yet
  Timestamp created_at{};
  Timestamp updated_at{};
};

/// The fields that the account itself had when the object's mapping was last in order with them.
struct AcceptedFields {
  std::string fields; ///< JSON; the caller's form
  Timestamp accepted_at;
};

/// A tenant's overrides of mappings and the fields that they were made for. They go with their connection. Thread-safe.
class MappingRepository {
public:
  explicit MappingRepository(TenantScope scope) : scope_(scope) {}

  /// nullopt when the default mapping stands as it is.
  [[nodiscard]] Result<std::optional<MappingOverride>> find(ConnectionId connection, std::string_view object);
  /// All of a connection, by object.
  [[nodiscard]] Result<std::vector<MappingOverride>> list(ConnectionId connection);
  /// Stores body, version and signature in place of the override at `wanted.revision` (0: there is none yet) and returns the new revision.
  /// Errors: invalid_argument (bounds), aborted when somebody else changed it in between, failed_precondition when this tenant has no such
  /// connection.
  [[nodiscard]] Result<std::int64_t> save(ConnectionId connection, const MappingOverride& wanted);
  /// Back to the default mapping; false when it was not overridden.
  [[nodiscard]] Result<bool> remove(ConnectionId connection, std::string_view object);

  /// nullopt when none were ever accepted.
  [[nodiscard]] Result<std::optional<AcceptedFields>> accepted(ConnectionId connection, std::string_view object);
  /// Errors: invalid_argument when `fields` is longer than limits::max_accepted_fields_bytes; failed_precondition as save().
  [[nodiscard]] Status accept(ConnectionId connection, std::string_view object, std::string_view fields);

private:
  TenantScope scope_;
};

} // namespace dovetail::store

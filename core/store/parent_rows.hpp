// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

/// The rows that an object's records are read below.
struct ParentQuery {
  ConnectionId connection;
  std::string object;                  ///< the parent's
  const model::Model* model = nullptr; ///< the parent's; outlives the use
  /// What a plugin gets of each row: the name there and the model's field.
  std::vector<std::pair<std::string, std::string>> fields;
};

struct ParentRecord {
  std::string external_id;
  std::int64_t version = 0; ///< of its entry in the work queue; 0 when it did not come from there
  std::string json;         ///< {"external_id": "...", <fields>}
};

/// Parents of a tenant, in the order of the bytes of their external ids. Only active ones. Thread-safe.
class ParentRows {
public:
  /// Errors: invalid_argument when a field is none of the model's.
  [[nodiscard]] static Result<ParentRows> make(TenantScope scope, ParentQuery query);

  /// Up to `limit` (1 to 1000) parents behind `after`.
  [[nodiscard]] Result<std::vector<ParentRecord>> behind(std::string_view after, std::size_t limit) const;
  /// The same of those whose children of `child_object` wait in pending_parent.
  [[nodiscard]] Result<std::vector<ParentRecord>> pending_behind(std::string_view child_object, std::string_view after,
                                                                 std::size_t limit) const;
  /// Those of `external_ids` that are there, in that order.
  [[nodiscard]] Result<std::vector<ParentRecord>> rows(std::span<const std::string> external_ids) const;

private:
  ParentRows(TenantScope scope, ParentQuery query);

  TenantScope scope_;
  ParentQuery query_;
  std::vector<model::FieldType> types_;
  // The statements, put together once from the names of a checked model.
  std::string behind_;
  std::string pending_;
  std::string one_;
};

} // namespace dovetail::store

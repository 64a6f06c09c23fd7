// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

/// For fields of a model that are ours (model::FieldPolicy): which policy counts. A field that is not named follows its model's default.
using PolicyChoices = std::map<std::string, model::PolicyKind, std::less<>>;

/// Which rows are to be put right, and on whose behalf.
struct PolicyRun {
  TenantId tenant;
  ConnectionId connection;
  std::string object;
  const model::Model* model = nullptr;
  std::vector<std::string> fields; ///< whose policies count: those whose source the mapping fills
  PolicyChoices choices;
  JobId job;
  std::int64_t fence = 0;
};

/// Makes the local fields of the object's active rows what their policies say of the stored source value, and notes how the two stand to
/// each other. A page writer does that for the records that changed; what was changed here, or by a rule, only this finds. In
/// transactions of at most a few thousand rows. Returns how many rows changed. Errors: aborted (never) when the job has lost its lease; those of
/// Database.
[[nodiscard]] Result<std::int64_t> apply_policies(Database& database, const PolicyRun& run);

namespace detail {

/// What a policy makes of a local field and its state, as SQL over these operands.
struct PolicySql {
  std::string local;
  std::string state;
};
struct PolicyOperands {
  std::string local;      ///< the field as it stands
  std::string old_source; ///< the provider's value of the last time
  std::string new_source; ///< and of now
  std::string state;      ///< the state as it stands
};
[[nodiscard]] PolicySql policy_sql(model::PolicyKind kind, const PolicyOperands& operands);
/// The same for a row that is being made.
[[nodiscard]] PolicySql policy_sql_of_new_row(model::PolicyKind kind, const std::string& source);

} // namespace detail
} // namespace dovetail::store

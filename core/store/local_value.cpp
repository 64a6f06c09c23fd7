// SPDX-License-Identifier: Apache-2.0
#include "core/store/local_value.hpp"

#include <fmt/format.h>

#include "core/store/model_table.hpp"
#include "core/store/page_writer_text.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;

Result<const model::FieldPolicy*> policy_of(const model::Model& model, std::string_view field) {
  if (const auto* const policy = model.find_policy(field)) {
    return policy;
  }
  std::string local;
  for (const auto& policy : model.policies) {
    local += (local.empty() ? "" : ", ") + policy.field;
  }
  return invalid_argument(
      local.empty()
          ? fmt::format("No field of the model \"{}\" may be changed here: all come from providers.", model.name)
          : fmt::format("\"{}\" of the model \"{}\" may not be changed here. What may: {}.", field.substr(0, 60),
                        model.name, local));
}

std::string shown_state(model::PolicyKind policy, const LocalChange& change) {
  const bool same = change.after.value_or("") == change.source.value_or("");
  const bool waits = policy == model::PolicyKind::write_once && same && change.after.value_or("").empty() &&
                     change.state == std::string(to_string(policy)) + ":waiting";
  return fmt::format("{}:{}", to_string(policy), waits ? "waiting" : (same ? "in_sync" : "diverged"));
}

/// Reads the row, lets `choose` say the new value, and writes that if the field still holds what was read.
template <typename Choose>
Result<LocalChange> change_value(const TenantScope& scope, const model::Model& model, std::int64_t row_id,
                                 std::string_view field, Choose choose) {
  DOVETAIL_TRY(const auto* const policy, policy_of(model, field));
  const std::string table = quoted(model.name);
  const std::string select = fmt::format("SELECT {}, {}, {} FROM {} WHERE tenant_id = $1 AND id = $2",
                                         quoted(policy->field), quoted(policy->source), quoted(policy->state), table);
  const bool sqlite = scope.database.dialect() == Dialect::sqlite;
  const std::string update =
      fmt::format("UPDATE {} SET {} = {}, {} = $2, updated_at = $3 WHERE tenant_id = $4 AND id = $5 AND {} {} {}",
                  table, quoted(policy->field), sqlite ? "$1" : "$1::text", quoted(policy->state),
                  quoted(policy->field), sqlite ? "IS" : "IS NOT DISTINCT FROM", sqlite ? "$6" : "$6::text");
  return scope.write([&](Transaction& transaction) -> Result<LocalChange> {
    DOVETAIL_TRY(
        const auto row,
        Query(transaction, std::string_view(select), "reading a record").bind(scope.tenant).bind(row_id).row(3));
    if (!row) {
      return not_found(fmt::format("This tenant has no {} with the id {}. `dovetail records {} --field id` lists ids.",
                                   model.name, row_id, model.name));
    }
    LocalChange change{
        .before = row->optional_text(0), .after = {}, .source = row->optional_text(1), .state = row->text(2)};
    change.after = choose(change);
    change.policy =
        model::policy_kind_from_name(change.state.substr(0, change.state.find(':'))).value_or(policy->otherwise);
    change.state = shown_state(change.policy, change);
    DOVETAIL_TRY(const auto changed, Query(transaction, std::string_view(update), "changing a record")
                                         .bind(change.after)
                                         .bind(change.state)
                                         .bind(scope.database.clock().now())
                                         .bind(scope.tenant)
                                         .bind(row_id)
                                         .bind(change.before)
                                         .execute());
    if (changed != 1) {
      return detail::superseded(
          fmt::format("The {} {} was changed by somebody else in between: look at it again.", model.name, row_id));
    }
    return change;
  });
}

} // namespace

Result<LocalChange> set_local_value(const TenantScope& scope, const model::Model& model, std::int64_t row_id,
                                    std::string_view field, const std::optional<std::string>& value) {
  if (value && (value->size() > max_local_value_bytes || !is_storable_text(*value))) {
    return invalid_argument(
        fmt::format("The value of \"{}\" must be valid UTF-8 without a null character, of at most {} bytes.",
                    field.substr(0, 60), max_local_value_bytes));
  }
  return change_value(scope, model, row_id, field, [&](const LocalChange& /*found*/) { return value; });
}

Result<LocalChange> reset_local_value(const TenantScope& scope, const model::Model& model, std::int64_t row_id,
                                      std::string_view field) {
  return change_value(scope, model, row_id, field, [](const LocalChange& found) { return found.source; });
}

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/field_policy.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/store/model_table.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace detail {

// No value and an empty text are the same to people, so they are here. The names of policies and states are ours, so they may stand in the SQL.
PolicySql policy_sql(model::PolicyKind kind, const PolicyOperands& operands) {
  const auto& [local, old_source, new_source, state] = operands;
  const std::string name(to_string(kind));
  const auto text = [](const std::string& operand) { return "coalesce(" + operand + ", '')"; };
  switch (kind) {
  case model::PolicyKind::preserve_local: {
    const std::string follows = fmt::format("{} IN ('', {})", text(local), text(old_source));
    return {fmt::format("CASE WHEN {} THEN {} ELSE {} END", follows, new_source, local),
            fmt::format("CASE WHEN {} OR {} = {} THEN '{}:in_sync' ELSE '{}:diverged' END", follows, text(local),
                        text(new_source), name, name)};
  }
  case model::PolicyKind::follow_source:
    return {new_source, "'" + name + ":in_sync'"};
  case model::PolicyKind::write_once: {
    // A state says that a policy has run before: this is not the first import any more, unless that one found no value.
    const std::string first =
        fmt::format("({0} IS NULL OR ({0} = '{1}:waiting' AND {2} = ''))", state, name, text(local));
    const std::string takes = fmt::format("{} AND {} <> ''", first, text(new_source));
    return {fmt::format("CASE WHEN {} THEN {} ELSE {} END", takes, new_source, local),
            fmt::format("CASE WHEN {0} THEN '{1}:in_sync' WHEN {2} AND {3} = '' THEN '{1}:waiting' WHEN {3} = {4} THEN "
                        "'{1}:in_sync' ELSE '{1}:diverged' END",
                        takes, name, first, text(local), text(new_source))};
  }
  }
  return {local, state};
}

PolicySql policy_sql_of_new_row(model::PolicyKind kind, const std::string& source) {
  const std::string name(to_string(kind));
  if (kind != model::PolicyKind::write_once) {
    return {source, "'" + name + ":in_sync'"};
  }
  return {source,
          fmt::format("CASE WHEN coalesce({0}, '') = '' THEN '{1}:waiting' ELSE '{1}:in_sync' END", source, name)};
}

} // namespace detail

namespace {

using detail::Query;
using detail::Sql;

/// Rows that one transaction changes: enough to be fast, few enough to hold up nobody.
constexpr std::int64_t batch_rows = 5'000;

constexpr Sql lease_sql = {"SELECT 1 FROM object_lease WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND "
                           "job_id = $4 AND fence = $5",
                           "SELECT 1 FROM object_lease WHERE tenant_id = $1::bigint AND connection_id = $2::bigint AND "
                           "object = $3 AND job_id = "
                           "$4::bigint AND fence = $5::bigint FOR NO KEY UPDATE"};

detail::PolicySql of_stored_row(const std::string& row, const model::FieldPolicy& policy, model::PolicyKind kind) {
  const auto column = [&row](const std::string& name) { return row + "." + quoted(name); };
  return detail::policy_sql(kind, {.local = column(policy.field),
                                   .old_source = column(policy.source),
                                   .new_source = column(policy.source),
                                   .state = column(policy.state)});
}

/// now, tenant, model, connection, object, batch. A link without a content hash is of a row whose record never came: its source says nothing.
std::string correction_sql(Dialect dialect, const std::string& model, const model::FieldPolicy& policy,
                           model::PolicyKind kind) {
  const std::string differs = dialect == Dialect::sqlite ? "IS NOT" : "IS DISTINCT FROM";
  const auto wanted = of_stored_row("t", policy, kind);
  const auto expected = of_stored_row("r", policy, kind);
  return fmt::format(
      "UPDATE {0} AS t SET {1} = {2}, {3} = {4}, updated_at = $1 WHERE t.tenant_id = $2 AND t.id IN (SELECT r.id FROM "
      "{0} AS r "
      "WHERE r.tenant_id = $2 AND r.state = 'active' AND (r.{1} {5} {6} OR r.{3} {5} {7}) AND EXISTS (SELECT 1 FROM "
      "external_link AS l WHERE l.tenant_id = $2 AND l.model = $3 AND l.row_id = r.id AND l.connection_id = $4 AND "
      "l.object = $5 "
      "AND l.state = 'active' AND l.content_hash <> 0) LIMIT $6)",
      quoted(model), quoted(policy.field), wanted.local, quoted(policy.state), wanted.state, differs, expected.local,
      expected.state);
}

Error lease_lost(const PolicyRun& run) {
  Error lost = aborted(
      fmt::format("Job {} may no longer write object \"{}\": it has lost its lease. What it wrote before stays.",
                  run.job.value, run.object));
  lost.retry = RetryClass::never; // what was lost stays lost
  return lost;
}

Result<std::int64_t> correct(Database& database, const PolicyRun& run, const std::string& sql) {
  return database.with_write(run.tenant, [&](Transaction& transaction) -> Result<std::int64_t> {
    DOVETAIL_TRY(const auto held, Query(transaction, lease_sql, "checking the lease of an object")
                                      .bind(run.tenant)
                                      .bind(run.connection)
                                      .bind(run.object)
                                      .bind(run.job)
                                      .bind(run.fence)
                                      .row(1));
    if (!held) {
      return lease_lost(run);
    }
    return Query(transaction, std::string_view(sql), "applying the policies of fields")
        .bind(database.clock().now())
        .bind(run.tenant)
        .bind(run.model->name)
        .bind(run.connection)
        .bind(run.object)
        .bind(batch_rows)
        .execute();
  });
}

} // namespace

Result<std::int64_t> apply_policies(Database& database, const PolicyRun& run) {
  std::int64_t corrected = 0;
  for (const model::FieldPolicy& policy : run.model->policies) {
    if (std::find(run.fields.begin(), run.fields.end(), policy.field) == run.fields.end()) {
      continue;
    }
    const auto choice = run.choices.find(policy.field);
    const auto sql = correction_sql(database.dialect(), run.model->name, policy,
                                    choice == run.choices.end() ? policy.otherwise : choice->second);
    std::int64_t changed = batch_rows;
    while (changed == batch_rows) {
      DOVETAIL_TRY(changed, correct(database, run, sql));
      corrected += changed;
    }
  }
  return corrected;
}

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/upsert_postgres_sql.hpp"

#include <fmt/format.h>

#include "core/store/field_policy.hpp"

namespace dovetail::store::detail {
namespace {

std::string array_type(const model::Field& field) {
  return std::string(sql_type(field.type, Dialect::postgresql)) + "[]";
}

std::string match_sql(const ObjectPlan& plan, const MatchRule& rule) {
  std::string arrays;
  std::string names;
  std::string conditions;
  std::size_t number = 5;
  for (const std::string& name : rule) {
    const model::Field& field = *plan.target.model->find(name);
    arrays += fmt::format("${}::{}, ", number, array_type(field));
    names += fmt::format("v{}, ", number);
    conditions += fmt::format(" AND {} = k.v{}",
                              match_operand("r." + quoted(field.name), field.type, Dialect::postgresql), number);
    ++number;
  }
  arrays.resize(arrays.size() - 2);
  return fmt::format(
      "SELECT k.n, m.id FROM unnest({}) WITH ORDINALITY AS k({}n) CROSS JOIN LATERAL (SELECT r.id FROM {} AS r WHERE "
      "r.tenant_id = $1::bigint{} AND r.state <> 'deleted' AND NOT EXISTS (SELECT 1 FROM external_link AS l WHERE "
      "l.tenant_id = $1::bigint AND l.model = $4::text AND l.row_id = r.id AND l.connection_id = $2::bigint AND "
      "l.object = $3::text) ORDER BY r.id LIMIT 2) AS m ORDER BY k.n, m.id",
      arrays, names, quoted(plan.target.model->name), conditions);
}

} // namespace

PostgresUpsertSql postgres_upsert_sql(const ObjectPlan& plan) {
  PostgresUpsertSql sql;
  const std::string table = quoted(plan.target.model->name);
  std::string columns;
  std::string inserted_arrays;
  std::string updated_arrays;
  std::string updated_names;
  std::string updates;
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    const std::string column = quoted(plan.fields[i]->name);
    columns += ", " + column;
    inserted_arrays += fmt::format(", ${}::{}", i + 10, array_type(*plan.fields[i]));
    updated_arrays += fmt::format(", ${}::{}", i + 7, array_type(*plan.fields[i]));
    updated_names += fmt::format(", f{}", i);
    updates += fmt::format("{} = u.f{}, ", column, i);
  }
  std::string derived_values;
  for (const PlannedPolicy& planned : plan.policies) {
    const std::string local = quoted(planned.policy->field);
    const std::string state = quoted(planned.policy->state);
    const std::string source = fmt::format("u.f{}", planned.source_cell);
    const auto made = policy_sql_of_new_row(planned.kind, source);
    const auto changed = policy_sql(planned.kind, {.local = "t." + local,
                                                   .old_source = "t." + quoted(planned.policy->source),
                                                   .new_source = source,
                                                   .state = "t." + state});
    columns += ", " + local + ", " + state;
    derived_values += ", " + made.local + ", " + made.state;
    updates += fmt::format("{} = {}, {} = {}, ", local, changed.local, state, changed.state);
  }
  // Two statements and not one with ON CONFLICT: a new id that another process drew too must not overwrite that one's row.
  sql.insert_rows = fmt::format(
      "INSERT INTO {} (tenant_id, connection_id, provider, created_at, updated_at, id, source_updated_at, "
      "content_hash, "
      "state, external_id{}) SELECT $1::bigint, $2::bigint, $3::text, $4::timestamptz, $4::timestamptz, u.*{} FROM "
      "unnest($5::bigint[], $6::timestamptz[], $7::bigint[], $8::text[], $9::text[]{}) AS u(id, source_updated_at, "
      "content_hash, state, external_id{})",
      table, columns, derived_values, inserted_arrays, updated_names);
  sql.restore_rows = sql.insert_rows + " ON CONFLICT (tenant_id, id) DO NOTHING";
  sql.update_rows = fmt::format(
      "UPDATE {} AS t SET {}source_updated_at = u.source_updated_at, content_hash = u.content_hash, state = u.state, "
      "updated_at = $2::timestamptz FROM unnest($3::bigint[], $4::timestamptz[], $5::bigint[], $6::text[]{}) AS "
      "u(id, source_updated_at, content_hash, state{}) WHERE t.tenant_id = $1::bigint AND t.id = u.id",
      table, updates, updated_arrays, updated_names);
  sql.state_rows = fmt::format(
      "UPDATE {} AS t SET state = u.state, updated_at = $2::timestamptz FROM unnest($3::bigint[], $4::text[]) AS "
      "u(id, state) WHERE t.tenant_id = $1::bigint AND t.id = u.id",
      table);
  for (const MatchRule& rule : plan.target.match_by) {
    sql.match.push_back(match_sql(plan, rule));
  }
  return sql;
}

} // namespace dovetail::store::detail

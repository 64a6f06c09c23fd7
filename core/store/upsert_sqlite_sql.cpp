// SPDX-License-Identifier: Apache-2.0
#include "core/store/upsert_sqlite_sql.hpp"

#include <fmt/format.h>

#include "core/store/field_policy.hpp"
#include "core/store/sqlite_page_rows.hpp"

namespace dovetail::store::detail {
namespace {

SqliteEntriesSql entries_sql(std::string_view columns_and_select, std::string_view key, std::string_view changes) {
  // FAIL leaves what stands before a refused row, and so needs no copy of each page that the statement changes.
  return {fmt::format("INSERT OR IGNORE INTO {} FROM dovetail_page", columns_and_select),
          fmt::format("INSERT OR FAIL INTO {} FROM dovetail_page WHERE true ON CONFLICT ({}) DO UPDATE SET {}",
                      columns_and_select, key, changes)};
}

} // namespace

SqliteUpsertSql sqlite_upsert_sql(const ObjectPlan& plan) {
  SqliteUpsertSql sql;
  const std::string table = quoted(plan.target.model->name);
  std::string columns;
  std::string values;
  std::string updates;
  int parameter = 10;
  for (const model::Field* const field : plan.fields) {
    const std::string column = quoted(field->name);
    columns += ", " + column;
    values += fmt::format(", ?{}", parameter);
    updates += fmt::format("{} = ?{}, ", column, parameter);
    ++parameter;
  }
  for (const PlannedPolicy& planned : plan.policies) {
    const std::string local = quoted(planned.policy->field);
    const std::string state = quoted(planned.policy->state);
    const std::string source = fmt::format("?{}", planned.source_cell + 10);
    const auto made = policy_sql_of_new_row(planned.kind, source);
    const auto changed = policy_sql(
        planned.kind,
        {.local = local, .old_source = quoted(planned.policy->source), .new_source = source, .state = state});
    columns += ", " + local + ", " + state;
    values += ", " + made.local + ", " + made.state;
    updates += fmt::format("{} = {}, {} = {}, ", local, changed.local, state, changed.state);
  }
  // Two statements and not one with ON CONFLICT: a new id that another process drew too must not overwrite that one's row.
  sql.insert_row =
      fmt::format("INSERT INTO {} (tenant_id, id, provider, connection_id, external_id, created_at, updated_at, "
                  "source_updated_at, content_hash, state{}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9{})",
                  table, columns, values);
  sql.insert_rows = insert_of_page_rows(sql.insert_row);
  sql.update_row = fmt::format("UPDATE {} SET {}source_updated_at = ?7, content_hash = ?8, state = ?9, updated_at = ?6 "
                               "WHERE tenant_id = ?1 AND id = ?2",
                               table, updates);
  sql.state_row = fmt::format("UPDATE {} SET state = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2", table);
  for (const MatchRule& rule : plan.target.match_by) {
    std::string conditions;
    int value = 5;
    for (const std::string& name : rule) {
      const model::Field& field = *plan.target.model->find(name);
      conditions += fmt::format(" AND {} = {}", match_operand("r." + quoted(field.name), field.type, Dialect::sqlite),
                                match_operand(fmt::format("?{}", value++), field.type, Dialect::sqlite));
    }
    sql.match.push_back(fmt::format(
        "SELECT r.id FROM {} AS r WHERE r.tenant_id = ?1{} AND r.state <> 'deleted' AND NOT EXISTS (SELECT 1 "
        "FROM external_link AS l WHERE l.tenant_id = ?1 AND l.model = ?4 AND l.row_id = r.id AND "
        "l.connection_id = ?2 AND l.object = ?3) ORDER BY r.id LIMIT 2",
        table, conditions));
  }
  constexpr std::string_view key = "tenant_id, connection_id, object, external_id";
  sql.links = entries_sql(
      "external_link (tenant_id, connection_id, object, external_id, external_hash, model, row_id, content_hash, "
      "state, "
      "pass_id, first_seen_at, last_changed_at) "
      "SELECT ?1, ?2, ?3, external_id, external_hash, ?4, id, link_hash, state, ?5, ?6, ?6",
      key,
      "model = excluded.model, row_id = excluded.row_id, content_hash = excluded.content_hash, state = excluded.state, "
      "pass_id = excluded.pass_id, last_changed_at = excluded.last_changed_at");
  sql.pending = entries_sql("pending_parent (tenant_id, connection_id, object, external_id, version) "
                            "SELECT ?1, ?2, ?3, external_id, ?4",
                            key, "version = excluded.version");
  return sql;
}

} // namespace dovetail::store::detail

// SPDX-License-Identifier: Apache-2.0
#include "core/store/rule_repository.hpp"

#include <chrono>

#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;

constexpr std::size_t most_listed = 10'000;

constexpr std::size_t rule_columns = 7;
constexpr Sql select_rule = "SELECT connection_id, object, body, enabled, revision, created_at, updated_at FROM rule"
                            " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3";
constexpr Sql select_rules = "SELECT connection_id, object, body, enabled, revision, created_at, updated_at FROM rule"
                             " WHERE tenant_id = $1 AND connection_id = $2 ORDER BY object LIMIT 10000";
// Beside the foreign key, which would tell of another tenant's connection in the database's words.
constexpr Sql select_connection = "SELECT 1 FROM connection WHERE tenant_id = $1 AND connection_id = $2";
constexpr Sql insert_rule =
    "INSERT INTO rule (tenant_id, connection_id, object, body, enabled, revision, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, 1, $6, $6) ON CONFLICT (tenant_id, connection_id, object) DO NOTHING";
constexpr Sql update_rule = "UPDATE rule SET body = $1, enabled = $2, revision = revision + 1, updated_at = $3"
                            " WHERE tenant_id = $4 AND connection_id = $5 AND object = $6 AND revision = $7";
constexpr Sql select_unmatched =
    "SELECT u.external_id FROM unmatched_record AS u WHERE u.tenant_id = $1 AND u.connection_id = $2 AND u.object = $3"
    " AND u.external_id > $4 AND NOT EXISTS (SELECT 1 FROM external_link AS l WHERE l.tenant_id = u.tenant_id"
    " AND l.connection_id = u.connection_id AND l.object = u.object AND l.external_id = u.external_id)"
    " ORDER BY u.external_id LIMIT $5";

Result<RuleRecord> to_record(const Row& row) {
  RuleRecord record;
  DOVETAIL_TRY(record.connection, row.id<ConnectionTag>(0));
  record.object = row.text(1);
  record.body = row.text(2);
  DOVETAIL_TRY(record.enabled, row.boolean(3));
  DOVETAIL_TRY(record.revision, row.integer(4));
  DOVETAIL_TRY(record.created_at, row.timestamp(5));
  DOVETAIL_TRY(record.updated_at, row.timestamp(6));
  return record;
}

Result<std::optional<RuleRecord>> read_rule(ReadSession& session, TenantId tenant, ConnectionId connection,
                                            std::string_view object) {
  DOVETAIL_TRY(
      const auto row,
      Query(session, select_rule, "reading a rule").bind(tenant).bind(connection).bind(object).row(rule_columns));
  if (!row) {
    return std::optional<RuleRecord>();
  }
  DOVETAIL_TRY(RuleRecord record, to_record(*row));
  return std::optional<RuleRecord>(std::move(record));
}

} // namespace

Result<RuleRecord> RuleRepository::save(const RuleRecord& rule) {
  if (rule.body.size() > max_rule_bytes) {
    return invalid_argument("a rule is at most " + std::to_string(max_rule_bytes) + " bytes");
  }
  const Timestamp now = std::chrono::floor<std::chrono::milliseconds>(scope_.database.clock().now());
  return scope_.write([&](Transaction& transaction) -> Result<RuleRecord> {
    DOVETAIL_TRY(const auto stored, read_rule(transaction, scope_.tenant, rule.connection, rule.object));
    RuleRecord saved = rule;
    saved.updated_at = now;
    std::int64_t changed = 0;
    if (!stored) {
      DOVETAIL_TRY(const auto known, Query(transaction, select_connection, "looking for a connection")
                                         .bind(scope_.tenant)
                                         .bind(rule.connection)
                                         .row(1));
      if (!known) {
        return failed_precondition("this tenant has no connection " + std::to_string(rule.connection.value));
      }
      saved.created_at = now;
      saved.revision = 1;
      if (rule.revision == 0) {
        DOVETAIL_TRY(changed, Query(transaction, insert_rule, "adding a rule")
                                  .bind(scope_.tenant)
                                  .bind(rule.connection)
                                  .bind(rule.object)
                                  .bind(rule.body)
                                  .bind(rule.enabled)
                                  .bind(now)
                                  .execute());
      }
    } else if (stored->revision == rule.revision) {
      if (stored->body == rule.body && stored->enabled == rule.enabled) {
        return *stored;
      }
      saved.created_at = stored->created_at;
      saved.revision = rule.revision + 1;
      DOVETAIL_TRY(changed, Query(transaction, update_rule, "changing a rule")
                                .bind(rule.body)
                                .bind(rule.enabled)
                                .bind(now)
                                .bind(scope_.tenant)
                                .bind(rule.connection)
                                .bind(rule.object)
                                .bind(rule.revision)
                                .execute());
    }
    if (changed != 1) {
      return detail::superseded("the rule for \"" + rule.object +
                                "\" was changed by somebody else in between: read it again");
    }
    return saved;
  });
}

Result<std::optional<RuleRecord>> RuleRepository::get(ConnectionId connection, std::string_view object) {
  return scope_.read([&](ReadSession& session) { return read_rule(session, scope_.tenant, connection, object); });
}

Result<std::vector<RuleRecord>> RuleRepository::list(ConnectionId connection) {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<RuleRecord>> {
    DOVETAIL_TRY(const auto rows,
                 Query(session, select_rules, "listing rules").bind(scope_.tenant).bind(connection).rows(rule_columns));
    std::vector<RuleRecord> records;
    records.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(RuleRecord record, to_record(row));
      records.push_back(std::move(record));
    }
    return records;
  });
}

Result<std::vector<std::string>> unmatched_records(const TenantScope& scope, ConnectionId connection,
                                                   std::string_view object, std::string_view after, std::size_t limit) {
  if (limit == 0 || limit > most_listed) {
    return invalid_argument("a list of unmatched records has 1 to 10000 entries");
  }
  return scope.read([&](ReadSession& session) -> Result<std::vector<std::string>> {
    DOVETAIL_TRY(const auto rows, Query(session, select_unmatched, "listing unmatched records")
                                      .bind(scope.tenant)
                                      .bind(connection)
                                      .bind(object)
                                      .bind(after)
                                      .bind(static_cast<std::int64_t>(limit))
                                      .rows(1));
    std::vector<std::string> ids;
    ids.reserve(rows.size());
    for (const Row& row : rows) {
      ids.push_back(row.text(0));
    }
    return ids;
  });
}

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/sweep_statements.hpp"

#include <array>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/upsert_postgres_pipeline.hpp"
#include "core/store/upsert_sqlite_statements.hpp"

namespace dovetail::store::detail {
namespace {

constexpr std::string_view scan_sqlite =
    "SELECT external_id, external_hash, row_id FROM external_link WHERE tenant_id = ?1 AND connection_id = ?2 AND "
    "object = ?3 AND "
    "external_id > ?4 AND state = 'active' AND model = ?5 ORDER BY external_id LIMIT ?6";
constexpr std::string_view scan_postgres = "SELECT external_id, external_hash, row_id FROM external_link WHERE "
                                           "tenant_id = $1::bigint AND connection_id = $2::bigint AND "
                                           "object = $3::text AND external_id > $4::text AND state = 'active' AND "
                                           "model = $5::text ORDER BY external_id LIMIT $6::bigint";

constexpr std::string_view state_link_sqlite = "UPDATE external_link SET state = ?5, pass_id = ?6, last_changed_at = "
                                               "?7 WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 "
                                               "AND external_id = ?4 AND state = 'active'";
constexpr std::string_view state_links_postgres =
    "UPDATE external_link AS l SET state = $5::text, pass_id = $6::bigint, last_changed_at = $7::timestamptz FROM "
    "unnest($4::text[]) AS "
    "u(external_id) WHERE l.tenant_id = $1::bigint AND l.connection_id = $2::bigint AND l.object = $3::text AND "
    "l.external_id = u.external_id AND l.state = 'active'";

// Each step for all links before the next begins: a row may be linked twice, and both links may go at once.
class SqliteRemoval {
public:
  SqliteRemoval(Transaction& transaction, const SweepPlan& plan, std::span<const SweepLink> links)
      : statements_(SqliteStatements::of(transaction)), plan_(plan), request_(*plan.request), links_(links) {}

  Status run(RowState state, Timestamp now) {
    Keys keys(plan_.over.fields.size());
    std::vector<std::int64_t> ids;
    for (const SweepLink& link : links_) {
      ids.push_back(link.row_id);
    }
    std::array<char, iso8601_length> text{};
    format_iso8601_to(now, text.data());
    const std::string_view now_text(text.data(), text.size());
    DOVETAIL_TRY_STATUS(mark_links(state, now_text));
    DOVETAIL_TRY_STATUS(mark_rows(state, now_text));
    DOVETAIL_TRY_STATUS(read_keys(statements_, plan_.over, request_.tenant.value, ids, keys));
    sort_keys(keys);
    return compute_by_key(statements_, plan_.over, request_.tenant.value, request_.connection.value, now, keys);
  }

private:
  Status mark_links(RowState state, std::string_view now) {
    DOVETAIL_TRY(SqliteStatement statement, statements_.use(state_link_sqlite));
    statement.bind(1, request_.tenant.value)
        .bind(2, request_.connection.value)
        .bind(3, std::string_view(request_.object));
    statement.bind(5, to_string(state)).bind(6, request_.pass_id).bind(7, now);
    for (const SweepLink& link : links_) {
      DOVETAIL_TRY_STATUS(statement.bind(4, std::string_view(link.external_id)).execute("marking a link"));
    }
    return {};
  }

  Status mark_rows(RowState state, std::string_view now) {
    DOVETAIL_TRY(SqliteStatement statement, statements_.use(plan_.state_rows));
    statement.bind(1, request_.tenant.value)
        .bind(3, to_string(state))
        .bind(4, now)
        .bind(5, std::string_view(request_.model->name));
    for (const SweepLink& link : links_) {
      DOVETAIL_TRY_STATUS(statement.bind(2, link.row_id).execute("marking a row"));
    }
    return {};
  }

  SqliteStatements& statements_;
  const SweepPlan& plan_;
  const SweepRequest& request_;
  std::span<const SweepLink> links_;
};

Status remove_postgres(Transaction& transaction, const SweepPlan& plan, std::span<const SweepLink> links,
                       RowState state, Timestamp now) {
  const SweepRequest& request = *plan.request;
  PostgresArray external_ids;
  PostgresArray ids;
  std::vector<std::int64_t> row_ids;
  external_ids.begin(oid::text, links.size());
  ids.begin(oid::int8, links.size());
  for (const SweepLink& link : links) {
    external_ids.add(std::string_view(link.external_id));
    ids.add(link.row_id);
    row_ids.push_back(link.row_id);
  }
  PostgresPipeline pipeline(transaction);
  pipeline.send(probe_settings_sql, {}, "preparing to sweep");
  PostgresParameters of_links;
  of_links.add(request.tenant.value)
      .add(request.connection.value)
      .add(std::string_view(request.object))
      .add(external_ids);
  of_links.add(to_string(state)).add(request.pass_id).add(now);
  pipeline.send(state_links_postgres, of_links, "marking links");
  PostgresParameters of_rows;
  of_rows.add(request.tenant.value).add(ids).add(to_string(state)).add(now).add(std::string_view(request.model->name));
  pipeline.send(plan.state_rows, of_rows, "marking rows");
  Keys keys(plan.over.fields.size());
  send_read_keys(pipeline, plan.over, request.tenant.value, row_ids, keys);
  DOVETAIL_TRY_STATUS(pipeline.sync());
  sort_keys(keys);
  send_compute_by_key(pipeline, plan.over, request.tenant.value, request.connection.value, now, keys);
  return pipeline.sync();
}

} // namespace

SweepPlan make_sweep_plan(const SweepRequest& request, Dialect dialect) {
  SweepPlan plan;
  plan.request = &request;
  plan.over = derived_over(*request.model, request.models, dialect);
  const std::string table = quoted(request.model->name);
  const bool sqlite = dialect == Dialect::sqlite;
  plan.state_rows =
      sqlite
          ? fmt::format(
                "UPDATE {0} SET state = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2 AND state = 'active' AND "
                "NOT EXISTS "
                "(SELECT 1 FROM external_link AS l WHERE l.tenant_id = ?1 AND l.model = ?5 AND l.row_id = {0}.id AND "
                "l.state = 'active')",
                table)
          : fmt::format(
                "UPDATE {} AS t SET state = $3::text, updated_at = $4::timestamptz FROM unnest($2::bigint[]) AS u(id) "
                "WHERE "
                "t.tenant_id = $1::bigint AND t.id = u.id AND t.state = 'active' AND NOT EXISTS (SELECT 1 FROM "
                "external_link AS l "
                "WHERE l.tenant_id = $1::bigint AND l.model = $5::text AND l.row_id = t.id AND l.state = 'active')",
                table);
  return plan;
}

Status scan_links(ReadSession& session, const SweepPlan& plan, std::string_view after, std::size_t limit,
                  std::vector<SweepLink>& links) {
  const SweepRequest& request = *plan.request;
  links.clear();
  if (session.dialect() == Dialect::sqlite) {
    DOVETAIL_TRY(SqliteStatement statement, SqliteStatements::of(session).use(scan_sqlite));
    statement.bind(1, request.tenant.value)
        .bind(2, request.connection.value)
        .bind(3, std::string_view(request.object))
        .bind(4, after);
    statement.bind(5, std::string_view(request.model->name)).bind(6, static_cast<std::int64_t>(limit));
    for (;;) {
      DOVETAIL_TRY(const bool found, statement.next("reading links"));
      if (!found) {
        return {};
      }
      links.push_back(
          {std::string(statement.text(0)), static_cast<std::uint64_t>(statement.integer(1)), statement.integer(2)});
    }
  }
  PostgresPipeline pipeline(session);
  PostgresParameters parameters;
  parameters.add(request.tenant.value).add(request.connection.value).add(std::string_view(request.object)).add(after);
  parameters.add(std::string_view(request.model->name)).add(static_cast<std::int64_t>(limit));
  pipeline.send(scan_postgres, parameters, "reading links", [&links](const ::PGresult* result) -> Status {
    links.clear();
    for (int row = 0; row < PQntuples(result); ++row) {
      links.push_back({std::string(read_text(result, row, 0)), static_cast<std::uint64_t>(read_int8(result, row, 1)),
                       read_int8(result, row, 2)});
    }
    return {};
  });
  return pipeline.sync();
}

Status remove_links(Transaction& transaction, const SweepPlan& plan, std::span<const SweepLink> links, RowState state,
                    Timestamp now) {
  return transaction.dialect() == Dialect::sqlite ? SqliteRemoval(transaction, plan, links).run(state, now)
                                                  : remove_postgres(transaction, plan, links, state, now);
}

} // namespace dovetail::store::detail

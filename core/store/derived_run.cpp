// SPDX-License-Identifier: Apache-2.0
#include "core/store/derived_run.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/upsert_postgres_pipeline.hpp"
#include "core/store/upsert_sqlite_statements.hpp"

namespace dovetail::store::detail {
namespace {

bool has_integers(const MinOf& field) { return field.key_type == model::FieldType::integer; }

} // namespace

void sort_keys(Keys& keys) {
  for (auto& each : keys) {
    std::sort(each.begin(), each.end());
    each.erase(std::unique(each.begin(), each.end()), each.end());
  }
}

DerivedOver derived_over(const model::Model& model, std::span<const TableSpec> models, Dialect dialect) {
  DerivedOver over{min_of_fields_over(model, models, dialect), {}};
  std::string columns;
  for (const MinOf& field : over.fields) {
    columns += (columns.empty() ? "r." : ", r.") + quoted(field.derived->of_key);
  }
  if (!columns.empty()) {
    over.read_keys =
        dialect == Dialect::sqlite
            ? fmt::format("SELECT {} FROM {} AS r WHERE r.tenant_id = ?1 AND r.id = ?2", columns, quoted(model.name))
            : fmt::format("SELECT {} FROM unnest($2::bigint[]) AS k(id) JOIN {} AS r ON r.tenant_id = $1::bigint AND "
                          "r.id = k.id",
                          columns, quoted(model.name));
  }
  return over;
}

Status read_keys(SqliteStatements& statements, const DerivedOver& over, std::int64_t tenant,
                 std::span<const std::int64_t> rows, Keys& keys) {
  if (over.fields.empty() || rows.empty()) {
    return {};
  }
  DOVETAIL_TRY(SqliteStatement statement, statements.use(over.read_keys));
  statement.bind(1, tenant);
  for (const std::int64_t id : rows) {
    statement.bind(2, id);
    DOVETAIL_TRY(const bool found, statement.next("reading the keys of changed rows"));
    for (std::size_t i = 0; found && i < over.fields.size(); ++i) {
      const int column = static_cast<int>(i);
      if (!statement.is_null(column)) {
        keys[i].push_back(has_integers(over.fields[i]) ? Key{{}, statement.integer(column)}
                                                       : Key{std::string(statement.text(column)), 0});
      }
    }
    statement.reset();
  }
  return {};
}

void send_read_keys(PostgresPipeline& pipeline, const DerivedOver& over, std::int64_t tenant,
                    std::span<const std::int64_t> rows, Keys& keys) {
  if (over.fields.empty() || rows.empty()) {
    return;
  }
  PostgresArray ids;
  ids.begin(oid::int8, rows.size());
  for (const std::int64_t id : rows) {
    ids.add(id);
  }
  PostgresParameters parameters;
  parameters.add(tenant).add(ids);
  pipeline.send(over.read_keys, parameters, "reading the keys of changed rows",
                [&over, &keys](const ::PGresult* result) -> Status {
                  for (int row = 0; row < PQntuples(result); ++row) {
                    for (std::size_t i = 0; i < over.fields.size(); ++i) {
                      const int column = static_cast<int>(i);
                      if (PQgetisnull(result, row, column) == 0) {
                        keys[i].push_back(has_integers(over.fields[i])
                                              ? Key{{}, read_int8(result, row, column)}
                                              : Key{std::string(read_text(result, row, column)), 0});
                      }
                    }
                  }
                  return {};
                });
}

Status compute_by_key(SqliteStatements& statements, const DerivedOver& over, std::int64_t tenant,
                      std::int64_t connection, Timestamp now, const Keys& keys) {
  std::array<char, iso8601_length> now_text{};
  format_iso8601_to(now, now_text.data());
  for (std::size_t i = 0; i < over.fields.size(); ++i) {
    if (keys[i].empty()) {
      continue;
    }
    DOVETAIL_TRY(SqliteStatement statement, statements.use(over.fields[i].by_key));
    statement.bind(1, tenant).bind(2, std::string_view(now_text.data(), now_text.size())).bind(3, connection);
    for (const Key& key : keys[i]) {
      if (has_integers(over.fields[i])) {
        statement.bind(4, key.integer);
      } else {
        statement.bind(4, std::string_view(key.text));
      }
      DOVETAIL_TRY_STATUS(statement.execute("computing a derived field"));
    }
  }
  return {};
}

void send_compute_by_key(PostgresPipeline& pipeline, const DerivedOver& over, std::int64_t tenant,
                         std::int64_t connection, Timestamp now, const Keys& keys) {
  for (std::size_t i = 0; i < over.fields.size(); ++i) {
    if (keys[i].empty()) {
      continue;
    }
    PostgresArray array;
    array.begin(oid_of(over.fields[i].key_type), keys[i].size());
    for (const Key& key : keys[i]) {
      if (has_integers(over.fields[i])) {
        array.add(key.integer);
      } else {
        array.add(std::string_view(key.text));
      }
    }
    PostgresParameters parameters;
    parameters.add(tenant).add(now).add(connection).add(array);
    pipeline.send(over.fields[i].by_key, parameters, "computing a derived field");
  }
}

} // namespace dovetail::store::detail

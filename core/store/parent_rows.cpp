// SPDX-License-Identifier: Apache-2.0
#include "core/store/parent_rows.hpp"

#include "core/json/writer.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;

constexpr std::size_t most_parents = 1000;
constexpr std::size_t first_field = 2;

Result<std::string> to_json(const Row& row, const ParentQuery& query, const std::vector<model::FieldType>& types) {
  json::Writer writer;
  writer.begin_object().member("external_id", row.text(0));
  for (std::size_t i = 0; i < query.fields.size(); ++i) {
    const std::size_t column = first_field + i;
    writer.key(query.fields[i].first);
    if (row.is_null(column)) {
      writer.null();
      continue;
    }
    switch (types[i]) {
    case model::FieldType::integer:
    case model::FieldType::real:
    case model::FieldType::json:
      writer.raw(row.text(column));
      break;
    case model::FieldType::boolean: {
      DOVETAIL_TRY(const bool flag, row.boolean(column));
      writer.boolean(flag);
      break;
    }
    case model::FieldType::text:
    case model::FieldType::timestamp:
    case model::FieldType::date:
      writer.string(row.text(column));
      break;
    }
  }
  writer.end_object();
  return std::move(writer).take();
}

} // namespace

ParentRows::ParentRows(TenantScope scope, ParentQuery query) : scope_(scope), query_(std::move(query)) {
  std::string columns;
  for (const auto& [name, field] : query_.fields) {
    types_.push_back(query_.model->find(field)->type);
    columns.append(", m.\"").append(field).append("\"");
  }
  const std::string source = columns + " FROM external_link l JOIN \"" + query_.model->name +
                             "\" m ON m.tenant_id = l.tenant_id AND m.id = l.row_id";
  const std::string of_object =
      " WHERE l.tenant_id = $1 AND l.connection_id = $2 AND l.object = $3 AND l.state = 'active'";
  behind_ = "SELECT l.external_id, 0" + source + of_object + " AND l.external_id > $4 ORDER BY l.external_id LIMIT $5";
  pending_ = "SELECT l.external_id, p.version" + source +
             " JOIN pending_parent p ON p.tenant_id = l.tenant_id AND p.connection_id = l.connection_id"
             " AND p.external_id = l.external_id" +
             of_object + " AND p.object = $4 AND p.external_id > $5 ORDER BY p.external_id LIMIT $6";
  one_ = "SELECT l.external_id, 0" + source + of_object + " AND l.external_id = $4";
}

Result<ParentRows> ParentRows::make(TenantScope scope, ParentQuery query) {
  for (const auto& [name, field] : query.fields) {
    if (query.model->find(field) == nullptr) {
      return invalid_argument("The parent field \"" + name + "\" comes from \"" + field + "\", which the model \"" +
                              query.model->name + "\" does not have. Mend the manifest's \"parent\".");
    }
  }
  return ParentRows(scope, std::move(query));
}

Result<std::vector<ParentRecord>> ParentRows::behind(std::string_view after, std::size_t limit) const {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<ParentRecord>> {
    DOVETAIL_TRY(const auto rows, Query(session, std::string_view(behind_), "reading parents")
                                      .bind(scope_.tenant)
                                      .bind(query_.connection)
                                      .bind(query_.object)
                                      .bind(after)
                                      .bind(static_cast<std::int64_t>(std::min(limit, most_parents)))
                                      .rows(first_field + query_.fields.size()));
    std::vector<ParentRecord> records;
    for (const Row& row : rows) {
      DOVETAIL_TRY(auto json, to_json(row, query_, types_));
      records.push_back({row.text(0), 0, std::move(json)});
    }
    return records;
  });
}

Result<std::vector<ParentRecord>> ParentRows::pending_behind(std::string_view child_object, std::string_view after,
                                                             std::size_t limit) const {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<ParentRecord>> {
    DOVETAIL_TRY(const auto rows, Query(session, std::string_view(pending_), "reading parents that wait")
                                      .bind(scope_.tenant)
                                      .bind(query_.connection)
                                      .bind(query_.object)
                                      .bind(child_object)
                                      .bind(after)
                                      .bind(static_cast<std::int64_t>(std::min(limit, most_parents)))
                                      .rows(first_field + query_.fields.size()));
    std::vector<ParentRecord> records;
    for (const Row& row : rows) {
      DOVETAIL_TRY(const auto version, row.integer(1));
      DOVETAIL_TRY(auto json, to_json(row, query_, types_));
      records.push_back({row.text(0), version, std::move(json)});
    }
    return records;
  });
}

Result<std::vector<ParentRecord>> ParentRows::rows(std::span<const std::string> external_ids) const {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<ParentRecord>> {
    std::vector<ParentRecord> records;
    for (const auto& external_id : external_ids) {
      DOVETAIL_TRY(const auto row, Query(session, std::string_view(one_), "reading a parent")
                                       .bind(scope_.tenant)
                                       .bind(query_.connection)
                                       .bind(query_.object)
                                       .bind(external_id)
                                       .row(first_field + query_.fields.size()));
      if (row) {
        DOVETAIL_TRY(auto json, to_json(*row, query_, types_));
        records.push_back({external_id, 0, std::move(json)});
      }
    }
    return records;
  });
}

} // namespace dovetail::store

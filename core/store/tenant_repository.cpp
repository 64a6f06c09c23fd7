// SPDX-License-Identifier: Apache-2.0
#include "core/store/tenant_repository.hpp"

#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;

constexpr Sql insert_tenant =
    "INSERT INTO tenant (tenant_id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
constexpr Sql select_tenant = "SELECT tenant_id, name, created_at FROM tenant WHERE name = $1";
constexpr Sql select_tenant_by_id = "SELECT tenant_id, name, created_at FROM tenant WHERE tenant_id = $1";
constexpr Sql select_tenants = "SELECT tenant_id, name, created_at FROM tenant WHERE name > $1 ORDER BY name LIMIT $2";

constexpr std::size_t most_listed = 1000;

Result<TenantRecord> to_record(const Row& row) {
  DOVETAIL_TRY(const auto id, row.id<TenantTag>(0));
  DOVETAIL_TRY(const Timestamp created_at, row.timestamp(2));
  return TenantRecord{id, row.text(1), created_at};
}

Result<std::optional<TenantRecord>> to_optional_record(const std::optional<Row>& row) {
  if (!row) {
    return std::optional<TenantRecord>();
  }
  DOVETAIL_TRY(TenantRecord record, to_record(*row));
  return std::optional<TenantRecord>(std::move(record));
}

} // namespace

Result<TenantRecord> TenantRepository::add(std::string_view name) {
  DOVETAIL_TRY_STATUS(check_name("tenant", name));
  const Timestamp now = std::chrono::floor<std::chrono::milliseconds>(database_.clock().now());
  const TenantRecord record{TenantId{ids_.next()}, std::string(name), now};
  DOVETAIL_TRY(const std::int64_t added, database_.with_operator_write([&](Transaction& transaction) {
    return Query(transaction, insert_tenant, "adding a tenant").bind(record.id).bind(name).bind(now).execute();
  }));
  if (added == 0) {
    return already_exists("there is a tenant named \"" + record.name + "\" already");
  }
  return record;
}

Result<std::optional<TenantRecord>> TenantRepository::get(TenantId id) {
  return database_.with_operator_read([&](ReadSession& session) -> Result<std::optional<TenantRecord>> {
    DOVETAIL_TRY(const auto row, Query(session, select_tenant_by_id, "reading a tenant").bind(id).row(3));
    return to_optional_record(row);
  });
}

Result<std::optional<TenantRecord>> TenantRepository::find(std::string_view name) {
  return database_.with_operator_read([&](ReadSession& session) -> Result<std::optional<TenantRecord>> {
    DOVETAIL_TRY(const auto row, Query(session, select_tenant, "reading a tenant").bind(name).row(3));
    return to_optional_record(row);
  });
}

Result<std::vector<TenantRecord>> TenantRepository::list(std::string_view after, std::size_t limit) {
  if (limit == 0 || limit > most_listed) {
    return invalid_argument("a list of tenants has 1 to 1000 entries");
  }
  return database_.with_operator_read([&](ReadSession& session) -> Result<std::vector<TenantRecord>> {
    DOVETAIL_TRY(
        const auto rows,
        Query(session, select_tenants, "listing tenants").bind(after).bind(static_cast<std::int64_t>(limit)).rows(3));
    std::vector<TenantRecord> records;
    records.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(TenantRecord record, to_record(row));
      records.push_back(std::move(record));
    }
    return records;
  });
}

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/secret_records.hpp"

#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;
using vault::SealedSecret;
using vault::SecretAddress;
using vault::SecretRecord;

constexpr Sql select_secret = "SELECT key_id, sealed, version FROM secret"
                              " WHERE tenant_id = $1 AND connection_id = $2 AND name = $3 AND sealed IS NOT NULL";

// A row that was removed keeps its version, so the next one is always another.
constexpr Sql insert_secret =
    "INSERT INTO secret (tenant_id, connection_id, name, key_id, sealed, version, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, 1, $6, $6)"
    " ON CONFLICT (tenant_id, connection_id, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed,"
    " version = secret.version + 1, updated_at = excluded.updated_at";
constexpr Sql insert_new_secret =
    "INSERT INTO secret (tenant_id, connection_id, name, key_id, sealed, version, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, 1, $6, $6)"
    " ON CONFLICT (tenant_id, connection_id, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed,"
    " version = secret.version + 1, updated_at = excluded.updated_at WHERE secret.sealed IS NULL";
constexpr Sql update_secret =
    "UPDATE secret SET key_id = $1, sealed = $2, version = version + 1, updated_at = $3"
    " WHERE tenant_id = $4 AND connection_id = $5 AND name = $6 AND version = $7 AND sealed IS NOT NULL";
constexpr Sql select_version = "SELECT version FROM secret WHERE tenant_id = $1 AND connection_id = $2 AND name = $3";

constexpr Sql reseal_secret =
    "UPDATE secret SET key_id = $1, sealed = $2, updated_at = $3"
    " WHERE tenant_id = $4 AND connection_id = $5 AND name = $6 AND key_id = $7 AND sealed = $8";
constexpr Sql remove_secret = "UPDATE secret SET sealed = NULL, key_id = '', updated_at = $1"
                              " WHERE tenant_id = $2 AND connection_id = $3 AND name = $4 AND sealed IS NOT NULL";
constexpr Sql select_names =
    "SELECT name FROM secret WHERE tenant_id = $1 AND connection_id = $2 AND sealed IS NOT NULL"
    " ORDER BY name LIMIT 10000";

constexpr Sql scan_secrets =
    "SELECT tenant_id, connection_id, name, key_id, sealed, version FROM secret"
    " WHERE (tenant_id, connection_id, name) > ($1, $2, $3) AND sealed IS NOT NULL AND (key_id = $4) = $5"
    " ORDER BY tenant_id, connection_id, name LIMIT $6";
constexpr Sql count_secrets =
    "SELECT key_id, count(*) FROM secret WHERE sealed IS NOT NULL GROUP BY key_id ORDER BY key_id LIMIT 10000";

constexpr Sql select_canary = "SELECT sealed FROM vault_canary WHERE key_id = $1";
constexpr Sql insert_canary =
    "INSERT INTO vault_canary (key_id, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (key_id) DO NOTHING";

Result<SecretRecord> to_record(const Row& row, std::size_t first) {
  DOVETAIL_TRY(const std::int64_t version, row.integer(first + 2));
  return SecretRecord{{row.text(first), row.text(first + 1)}, version};
}

Error version_conflict(const SecretAddress& address) {
  return detail::superseded("secret \"" + address.name + "\" of connection " +
                            std::to_string(address.connection.value) +
                            " was changed by somebody else in between: read it again");
}

} // namespace

Result<std::optional<SecretRecord>> StoredSecretRecords::get(const SecretAddress& address) {
  return database_.with_read(address.tenant, [&](ReadSession& session) -> Result<std::optional<SecretRecord>> {
    DOVETAIL_TRY(const auto row, Query(session, select_secret, "reading a secret")
                                     .bind(address.tenant)
                                     .bind(address.connection)
                                     .bind(address.name)
                                     .row(3, {1}));
    if (!row) {
      return std::optional<SecretRecord>();
    }
    DOVETAIL_TRY(SecretRecord record, to_record(*row, 0));
    return std::optional<SecretRecord>(std::move(record));
  });
}

Result<std::int64_t> StoredSecretRecords::put(const SecretAddress& address, const SealedSecret& sealed,
                                              std::optional<std::int64_t> expected_version) {
  DOVETAIL_TRY_STATUS(vault::check_address(address));
  const Timestamp now = database_.clock().now();
  return database_.with_write(address.tenant, [&](Transaction& transaction) -> Result<std::int64_t> {
    std::int64_t changed = 0;
    if (expected_version.value_or(0) == 0) {
      const Sql& sql = expected_version ? insert_new_secret : insert_secret;
      DOVETAIL_TRY(changed, Query(transaction, sql, "storing a secret")
                                .bind(address.tenant)
                                .bind(address.connection)
                                .bind(address.name)
                                .bind(sealed.key_id)
                                .bind_bytes(sealed.bytes)
                                .bind(now)
                                .execute());
    } else {
      DOVETAIL_TRY(changed, Query(transaction, update_secret, "storing a secret")
                                .bind(sealed.key_id)
                                .bind_bytes(sealed.bytes)
                                .bind(now)
                                .bind(address.tenant)
                                .bind(address.connection)
                                .bind(address.name)
                                .bind(*expected_version)
                                .execute());
    }
    if (changed != 1) {
      return version_conflict(address);
    }
    DOVETAIL_TRY(const auto row, Query(transaction, select_version, "reading a secret's version")
                                     .bind(address.tenant)
                                     .bind(address.connection)
                                     .bind(address.name)
                                     .row(1));
    return row ? row->integer(0) : Result<std::int64_t>(internal("a secret is gone in the transaction that stored it"));
  });
}

Result<bool> StoredSecretRecords::reseal(const SecretAddress& address, const SealedSecret& from,
                                         const SealedSecret& to) {
  return database_.with_write(address.tenant, [&](Transaction& transaction) -> Result<bool> {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, reseal_secret, "sealing a secret with another key")
                                                 .bind(to.key_id)
                                                 .bind_bytes(to.bytes)
                                                 .bind(database_.clock().now())
                                                 .bind(address.tenant)
                                                 .bind(address.connection)
                                                 .bind(address.name)
                                                 .bind(from.key_id)
                                                 .bind_bytes(from.bytes)
                                                 .execute());
    return changed == 1;
  });
}

Result<bool> StoredSecretRecords::remove(const SecretAddress& address) {
  return database_.with_write(address.tenant, [&](Transaction& transaction) -> Result<bool> {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, remove_secret, "removing a secret")
                                                 .bind(database_.clock().now())
                                                 .bind(address.tenant)
                                                 .bind(address.connection)
                                                 .bind(address.name)
                                                 .execute());
    return changed == 1;
  });
}

Result<std::vector<std::string>> StoredSecretRecords::names(TenantId tenant, ConnectionId connection) {
  return database_.with_read(tenant, [&](ReadSession& session) -> Result<std::vector<std::string>> {
    DOVETAIL_TRY(const auto rows,
                 Query(session, select_names, "listing a connection's secrets").bind(tenant).bind(connection).rows(1));
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (const Row& row : rows) {
      names.push_back(row.text(0));
    }
    return names;
  });
}

Result<std::vector<vault::AddressedRecord>> StoredSecretRecords::scan(vault::KeyMatch match, std::string_view key_id,
                                                                      const std::optional<SecretAddress>& after,
                                                                      std::size_t limit) {
  if (limit == 0 || limit > vault::max_scan_records) {
    return invalid_argument("a scan of secrets yields 1 to " + std::to_string(vault::max_scan_records) + " records");
  }
  const SecretAddress start = after.value_or(SecretAddress{});
  return database_.with_operator_read([&](ReadSession& session) -> Result<std::vector<vault::AddressedRecord>> {
    DOVETAIL_TRY(const auto rows, Query(session, scan_secrets, "scanning secrets")
                                      .bind(start.tenant)
                                      .bind(start.connection)
                                      .bind(start.name)
                                      .bind(key_id)
                                      .bind(match == vault::KeyMatch::sealed_with)
                                      .bind(static_cast<std::int64_t>(limit))
                                      .rows(6, {4}));
    std::vector<vault::AddressedRecord> records;
    records.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(const auto tenant, row.id<TenantTag>(0));
      DOVETAIL_TRY(const auto connection, row.id<ConnectionTag>(1));
      DOVETAIL_TRY(SecretRecord record, to_record(row, 3));
      records.push_back({{tenant, connection, row.text(2)}, std::move(record)});
    }
    return records;
  });
}

Result<std::vector<vault::KeyCount>> StoredSecretRecords::count_by_key() {
  return database_.with_operator_read([&](ReadSession& session) -> Result<std::vector<vault::KeyCount>> {
    DOVETAIL_TRY(const auto rows, Query(session, count_secrets, "counting secrets by key").rows(2));
    std::vector<vault::KeyCount> counts;
    counts.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(const std::int64_t secrets, row.integer(1));
      counts.push_back({row.text(0), secrets});
    }
    return counts;
  });
}

Result<std::optional<SealedSecret>> StoredSecretRecords::get_canary(std::string_view key_id) {
  return database_.with_operator_read([&](ReadSession& session) -> Result<std::optional<SealedSecret>> {
    DOVETAIL_TRY(const auto row, Query(session, select_canary, "reading a key's canary").bind(key_id).row(1, {0}));
    return row ? std::optional(SealedSecret{std::string(key_id), row->text(0)}) : std::nullopt;
  });
}

Status StoredSecretRecords::put_canary(const SealedSecret& canary) {
  DOVETAIL_TRY(const std::int64_t added, database_.with_operator_write([&](Transaction& transaction) {
    return Query(transaction, insert_canary, "storing a key's canary")
        .bind(canary.key_id)
        .bind_bytes(canary.bytes)
        .bind(database_.clock().now())
        .execute();
  }));
  return added == 1 ? Status() : Status(already_exists("key \"" + canary.key_id + "\" has a canary already"));
}

} // namespace dovetail::store

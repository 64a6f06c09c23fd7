// SPDX-License-Identifier: Apache-2.0
#include "core/store/connection_repository.hpp"

#include <array>
#include <utility>

#include "core/base/limits.hpp"
#include "core/store/connection_removal.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;

constexpr std::array<std::pair<ConnectionStatus, std::string_view>, 3> status_names = {
    {{ConnectionStatus::active, "active"},
     {ConnectionStatus::needs_reauth, "needs_reauth"},
     {ConnectionStatus::disabled, "disabled"}}};

constexpr Sql insert_connection =
    "INSERT INTO connection (tenant_id, connection_id, name, provider, config, base_url_variant, account_id, "
    "environment, status,"
    " status_reason, status_since, revision, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', '', $9, 1, $9, $9) ON CONFLICT (tenant_id, name) DO NOTHING";

constexpr std::size_t connection_columns = 13;
constexpr Sql select_by_id =
    "SELECT connection_id, name, provider, config, base_url_variant, account_id, environment, status, status_reason, "
    "status_since,"
    " revision, created_at, updated_at FROM connection WHERE tenant_id = $1 AND connection_id = $2";
constexpr Sql select_by_name = "SELECT connection_id, name, provider, config, base_url_variant, account_id, "
                               "environment, status, status_reason, status_since,"
                               " revision, created_at, updated_at FROM connection WHERE tenant_id = $1 AND name = $2";
constexpr Sql select_page = "SELECT connection_id, name, provider, config, base_url_variant, account_id, environment, "
                            "status, status_reason, status_since,"
                            " revision, created_at, updated_at FROM connection WHERE tenant_id = $1 AND name > $2 AND "
                            "($3 = '' OR provider = $3)"
                            " ORDER BY name LIMIT $4";

constexpr Sql update_connection =
    "UPDATE connection SET name = $1, config = $2, base_url_variant = $3, account_id = $4, environment = $5, revision "
    "= revision + 1,"
    " updated_at = $6 WHERE tenant_id = $7 AND connection_id = $8 AND provider = $9 AND revision = $10";
constexpr Sql update_status =
    "UPDATE connection SET status = $1, status_reason = $2, updated_at = $3,"
    " status_since = CASE WHEN status = $1 THEN status_since ELSE $3 END WHERE tenant_id = $4 AND connection_id = $5";

constexpr Sql require_sign_in_sql =
    "UPDATE connection SET status = 'needs_reauth', status_reason = $1, status_since = $2, updated_at = $2"
    " WHERE tenant_id = $3 AND connection_id = $4 AND status = 'active'";

constexpr std::size_t most_listed = 1000;
constexpr std::size_t max_provider_bytes = 64;
constexpr std::size_t max_label_bytes = 256;

Result<ConnectionRecord> to_record(const Row& row) {
  ConnectionRecord record;
  DOVETAIL_TRY(record.id, row.id<ConnectionTag>(0));
  record.settings = {row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)};
  const auto status = connection_status_from_name(row.text(7));
  if (!status) {
    return data_loss("connection " + std::to_string(record.id.value) + " has an unknown status in the database");
  }
  record.status = *status;
  record.status_reason = row.text(8);
  DOVETAIL_TRY(record.status_since, row.timestamp(9));
  DOVETAIL_TRY(record.revision, row.integer(10));
  DOVETAIL_TRY(record.created_at, row.timestamp(11));
  DOVETAIL_TRY(record.updated_at, row.timestamp(12));
  return record;
}

Result<std::optional<ConnectionRecord>> to_optional_record(const std::optional<Row>& row) {
  if (!row) {
    return std::optional<ConnectionRecord>();
  }
  DOVETAIL_TRY(ConnectionRecord record, to_record(*row));
  return std::optional<ConnectionRecord>(std::move(record));
}

Status check(const ConnectionSettings& settings) {
  DOVETAIL_TRY_STATUS(check_name("connection", settings.name));
  if (settings.provider.empty() || settings.provider.size() > max_provider_bytes) {
    return invalid_argument("a connection needs the key of a provider");
  }
  if (settings.config.size() > limits::max_config_bytes) {
    return invalid_argument("the config of connection \"" + settings.name + "\" is larger than " +
                            std::to_string(limits::max_config_bytes) + " bytes");
  }
  if (settings.base_url_variant.size() > max_label_bytes || settings.account_id.size() > max_label_bytes ||
      settings.environment.size() > max_label_bytes) {
    return invalid_argument("variant, account and environment of connection \"" + settings.name + "\" are at most " +
                            std::to_string(max_label_bytes) + " bytes each");
  }
  return {};
}

Error not_there(ConnectionId id) { return not_found("this tenant has no connection " + std::to_string(id.value)); }

Error account_taken(const ConnectionSettings& settings) {
  return already_exists("another connection of this tenant is connected to account \"" + settings.account_id +
                        "\" of " + settings.provider + " already: use or disable that one");
}

} // namespace

std::string_view to_string(ConnectionStatus status) noexcept {
  for (const auto& [value, name] : status_names) {
    if (value == status) {
      return name;
    }
  }
  return "";
}

std::optional<ConnectionStatus> connection_status_from_name(std::string_view name) noexcept {
  for (const auto& [value, known] : status_names) {
    if (known == name) {
      return value;
    }
  }
  return std::nullopt;
}

Result<ConnectionRecord> ConnectionRepository::add(const ConnectionSettings& settings) {
  DOVETAIL_TRY_STATUS(check(settings));
  const Timestamp now = std::chrono::floor<std::chrono::milliseconds>(scope_.database.clock().now());
  const ConnectionRecord record{.id = ConnectionId{ids_.next()},
                                .settings = settings,
                                .status = ConnectionStatus::active,
                                .status_reason = {},
                                .status_since = now,
                                .revision = 1,
                                .created_at = now,
                                .updated_at = now};
  const auto added = scope_.write([&](Transaction& transaction) {
    return Query(transaction, insert_connection, "adding a connection")
        .bind(scope_.tenant)
        .bind(record.id)
        .bind(settings.name)
        .bind(settings.provider)
        .bind(settings.config)
        .bind(settings.base_url_variant)
        .bind(settings.account_id)
        .bind(settings.environment)
        .bind(now)
        .execute();
  });
  if (!added.ok()) {
    return added.error().code == ErrorCode::already_exists ? account_taken(settings) : added.error();
  }
  if (*added == 0) {
    return already_exists("this tenant has a connection named \"" + settings.name + "\" already");
  }
  return record;
}

Result<std::optional<ConnectionRecord>> ConnectionRepository::get(ConnectionId id) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<ConnectionRecord>> {
    DOVETAIL_TRY(
        const auto row,
        Query(session, select_by_id, "reading a connection").bind(scope_.tenant).bind(id).row(connection_columns));
    return to_optional_record(row);
  });
}

Result<std::optional<ConnectionRecord>> ConnectionRepository::find(std::string_view name) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<ConnectionRecord>> {
    DOVETAIL_TRY(
        const auto row,
        Query(session, select_by_name, "reading a connection").bind(scope_.tenant).bind(name).row(connection_columns));
    return to_optional_record(row);
  });
}

Result<std::vector<ConnectionRecord>> ConnectionRepository::list(std::string_view provider, std::string_view after,
                                                                 std::size_t limit) {
  if (limit == 0 || limit > most_listed) {
    return invalid_argument("a list of connections has 1 to 1000 entries");
  }
  return scope_.read([&](ReadSession& session) -> Result<std::vector<ConnectionRecord>> {
    DOVETAIL_TRY(const auto rows, Query(session, select_page, "listing connections")
                                      .bind(scope_.tenant)
                                      .bind(after)
                                      .bind(provider)
                                      .bind(static_cast<std::int64_t>(limit))
                                      .rows(connection_columns));
    std::vector<ConnectionRecord> records;
    records.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(ConnectionRecord record, to_record(row));
      records.push_back(std::move(record));
    }
    return records;
  });
}

Result<std::int64_t> ConnectionRepository::update(ConnectionId id, std::int64_t expected_revision,
                                                  const ConnectionSettings& settings) {
  DOVETAIL_TRY_STATUS(check(settings));
  const auto changed = scope_.write([&](Transaction& transaction) -> Result<std::int64_t> {
    DOVETAIL_TRY(const auto row, Query(transaction, select_by_name, "reading a connection")
                                     .bind(scope_.tenant)
                                     .bind(settings.name)
                                     .row(connection_columns));
    if (row) {
      DOVETAIL_TRY(const ConnectionId other, row->id<ConnectionTag>(0));
      if (other != id) {
        return already_exists("this tenant has another connection named \"" + settings.name + "\"");
      }
    }
    return Query(transaction, update_connection, "changing a connection")
        .bind(settings.name)
        .bind(settings.config)
        .bind(settings.base_url_variant)
        .bind(settings.account_id)
        .bind(settings.environment)
        .bind(scope_.database.clock().now())
        .bind(scope_.tenant)
        .bind(id)
        .bind(settings.provider)
        .bind(expected_revision)
        .execute();
  });
  if (!changed.ok()) {
    return changed.error();
  }
  if (*changed == 1) {
    return expected_revision + 1;
  }
  DOVETAIL_TRY(const auto current, get(id));
  if (!current) {
    return not_there(id);
  }
  if (current->settings.provider != settings.provider) {
    return invalid_argument("the provider of a connection cannot change: add another connection");
  }
  return detail::superseded("connection \"" + current->settings.name +
                            "\" was changed by somebody else in between: read it again");
}

Status ConnectionRepository::set_status(ConnectionId id, ConnectionStatus status, std::string_view reason) {
  DOVETAIL_TRY(const std::int64_t changed, scope_.write([&](Transaction& transaction) {
    return Query(transaction, update_status, "changing a connection's status")
        .bind(to_string(status))
        .bind(reason.substr(0, limits::max_error_message_bytes))
        .bind(scope_.database.clock().now())
        .bind(scope_.tenant)
        .bind(id)
        .execute();
  }));
  return changed == 1 ? Status() : Status(not_there(id));
}

Result<bool> ConnectionRepository::require_sign_in(ConnectionId id, std::string_view reason) {
  DOVETAIL_TRY(const std::int64_t changed, scope_.write([&](Transaction& transaction) {
    return Query(transaction, require_sign_in_sql, "changing a connection's status")
        .bind(reason.substr(0, limits::max_error_message_bytes))
        .bind(scope_.database.clock().now())
        .bind(scope_.tenant)
        .bind(id)
        .execute();
  }));
  if (changed == 1) {
    return true;
  }
  DOVETAIL_TRY(const auto present, get(id));
  return present ? Result<bool>(false) : not_there(id);
}

Result<ConnectionRemoval> ConnectionRepository::remove(ConnectionId id, RowsOnRemoval rows) {
  DOVETAIL_TRY_STATUS(set_status(id, ConnectionStatus::disabled, "is being removed"));
  return detail::remove_connection(scope_, id, rows);
}

} // namespace dovetail::store

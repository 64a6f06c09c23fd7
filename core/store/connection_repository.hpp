// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

/// `needs_reauth`: the provider refused its credentials; an admin must act (AUTH-4). `disabled`: nothing runs until it is made active.
enum class ConnectionStatus : std::uint8_t { active, needs_reauth, disabled };
[[nodiscard]] std::string_view to_string(ConnectionStatus status) noexcept;
[[nodiscard]] std::optional<ConnectionStatus> connection_status_from_name(std::string_view name) noexcept;

/// What a person says about a connection.
struct ConnectionSettings {
  std::string name{}; ///< unique in the tenant; obeys check_name
  std::string provider{};
  std::string config =
      "{}"; ///< a JSON object, checked against the provider's schema by the caller; at most limits::max_config_bytes
  std::string base_url_variant{};
  /// The provider's company or account and the environment in it, where they are known: with them, a tenant has at most one connection that is not
  /// disabled (AUTH-6).
  std::string account_id{};
  std::string environment{};
};

struct ConnectionRecord {
  ConnectionId id;
  ConnectionSettings settings;
  ConnectionStatus status = ConnectionStatus::active;
  std::string status_reason; ///< for people; empty when active
  Timestamp status_since;
  std::int64_t revision = 1; ///< grows with each change of the settings
  Timestamp created_at;
  Timestamp updated_at;
};

/// What becomes of a connection's rows in the local models when it is removed.
enum class RowsOnRemoval : std::uint8_t { keep, remove };

struct ConnectionRemoval {
  std::int64_t links = 0; ///< external links removed
  std::int64_t rows = 0;  ///< rows of local models removed
};

/// A tenant's connections. Thread-safe.
class ConnectionRepository {
public:
  ConnectionRepository(TenantScope scope, IdGenerator& ids) : scope_(scope), ids_(ids) {}

  /// Errors: invalid_argument (name, bounds); already_exists (name, or an account that is connected already); failed_precondition (no such
  /// tenant).
  [[nodiscard]] Result<ConnectionRecord> add(const ConnectionSettings& settings);
  /// nullopt when this tenant has none of that id or name.
  [[nodiscard]] Result<std::optional<ConnectionRecord>> get(ConnectionId id);
  [[nodiscard]] Result<std::optional<ConnectionRecord>> find(std::string_view name);
  /// Up to `limit` (1 to 1000) connections with names behind `after`, sorted by name; only those of `provider` unless it is empty.
  [[nodiscard]] Result<std::vector<ConnectionRecord>> list(std::string_view provider = {}, std::string_view after = {},
                                                           std::size_t limit = 1000);
  /// Replaces the settings (the provider cannot change) and returns the new revision. Errors: aborted when the connection is not at
  /// `expected_revision` any more, not_found, and those of add().
  [[nodiscard]] Result<std::int64_t> update(ConnectionId id, std::int64_t expected_revision,
                                            const ConnectionSettings& settings);
  /// Errors: not_found; already_exists when it would become the second that uses its account.
  [[nodiscard]] Status set_status(ConnectionId id, ConnectionStatus status, std::string_view reason);
  /// Sets needs_reauth; false, and nothing changed, when the connection is not active. Errors: not_found.
  [[nodiscard]] Result<bool> require_sign_in(ConnectionId id, std::string_view reason);
  /// Disables the connection, then removes its secrets, sync states and links, and its rows where asked, in bounded transactions; what an
  /// interruption leaves is removed by calling it again. Jobs stay as history. Errors: not_found; failed_precondition while a job
  /// holds one of its objects.
  [[nodiscard]] Result<ConnectionRemoval> remove(ConnectionId id, RowsOnRemoval rows);

private:
  TenantScope scope_;
  IdGenerator& ids_;
};

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

// A connection made ready for calls into its plugin; only for the sources of SyncService.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/sync/connection_session.hpp"
#include "core/sync/sync_service.hpp"

namespace dovetail::sync {

/// For calls that are not about pages.
class NoState final : public plugin::StateReader {
public:
  [[nodiscard]] Result<std::string> get(std::string_view /*key*/) override { return std::string(); }
};

struct SyncService::Ready {
  Ready(const store::TenantRecord& of_tenant, const store::ConnectionRecord& of_connection,
        const manifest::Manifest& of_provider, manifest::Connection resolved_connection)
      : tenant(of_tenant), connection(of_connection), provider(of_provider), resolved(std::move(resolved_connection)) {}

  const store::TenantRecord& tenant;
  const store::ConnectionRecord& connection;
  const manifest::Manifest& provider;
  manifest::Connection resolved;
  std::string config;
  std::string settings;
  plugin::Plugin* plugin = nullptr;
  NoState no_state;
  std::unique_ptr<ConnectionSession> session;
};

} // namespace dovetail::sync

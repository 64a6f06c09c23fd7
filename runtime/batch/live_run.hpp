// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "core/store/connection_repository.hpp"
#include "core/store/tenant_repository.hpp"
#include "core/sync/sync_service.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/secret_backend.hpp"
#include "runtime/batch/plan.hpp"

namespace dovetail::batch {

/// What came of one account file.
struct LiveOutcome {
  bool tenant_made = false;
  bool connection_made = false;
  bool connection_changed = false; ///< settings, secrets, or active again
  bool tokens_written = false;     ///< renewed tokens are in the file now
  std::vector<sync::ObjectReport> objects;
  /// Why nothing was synced, or why renewed tokens are not in the file. The objects' own errors stand with them.
  std::optional<Error> error;

  [[nodiscard]] bool ok() const noexcept;
};

struct LiveParts {
  store::Database& database;
  IdGenerator& ids;
  Clock& clock;
  Redactor& redactor;
  vault::SecureRandom& random;
  vault::SecretBackend& secrets;
  sync::SyncService& service;
  manifest::Environment environment;
  sync::SyncOptions options;
};

/// Carries out a plan: tenant, connection and secrets are made or changed where they differ, the objects are synced, and renewed tokens go back into the
/// file, also those that an earlier run left behind (SYNC-15). A secret that nobody gave ends it before any call.
[[nodiscard]] LiveOutcome run_live(const LiveParts& parts, const Plan& plan, const std::stop_token& stop,
                                   sync::ProgressListener* progress);

} // namespace dovetail::batch

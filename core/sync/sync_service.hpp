// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/http/client.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/manifest/connection.hpp"
#include "core/manifest/registry.hpp"
#include "core/model/registry.hpp"
#include "core/oauth/token_manager.hpp"
#include "core/plugin/plugin_host.hpp"
#include "core/store/connection_repository.hpp"
#include "core/store/database.hpp"
#include "core/store/model_table.hpp"
#include "core/store/tenant_repository.hpp"
#include "core/sync/account_fields.hpp"
#include "core/sync/connection_session.hpp"
#include "core/sync/match_file.hpp"
#include "core/sync/object_sync.hpp"
#include "core/sync/sync_options.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::sync {

/// An action that somebody wants done.
struct ActionCall {
  std::string_view action; ///< the action's key in the manifest
  std::string_view input;  ///< a JSON object that fits the manifest's schema of the action
  /// Names what is wanted: a second call with the same key does nothing more, it gives the outcome of the first. Empty: one is made.
  std::string_view idempotency_key = {};
};

/// What came of an action for which a job was made.
struct ActionOutcome {
  Status status;
  JobId job;
  std::string idempotency_key; ///< to be given when it is tried again
  std::string output;          ///< a JSON object without secrets; empty unless `status` is ok
  bool done_before = false;    ///< the output is that of an earlier call with this key
};

/// What a sync is put together from. All of it outlives the service.
struct SyncParts {
  store::Database& database;
  IdGenerator& ids;
  Clock& clock;
  Logger& logger;
  Redactor& redactor;
  http::Client& client;
  limits::RateLimiter& limiter;
  plugin::PluginHost& plugins;
  const manifest::Registry& manifests;
  const model::ModelRegistry& models;
  vault::SecretBackend& secrets;
  std::vector<std::filesystem::path> plugin_directories;
  ObjectSyncTuning tuning = {};
};

/// Syncs connections, object by object, parents before their children. Thread-safe but for make(): calls for different connections may run side by side.
class SyncService {
public:
  /// Makes the tables of all local models fit their declarations. Errors: those of store::ensure_tables.
  [[nodiscard]] static Result<SyncService> make(SyncParts parts);

  /// Syncs the objects that `options` names (all, if none). One that fails does not keep the others from being tried, but the children of a parent that
  /// was never read have nothing to read. An Error instead of reports when nothing could begin: unknown provider or object,
  /// a plugin that is refused, a missing secret, a connection that is not active. When the provider refuses the credentials, the
  /// connection's status becomes needs_reauth, but in a dry run (AUTH-4).
  [[nodiscard]] Result<std::vector<ObjectReport>>
  sync_connection(const store::TenantRecord& tenant, const store::ConnectionRecord& connection,
                  const SyncOptions& options, const std::stop_token& stop, ProgressListener* progress);

  /// Reads all records of one object, writes nothing, and says which of them fit which rows that no record is linked to (SYNC-13).
  /// Errors: failed_precondition when the object has no match rules; resource_exhausted when there is too much to be looked
  /// at by a person; those of sync_connection and of the read.
  [[nodiscard]] Result<MatchReview> review_matches(const store::TenantRecord& tenant,
                                                   const store::ConnectionRecord& connection, std::string_view object,
                                                   const SyncOptions& options, const std::stop_token& stop,
                                                   ProgressListener* progress);

  /// The fields of an object that only this account has, as a mapping reads them (SYNC-2); nullopt when its manifest has no discovery. Errors: as
  /// discover().
  [[nodiscard]] Result<std::optional<AccountFields>> account_fields(const store::TenantRecord& tenant,
                                                                    const store::ConnectionRecord& connection,
                                                                    std::string_view object,
                                                                    const std::stop_token& stop);

  /// One minimal authenticated call (AUTH-5). A connection that needs to sign in again becomes active when it works, and an active one the
  /// contrary when the provider refuses its credentials.
  [[nodiscard]] Result<plugin::ConnectionTest> test_connection(const store::TenantRecord& tenant,
                                                               const store::ConnectionRecord& connection,
                                                               const std::stop_token& stop);

  /// The fields of an object that only this account knows, as its plugin tells them. Errors: not_found for an object that there is not;
  /// failed_precondition when its manifest or its plugin has no discovery; else as test_connection.
  [[nodiscard]] Result<std::vector<plugin::DiscoveredField>> discover(const store::TenantRecord& tenant,
                                                                      const store::ConnectionRecord& connection,
                                                                      std::string_view object,
                                                                      const std::stop_token& stop);

  /// Does something at the provider. The input is checked before anything is called. An Error instead of an outcome when no attempt began:
  /// unknown action, an input that does not fit, a connection that is not ready, and those of store::ActionJobs::begin.
  [[nodiscard]] Result<ActionOutcome> invoke_action(const store::TenantRecord& tenant,
                                                    const store::ConnectionRecord& connection, const ActionCall& call,
                                                    const std::stop_token& stop);

  /// Where the plugin of a provider lies: the first of the plugin directories that has its file. Errors: not_found, with the directories.
  [[nodiscard]] Result<std::filesystem::path> plugin_file(const manifest::Manifest& manifest) const;

private:
  /// A connection made ready for calls.
  struct Ready;

  SyncService(SyncParts parts, std::vector<store::TableSpec> tables);
  /// What a connection is made ready for: whether it must be active, and whether a refusal is stored.
  enum class Use : std::uint8_t { work, dry_run, test };
  /// Errors: failed_precondition when it is not active (for a test: when it is disabled); else those of prepare().
  [[nodiscard]] Result<std::unique_ptr<Ready>> make_ready(const store::TenantRecord& tenant,
                                                          const store::ConnectionRecord& connection, Use use,
                                                          const std::stop_token& stop);
  [[nodiscard]] Result<std::unique_ptr<Ready>>
  prepare(const store::TenantRecord& tenant, const store::ConnectionRecord& connection, const std::stop_token& stop);
  /// The credentials that do not change, and access to those that do; the latter may say where the API is.
  [[nodiscard]] Status sign_in(Ready& ready, SessionOptions& session, const std::stop_token& stop);
  /// Sets needs_reauth after an error `unauthenticated`, unless the credentials were changed meanwhile (AUTH-4). `ready` may be null.
  void note_refusal(const store::TenantRecord& tenant, const store::ConnectionRecord& connection, const Ready* ready,
                    const Error& error);
  /// A plugin object for calls that are not about pages: it sees no state.
  [[nodiscard]] Result<std::unique_ptr<plugin::Instance>> make_instance(Ready& ready, std::string_view object,
                                                                        JobId job);
  [[nodiscard]] Result<std::unique_ptr<PageSource>> make_source(Ready& ready, const manifest::Object& object,
                                                                JobId job);
  /// nullopt when no account has fields of its own for the object.
  [[nodiscard]] Result<std::optional<AccountFields>> ask_account(Ready& ready, const manifest::Object& object,
                                                                 const std::stop_token& stop);
  /// Puts the mapping as it stands now into the task, or why that cannot be said. Outside of dry runs the account's fields are accepted where the mapping does
  /// not mind. Errors: those of the database.
  [[nodiscard]] Status find_mapping(Ready& ready, bool dry_run, const std::stop_token& stop, ObjectTask& task);
  [[nodiscard]] Result<ObjectTask> make_task(Ready& ready, const manifest::Object& object,
                                             DryRunParents* dry_run_parents, const std::stop_token& stop);
  /// What counts for each object of the connection that somebody made a rule for, by object.
  [[nodiscard]] Result<std::map<std::string, Result<ObjectRule>>> rules_of(const Ready& ready) const;

  /// Runs one object's job; what comes of it is in `report`. An Error: it could not begin.
  [[nodiscard]] Status sync_object(Ready& ready, const std::string& key,
                                   const std::map<std::string, Result<ObjectRule>>& rules, const SyncOptions& options,
                                   DryRunParents& dry_run_parents, const std::stop_token& stop,
                                   ProgressListener* progress, ObjectReport& report);

  SyncParts parts_;
  std::vector<store::TableSpec> tables_;
  std::unique_ptr<oauth::TokenManager> tokens_;
};

} // namespace dovetail::sync

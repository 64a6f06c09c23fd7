// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/http/client.hpp"
#include "core/http/resolver.hpp"
#include "core/http/transport.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/manifest/registry.hpp"
#include "core/model/registry.hpp"
#include "core/plugin/plugin_host.hpp"
#include "core/store/connection_repository.hpp"
#include "core/store/database.hpp"
#include "core/store/model_table.hpp"
#include "core/store/secret_records.hpp"
#include "core/store/tenant_repository.hpp"
#include "core/sync/sync_service.hpp"
#include "core/vault/secret_service.hpp"
#include "core/vault/vault_start.hpp"
#include "runtime/cli/console.hpp"
#include "runtime/cli/limit_keeper.hpp"
#include "runtime/cli/secret_backends.hpp"

namespace dovetail::cli {

/// The options that every verb has.
struct GlobalOptions {
  std::filesystem::path data_dir;
  std::string database;                   ///< path or URL; empty: dovetail.db in the data directory
  std::vector<std::string> plugin_dirs;   ///< empty: beside the program
  std::vector<std::string> manifest_dirs; ///< empty: beside the program, or the source tree's
  std::string ca_file; ///< certificate authorities that are trusted besides the system's; empty: none
  std::string log_level = "warning";
  std::string log_file;
  std::string color = "auto";
  SecretBackendOptions secrets;
};

/// The parts of the program, put together: each is made when it is first asked for, so that a verb needs no more than it uses. Parts live as
/// long as the App. Used by one thread.
class App {
public:
  /// `taken` is what was taken out of the environment. `options` has its defaults filled in (see program.cpp).
  App(GlobalOptions options, TakenSecrets taken);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  App(App&&) = delete;
  App& operator=(App&&) = delete;

  [[nodiscard]] Console& console() noexcept { return console_; }
  [[nodiscard]] Redactor& redactor() noexcept { return redactor_; }
  [[nodiscard]] Clock& clock() noexcept { return clock_; }
  [[nodiscard]] Random& random() noexcept { return random_; }
  [[nodiscard]] IdGenerator& ids() noexcept { return ids_; }
  [[nodiscard]] Logger& logger() noexcept { return *logger_; }
  [[nodiscard]] vault::SecureRandom& secure_random() noexcept { return secure_random_; }
  [[nodiscard]] const std::filesystem::path& data_dir() const noexcept { return options_.data_dir; }
  [[nodiscard]] const std::vector<std::filesystem::path>& plugin_directories() const noexcept {
    return plugin_directories_;
  }

  /// The data directory, made for its owner alone when it is missing.
  [[nodiscard]] Status prepare_data_dir() const;
  /// A file's path in the options as the database names it.
  [[nodiscard]] std::string database_location() const;

  /// The database with its schema brought up to date.
  [[nodiscard]] Result<store::Database*> database();
  /// The manifests; what is wrong with single ones is told on standard error, once.
  [[nodiscard]] Result<const manifest::Registry*> providers();
  [[nodiscard]] Result<const model::ModelRegistry*> models();
  /// The database, in which every local model has its table.
  [[nodiscard]] Result<store::Database*> database_with_models();
  [[nodiscard]] Result<plugin::PluginHost*> plugin_host();
  /// Checked against the database (VAULT-3); a ring must be set. `tolerate_missing_keys` counts on the first call.
  [[nodiscard]] Result<vault::Vault*> vault(bool tolerate_missing_keys);
  [[nodiscard]] Result<vault::SecretRecords*> secret_records();
  /// The backend that the options name; the built-in one needs the vault.
  [[nodiscard]] Result<vault::SecretBackend*> secrets(bool tolerate_missing_keys);
  /// Whether secrets lie in the vault, and whether they can be stored at all.
  [[nodiscard]] bool has_builtin_secrets() const noexcept { return options_.secrets.backend == "builtin"; }
  [[nodiscard]] bool has_read_only_secrets() const noexcept { return options_.secrets.backend == "environment"; }
  /// The names of a connection's secrets; needs no vault.
  [[nodiscard]] Result<std::vector<std::string>> secret_names(TenantId tenant, ConnectionId connection);
  /// Everything that a sync needs: the vault must be in order, the rate limits of the last run are taken over.
  [[nodiscard]] Result<sync::SyncService*> sync_service();

  /// Errors (not_found) say how to make one or which there are.
  [[nodiscard]] Result<store::TenantRecord> tenant(std::string_view name);
  /// The one of that name, or all of them when it is empty.
  [[nodiscard]] Result<std::vector<store::TenantRecord>> tenants(std::string_view name);
  [[nodiscard]] Result<store::ConnectionRecord> connection(const store::TenantRecord& tenant, std::string_view name);
  [[nodiscard]] Result<const manifest::Manifest*> provider(std::string_view key);
  /// Where the file of a provider's plugin lies; nullopt when it is in none of the plugin directories.
  [[nodiscard]] std::optional<std::filesystem::path> plugin_file(std::string_view name) const;

private:
  [[nodiscard]] Result<http::Client*> http_client();

  const GlobalOptions options_;
  TakenSecrets taken_;
  const std::vector<std::filesystem::path> plugin_directories_;
  const std::vector<std::filesystem::path> manifest_directories_;
  SystemClock clock_;
  SystemRandom random_;
  vault::SystemSecureRandom secure_random_;
  Redactor redactor_;
  Console console_;
  IdGenerator ids_;
  std::unique_ptr<Logger> logger_;

  std::unique_ptr<store::Database> database_;
  bool model_tables_ready_ = false;
  std::optional<manifest::Registry> providers_;
  std::optional<model::ModelRegistry> models_;
  std::unique_ptr<plugin::PluginHost> plugin_host_;
  std::optional<store::StoredSecretRecords> secret_records_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<vault::SecretBackend> secrets_;
  std::optional<limits::RateLimiter> limiter_;
  std::optional<LimitKeeper> limit_keeper_;
  std::unique_ptr<http::Resolver> resolver_;
  std::unique_ptr<http::HttpTransport> transport_;
  std::optional<http::Client> client_;
  std::optional<sync::SyncService> sync_service_;
};

/// The program's own file.
[[nodiscard]] std::filesystem::path program_file();
/// $XDG_DATA_HOME/dovetail or ~/.local/share/dovetail; empty when neither variable is set.
[[nodiscard]] std::filesystem::path usual_data_dir();
/// $XDG_CONFIG_HOME/dovetail/config.toml or ~/.config/dovetail/config.toml; empty when neither variable is set.
[[nodiscard]] std::filesystem::path usual_config_file();

} // namespace dovetail::cli

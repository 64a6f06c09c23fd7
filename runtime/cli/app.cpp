// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/app.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <map>

#include <sys/stat.h>

#include <fmt/format.h>

#include "core/http/socket_transport.hpp"

namespace dovetail::cli {
namespace {

namespace fs = std::filesystem;

fs::path from_environment(const char* variable) {
  const char* value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): before threads start
  return value == nullptr ? fs::path() : fs::path(value);
}

fs::path usual_place(const char* variable, const char* below_home) {
  // The XDG specification has relative paths ignored.
  if (fs::path base = from_environment(variable); base.is_absolute()) {
    return base / "dovetail";
  }
  const fs::path home = from_environment("HOME");
  return home.empty() ? fs::path() : home / below_home / "dovetail";
}

std::vector<fs::path> to_paths(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

std::vector<fs::path> plugin_directories(const GlobalOptions& options) {
  if (!options.plugin_dirs.empty()) {
    return to_paths(options.plugin_dirs);
  }
  return {program_file().parent_path().parent_path() / "lib" / "dovetail" / "plugins"};
}

std::vector<fs::path> manifest_directories(const GlobalOptions& options) {
  if (!options.manifest_dirs.empty()) {
    return to_paths(options.manifest_dirs);
  }
  const fs::path prefix = program_file().parent_path().parent_path();
  const fs::path installed = prefix / "share" / "dovetail" / "manifests";
  // <source>/build/<preset> is the prefix of a program that was built and not installed.
  const fs::path source = prefix.parent_path().parent_path() / "manifests";
  std::error_code ignored;
  return {!fs::is_directory(installed, ignored) && fs::is_directory(source, ignored) ? source : installed};
}

ColorMode color_mode(std::string_view name) {
  return name == "always" ? ColorMode::always : name == "never" ? ColorMode::never : ColorMode::automatic;
}

LogLevel log_level(std::string_view name) {
  return name == "debug"   ? LogLevel::debug
         : name == "info"  ? LogLevel::info
         : name == "error" ? LogLevel::error
                           : LogLevel::warning;
}

Status make_private_directory(const fs::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) == 0) {
    return S_ISDIR(status.st_mode) ? Status()
                                   : failed_precondition(fmt::format("{} is no directory", directory.string()));
  }
  if (directory.has_parent_path() && directory.parent_path() != directory) {
    DOVETAIL_TRY_STATUS(make_private_directory(directory.parent_path()));
  }
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return unavailable(fmt::format("the directory {} cannot be made: {}. Choose another one with --data-dir",
                                   directory.string(), std::generic_category().message(errno)));
  }
  return {};
}

} // namespace

fs::path program_file() {
  std::error_code error;
  const fs::path file = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : file;
}

fs::path usual_data_dir() { return usual_place("XDG_DATA_HOME", ".local/share"); }

fs::path usual_config_file() {
  const fs::path folder = usual_place("XDG_CONFIG_HOME", ".config");
  return folder.empty() ? folder : folder / "config.toml";
}

App::App(GlobalOptions options, TakenSecrets taken)
    : options_(std::move(options)), taken_(std::move(taken)), plugin_directories_(cli::plugin_directories(options_)),
      manifest_directories_(manifest_directories(options_)),
      console_(std::cout, std::cerr, redactor_, standard_streams(color_mode(options_.color))), ids_(clock_, random_),
      logger_(make_logger_beside(
          make_logger({.level = log_level(options_.log_level), .file = options_.log_file}, redactor_, clock_),
          console_.status_line())) {}

App::~App() = default;

Status App::prepare_data_dir() const {
  if (options_.data_dir.empty()) {
    return failed_precondition("there is no place for the data: HOME is not set. Name a directory with --data-dir");
  }
  return make_private_directory(fs::absolute(options_.data_dir));
}

std::string App::database_location() const {
  return options_.database.empty() ? (options_.data_dir / "dovetail.db").string() : options_.database;
}

Result<store::Database*> App::database() {
  if (!database_) {
    DOVETAIL_TRY_STATUS(prepare_data_dir());
    DOVETAIL_TRY(database_, store::Database::open({.location = database_location()}, clock_, random_, *logger_));
  }
  return database_.get();
}

Result<const manifest::Registry*> App::providers() {
  if (!providers_) {
    DOVETAIL_TRY(providers_, manifest::Registry::load(manifest_directories_));
    for (const auto& problem : providers_->errors()) {
      console_.note(fmt::format("dovetail: this manifest is left out: {}", problem.text()));
    }
    for (const auto& warning : providers_->warnings()) {
      console_.note(fmt::format("dovetail: {}", warning.text()));
    }
  }
  return &*providers_;
}

Result<const model::ModelRegistry*> App::models() {
  if (!models_) {
    std::vector<fs::path> directories;
    for (const fs::path& directory : manifest_directories_) {
      std::error_code ignored;
      if (fs::is_directory(directory / "models", ignored)) {
        directories.push_back(directory / "models");
      }
    }
    DOVETAIL_TRY(models_, model::ModelRegistry::load(directories));
    for (const std::string& problem : models_->errors()) {
      console_.note(fmt::format("dovetail: this local model is left out: {}", problem));
    }
  }
  return &*models_;
}

Result<store::Database*> App::database_with_models() {
  DOVETAIL_TRY(store::Database* const opened, database());
  if (!model_tables_ready_) {
    DOVETAIL_TRY(const manifest::Registry* const registry, providers());
    DOVETAIL_TRY(const model::ModelRegistry* const known, models());
    std::map<std::string, store::TableSpec> tables;
    for (const model::Model* model : known->all()) {
      tables[model->name].model = model;
    }
    for (const manifest::Manifest* provider : registry->all()) {
      for (const manifest::Object& object : provider->objects) {
        if (const auto table = tables.find(object.model); table != tables.end()) {
          table->second.match_by.insert(table->second.match_by.end(), object.match_by.begin(), object.match_by.end());
        }
      }
    }
    std::vector<store::TableSpec> specs;
    std::transform(tables.begin(), tables.end(), std::back_inserter(specs),
                   [](const auto& entry) { return entry.second; });
    DOVETAIL_TRY_STATUS(store::ensure_tables(*opened, specs));
    model_tables_ready_ = true;
  }
  return opened;
}

Result<plugin::PluginHost*> App::plugin_host() {
  if (!plugin_host_) {
    DOVETAIL_TRY_STATUS(prepare_data_dir());
    plugin::PluginHostOptions options;
    options.folder = options_.data_dir / "plugins";
    options.probe.program = program_file().parent_path() / "dovetail-plugin-host";
    plugin_host_ = std::make_unique<plugin::PluginHost>(std::move(options));
  }
  return plugin_host_.get();
}

Result<vault::SecretRecords*> App::secret_records() {
  if (!secret_records_) {
    DOVETAIL_TRY(store::Database* const opened, database());
    secret_records_.emplace(*opened);
  }
  return &*secret_records_;
}

Result<vault::Vault*> App::vault(bool tolerate_missing_keys) {
  if (!vault_) {
    DOVETAIL_TRY(vault::SecretRecords* const records, secret_records());
    DOVETAIL_TRY(vault_,
                 vault::start_vault(taken_.ring_text, *records, secure_random_,
                                    {.integrations_enabled = true, .tolerate_missing_keys = tolerate_missing_keys}));
  }
  return vault_.get();
}

Result<vault::SecretBackend*> App::secrets(bool tolerate_missing_keys) {
  if (!secrets_ && has_builtin_secrets()) {
    DOVETAIL_TRY(vault::Vault* const opened, vault(tolerate_missing_keys));
    secrets_ = std::make_unique<vault::SecretService>(*opened, *secret_records_);
  } else if (!secrets_) {
    DOVETAIL_TRY(store::Database* const opened, database());
    secrets_ = make_secret_backend(options_.secrets, std::move(taken_.variables), *opened, ids_);
  }
  return secrets_.get();
}

Result<std::vector<std::string>> App::secret_names(TenantId tenant, ConnectionId connection) {
  if (has_builtin_secrets()) {
    DOVETAIL_TRY(vault::SecretRecords* const records, secret_records());
    return records->names(tenant, connection);
  }
  DOVETAIL_TRY(vault::SecretBackend* const backend, secrets(true));
  return backend->names(tenant, connection);
}

Result<http::Client*> App::http_client() {
  if (!client_) {
    DOVETAIL_TRY(store::Database* const opened, database());
    http::SocketOptions sockets;
    sockets.extra_ca_file = options_.ca_file;
    DOVETAIL_TRY(sockets.proxy, http::ProxySettings::from_environment());
    resolver_ = http::make_system_resolver(clock_);
    DOVETAIL_TRY(transport_, http::make_socket_transport(sockets, *resolver_, clock_));
    limiter_.emplace(clock_);
    limit_keeper_.emplace(*limiter_, *opened, clock_, *logger_);
    client_.emplace(http::Client::Parts{.transport = *transport_,
                                        .limiter = *limiter_,
                                        .redactor = redactor_,
                                        .logger = *logger_,
                                        .clock = clock_,
                                        .random = random_});
  }
  return &*client_;
}

Result<sync::SyncService*> App::sync_service() {
  if (!sync_service_) {
    DOVETAIL_TRY(store::Database* const opened, database());
    DOVETAIL_TRY(vault::SecretBackend* const backend, secrets(false));
    DOVETAIL_TRY(const manifest::Registry* const registry, providers());
    DOVETAIL_TRY(const model::ModelRegistry* const known, models());
    DOVETAIL_TRY(plugin::PluginHost* const host, plugin_host());
    DOVETAIL_TRY(http::Client* const client, http_client());
    DOVETAIL_TRY(auto made, sync::SyncService::make({.database = *opened,
                                                     .ids = ids_,
                                                     .clock = clock_,
                                                     .logger = *logger_,
                                                     .redactor = redactor_,
                                                     .client = *client,
                                                     .limiter = *limiter_,
                                                     .plugins = *host,
                                                     .manifests = *registry,
                                                     .models = *known,
                                                     .secrets = *backend,
                                                     .plugin_directories = plugin_directories_}));
    sync_service_.emplace(std::move(made));
  }
  return &*sync_service_;
}

Result<store::TenantRecord> App::tenant(std::string_view name) {
  DOVETAIL_TRY(store::Database* const opened, database());
  DOVETAIL_TRY(auto found, store::TenantRepository(*opened, ids_).find(name));
  if (!found) {
    return not_found(fmt::format(
        "there is no tenant \"{0}\": `dovetail tenant list` shows those there are, `dovetail tenant add {0}` "
        "makes it",
        name));
  }
  return std::move(*found);
}

Result<std::vector<store::TenantRecord>> App::tenants(std::string_view name) {
  std::vector<store::TenantRecord> all;
  if (!name.empty()) {
    DOVETAIL_TRY(store::TenantRecord only, tenant(name));
    all.push_back(std::move(only));
    return all;
  }
  DOVETAIL_TRY(store::Database* const opened, database());
  store::TenantRepository repository(*opened, ids_);
  for (bool more = true; more;) {
    constexpr std::size_t page = 1000;
    DOVETAIL_TRY(std::vector<store::TenantRecord> next,
                 repository.list(all.empty() ? std::string() : all.back().name, page));
    more = next.size() == page;
    all.insert(all.end(), std::make_move_iterator(next.begin()), std::make_move_iterator(next.end()));
  }
  return all;
}

Result<store::ConnectionRecord> App::connection(const store::TenantRecord& tenant, std::string_view name) {
  DOVETAIL_TRY(store::Database* const opened, database());
  DOVETAIL_TRY(auto found, store::ConnectionRepository({*opened, tenant.id}, ids_).find(name));
  if (!found) {
    return not_found(fmt::format(
        "the tenant \"{0}\" has no connection \"{1}\": `dovetail connection list --tenant {0}` shows those there are",
        tenant.name, name));
  }
  return std::move(*found);
}

Result<const manifest::Manifest*> App::provider(std::string_view key) {
  DOVETAIL_TRY(const manifest::Registry* const registry, providers());
  const manifest::Manifest* const found = registry->find(key);
  if (found == nullptr) {
    return not_found(fmt::format("there is no provider \"{}\": `dovetail provider list` shows those there are", key));
  }
  return found;
}

std::optional<fs::path> App::plugin_file(std::string_view name) const {
  for (const fs::path& directory : plugin_directories_) {
    std::error_code ignored;
    if (fs::is_regular_file(directory / name, ignored)) {
      return directory / name;
    }
  }
  return std::nullopt;
}

} // namespace dovetail::cli

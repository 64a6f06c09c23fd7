// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/connection_add.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/limits.hpp"
#include "core/manifest/connection.hpp"
#include "core/vault/environment_secrets.hpp"
#include "core/vault/fernet_import.hpp"
#include "runtime/cli/config_text.hpp"
#include "runtime/cli/secret_sources.hpp"

namespace dovetail::cli {

void ConnectionAdd::declare(Options& options) {
  options.value("tenant", tenant_, "NAME", "Whose connection")->required();
  options.value("provider", provider_, "PROVIDER", "To which provider")->required();
  options.value("name", name_, "NAME", "What it is called; default: the provider's key");
  options.list("config", settings_, "KEY=VALUE",
               "A setting; may be repeated. The value is JSON or else text; a key may have dots");
  options.value("config-json", config_file_, "FILE", "Settings from a JSON file; - is standard input");
  options.value("variant", variant_, "KEY", "Which of the provider's places, as `provider show` lists them");
  options.list("secret-env", secret_variables_, "NAME=VARIABLE", "Take a secret from an environment variable");
  options.list("secret-file", secret_files_, "NAME=PATH", "Take a secret from a file; - is standard input");
  options.flag("replace", replace_, "If there is one of that name: change what is different");
}

Status ConnectionAdd::check() {
  if (name_.empty()) {
    name_ = provider_;
    std::replace(name_.begin(), name_.end(), '.', '-');
  }
  DOVETAIL_TRY_STATUS(check_name("connection", name_));
  DOVETAIL_TRY(variables_, parse_sources("secret-env", secret_variables_));
  DOVETAIL_TRY(files_, parse_sources("secret-file", secret_files_));
  for (const auto& [name, path] : files_) {
    if (variables_.count(name) != 0) {
      return invalid_argument(fmt::format("the secret {} is given twice, by --secret-env and by --secret-file", name));
    }
  }
  return {};
}

Result<ExitCode> ConnectionAdd::run(App& app) {
  DOVETAIL_TRY(const manifest::Manifest* const provider, app.provider(provider_));
  DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
  DOVETAIL_TRY(store::Database* const database, app.database());
  store::ConnectionRepository connections({*database, tenant.id}, app.ids());
  DOVETAIL_TRY(const std::optional<store::ConnectionRecord> present, connections.find(name_));
  DOVETAIL_TRY_STATUS(may_become(present));
  DOVETAIL_TRY(const std::string config, config_text(present));
  DOVETAIL_TRY(const json::Document document, json::Document::parse(config));
  const auto resolved = manifest::resolve_connection(*provider, document.root());
  if (!resolved.ok()) {
    return resolved.error().in(
        fmt::format("the config does not fit {} (`dovetail provider show {}` says what may stand there)",
                    provider->display_name, provider->provider_key));
  }
  DOVETAIL_TRY(const auto secrets, gather(app, tenant, present, *provider, *resolved));
  // Before anything is written: without the keys there is nowhere to put the secrets.
  vault::SecretBackend* backend = nullptr;
  if (!secrets.empty()) {
    DOVETAIL_TRY(backend, app.secrets(true));
  }
  const store::ConnectionSettings settings{.name = name_,
                                           .provider = provider_,
                                           .config = config,
                                           .base_url_variant = resolved->environment,
                                           .account_id = present ? present->settings.account_id : std::string(),
                                           .environment = resolved->environment};
  std::vector<std::string> changes;
  DOVETAIL_TRY(const ConnectionId id, put(connections, present, settings, changes));
  for (const auto& [name, secret] : secrets) {
    const auto outcome = vault::import_secret(*backend, {tenant.id, id, name}, secret, true);
    if (!outcome.ok()) {
      if (!present) {
        // Nobody asked for a connection that cannot sign in.
        static_cast<void>(connections.remove(id, store::RowsOnRemoval::keep).ok());
      }
      return outcome.error();
    }
    if (*outcome == vault::ImportOutcome::stored) {
      changes.push_back("secret " + name);
    }
  }
  if (present && present->status == store::ConnectionStatus::needs_reauth && !changes.empty()) {
    DOVETAIL_TRY_STATUS(connections.set_status(id, store::ConnectionStatus::active, ""));
    changes.emplace_back("active again");
  }
  const std::string place = fmt::format("connection {} of {} to {}", name_, tenant.name, provider->display_name);
  if (!present) {
    app.console().say(fmt::format("The {} is there now.", place));
  } else if (changes.empty()) {
    app.console().say(fmt::format("The {} is as it was.", place));
  } else {
    app.console().say(fmt::format("The {} was changed: {}.", place, fmt::join(changes, ", ")));
  }
  return ExitCode::ok;
}

Status ConnectionAdd::may_become(const std::optional<store::ConnectionRecord>& present) const {
  if (present && !replace_) {
    return already_exists(fmt::format(
        "the tenant \"{}\" has a connection \"{}\" already: change it with --replace, or choose another --name",
        tenant_, name_));
  }
  if (present && present->settings.provider != provider_) {
    return failed_precondition(
        fmt::format("the connection \"{}\" of \"{}\" belongs to the provider {}: choose another --name", name_, tenant_,
                    present->settings.provider));
  }
  return {};
}

// What is given is the whole config; where nothing is given, the present one stays.
Result<std::string> ConnectionAdd::config_text(const std::optional<store::ConnectionRecord>& present) const {
  ConfigText config;
  if (present && settings_.empty() && config_file_.empty()) {
    DOVETAIL_TRY_STATUS(config.add_object(present->settings.config));
  }
  if (!config_file_.empty()) {
    DOVETAIL_TRY(const Secret text, read_secret_file(config_file_, limits::max_config_bytes));
    DOVETAIL_TRY_STATUS(config.add_object(text.reveal()));
  }
  for (const std::string& setting : settings_) {
    DOVETAIL_TRY_STATUS(config.add_setting(setting));
  }
  if (!variant_.empty()) {
    config.set_text("environment", variant_);
  }
  return config.json();
}

Result<ConnectionId> ConnectionAdd::put(store::ConnectionRepository& connections,
                                        const std::optional<store::ConnectionRecord>& present,
                                        const store::ConnectionSettings& settings, std::vector<std::string>& changes) {
  if (!present) {
    DOVETAIL_TRY(const store::ConnectionRecord added, connections.add(settings));
    return added.id;
  }
  DOVETAIL_TRY(const json::Document before, json::Document::parse(present->settings.config));
  DOVETAIL_TRY(const json::Document after, json::Document::parse(settings.config));
  if (!(before.root() == after.root()) || present->settings.base_url_variant != settings.base_url_variant) {
    DOVETAIL_TRY([[maybe_unused]] const std::int64_t revision,
                 connections.update(present->id, present->revision, settings));
    changes.emplace_back("config");
  }
  return present->id;
}

Result<ConnectionAdd::NamedSecrets> ConnectionAdd::gather(App& app, const store::TenantRecord& tenant,
                                                          const std::optional<store::ConnectionRecord>& present,
                                                          const manifest::Manifest& provider,
                                                          const manifest::Connection& resolved) const {
  std::set<std::string, std::less<>> known;
  std::set<std::string, std::less<>> needed;
  for (const manifest::SecretSpec& spec : provider.secrets) {
    known.insert(spec.name);
    if (spec.required) {
      needed.insert(spec.name);
    }
  }
  for (const std::string& name : {resolved.auth->secret, resolved.auth->user_secret}) {
    if (resolved.auth->kind != manifest::AuthKind::none && resolved.auth->kind != manifest::AuthKind::oauth2 &&
        !name.empty()) {
      needed.insert(name);
      known.insert(name);
    }
  }
  NamedSecrets found;
  DOVETAIL_TRY_STATUS(read_given(app, known, found));
  std::set<std::string, std::less<>> stored;
  if (present) {
    DOVETAIL_TRY(const auto names, app.secret_names(tenant.id, present->id));
    stored.insert(names.begin(), names.end());
  }
  if (resolved.auth->kind == manifest::AuthKind::oauth2) {
    std::set<std::string, std::less<>> there = stored;
    for (const auto& [name, secret] : found) {
      there.insert(name);
    }
    need_tokens(provider, *resolved.auth, there, needed);
  }
  if (app.has_read_only_secrets()) {
    DOVETAIL_TRY_STATUS(tell_variables(app, needed, found));
    return found;
  }
  for (const std::string& name : needed) {
    if (found.count(name) == 0 && stored.count(name) == 0) {
      DOVETAIL_TRY(Secret secret, find_missing(app, provider, name));
      app.redactor().remember(secret);
      found.emplace(name, std::move(secret));
    }
  }
  return found;
}

// Tokens can be renewed with a refresh token and the app's id and secret; by client credentials, with the latter alone.
void ConnectionAdd::need_tokens(const manifest::Manifest& provider, const manifest::AuthMethod& auth,
                                const std::set<std::string, std::less<>>& there,
                                std::set<std::string, std::less<>>& needed) {
  using manifest::OAuthFlow;
  const bool grants = provider.oauth->has(OAuthFlow::client_credentials);
  const bool refreshes = provider.oauth->has(OAuthFlow::refresh_token);
  const std::string refresh_token(manifest::refresh_token_secret);
  if (!grants && there.count(refresh_token) == 0 && there.count(auth.secret) == 0) {
    needed.insert(refreshes ? refresh_token : auth.secret);
  }
  const bool renews = grants || there.count(refresh_token) != 0 || needed.count(refresh_token) != 0;
  for (const auto name : {manifest::client_id_secret, manifest::client_secret_secret}) {
    // An app's own variable is read whenever its tokens are renewed: no copy of it is stored.
    const auto* const spec = provider.find_secret(name);
    if (renews && spec != nullptr && (spec->env_key.empty() || !read_secret_variable(spec->env_key).ok())) {
      needed.emplace(name);
    }
  }
}

// With a read-only backend nothing is stored: the person is told where the secrets belong.
Status ConnectionAdd::tell_variables(App& app, const std::set<std::string, std::less<>>& needed,
                                     const NamedSecrets& found) const {
  if (!found.empty()) {
    return failed_precondition("secrets come from the environment (--secret-backend environment) and cannot be stored: "
                               "leave --secret-env and --secret-file out");
  }
  for (const std::string& name : needed) {
    const auto variable = vault::secret_variable({.tenant = tenant_, .connection = name_}, name);
    if (variable.ok()) {
      app.console().note(fmt::format("The secret \"{}\" is read from {}.", name, *variable));
    }
  }
  return {};
}

Status ConnectionAdd::read_given(App& app, const std::set<std::string, std::less<>>& known, NamedSecrets& found) const {
  const auto take = [&](const std::string& name, Result<Secret> secret) -> Status {
    if (known.count(name) == 0) {
      return invalid_argument(
          known.empty() ? fmt::format("{} has no secrets", provider_)
                        : fmt::format("{} has no secret of that name; it has: {}", provider_, fmt::join(known, ", ")));
    }
    if (!secret.ok()) {
      return std::move(secret).error().in(fmt::format("the secret \"{}\" cannot be had", name));
    }
    app.redactor().remember(*secret);
    found.emplace(name, std::move(secret).value());
    return {};
  };
  for (const auto& [name, variable] : variables_) {
    DOVETAIL_TRY_STATUS(take(name, read_secret_variable(variable)));
  }
  for (const auto& [name, path] : files_) {
    DOVETAIL_TRY_STATUS(take(name, read_secret_file(path)));
  }
  return {};
}

Result<Secret> ConnectionAdd::find_missing(App& app, const manifest::Manifest& provider, const std::string& name) {
  const auto spec = std::find_if(provider.secrets.begin(), provider.secrets.end(),
                                 [&](const auto& entry) { return entry.name == name; });
  const std::string variable = spec == provider.secrets.end() ? std::string() : spec->env_key;
  const std::string label = spec == provider.secrets.end() || spec->label.empty() ? name : spec->label;
  if (!variable.empty()) {
    if (auto secret = read_secret_variable(variable); secret.ok()) {
      app.console().note(fmt::format("{} is taken from {}.", label, variable));
      return secret;
    }
  }
  if (app.console().facts().input_is_terminal) {
    DOVETAIL_TRY(Secret secret, ask_secret(fmt::format("{} ({}): ", label, provider.display_name)));
    if (secret.empty()) {
      return invalid_argument(fmt::format("the secret {} is empty", name));
    }
    return secret;
  }
  // The Redactor takes what stands behind "token=" for a token: so no example with the name itself.
  return failed_precondition(fmt::format("the secret \"{}\" is missing: say where it is with --secret-env "
                                         "NAME=VARIABLE or --secret-file NAME=PATH{}, or run this "
                                         "at a terminal to be asked for it",
                                         name, variable.empty() ? std::string() : fmt::format(", set {}", variable)));
}

} // namespace dovetail::cli

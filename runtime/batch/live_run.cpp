// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/live_run.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/vault/fernet_import.hpp"
#include "runtime/batch/account_tokens.hpp"

namespace dovetail::batch {
namespace {

class LiveRun {
public:
  LiveRun(const LiveParts& parts, const Plan& plan, LiveOutcome& outcome)
      : parts_(parts), plan_(plan), outcome_(outcome) {}

  [[nodiscard]] Status run(const std::stop_token& stop, sync::ProgressListener* progress) {
    DOVETAIL_TRY(const store::TenantRecord tenant, put_tenant());
    store::ConnectionRepository connections({parts_.database, tenant.id}, parts_.ids);
    DOVETAIL_TRY(store::ConnectionRecord connection, put_connection(connections));
    const AccountTokens::Parts token_parts{.secrets = parts_.secrets,
                                           .redactor = parts_.redactor,
                                           .random = parts_.random,
                                           .environment = parts_.environment};
    AccountTokens tokens(token_parts, plan_, tenant.id, connection.id);
    DOVETAIL_TRY_STATUS(store_secrets(tokens, tenant.id, connection.id));
    DOVETAIL_TRY_STATUS(refuse_missing(tenant.id, connection.id));
    if (connection.status == store::ConnectionStatus::needs_reauth && outcome_.connection_changed) {
      DOVETAIL_TRY_STATUS(connections.set_status(connection.id, store::ConnectionStatus::active, ""));
      connection.status = store::ConnectionStatus::active;
    }
    sync::SyncOptions options = parts_.options;
    options.objects = plan_.provider->batch->objects;
    auto synced = parts_.service.sync_connection(tenant, connection, options, stop, progress);
    // Whatever came of the sync: tokens that were renewed for it are the only ones that still work.
    auto written = tokens.write_back(parts_.clock.now());
    outcome_.tokens_written = written.ok() && *written;
    if (!synced.ok()) {
      return std::move(synced).error();
    }
    outcome_.objects = std::move(synced).value();
    return written.ok() ? Status()
                        : Status(std::move(written).error().in(
                              "its renewed tokens could not be written into the file; the next run does it"));
  }

private:
  [[nodiscard]] Result<store::TenantRecord> put_tenant() {
    store::TenantRepository tenants(parts_.database, parts_.ids);
    DOVETAIL_TRY(auto present, tenants.find(plan_.tenant));
    if (present) {
      return std::move(*present);
    }
    outcome_.tenant_made = true;
    return tenants.add(plan_.tenant);
  }

  [[nodiscard]] Result<store::ConnectionRecord> put_connection(store::ConnectionRepository& connections) {
    const std::string& environment = plan_.resolved.environment;
    DOVETAIL_TRY(auto present, connections.find(plan_.connection));
    store::ConnectionSettings settings{.name = plan_.connection,
                                       .provider = plan_.provider->provider_key,
                                       .config = plan_.config,
                                       .base_url_variant = environment,
                                       .account_id = present ? present->settings.account_id : std::string(),
                                       .environment = environment};
    if (!present) {
      outcome_.connection_made = true;
      return connections.add(settings);
    }
    if (present->settings.provider != settings.provider) {
      return failed_precondition(fmt::format("the tenant \"{}\" has a connection \"{}\" to another provider, {}: "
                                             "remove it, or rename the file",
                                             plan_.tenant, plan_.connection, present->settings.provider));
    }
    DOVETAIL_TRY(const json::Document before, json::Document::parse(present->settings.config));
    DOVETAIL_TRY(const json::Document after, json::Document::parse(settings.config));
    if (before.root() == after.root() && present->settings.base_url_variant == environment) {
      return std::move(*present);
    }
    outcome_.connection_changed = true;
    DOVETAIL_TRY(present->revision, connections.update(present->id, present->revision, settings));
    present->settings = std::move(settings);
    return std::move(*present);
  }

  [[nodiscard]] Status store_secrets(AccountTokens& tokens, TenantId tenant, ConnectionId connection) {
    for (const PlannedSecret& secret : plan_.secrets) {
      const bool in_file = !secret.pointer.empty();
      if (in_file && tokens.is_token(secret.name)) {
        continue;
      }
      // An app's own variable is read whenever its tokens are renewed: no copy of it is stored.
      if (!in_file && plan_.renews_tokens() && !tokens.is_token(secret.name)) {
        continue;
      }
      DOVETAIL_TRY(const auto outcome,
                   vault::import_secret(parts_.secrets, {tenant, connection, secret.name}, secret.value, true));
      outcome_.connection_changed = outcome_.connection_changed || outcome == vault::ImportOutcome::stored;
    }
    DOVETAIL_TRY(const bool taken, tokens.take_from_file());
    outcome_.connection_changed = outcome_.connection_changed || taken;
    return {};
  }

  /// What the file lacks may be with the connection already: a person or a secret manager gave it.
  [[nodiscard]] Status refuse_missing(TenantId tenant, ConnectionId connection) {
    if (plan_.missing.empty()) {
      return {};
    }
    DOVETAIL_TRY(const std::vector<std::string> names, parts_.secrets.names(tenant, connection));
    std::vector<std::string> problems;
    for (const MissingSecret& missing : plan_.missing) {
      if (std::find(names.begin(), names.end(), missing.name) == names.end()) {
        problems.push_back(fmt::format("the secret \"{}\" is missing: {}", missing.name, missing.advice));
      }
    }
    return problems.empty() ? Status() : Status(failed_precondition(fmt::format("{}", fmt::join(problems, "; "))));
  }

  const LiveParts& parts_;
  const Plan& plan_;
  LiveOutcome& outcome_;
};

} // namespace

bool LiveOutcome::ok() const noexcept {
  return !error &&
         std::none_of(objects.begin(), objects.end(), [](const auto& report) { return report.error.has_value(); });
}

LiveOutcome run_live(const LiveParts& parts, const Plan& plan, const std::stop_token& stop,
                     sync::ProgressListener* progress) {
  LiveOutcome outcome;
  if (Status done = LiveRun(parts, plan, outcome).run(stop, progress); !done.ok()) {
    outcome.error = std::move(done).error();
  }
  return outcome;
}

} // namespace dovetail::batch

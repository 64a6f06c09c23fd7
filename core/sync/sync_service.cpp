// SPDX-License-Identifier: Apache-2.0
#include "core/sync/sync_service.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/http/url.hpp"
#include "core/json/document.hpp"
#include "core/mapping/hash.hpp"
#include "core/store/page_writer.hpp"
#include "core/store/rule_repository.hpp"
#include "core/sync/credentials.hpp"
#include "core/sync/object_order.hpp"
#include "core/sync/plugin_page_source.hpp"
#include "core/sync/ready_connection.hpp"

namespace dovetail::sync {

namespace {

std::vector<store::TableSpec> table_specs(const model::ModelRegistry& models, const manifest::Registry& manifests) {
  std::vector<store::TableSpec> tables;
  for (const auto* model : models.all()) {
    store::TableSpec table{.model = model, .match_by = {}};
    for (const auto* provider : manifests.all()) {
      for (const auto& object : provider->objects) {
        if (object.model == model->name) {
          table.match_by.insert(table.match_by.end(), object.match_by.begin(), object.match_by.end());
        }
      }
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

} // namespace

SyncService::SyncService(SyncParts parts, std::vector<store::TableSpec> tables)
    : parts_(std::move(parts)), tables_(std::move(tables)),
      tokens_(
          std::make_unique<oauth::TokenManager>(oauth::TokenParts{.client = parts_.client,
                                                                  .secrets = parts_.secrets,
                                                                  .redactor = parts_.redactor,
                                                                  .logger = parts_.logger,
                                                                  .clock = parts_.clock,
                                                                  .ids = parts_.ids,
                                                                  .environment = manifest::process_environment()})) {}

Result<SyncService> SyncService::make(SyncParts parts) {
  auto tables = table_specs(parts.models, parts.manifests);
  DOVETAIL_TRY_STATUS(store::ensure_tables(parts.database, tables));
  for (const auto* provider : parts.manifests.all()) {
    for (const auto& name : provider->pii) {
      parts.redactor.mark_name(name);
    }
  }
  return SyncService(std::move(parts), std::move(tables));
}

Result<std::filesystem::path> SyncService::plugin_file(const manifest::Manifest& manifest) const {
  std::string looked_in;
  for (const auto& directory : parts_.plugin_directories) {
    const auto file = directory / manifest.plugin.file;
    std::error_code problem;
    if (std::filesystem::exists(file, problem)) {
      return file;
    }
    looked_in += (looked_in.empty() ? "" : ", ") + directory.string();
  }
  return not_found(fmt::format("The plugin {} of the provider \"{}\" is in none of the plugin directories ({}). Put it "
                               "there, or name its directory with --plugin-dir.",
                               manifest.plugin.file, manifest.provider_key, looked_in));
}

Result<std::unique_ptr<SyncService::Ready>> SyncService::make_ready(const store::TenantRecord& tenant,
                                                                    const store::ConnectionRecord& connection, Use use,
                                                                    const std::stop_token& stop) {
  using State = store::ConnectionStatus;
  if (use == Use::test ? connection.status == State::disabled : connection.status != State::active) {
    return failed_precondition(fmt::format("The connection \"{}\" of tenant \"{}\" is {}: {}", connection.settings.name,
                                           tenant.name, store::to_string(connection.status), connection.status_reason));
  }
  auto ready = prepare(tenant, connection, stop);
  if (!ready.ok() && use != Use::dry_run) {
    note_refusal(tenant, connection, nullptr, ready.error());
  }
  return ready;
}

Result<std::unique_ptr<SyncService::Ready>> SyncService::prepare(const store::TenantRecord& tenant,
                                                                 const store::ConnectionRecord& connection,
                                                                 const std::stop_token& stop) {
  const std::string where = fmt::format("connection \"{}\" of tenant \"{}\"", connection.settings.name, tenant.name);
  const auto* provider = parts_.manifests.find(connection.settings.provider);
  if (provider == nullptr) {
    return not_found(
        fmt::format("The {} is to \"{}\", but no manifest of that provider is loaded. See `dovetail provider list`.",
                    where, connection.settings.provider));
  }
  DOVETAIL_TRY(const auto document, json::Document::parse(connection.settings.config));
  auto resolved = manifest::resolve_connection(*provider, document.root());
  if (!resolved.ok()) {
    return resolved.error().in("The config of the " + where);
  }
  auto ready = std::make_unique<Ready>(tenant, connection, *provider, std::move(*resolved));
  ready->config = ready->resolved.config.root().dump();
  ready->settings = provider->settings.exists() ? provider->settings.dump() : "{}";
  DOVETAIL_TRY(const auto file, plugin_file(*provider));
  const plugin::PluginSpec spec{.key = provider->provider_key,
                                .file = file,
                                .sha256 = provider->plugin.sha256,
                                .abi = plugin::AbiVersion{static_cast<std::uint16_t>(provider->plugin.abi_major),
                                                          static_cast<std::uint16_t>(provider->plugin.abi_minor)}};
  DOVETAIL_TRY(ready->plugin, parts_.plugins.load(spec));

  parts_.limiter.configure(provider->provider_key, ready->resolved.rate_limits);
  SessionOptions session;
  DOVETAIL_TRY_STATUS(sign_in(*ready, session, stop));
  session.base_url = ready->resolved.base_url;
  session.egress = ready->resolved.egress;
  session.limiter_key = {.provider = provider->provider_key, .tenant = tenant.id, .connection = connection.id};
  session.rate_limit_rules = provider->rate_limit_rules;
  for (const auto& header : ready->resolved.headers) {
    session.default_headers.push_back({.name = header.name, .value = header.value});
  }
  session.tenant = tenant.name;
  session.connection = connection.settings.name;
  ready->session = std::make_unique<ConnectionSession>(parts_.client, std::move(session));
  return ready;
}

Status SyncService::sign_in(Ready& ready, SessionOptions& session, const std::stop_token& stop) {
  auto& resolved = ready.resolved;
  DOVETAIL_TRY(session.credentials,
               load_credentials(resolved, parts_.secrets, ready.tenant.id, ready.connection.id, parts_.redactor));
  DOVETAIL_TRY(session.body_secret,
               load_body_secret(resolved, parts_.secrets, ready.tenant.id, ready.connection.id, parts_.redactor));
  if (resolved.auth->kind != manifest::AuthKind::oauth2) {
    return {};
  }
  session.tokens.emplace(TokenAccess{.manager = *tokens_,
                                     .account = {.tenant = ready.tenant.id,
                                                 .connection = ready.connection.id,
                                                 .tenant_name = ready.tenant.name,
                                                 .connection_name = ready.connection.settings.name,
                                                 .provider = &ready.provider,
                                                 .auth = resolved.auth,
                                                 .token_url = resolved.token_url,
                                                 .egress = resolved.egress}});
  DOVETAIL_TRY(const oauth::AccessToken token,
               tokens_->get_stored(session.tokens->account, {.stop = stop, .deadline = std::nullopt}));
  if (!token.base_url.empty()) {
    DOVETAIL_TRY(const auto url, http::Url::parse(token.base_url));
    resolved.base_url = token.base_url;
    resolved.egress.allowed.push_back(url.origin());
  }
  return {};
}

void SyncService::note_refusal(const store::TenantRecord& tenant, const store::ConnectionRecord& connection,
                               const Ready* ready, const Error& error) {
  if (error.code != ErrorCode::unauthenticated) {
    return;
  }
  if (ready != nullptr && !ready->session->options().tokens) {
    // Somebody may have given other credentials since this work began.
    const auto present = load_credentials(ready->resolved, parts_.secrets, tenant.id, connection.id, parts_.redactor);
    const auto& used = ready->session->options().credentials;
    const auto same = [](const http::SecretHeader& left, const http::SecretHeader& right) {
      return left.name == right.name && left.value == right.value;
    };
    if (present.ok() && !std::equal(present->begin(), present->end(), used.begin(), used.end(), same)) {
      return;
    }
  }
  constexpr std::string_view alarm = "Admin attention needed";
  const auto said = error.message.find(alarm);
  const std::string reason = said != std::string::npos
                                 ? error.message.substr(said)
                                 : fmt::format("{}: the provider refused the credentials: {}. Give new ones with "
                                               "`dovetail connection add --replace`.",
                                               alarm, error.message);
  const auto marked = store::ConnectionRepository({parts_.database, tenant.id}, parts_.ids)
                          .require_sign_in(connection.id, parts_.redactor.redact(reason));
  parts_.logger.error("admin attention needed", {{"tenant", tenant.name},
                                                 {"provider", connection.settings.provider},
                                                 {"connection", connection.settings.name},
                                                 {"reason", reason},
                                                 {"stored", marked.ok() ? "yes" : marked.error().message}});
}

Result<std::unique_ptr<PageSource>> SyncService::make_source(Ready& ready, const manifest::Object& object, JobId job) {
  const store::TenantScope scope{parts_.database, ready.tenant.id};
  ready.session->begin_object(object.key, job);
  // A writer of its own, because it is asked on the thread that fetches.
  const auto* model = parts_.models.find(object.model);
  store::ObjectTarget target;
  target.tenant = ready.tenant.id;
  target.connection = ready.connection.id;
  target.provider = ready.provider.provider_key;
  target.object = object.key;
  target.model = model;
  target.models = tables_;
  DOVETAIL_TRY(auto pages, store::PageWriter::make(parts_.database, parts_.ids, std::move(target)));
  // std::function wants what it holds to be copyable.
  auto known = std::make_shared<store::PageWriter>(std::move(pages));
  DOVETAIL_TRY(
      auto source,
      PluginPageSource::make({.plugin = *ready.plugin,
                              .session = *ready.session,
                              .clock = parts_.clock,
                              .logger = parts_.logger,
                              .redactor = parts_.redactor},
                             {.config = ready.config, .settings = ready.settings, .base_url = ready.resolved.base_url},
                             std::make_unique<StoredState>(scope, ready.connection.id, object.key),
                             [known](std::string_view page_key) { return known->known_page(page_key); },
                             {.tenant = ready.tenant.name,
                              .provider = ready.provider.provider_key,
                              .connection = ready.connection.settings.name,
                              .object = object.key,
                              .job = job.value}));
  return std::unique_ptr<PageSource>(std::move(source));
}

Result<ObjectTask> SyncService::make_task(Ready& ready, const manifest::Object& object, DryRunParents* dry_run_parents,
                                          const std::stop_token& stop) {
  ObjectTask task;
  task.tenant = ready.tenant.id;
  task.connection = ready.connection.id;
  task.manifest = &ready.provider;
  task.object = &object;
  task.model = parts_.models.find(object.model);
  if (task.model == nullptr) {
    return failed_precondition(fmt::format(
        "The object \"{}\" goes to the local model \"{}\", which is not there. Put its file into manifests/models.",
        object.key, object.model));
  }
  if (object.parent) {
    const auto* parent = ready.provider.find_object(object.parent->object);
    task.parent_model = parent == nullptr ? nullptr : parts_.models.find(parent->model);
    if (task.parent_model == nullptr) {
      return failed_precondition(fmt::format("The object \"{}\" is read below \"{}\", whose local model is not there.",
                                             object.key, object.parent->object));
    }
  }
  task.tables = tables_;
  task.overlap = ready.resolved.overlap_of(object);
  task.source = mapping::hash_text(ready.config, mapping::hash_text(ready.resolved.base_url));
  for (const auto& other : ready.provider.objects) {
    if (other.parent && other.parent->object == object.key) {
      if (other.parent->mode == manifest::ParentMode::changed) {
        task.children.push_back(other.key);
      }
      task.child_parents.emplace_back(other.key, *other.parent);
    }
  }
  task.make_source = [this, &ready, &object](JobId job) { return make_source(ready, object, job); };
  task.dry_run_parents = dry_run_parents;
  DOVETAIL_TRY_STATUS(find_mapping(ready, dry_run_parents != nullptr, stop, task));
  return task;
}

Result<std::map<std::string, Result<ObjectRule>>> SyncService::rules_of(const Ready& ready) const {
  DOVETAIL_TRY(const auto stored, store::RuleRepository({parts_.database, ready.tenant.id}).list(ready.connection.id));
  std::map<std::string, Result<ObjectRule>> rules;
  for (const auto& record : stored) {
    const auto* object = ready.provider.find_object(record.object);
    const auto* model = object == nullptr ? nullptr : parts_.models.find(object->model);
    if (model != nullptr) {
      rules.emplace(record.object, read_rule(record, {.provider = &ready.provider, .object = object, .model = model}));
    }
  }
  return rules;
}

Status SyncService::sync_object(Ready& ready, const std::string& key,
                                const std::map<std::string, Result<ObjectRule>>& rules, const SyncOptions& options,
                                DryRunParents& dry_run_parents, const std::stop_token& stop, ProgressListener* progress,
                                ObjectReport& report) {
  if (stop.stop_requested()) {
    return cancelled("The sync was cancelled before this object's turn.");
  }
  const auto found = rules.find(key);
  const ObjectRule* rule = nullptr;
  if (found != rules.end()) {
    if (!found->second.ok()) {
      return found->second.error();
    }
    rule = &*found->second;
    if (options.retry_of && (!rule->enabled || rule->dry_run)) {
      return failed_precondition(
          fmt::format("By its rule \"{}\" is {}, so a job of it is not run again: change the rule first.", key,
                      rule->enabled ? "only tried" : "left out"));
    }
    if (!rule->enabled) {
      report.left_out = true;
      return {};
    }
  }
  const bool dry_run = options.dry_run || (rule != nullptr && rule->dry_run);
  DOVETAIL_TRY(auto task,
               make_task(ready, *ready.provider.find_object(key), dry_run ? &dry_run_parents : nullptr, stop));
  if (rule != nullptr) {
    task.rule = *rule;
    task.on_stale_mapping = rule->on_stale_mapping;
  }
  ObjectSync engine({.database = parts_.database,
                     .ids = parts_.ids,
                     .clock = parts_.clock,
                     .logger = parts_.logger,
                     .redactor = parts_.redactor},
                    parts_.tuning);
  engine.run(task, options, stop, progress, report);
  return {};
}

Result<std::vector<ObjectReport>> SyncService::sync_connection(const store::TenantRecord& tenant,
                                                               const store::ConnectionRecord& connection,
                                                               const SyncOptions& options, const std::stop_token& stop,
                                                               ProgressListener* progress) {
  DOVETAIL_TRY(const auto ready, make_ready(tenant, connection, options.dry_run ? Use::dry_run : Use::work, stop));
  bool refused = false;
  std::vector<ObjectNode> nodes;
  for (const auto& object : ready->provider.objects) {
    nodes.push_back({.key = object.key, .parent = object.parent ? object.parent->object : ""});
  }
  DOVETAIL_TRY(const auto order, order_objects(nodes, options.objects));
  if (options.retry_of && (order.size() != 1 || options.dry_run)) {
    return invalid_argument("A job is run again for its own object, and not as a dry run.");
  }
  DOVETAIL_TRY(const auto rules, rules_of(*ready));
  DryRunParents dry_run_parents;
  std::vector<ObjectReport> reports;
  for (const auto& key : order) {
    ObjectReport report;
    report.tenant = tenant.name;
    report.provider = ready->provider.provider_key;
    report.connection = connection.settings.name;
    report.object = key;
    if (stop.stop_requested()) {
      report.error = cancelled("The sync was cancelled before this object's turn.");
    } else if (refused) {
      report.error = unauthenticated("It was not tried, as the provider refused the connection's credentials before.");
    } else {
      report.dry_run = options.dry_run;
      auto begun = sync_object(*ready, key, rules, options, dry_run_parents, stop, progress, report);
      if (!begun.ok()) {
        report.error = std::move(begun).error();
      }
    }
    if (report.error && report.error->code == ErrorCode::unauthenticated && !refused) {
      refused = true;
      if (!options.dry_run) {
        note_refusal(tenant, connection, ready.get(), *report.error);
      }
    }
    if (report.error) {
      parts_.logger.warning("an object was not synced", {{"tenant", tenant.name},
                                                         {"provider", report.provider},
                                                         {"connection", report.connection},
                                                         {"object", key},
                                                         {"job", report.job.value},
                                                         {"code", to_string(report.error->code)},
                                                         {"reason", report.error->message}});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<plugin::ConnectionTest> SyncService::test_connection(const store::TenantRecord& tenant,
                                                            const store::ConnectionRecord& connection,
                                                            const std::stop_token& stop) {
  DOVETAIL_TRY(const auto ready, make_ready(tenant, connection, Use::test, stop));
  DOVETAIL_TRY(const auto instance, make_instance(*ready, {}, {}));
  auto tested = instance->test_connection({.stop = stop, .deadline = std::nullopt});
  if (!tested.status.ok()) {
    note_refusal(tenant, connection, ready.get(), tested.status.error());
  } else if (connection.status == store::ConnectionStatus::needs_reauth) {
    DOVETAIL_TRY_STATUS(store::ConnectionRepository({parts_.database, tenant.id}, parts_.ids)
                            .set_status(connection.id, store::ConnectionStatus::active, ""));
  }
  return tested;
}

} // namespace dovetail::sync

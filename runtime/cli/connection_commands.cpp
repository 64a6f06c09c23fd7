// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/manifest/connection.hpp"
#include "core/store/sync_state_repository.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/connection_add.hpp"
#include "runtime/cli/output.hpp"

namespace dovetail::cli {
namespace {

/// What verbs on one connection have in common.
struct ConnectionOption {
  std::string tenant;
  std::string name;

  void declare(Options& options) {
    options.positional("NAME", name, "The connection")->required();
    options.value("tenant", tenant, "NAME", "Whose connection")->required();
  }
};

class ConnectionList final : public Command {
public:
  void declare(Options& options) override {
    options.value("tenant", tenant_, "NAME", "Only this tenant's; default: all");
    options.value("provider", provider_, "PROVIDER", "Only those to this provider");
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const auto tenants, app.tenants(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    const auto rows = app.console().rows(
        json_.format(),
        {{"tenant"}, {"connection"}, {"provider"}, {"environment"}, {"status"}, {"reason"}, {"since"}, {"updated_at"}});
    for (const store::TenantRecord& tenant : tenants) {
      store::ConnectionRepository connections({*database, tenant.id}, app.ids());
      std::string last;
      for (bool more = true; more;) {
        constexpr std::size_t page = 1000;
        DOVETAIL_TRY(const auto records, connections.list(provider_, last, page));
        for (const store::ConnectionRecord& record : records) {
          rows->row({tenant.name, record.settings.name, record.settings.provider,
                     text_cell(record.settings.base_url_variant), std::string(store::to_string(record.status)),
                     text_cell(app.console().redact(record.status_reason)), time_cell(record.status_since),
                     time_cell(record.updated_at)});
          last = record.settings.name;
        }
        more = records.size() == page;
      }
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  std::string tenant_;
  std::string provider_;
  JsonOption json_;
};

class ConnectionShow final : public Command {
public:
  void declare(Options& options) override {
    which_.declare(options);
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(which_.tenant));
    DOVETAIL_TRY(const store::ConnectionRecord record, app.connection(tenant, which_.name));
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(const auto names, app.secret_names(tenant.id, record.id));
    DOVETAIL_TRY(const auto states, store::SyncStateRepository({*database, tenant.id}).list(record.id));
    DOVETAIL_TRY(const json::Document config, json::Document::parse(record.settings.config));
    if (json_.json) {
      show_json(app, tenant, record, names, states, config.root());
    } else {
      show(app, tenant, record, names, states, config.root());
    }
    return ExitCode::ok;
  }

private:
  static void show_json(App& app, const store::TenantRecord& tenant, const store::ConnectionRecord& record,
                        const std::vector<std::string>& secrets, const std::vector<store::SyncState>& states,
                        const json::Value& config) {
    json::Writer writer(json::Layout::pretty);
    const auto time = [&writer](std::string_view name, const std::optional<Timestamp>& value) {
      writer.key(name);
      value ? writer.value(format_iso8601(*value)) : writer.null();
    };
    writer.begin_object();
    writer.member("tenant", tenant.name).member("connection", record.settings.name).member("id", id_text(record.id));
    writer.member("provider", record.settings.provider).member("environment", record.settings.base_url_variant);
    writer.member("status", store::to_string(record.status)).member("reason", record.status_reason);
    time("since", record.status_since);
    writer.member("revision", record.revision);
    time("created_at", record.created_at);
    time("updated_at", record.updated_at);
    writer.member("config", config);
    writer.key("secrets").begin_array();
    for (const std::string& name : secrets) {
      writer.value(name);
    }
    writer.end_array();
    writer.key("objects").begin_array();
    for (const store::SyncState& state : states) {
      writer.begin_object().member("object", state.object);
      time("high_water", state.high_water);
      time("completed_at", state.completed_at);
      time("full_completed_at", state.full_completed_at);
      writer.member("open_pass", state.pass_mode.has_value()).member("pass_pages", state.pass_pages);
      writer.member("resync_required", state.resync_required).end_object();
    }
    writer.end_array().end_object();
    app.console().say_json(std::move(writer));
  }

  static void show(App& app, const store::TenantRecord& tenant, const store::ConnectionRecord& record,
                   const std::vector<std::string>& secrets, const std::vector<store::SyncState>& states,
                   const json::Value& config) {
    Console& console = app.console();
    const auto line = [&console](std::string_view name, const std::string& value) {
      console.say(fmt::format("{:<13}{}", name, value));
    };
    line("Connection", fmt::format("{} of {}", record.settings.name, tenant.name));
    line("Provider",
         fmt::format("{}{}{}", record.settings.provider, record.settings.base_url_variant.empty() ? "" : ", ",
                     record.settings.base_url_variant));
    line("Status", fmt::format("{} since {}{}{}", store::to_string(record.status), format_iso8601(record.status_since),
                               record.status_reason.empty() ? "" : ": ", record.status_reason));
    line("Changed", format_iso8601(record.updated_at));
    for (const auto& [name, value] : config.members()) {
      line("Config", fmt::format("{} = {}", name, app.redactor().redact_value(name, value.dump())));
    }
    for (const std::string& name : secrets) {
      line("Secret", fmt::format("{} is stored", name));
    }
    if (states.empty()) {
      console.say("Nothing was synced yet.");
      return;
    }
    console.say("");
    const auto rows =
        console.rows(Format::table, {{"object"}, {"complete_at"}, {"high_water"}, {"unfinished_pages", true}});
    for (const store::SyncState& state : states) {
      rows->row({state.object, time_cell(state.completed_at), time_cell(state.high_water),
                 state.pass_mode ? Cell(state.pass_pages) : Cell(nullptr)});
    }
    rows->finish();
  }

  ConnectionOption which_;
  JsonOption json_;
};

class ConnectionRemove final : public Command {
public:
  void declare(Options& options) override {
    which_.declare(options);
    options.value("rows", rows_, "WHAT", "What becomes of the rows that it filled: keep or remove")
        ->check(CLI::IsMember({"keep", "remove"}))
        ->capture_default_str();
    options.flag("yes", yes_, "Do not ask");
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(which_.tenant));
    DOVETAIL_TRY(const store::ConnectionRecord record, app.connection(tenant, which_.name));
    if (!yes_) {
      if (!app.console().facts().input_is_terminal) {
        return failed_precondition(
            "removing a connection removes its secrets and what it has synced so far: say so with --yes");
      }
      DOVETAIL_TRY(const bool agreed,
                   ask_yes(fmt::format("Remove the connection {} of {} with its secrets{}? Type yes: ",
                                       record.settings.name, tenant.name, rows_ == "remove" ? " and its rows" : "")));
      if (!agreed) {
        return cancelled("nothing was removed");
      }
    }
    DOVETAIL_TRY_STATUS(remove_secrets(app, tenant, record));
    // Model tables that do not exist yet hold no rows of it, but the removal names them all.
    DOVETAIL_TRY(store::Database* const database, app.database_with_models());
    DOVETAIL_TRY(const store::ConnectionRemoval removed,
                 store::ConnectionRepository({*database, tenant.id}, app.ids())
                     .remove(record.id, rows_ == "remove" ? store::RowsOnRemoval::remove : store::RowsOnRemoval::keep));
    app.console().say(fmt::format("The connection {} of {} is removed, with {} links and {} rows.",
                                  record.settings.name, tenant.name, removed.links, removed.rows));
    return ExitCode::ok;
  }

private:
  // The vault's go with the connection's rows; what another program keeps is asked to go first, as nobody knows of it afterwards.
  static Status remove_secrets(App& app, const store::TenantRecord& tenant, const store::ConnectionRecord& record) {
    if (app.has_builtin_secrets() || app.has_read_only_secrets()) {
      return {};
    }
    DOVETAIL_TRY(vault::SecretBackend* const backend, app.secrets(true));
    DOVETAIL_TRY(const auto names, backend->names(tenant.id, record.id));
    for (const std::string& name : names) {
      DOVETAIL_TRY([[maybe_unused]] const bool removed,
                   backend->remove({.tenant = tenant.id, .connection = record.id, .name = name}));
    }
    return {};
  }

  ConnectionOption which_;
  std::string rows_ = "keep";
  bool yes_ = false;
};

} // namespace

std::vector<CommandSpec> connection_commands() {
  return {
      command<ConnectionAdd>(
          "connection add", "Connects a tenant to a provider",
          "connection add --tenant acme --provider PROVIDER --config organization=acme --secret-env token=ACME_TOKEN"),
      command<ConnectionList>("connection list", "Lists connections", "connection list --tenant acme"),
      command<ConnectionShow>("connection show", "Shows a connection and how far its objects are read",
                              "connection show main --tenant acme"),
      command<ConnectionRemove>("connection remove", "Removes a connection with its secrets",
                                "connection remove main --tenant acme --yes")};
}

} // namespace dovetail::cli

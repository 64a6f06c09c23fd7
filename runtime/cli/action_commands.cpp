// SPDX-License-Identifier: Apache-2.0
// What is about a connection's account and not about its records: actions, and the fields that only the account knows.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json/document.hpp"
#include "core/plugin/action.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/secret_sources.hpp"
#include "runtime/cli/signals.hpp"

namespace dovetail::cli {
namespace {

/// Which connection is meant.
struct ConnectionChoice {
  std::string tenant;
  std::string name;

  void declare(Options& options) {
    options.value("tenant", tenant, "NAME", "Whose connection")->required();
    options.value("connection", name, "NAME", "The connection")->required();
  }
};

class ActionList final : public Command {
public:
  void declare(Options& options) override {
    which_.declare(options);
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(which_.tenant));
    DOVETAIL_TRY(const store::ConnectionRecord connection, app.connection(tenant, which_.name));
    DOVETAIL_TRY(const manifest::Manifest* const provider, app.provider(connection.settings.provider));
    std::vector<Column> columns = {{"action"}, {"object"}, {"label"}, {"safe_to_repeat"}};
    if (json_.json) {
      columns.insert(columns.end(), {{"description"}, {"input"}});
    }
    const auto rows = app.console().rows(json_.format(), columns);
    for (const manifest::Action& action : provider->actions) {
      std::vector<Cell> cells = {action.key, text_cell(action.object), action.label, action.idempotent};
      if (json_.json) {
        cells.emplace_back(text_cell(action.description));
        cells.emplace_back(RawJson{action.input.dump()});
      }
      rows->row(cells);
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  ConnectionChoice which_;
  JsonOption json_;
};

class ActionInvoke final : public Command {
public:
  void declare(Options& options) override {
    options.positional("ACTION", action_, "As `action list` shows it")->required();
    which_.declare(options);
    options.value("input", input_, "FILE", "What the action takes, a JSON object; - for standard input")->required();
    options.value("idempotency-key", key_, "KEY",
                  "Names what is wanted: with the key of an earlier call nothing is done twice. Default: a new one");
    json_.declare(options);
  }

  Status check() override { return key_.empty() ? Status() : plugin::check_idempotency_key(key_); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(which_.tenant));
    DOVETAIL_TRY(const store::ConnectionRecord connection, app.connection(tenant, which_.name));
    DOVETAIL_TRY(const Secret input, read_secret_file(input_, plugin::ActionLimits::input_bytes));
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    Console& console = app.console();
    const StopSignals signals([&console] { console.note("Stopping."); });
    DOVETAIL_TRY(const sync::ActionOutcome outcome,
                 service->invoke_action(tenant, connection,
                                        {.action = action_, .input = input.reveal(), .idempotency_key = key_},
                                        signals.token()));
    if (!outcome.status.ok()) {
      Error error = outcome.status.error().in(fmt::format("the action {} failed", action_));
      error.message +=
          fmt::format(" (job {}; to try it again: --idempotency-key {})", outcome.job.value, outcome.idempotency_key);
      return error;
    }
    DOVETAIL_TRY(const json::Document output, json::Document::parse(outcome.output));
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      writer.begin_object().member("action", action_).member("job", id_text(outcome.job));
      writer.member("idempotency_key", outcome.idempotency_key).member("done_before", outcome.done_before);
      writer.member("output", output.root()).end_object();
      console.say_json(std::move(writer));
      return ExitCode::ok;
    }
    console.say(fmt::format("The action {} {} (job {}, idempotency key {}).", action_,
                            outcome.done_before ? "had been done before" : "is done", outcome.job.value,
                            outcome.idempotency_key));
    for (const auto& [name, value] : output.root().members()) {
      console.say(fmt::format(
          "{:<20} {}", name, app.redactor().redact_value(name, value.as_string() ? *value.as_string() : value.dump())));
    }
    return ExitCode::ok;
  }

private:
  std::string action_;
  ConnectionChoice which_;
  std::string input_;
  std::string key_;
  JsonOption json_;
};

class ConnectionDiscover final : public Command {
public:
  void declare(Options& options) override {
    options.positional("NAME", name_, "The connection")->required();
    options.value("tenant", tenant_, "NAME", "Whose connection")->required();
    options.value("object", object_, "OBJECT", "Whose fields")->required();
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(const store::ConnectionRecord connection, app.connection(tenant, name_));
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    Console& console = app.console();
    const StopSignals signals([&console] { console.note("Stopping."); });
    DOVETAIL_TRY(const auto fields, service->discover(tenant, connection, object_, signals.token()));
    std::vector<Column> columns = {{"key"}, {"scope"}, {"label"}, {"type"}, {"provider_type"}, {"source"}, {"values"}};
    if (json_.json) {
      columns.insert(columns.end(), {{"nullable"}, {"identifier"}, {"read_only"}});
    }
    const auto rows = console.rows(json_.format(), columns);
    for (const plugin::DiscoveredField& field : fields) {
      std::vector<Cell> cells = {field.key,
                                 text_cell(field.scope),
                                 text_cell(field.label),
                                 field.type,
                                 text_cell(field.provider_type),
                                 field.source,
                                 json_.json ? Cell(RawJson{options_json(field)}) : text_cell(options_text(field))};
      if (json_.json) {
        cells.insert(cells.end(), {field.nullable, field.identifier, field.read_only});
      }
      rows->row(cells);
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  static std::string options_json(const plugin::DiscoveredField& field) {
    json::Writer writer;
    writer.begin_array();
    for (const plugin::FieldOption& option : field.options) {
      writer.begin_object().key("value").raw(option.value).member("label", option.label).end_object();
    }
    writer.end_array();
    return std::string(writer.view());
  }

  static std::string options_text(const plugin::DiscoveredField& field) {
    std::vector<std::string_view> labels;
    labels.reserve(field.options.size());
    for (const plugin::FieldOption& option : field.options) {
      labels.emplace_back(option.label.empty() ? option.value : option.label);
    }
    return fmt::format("{}", fmt::join(labels, ", "));
  }

  std::string name_;
  std::string tenant_;
  std::string object_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> action_commands() {
  return {command<ActionList>("action list", "Lists what can be done at a connection's provider",
                              "action list --tenant acme --connection main"),
          command<ActionInvoke>("action invoke",
                                "Does something at a connection's provider, once for each idempotency key",
                                "action invoke create_item --tenant acme --connection main --input item.json"),
          command<ConnectionDiscover>("connection discover", "Asks which fields an object has in this account",
                                      "connection discover main --tenant acme --object item")};
}

} // namespace dovetail::cli

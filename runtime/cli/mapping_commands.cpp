// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/base/time.hpp"
#include "core/json/pointer.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/mapping_target.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/secret_sources.hpp"
#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

/// A source as a person would write it: a pointer as it is, all else as JSON.
std::string source_text(const json::Value& source) {
  return source.as_string() ? std::string(*source.as_string()) : source.exists() ? source.dump() : std::string();
}

/// The parts of a mapping that an override can change, in the order of the mapping.
std::vector<std::string> changeable(const json::Value& mapping) {
  std::vector<std::string> pointers;
  for (const std::string_view name : {"sourceUpdatedAt", "inactiveWhen", "goneWhen"}) {
    if (mapping[name].exists()) {
      pointers.push_back("/" + std::string(name));
    }
  }
  for (const auto& [name, value] : mapping["fields"].members()) {
    pointers.push_back("/fields/" + json::escape_step(name));
  }
  return pointers;
}

/// The last step: names of fields hold nothing that would be escaped.
std::string name_of(const std::string& pointer) { return pointer.substr(pointer.rfind('/') + 1); }

/// Whether verbs that judge a mapping ask the account for its fields.
struct OfflineOption {
  bool offline = false;

  void declare(Options& options) {
    options.flag("offline", offline, "Do not ask the account for its fields; those that were accepted last count");
  }
  [[nodiscard]] Result<std::optional<sync::AccountFields>> fields(App& app, const MappedObject& target) const {
    return offline ? std::optional<sync::AccountFields>() : target.ask_account(app);
  }
};

/// What all verbs on a mapping begin with.
class MappingCommand : public Command {
public:
  void declare(Options& options) override {
    which_.declare(options, object_required());
    declare_more(options);
  }

protected:
  [[nodiscard]] virtual bool object_required() const { return true; }
  virtual void declare_more(Options& /*options*/) {}
  [[nodiscard]] const ObjectOption& which() const noexcept { return which_; }

private:
  ObjectOption which_;
};

void write_state(json::Writer& writer, const sync::MappingState& state) {
  writer.member("stale", state.stale()).member("stale_version", state.other_version);
  writer.member("stale_signature", state.other_signature);
  writer.key("reasons").begin_array();
  for (const std::string& reason : state.reasons) {
    writer.value(reason);
  }
  writer.end_array();
  writer.key("stale_fields").begin_array();
  for (const sync::StaleField& field : state.fields) {
    writer.begin_object().member("field", field.field).member("kind", to_string(field.kind));
    writer.member("what", field.what).end_object();
  }
  writer.end_array();
}

class MappingShow final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const MappedObject target, which().find(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    sync::MappingService mappings = target.mappings(*database);
    DOVETAIL_TRY(const sync::MappingState state, mappings.state(std::nullopt));
    DOVETAIL_TRY(const auto change, mappings.change());
    DOVETAIL_TRY(const json::Document own,
                 json::Document::parse(change ? change->body : "{}", {.max_bytes = limits::max_mapping_bytes}));
    DOVETAIL_TRY(const json::Document whole, json::Document::parse(state.text));
    if (json_.json) {
      show_json(app, target, state, change, own.root(), whole.root());
    } else {
      show(app, target, state, change, own.root(), whole.root());
    }
    return ExitCode::ok;
  }

private:
  void declare_more(Options& options) override { json_.declare(options); }

  static void show_json(App& app, const MappedObject& target, const sync::MappingState& state,
                        const std::optional<store::MappingOverride>& change, const json::Value& own,
                        const json::Value& whole) {
    json::Writer writer(json::Layout::pretty);
    writer.begin_object();
    writer.member("tenant", target.tenant.name).member("connection", target.connection.settings.name);
    writer.member("object", target.object->key).member("model", target.model->name);
    writer.member("version", target.object->mapping_schema_version);
    writer.member("field_signature_hash", target.object->field_signature_hash);
    writer.member("overridden", state.overridden);
    writer.key("override");
    if (change) {
      writer.begin_object().member("revision", change->revision).member("version", change->mapping_schema_version);
      writer.member("field_signature_hash", change->field_signature_hash);
      writer.member("updated_at", format_iso8601(change->updated_at)).member("body", own).end_object();
    } else {
      writer.null();
    }
    write_state(writer, state);
    writer.member("mapping", whole).end_object();
    app.console().say_json(std::move(writer));
  }

  static void show(App& app, const MappedObject& target, const sync::MappingState& state,
                   const std::optional<store::MappingOverride>& change, const json::Value& own,
                   const json::Value& whole) {
    Console& console = app.console();
    console.say(fmt::format("{} -> {}, {}", target.place(), target.model->name,
                            change
                                ? fmt::format("override {} of {}", change->revision, format_iso8601(change->updated_at))
                                : std::string("the default")));
    const auto rows = console.rows(Format::table, {{"field"}, {"source"}, {"from"}, {"state"}});
    rows->row({"externalId", source_text(whole["externalId"]), "default", state_of(state, "externalId")});
    for (const std::string& pointer : changeable(whole)) {
      const std::string name = name_of(pointer);
      rows->row({name, source_text(whole.at(pointer)), own.at(pointer).exists() ? "override" : "default",
                 state_of(state, name)});
    }
    rows->finish();
    if (state.stale()) {
      console.note(state.message());
    }
  }

  static Cell state_of(const sync::MappingState& state, std::string_view field) {
    const auto found = std::find_if(state.fields.begin(), state.fields.end(),
                                    [field](const sync::StaleField& each) { return each.field == field; });
    return found == state.fields.end() ? Cell("ok") : Cell(std::string(to_string(found->kind)));
  }

  JsonOption json_;
};

class MappingDefaults final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const MappedObject target, which().find(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(auto account, offline_.fields(app, target));
    if (!account) {
      DOVETAIL_TRY(account, target.mappings(*database).accepted());
    }
    const sync::AccountFields own = account.value_or(sync::AccountFields());
    if (json_.json) {
      show_json(app, target, own);
      return ExitCode::ok;
    }
    Console& console = app.console();
    console.say(
        fmt::format("{} -> {}, version {}", target.place(), target.model->name, target.object->mapping_schema_version));
    const auto rows = console.rows(Format::table, {{"field"}, {"source"}});
    rows->row({"externalId", source_text(target.object->default_mapping["externalId"])});
    for (const std::string& pointer : changeable(target.object->default_mapping)) {
      rows->row({name_of(pointer), source_text(target.object->default_mapping.at(pointer))});
    }
    rows->finish();
    console.say("\nWhat the provider has:");
    const auto fields = console.rows(Format::table, {{"source"}, {"type"}, {"label"}, {"where"}});
    for (const manifest::ObjectField& field : target.object->fields) {
      fields->row({field.pointer, field.type, text_cell(field.label), nullptr});
    }
    for (const sync::AccountField& field : own) {
      fields->row(
          {field.source, field.type, text_cell(field.label.empty() ? field.key : field.label), text_cell(field.scope)});
    }
    fields->finish();
    return ExitCode::ok;
  }

private:
  void declare_more(Options& options) override {
    offline_.declare(options);
    json_.declare(options);
  }

  static void show_json(App& app, const MappedObject& target, const sync::AccountFields& own) {
    json::Writer writer(json::Layout::pretty);
    writer.begin_object().member("object", target.object->key).member("model", target.model->name);
    writer.member("version", target.object->mapping_schema_version);
    writer.member("field_signature_hash", target.object->field_signature_hash);
    writer.member("mapping", target.object->default_mapping);
    writer.key("fields").begin_array();
    for (const manifest::ObjectField& field : target.object->fields) {
      writer.begin_object().member("source", field.pointer).member("type", field.type).member("label", field.label);
      writer.member("nullable", field.nullable).member("identifier", field.identifier).end_object();
    }
    writer.end_array().key("account_fields").begin_array();
    for (const sync::AccountField& field : own) {
      writer.begin_object().member("scope", field.scope).member("key", field.key).member("source", field.source);
      writer.member("type", field.type).member("label", field.label).end_object();
    }
    writer.end_array().end_object();
    app.console().say_json(std::move(writer));
  }

  JsonOption json_;
  OfflineOption offline_;
};

class MappingDiff final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const MappedObject target, which().find(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(const auto change, target.mappings(*database).change());
    DOVETAIL_TRY(const json::Document own,
                 json::Document::parse(change ? change->body : "{}", {.max_bytes = limits::max_mapping_bytes}));
    const auto rows = app.console().rows(json_.format(), {{"field"}, {"default"}, {"override"}});
    bool differs = false;
    for (const std::string& pointer : changeable(own.root())) {
      const json::Value before = target.object->default_mapping.at(pointer);
      const json::Value now = own.root().at(pointer);
      if (before.exists() && before == now) {
        continue;
      }
      differs = true;
      rows->row({name_of(pointer), cell(before), cell(now)});
    }
    rows->finish();
    if (!differs && !json_.json) {
      app.console().note(fmt::format("{}: nothing differs from the default.", target.place()));
    }
    return ExitCode::ok;
  }

private:
  void declare_more(Options& options) override { json_.declare(options); }
  [[nodiscard]] Cell cell(const json::Value& source) const {
    if (json_.json) {
      return source.exists() ? Cell(RawJson{source.dump()}) : Cell(nullptr);
    }
    return source.is_null() ? Cell("(left out)") : text_cell(source_text(source));
  }

  JsonOption json_;
};

class MappingSet final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const Secret body, read_secret_file(file_, limits::max_mapping_bytes));
    DOVETAIL_TRY(const MappedObject target, which().find(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(const auto account, offline_.fields(app, target));
    const auto revision = target.mappings(*database).set(*target.model, body.reveal(), account);
    if (!revision.ok()) {
      return revision.error().in(file_);
    }
    app.console().say(fmt::format("{}: override {} is stored. The next sync reads everything anew with it.",
                                  target.place(), *revision));
    return ExitCode::ok;
  }

private:
  void declare_more(Options& options) override {
    options.positional("FILE", file_, "The override as JSON; - is standard input")->required();
    offline_.declare(options);
  }
  std::string file_;
  OfflineOption offline_;
};

class MappingReset final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const MappedObject target, which().find(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(const auto account, offline_.fields(app, target));
    DOVETAIL_TRY(const bool removed, target.mappings(*database).reset(account));
    app.console().say(
        fmt::format("{}: {}", target.place(),
                    removed ? "the default stands again." : "there was no override; the default stands."));
    return ExitCode::ok;
  }

private:
  void declare_more(Options& options) override { offline_.declare(options); }

  OfflineOption offline_;
};

class MappingAccept final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const MappedObject target, which().find(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(const auto account, offline_.fields(app, target));
    DOVETAIL_TRY_STATUS(target.mappings(*database).accept(*target.model, account));
    app.console().say(fmt::format("{}: the mapping is accepted as it is.", target.place()));
    return ExitCode::ok;
  }

private:
  void declare_more(Options& options) override { offline_.declare(options); }

  OfflineOption offline_;
};

class MappingCheck final : public MappingCommand {
public:
  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const std::vector<MappedObject> targets, which().find_all(app));
    DOVETAIL_TRY(store::Database* const database, app.database());
    json::Writer writer(json::Layout::pretty);
    writer.begin_array();
    std::size_t stale = 0;
    for (const MappedObject& target : targets) {
      DOVETAIL_TRY(const auto account, offline_.fields(app, target));
      DOVETAIL_TRY(const sync::MappingState state, target.mappings(*database).state(account));
      stale += state.stale() ? 1U : 0U;
      if (json_.json) {
        writer.begin_object().member("object", target.object->key).member("overridden", state.overridden);
        write_state(writer, state);
        writer.end_object();
      } else {
        tell(app, target, state);
      }
    }
    writer.end_array();
    if (json_.json) {
      app.console().say_json(std::move(writer));
    }
    if (stale > 0) {
      return failed_precondition(
          fmt::format("mappings out of date: {} of {}. Correct them with `dovetail mapping set`, or "
                      "take them as they are with `dovetail mapping accept`",
                      stale, targets.size()));
    }
    return ExitCode::ok;
  }

private:
  [[nodiscard]] bool object_required() const override { return false; }
  void declare_more(Options& options) override {
    offline_.declare(options);
    json_.declare(options);
  }

  static void tell(App& app, const MappedObject& target, const sync::MappingState& state) {
    Console& console = app.console();
    if (!state.stale()) {
      console.say(fmt::format("{}: in order", target.place()));
      return;
    }
    for (const std::string& reason : state.reasons) {
      console.say(fmt::format("{}: stale, {}", target.place(), reason));
    }
    for (const sync::StaleField& field : state.fields) {
      console.say(fmt::format("{}: stale, \"{}\" {}", target.place(), field.field, printable(field.what)));
    }
  }

  JsonOption json_;
  OfflineOption offline_;
};

} // namespace

std::vector<CommandSpec> mapping_commands() {
  return {command<MappingShow>("mapping show", "Shows how an object's records become rows",
                               "mapping show --tenant acme --connection main --object OBJECT"),
          command<MappingDefaults>("mapping defaults", "Shows the default mapping and the fields there are",
                                   "mapping defaults --tenant acme --connection main --object OBJECT"),
          command<MappingDiff>("mapping diff", "Shows what was overridden",
                               "mapping diff --tenant acme --connection main --object OBJECT"),
          command<MappingSet>("mapping set", "Overrides fields of the default mapping",
                              "mapping set override.json --tenant acme --connection main --object OBJECT"),
          command<MappingReset>("mapping reset", "Takes the override away",
                                "mapping reset --tenant acme --connection main --object OBJECT"),
          command<MappingCheck>("mapping check", "Says whether mappings still fit the provider's fields",
                                "mapping check --tenant acme --connection main"),
          command<MappingAccept>("mapping accept", "Takes a mapping that is out of date as it is",
                                 "mapping accept --tenant acme --connection main --object OBJECT")};
}

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/rule_repository.hpp"
#include "core/sync/rule.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/config_text.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/secret_sources.hpp"

namespace dovetail::cli {
namespace {

/// Which rule is meant.
struct RuleOption {
  std::string tenant;
  std::string connection;
  std::string object;

  void declare(Options& options, bool object_required = true) {
    options.value("tenant", tenant, "NAME", "Whose rule")->required();
    options.value("connection", connection, "NAME", "Of which connection")->required();
    auto* const of_object = options.value("object", object, "OBJECT", "For which of the provider's objects");
    if (object_required) {
      of_object->required();
    }
  }
};

/// A rule's place with all that belongs to it.
struct Found {
  store::TenantRecord tenant;
  store::ConnectionRecord connection;
  sync::RulePlace place;
  store::RuleRecord record; ///< revision 0 when nobody has made one yet
};

Result<Found> find_rule(App& app, const RuleOption& which) {
  Found found;
  DOVETAIL_TRY(found.tenant, app.tenant(which.tenant));
  DOVETAIL_TRY(found.connection, app.connection(found.tenant, which.connection));
  DOVETAIL_TRY(found.place.provider, app.provider(found.connection.settings.provider));
  found.place.object = found.place.provider->find_object(which.object);
  if (found.place.object == nullptr) {
    return not_found(fmt::format("{} has no object \"{}\": `dovetail provider show {}` lists those it has",
                                 found.place.provider->display_name, which.object, found.place.provider->provider_key));
  }
  DOVETAIL_TRY(const model::ModelRegistry* const models, app.models());
  found.place.model = models->find(found.place.object->model);
  if (found.place.model == nullptr) {
    return failed_precondition(fmt::format("the object \"{}\" goes to the local model \"{}\", which is not there",
                                           which.object, found.place.object->model));
  }
  DOVETAIL_TRY(store::Database* const database, app.database());
  DOVETAIL_TRY(auto record, store::RuleRepository({*database, found.tenant.id}).get(found.connection.id, which.object));
  found.record = record.value_or(store::RuleRecord{});
  found.record.connection = found.connection.id;
  found.record.object = which.object;
  return found;
}

Result<store::RuleRecord> save(App& app, const Found& found) {
  DOVETAIL_TRY(store::Database* const database, app.database());
  return store::RuleRepository({*database, found.tenant.id}).save(found.record);
}

std::string named(const Found& found) {
  return fmt::format("{} of {}/{}", found.record.object, found.tenant.name, found.connection.settings.name);
}

class RuleSet final : public Command {
public:
  void declare(Options& options) override {
    options.positional("FILE", file_, "The whole rule as JSON, - is standard input; without it: only --set");
    which_.declare(options, false);
    options.list("set", settings_, "KEY=VALUE",
                 "A member of the rule; may be repeated. The value is JSON or else text; null takes the member out");
  }

  Status check() override {
    if (file_.empty() && settings_.empty()) {
      return invalid_argument("there is nothing to set: give a FILE with the rule, or --set KEY=VALUE");
    }
    if (file_.empty() && which_.object.empty()) {
      return invalid_argument("--object is missing: for which object?");
    }
    return {};
  }

  Result<ExitCode> run(App& app) override {
    std::string text;
    if (!file_.empty()) {
      DOVETAIL_TRY(const Secret read, read_secret_file(file_, store::max_rule_bytes));
      text = read.reveal();
      DOVETAIL_TRY_STATUS(take_object(text));
    }
    DOVETAIL_TRY(Found found, find_rule(app, which_));
    DOVETAIL_TRY(const json::Document body, new_body(found, text));
    const auto problems = sync::check_rule(body.root(), found.place);
    if (!problems.empty()) {
      std::string all;
      for (const auto& problem : problems) {
        all += "\n  " + problem.text();
      }
      return invalid_argument(fmt::format("the rule for {} does not fit, so it was not saved:{}", named(found), all));
    }
    const auto before = found.record.revision;
    found.record.body = sync::stored_rule_body(body.root());
    found.record.enabled = body.root().bool_or("/enabled", found.record.enabled);
    DOVETAIL_TRY(const store::RuleRecord saved, save(app, found));
    app.console().say(
        saved.revision == before
            ? fmt::format("The rule for {} says that already (revision {}).", named(found), saved.revision)
            : fmt::format("The rule for {} is saved (revision {}).", named(found), saved.revision));
    return ExitCode::ok;
  }

private:
  /// A file may name its object itself.
  Status take_object(const std::string& text) {
    const auto document = json::Document::parse(text);
    if (!document.ok()) {
      return document.error().in("the rule");
    }
    if (which_.object.empty()) {
      which_.object = std::string(document->root().string_or("/object", ""));
    }
    return which_.object.empty() ? Status(invalid_argument(
                                       "--object is missing, and the rule has no member \"object\": for which object?"))
                                 : Status();
  }

  [[nodiscard]] Result<json::Document> new_body(const Found& found, const std::string& text) const {
    ConfigText config;
    DOVETAIL_TRY_STATUS(config.add_object(text.empty() ? found.record.body : text));
    for (const std::string& setting : settings_) {
      DOVETAIL_TRY_STATUS(config.add_setting(setting));
    }
    DOVETAIL_TRY(const json::Document merged, json::Document::parse(config.json()));
    json::Writer kept;
    kept.begin_object();
    for (const auto& [name, value] : merged.root().members()) {
      if (!value.is_null()) {
        kept.member(name, value);
      }
    }
    kept.end_object();
    return json::Document::parse(kept.view());
  }

  RuleOption which_;
  std::string file_;
  std::vector<std::string> settings_;
};

/// When it is due, for people.
std::string due_text(const json::Value& body, const manifest::Object& object) {
  if (const auto cron = body["cron"].as_string()) {
    return std::string(*cron);
  }
  return fmt::format("every {} min", body.int64_or("/intervalMinutes", object.defaults.interval.count()));
}

class RuleList final : public Command {
public:
  void declare(Options& options) override {
    options.value("tenant", tenant_, "NAME", "Whose rules")->required();
    options.value("connection", connection_, "NAME", "Only this connection's; default: all");
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    std::vector<store::ConnectionRecord> connections;
    if (!connection_.empty()) {
      DOVETAIL_TRY(auto named, app.connection(tenant, connection_));
      connections.push_back(std::move(named));
    } else {
      store::ConnectionRepository repository({*database, tenant.id}, app.ids());
      constexpr std::size_t page = 1000;
      for (bool more = true; more;) {
        DOVETAIL_TRY(auto found,
                     repository.list("", connections.empty() ? "" : connections.back().settings.name, page));
        more = found.size() == page;
        std::move(found.begin(), found.end(), std::back_inserter(connections));
      }
    }
    const auto rows = app.console().rows(
        json_.format(),
        {{"connection"}, {"object"}, {"enabled"}, {"revision", true}, {"due"}, {"rule"}, {"updated_at"}});
    DOVETAIL_TRY(const manifest::Registry* const providers, app.providers());
    store::RuleRepository rules({*database, tenant.id});
    for (const auto& connection : connections) {
      DOVETAIL_TRY(const auto records, rules.list(connection.id));
      for (const auto& record : records) {
        const auto* const provider = providers->find(connection.settings.provider);
        const auto* const object = provider == nullptr ? nullptr : provider->find_object(record.object);
        const auto body = json::Document::parse(record.body);
        rows->row({connection.settings.name, record.object, record.enabled, record.revision,
                   object != nullptr && body.ok() ? Cell(due_text(body->root(), *object)) : Cell(nullptr),
                   RawJson{record.body}, time_cell(record.updated_at)});
      }
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  std::string tenant_;
  std::string connection_;
  JsonOption json_;
};

class RuleShow final : public Command {
public:
  void declare(Options& options) override {
    which_.declare(options);
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const Found found, find_rule(app, which_));
    DOVETAIL_TRY(const json::Document body, json::Document::parse(found.record.body));
    const auto read = sync::read_rule(found.record, found.place);
    DOVETAIL_TRY(const sync::ObjectRule rule, read);
    const auto effective = effects(rule, body.root(), found.place);
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      writer.begin_object();
      writer.member("tenant", found.tenant.name).member("connection", found.connection.settings.name);
      writer.member("object", found.record.object).member("revision", found.record.revision);
      writer.member("enabled", rule.enabled);
      writer.key("updated_at");
      found.record.revision == 0 ? writer.null() : writer.value(format_iso8601(found.record.updated_at));
      writer.member("rule", body.root());
      writer.key("effective").begin_object();
      for (const auto& [name, value] : effective) {
        writer.member(name, value);
      }
      writer.end_object().end_object();
      app.console().say_json(std::move(writer));
      return ExitCode::ok;
    }
    app.console().say(found.record.revision == 0
                          ? fmt::format("There is no rule for {}: the manifest's word counts.", named(found))
                          : fmt::format("The rule for {}, revision {}, {}: {}", named(found), found.record.revision,
                                        rule.enabled ? "enabled" : "disabled", body.root().dump()));
    for (const auto& [name, value] : effective) {
      app.console().say(fmt::format("{:<22}{}", name, value));
    }
    return ExitCode::ok;
  }

private:
  using Effects = std::vector<std::pair<std::string, std::string>>;

  /// What counts, the manifest's word where the rule has none.
  static Effects effects(const sync::ObjectRule& rule, const json::Value& body, const sync::RulePlace& place) {
    const bool delta = !rule.full && place.object->capabilities.delta;
    const auto initial = rule.initial_mode == sync::InitialSyncMode::full_once             ? "full_once"
                         : rule.initial_mode == sync::InitialSyncMode::delta_only_from_now ? "delta_only_from_now"
                                                                                           : "delta_only_after_date";
    Effects effects{{"due", due_text(body, *place.object)},
                    {"behaviour", delta ? "delta" : "full"},
                    {"conflictPolicy", rule.conflict == store::ConflictPolicy::skip ? "skip" : "upsert"},
                    {"autoCreateUnmatched", rule.create_unmatched ? "true" : "false"},
                    {"deletionPolicy", std::string(store::to_string(rule.deletion))},
                    {"initialSyncMode", initial}};
    if (rule.initial_since) {
      effects.emplace_back("initialSyncSince", format_iso8601(*rule.initial_since));
    }
    effects.emplace_back("onStaleMapping", rule.on_stale_mapping == sync::StaleMapping::block ? "block" : "run_valid");
    effects.emplace_back("dryRun", rule.dry_run ? "true" : "false");
    for (const auto& policy : place.model->policies) {
      const auto chosen = rule.policies.find(policy.field);
      effects.emplace_back("policy of " + policy.field,
                           model::to_string(chosen == rule.policies.end() ? policy.otherwise : chosen->second));
    }
    return effects;
  }

  RuleOption which_;
  JsonOption json_;
};

/// `rule enable` and `rule disable`.
template <bool enabled> class RuleSwitch final : public Command {
public:
  void declare(Options& options) override { which_.declare(options); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(Found found, find_rule(app, which_));
    found.record.enabled = enabled;
    // Without a rule an object is enabled, and none is made to say so.
    if (enabled && found.record.revision == 0) {
      app.console().say(fmt::format("{} is enabled already: there is no rule for it.", named(found)));
      return ExitCode::ok;
    }
    DOVETAIL_TRY(const store::RuleRecord saved, save(app, found));
    app.console().say(fmt::format("{} is {} (revision {}).", named(found),
                                  enabled ? "enabled" : "disabled: a sync leaves it out", saved.revision));
    return ExitCode::ok;
  }

private:
  RuleOption which_;
};

} // namespace

std::vector<CommandSpec> rule_commands() {
  return {command<RuleSet>("rule set", "Saves what is to count for one object of a connection",
                           "rule set --tenant acme --connection main --object repository --set intervalMinutes=15"),
          command<RuleList>("rule list", "Lists the rules that somebody made", "rule list --tenant acme"),
          command<RuleShow>("rule show", "Shows a rule and what counts by it",
                            "rule show --tenant acme --connection main --object repository"),
          command<RuleSwitch<true>>("rule enable", "Lets syncs read an object again",
                                    "rule enable --tenant acme --connection main --object repository"),
          command<RuleSwitch<false>>("rule disable", "Makes syncs leave an object out",
                                     "rule disable --tenant acme --connection main --object repository")};
}

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/program.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"

namespace dovetail::cli {
namespace {

struct Group {
  std::string_view name;
  std::string_view summary;
};
constexpr std::array<Group, 12> groups{{
    {"provider", "The providers there are"},
    {"plugin", "The shared objects behind them"},
    {"tenant", "Whose data is kept"},
    {"connection", "The accounts at providers that tenants read from"},
    {"action", "What can be done at providers"},
    {"rule", "How often and how each object is read"},
    {"record", "Fields of records that are ours"},
    {"job", "What syncs did"},
    {"mapping", "How records become rows, connection by connection"},
    {"match", "Which records are which rows that were there before"},
    {"vault", "The keys that secrets are sealed with"},
    {"db", "The database's schema"},
}};

constexpr std::string_view secrets_advice = "secrets are never given on the command line, where other users of the "
                                            "machine can read them: use --secret-env NAME=VARIABLE, "
                                            "--secret-file NAME=PATH, or type them when you are asked";

/// The verbs as CLI11 knows them, and what stands behind each.
class Verbs {
public:
  explicit Verbs(GlobalOptions& global)
      : app_("Reads providers' data into local tables, tenant by tenant.", "dovetail") {
    app_.set_version_flag("--version", std::string("dovetail ") + DOVETAIL_VERSION);
    app_.require_subcommand(1);
    app_.footer("Example:\n  dovetail sync --all-tenants\n\n"
                "Every option can also be set in the environment (its name stands behind \"Env:\") and in the "
                "configuration file.\n"
                "`dovetail VERB --help` says more.");
    declare_global(global);
    for (const auto& list : {provider_commands(), plugin_commands(), tenant_commands(), connection_commands(),
                             rule_commands(), sync_commands(), batch_commands(), action_commands(), record_commands(),
                             record_change_commands(), job_commands(), job_control_commands(), mapping_commands(),
                             match_commands(), vault_commands(), db_commands()}) {
      for (const CommandSpec& spec : list) {
        add(spec);
      }
    }
    read_configuration_file(app_, usual_config_file().string());
  }

  [[nodiscard]] CLI::App& app() noexcept { return app_; }

  /// The app of the innermost verb that was named; the program's own when there was none.
  [[nodiscard]] const CLI::App& chosen_app() const {
    const CLI::App* at = &app_;
    while (!at->get_subcommands().empty()) {
      at = at->get_subcommands().front();
    }
    return *at;
  }
  [[nodiscard]] Command* chosen() const {
    const auto found = commands_.find(&chosen_app());
    return found == commands_.end() ? nullptr : found->second.get();
  }

private:
  void declare_global(GlobalOptions& global) {
    Options options(app_, "DOVETAIL_");
    options.value("data-dir", global.data_dir, "DIR", "Where the database and all other files are kept")
        ->default_val(usual_data_dir().string());
    options.value("database", global.database, "PATH|URL",
                  "SQLite file or postgresql:// URL; default: dovetail.db in the data directory. A URL with a password "
                  "belongs into the "
                  "environment");
    options.list("plugin-dir", global.plugin_dirs, "DIR",
                 "Where plugins are; may be repeated. Default: beside the program");
    options.list("manifest-dir", global.manifest_dirs, "DIR",
                 "Where manifests are, with local models in models/; may be repeated. Default: beside the program");
    options.value("ca-file", global.ca_file, "FILE",
                  "PEM file of certificate authorities to trust besides the system's");
    options
        .value("secret-backend", global.secrets.backend, "WHERE",
               "Where secrets are kept: builtin, environment or command")
        ->check(CLI::IsMember({"builtin", "environment", "command"}))
        ->capture_default_str();
    options.list("secret-command", global.secrets.command, "WORD",
                 "For the backend `command`: the program's absolute path, then its arguments, one each time");
    options.list("secret-command-env", global.secrets.command_variables, "VARIABLE",
                 "A variable that the secret command gets to see; may be repeated. Default: none but PATH and LANG");
    options.value("log-level", global.log_level, "LEVEL", "debug, info, warning or error")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
        ->capture_default_str();
    options.value("log-file", global.log_file, "FILE", "Log lines go to the end of this file; default: standard error");
    options.value("color", global.color, "WHEN", "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
  }

  void add(const CommandSpec& spec) {
    CLI::App* parent = &app_;
    std::string name(spec.path);
    if (const std::size_t space = name.find(' '); space != std::string::npos) {
      parent = &group(name.substr(0, space));
      name.erase(0, space + 1);
    }
    CLI::App& verb = *parent->add_subcommand(name, std::string(spec.summary));
    verb.fallthrough();
    verb.configurable(false);
    verb.footer(fmt::format("Example:\n  dovetail {}", spec.example));
    Options options(verb, "DOVETAIL_" + variable_name(spec.path) + "_");
    std::unique_ptr<Command> command = spec.make();
    command->declare(options);
    commands_.emplace(&verb, std::move(command));
  }

  CLI::App& group(const std::string& name) {
    const auto known = app_.get_subcommands([&name](const CLI::App* verb) { return verb->get_name() == name; });
    if (!known.empty()) {
      return *known.front();
    }
    const auto* const spec =
        std::find_if(groups.begin(), groups.end(), [&name](const Group& entry) { return entry.name == name; });
    CLI::App& made = *app_.add_subcommand(name, spec == groups.end() ? std::string() : std::string(spec->summary));
    made.require_subcommand(1);
    made.fallthrough();
    made.configurable(false);
    made.footer("");
    return made;
  }

  CLI::App app_;
  std::map<const CLI::App*, std::unique_ptr<Command>> commands_;
};

bool is_plain_word(std::string_view text) {
  return text.size() <= 24 && std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || letter == '-';
         });
}

// What the parser did not expect, without any value: a person may have typed a secret there.
std::string describe_extras(const std::vector<std::string>& extras, bool verb_known) {
  for (const std::string& extra : extras) {
    const std::string name = extra.substr(0, extra.find('='));
    if (name.rfind("--secret", 0) == 0) {
      return fmt::format("there is no option {}: {}", is_plain_word(name) ? name : "--secret", secrets_advice);
    }
    if (name.size() > 1 && name.front() == '-') {
      return fmt::format("there is no option {} here", is_plain_word(name) ? name : name.substr(0, 2) + "...");
    }
  }
  if (!verb_known && !extras.empty() && is_plain_word(extras.front())) {
    return fmt::format("there is no verb \"{}\"", extras.front());
  }
  return "there is an argument too many";
}

int tell_wrong_usage(const Verbs& verbs, std::string_view what) {
  const Redactor redactor;
  std::string verb;
  for (const CLI::App* at = &verbs.chosen_app(); at->get_parent() != nullptr; at = at->get_parent()) {
    verb.insert(0, " ").insert(0, at->get_name());
  }
  std::cerr << fmt::format("dovetail: {}\n`dovetail {}--help` shows how it is used.\n", redactor.redact(what), verb);
  return static_cast<int>(ExitCode::usage);
}

std::string describe(const CLI::ParseError& error, Verbs& verbs) {
  const bool verb_known = !verbs.app().get_subcommands().empty();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return describe_extras(verbs.app().remaining(true), verb_known);
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (const auto extras = verbs.app().remaining(true); !extras.empty()) {
      return describe_extras(extras, verb_known);
    }
    if (verbs.chosen() == nullptr) {
      return "a verb is missing";
    }
  }
  if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) {
    return fmt::format("the configuration file does not fit: {}", error.what());
  }
  return error.what();
}

int run_verb(Verbs& verbs, const GlobalOptions& global, TakenSecrets taken) {
  Command* const command = verbs.chosen();
  if (command == nullptr) {
    return tell_wrong_usage(verbs, "a verb is missing");
  }
  if (const Status usable = command->check(); !usable.ok()) {
    return tell_wrong_usage(verbs, usable.error().message);
  }
  if (const Status usable = check(global.secrets); !usable.ok()) {
    return tell_wrong_usage(verbs, usable.error().message);
  }
  App app(global, std::move(taken));
  const Result<ExitCode> outcome = command->run(app);
  std::cout.flush();
  if (!outcome.ok()) {
    app.console().fail(outcome.error());
    return static_cast<int>(ExitCode::failed);
  }
  if (!std::cout) {
    app.console().fail("standard output was closed before everything was written");
    return static_cast<int>(ExitCode::failed);
  }
  return static_cast<int>(*outcome);
}

} // namespace

int run_program(int count, const char* const* arguments, TakenSecrets taken) {
  GlobalOptions global;
  Verbs verbs(global);
  try {
    verbs.app().parse(count, arguments);
  } catch (const CLI::Success& asked) { // --help, --version
    return verbs.app().exit(asked);
  } catch (const CLI::ParseError& error) {
    return tell_wrong_usage(verbs, describe(error, verbs));
  }
  return run_verb(verbs, global, std::move(taken));
}

} // namespace dovetail::cli

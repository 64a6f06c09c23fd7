// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/plan.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/ids.hpp"
#include "core/vault/fernet_import.hpp"

namespace dovetail::batch {
namespace {

using json::Value;
using manifest::BatchForm;

constexpr std::size_t max_told = 10; ///< problems of one file that are told

/// What a file holds once it is open.
struct Opened {
  Secret text;
  json::Document document;
  bool encrypted = false;
};

Result<json::Document> parse_object(std::string_view text) {
  DOVETAIL_TRY(json::Document document, json::Document::parse(text, {.max_bytes = max_account_file_bytes}));
  if (!document.root().is_object()) {
    return invalid_argument(
        fmt::format("it must hold a JSON object, and holds this: {}", to_string(document.root().kind())));
  }
  return document;
}

std::string told(const std::vector<std::string>& problems) {
  const std::size_t shown = std::min(problems.size(), max_told);
  return fmt::format("{}{}", fmt::join(problems.begin(), problems.begin() + static_cast<std::ptrdiff_t>(shown), "; "),
                     shown < problems.size() ? fmt::format("; and {} more", problems.size() - shown) : std::string());
}

Result<Secret> variable(const manifest::Environment& environment, std::string_view name) {
  auto found = environment && !name.empty() ? environment(name) : std::nullopt;
  Secret value(found ? std::string_view(*found) : std::string_view());
  if (found) {
    wipe(found->data(), found->size());
  }
  return value.empty() ? Result<Secret>(not_found(fmt::format("the variable {} is not set", name)))
                       : Result<Secret>(std::move(value));
}

/// Makes one plan.
class Planner {
public:
  Planner(const PlanParts& parts, std::string_view name)
      : parts_(parts), provider_(parts.provider), batch_(*parts.provider.batch), name_(name) {}

  [[nodiscard]] Result<Plan> run(const AccountFile& file) {
    if (const Status usable = check_name("tenant", name_); !usable.ok()) {
      return usable.error().in("the file's name is the tenant's");
    }
    DOVETAIL_TRY(Opened opened, open(file.text));
    const Value root = opened.document.root();
    DOVETAIL_TRY_STATUS(refuse_placeholders(root));
    DOVETAIL_TRY_STATUS(check_form(root));
    DOVETAIL_TRY(const std::string config, connection_config(root));
    DOVETAIL_TRY(const json::Document document, json::Document::parse(config));
    auto resolved = manifest::resolve_connection(provider_, document.root(), parts_.environment);
    if (!resolved.ok()) {
      return std::move(resolved).error().in(fmt::format("its settings do not fit {}", provider_.display_name));
    }
    Plan plan(std::move(resolved).value());
    plan.provider = &provider_;
    plan.tenant = name_;
    plan.connection = provider_.provider_key;
    plan.config = config;
    DOVETAIL_TRY_STATUS(find_secrets(root, plan));
    // An empty pointer would be the whole file.
    const Value columns = batch_.columns.empty() ? Value() : root.at(batch_.columns);
    for (const auto [name, column] : columns.members()) {
      plan.columns.emplace_back(name, column.as_string() ? std::string(*column.as_string()) : column.dump());
    }
    for (const auto [name, member] : root.members()) {
      if (!batch_.schema["properties"][name].exists() && !name.starts_with('$') && !name.starts_with('_')) {
        plan.ignored.emplace_back(name);
      }
    }
    plan.file = file.path;
    plan.encrypted = opened.encrypted;
    plan.stored = file.text;
    plan.opened = std::move(opened.text);
    return plan;
  }

private:
  [[nodiscard]] Result<Opened> open(const Secret& stored) const {
    // Some editors put a byte order mark before UTF-8.
    constexpr std::string_view mark = "\xef\xbb\xbf";
    const bool marked = stored.reveal().starts_with(mark);
    const Secret text = marked ? Secret(stored.reveal().substr(mark.size())) : stored;
    DOVETAIL_TRY(json::Document document, parse_object(text.reveal()));
    if (!document.root().bool_or("/_encrypted", false)) {
      return Opened{.text = text, .document = std::move(document), .encrypted = false};
    }
    if (batch_.key_variable.empty()) {
      return failed_precondition(
          fmt::format("it is encrypted, and {} has no variable for the key: its manifest's /batch/keyEnv would name it",
                      provider_.display_name));
    }
    const auto keys = variable(parts_.environment, batch_.key_variable);
    if (!keys.ok()) {
      return failed_precondition(
          fmt::format("it is encrypted, and the variable {} is not set: put the Fernet key of the file there",
                      batch_.key_variable));
    }
    parts_.redactor.remember(*keys);
    auto opened = vault::open_fernet_wrapper(text.reveal(), *keys);
    if (!opened.ok()) {
      return std::move(opened).error().in(fmt::format(
          "it does not decrypt (is the key in {} the one that it was encrypted with?)", batch_.key_variable));
    }
    auto inner = parse_object(opened->reveal());
    if (!inner.ok()) {
      return std::move(inner).error().in("what was decrypted");
    }
    return Opened{.text = std::move(opened).value(), .document = std::move(inner).value(), .encrypted = true};
  }

  [[nodiscard]] bool is_not_given(const Value& value) const {
    const auto text = value.as_string();
    return text && std::any_of(batch_.secrets.begin(), batch_.secrets.end(), [&](const auto& secret) {
             const auto& none = secret.not_given;
             return std::find(none.begin(), none.end(), *text) != none.end() && value.pointer() == secret.from;
           });
  }

  void find_placeholders(const Value& value, std::vector<std::string>& places) const {
    if (const auto text = value.as_string(); text && batch_.placeholders.match(*text) && !is_not_given(value)) {
      places.push_back(value.pointer());
    }
    for (const auto element : value.elements()) {
      find_placeholders(element, places);
    }
    for (const auto [name, member] : value.members()) {
      find_placeholders(member, places);
    }
  }

  // Before the schema: who left a placeholder is helped by that word, not by the pattern that it breaks.
  [[nodiscard]] Status refuse_placeholders(const Value& root) const {
    std::vector<std::string> places;
    find_placeholders(root, places);
    return places.empty() ? Status()
                          : Status(failed_precondition(fmt::format(
                                "placeholders stand at {}: put the account's own values there; nothing is called "
                                "before",
                                told(places))));
  }

  [[nodiscard]] Status check_form(const Value& root) const {
    std::vector<std::string> problems;
    for (const auto& problem : batch_.file_schema->validate(root, json::ShowValues::no)) {
      problems.push_back(problem.text());
    }
    return problems.empty() ? Status() : Status(invalid_argument(told(problems)));
  }

  [[nodiscard]] Result<std::string> connection_config(const Value& root) const {
    std::map<std::string, std::string, std::less<>> settings;
    for (const auto& setting : batch_.settings) {
      const Value value = root.at(setting.from);
      if (!value.exists() || value.is_null()) {
        continue;
      }
      if (setting.form == BatchForm::members) {
        if (!value.is_object()) {
          return invalid_argument(fmt::format("{}: expected an object with settings", setting.from));
        }
        for (const auto [name, member] : value.members()) {
          settings.insert_or_assign(std::string(name), member.dump());
        }
      } else {
        const bool wrap = setting.form == BatchForm::list && !value.is_array();
        settings.insert_or_assign(setting.to, wrap ? "[" + value.dump() + "]" : value.dump());
      }
    }
    if (settings.count("auth") == 0) {
      const auto method = std::find_if(batch_.auth.begin(), batch_.auth.end(), [&](const auto& entry) {
        const Value found = root.at(entry.when);
        return found.exists() && !found.is_null();
      });
      if (method != batch_.auth.end()) {
        settings.emplace("auth", json::quoted(method->method));
      }
    }
    json::Writer writer;
    writer.begin_object();
    for (const auto& [name, value] : settings) {
      writer.key(name).raw(value);
    }
    writer.end_object();
    return std::move(writer).take();
  }

  [[nodiscard]] Status find_secrets(const Value& root, Plan& plan) const {
    for (const auto& source : batch_.secrets) {
      const Value value = root.at(source.from);
      const auto text = value.as_string();
      if (!text && value.exists() && !value.is_null()) {
        return invalid_argument(fmt::format("{}: expected a text", source.from));
      }
      if (!text || text->empty() || is_not_given(value) || plan.find_secret(source.secret) != nullptr) {
        continue;
      }
      add(plan, {.name = source.secret, .value = Secret(*text), .pointer = source.from, .variable = {}});
    }
    for (const std::string& name : needed(plan)) {
      if (plan.find_secret(name) != nullptr) {
        continue;
      }
      const auto* const spec = provider_.find_secret(name);
      const std::string variable_name = spec == nullptr ? std::string() : spec->env_key;
      auto found = variable(parts_.environment, variable_name);
      if (found.ok()) {
        add(plan, {.name = name, .value = std::move(found).value(), .pointer = {}, .variable = variable_name});
      } else {
        plan.missing.push_back({.name = name, .advice = advice(name, variable_name)});
      }
    }
    return {};
  }

  void add(Plan& plan, PlannedSecret secret) const {
    parts_.redactor.remember(secret.value);
    plan.secrets.push_back(std::move(secret));
  }

  /// The secrets without which nobody can sign in.
  [[nodiscard]] std::vector<std::string> needed(const Plan& plan) const {
    using manifest::AuthKind;
    std::vector<std::string> names;
    for (const auto& spec : provider_.secrets) {
      if (spec.required) {
        names.push_back(spec.name);
      }
    }
    const auto& auth = *plan.resolved.auth;
    if (auth.kind == AuthKind::oauth2) {
      const bool grants = provider_.oauth->has(manifest::OAuthFlow::client_credentials);
      const std::string refresh_token(manifest::refresh_token_secret);
      if (!grants && plan.find_secret(refresh_token) == nullptr && plan.find_secret(auth.secret) == nullptr) {
        names.push_back(provider_.oauth->has(manifest::OAuthFlow::refresh_token) ? refresh_token : auth.secret);
      }
      if (grants || plan.find_secret(refresh_token) != nullptr) {
        for (const auto name : {manifest::client_id_secret, manifest::client_secret_secret}) {
          if (provider_.find_secret(name) != nullptr) {
            names.emplace_back(name);
          }
        }
      }
    } else if (auth.kind != AuthKind::none) {
      names.push_back(auth.secret);
      if (!auth.user_secret.empty()) {
        names.push_back(auth.user_secret);
      }
    }
    return names;
  }

  [[nodiscard]] std::string advice(std::string_view name, const std::string& variable_name) const {
    std::vector<std::string> ways;
    for (const auto& source : batch_.secrets) {
      if (source.secret == name) {
        ways.push_back("put it into the file at " + source.from);
      }
    }
    if (!variable_name.empty()) {
      ways.push_back("set the variable " + variable_name);
    }
    ways.emplace_back("give it to the connection with `dovetail connection add --replace`");
    return fmt::format("{}", fmt::join(ways, ", or "));
  }

  const PlanParts& parts_;
  const manifest::Manifest& provider_;
  const manifest::Batch& batch_;
  const std::string name_;
};

} // namespace

const PlannedSecret* Plan::find_secret(std::string_view name) const noexcept {
  const auto found =
      std::find_if(secrets.begin(), secrets.end(), [name](const auto& secret) { return secret.name == name; });
  return found == secrets.end() ? nullptr : &*found;
}

Result<Plan> make_plan(const PlanParts& parts, std::string_view name, const AccountFile& file) {
  return Planner(parts, name).run(file);
}

} // namespace dovetail::batch

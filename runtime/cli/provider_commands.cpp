// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

std::string object_list(const manifest::Manifest& provider) {
  std::vector<std::string_view> keys;
  std::transform(provider.objects.begin(), provider.objects.end(), std::back_inserter(keys),
                 [](const manifest::Object& object) { return std::string_view(object.key); });
  return fmt::format("{}", fmt::join(keys, ", "));
}

class ProviderList final : public Command {
public:
  void declare(Options& options) override { json_.declare(options); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const manifest::Registry* const registry, app.providers());
    const auto rows =
        app.console().rows(json_.format(), {{"provider"}, {"name"}, {"plugin"}, {"plugin_found"}, {"objects"}});
    for (const manifest::Manifest* provider : registry->all()) {
      rows->row({provider->provider_key, provider->display_name, provider->plugin.file,
                 app.plugin_file(provider->plugin.file).has_value(), objects(*provider)});
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  [[nodiscard]] Cell objects(const manifest::Manifest& provider) const {
    if (!json_.json) {
      return object_list(provider);
    }
    json::Writer list;
    list.begin_array();
    for (const manifest::Object& object : provider.objects) {
      list.value(object.key);
    }
    list.end_array();
    return RawJson{std::move(list).take()};
  }

  JsonOption json_;
};

std::string_view auth_kind(manifest::AuthKind kind) {
  switch (kind) {
  case manifest::AuthKind::bearer:
    return "bearer";
  case manifest::AuthKind::basic:
    return "basic";
  case manifest::AuthKind::header:
    return "header";
  case manifest::AuthKind::oauth2:
    return "oauth2";
  case manifest::AuthKind::none:
    break;
  }
  return "none";
}

class ProviderShow final : public Command {
public:
  void declare(Options& options) override {
    options.positional("PROVIDER", key_, "As `provider list` names it")->required();
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const manifest::Manifest* const provider, app.provider(key_));
    if (json_.json) {
      show_json(app, *provider);
    } else {
      show(app, *provider);
    }
    return ExitCode::ok;
  }

private:
  // A manifest holds names of secrets, not secrets: the Redactor would blank what a person needs to read.
  static void show_json(App& app, const manifest::Manifest& provider) {
    const auto plugin = app.plugin_file(provider.plugin.file);
    json::Writer writer(json::Layout::pretty);
    writer.begin_object();
    writer.member("file", provider.file.string()).member("sha256", provider.sha256);
    writer.key("plugin_file");
    if (plugin) {
      writer.value(plugin->string());
    } else {
      writer.null();
    }
    writer.member("manifest", provider.raw());
    writer.end_object();
    app.console().out() << writer.view() << '\n';
  }

  static void show(App& app, const manifest::Manifest& provider) {
    std::ostream& out = app.console().out();
    const auto plugin = app.plugin_file(provider.plugin.file);
    out << provider.display_name << " (" << provider.provider_key << ")\n" << printable(provider.description) << "\n\n";
    const auto line = [&out](std::string_view name, const std::string& value) {
      out << fmt::format("{:<14}{}\n", name, printable(value));
    };
    line("Manifest", provider.file.string());
    line("Plugin", plugin ? plugin->string() : provider.plugin.file + " (in none of the plugin directories)");
    line("Documentation", provider.documentation_url);
    out << "\nSign-in\n";
    auto rows = app.console().rows(Format::table, {{"auth"}, {"kind"}, {"credential"}, {"label"}});
    for (const manifest::AuthMethod& method : provider.auth) {
      rows->row({method.key, std::string(auth_kind(method.kind)), text_cell(method.secret), method.label});
    }
    rows->finish();
    out << "\nSecrets\n";
    rows = app.console().rows(Format::table, {{"name"}, {"taken_from"}, {"description"}});
    for (const manifest::SecretSpec& secret : provider.secrets) {
      rows->row({secret.name, text_cell(secret.env_key), secret.description});
    }
    rows->finish();
    out << "\nPlaces\n";
    rows = app.console().rows(Format::table, {{"environment"}, {"label"}, {"base_url"}});
    for (const manifest::BaseUrlVariant& variant : provider.base_urls) {
      rows->row({variant.key, variant.label, variant.base_url});
    }
    rows->finish();
    out << "\nConfig of a connection\n";
    rows = app.console().rows(Format::table, {{"key"}, {"type"}, {"default"}, {"description"}});
    for (const auto& [name, schema] : provider.connection_config["properties"].members()) {
      const json::Value type = schema["type"];
      rows->row({std::string(name), type.exists() ? std::string(type.as_string().value_or("")) : schema["enum"].dump(),
                 schema["default"].exists() ? Cell(schema["default"].dump()) : Cell(nullptr),
                 fmt::format("{}{}{}", schema.string_or("/title", ""), schema["description"].exists() ? ": " : "",
                             schema.string_or("/description", ""))});
    }
    rows->finish();
    out << "\nObjects\n";
    rows = app.console().rows(Format::table, {{"object"}, {"model"}, {"below"}, {"delta"}, {"finds_deletions"}});
    for (const manifest::Object& object : provider.objects) {
      rows->row({object.key, object.model, text_cell(object.parent ? object.parent->object : ""),
                 object.capabilities.delta, object.deletions == manifest::Deletions::full_pass});
    }
    rows->finish();
  }

  std::string key_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> provider_commands() {
  return {command<ProviderList>("provider list", "Lists the providers", "provider list"),
          command<ProviderShow>("provider show", "Shows what a provider offers and what a connection to it needs",
                                "provider show PROVIDER")};
}

} // namespace dovetail::cli

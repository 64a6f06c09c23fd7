// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/options.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace dovetail::cli {
namespace {

std::string environment(const std::string& name) {
  const char* value =
      name.empty() ? nullptr : std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): before threads start
  return value == nullptr ? std::string() : std::string(value);
}

/// CLI11 asks the file before the environment. So a key whose variable is set is not reported: the environment then finds the option free.
class FileBelowEnvironment final : public CLI::ConfigBase {
public:
  explicit FileBelowEnvironment(const CLI::App& app) : app_(app) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> found = CLI::ConfigBase::from_config(input);
    found.erase(std::remove_if(found.begin(), found.end(),
                               [this](const CLI::ConfigItem& item) { return is_in_environment(item); }),
                found.end());
    return found;
  }

private:
  bool is_in_environment(const CLI::ConfigItem& item) const {
    const CLI::App* app = &app_;
    for (const std::string& parent : item.parents) {
      const auto verbs = app->get_subcommands([&parent](const CLI::App* verb) { return verb->get_name() == parent; });
      if (verbs.empty()) {
        return false;
      }
      app = verbs.front();
    }
    const CLI::Option* option = app->get_option_no_throw("--" + item.name);
    return option != nullptr && !environment(option->get_envname()).empty();
  }

  const CLI::App& app_;
};

} // namespace

std::string variable_name(std::string_view option) {
  std::string name(option);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
    return letter == '-' || letter == ' ' ? '_' : static_cast<char>(std::toupper(letter));
  });
  return name;
}

CLI::Option* Options::finish(CLI::Option* option, const std::string& name, const std::string& kind) const {
  option->envname(prefix_ + variable_name(name));
  if (!kind.empty()) {
    option->type_name(kind);
  }
  return option;
}

CLI::Option* Options::flag(const std::string& name, bool& target, const std::string& help) {
  return finish(app_.add_flag("--" + name, target, help), name, "");
}

CLI::Option* Options::list(const std::string& name, std::vector<std::string>& target, const std::string& kind,
                           const std::string& help) {
  return finish(app_.add_option("--" + name, target, help)->allow_extra_args(false), name, kind);
}

CLI::Option* Options::positional(const std::string& kind, std::string& target, const std::string& help) {
  return app_.add_option(kind, target, help)->configurable(false);
}

void read_configuration_file(CLI::App& app, const std::string& usual_file) {
  const std::string named = environment("DOVETAIL_CONFIG");
  app.set_config("--config", named.empty() ? usual_file : named, "Configuration file (TOML)", !named.empty())
      ->type_name("FILE")
      ->configurable(false);
  app.config_formatter(std::make_shared<FileBelowEnvironment>(app));
  app.allow_config_extras(CLI::config_extras_mode::error);
}

} // namespace dovetail::cli

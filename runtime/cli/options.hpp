// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace dovetail::cli {

/// Declares the options of one verb. One declaration makes the flag, the environment variable and the key in the configuration file:
/// the option "max-wait" of `sync` is --max-wait, DOVETAIL_SYNC_MAX_WAIT and `max-wait` in the section [sync]; that of a verb in a
/// group has both names (DOVETAIL_JOB_LIST_LIMIT, [job.list]); the program's own have none (DOVETAIL_DATA_DIR). A flag counts more than the
/// environment, that more than the file, that more than the default.
class Options {
public:
  /// `prefix` is the variables' beginning, "DOVETAIL_SYNC_". Both must outlive the parsing.
  Options(CLI::App& app, std::string prefix) : app_(app), prefix_(std::move(prefix)) {}

  CLI::Option* flag(const std::string& name, bool& target, const std::string& help);
  /// `kind` stands for the value in the help, e.g. "NAME".
  template <typename T>
  CLI::Option* value(const std::string& name, T& target, const std::string& kind, const std::string& help) {
    return finish(app_.add_option("--" + name, target, help), name, kind);
  }
  /// May be given several times, one value each.
  CLI::Option* list(const std::string& name, std::vector<std::string>& target, const std::string& kind,
                    const std::string& help);
  /// An argument without a name; only on the command line.
  CLI::Option* positional(const std::string& kind, std::string& target, const std::string& help);

private:
  CLI::Option* finish(CLI::Option* option, const std::string& name, const std::string& kind) const;

  CLI::App& app_;
  const std::string prefix_;
};

/// "max-wait" -> "MAX_WAIT".
[[nodiscard]] std::string variable_name(std::string_view option);

/// Makes `app` read a configuration file (TOML): the one that --config names, else DOVETAIL_CONFIG, else `usual_file` if it is there.
/// To be called when all options are declared. Unknown keys are errors.
void read_configuration_file(CLI::App& app, const std::string& usual_file);

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "runtime/cli/options.hpp"

namespace dovetail::cli {

class App;

/// What the program tells its caller.
enum class ExitCode : int {
  ok = 0,
  failed = 1, ///< it did not work; standard error says what and why
  usage = 2   ///< it was called in a way that makes no sense; nothing was done
};

/// One verb of the program. Declared, perhaps run once, destroyed.
class Command {
public:
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  Command(Command&&) = delete;
  Command& operator=(Command&&) = delete;
  virtual ~Command() = default;

  virtual void declare(Options& options) = 0;
  /// What the options say together, before anything is opened. An Error is wrong usage.
  [[nodiscard]] virtual Status check() { return {}; }
  /// An Error is a failure that is told as it is.
  [[nodiscard]] virtual Result<ExitCode> run(App& app) = 0;
};

struct CommandSpec {
  std::string_view path; ///< "sync", "tenant add"
  std::string_view summary;
  std::string_view example; ///< without the program's name
  std::unique_ptr<Command> (*make)();
};

template <typename T>
[[nodiscard]] CommandSpec command(std::string_view path, std::string_view summary, std::string_view example) {
  return {path, summary, example, [] { return std::unique_ptr<Command>(std::make_unique<T>()); }};
}

[[nodiscard]] std::vector<CommandSpec> provider_commands();
[[nodiscard]] std::vector<CommandSpec> plugin_commands();
[[nodiscard]] std::vector<CommandSpec> tenant_commands();
[[nodiscard]] std::vector<CommandSpec> connection_commands();
[[nodiscard]] std::vector<CommandSpec> action_commands();
[[nodiscard]] std::vector<CommandSpec> sync_commands();
[[nodiscard]] std::vector<CommandSpec> rule_commands();
[[nodiscard]] std::vector<CommandSpec> batch_commands();
[[nodiscard]] std::vector<CommandSpec> record_commands();
[[nodiscard]] std::vector<CommandSpec> record_change_commands();
[[nodiscard]] std::vector<CommandSpec> job_commands();
[[nodiscard]] std::vector<CommandSpec> job_control_commands();
[[nodiscard]] std::vector<CommandSpec> mapping_commands();
[[nodiscard]] std::vector<CommandSpec> match_commands();
[[nodiscard]] std::vector<CommandSpec> vault_commands();
[[nodiscard]] std::vector<CommandSpec> db_commands();

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"

namespace dovetail::cli {
namespace {

constexpr std::size_t max_plugins = 256;

Result<std::vector<std::filesystem::path>> shared_objects(const App& app) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& directory : app.plugin_directories()) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
      if (at->path().extension() == ".so") {
        files.push_back(at->path());
      }
      if (files.size() > max_plugins) {
        return resource_exhausted(fmt::format("there are more than {} plugins in {}", max_plugins, directory.string()));
      }
    }
    if (error) {
      return not_found(fmt::format("the plugin directory {} cannot be listed: {}. Name another one with --plugin-dir",
                                   directory.string(), error.message()));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string abi_text(const plugin::AbiVersion& abi) { return fmt::format("{}.{}", abi.major, abi.minor); }

class PluginList final : public Command {
public:
  void declare(Options& options) override { json_.declare(options); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(plugin::PluginHost* const host, app.plugin_host());
    DOVETAIL_TRY(const auto files, shared_objects(app));
    const auto rows = app.console().rows(
        json_.format(),
        {{"file"}, {"provider"}, {"version"}, {"abi"}, {"capabilities"}, {"bytes", true}, {"sha256"}, {"problem"}});
    for (const std::filesystem::path& file : files) {
      const auto probed = host->probe(file);
      const std::string shown = json_.json ? file.string() : file.filename().string();
      if (!probed.ok()) {
        rows->row({shown, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                   app.console().redact(probed.error().message)});
        continue;
      }
      rows->row({shown, probed->info.key, probed->info.version, abi_text(probed->info.abi),
                 fmt::format("{}", fmt::join(probed->info.capabilities, " ")), static_cast<std::int64_t>(probed->bytes),
                 json_.json ? probed->sha256 : probed->sha256.substr(0, 12), nullptr});
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  JsonOption json_;
};

class PluginProbe final : public Command {
public:
  void declare(Options& options) override {
    options.positional("FILE", file_, "A plugin's shared object")->required();
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(plugin::PluginHost* const host, app.plugin_host());
    DOVETAIL_TRY(const plugin::ProbedPlugin probed, host->probe(file_));
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      writer.begin_object();
      writer.member("file", file_).member("provider", probed.info.key).member("version", probed.info.version);
      writer.member("abi", abi_text(probed.info.abi));
      writer.key("capabilities").begin_array();
      for (const std::string& capability : probed.info.capabilities) {
        writer.value(capability);
      }
      writer.end_array();
      writer.member("bytes", probed.bytes).member("sha256", probed.sha256);
      writer.end_object();
      app.console().say_json(std::move(writer));
      return ExitCode::ok;
    }
    Console& console = app.console();
    console.say(fmt::format("{} is the plugin of {}, version {}.", file_, probed.info.key, probed.info.version));
    console.say(fmt::format("ABI           {}", abi_text(probed.info.abi)));
    console.say(fmt::format("Capabilities  {}", fmt::join(probed.info.capabilities, ", ")));
    console.say(fmt::format("Bytes         {}", probed.bytes));
    console.say(fmt::format("SHA-256       {}", probed.sha256));
    return ExitCode::ok;
  }

private:
  std::string file_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> plugin_commands() {
  return {command<PluginList>("plugin list", "Lists the plugins, asking each who it is", "plugin list"),
          command<PluginProbe>("plugin probe", "Asks a file in a throwaway process whether it is a plugin, and which",
                               "plugin probe build/release/lib/dovetail/plugins/acme.so")};
}

} // namespace dovetail::cli

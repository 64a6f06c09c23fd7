// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_host.hpp"

#include <algorithm>
#include <cctype>
#include <future>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/plugin/library_store.hpp"
#include "core/plugin/plugin_state.hpp"

namespace dovetail::plugin {

namespace {

bool same_hash(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

} // namespace

Plugin::Plugin(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Plugin::~Plugin() = default;
const PluginInfo& Plugin::info() const noexcept { return state_->tables.info; }
const std::string& Plugin::sha256() const noexcept { return state_->sha256; }
const std::filesystem::path& Plugin::file() const noexcept { return state_->file; }

struct PluginHost::State {
  explicit State(PluginHostOptions given) : options(std::move(given)), store(options.folder) {}

  [[nodiscard]] Result<std::unique_ptr<Plugin>> load(const PluginSpec& spec);
  /// The description of a file that was kept at `copy`, from a throwaway process, asked once per content.
  [[nodiscard]] Result<PluginInfo> ask(const PluginFile& file, const std::filesystem::path& copy);
  [[nodiscard]] Status check_spec(const PluginSpec& spec, const PluginInfo& info) const;

  const PluginHostOptions options;
  const LibraryStore store;
  std::mutex mutex;
  // guarded by mutex
  // A load is begun by whoever comes first; others of that key wait for it without the lock.
  std::map<std::string, std::shared_future<Result<Plugin*>>, std::less<>> loads;
  std::map<std::string, std::unique_ptr<Plugin>, std::less<>> plugins;
  std::map<std::string, Result<PluginInfo>, std::less<>> asked; // by hash
};

Result<PluginInfo> PluginHost::State::ask(const PluginFile& file, const std::filesystem::path& copy) {
  {
    const std::lock_guard lock(mutex);
    if (const auto known = asked.find(file.sha256); known != asked.end()) {
      return known->second;
    }
  }
  auto info = probe_in_child(options.probe, file.name, copy);
  if (!info.ok() && info.error().code != ErrorCode::failed_precondition) {
    return info; // it says nothing about the plugin
  }
  if (!info.ok()) {
    std::error_code ignored; // a copy of what is refused is of no use, but does no harm either
    std::filesystem::remove(copy, ignored);
  }
  const std::lock_guard lock(mutex);
  return asked.insert_or_assign(file.sha256, std::move(info)).first->second;
}

Status PluginHost::State::check_spec(const PluginSpec& spec, const PluginInfo& info) const {
  if (info.key != spec.key) {
    return failed_precondition(
        fmt::format("{} is the plugin of the provider \"{}\", but the manifest names it for \"{}\". Correct the "
                    "manifest's plugin, or install the right file",
                    spec.file.string(), info.key, spec.key));
  }
  if (spec.abi && spec.abi->major != info.abi.major) {
    return failed_precondition(
        fmt::format("{} was built for plugin ABI {}, but its manifest says {}. Install manifest and plugin of the "
                    "same version",
                    spec.file.string(), info.abi.major, spec.abi->major));
  }
  return {};
}

Result<std::unique_ptr<Plugin>> PluginHost::State::load(const PluginSpec& spec) {
  const auto name = spec.file.string();
  if (spec.abi) {
    DOVETAIL_TRY_STATUS(
        check_abi(fmt::format("The plugin of \"{}\" ({})", spec.key, name), *spec.abi, options.probe.abi));
  }
  DOVETAIL_TRY(const auto file, read_plugin_file(spec.file));
  if (!spec.sha256.empty() && !same_hash(spec.sha256, file.sha256)) {
    return failed_precondition(
        fmt::format("{} is not the file that its manifest names: its SHA-256 is {}, expected {}. Install manifest "
                    "and plugin of the same version; if nobody changed it knowingly, treat it as tampered with",
                    name, file.sha256, spec.sha256));
  }
  DOVETAIL_TRY(const auto copy, store.keep(file));
  DOVETAIL_TRY(const auto info, ask(file, copy));
  DOVETAIL_TRY_STATUS(check_spec(spec, info));
  DOVETAIL_TRY(auto library, Library::open(name, copy));
  DOVETAIL_TRY(auto tables, query_plugin(name, library.query(), options.probe.abi));
  if (!(tables.info == info)) {
    return failed_precondition(name +
                               " describes itself differently each time it is asked. Report it to the plugin's author");
  }
  auto state = std::make_unique<Plugin::State>(Plugin::State{.library = std::move(library),
                                                             .tables = std::move(tables),
                                                             .sha256 = file.sha256,
                                                             .file = spec.file,
                                                             .host_abi = options.probe.abi,
                                                             .call_timeout = options.call_timeout});
  return std::unique_ptr<Plugin>(new Plugin(std::move(state))); // NOLINT(modernize-make-unique): a private constructor
}

PluginHost::PluginHost(PluginHostOptions options) : state_(std::make_unique<State>(std::move(options))) {}
PluginHost::~PluginHost() = default;

Result<Plugin*> PluginHost::load(const PluginSpec& spec) {
  std::promise<Result<Plugin*>> promise;
  std::shared_future<Result<Plugin*>> running;
  {
    const std::lock_guard lock(state_->mutex);
    const auto known = state_->loads.find(spec.key);
    if (known != state_->loads.end()) {
      running = known->second;
    } else {
      state_->loads.emplace(spec.key, promise.get_future().share());
    }
  }
  if (running.valid()) {
    auto result = running.get();
    if (result.ok() && !spec.sha256.empty() && !same_hash(spec.sha256, (*result)->sha256())) {
      return failed_precondition(
          fmt::format("The plugin \"{}\" is already loaded with another content ({}). A running process keeps what "
                      "it has: start a new one to use the new file",
                      spec.key, (*result)->sha256()));
    }
    return result;
  }
  auto made = state_->load(spec);
  const std::lock_guard lock(state_->mutex);
  if (!made.ok()) {
    state_->loads.erase(spec.key); // so that it can be tried again, with another file
    promise.set_value(made.error());
    return std::move(made).error();
  }
  Plugin* const plugin = made->get();
  state_->plugins.emplace(spec.key, std::move(*made));
  promise.set_value(plugin);
  return plugin;
}

Result<ProbedPlugin> PluginHost::probe(const std::filesystem::path& file) {
  DOVETAIL_TRY(const auto read, read_plugin_file(file));
  DOVETAIL_TRY(const auto copy, state_->store.keep(read));
  DOVETAIL_TRY(auto info, state_->ask(read, copy));
  return ProbedPlugin{.info = std::move(info), .sha256 = read.sha256, .bytes = read.bytes.size()};
}

std::vector<const Plugin*> PluginHost::plugins() const {
  std::vector<const Plugin*> result;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [key, plugin] : state_->plugins) {
    result.push_back(plugin.get());
  }
  return result;
}

} // namespace dovetail::plugin

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/plugin/action.hpp"
#include "core/plugin/descriptor.hpp"
#include "core/plugin/discovery.hpp"
#include "core/plugin/page.hpp"
#include "core/plugin/probe.hpp"
#include "core/plugin/services.hpp"

namespace dovetail::plugin {

class Plugin;

/// What came of a connection test (AUTH-5).
struct ConnectionTest {
  Status status;
  std::string
      findings; ///< a JSON object for people, without secrets; "" when the plugin told nothing. May be there on failure too
};

/// One connection's plugin object. Used by one thread at a time; must not outlive its Plugin nor its services.
class Instance {
public:
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  Instance(Instance&&) = delete;
  Instance& operator=(Instance&&) = delete;

  /// Reads one page into `sink`. An Error of the sink comes back as it is; one of the plugin or a host service with its retry class; a
  /// rule that the plugin broke, an exception included, is ErrorCode::internal and says which. The call is told to end at the
  /// cancellation's deadline, at the latest after PluginHostOptions::call_timeout.
  [[nodiscard]] Status read_page(const ReadPageRequest& request, PageSink& sink, const Cancellation& cancellation);
  [[nodiscard]] ConnectionTest test_connection(const Cancellation& cancellation);
  /// The fields of `object` that only the account knows. Errors: failed_precondition when the plugin has no dovetail.discovery/1, else as
  /// read_page.
  [[nodiscard]] Result<std::vector<DiscoveredField>> discover(std::string_view object,
                                                              const Cancellation& cancellation);
  /// Does something at the provider; the output is a JSON object without secrets. Errors: failed_precondition when the plugin has no
  /// dovetail.action/1, invalid_argument for an input that is too long or a key that is none, else as read_page.
  [[nodiscard]] Result<std::string> invoke(const ActionRequest& request, const Cancellation& cancellation);

  struct State;

private:
  friend class Plugin;
  explicit Instance(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// What an instance is made from.
struct InstanceConfig {
  std::string_view config = "{}";   ///< the connection's, JSON
  std::string_view settings = "{}"; ///< the manifest's, JSON
  std::string base_url = {};        ///< without a trailing slash
};

/// A loaded plugin. Thread-safe. Its code stays in the process for good.
class Plugin {
public:
  ~Plugin();
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  Plugin(Plugin&&) = delete;
  Plugin& operator=(Plugin&&) = delete;

  [[nodiscard]] const PluginInfo& info() const noexcept;
  [[nodiscard]] const std::string& sha256() const noexcept;
  /// What a reader of its status wants to know: the file that it was loaded from.
  [[nodiscard]] const std::filesystem::path& file() const noexcept;

  /// Makes the plugin object of one connection. The Error is the plugin's.
  [[nodiscard]] Result<std::unique_ptr<Instance>> create_instance(const InstanceConfig& config,
                                                                  const HostServices& services) const;

  struct State;

private:
  friend class PluginHost;
  explicit Plugin(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// Which plugin is wanted.
struct PluginSpec {
  std::string key; ///< the provider's
  std::filesystem::path file;
  std::string sha256 = {};            ///< what the manifest says the file must be, hex; "" = it does not say
  std::optional<AbiVersion> abi = {}; ///< what the manifest says the plugin needs
};

struct PluginHostOptions {
  std::filesystem::path folder;                    ///< <data-dir>/plugins: private copies of what is loaded
  ProbeOptions probe = {};                         ///< also says which ABI this host speaks
  std::chrono::milliseconds call_timeout{120'000}; ///< of each call into a plugin
};

/// What is known of a plugin's file without loading it.
struct ProbedPlugin {
  PluginInfo info;
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// Loads plugins and keeps them by provider key (CORE-1, CORE-4). Thread-safe; no lock is held while a file is read or a plugin runs.
///
/// A file is read once, checked as ELF, compared with the manifest's hash, copied under its hash into the private folder, opened in
/// a throwaway process (once per content), and only then opened here, from the copy. Every refusal is an Error that says what to do.
class PluginHost {
public:
  explicit PluginHost(PluginHostOptions options);
  ~PluginHost();
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;
  PluginHost(PluginHost&&) = delete;
  PluginHost& operator=(PluginHost&&) = delete;

  /// The plugin of that key, loaded if it is not. Lives as long as the host. Asking for one that is loaded with another content is
  /// failed_precondition: a plugin is upgraded by a new process.
  [[nodiscard]] Result<Plugin*> load(const PluginSpec& spec);
  /// Asks a file who it is, in a throwaway process only.
  [[nodiscard]] Result<ProbedPlugin> probe(const std::filesystem::path& file);
  /// What is loaded, by key.
  [[nodiscard]] std::vector<const Plugin*> plugins() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace dovetail::plugin

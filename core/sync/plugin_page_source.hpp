// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/log.hpp"
#include "core/plugin/plugin_host.hpp"
#include "core/store/sync_state_repository.hpp"
#include "core/sync/connection_session.hpp"
#include "core/sync/page_source.hpp"

namespace dovetail::sync {

/// What a plugin kept with earlier pages of one object.
class StoredState final : public plugin::StateReader {
public:
  StoredState(store::TenantScope scope, ConnectionId connection, std::string object)
      : states_(scope), connection_(connection), object_(std::move(object)) {}
  [[nodiscard]] Result<std::string> get(std::string_view key) override;

private:
  store::PluginStateRepository states_;
  ConnectionId connection_;
  std::string object_;
};

/// Whether records were stored under this page key.
using PageKnown = std::function<Result<bool>(std::string_view page_key)>;

/// Pages from a plugin's instance. One call at a time.
class PluginPageSource final : public PageSource {
public:
  struct Parts {
    plugin::Plugin& plugin;
    ConnectionSession& session;
    Clock& clock;
    Logger& logger;
    const Redactor& redactor;
  };
  /// `session` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<PluginPageSource>> make(Parts parts, const plugin::InstanceConfig& config,
                                                                      std::unique_ptr<plugin::StateReader> state,
                                                                      PageKnown page_known,
                                                                      plugin::LogIdentity identity);

  [[nodiscard]] Result<FetchedPage> fetch(const PageRequest& request, const Cancellation& cancellation) override;
  [[nodiscard]] Exchanges exchanges() const override;

private:
  PluginPageSource(Parts parts, std::unique_ptr<plugin::StateReader> state, PageKnown page_known,
                   plugin::LogIdentity identity);

  ConnectionSession& session_;
  std::unique_ptr<plugin::StateReader> state_;
  PageKnown page_known_;
  plugin::HostServices services_;
  std::unique_ptr<plugin::Instance> instance_; // uses the services
  // Where the session, which serves one object after the other, stood when this source was made.
  const Exchanges begun_;
  // What was counted with the last page that came; exchanges of calls that failed go to the next one.
  Exchanges counted_;
};

} // namespace dovetail::sync

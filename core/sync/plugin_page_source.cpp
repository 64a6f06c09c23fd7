// SPDX-License-Identifier: Apache-2.0
#include "core/sync/plugin_page_source.hpp"

#include <utility>

namespace dovetail::sync {
namespace {

/// Gathers what a plugin tells during one call.
class Collector final : public plugin::PageSink {
public:
  explicit Collector(const PageKnown& page_known) : page_known_(page_known) {}

  [[nodiscard]] Status records(plugin::PageRecords records) override {
    page.records.push_back(std::move(records));
    return {};
  }
  [[nodiscard]] Result<bool> unchanged(std::string_view page_key) override {
    DOVETAIL_TRY(const bool known, page_known_(page_key));
    if (known) {
      page.unchanged.emplace_back(page_key);
    }
    return known;
  }
  [[nodiscard]] Status set_state(std::string_view key, std::string_view value) override {
    page.states.push_back({.key = std::string(key), .value = std::string(value)});
    return {};
  }
  [[nodiscard]] Status finish(const plugin::PageEnd& end) override {
    page.exhausted = end.exhausted;
    page.next_cursor = end.next_cursor;
    page.high_water = end.high_water;
    return {};
  }

  FetchedPage page;

private:
  const PageKnown& page_known_;
};

} // namespace

Result<std::string> StoredState::get(std::string_view key) {
  DOVETAIL_TRY(const auto value, states_.get(connection_, object_, key));
  return value.value_or("");
}

PluginPageSource::PluginPageSource(Parts parts, std::unique_ptr<plugin::StateReader> state, PageKnown page_known,
                                   plugin::LogIdentity identity)
    : session_(parts.session), state_(std::move(state)), page_known_(std::move(page_known)),
      services_{.http = parts.session,
                .state = *state_,
                .clock = parts.clock,
                .logger = parts.logger,
                .redactor = parts.redactor,
                .identity = std::move(identity)},
      begun_{.requests = parts.session.requests(), .not_modified = parts.session.not_modified()} {}

Result<std::unique_ptr<PluginPageSource>> PluginPageSource::make(Parts parts, const plugin::InstanceConfig& config,
                                                                 std::unique_ptr<plugin::StateReader> state,
                                                                 PageKnown page_known, plugin::LogIdentity identity) {
  std::unique_ptr<PluginPageSource> source(
      new PluginPageSource(parts, std::move(state), std::move(page_known), std::move(identity)));
  DOVETAIL_TRY(source->instance_, parts.plugin.create_instance(config, source->services_));
  return source;
}

Result<FetchedPage> PluginPageSource::fetch(const PageRequest& request, const Cancellation& cancellation) {
  plugin::ReadPageRequest asked;
  asked.object = request.object;
  asked.cursor = request.cursor;
  asked.since = request.since;
  asked.filters = request.filters;
  asked.parents = request.parents;
  asked.fields.assign(request.fields.begin(), request.fields.end());
  asked.full = request.full;
  asked.fresh = request.fresh;
  Collector collector(page_known_);
  DOVETAIL_TRY_STATUS(instance_->read_page(asked, collector, cancellation));
  FetchedPage& page = collector.page;
  const auto before = std::exchange(counted_, exchanges());
  page.requests = counted_.requests - before.requests;
  page.not_modified = counted_.not_modified - before.not_modified;
  return std::move(page);
}

Exchanges PluginPageSource::exchanges() const {
  return {.requests = session_.requests() - begun_.requests,
          .not_modified = session_.not_modified() - begun_.not_modified};
}

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "core/json/check.hpp"
#include "core/plugin/host_call.hpp"
#include "core/plugin/page_writer.hpp"
#include "core/plugin/plugin_state.hpp"
#include "core/plugin/slice.hpp"

namespace dovetail::plugin {

namespace {

/// The given cancellation, ending at the latest after `timeout`.
Cancellation bounded(const Cancellation& given, std::chrono::milliseconds timeout, const Clock& clock) {
  Cancellation result = given;
  const auto latest = clock.monotonic_now() + timeout;
  if (!result.deadline || *result.deadline > latest) {
    result.deadline = latest;
  }
  return result;
}

/// Calls into the plugin. It must not throw; that it does is noted as a broken rule, with what it said.
template <typename Call> dvt_code enter(HostCall& frame, std::string_view function, Call&& call) {
  const auto threw = [&](std::string_view what) {
    static_cast<void>(frame.misuse(fmt::format("{} threw an exception{}", function, frame.redacted(what, 500))));
    return dvt_code{DVT_INTERNAL};
  };
  try {
    return std::forward<Call>(call)();
  } catch (const std::exception& exception) {
    return threw(fmt::format(" ({})", exception.what()));
  } catch (...) {
    return threw("");
  }
}

const void* capability_for_plugin(const dvt_host*, dvt_slice id) noexcept { return host_capability(to_view(id)); }

void take_report(void* context, dvt_slice json) noexcept {
  HostCall* const frame = HostCall::running();
  // Compared, never followed: the context is what the plugin handed back.
  if (frame == nullptr || frame != context || frame->findings == nullptr) {
    return;
  }
  try {
    if (json.size > CallLimits::report_bytes || !json::check(to_view(json)).ok()) {
      static_cast<void>(frame->misuse(fmt::format("a report of {} bytes (of at most {}), or one that is no JSON",
                                                  json.size, CallLimits::report_bytes)));
      return;
    }
    auto redacted = frame->services().redactor.redact(to_view(json));
    *frame->findings = json::check(redacted).ok() ? std::move(redacted) : std::string();
  } catch (...) {
    frame->findings->clear(); // no memory for a report: there is none
  }
}

} // namespace

Instance::Instance(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Instance::~Instance() {
  void (*const destroy)(dvt_instance*) =
      state_->plugin.tables.descriptor->destroy; // a type that may throw: see query_plugin
  try {
    destroy(state_->instance);
  } catch (...) {
    state_->services.logger.error(
        "The plugin threw an exception when its instance was ended. Report it to the plugin's author",
        {{"provider", state_->plugin.tables.info.key}});
  }
}

Result<std::unique_ptr<Instance>> Plugin::create_instance(const InstanceConfig& config,
                                                          const HostServices& services) const {
  const auto& key = state_->tables.info.key;
  auto made = std::make_unique<Instance::State>(*state_, services, config.base_url);
  made->host.struct_size = sizeof made->host;
  made->host.abi_major = static_cast<std::uint16_t>(state_->host_abi.major);
  made->host.abi_minor = static_cast<std::uint16_t>(state_->host_abi.minor);
  made->host.get_capability = &capability_for_plugin;
  dvt_create_args args{};
  args.struct_size = sizeof args;
  args.config = to_slice(config.config);
  args.settings = to_slice(config.settings);
  args.base_url = to_slice(made->base_url);
  HostCall frame(made->services, bounded({}, state_->call_timeout, services.clock),
                 {.base_url = made->base_url, .allow_http = false});
  dvt_code (*const create)(const dvt_host*, const dvt_create_args*, const dvt_call*, dvt_instance**) =
      state_->tables.descriptor->create;
  const auto code = enter(frame, "create", [&] { return create(&made->host, &args, frame.raw(), &made->instance); });
  auto status = frame.outcome(code, key);
  if (status.ok() && made->instance == nullptr) {
    status = internal(fmt::format(
        "The plugin {} broke a rule of the plugin ABI: create succeeded without an instance. Report it to the "
        "plugin's author, or install another version",
        key));
  }
  if (!status.ok() && made->instance == nullptr) {
    return std::move(status).error();
  }
  std::unique_ptr<Instance> instance(
      new Instance(std::move(made))); // NOLINT(modernize-make-unique): a private constructor
  if (!status.ok()) {
    return std::move(status).error(); // it failed, and left an instance that is ended here
  }
  return instance;
}

Status Instance::read_page(const ReadPageRequest& request, PageSink& sink, const Cancellation& cancellation) {
  const auto& plugin = state_->plugin;
  if (plugin.tables.sync == nullptr) {
    return failed_precondition(
        fmt::format("The plugin {} reads no objects (it lacks " DVT_SYNC_ID ")", plugin.tables.info.key));
  }
  std::vector<dvt_slice> fields;
  fields.reserve(request.fields.size());
  for (const auto field : request.fields) {
    fields.push_back(to_slice(field));
  }
  dvt_read_request raw{};
  raw.struct_size = sizeof raw;
  raw.flags = (request.full ? std::uint32_t{DVT_READ_FULL} : 0U) | (request.fresh ? std::uint32_t{DVT_READ_FRESH} : 0U);
  raw.object = to_slice(request.object);
  raw.cursor = to_slice(request.cursor);
  raw.since_us = request.since ? request.since->time_since_epoch().count() : DVT_NO_TIME;
  raw.filters = to_slice(request.filters);
  raw.parents = to_slice(request.parents);
  raw.fields = fields.data();
  raw.field_count = fields.size();
  HostCall frame(state_->services, bounded(cancellation, plugin.call_timeout, state_->services.clock),
                 {.base_url = state_->base_url, .fresh = request.fresh});
  PageWriter page(frame, sink, request.cursor);
  dvt_code (*const read)(dvt_instance*, const dvt_call*, const dvt_read_request*, const dvt_page_sink*) =
      plugin.tables.sync->read_page;
  const auto code = enter(frame, "read_page", [&] { return read(state_->instance, frame.raw(), &raw, page.raw()); });
  return page.outcome(frame.outcome(code, plugin.tables.info.key), plugin.tables.info.key);
}

ConnectionTest Instance::test_connection(const Cancellation& cancellation) {
  const auto& plugin = state_->plugin;
  ConnectionTest test;
  if (plugin.tables.sync == nullptr) {
    test.status = failed_precondition(
        fmt::format("The plugin {} cannot test a connection (it lacks " DVT_SYNC_ID ")", plugin.tables.info.key));
    return test;
  }
  HostCall frame(state_->services, bounded(cancellation, plugin.call_timeout, state_->services.clock),
                 {.base_url = state_->base_url});
  frame.findings = &test.findings;
  dvt_code (*const ask)(dvt_instance*, const dvt_call*, dvt_report, void*) = plugin.tables.sync->test_connection;
  const auto code =
      enter(frame, "test_connection", [&] { return ask(state_->instance, frame.raw(), &take_report, &frame); });
  test.status = frame.outcome(code, plugin.tables.info.key);
  return test;
}

Result<std::vector<DiscoveredField>> Instance::discover(std::string_view object, const Cancellation& cancellation) {
  const auto& plugin = state_->plugin;
  if (plugin.tables.discovery == nullptr) {
    return failed_precondition(
        fmt::format("The plugin {} discovers no fields (it lacks " DVT_DISCOVERY_ID ")", plugin.tables.info.key));
  }
  dvt_discover_request raw{};
  raw.struct_size = sizeof raw;
  raw.object = to_slice(object);
  HostCall frame(state_->services, bounded(cancellation, plugin.call_timeout, state_->services.clock),
                 {.base_url = state_->base_url, .fresh = true});
  FieldCollector fields(frame);
  dvt_code (*const ask)(dvt_instance*, const dvt_call*, const dvt_discover_request*, const dvt_field_sink*) =
      plugin.tables.discovery->discover;
  const auto code = enter(frame, "discover", [&] { return ask(state_->instance, frame.raw(), &raw, fields.raw()); });
  DOVETAIL_TRY_STATUS(frame.outcome(code, plugin.tables.info.key));
  return std::move(fields).take();
}

Result<std::string> Instance::invoke(const ActionRequest& request, const Cancellation& cancellation) {
  const auto& plugin = state_->plugin;
  if (plugin.tables.action == nullptr) {
    return failed_precondition(
        fmt::format("The plugin {} has no actions (it lacks " DVT_ACTION_ID ")", plugin.tables.info.key));
  }
  DOVETAIL_TRY_STATUS(check_idempotency_key(request.idempotency_key));
  if (request.input.size() > ActionLimits::input_bytes) {
    return invalid_argument(fmt::format("The input of an action has {} bytes; {} are allowed", request.input.size(),
                                        ActionLimits::input_bytes));
  }
  dvt_action_request raw{};
  raw.struct_size = sizeof raw;
  raw.flags = request.repeated ? std::uint32_t{DVT_ACTION_REPEATED} : 0U;
  raw.action = to_slice(request.action);
  raw.input = to_slice(request.input);
  raw.idempotency_key = to_slice(request.idempotency_key);
  HostCall frame(state_->services, bounded(cancellation, plugin.call_timeout, state_->services.clock),
                 {.base_url = state_->base_url, .fresh = true});
  ActionCollector result(frame);
  dvt_code (*const act)(dvt_instance*, const dvt_call*, const dvt_action_request*, const dvt_action_sink*) =
      plugin.tables.action->invoke;
  const auto code = enter(frame, "invoke", [&] { return act(state_->instance, frame.raw(), &raw, result.raw()); });
  return std::move(result).outcome(frame.outcome(code, plugin.tables.info.key), plugin.tables.info.key);
}

} // namespace dovetail::plugin

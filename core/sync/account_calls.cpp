// SPDX-License-Identifier: Apache-2.0
// The calls of SyncService that are about an account and not about pages: discovery and actions.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json/document.hpp"
#include "core/store/action_jobs.hpp"
#include "core/store/process_identity.hpp"
#include "core/sync/ready_connection.hpp"
#include "core/sync/sync_service.hpp"
#include "core/vault/crypto.hpp"

namespace dovetail::sync {
namespace {

template <typename List> std::string keys_of(const List& list) {
  std::vector<std::string_view> keys;
  std::transform(list.begin(), list.end(), std::back_inserter(keys),
                 [](const auto& entry) { return std::string_view(entry.key); });
  return fmt::format("{}", fmt::join(keys, ", "));
}

/// Whether this failure proves that nothing was done (see action.h): no request went out, or the provider said no.
store::ActionFailure failure_of(const Error& error, std::int64_t requests) {
  constexpr std::array refusals = {
      ErrorCode::invalid_argument,    ErrorCode::not_found,    ErrorCode::already_exists, ErrorCode::permission_denied,
      ErrorCode::failed_precondition, ErrorCode::out_of_range, ErrorCode::unimplemented,  ErrorCode::unauthenticated};
  const bool refused = requests == 0 || error.retry == RetryClass::rate_limited ||
                       std::find(refusals.begin(), refusals.end(), error.code) != refusals.end();
  return refused ? store::ActionFailure::refused : store::ActionFailure::unknown;
}

/// The input in the form that equal inputs share.
Result<std::string> checked_input(const manifest::Action& action, std::string_view text) {
  auto document = json::Document::parse(text, {.max_bytes = plugin::ActionLimits::input_bytes});
  if (!document.ok()) {
    return document.error().in(fmt::format("The input of the action \"{}\"", action.key));
  }
  // Values are not repeated: a person may have put a secret in the wrong place.
  const auto problems = action.input_schema->validate(document->root(), json::ShowValues::no);
  if (!problems.empty()) {
    std::string message = fmt::format("The input does not fit the action \"{}\":", action.key);
    for (const auto& problem : problems) {
      message += " " + problem.text() + ";";
    }
    message.pop_back();
    return invalid_argument(std::move(message));
  }
  return document->root().dump_canonical();
}

} // namespace

Result<std::unique_ptr<plugin::Instance>> SyncService::make_instance(Ready& ready, std::string_view object, JobId job) {
  ready.session->begin_object(std::string(object), job);
  const plugin::HostServices services{.http = *ready.session,
                                      .state = ready.no_state,
                                      .clock = parts_.clock,
                                      .logger = parts_.logger,
                                      .redactor = parts_.redactor,
                                      .identity = {.tenant = ready.tenant.name,
                                                   .provider = ready.provider.provider_key,
                                                   .connection = ready.connection.settings.name,
                                                   .object = std::string(object),
                                                   .job = job.value}};
  return ready.plugin->create_instance(
      {.config = ready.config, .settings = ready.settings, .base_url = ready.resolved.base_url}, services);
}

Result<std::vector<plugin::DiscoveredField>> SyncService::discover(const store::TenantRecord& tenant,
                                                                   const store::ConnectionRecord& connection,
                                                                   std::string_view object,
                                                                   const std::stop_token& stop) {
  DOVETAIL_TRY(auto ready, make_ready(tenant, connection, Use::work, stop));
  const auto* const known = ready->provider.find_object(object);
  if (known == nullptr) {
    return not_found(fmt::format("The provider \"{}\" has no object \"{}\", only: {}", ready->provider.provider_key,
                                 object, keys_of(ready->provider.objects)));
  }
  if (!known->discovery) {
    return failed_precondition(fmt::format(
        "The fields of the object \"{}\" are those of the provider's manifest: no account has others", known->key));
  }
  DOVETAIL_TRY(const auto instance, make_instance(*ready, known->key, {}));
  auto found = instance->discover(known->key, {.stop = stop, .deadline = std::nullopt});
  if (!found.ok()) {
    note_refusal(tenant, connection, ready.get(), found.error());
  }
  return found;
}

Result<ActionOutcome> SyncService::invoke_action(const store::TenantRecord& tenant,
                                                 const store::ConnectionRecord& connection, const ActionCall& call,
                                                 const std::stop_token& stop) {
  const auto* const provider = parts_.manifests.find(connection.settings.provider);
  const auto* const action = provider == nullptr ? nullptr : provider->find_action(call.action);
  if (provider != nullptr && action == nullptr) {
    return not_found(fmt::format("The provider \"{}\" has no action \"{}\"{}", provider->provider_key, call.action,
                                 provider->actions.empty() ? "" : ", only: " + keys_of(provider->actions)));
  }
  if (!call.idempotency_key.empty()) {
    DOVETAIL_TRY_STATUS(plugin::check_idempotency_key(call.idempotency_key));
  }
  std::string input;
  if (action != nullptr) {
    DOVETAIL_TRY(input, checked_input(*action, call.input));
  }
  DOVETAIL_TRY(auto ready,
               make_ready(tenant, connection, Use::work, stop)); // tells of a provider without a manifest, too
  store::ActionJobs jobs({parts_.database, tenant.id}, parts_.ids);
  const auto self = store::this_process();
  DOVETAIL_TRY(const auto start, jobs.begin({.connection = connection.id,
                                             .provider = provider->provider_key,
                                             .action = action->key,
                                             .input_sha256 = vault::sha256_hex(input),
                                             .idempotency_key = std::string(call.idempotency_key),
                                             .idempotent = action->idempotent,
                                             .worker = self.host + ":" + std::to_string(self.process_id)}));
  ActionOutcome outcome;
  outcome.job = start.claim.job;
  outcome.idempotency_key = start.idempotency_key;
  if (start.output) {
    outcome.output = *start.output;
    outcome.done_before = true;
    return outcome;
  }
  auto output = [&]() -> Result<std::string> {
    DOVETAIL_TRY(const auto instance, make_instance(*ready, action->object, start.claim.job));
    return instance->invoke(
        {.action = action->key, .input = input, .idempotency_key = start.idempotency_key, .repeated = start.repeated},
        {.stop = stop, .deadline = std::nullopt});
  }();
  const auto requests = ready->session->requests();
  if (!output.ok()) {
    outcome.status = output.error();
    note_refusal(tenant, connection, ready.get(), output.error());
    DOVETAIL_TRY_STATUS(jobs.fail(start, requests, output.error(), failure_of(output.error(), requests)));
    parts_.logger.warning("an action failed", {{"tenant", tenant.name},
                                               {"provider", provider->provider_key},
                                               {"connection", connection.settings.name},
                                               {"action", action->key},
                                               {"job", start.claim.job.value},
                                               {"code", to_string(output.error().code)},
                                               {"reason", output.error().message}});
    return outcome;
  }
  outcome.output = std::move(*output);
  DOVETAIL_TRY_STATUS(jobs.succeed(start, requests, outcome.output));
  return outcome;
}

} // namespace dovetail::sync

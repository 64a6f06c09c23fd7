// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/host_call.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/plugin/slice.hpp"
#include "dovetail/abi/services.h"

namespace dovetail::plugin {

namespace {

thread_local HostCall* running_call = nullptr;

/// The instant of the wall clock at which the call ends.
std::int64_t deadline_us(const Cancellation& cancellation, const Clock& clock) {
  if (!cancellation.deadline) {
    return DVT_NO_TIME;
  }
  const auto left = *cancellation.deadline - clock.monotonic_now();
  return (clock.now() + std::chrono::duration_cast<std::chrono::microseconds>(left)).time_since_epoch().count();
}

} // namespace

HostCall::HostCall(const HostServices& services, Cancellation cancellation, Options options)
    : services_(services), cancellation_(std::move(cancellation)), options_(options), outer_(running_call) {
  error_.struct_size = sizeof error_;
  error_.host = this;
  error_.set_message = [](dvt_error* error, dvt_slice text) noexcept {
    if (running_call == nullptr || error != &running_call->error_) {
      return;
    }
    try {
      running_call->message_ = to_view(text).substr(0, limits::max_error_message_bytes);
    } catch (...) { // no memory for a message: the code alone must do
    }
  };
  error_.set_provider_request_id = [](dvt_error* error, dvt_slice id) noexcept {
    if (running_call == nullptr || error != &running_call->error_) {
      return;
    }
    try {
      running_call->request_id_ = to_view(id).substr(0, CallLimits::request_id_bytes);
    } catch (...) { // as above
    }
  };
  error_.message = [](const dvt_error* error) noexcept -> dvt_slice {
    return running_call != nullptr && error == &running_call->error_ ? to_slice(running_call->message_) : dvt_slice{};
  };
  error_.provider_request_id = [](const dvt_error* error) noexcept -> dvt_slice {
    return running_call != nullptr && error == &running_call->error_ ? to_slice(running_call->request_id_)
                                                                     : dvt_slice{};
  };
  call_.struct_size = sizeof call_;
  call_.host = this;
  call_.error = &error_;
  call_.deadline_us = deadline_us(cancellation_, services_.clock);
  call_.is_cancelled = [](const dvt_call* call) noexcept -> std::int32_t {
    const HostCall* frame = of(call);
    return frame == nullptr || !frame->check_alive().ok() ? 1 : 0;
  };
  running_call = this;
}

HostCall::~HostCall() { running_call = outer_; }

HostCall* HostCall::of(const dvt_call* call) noexcept {
  return running_call != nullptr && call == &running_call->call_ ? running_call : nullptr;
}

HostCall* HostCall::running() noexcept { return running_call; }

Error HostCall::misuse(std::string_view rule) {
  if (broken_rule_.empty()) {
    broken_rule_ = rule;
  }
  return internal(fmt::format("broken rule of the plugin ABI: {}", rule));
}

dvt_code HostCall::fail(const Error& error) noexcept {
  error_.retry_class = static_cast<std::int32_t>(error.retry);
  error_.retry_after_ms = error.retry_after.count();
  error_.http_status = error.http_status;
  error_.set_message(&error_, to_slice(error.message));
  error_.set_provider_request_id(&error_, to_slice(error.provider_request_id));
  return static_cast<dvt_code>(error.code);
}

dvt_code HostCall::fail(ErrorCode code, std::string_view message) noexcept {
  error_.retry_class = DVT_RETRY_NEVER;
  error_.set_message(&error_, to_slice(message));
  return static_cast<dvt_code>(code);
}

std::string HostCall::redacted(std::string_view text, std::size_t max_bytes) const {
  return services_.redactor.redact(clean_text(text, max_bytes));
}

Status HostCall::outcome(dvt_code code, std::string_view plugin) const {
  if (!broken_rule_.empty()) {
    return internal(fmt::format(
        "The plugin {} broke a rule of the plugin ABI: {}. Report it to the plugin's author, or install another "
        "version",
        plugin, broken_rule_));
  }
  if (code == DVT_OK) {
    return {};
  }
  const auto known = error_code_from_number(code);
  Error error;
  error.code = known.value_or(ErrorCode::unknown);
  error.message = redacted(message_, limits::max_error_message_bytes);
  if (error.message.empty()) {
    error.message = fmt::format("The plugin {} failed without saying why", plugin);
  }
  if (!known) {
    error.message += fmt::format(" (it returned the code {}, which is not one of the ABI's)", code);
  }
  if (error_.retry_class == DVT_RETRY_TRANSIENT || error_.retry_class == DVT_RETRY_RATE_LIMITED) {
    error.retry = static_cast<RetryClass>(error_.retry_class);
  }
  const auto longest = std::chrono::milliseconds(limits::max_retry_after);
  error.retry_after = std::chrono::milliseconds(std::clamp<std::int64_t>(error_.retry_after_ms, 0, longest.count()));
  error.http_status = error_.http_status >= 100 && error_.http_status <= 599 ? error_.http_status : 0;
  error.provider_request_id = redacted(request_id_, CallLimits::request_id_bytes);
  return error;
}

Status HostCall::reserve(std::size_t bytes) {
  if (bytes > CallLimits::held_bytes - held_bytes_) {
    return resource_exhausted(fmt::format(
        "the answers of one page take more than {} MiB together, which is the most that is held: the plugin "
        "has to end its page earlier. Report it to the plugin's author",
        CallLimits::held_bytes >> 20U));
  }
  held_bytes_ += bytes;
  return {};
}

Result<dvt_http_response*> HostCall::hold(std::shared_ptr<const HttpResponse> answer) {
  if (responses_.size() == CallLimits::handles) {
    return resource_exhausted(
        fmt::format("more than {} requests in one call: the plugin must read fewer in one page", CallLimits::handles));
  }
  const auto bytes = answer->bytes().size();
  DOVETAIL_TRY_STATUS(reserve(bytes));
  responses_.push_back(std::make_unique<Response>(Response{.answer = std::move(answer), .bytes = bytes}));
  // An address that nobody follows: find() only compares it.
  return static_cast<dvt_http_response*>(static_cast<void*>(responses_.back().get()));
}

Result<dvt_json_document*> HostCall::hold(std::shared_ptr<const PageBody> body, Response* source) {
  if (documents_.size() == CallLimits::handles) {
    return resource_exhausted(fmt::format(
        "more than {} JSON documents in one call: the plugin must read fewer in one page", CallLimits::handles));
  }
  if (source == nullptr) {
    DOVETAIL_TRY_STATUS(reserve(body->bytes().size()));
  } else {
    ++source->documents;
  }
  documents_.push_back(
      std::make_unique<Document>(Document{.body = std::move(body), .source = source, .unescaped = {}}));
  return static_cast<dvt_json_document*>(static_cast<void*>(documents_.back().get()));
}

// From the newest: that is what plugins look at.
HostCall::Response* HostCall::find(const dvt_http_response* handle) noexcept {
  const void* const wanted = handle;
  const auto found =
      std::find_if(responses_.rbegin(), responses_.rend(), [wanted](const auto& r) { return r.get() == wanted; });
  return found == responses_.rend() || (*found)->answer == nullptr ? nullptr : found->get();
}

HostCall::Document* HostCall::find(const dvt_json_document* handle) noexcept {
  const void* const wanted = handle;
  const auto found =
      std::find_if(documents_.rbegin(), documents_.rend(), [wanted](const auto& d) { return d.get() == wanted; });
  return found == documents_.rend() || (*found)->body == nullptr ? nullptr : found->get();
}

/// Counts a body out once nothing of this call holds it.
void HostCall::give_up(Response& response) noexcept {
  if (response.answer == nullptr && response.documents == 0 && !response.given) {
    held_bytes_ -= response.bytes;
  }
}

void HostCall::release(Response& response) noexcept {
  response.answer.reset();
  give_up(response);
}

void HostCall::release(Document& document) noexcept {
  document.unescaped.clear();
  if (document.source != nullptr) {
    --document.source->documents;
    give_up(*document.source);
  } else {
    held_bytes_ -= document.body->bytes().size();
  }
  document.body.reset();
}

Result<std::string_view> HostCall::state(std::string_view key) {
  if (options_.fresh) {
    return std::string_view{};
  }
  if (const auto known = states_.find(key); known != states_.end()) {
    return std::string_view(known->second);
  }
  if (states_.size() == CallLimits::states) {
    return resource_exhausted(fmt::format("more than {} different state keys in one call", CallLimits::states));
  }
  DOVETAIL_TRY(auto value, services_.state.get(key));
  return std::string_view(states_.emplace(key, std::move(value)).first->second);
}

void HostCall::log(std::int32_t level, std::string_view message) {
  if (++log_lines_ > CallLimits::log_lines) {
    return;
  }
  const auto& who = services_.identity;
  const auto write = [&](LogLevel at, std::string_view text) {
    services_.logger.write(at, text,
                           {{"tenant", who.tenant},
                            {"provider", who.provider},
                            {"connection", who.connection},
                            {"object", who.object},
                            {"job", who.job},
                            {"source", "plugin"}});
  };
  const auto known = std::clamp<std::int32_t>(level, DVT_LOG_DEBUG, DVT_LOG_ERROR);
  write(static_cast<LogLevel>(known), redacted(message, CallLimits::log_bytes));
  if (log_lines_ == CallLimits::log_lines) {
    write(LogLevel::warning, "The plugin wrote more log lines in one call than are kept; the rest is dropped");
  }
}

} // namespace dovetail::plugin

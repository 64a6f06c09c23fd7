// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/abi/services.h"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/http.hpp"
#include "dovetail/sdk/json.hpp"
#include "dovetail/sdk/services.hpp"
#include "dovetail/sdk/time.hpp"

namespace dovetail::sdk {

enum class LogLevel : std::int32_t {
  debug = DVT_LOG_DEBUG,
  info = DVT_LOG_INFO,
  warning = DVT_LOG_WARNING,
  error = DVT_LOG_ERROR,
};

/// The host during one call: everything a plugin may do besides thinking. Lives until the call returns; for its thread only.
class Context {
public:
  Context(const dvt_call* call, const detail::Services& services) noexcept : frame_{call, &services} {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context(Context&&) = delete;
  Context& operator=(Context&&) = delete;
  ~Context() = default;

  /// Sends and waits. An Error means that no usable answer came, and is best returned as it is; a status of 404 is no Error.
  [[nodiscard]] Result<Response> send(const Request& request) const {
    std::vector<dvt_http_header> headers;
    headers.reserve(request.headers_.size());
    for (const auto& [name, value] : request.headers_) {
      headers.push_back({detail::slice(name), detail::slice(value)});
    }
    dvt_http_request raw{};
    raw.struct_size = sizeof raw;
    raw.flags = request.repeatable_ ? std::uint32_t{DVT_HTTP_REPEATABLE} : 0;
    raw.method = detail::slice(request.method_);
    raw.url = detail::slice(request.url_);
    raw.headers = headers.empty() ? nullptr : headers.data();
    raw.header_count = headers.size();
    raw.body = detail::slice(request.body_);
    dvt_http_response* response = nullptr;
    const dvt_code code = frame_.services->http->send(frame_.call, &raw, &response);
    if (code != DVT_OK) {
      return detail::error_of(frame_.call, code);
    }
    return Response(frame_, response);
  }

  /// Reads JSON of the plugin's own: the cursor, the config, the parents.
  [[nodiscard]] Result<Json> parse(std::string_view text) const {
    dvt_json_document* document = nullptr;
    const dvt_code code = frame_.services->json->parse(frame_.call, detail::slice(text), &document);
    if (code != DVT_OK) {
      return detail::error_of(frame_.call, code);
    }
    return Json(frame_, document);
  }

  void log(LogLevel level, std::string_view message) const noexcept {
    frame_.services->log->write(frame_.call, static_cast<std::int32_t>(level), detail::slice(message));
  }
  void debug(std::string_view message) const noexcept { log(LogLevel::debug, message); }
  void info(std::string_view message) const noexcept { log(LogLevel::info, message); }
  void warning(std::string_view message) const noexcept { log(LogLevel::warning, message); }

  /// The only clock a plugin asks.
  [[nodiscard]] Timestamp now() const noexcept {
    return Timestamp(std::chrono::microseconds(frame_.services->clock->now_us(frame_.call)));
  }
  /// When this call must have returned, on the same clock.
  [[nodiscard]] std::optional<Timestamp> deadline() const noexcept {
    return frame_.call->deadline_us == DVT_NO_TIME
               ? std::nullopt
               : std::optional(Timestamp(std::chrono::microseconds(frame_.call->deadline_us)));
  }
  /// Whether the call should end soon. Host services fail by themselves then: ask only inside long loops of the plugin's own.
  [[nodiscard]] bool cancelled() const noexcept { return frame_.call->is_cancelled(frame_.call) != 0; }

  /// What an earlier page kept under `key` with Page::set_state; "" when nothing. Lives until the call returns.
  [[nodiscard]] Result<std::string_view> state(std::string_view key) const {
    dvt_slice value{};
    const dvt_code code = frame_.services->state->get(frame_.call, detail::slice(key), &value);
    if (code != DVT_OK) {
      return detail::error_of(frame_.call, code);
    }
    return detail::view(value);
  }

  [[nodiscard]] const dvt_call* call() const noexcept { return frame_.call; }

private:
  detail::Frame frame_;
};

} // namespace dovetail::sdk

// SPDX-License-Identifier: Apache-2.0
// The host's capability tables: what a plugin may ask for during a call.
#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <vector>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/check.hpp"
#include "core/json/pointer.hpp"
#include "core/json/scan.hpp"
#include "core/plugin/host_call.hpp"
#include "core/plugin/owned_body.hpp"
#include "core/plugin/slice.hpp"
#include "dovetail/abi/services.h"

namespace dovetail::plugin {

namespace {

// ---- dovetail.http/1

Error unknown_response(HostCall& frame, std::string_view function) {
  return frame.misuse(fmt::format("{} of a response that this call does not hold", function));
}

Result<std::string> absolute_url(const HostCall& frame, std::string_view url) {
  if (url.empty() || url.size() > limits::max_url_bytes) {
    return invalid_argument(
        fmt::format("the plugin's request has a URL of {} bytes, not 1 to {}", url.size(), limits::max_url_bytes));
  }
  // "//host/path" would name another host.
  if (url.front() == '/' && url.substr(0, 2) != "//") {
    return std::string(frame.options().base_url) + std::string(url);
  }
  return std::string(url);
}

Status send(HostCall& frame, const dvt_http_request* request, dvt_http_response** out) {
  if (out == nullptr) {
    return frame.misuse("http.send without a place for the response");
  }
  *out = nullptr;
  if (request == nullptr || !DVT_HAS(request, dvt_http_request, body)) {
    return frame.misuse("http.send with a request that is NULL or shorter than ABI 1.0 has it");
  }
  if (!frame.options().allow_http) {
    return frame.misuse("http.send while the instance is made");
  }
  if ((request->flags & ~std::uint32_t{DVT_HTTP_REPEATABLE}) != 0) {
    return invalid_argument(
        fmt::format("http.send with flags {:#x} that this Dovetail does not know: upgrade Dovetail", request->flags));
  }
  if (request->header_count > limits::max_headers || (request->header_count > 0 && request->headers == nullptr)) {
    return frame.misuse(fmt::format("http.send with {} headers, or with NULL for them", request->header_count));
  }
  if (request->body.size > limits::max_request_body_bytes) {
    return invalid_argument(fmt::format("the plugin's request has a body of {} bytes; {} are allowed",
                                        request->body.size, limits::max_request_body_bytes));
  }
  DOVETAIL_TRY_STATUS(frame.check_alive());
  DOVETAIL_TRY(const auto url, absolute_url(frame, to_view(request->url)));
  std::vector<HttpHeader> headers;
  headers.reserve(static_cast<std::size_t>(request->header_count));
  for (std::uint64_t i = 0; i < request->header_count; ++i) {
    headers.push_back({to_view(request->headers[i].name), to_view(request->headers[i].value)});
  }
  DOVETAIL_TRY(auto answer, frame.services().http.send({.method = to_view(request->method),
                                                        .url = url,
                                                        .headers = headers,
                                                        .body = to_view(request->body),
                                                        .repeatable = (request->flags & DVT_HTTP_REPEATABLE) != 0},
                                                       frame.cancellation()));
  DOVETAIL_TRY(*out, frame.hold(std::move(answer)));
  return {};
}

const HttpResponse* answer_of(const dvt_call* call, const dvt_http_response* handle,
                              std::string_view function) noexcept {
  HostCall* const frame = HostCall::of(call);
  if (frame == nullptr) {
    return nullptr;
  }
  const auto* response = frame->find(handle);
  if (response == nullptr) {
    static_cast<void>(serve(call, [&](HostCall& self) -> Status { return unknown_response(self, function); }));
    return nullptr;
  }
  return response->answer.get();
}

constexpr dvt_http http_table = {
    sizeof(dvt_http),
    0,
    [](const dvt_call* call, const dvt_http_request* request, dvt_http_response** out) noexcept -> dvt_code {
      return serve(call, [&](HostCall& frame) { return send(frame, request, out); });
    },
    [](const dvt_call* call, const dvt_http_response* handle) noexcept -> std::int32_t {
      const auto* answer = answer_of(call, handle, "http.status");
      return answer == nullptr ? 0 : answer->status();
    },
    [](const dvt_call* call, const dvt_http_response* handle, dvt_slice name,
       dvt_slice* value) noexcept -> std::int32_t {
      const auto* answer = answer_of(call, handle, "http.header");
      const auto found = answer == nullptr ? std::nullopt : answer->header(to_view(name));
      if (value != nullptr) {
        *value = to_slice(found.value_or(std::string_view{}));
      }
      return found ? 1 : 0;
    },
    [](const dvt_call* call, const dvt_http_response* handle) noexcept -> dvt_slice {
      const auto* answer = answer_of(call, handle, "http.url");
      return answer == nullptr ? dvt_slice{} : to_slice(answer->url());
    },
    [](const dvt_call* call, const dvt_http_response* handle, dvt_slice* out) noexcept -> dvt_code {
      return serve(call, [&](HostCall& frame) -> Status {
        const auto* response = frame.find(handle);
        if (response == nullptr || out == nullptr) {
          return unknown_response(frame, "http.body");
        }
        *out = to_slice(response->answer->bytes());
        return {};
      });
    },
    [](const dvt_call* call, dvt_http_response* handle) noexcept {
      if (handle == nullptr) {
        return;
      }
      static_cast<void>(serve(call, [&](HostCall& frame) -> Status {
        auto* response = frame.find(handle);
        if (response == nullptr) {
          return unknown_response(frame, "http.release");
        }
        frame.release(*response);
        return {};
      }));
    }};

// ---- dovetail.json/1

Error unknown_document(HostCall& frame, std::string_view function) {
  return frame.misuse(fmt::format("{} of a document that this call does not hold", function));
}

/// The text of a string value: in place, or unescaped into `scratch`.
Result<dvt_json_value> to_raw(const json::Found& found, std::string& scratch) {
  dvt_json_value value{};
  value.kind = static_cast<std::int32_t>(found.kind);
  value.integer = found.integer;
  switch (found.kind) {
  case json::Kind::string: {
    DOVETAIL_TRY(const auto text, json::unescape(found.raw, scratch));
    value.text = to_slice(text);
    break;
  }
  case json::Kind::real:
    value.integer = 0;
    value.real = found.real;
    value.text = to_slice(found.raw);
    break;
  case json::Kind::integer:
  case json::Kind::array:
  case json::Kind::object:
    value.text = to_slice(found.raw);
    break;
  case json::Kind::missing:
  case json::Kind::null:
  case json::Kind::boolean:
    break;
  }
  return value;
}

Status parse(HostCall& frame, dvt_slice bytes, dvt_json_document** out) {
  if (out == nullptr) {
    return frame.misuse("json.parse without a place for the document");
  }
  *out = nullptr;
  if (bytes.size > limits::max_page_bytes) {
    return invalid_argument(fmt::format("the JSON has {} bytes; {} are allowed", bytes.size, limits::max_page_bytes));
  }
  DOVETAIL_TRY_STATUS(json::check(to_view(bytes)));
  DOVETAIL_TRY(*out, frame.hold(std::make_shared<OwnedBody>(to_view(bytes)), nullptr));
  return {};
}

Status of_response(HostCall& frame, const dvt_http_response* handle, dvt_json_document** out) {
  auto* response = frame.find(handle);
  if (response == nullptr || out == nullptr) {
    return unknown_response(frame, "json.of_response");
  }
  *out = nullptr;
  if (!response->is_json) {
    if (auto status = json::check(response->answer->bytes()); !status.ok()) {
      return status.error().in("the provider's answer is no JSON");
    }
    response->is_json = true;
  }
  DOVETAIL_TRY(*out, frame.hold(response->answer, response));
  return {};
}

Status at(HostCall& frame, const dvt_json_document* handle, dvt_slice pointer, dvt_json_value* out) {
  auto* document = frame.find(handle);
  if (document == nullptr || out == nullptr) {
    return unknown_document(frame, "json.at");
  }
  *out = {};
  DOVETAIL_TRY(const auto found, json::find_at(document->body->bytes(), to_view(pointer)));
  const bool escaped = found.kind == json::Kind::string && found.raw.find('\\') != std::string_view::npos;
  std::string unused;
  if (escaped) {
    // Each place of the text is unescaped once, so what is kept is bounded by the text.
    const auto [known, is_new] = document->unescaped.try_emplace(found.raw.data());
    if (is_new) {
      DOVETAIL_TRY(*out, to_raw(found, known->second));
    }
    out->kind = DVT_JSON_STRING;
    out->text = to_slice(known->second);
    return {};
  }
  DOVETAIL_TRY(*out, to_raw(found, unused));
  return {};
}

/// Hands one element to the plugin's visitor.
class Visitor {
public:
  Visitor(HostCall& frame, dvt_json_visit visit, void* context, std::size_t count)
      : frame_(frame), visit_(visit), context_(context), raw_(count), scratch_(count) {}

  /// False stops.
  bool operator()(std::string_view name, std::size_t index, std::span<const json::Found> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto value = to_raw(values[i], scratch_[i]);
      if (!value.ok()) {
        problem_ = std::move(value).error();
        return false;
      }
      raw_[i] = *value;
    }
    try {
      return visit_(context_, index, to_slice(name), raw_.data(), raw_.size()) == 0;
    } catch (...) {
      problem_ = frame_.misuse("json.for_each with a visitor that throws an exception");
      return false;
    }
  }
  [[nodiscard]] Status finish(Status scanned) && {
    return problem_ ? Status(std::move(*problem_)) : std::move(scanned);
  }

private:
  HostCall& frame_;
  // Of a type that may throw, or the compiler would drop the handler above.
  std::int32_t (*visit_)(void*, std::uint64_t, dvt_slice, const dvt_json_value*, std::uint64_t);
  void* context_;
  std::vector<dvt_json_value> raw_;
  std::vector<std::string> scratch_;
  std::optional<Error> problem_;
};

Status for_each(HostCall& frame, const dvt_json_document* handle, std::string_view container, const dvt_slice* pointers,
                std::uint64_t count, dvt_json_visit visit, void* context) {
  auto* document = frame.find(handle);
  if (document == nullptr) {
    return unknown_document(frame, "json.for_each");
  }
  if (count > CallLimits::pointers || (count > 0 && pointers == nullptr) || visit == nullptr) {
    return frame.misuse(
        fmt::format("json.for_each with {} pointers, of at most {}, or with NULL for them or the visitor", count,
                    CallLimits::pointers));
  }
  std::array<std::string_view, CallLimits::pointers> views;
  std::transform(pointers, pointers + count, views.begin(), to_view);
  DOVETAIL_TRY(const auto set, json::PointerSet::compile(std::span(views).first(static_cast<std::size_t>(count))));
  const auto body = document->body; // the visitor might release the document although it must not
  Visitor visitor(frame, visit, context, static_cast<std::size_t>(count));
  DOVETAIL_TRY(const auto steps, json::split_pointer(container));
  auto scanned = json::for_each(body->bytes(), container, set,
                                [&](auto index, auto values) { return visitor({}, index, values); });
  // The text has been checked and so has the pointer: what stands there is no array.
  if (!scanned.ok() && scanned.error().code == ErrorCode::invalid_argument) {
    scanned = json::for_each_member(body->bytes(), container, set,
                                    [&](auto name, auto index, auto values) { return visitor(name, index, values); });
    if (!scanned.ok()) {
      scanned = invalid_argument(
          fmt::format("at \"{}\": expected an array or object, found a scalar", clean_text(container, 200)));
    }
  }
  return std::move(visitor).finish(std::move(scanned));
}

constexpr dvt_json json_table = {
    sizeof(dvt_json),
    0,
    [](const dvt_call* call, dvt_slice bytes, dvt_json_document** out) noexcept -> dvt_code {
      return serve(call, [&](HostCall& frame) { return parse(frame, bytes, out); });
    },
    [](const dvt_call* call, const dvt_http_response* response, dvt_json_document** out) noexcept -> dvt_code {
      return serve(call, [&](HostCall& frame) { return of_response(frame, response, out); });
    },
    [](const dvt_call* call, const dvt_json_document* document, dvt_slice pointer, dvt_json_value* out) noexcept
    -> dvt_code { return serve(call, [&](HostCall& frame) { return at(frame, document, pointer, out); }); },
    [](const dvt_call* call, const dvt_json_document* document, dvt_slice container, const dvt_slice* pointers,
       std::uint64_t count, dvt_json_visit visit, void* context) noexcept -> dvt_code {
      return serve(call, [&](HostCall& frame) {
        return for_each(frame, document, to_view(container), pointers, count, visit, context);
      });
    },
    [](const dvt_call* call, dvt_json_document* handle) noexcept {
      if (handle == nullptr) {
        return;
      }
      static_cast<void>(serve(call, [&](HostCall& frame) -> Status {
        auto* document = frame.find(handle);
        if (document == nullptr) {
          return unknown_document(frame, "json.release");
        }
        frame.release(*document);
        return {};
      }));
    }};

// ---- dovetail.log/1, dovetail.clock/1, dovetail.state/1

constexpr dvt_log log_table = {sizeof(dvt_log), 0,
                               [](const dvt_call* call, std::int32_t level, dvt_slice message) noexcept {
                                 static_cast<void>(serve(call, [&](HostCall& frame) -> Status {
                                   frame.log(level, to_view(message));
                                   return {};
                                 }));
                               }};

constexpr dvt_clock clock_table = {sizeof(dvt_clock), 0, [](const dvt_call* call) noexcept -> std::int64_t {
                                     const HostCall* frame = HostCall::of(call);
                                     return frame == nullptr ? DVT_NO_TIME
                                                             : frame->services().clock.now().time_since_epoch().count();
                                   }};

constexpr dvt_state state_table = {
    sizeof(dvt_state), 0, [](const dvt_call* call, dvt_slice key, dvt_slice* value) noexcept -> dvt_code {
      return serve(call, [&](HostCall& frame) -> Status {
        if (value == nullptr || key.size == 0 || key.size > CallLimits::key_bytes) {
          return frame.misuse(
              fmt::format("state.get with a key of {} bytes, not 1 to {}", key.size, CallLimits::key_bytes));
        }
        DOVETAIL_TRY(const auto found, frame.state(to_view(key)));
        *value = to_slice(found);
        return {};
      });
    }};

} // namespace

const void* host_capability(std::string_view id) noexcept {
  if (id == DVT_HTTP_ID) {
    return &http_table;
  }
  if (id == DVT_JSON_ID) {
    return &json_table;
  }
  if (id == DVT_LOG_ID) {
    return &log_table;
  }
  if (id == DVT_CLOCK_ID) {
    return &clock_table;
  }
  return id == DVT_STATE_ID ? &state_table : nullptr;
}

} // namespace dovetail::plugin

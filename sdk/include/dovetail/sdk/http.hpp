// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/abi/http.h"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/json.hpp"
#include "dovetail/sdk/link.hpp"
#include "dovetail/sdk/services.hpp"
#include "dovetail/sdk/url.hpp"

namespace dovetail::sdk {

/// What to send. The host adds credentials, User-Agent, X-Request-ID and the manifest's headers.
///   Request::get("/orgs/acme/members?per_page=100").header("Accept", "application/json")
class Request {
public:
  /// `url` is absolute, or begins with '/' and goes behind the connection's base URL; already percent-encoded (see Url).
  Request(std::string_view method, std::string url) : method_(method), url_(std::move(url)) {}

  [[nodiscard]] static Request get(std::string url) { return {"GET", std::move(url)}; }
  [[nodiscard]] static Request get(const Url& url) { return {"GET", url.text()}; }
  [[nodiscard]] static Request post(std::string url) { return {"POST", std::move(url)}; }

  Request& header(std::string_view name, std::string_view value) & {
    headers_.emplace_back(name, value);
    return *this;
  }
  [[nodiscard]] Request&& header(std::string_view name, std::string_view value) && {
    headers_.emplace_back(name, value);
    return std::move(*this);
  }
  /// The same, where there is a value.
  Request& header_if(std::string_view name, std::string_view value) & {
    return value.empty() ? *this : header(name, value);
  }
  [[nodiscard]] Request&& header_if(std::string_view name, std::string_view value) && {
    return value.empty() ? std::move(*this) : std::move(*this).header(name, value);
  }
  /// Sets the body and its Content-Type.
  Request& body(std::string_view content_type, std::string bytes) & {
    body_ = std::move(bytes);
    return header("Content-Type", content_type);
  }
  [[nodiscard]] Request&& body(std::string_view content_type, std::string bytes) && {
    body_ = std::move(bytes);
    return std::move(*this).header("Content-Type", content_type);
  }
  /// Says that sending this twice does no harm although the method does not say so (a query by POST), so that the host may retry.
  Request& repeatable() & {
    repeatable_ = true;
    return *this;
  }
  [[nodiscard]] Request&& repeatable() && {
    repeatable_ = true;
    return std::move(*this);
  }

  [[nodiscard]] const std::string& method() const noexcept { return method_; }
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

private:
  friend class Context;

  std::string method_;
  std::string url_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  bool repeatable_ = false;
};

/// An answer. Its body stays in the host. Move-only; use it within the call that got it. Views live as long as it does.
class Response {
public:
  Response(detail::Frame frame, dvt_http_response* handle) noexcept : frame_(frame), handle_(handle) {}
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;
  Response(Response&& other) noexcept : frame_(other.frame_), handle_(std::exchange(other.handle_, nullptr)) {}
  Response& operator=(Response&& other) noexcept {
    if (this != &other) {
      release();
      frame_ = other.frame_;
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Response() { release(); }

  [[nodiscard]] int status() const noexcept { return http().status(frame_.call, handle_); }
  [[nodiscard]] bool is_success() const noexcept { return status() >= 200 && status() < 300; }
  /// 304: what was read before still stands.
  [[nodiscard]] bool is_not_modified() const noexcept { return status() == 304; }

  /// The first header of that name; case does not matter.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    dvt_slice value{};
    return http().header(frame_.call, handle_, detail::slice(name), &value) != 0 ? std::optional(detail::view(value))
                                                                                 : std::nullopt;
  }
  [[nodiscard]] std::string_view header_or(std::string_view name, std::string_view fallback) const noexcept {
    return header(name).value_or(fallback);
  }
  /// The address behind a relation of the Link header, e.g. link("next").
  [[nodiscard]] std::optional<std::string> link(std::string_view relation) const {
    const auto value = header("Link");
    return value ? find_link(*value, relation) : std::nullopt;
  }
  /// The address that answered, after redirects.
  [[nodiscard]] std::string_view url() const noexcept { return detail::view(http().url(frame_.call, handle_)); }

  /// The body as JSON, parsed in the host. Prefer giving the whole response to the page; look only at what decides.
  [[nodiscard]] Result<Json> json() const {
    dvt_json_document* document = nullptr;
    const dvt_code code = frame_.services->json->of_response(frame_.call, handle_, &document);
    if (code != DVT_OK) {
      return detail::error_of(frame_.call, code);
    }
    return Json(frame_, document);
  }
  /// The body's bytes: for what is not JSON. Costs a mapping when the plugin runs in its own process.
  [[nodiscard]] Result<std::string_view> body() const {
    dvt_slice bytes{};
    const dvt_code code = http().body(frame_.call, handle_, &bytes);
    if (code != DVT_OK) {
      return detail::error_of(frame_.call, code);
    }
    return detail::view(bytes);
  }

  /// The Error that a status usually means, with `what` was asked for; the plugin adds what it knows better. Its message has
  /// the provider's own "/message" where the body has one.
  [[nodiscard]] Error to_error(std::string_view what) const;
  /// Success for 2xx, else to_error(what).
  [[nodiscard]] Status check(std::string_view what) const { return is_success() ? Status() : Status(to_error(what)); }

  [[nodiscard]] const dvt_http_response* handle() const noexcept { return handle_; }

private:
  [[nodiscard]] const dvt_http& http() const noexcept { return *frame_.services->http; }
  void release() noexcept {
    if (handle_ != nullptr) {
      http().release(frame_.call, handle_);
      handle_ = nullptr;
    }
  }

  detail::Frame frame_;
  dvt_http_response* handle_;
};

namespace detail {

struct StatusMeaning {
  Code code;
  Retry retry;
  std::string_view advice;
};

[[nodiscard]] inline StatusMeaning meaning_of(int status) noexcept {
  switch (status) {
  case 400:
  case 422:
    return {Code::invalid_argument, Retry::never,
            "the provider does not accept the request: check the connection's config"};
  case 401:
    return {Code::unauthenticated, Retry::never, "the credentials were refused: connect again"};
  case 403:
    return {Code::permission_denied, Retry::never, "the credentials lack a permission: grant it, or connect again"};
  case 404:
  case 410:
    return {Code::not_found, Retry::never, "it does not exist, or the credentials may not see it"};
  case 408:
    return {Code::unavailable, Retry::transient, "the provider was too slow: try again"};
  case 409:
    return {Code::aborted, Retry::transient, "it conflicts with another change: try again"};
  case 412:
    return {Code::failed_precondition, Retry::never, "a condition of the request does not hold"};
  case 429:
    return {Code::resource_exhausted, Retry::rate_limited,
            "the provider's rate limit is used up: it is tried again later"};
  default:
    return status >= 500
               ? StatusMeaning{Code::unavailable, Retry::transient, "the provider has a problem: try again later"}
               : StatusMeaning{Code::unknown, Retry::never, "the plugin does not expect this status"};
  }
}

} // namespace detail

inline Error Response::to_error(std::string_view what) const {
  constexpr std::size_t longest_quote = 200;
  const auto meaning = detail::meaning_of(status());
  Error error = make_error(meaning.code, std::string(what) + ": the provider answered " + std::to_string(status()),
                           meaning.retry);
  error.http_status = status();
  if (auto document = json(); document.ok()) {
    const auto said = document->string_or("/message", "");
    if (!said.empty()) {
      error.message += " (\"" + std::string(said.substr(0, longest_quote)) + "\")";
    }
  }
  error.message += "; " + std::string(meaning.advice);
  if (const auto seconds = parse_integer(header_or("Retry-After", "")); seconds && *seconds >= 0 && *seconds < 86400) {
    error.retry_after = std::chrono::seconds(*seconds);
  }
  error.provider_request_id = header_or("X-Request-Id", "");
  return error;
}

} // namespace dovetail::sdk

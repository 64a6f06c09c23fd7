// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/plugin/page.hpp"

namespace dovetail::plugin {

struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

/// What a plugin wants sent. Borrowed for the call. Names and values are the plugin's: whoever sends checks them.
struct HttpRequest {
  std::string_view method;
  std::string_view url; ///< absolute
  std::span<const HttpHeader> headers;
  std::string_view body;
  bool repeatable = false; ///< may be sent twice although the method does not say so
};

/// An answer whose body stays in the core. Immutable.
class HttpResponse : public PageBody {
public:
  [[nodiscard]] virtual int status() const noexcept = 0;
  /// The first header of that name; case does not matter. Lives as long as the response.
  [[nodiscard]] virtual std::optional<std::string_view> header(std::string_view name) const noexcept = 0;
  /// The address that answered, after redirects.
  [[nodiscard]] virtual std::string_view url() const noexcept = 0;
};

/// Sends what plugins want sent, with everything that the core adds: credentials, limits, retries, egress rules, bounds. May be called
/// by several threads at once when several instances share it.
class HttpService {
public:
  HttpService() = default;
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;
  HttpService(HttpService&&) = delete;
  HttpService& operator=(HttpService&&) = delete;
  virtual ~HttpService() = default;

  // Shared: the plugin's handle, the page's records and the mapping behind them hold one response, and any may be the last.
  [[nodiscard]] virtual Result<std::shared_ptr<const HttpResponse>> send(const HttpRequest& request,
                                                                         const Cancellation& cancellation) = 0;
};

/// What earlier pages kept for this connection and object.
class StateReader {
public:
  StateReader() = default;
  StateReader(const StateReader&) = delete;
  StateReader& operator=(const StateReader&) = delete;
  StateReader(StateReader&&) = delete;
  StateReader& operator=(StateReader&&) = delete;
  virtual ~StateReader() = default;

  /// "" when there is none.
  [[nodiscard]] virtual Result<std::string> get(std::string_view key) = 0;
};

/// Whom the log lines of an instance are about.
struct LogIdentity {
  std::string tenant;
  std::string provider;
  std::string connection;
  std::string object;
  std::int64_t job = 0;
};

/// The core as one instance sees it. All references must outlive the instance.
struct HostServices {
  HttpService& http;
  StateReader& state;
  Clock& clock;
  Logger& logger;
  const Redactor& redactor; ///< what a plugin says passes it before it is logged or becomes part of an Error
  LogIdentity identity;
};

} // namespace dovetail::plugin

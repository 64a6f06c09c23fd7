// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/redact.hpp"
#include "core/http/client.hpp"
#include "core/http/resolver.hpp"
#include "core/http/socket_transport.hpp"
#include "core/limits/rate_limiter.hpp"

namespace dovetail::test {

/// Keeps what was logged, as "level message name=value ...", after redaction. Thread-safe.
class MemoryLogger final : public Logger {
public:
  explicit MemoryLogger(const Redactor& redactor) : redactor_(redactor) {}
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override;
  [[nodiscard]] std::vector<std::string> lines() const;
  /// All lines, one under the other.
  [[nodiscard]] std::string text() const;

private:
  const Redactor& redactor_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::vector<std::string> lines_;
};

/// Everything that a Client needs, over real sockets and in virtual time: waits cost nothing, and what they would have cost is
/// `clock.elapsed()`. Allows one origin: the server under test.
class HttpWorld {
public:
  struct Options {
    http::SocketOptions sockets;
    http::ClientOptions client;
    limits::LimiterOptions limiter;
    http::Resolver* resolver = nullptr;       ///< null: the system's
    http::HttpTransport* transport = nullptr; ///< null: sockets
    Clock* clock = nullptr;                   ///< null: virtual time
  };
  HttpWorld() : HttpWorld(Options{}) {}
  explicit HttpWorld(const Options& options);

  /// Allows `url`'s origin (loopback and plain http too) besides those before.
  void allow(const std::string& url);
  [[nodiscard]] http::CallContext context() const;
  [[nodiscard]] Result<http::Response> get(const std::string& url);
  [[nodiscard]] Result<http::Response> send(const http::Request& request) { return client->send(request, context()); }

  VirtualClock clock;
  SeededRandom random{1};
  Redactor redactor;
  MemoryLogger logger{redactor};
  limits::RateLimiter limiter;
  std::unique_ptr<http::Resolver> system_resolver;
  std::unique_ptr<http::HttpTransport> sockets;
  std::unique_ptr<http::Client> client;
  http::EgressPolicy egress;
  http::RateLimitRules rules;
  http::Timeouts timeouts;
  http::Bounds bounds;
  Cancellation cancellation;
  limits::Key key{.provider = "acme", .tenant = {1}, .connection = {2}};
};

} // namespace dovetail::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/http/address.hpp"

namespace dovetail::http {

/// How long socket operations may take. Borrowed references live as long as the exchange.
struct Patience {
  const Clock& clock;
  const Cancellation& cancellation;
  MonotonicTime end;              ///< of the whole exchange
  std::chrono::milliseconds idle; ///< without progress
};

/// A byte stream to a server, plain or TLS. Not thread-safe; used by one exchange at a time, under its PipeSignalGuard.
class Connection {
public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;
  virtual ~Connection() = default;

  /// Reads what is there, at least one byte; 0 at the end of the stream. unavailable (transient) on resets and when patience ends.
  [[nodiscard]] virtual Result<std::size_t> read_some(char* out, std::size_t size, const Patience& patience) = 0;
  [[nodiscard]] virtual Status write_all(std::string_view bytes, const Patience& patience) = 0;
  /// Whether an idle connection looks alive: open, and nothing unexpected to read.
  [[nodiscard]] virtual bool quiet() = 0;
};

struct TlsOptions {
  std::string extra_ca_file; ///< PEM; trusted besides the system's
};

/// Opens connections. Thread-safe.
class Connector {
public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  Connector(Connector&&) = delete;
  Connector& operator=(Connector&&) = delete;
  virtual ~Connector() = default;

  /// Tries the addresses in turn. `host` is for messages. unavailable (transient) when none answers.
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>>
  open(const std::string& host, std::span<const IpAddress> addresses, std::uint16_t port, const Patience& patience) = 0;
  /// Speaks TLS over an open plain connection and checks the server's certificate against `host`. failed_precondition when it is not trusted.
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>>
  secure(std::unique_ptr<Connection> plain, const std::string& host, const Patience& patience) = 0;
};

/// failed_precondition when the extra CA file cannot be used.
[[nodiscard]] Result<std::unique_ptr<Connector>> make_connector(const TlsOptions& options);

} // namespace dovetail::http

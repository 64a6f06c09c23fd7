// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators {

struct ServerOptions {
  /// 0: the operating system chooses.
  std::uint16_t port = 0;
  /// Each connection has a thread; more connections than this wait to be accepted.
  std::size_t max_connections = 128;
  /// An idle connection is closed after this.
  std::chrono::seconds idle_timeout{60};
  /// Added to every answer, as a network would. Really slept.
  std::chrono::microseconds latency{0};
  /// The kernel's send buffer of each connection; 0 leaves it alone. Small ones make slow readers felt.
  int send_buffer_bytes = 0;
};

/// Serves a Handler over HTTP/1.1 on 127.0.0.1, with keep-alive, and acts out the faults that an Answer's Delivery asks
/// for (resets, truncation, padding, dripping). Stops and joins its threads in the destructor. Thread-safe.
class Server {
public:
  /// `handler` and `clock` (for the Date header) must outlive the server. Fails when no socket can be had.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(Handler& handler, Clock& clock,
                                                             ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// "http://127.0.0.1:4567"
  [[nodiscard]] std::string base_url() const;
  /// Connections accepted so far.
  [[nodiscard]] std::uint64_t accepted_connections() const noexcept;
  /// Closes the listener and every connection. Called by the destructor.
  void stop();

private:
  class Listener;
  explicit Server(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

} // namespace dovetail::simulators

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/http/transport.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::test {

/// A transport without sockets: requests go straight to simulated providers, and what their answers ask for on the wire (resets,
/// cut, padded or dripping bodies) becomes the errors that the socket transport would give. With a VirtualClock whole syncs run
/// in no time and replay from their seed. Thread-safe.
class SimulatedTransport final : public http::HttpTransport {
public:
  /// `clock` must outlive it; a dripping answer sleeps on it.
  explicit SimulatedTransport(Clock& clock) : clock_(clock) {}

  /// Requests to `origin`, e.g. "https://api.github.com" or "http://127.0.0.1:1", go to `handler`, which must outlive this.
  void connect(const std::string& origin, simulators::Handler& handler);

  [[nodiscard]] Result<http::TransportResponse>
  exchange(const http::TransportRequest& request, http::PageBufferPool& buffers, http::ExchangeReport& report) override;

  /// Origins that were asked though nothing is connected to them: a client that keeps to its provider asks none.
  [[nodiscard]] std::vector<std::string> foreign_origins() const;
  [[nodiscard]] std::uint64_t requests() const;

private:
  Clock& clock_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, simulators::Handler*> handlers_;
  std::vector<std::string> foreign_;
  std::uint64_t requests_ = 0;
};

} // namespace dovetail::test

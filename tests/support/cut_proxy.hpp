// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace dovetail::testing {

/// A TCP proxy on the loopback interface that cuts a connection when the client sends a given text: what a network does at the
/// worst moment. Each instance serves many connections, one thread each. Thread-safe.
class CutProxy {
public:
  enum class Cut : std::uint8_t {
    before, ///< the server never gets it
    after   ///< the server answers it, the client never hears
  };

  /// Forwards to `port` of the loopback interface.
  explicit CutProxy(std::uint16_t port);
  ~CutProxy();
  CutProxy(const CutProxy&) = delete;
  CutProxy& operator=(const CutProxy&) = delete;
  CutProxy(CutProxy&&) = delete;
  CutProxy& operator=(CutProxy&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Cuts the next connection on which a packet with `text` is sent by the client; once. To be called while no connection is busy.
  void cut_on(std::string text, Cut cut);
  [[nodiscard]] bool has_cut() const noexcept { return !armed_; }

private:
  void serve(int client) const;
  void accept_all(const std::stop_token& stop);

  const std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::string text_;
  Cut cut_ = Cut::before;
  mutable std::atomic<bool> armed_ = false;
  std::jthread acceptor_;
};

} // namespace dovetail::testing

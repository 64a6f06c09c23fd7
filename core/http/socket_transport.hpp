// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/proxy.hpp"
#include "core/http/resolver.hpp"
#include "core/http/transport.hpp"

namespace dovetail::http {

struct SocketOptions {
  /// A PEM file of certificate authorities that are trusted besides the system's; empty: none.
  std::string extra_ca_file;
  ProxySettings proxy;
  std::size_t max_idle_per_origin = 8;
  std::size_t max_idle = 64;
  std::size_t max_open = 1'024; ///< connections in use at once; more fail as unavailable
  std::chrono::milliseconds idle_timeout{30'000};
  /// A body that comes more slowly than this over `timeouts.read` is given up.
  std::size_t min_bytes_per_second = 64;
};

/// The transport over real sockets: HTTP/1.1 with kept-alive connections, TLS 1.2 or newer with verified certificates. `resolver` and `clock`
/// must outlive it. failed_precondition when the extra CA file cannot be read.
[[nodiscard]] Result<std::unique_ptr<HttpTransport>> make_socket_transport(const SocketOptions& options,
                                                                           Resolver& resolver, Clock& clock);

} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/context.hpp"
#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/headers.hpp"
#include "core/http/page_buffer.hpp"
#include "core/http/url.hpp"

namespace dovetail::http {

/// A header whose value is a secret (Authorization, an API key): kept out of logs and wiped after use, never sent to another origin.
struct SecretHeader {
  std::string name;
  Secret value;
};

/// HTTP-1.
struct Timeouts {
  std::chrono::milliseconds connect{5'000}; ///< resolve, connect and TLS handshake together
  std::chrono::milliseconds read{30'000};   ///< without a single byte
  std::chrono::milliseconds total{180'000}; ///< one exchange from start to end, however steadily it drips
};

/// HTTP-5; all while reading.
struct Bounds {
  std::size_t max_body_bytes = limits::max_page_bytes; ///< decoded
  std::size_t max_compressed_bytes = limits::max_compressed_page_bytes;
  std::size_t max_ratio = limits::max_inflate_ratio; ///< decoded per compressed byte, past the first MiB
};

/// One exchange as a transport sees it. Everything is borrowed for the call.
struct TransportRequest {
  std::string_view method;
  const Url& url;
  const Headers& headers; ///< complete but for Host, Content-Length and what belongs to the connection
  std::span<const SecretHeader> secret_headers;
  std::string_view body;
  bool allow_private_addresses = false;
  bool safe_to_repeat = false; ///< a reused connection that turns out to be dead may be replaced by a fresh one
  Timeouts timeouts;
  Bounds bounds;
  const Cancellation& cancellation;
};

struct TransportResponse {
  int status = 0;
  Headers headers; ///< as sent; Content-Encoding and Transfer-Encoding describe what was, not what `body` is
  PageBuffer body; ///< complete and decoded
};

/// What can be told of an exchange, also of one that failed.
struct ExchangeReport {
  bool request_sent = false; ///< whether the server may have seen the request
  bool connection_reused = false;
  std::size_t wire_bytes = 0; ///< of the body, before decoding
};

/// The seam between the client's rules and the network: sends one request, reads one response; no retries, redirects or limits.
/// Implementations are thread-safe.
class HttpTransport {
public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  HttpTransport(HttpTransport&&) = delete;
  HttpTransport& operator=(HttpTransport&&) = delete;
  virtual ~HttpTransport() = default;

  /// The body comes from `buffers`. Errors: unavailable (connection refused, reset, cut or timed out; name not resolved) and data_loss (the response
  /// breaks the protocol), both RetryClass::transient; out_of_range (a bound); permission_denied (a private address);
  /// failed_precondition (the server's certificate is not trusted); cancelled, deadline_exceeded.
  [[nodiscard]] virtual Result<TransportResponse> exchange(const TransportRequest& request, PageBufferPool& buffers,
                                                           ExchangeReport& report) = 0;
};

} // namespace dovetail::http

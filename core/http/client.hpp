// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/http/egress.hpp"
#include "core/http/headers.hpp"
#include "core/http/page_buffer.hpp"
#include "core/http/rate_limit_rules.hpp"
#include "core/http/retry.hpp"
#include "core/http/transport.hpp"
#include "core/limits/rate_limiter.hpp"

namespace dovetail::http {

struct Request {
  std::string method = "GET";
  std::string url; ///< absolute
  /// Host, Content-Length, Transfer-Encoding, Connection, Accept-Encoding and the like are the client's business: refused here.
  Headers headers;
  /// Authorization and API keys. They go to the request's own origin only.
  std::vector<SecretHeader> secret_headers;
  std::string body; ///< at most limits::max_request_body_bytes
  /// Whether the request may be sent twice; unset: when its method is idempotent.
  std::optional<bool> safe_to_repeat;
};

/// An answer, whatever its status. Movable.
struct Response {
  int status = 0;
  Headers headers;
  PageBuffer body;                 ///< complete and decoded
  std::string url;                 ///< of the last request, after redirects
  std::string request_id;          ///< the X-Request-ID that was sent (HTTP-3)
  std::string provider_request_id; ///< the provider's own; empty when it sent none
  int attempts = 1;                ///< requests that were sent, redirects and retries counted
  std::size_t wire_bytes = 0;      ///< of the last body, before decoding
};

/// On whose behalf a request goes out: for the logs. Views are borrowed for the call.
struct CallIdentity {
  std::string_view tenant;
  std::string_view connection;
  std::string_view object;
  std::int64_t job = 0;
};

/// The surroundings of one call. References are borrowed for the call.
struct CallContext {
  const EgressPolicy& egress;
  limits::Key limiter_key; ///< its provider also stands in the logs
  Cancellation cancellation;
  const RateLimitRules* rate_limit_rules = nullptr;
  CallIdentity identity;
  Timeouts timeouts;
  Bounds bounds;
  std::string request_id; ///< empty: one is made
  /// Set to the number of requests that were sent, redirects and retries counted, whatever came of the call; null: nobody asks.
  int* sent = nullptr;
};

struct ClientOptions {
  std::string user_agent; ///< empty: "dovetail/<version>"
  RetryOptions retry;
  std::size_t max_redirects = limits::max_redirects;
  /// What a job waits when a provider says "limited" and not how long, and retrying in place did not help.
  std::chrono::milliseconds default_limit_wait{60'000};
  std::size_t pooled_buffers = 6;
};

/// Thread-safe. The one way out to providers (HTTP-1..6): limiter, egress check, send, retry, redirects.
///
/// An answer of any status is a Response: what 304, 404, 409 or 422 means, the plugin knows. So is the last 502, 503 or 504 after the
/// retries are used up (a plugin may then ask for smaller pages). Instead of a Response there is an Error when
///  - the provider says "limited" (429, or a sign of RateLimitRules) and the wait is longer than the limiter waits in place, the
///    request must not be repeated, or the attempts are used up: resource_exhausted, RetryClass::rate_limited, retry_after, http_status. The
///    connection's queue is blocked for that time, so that the job should be parked;
///  - no answer came after all attempts: unavailable or data_loss, transient;
///  - a bound was exceeded (out_of_range), the place is not allowed, redirects included (permission_denied), too many redirects or an untrusted
///    certificate (failed_precondition), the request is malformed (invalid_argument), or the call was cancelled or late.
/// Errors and logs never show header values, queries or bodies, and pass the Redactor.
///
/// Retried are 429, 502, 503, 504 and connection errors, when the request is safe to repeat; a connection that could not be opened, also when not.
/// Redirects: GET and HEAD follow 301, 302, 303, 307 and 308; others only 307 and 308 within their origin. To another origin
/// neither secret headers nor Authorization, Cookie and Proxy-Authorization go along. A redirect that is not followed is a Response.
class Client {
public:
  /// All must outlive the client and its calls.
  struct Parts {
    HttpTransport& transport;
    limits::RateLimiter& limiter;
    const Redactor& redactor;
    Logger& logger;
    Clock& clock;
    Random& random;
  };

  explicit Client(Parts parts, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&&) = delete;
  Client& operator=(Client&&) = delete;

  [[nodiscard]] Result<Response> send(const Request& request, const CallContext& context);

  /// The memory that response bodies come from and go back to.
  [[nodiscard]] PageBufferPool& buffers() noexcept;

private:
  struct Call;
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace dovetail::http

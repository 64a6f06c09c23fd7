// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/http/headers.hpp"
#include "core/limits/rate_limiter.hpp"

namespace dovetail::http {

/// A sign by which a provider says "too many requests", and how long to wait then. All given conditions must hold.
struct LimitSign {
  enum class Wait {
    retry_after, ///< as the Retry-After header says
    reset,       ///< until the reset header's time
    fixed        ///< `fixed_wait`
  };
  std::vector<int> statuses; ///< one of these
  std::string header;        ///< this header is there; empty: no condition
  std::string header_value;  ///< and has this value; empty: any
  std::string body_contains; ///< the body's first 16 KiB hold this, without regard to case; empty: no condition
  Wait wait = Wait::fixed;
  std::chrono::seconds fixed_wait{60};
};

/// How a provider speaks about its limits; filled from the manifest. Header names compare without case; an empty name means that there is none.
struct RateLimitRules {
  enum class ResetFormat { epoch_seconds, delta_seconds };
  std::string limit_header;
  std::string remaining_header;
  std::string reset_header;
  ResetFormat reset_format = ResetFormat::epoch_seconds;
  std::vector<LimitSign> signs;  ///< the first that fits counts
  std::string request_id_header; ///< the provider's own id of a request, e.g. "X-Acme-Request-Id"
};

/// What a response says about waiting.
struct LimitVerdict {
  bool limited = false;
  /// Clamped to limits::max_retry_after; nullopt: limited, but nobody said how long.
  std::optional<std::chrono::milliseconds> wait;
};

/// Judges a response: a sign of `rules` (null: none), else 429, else 503 with Retry-After.
[[nodiscard]] LimitVerdict judge_limit(int status, const Headers& headers, std::string_view body,
                                       const RateLimitRules* rules, Timestamp now);
/// What the rate-limit headers say is left.
[[nodiscard]] limits::Observation read_rate_headers(const Headers& headers, const RateLimitRules& rules, Timestamp now);
/// Retry-After in seconds or as an HTTP-date (RFC 9110 section 10.2.3), clamped to [0, limits::max_retry_after]; nullopt when it is neither.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, Timestamp now);

} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dovetail {

/// The closed list of canonical codes (those of gRPC and Abseil, with the same numbers). They cross the plugin ABI as they are.
enum class ErrorCode : std::int32_t {
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// Whether doing the same thing again can help.
enum class RetryClass : std::int32_t {
  never = 0,       ///< the same call fails the same way until somebody changes something
  transient = 1,   ///< may pass by itself: retry with backoff
  rate_limited = 2 ///< the provider asked us to wait: park the job for `retry_after`
};

/// The lower-case name of a code as it stands in JSON and logs, e.g. "invalid_argument".
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;
[[nodiscard]] std::string_view to_string(RetryClass retry) noexcept;
[[nodiscard]] std::optional<ErrorCode> error_code_from_number(std::int32_t number) noexcept;
[[nodiscard]] std::optional<ErrorCode> error_code_from_name(std::string_view name) noexcept;

/// What went wrong. `message` is for people: what failed, on what, what to do next. It never holds a secret: whoever puts
/// foreign text in passes it through `Redactor` first.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::unknown;
  std::string message;
  RetryClass retry = RetryClass::never;
  /// How long the provider asked us to wait; zero when it did not say.
  std::chrono::milliseconds retry_after{0};
  /// HTTP status of the answer behind this error; 0 when there was none.
  int http_status = 0;
  /// The provider's own id of the failed request (e.g. X-Request-Id); empty when unknown.
  std::string provider_request_id;

  /// The same error with "`where`: " before its message.
  [[nodiscard]] Error in(std::string_view where) const;
};

[[nodiscard]] Error invalid_argument(std::string message);
[[nodiscard]] Error not_found(std::string message);
[[nodiscard]] Error already_exists(std::string message);
[[nodiscard]] Error failed_precondition(std::string message);
[[nodiscard]] Error permission_denied(std::string message);
[[nodiscard]] Error unauthenticated(std::string message);
[[nodiscard]] Error unavailable(std::string message);
[[nodiscard]] Error aborted(std::string message);
[[nodiscard]] Error cancelled(std::string message);
[[nodiscard]] Error deadline_exceeded(std::string message);
[[nodiscard]] Error resource_exhausted(std::string message);
[[nodiscard]] Error out_of_range(std::string message);
[[nodiscard]] Error data_loss(std::string message);
[[nodiscard]] Error internal(std::string message);

} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "dovetail/abi/base.h"

namespace dovetail::sdk {

/// The closed list of canonical codes. Choose by what the reader must do: see docs/reference/abi.md.
enum class Code : std::int32_t {
  cancelled = DVT_CANCELLED,
  unknown = DVT_UNKNOWN,
  invalid_argument = DVT_INVALID_ARGUMENT,
  deadline_exceeded = DVT_DEADLINE_EXCEEDED,
  not_found = DVT_NOT_FOUND,
  already_exists = DVT_ALREADY_EXISTS,
  permission_denied = DVT_PERMISSION_DENIED,
  resource_exhausted = DVT_RESOURCE_EXHAUSTED,
  failed_precondition = DVT_FAILED_PRECONDITION,
  aborted = DVT_ABORTED,
  out_of_range = DVT_OUT_OF_RANGE,
  unimplemented = DVT_UNIMPLEMENTED,
  internal = DVT_INTERNAL,
  unavailable = DVT_UNAVAILABLE,
  data_loss = DVT_DATA_LOSS,
  unauthenticated = DVT_UNAUTHENTICATED,
};

/// Whether the same call can succeed later.
enum class Retry : std::int32_t {
  never = DVT_RETRY_NEVER,
  transient = DVT_RETRY_TRANSIENT,
  rate_limited = DVT_RETRY_RATE_LIMITED,
};

/// What went wrong. `message` is for people: what failed, on what, what to do next; never a secret.
struct [[nodiscard]] Error {
  Code code = Code::unknown;
  std::string message;
  Retry retry = Retry::never;
  std::chrono::milliseconds retry_after{0}; ///< zero = unknown
  int http_status = 0;                      ///< zero = none
  std::string provider_request_id;

  /// The same error with "`where`: " before its message.
  [[nodiscard]] Error in(std::string_view where) const {
    Error error = *this;
    error.message = std::string(where) + ": " + message;
    return error;
  }
};

[[nodiscard]] inline Error make_error(Code code, std::string message, Retry retry = Retry::never) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.retry = retry;
  return error;
}

/// A value or the Error that stands in its place.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}     // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {} // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// Precondition: ok().
  [[nodiscard]] T& value() & noexcept {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& noexcept {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & noexcept { return value(); }
  [[nodiscard]] const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() noexcept { return &value(); }
  [[nodiscard]] const T* operator->() const noexcept { return &value(); }

  /// Precondition: !ok().
  [[nodiscard]] const Error& error() const& noexcept {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && noexcept {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

private:
  std::variant<T, Error> state_;
};

/// Success without a value: `return {};`.
template <> class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {} // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// Precondition: !ok().
  [[nodiscard]] const Error& error() const& noexcept {
    assert(!ok());
    return *error_;
  }
  [[nodiscard]] Error&& error() && noexcept {
    assert(!ok());
    return std::move(*error_);
  }

private:
  std::optional<Error> error_;
};

using Status = Result<void>;

namespace detail {

[[nodiscard]] inline std::string_view view(dvt_slice slice) noexcept {
  return slice.size == 0 ? std::string_view{} : std::string_view(slice.data, static_cast<std::size_t>(slice.size));
}

[[nodiscard]] constexpr dvt_slice slice(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// Codes outside the list are read as `unknown`, as the ABI says.
[[nodiscard]] inline Code code_of(dvt_code number) noexcept {
  return number >= DVT_CANCELLED && number <= DVT_UNAUTHENTICATED ? static_cast<Code>(number) : Code::unknown;
}

/// What a host service left in the call's error, beside the code that it returned.
[[nodiscard]] inline Error error_of(const dvt_call* call, dvt_code code) {
  Error error;
  error.code = code_of(code);
  const dvt_error* source = call->error;
  error.message = std::string(view(source->message(source)));
  error.retry = source->retry_class == DVT_RETRY_TRANSIENT      ? Retry::transient
                : source->retry_class == DVT_RETRY_RATE_LIMITED ? Retry::rate_limited
                                                                : Retry::never;
  error.retry_after = std::chrono::milliseconds(source->retry_after_ms);
  error.http_status = source->http_status;
  error.provider_request_id = std::string(view(source->provider_request_id(source)));
  return error;
}

/// Tells the host `error`, whatever an earlier service left there.
[[nodiscard]] inline dvt_code tell(const dvt_call* call, const Error& error) noexcept {
  dvt_error* target = call->error;
  target->retry_class = static_cast<std::int32_t>(error.retry);
  target->retry_after_ms = error.retry_after.count();
  target->http_status = error.http_status;
  target->set_message(target, slice(error.message));
  target->set_provider_request_id(target, slice(error.provider_request_id));
  return static_cast<dvt_code>(error.code);
}

} // namespace detail
} // namespace dovetail::sdk

#define DVT_CONCAT_INNER(a, b) a##b
#define DVT_CONCAT(a, b) DVT_CONCAT_INNER(a, b)

/// Declares `lhs` from the value of `expr` (a Result), or returns its Error from the enclosing function.
// Names by __COUNTER__: macros inside a lambda that is itself an argument of one share one __LINE__.
#define DVT_TRY(lhs, expr) DVT_TRY_IMPL(DVT_CONCAT(dvt_try_, __COUNTER__), lhs, expr)
#define DVT_TRY_IMPL(tmp, lhs, expr)                                                                                   \
  auto tmp = (expr);                                                                                                   \
  if (!tmp.ok()) {                                                                                                     \
    return std::move(tmp).error();                                                                                     \
  }                                                                                                                    \
  lhs = std::move(tmp).value()

/// Returns the Error of `expr` (a Status) from the enclosing function, if there is one.
#define DVT_TRY_STATUS(expr) DVT_TRY_STATUS_IMPL(DVT_CONCAT(dvt_status_, __COUNTER__), expr)
#define DVT_TRY_STATUS_IMPL(tmp, expr)                                                                                 \
  do {                                                                                                                 \
    auto tmp = (expr);                                                                                                 \
    if (!tmp.ok()) {                                                                                                   \
      return std::move(tmp).error();                                                                                   \
    }                                                                                                                  \
  } while (false)

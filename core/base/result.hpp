// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/base/error.hpp"

namespace dovetail {

/// A value or the Error that stands in its place. Not thread-safe, like any value.
template <typename T> class [[nodiscard]] Result {
public:
  using value_type = T;

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

/// Success without a value.
template <> class [[nodiscard]] Result<void> {
public:
  using value_type = void;

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

} // namespace dovetail

#define DOVETAIL_CONCAT_INNER(a, b) a##b
#define DOVETAIL_CONCAT(a, b) DOVETAIL_CONCAT_INNER(a, b)

/// Declares `lhs` from the value of `expr`, or returns its Error from the enclosing function.
#define DOVETAIL_TRY(lhs, expr) DOVETAIL_TRY_IMPL(DOVETAIL_CONCAT(dovetail_try_, __LINE__), lhs, expr)
#define DOVETAIL_TRY_IMPL(tmp, lhs, expr)                                                                              \
  auto tmp = (expr);                                                                                                   \
  if (!tmp.ok()) {                                                                                                     \
    return std::move(tmp).error();                                                                                     \
  }                                                                                                                    \
  lhs = std::move(tmp).value()

/// Returns the Error of `expr` (a Status) from the enclosing function, if there is one.
#define DOVETAIL_TRY_STATUS(expr)                                                                                      \
  do {                                                                                                                 \
    auto dovetail_status = (expr);                                                                                     \
    if (!dovetail_status.ok()) {                                                                                       \
      return std::move(dovetail_status).error();                                                                       \
    }                                                                                                                  \
  } while (false)

// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace dovetail {
namespace {

struct CodeName {
  ErrorCode code;
  std::string_view name;
};

constexpr std::array<CodeName, 16> code_names{{
    {ErrorCode::cancelled, "cancelled"},
    {ErrorCode::unknown, "unknown"},
    {ErrorCode::invalid_argument, "invalid_argument"},
    {ErrorCode::deadline_exceeded, "deadline_exceeded"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::already_exists, "already_exists"},
    {ErrorCode::permission_denied, "permission_denied"},
    {ErrorCode::resource_exhausted, "resource_exhausted"},
    {ErrorCode::failed_precondition, "failed_precondition"},
    {ErrorCode::aborted, "aborted"},
    {ErrorCode::out_of_range, "out_of_range"},
    {ErrorCode::unimplemented, "unimplemented"},
    {ErrorCode::internal, "internal"},
    {ErrorCode::unavailable, "unavailable"},
    {ErrorCode::data_loss, "data_loss"},
    {ErrorCode::unauthenticated, "unauthenticated"},
}};

Error make(ErrorCode code, std::string message, RetryClass retry = RetryClass::never) {
  return Error{.code = code,
               .message = std::move(message),
               .retry = retry,
               .retry_after = std::chrono::milliseconds{0},
               .http_status = 0,
               .provider_request_id = {}};
}

} // namespace

std::string_view to_string(ErrorCode code) noexcept {
  const auto* const found =
      std::find_if(code_names.begin(), code_names.end(), [code](const CodeName& entry) { return entry.code == code; });
  return found == code_names.end() ? "unknown" : found->name;
}

std::string_view to_string(RetryClass retry) noexcept {
  switch (retry) {
  case RetryClass::never:
    return "never";
  case RetryClass::transient:
    return "transient";
  case RetryClass::rate_limited:
    return "rate_limited";
  }
  return "never";
}

std::optional<ErrorCode> error_code_from_number(std::int32_t number) noexcept {
  if (number < 1 || number > static_cast<std::int32_t>(code_names.size())) {
    return std::nullopt;
  }
  return static_cast<ErrorCode>(number);
}

std::optional<ErrorCode> error_code_from_name(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(code_names.begin(), code_names.end(), [name](const CodeName& entry) { return entry.name == name; });
  if (found == code_names.end()) {
    return std::nullopt;
  }
  return found->code;
}

Error Error::in(std::string_view where) const {
  Error copy = *this;
  copy.message = std::string(where) + ": " + message;
  return copy;
}

Error invalid_argument(std::string message) { return make(ErrorCode::invalid_argument, std::move(message)); }
Error not_found(std::string message) { return make(ErrorCode::not_found, std::move(message)); }
Error already_exists(std::string message) { return make(ErrorCode::already_exists, std::move(message)); }
Error failed_precondition(std::string message) { return make(ErrorCode::failed_precondition, std::move(message)); }
Error permission_denied(std::string message) { return make(ErrorCode::permission_denied, std::move(message)); }
Error unauthenticated(std::string message) { return make(ErrorCode::unauthenticated, std::move(message)); }
Error unavailable(std::string message) {
  return make(ErrorCode::unavailable, std::move(message), RetryClass::transient);
}
Error aborted(std::string message) { return make(ErrorCode::aborted, std::move(message), RetryClass::transient); }
Error cancelled(std::string message) { return make(ErrorCode::cancelled, std::move(message)); }
Error deadline_exceeded(std::string message) {
  return make(ErrorCode::deadline_exceeded, std::move(message), RetryClass::transient);
}
Error resource_exhausted(std::string message) { return make(ErrorCode::resource_exhausted, std::move(message)); }
Error out_of_range(std::string message) { return make(ErrorCode::out_of_range, std::move(message)); }
Error data_loss(std::string message) { return make(ErrorCode::data_loss, std::move(message)); }
Error internal(std::string message) { return make(ErrorCode::internal, std::move(message)); }

} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace dovetail {

/// How long a piece of work may go on: a stop request and a deadline. Copied freely; safe to check from any thread.
struct Cancellation {
  std::stop_token stop;
  std::optional<MonotonicTime> deadline;

  /// An Error (cancelled or deadline_exceeded) once the work should end.
  [[nodiscard]] Status check(const Clock& clock) const;
};

} // namespace dovetail

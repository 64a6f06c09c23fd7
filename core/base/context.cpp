// SPDX-License-Identifier: Apache-2.0
#include "core/base/context.hpp"

namespace dovetail {

Status Cancellation::check(const Clock& clock) const {
  if (stop.stop_requested()) {
    return cancelled("The work was cancelled.");
  }
  if (deadline && clock.monotonic_now() >= *deadline) {
    return deadline_exceeded("The work ran past its deadline.");
  }
  return {};
}

} // namespace dovetail

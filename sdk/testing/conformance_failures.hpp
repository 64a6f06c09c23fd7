// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "conformance_trial.hpp"
#include "dovetail/testing/conformance.hpp"

namespace dovetail::testing {

// The laws about requests that fail and answers that are not as they should be.

[[nodiscard]] Problems server_errors_lose_nothing(const ConformanceProvider& provider);
[[nodiscard]] Problems limits_lose_nothing(const ConformanceProvider& provider);
[[nodiscard]] Problems lost_connections_lose_nothing(const ConformanceProvider& provider);
[[nodiscard]] Problems truncated_answers_lose_nothing(const ConformanceProvider& provider);
[[nodiscard]] Problems credentials_that_are_renewed_lose_nothing(const ConformanceProvider& provider);
[[nodiscard]] Problems unknown_members_change_nothing(const ConformanceProvider& provider);
[[nodiscard]] Problems broken_members_break_no_rule(const ConformanceProvider& provider);
[[nodiscard]] Problems broken_answers_leave_nothing_behind(const ConformanceProvider& provider);

} // namespace dovetail::testing

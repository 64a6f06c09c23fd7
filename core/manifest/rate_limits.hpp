// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/limits/rate_limiter.hpp"

namespace dovetail::manifest {

/// Looks an environment variable up.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
/// The process's own.
[[nodiscard]] Environment process_environment();

/// "DOVETAIL_<PROVIDER>_<NAME>": "acme", "requestsPerMinute" -> "DOVETAIL_ACME_REQUESTS_PER_MINUTE".
[[nodiscard]] std::string override_variable(std::string_view provider, std::string_view setting);

/// The limits with what overrides them: first `config` (an object with any of requestsPerMinute, burst, maxConcurrentPerConnection,
/// globalRequestsPerMinute; missing: nothing), then the environment. 0 means no such limit, but for burst. Errors (invalid_argument) name the
/// setting and what may stand there.
[[nodiscard]] Result<limits::RateLimits> override_rate_limits(const limits::RateLimits& limits,
                                                              std::string_view provider, const json::Value& config,
                                                              const Environment& environment);

} // namespace dovetail::manifest

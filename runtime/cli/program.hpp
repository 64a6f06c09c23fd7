// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/base/secret.hpp"

namespace dovetail::cli {

/// The program: reads arguments, environment and configuration file, runs one verb, returns the exit status (ExitCode). Called once, before
/// threads start. `ring_text` is what DOVETAIL_VAULT_KEYS held.
[[nodiscard]] int run_program(int count, const char* const* arguments, std::optional<Secret> ring_text);

} // namespace dovetail::cli

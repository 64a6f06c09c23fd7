// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/cli/secret_backends.hpp"

namespace dovetail::cli {

/// The program: reads arguments, environment and configuration file, runs one verb, returns the exit status (ExitCode). Called once, before
/// threads start. `taken` is what was taken out of the environment.
[[nodiscard]] int run_program(int count, const char* const* arguments, TakenSecrets taken);

} // namespace dovetail::cli

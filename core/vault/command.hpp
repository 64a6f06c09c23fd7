// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace dovetail::vault {

/// A program that is run without a shell.
struct Command {
  std::vector<std::string> words;     ///< the program's absolute path, then its arguments
  std::vector<std::string> variables; ///< its whole environment, "NAME=value"
  std::chrono::milliseconds deadline{10'000};
  std::size_t max_output_bytes = 512U << 10U;
};

struct CommandResult {
  int status = 0; ///< its exit status
  Secret output;  ///< of its standard output
};

/// Runs a program to its end with `input` on its standard input; standard error goes nowhere, as it may hold anything. It is in a process group of its
/// own, has no other open files, and is killed with all that it started when it is late or says too much. Errors: failed_precondition when it cannot be
/// started; deadline_exceeded, out_of_range, unavailable (killed by a signal). Real time, not a Clock: what is waited for is a real process.
[[nodiscard]] Result<CommandResult> run_command(const Command& command, const Secret& input);

} // namespace dovetail::vault

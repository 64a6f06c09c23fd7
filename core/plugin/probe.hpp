// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/plugin/descriptor.hpp"

namespace dovetail::plugin {

struct ProbeOptions {
  std::filesystem::path program; ///< dovetail-plugin-host
  std::chrono::milliseconds timeout{10'000};
  AbiVersion abi = {}; ///< the host's, which the plugin is asked on behalf of
};

/// Opens `file` and asks it who it is in a throwaway process, so that a constructor that crashes or hangs hurts nobody: no inherited
/// files, an empty environment, no new privileges, bounded memory and processor time, killed at the timeout. `name` is for messages.
/// Errors: failed_precondition when the plugin is refused, crashes or hangs; unavailable when the program cannot be run. Thread-safe.
[[nodiscard]] Result<PluginInfo> probe_in_child(const ProbeOptions& options, std::string_view name,
                                                const std::filesystem::path& file);

/// The child's side: confines this process, opens `file`, and writes the answer to standard output as one JSON object, {"plugin": {...}} or
/// {"error": {...}}. Ends the process without running the plugin's destructors: 0 when it is a plugin, else 1.
[[noreturn]] void run_probe(const std::filesystem::path& file, std::string_view name, const AbiVersion& host = {});

/// "1.0", both ways; nullopt for anything else.
[[nodiscard]] std::string to_string(const AbiVersion& abi);
[[nodiscard]] std::optional<AbiVersion> read_abi_version(std::string_view text);

/// The answer's wire form, both ways.
[[nodiscard]] std::string probe_answer(const Result<PluginInfo>& result);
[[nodiscard]] Result<PluginInfo> read_probe_answer(std::string_view answer);

} // namespace dovetail::plugin

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace dovetail::cli {

/// The value of an environment variable. Errors name the variable: not_found (not set, or empty), resource_exhausted (too long).
[[nodiscard]] Result<Secret> read_secret_variable(const std::string& name);
/// What stands in a file, "-" being standard input, without the line break at its end. Errors name the file: not_found, permission_denied,
/// invalid_argument (no regular file; empty), resource_exhausted (longer than `max_bytes`).
[[nodiscard]] Result<Secret> read_secret_file(const std::string& path,
                                              std::size_t max_bytes = limits::max_secret_bytes);

/// "NAME=SOURCE" pairs of --secret-env and --secret-file by the secret's name. Errors (invalid_argument) repeat nothing that could be a secret.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_sources(std::string_view option,
                                                                       const std::vector<std::string>& texts);

} // namespace dovetail::cli

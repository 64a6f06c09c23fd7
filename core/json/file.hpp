// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"

namespace dovetail::json {

/// The bytes of a regular file. Errors name the file: not_found, permission_denied, invalid_argument when it is no regular file,
/// resource_exhausted when it is longer than `max_bytes` (nothing beyond that is read).
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes = limits::max_manifest_bytes);

/// The files named *.json directly in a directory, sorted by name; hidden ones are left out. Errors: not_found, permission_denied,
/// resource_exhausted when there are more than `max_files`.
[[nodiscard]] Result<std::vector<std::filesystem::path>> list_json_files(const std::filesystem::path& directory,
                                                                         std::size_t max_files);

} // namespace dovetail::json

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace dovetail::plugin {

/// The most that a plugin's file may have.
inline constexpr std::uint64_t max_plugin_bytes = std::uint64_t{256} << 20U;

/// A plugin's file as it was read once: what is hashed, checked and copied is the same bytes.
struct PluginFile {
  std::string name; ///< of the file it came from, for messages
  std::string bytes;
  std::string sha256; ///< hex, lower case
};

/// Reads a plugin's file and checks that it can be a shared object for this machine. Errors: not_found; failed_precondition (no regular
/// file, larger than max_plugin_bytes, no shared object for this machine, see elf.hpp).
[[nodiscard]] Result<PluginFile> read_plugin_file(const std::filesystem::path& file);

/// A private folder of plugins named by their content, so that what was checked is what is opened, whatever happens to the file it came
/// from. Thread-safe, also with other processes on the same folder.
class LibraryStore {
public:
  /// The folder is made, for its owner alone, when the first file is kept.
  explicit LibraryStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The private copy <sha256>.so of the file, made if it is not there; one that is there is read and replaced if it is not what its
  /// name says. Errors: unavailable (the folder cannot be written).
  [[nodiscard]] Result<std::filesystem::path> keep(const PluginFile& file) const;

private:
  std::filesystem::path folder_;
};

} // namespace dovetail::plugin

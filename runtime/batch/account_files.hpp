// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

/// The directory of account files that batch mode works on (SYNC-15).
namespace dovetail::batch {

inline constexpr std::size_t max_account_file_bytes = 1U << 20U;
inline constexpr std::size_t max_account_files = 10'000;

/// Keeps other batch runs away from a directory for as long as it lives; the system ends it with the process. Nothing is written for it.
class DirectoryLock {
public:
  /// Does not wait. Errors name the directory: not_found, permission_denied, invalid_argument when it is no directory, failed_precondition while another
  /// run has it.
  [[nodiscard]] static Result<DirectoryLock> take(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock();

private:
  explicit DirectoryLock(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_;
};

/// The files named *.json directly in the directory, sorted by name; hidden ones are left out. Errors: not_found when there is none; those of
/// json::list_json_files.
[[nodiscard]] Result<std::vector<std::filesystem::path>> list_account_files(const std::filesystem::path& directory);

struct AccountFile {
  std::filesystem::path path; ///< with links resolved: where it may be replaced
  Secret text;
};

/// Reads one of them; it may hold secrets. A link may lead to another place in the directory, but not out of it. Errors name the file: permission_denied
/// for such a link, those of json::read_file.
[[nodiscard]] Result<AccountFile> read_account_file(const std::filesystem::path& directory,
                                                    const std::filesystem::path& file);

struct ReplaceOptions {
  mode_t new_mode = 0600;           ///< of a file that was not there
  const Secret* expected = nullptr; ///< what must still stand in the file; nullptr: anything
  bool durable = true;              ///< on the disk when it returns
};

/// Replaces a file as a whole: after a crash the old or the new one is there, never a part. An existing one keeps its mode and owner. Errors
/// name the file: aborted when it does not hold what is expected, unavailable.
[[nodiscard]] Status replace_file(const std::filesystem::path& file, std::string_view text,
                                  const ReplaceOptions& options = {});

} // namespace dovetail::batch

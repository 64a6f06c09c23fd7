// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/manifest/manifest.hpp"

namespace dovetail::manifest {

namespace detail {
struct ManifestSchemas;
}

inline constexpr std::size_t max_manifests = 256; ///< files in one directory

/// Something to tell about one manifest.
struct Notice {
  std::filesystem::path file;
  std::string pointer; ///< "" for the whole file
  std::string reason;

  /// "`file`: `pointer`: `reason`"
  [[nodiscard]] std::string text() const;
};

/// The providers there are, by key. Immutable once loaded; safe for concurrent use; Manifests stay where they are while it lives.
class Registry {
public:
  /// Reads every *.json directly in the directories. A malformed manifest is left out and told in errors(); the others still load
  /// (CORE-2). A key that two files of one directory claim is an error of the second; a later directory replaces an earlier
  /// one's provider, with a warning. Error only when a directory cannot be listed or holds more than max_manifests.
  [[nodiscard]] static Result<Registry> load(const std::vector<std::filesystem::path>& directories);

  /// nullptr when there is none of that key.
  [[nodiscard]] const Manifest* find(std::string_view provider_key) const noexcept;
  /// All of them, by key.
  [[nodiscard]] std::vector<const Manifest*> all() const;
  [[nodiscard]] const std::vector<Notice>& errors() const noexcept { return errors_; }
  [[nodiscard]] const std::vector<Notice>& warnings() const noexcept { return warnings_; }

private:
  void read(const std::filesystem::path& file, const detail::ManifestSchemas& schemas);

  std::map<std::string, std::unique_ptr<const Manifest>, std::less<>> manifests_;
  std::vector<Notice> errors_;
  std::vector<Notice> warnings_;
};

} // namespace dovetail::manifest

// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/registry.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/json/file.hpp"
#include "core/manifest/reader.hpp"

namespace dovetail::manifest {

std::string Notice::text() const {
  return pointer.empty() ? fmt::format("{}: {}", file.string(), reason)
                         : fmt::format("{}: {}: {}", file.string(), pointer, reason);
}

Result<Registry> Registry::load(const std::vector<std::filesystem::path>& directories) {
  Registry registry;
  DOVETAIL_TRY(const auto schemas, detail::ManifestSchemas::compile());
  for (const auto& directory : directories) {
    DOVETAIL_TRY(const auto files, json::list_json_files(directory, max_manifests));
    for (const auto& file : files) {
      registry.read(file, schemas);
    }
  }
  return registry;
}

void Registry::read(const std::filesystem::path& file, const detail::ManifestSchemas& schemas) {
  const auto text = json::read_file(file);
  if (!text.ok()) {
    errors_.push_back({file, "", text.error().message});
    return;
  }
  Findings findings;
  auto manifest = detail::parse_manifest(*text, schemas, findings);
  for (auto& problem : findings.errors) {
    errors_.push_back({file, std::move(problem.pointer), std::move(problem.message)});
  }
  for (auto& problem : findings.warnings) {
    warnings_.push_back({file, std::move(problem.pointer), std::move(problem.message)});
  }
  if (manifest == nullptr) {
    return;
  }
  manifest->file = file;
  auto& slot = manifests_[manifest->provider_key];
  if (slot != nullptr && slot->file.parent_path() == file.parent_path()) {
    errors_.push_back(
        {file, "/providerKey",
         fmt::format("{} is the provider \"{}\" already", slot->file.filename().string(), manifest->provider_key)});
    return;
  }
  if (slot != nullptr) {
    warnings_.push_back({file, "/providerKey", fmt::format("replaces the provider of {}", slot->file.string())});
  }
  slot = std::move(manifest);
}

const Manifest* Registry::find(std::string_view provider_key) const noexcept {
  const auto found = manifests_.find(provider_key);
  return found == manifests_.end() ? nullptr : found->second.get();
}

std::vector<const Manifest*> Registry::all() const {
  std::vector<const Manifest*> manifests;
  manifests.reserve(manifests_.size());
  for (const auto& [key, manifest] : manifests_) {
    manifests.push_back(manifest.get());
  }
  return manifests;
}

} // namespace dovetail::manifest

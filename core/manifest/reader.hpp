// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the parts of a manifest become types; only for the sources of this folder. Everything here works on documents that have
// passed the schema.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/json/schema.hpp"
#include "core/manifest/manifest.hpp"

namespace dovetail::manifest::detail {

extern const std::string_view manifest_schema_text;
extern const std::string_view mapping_schema_text;
extern const std::string_view connection_schema_text;

/// What every manifest is checked against.
struct ManifestSchemas {
  json::Schema manifest;
  json::Schema mapping;
  [[nodiscard]] static Result<ManifestSchemas> compile();
};

/// parse_manifest() of manifest.hpp, for a host that reads several.
[[nodiscard]] std::unique_ptr<Manifest> parse_manifest(std::string_view text, const ManifestSchemas& schemas,
                                                       Findings& findings);

[[nodiscard]] std::string text_at(const json::Value& value, std::string_view pointer, std::string_view otherwise = "");

[[nodiscard]] std::vector<std::string> read_texts(const json::Value& list);

[[nodiscard]] Batch read_batch(const json::Value& entry);

[[nodiscard]] Object read_object(const json::Value& entry);

/// What the schema cannot say: names that must be unique or must name something, parts that contradict each other.
void check_manifest(const Manifest& manifest, const json::Schema& mapping_schema, Findings& findings);

} // namespace dovetail::manifest::detail

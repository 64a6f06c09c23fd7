// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the parts of a manifest become types; only for the sources of this folder. Everything here works on documents that have
// passed the schema.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/json/schema.hpp"
#include "core/manifest/manifest.hpp"

namespace dovetail::manifest::detail {

extern const std::string_view manifest_schema_text;
extern const std::string_view mapping_schema_text;
extern const std::string_view connection_schema_text;

/// One of the schemas above, compiled. That takes as long as checking a manifest: whoever needs it more than once keeps it.
class OwnSchema {
public:
  [[nodiscard]] static Result<OwnSchema> compile(std::string_view text);
  [[nodiscard]] json::Value root() const { return document_.root(); }
  [[nodiscard]] const json::Schema& compiled() const noexcept { return compiled_; }

private:
  OwnSchema(json::Document document, json::Schema compiled)
      : document_(std::move(document)), compiled_(std::move(compiled)) {}
  json::Document document_;
  json::Schema compiled_;
};

/// What every manifest is checked against.
struct ManifestSchemas {
  OwnSchema manifest;
  OwnSchema mapping;
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

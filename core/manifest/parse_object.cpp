// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "core/json/writer.hpp"
#include "core/manifest/reader.hpp"
#include "core/vault/crypto.hpp"

namespace dovetail::manifest::detail {
namespace {

using json::Value;

template <typename Enum, std::size_t size>
Enum enum_at(const Value& value, std::string_view pointer,
             const std::array<std::pair<std::string_view, Enum>, size>& names, Enum otherwise) {
  const auto text = value.string_or(pointer, "");
  const auto found =
      std::find_if(names.begin(), names.end(), [text](const auto& entry) { return entry.first == text; });
  return found == names.end() ? otherwise : found->second;
}

constexpr auto parent_modes = std::to_array<std::pair<std::string_view, ParentMode>>({
    {"each", ParentMode::each},
    {"changed", ParentMode::changed},
});
constexpr auto deletion_ways = std::to_array<std::pair<std::string_view, Deletions>>({
    {"full_pass", Deletions::full_pass},
    {"never", Deletions::never},
});
constexpr auto behaviours = std::to_array<std::pair<std::string_view, Behaviour>>({
    {"full", Behaviour::full},
    {"delta", Behaviour::delta},
});
constexpr auto initial_syncs = std::to_array<std::pair<std::string_view, InitialSync>>({
    {"full_once", InitialSync::full_once},
    {"delta_only_after_date", InitialSync::delta_only_after_date},
    {"delta_only_from_now", InitialSync::delta_only_from_now},
});
constexpr auto deletion_policies = std::to_array<std::pair<std::string_view, DeletionPolicy>>({
    {"mark_inactive_keep_link", DeletionPolicy::mark_inactive_keep_link},
    {"ignore", DeletionPolicy::ignore},
    {"soft_delete", DeletionPolicy::soft_delete},
});
constexpr auto conflict_policies = std::to_array<std::pair<std::string_view, ConflictPolicy>>({
    {"upsert", ConflictPolicy::upsert},
    {"skip", ConflictPolicy::skip},
});

std::vector<ObjectField> read_fields(const Value& list) {
  std::vector<ObjectField> fields;
  for (const auto entry : list.elements()) {
    fields.push_back({.pointer = text_at(entry, "/pointer"),
                      .label = text_at(entry, "/label"),
                      .type = text_at(entry, "/type"),
                      .nullable = entry.bool_or("/nullable", true),
                      .identifier = entry.bool_or("/identifier", false),
                      .pii = entry.bool_or("/pii", false)});
  }
  return fields;
}

Capabilities read_capabilities(const Value& list) {
  Capabilities capabilities;
  for (const auto entry : list.elements()) {
    const auto name = entry.as_string().value_or("");
    capabilities.list |= name == "list";
    capabilities.delta |= name == "delta";
    capabilities.actions |= name == "actions";
    capabilities.webhooks |= name == "webhooks";
  }
  return capabilities;
}

std::optional<Parent> read_parent(const Value& entry) {
  if (!entry.exists()) {
    return std::nullopt;
  }
  Parent parent{.object = text_at(entry, "/object"),
                .mode = enum_at(entry, "/mode", parent_modes, ParentMode::each),
                .batch = static_cast<std::size_t>(entry.int64_or("/batch", 1)),
                .fields = {}};
  for (const auto [name, field] : entry["fields"].members()) {
    parent.fields.emplace_back(name, field.as_string().value_or(""));
  }
  return parent;
}

SyncDefaults read_defaults(const Value& entry, bool delta) {
  return {.behaviour = enum_at(entry, "/behaviour", behaviours, delta ? Behaviour::delta : Behaviour::full),
          .interval = std::chrono::minutes(entry.int64_or("/intervalMinutes", 60)),
          .initial_sync = enum_at(entry, "/initialSyncMode", initial_syncs, InitialSync::full_once),
          .deletion_policy =
              enum_at(entry, "/deletionPolicy", deletion_policies, DeletionPolicy::mark_inactive_keep_link),
          .conflict_policy = enum_at(entry, "/conflictPolicy", conflict_policies, ConflictPolicy::upsert)};
}

/// The order in which the manifest lists the fields must not matter, nor labels and the like.
std::string signature_of(const std::vector<ObjectField>& fields) {
  std::vector<std::pair<std::string_view, std::string_view>> sorted;
  sorted.reserve(fields.size());
  for (const auto& field : fields) {
    sorted.emplace_back(field.pointer, field.type);
  }
  std::sort(sorted.begin(), sorted.end());
  json::Writer writer;
  writer.begin_array();
  for (const auto& [pointer, type] : sorted) {
    writer.begin_array().value(pointer).value(type).end_array();
  }
  writer.end_array();
  return vault::sha256_hex(writer.view());
}

} // namespace

Object read_object(const Value& entry) {
  Object object;
  object.key = text_at(entry, "/key");
  object.label = text_at(entry, "/label");
  object.description = text_at(entry, "/description");
  object.model = text_at(entry, "/model");
  object.fields = read_fields(entry["fields"]);
  object.capabilities = read_capabilities(entry["capabilities"]);
  object.discovery = entry.bool_or("/discovery", false);
  object.parent = read_parent(entry["parent"]);
  if (const auto hierarchy = entry["hierarchy"]; hierarchy.exists()) {
    object.hierarchy =
        Hierarchy{.parent_key = text_at(hierarchy, "/parentKey"), .child_predicate = hierarchy["childPredicate"]};
  }
  object.parent_only = entry.bool_or("/filters/parentOnly", false);
  object.deletions = enum_at(entry, "/deletions", deletion_ways, Deletions::never);
  for (const auto rule : entry["matchBy"].elements()) {
    auto& fields = object.match_by.emplace_back();
    for (const auto field : rule.elements()) {
      fields.emplace_back(field.as_string().value_or(""));
    }
  }
  object.overlap = std::chrono::seconds(entry.int64_or("/overlapSeconds", 0));
  object.defaults = read_defaults(entry["defaults"], object.capabilities.delta);
  object.mapping_schema_version = static_cast<int>(entry.int64_or("/mappingSchemaVersion", 1));
  object.default_mapping = entry["defaultMapping"];
  object.field_signature_hash = signature_of(object.fields);
  object.raw = entry;
  return object;
}

} // namespace dovetail::manifest::detail

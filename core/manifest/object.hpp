// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json/document.hpp"

namespace dovetail::manifest {

/// One field of a provider's record.
struct ObjectField {
  std::string pointer; ///< where it stands in a record (JSON pointer)
  std::string label;   ///< empty: the pointer speaks for itself
  std::string type;    ///< one word of the local models' types: text, integer, real, boolean, timestamp, date, json
  bool nullable = true;
  bool identifier = false; ///< part of what names the record at the provider
  bool pii = false;        ///< redacted in samples and logs
};

/// What can be done with an object.
struct Capabilities {
  bool list = false;
  bool delta = false; ///< the provider can tell what changed since an instant
  bool actions = false;
  bool webhooks = false;
};

enum class ParentMode : std::uint8_t {
  each,   ///< every active parent row is visited in every sync
  changed ///< only parents that changed since their children were last read
};

/// The object is read below the rows of another one.
struct Parent {
  std::string object;
  ParentMode mode = ParentMode::each;
  std::size_t batch = 1; ///< parents that one page may take together
  /// What the plugin is told of each parent: name -> field of the parent's model.
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Records of one object that contain each other (SYNC-6). A record is a child where anything but null or "" stands at `parent_key`, or where
/// the predicate says so: {"from": pointer} (anything but null or "" stands there) or {"from": pointer, "equals": scalar or array of scalars}.
struct Hierarchy {
  std::string parent_key;      ///< pointer to the id of a record's parent
  json::Value child_predicate; ///< missing where the pointer says it all
};

enum class Deletions : std::uint8_t {
  full_pass, ///< a complete full pass sweeps what it did not see
  never
};

enum class Behaviour : std::uint8_t { full, delta };
enum class InitialSync : std::uint8_t { full_once, delta_only_after_date, delta_only_from_now };
enum class DeletionPolicy : std::uint8_t { mark_inactive_keep_link, ignore, soft_delete };
enum class ConflictPolicy : std::uint8_t { upsert, skip };

/// What a rule says that says nothing else (SYNC-1).
struct SyncDefaults {
  Behaviour behaviour = Behaviour::full;
  std::chrono::minutes interval{60};
  InitialSync initial_sync = InitialSync::full_once;
  DeletionPolicy deletion_policy = DeletionPolicy::mark_inactive_keep_link;
  ConflictPolicy conflict_policy = ConflictPolicy::upsert;
};

/// One kind of record that a provider has.
struct Object {
  std::string key;
  std::string label;
  std::string description;
  std::string model; ///< the local model that its records go to
  std::vector<ObjectField> fields;
  Capabilities capabilities;
  bool discovery = false; ///< the account has fields that only the plugin can tell
  std::optional<Parent> parent;
  std::optional<Hierarchy> hierarchy;
  bool parent_only = false; ///< filters.parentOnly: children are not wanted (SYNC-6)
  Deletions deletions = Deletions::never;
  /// Fields of the model by which a new record is matched to a row that is already there, the first rule that fits exactly one row counts.
  std::vector<std::vector<std::string>> match_by;
  /// A delta begins this much before the high-water mark (SYNC-8).
  std::chrono::seconds overlap{0};
  SyncDefaults defaults;
  int mapping_schema_version = 1;
  json::Value default_mapping; ///< for core/mapping
  /// SHA-256, in hexadecimal, over pointers and types of all fields: changes when the provider's fields do (SYNC-2).
  std::string field_signature_hash;
  json::Value raw; ///< the whole entry, unknown keys included

  [[nodiscard]] const ObjectField* find_field(std::string_view pointer) const noexcept;
};

} // namespace dovetail::manifest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/json/schema.hpp"
#include "core/manifest/manifest.hpp"
#include "core/mapping/mapping.hpp"
#include "core/model/model.hpp"
#include "core/store/page_writer.hpp"
#include "core/store/rule_repository.hpp"
#include "core/sync/mapping_state.hpp"
#include "core/sync/sync_options.hpp"

namespace dovetail::sync {

/// Records are wanted whose field is one of the values.
struct RuleFilter {
  std::string pointer; ///< of the object's catalogue
  std::vector<mapping::Scalar> values;
};

/// What counts when an object is read: its rule's word, else its manifest's (SYNC-1). A value.
struct ObjectRule {
  std::int64_t revision = 0; ///< of the stored rule; 0: there is none
  bool enabled = true;
  bool dry_run = false;
  bool full = false; ///< every read is a full one
  store::ConflictPolicy conflict = store::ConflictPolicy::upsert;
  bool create_unmatched = true;
  store::DeletionPolicy deletion = store::DeletionPolicy::mark_inactive_keep_link;
  InitialSyncMode initial_mode = InitialSyncMode::full_once;
  std::optional<Timestamp> initial_since = {};
  StaleMapping on_stale_mapping = StaleMapping::block;
  std::vector<std::string> fields = {}; ///< pointers; empty: all that the mapping reads
  std::vector<RuleFilter> filters = {};
  std::string filters_json = "{}"; ///< the same for the plugin: pointer -> array of values
  store::PolicyChoices policies = {};
  /// Changes with what decides which records are read and what is made of those that did not change: pages that were stored under another one are not
  /// trusted. 0 without a rule that says anything of that.
  std::uint64_t signature = 0;
};

/// Where a rule is to hold.
struct RulePlace {
  const manifest::Manifest* provider = nullptr;
  const manifest::Object* object = nullptr;
  const model::Model* model = nullptr; ///< the object's
};

/// The manifest's word alone.
[[nodiscard]] ObjectRule default_rule(const manifest::Object& object);

/// Everything that is wrong with a rule (SYNC-1), in the order of the pointers: what manifests/schema/v1/rule.schema.json asks for, what the manifest and
/// the local model have, and members that contradict each other. Empty: it may be saved.
[[nodiscard]] std::vector<json::Problem> check_rule(const json::Value& body, const RulePlace& place);

/// What a rule that check_rule() found nothing wrong with means.
[[nodiscard]] ObjectRule read_rule(const json::Value& body, const RulePlace& place);

/// A stored rule. Errors: failed_precondition with what no longer fits (the manifest may have changed since it was saved) and what to do.
[[nodiscard]] Result<ObjectRule> read_rule(const store::RuleRecord& record, const RulePlace& place);

/// A body as it is stored: members sorted, "enabled" taken out (the record has it). Precondition: an object.
[[nodiscard]] std::string stored_rule_body(const json::Value& body);

} // namespace dovetail::sync

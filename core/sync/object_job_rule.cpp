// SPDX-License-Identifier: Apache-2.0
// What a job does because its rule says so.
#include <optional>
#include <utility>

#include "core/store/field_policy.hpp"
#include "core/sync/object_job.hpp"

namespace dovetail::sync {

std::string ObjectJob::signature_text(bool fresh) const {
  std::string text = std::to_string(mapping_->signature());
  if (rule_.signature != 0) {
    text += " rule " + std::to_string(rule_.signature);
  }
  return text + std::string(fresh ? fresh_mark : std::string_view());
}

Result<mapping::Mapping> ObjectJob::choose_mapping() {
  std::optional<mapping::Mapping> chosen;
  if (task_.mapping) {
    chosen = task_.mapping->valid;
  } else {
    DOVETAIL_TRY(chosen, mapping::Mapping::parse(task_.object->default_mapping));
  }
  mapping::Mapping mapping = *std::move(chosen);
  if (task_.object->parent_only && task_.object->hierarchy) {
    const auto& hierarchy = *task_.object->hierarchy;
    DOVETAIL_TRY_STATUS(mapping.leave_out_children(hierarchy.parent_key, hierarchy.child_predicate));
  }
  // A rule may leave out what people look at, not what records are told apart or their children are read by.
  std::vector<std::string> always;
  for (const auto& match : task_.object->match_by) {
    always.insert(always.end(), match.begin(), match.end());
  }
  for (const auto& [child, parent] : task_.child_parents) {
    for (const auto& [name, field] : parent.fields) {
      always.push_back(field);
    }
  }
  mapping = select_fields(std::move(mapping), rule_.fields, always);
  local_fields_ = drop_local_fields(mapping, *task_.model);
  return mapping;
}

Status ObjectJob::choose_beginning() {
  initial_mode_ = options_.initial_mode.value_or(rule_.initial_mode);
  initial_since_ = options_.initial_mode ? options_.initial_since : rule_.initial_since;
  if (initial_mode_ == InitialSyncMode::delta_only_after_date && !initial_since_) {
    return failed_precondition("\"" + task_.object->key +
                               "\" begins at a date, by its manifest, and nobody has said which: give its rule an "
                               "\"initialSyncSince\", or the sync a date with --initial-sync.");
  }
  return {};
}

Status ObjectJob::apply_policies() {
  // Records that exist keep their rows as they are, so these follow nothing.
  if (local_fields_.empty() || rule_.conflict == store::ConflictPolicy::skip) {
    return {};
  }
  DOVETAIL_TRY(const auto corrected, store::apply_policies(parts_.database, {.tenant = task_.tenant,
                                                                             .connection = task_.connection,
                                                                             .object = task_.object->key,
                                                                             .model = task_.model,
                                                                             .fields = local_fields_,
                                                                             .choices = rule_.policies,
                                                                             .job = report_.job,
                                                                             .fence = lease_->fence}));
  report_.counts.corrected += corrected;
  return {};
}

} // namespace dovetail::sync

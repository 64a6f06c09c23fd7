// SPDX-License-Identifier: Apache-2.0
// What a job makes of a mapping that no longer fits the provider's fields (SYNC-2).
#include "core/sync/object_job.hpp"

namespace dovetail::sync {

Status ObjectJob::check_mapping() {
  if (task_.mapping_failure) {
    return *task_.mapping_failure;
  }
  if (!task_.mapping || !task_.mapping->stale()) {
    return {};
  }
  const auto choice = options_.on_stale_mapping.value_or(task_.on_stale_mapping);
  if (choice == StaleMapping::block || task_.mapping->unusable) {
    return failed_precondition(task_.mapping->message());
  }
  report_.partial = task_.mapping->message();
  return {};
}

void ObjectJob::add_mapping_problems(std::vector<store::JobProblem>& problems) const {
  if (!task_.mapping) {
    return;
  }
  constexpr std::string_view code = "mapping_out_of_date";
  for (const std::string& reason : task_.mapping->reasons) {
    problems.push_back({.subject = "mapping " + std::to_string(problems.size() + 1),
                        .code = std::string(code),
                        .occurrences = 1,
                        .message = reason,
                        .samples = {}});
  }
  for (const StaleField& field : task_.mapping->fields) {
    problems.push_back(
        {.subject = field.field, .code = std::string(code), .occurrences = 1, .message = field.what, .samples = {}});
  }
}

} // namespace dovetail::sync

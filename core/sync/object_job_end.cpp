// SPDX-License-Identifier: Apache-2.0
// What did not go well in a job, and how it ends.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/sync/object_job.hpp"

namespace dovetail::sync {
namespace {

/// Reasons for refusing records that are kept of one job.
constexpr std::size_t max_refusals = 20;

/// Parents of one run that are passed over. So many refusals are no exception any more: asking on would only use up the rate limit.
constexpr std::size_t max_left_out = 100;

} // namespace

void ObjectJob::add_lost(const SyncCounts& lost) {
  // The rest of it went through the writer, into the job's row.
  report_.counts.field_errors += lost.field_errors;
  report_.counts.skipped_children += lost.skipped_children;
  ++report_.counts.pages;
}

void ObjectJob::note_problems(const store::PageOutcome& outcome) {
  for (const auto& problem : outcome.problems) {
    auto kept = std::find_if(refused_.begin(), refused_.end(),
                             [&problem](const store::JobProblem& other) { return other.message == problem.what; });
    if (kept == refused_.end()) {
      if (refused_.size() == max_refusals) {
        continue;
      }
      refused_.push_back({.subject = "record " + std::to_string(refused_.size() + 1),
                          .code = "refused",
                          .occurrences = 0,
                          .message = problem.what,
                          .samples = {}});
      kept = std::prev(refused_.end());
    }
    ++kept->occurrences;
    if (kept->samples.size() < store::PageWriter::max_problems) {
      kept->samples.push_back(parts_.redactor.redact(problem.external_id));
    }
  }
}

Error ObjectJob::stopped() {
  return cancelled("The sync was cancelled. What was read is stored; the next run goes on there.");
}

Result<std::optional<PageRequest>> ObjectJob::pass_over(ReadPlan& plan, const Error& error) {
  const bool of_parents = error.code == ErrorCode::permission_denied && error.retry == RetryClass::never &&
                          task_.object->parent && task_.object->parent->mode == manifest::ParentMode::changed;
  if (!of_parents) {
    return error;
  }
  if (work_.stop_requested()) {
    return stopped();
  }
  if (left_out_.size() == max_left_out) {
    return error.in(fmt::format("More than {} of \"{}\" may not be read, so the rest was not tried: give the "
                                "connection's credentials the right to. The last of them",
                                max_left_out, task_.object->parent->object));
  }
  DOVETAIL_TRY(auto refusal, plan.refuse());
  // It may come again when the read was taken up anew behind a wait.
  if (refusal.parent && left_out_.insert(*refusal.parent).second) {
    parts_.logger.warning("what is below a parent may not be read; the others go on",
                          {{"object", task_.object->key},
                           {"parent", std::string_view(*refusal.parent)},
                           {"job", report_.job.value},
                           {"reason", error.message}});
    left_out_reasons_.push_back(
        {.subject = task_.object->parent->object + " " + parts_.redactor.redact(*refusal.parent),
         .code = std::string(to_string(error.code)),
         .occurrences = 1,
         .message = error.message,
         .samples = {}});
  }
  return std::move(refusal.next);
}

Status ObjectJob::told_left_out() const {
  if (left_out_.empty()) {
    return {};
  }
  return permission_denied(fmt::format("{} of \"{}\" could not be read for \"{}\", all others were. They stay in the "
                                       "queue, and the next sync asks for them again. The first of them: {}",
                                       left_out_.size(), task_.object->parent->object, task_.object->key,
                                       left_out_reasons_.front().message));
}

void ObjectJob::keep(const Status& kept) {
  if (!kept.ok()) {
    parts_.logger.warning("the result of a job could not be stored",
                          {{"job", report_.job.value}, {"reason", kept.error().message}});
  }
}

void ObjectJob::count_lost_exchanges() {
  store::JobCounters lost;
  lost.requests = task_.before.requests;
  lost.not_modified = task_.before.not_modified;
  if (source_) {
    const auto all = source_->exchanges();
    lost.requests += all.requests - counted_.requests;
    lost.not_modified += all.not_modified - counted_.not_modified;
  }
  if (lost.requests == 0 && lost.not_modified == 0) {
    return;
  }
  report_.counts.requests += lost.requests;
  report_.counts.not_modified += lost.not_modified;
  if (claim_) {
    keep(jobs_.progress(*claim_, lost));
  }
}

void ObjectJob::finish_job(const Status& outcome) {
  if (!lease_) {
    return;
  }
  std::vector<store::JobProblem> problems;
  add_mapping_problems(problems);
  if (pages_) {
    for (const auto& [field, errors] : pages_->errors()) {
      problems.push_back({.subject = field,
                          .code = "conversion",
                          .occurrences = static_cast<std::int64_t>(errors.count),
                          .message = "values that do not convert",
                          .samples = errors.samples});
    }
  }
  problems.insert(problems.end(), refused_.begin(), refused_.end());
  problems.insert(problems.end(), left_out_reasons_.begin(), left_out_reasons_.end());
  if (!problems.empty()) {
    keep(jobs_.report(*claim_, problems));
  }
  if (!report_.partial.empty()) {
    keep(jobs_.log(*claim_, LogLevel::warning, "Partial: " + report_.partial));
  }
  if (report_.counts.skipped_children > 0) {
    keep(jobs_.log(*claim_, LogLevel::info,
                   std::to_string(report_.counts.skipped_children) +
                       " records were left out as children of others: this object takes parents only."));
  }
  keep(outcome.ok()                                   ? jobs_.succeed(*claim_)
       : outcome.error().code == ErrorCode::cancelled ? jobs_.end_cancelled(*claim_)
                                                      : jobs_.fail(*claim_, outcome.error()));
  if (keeper_) {
    keeper_.reset();
  } else {
    static_cast<void>(leases_.release(*lease_));
  }
}

} // namespace dovetail::sync

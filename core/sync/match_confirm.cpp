// SPDX-License-Identifier: Apache-2.0
#include "core/sync/match_confirm.hpp"

#include <chrono>

#include <fmt/format.h>

#include "core/store/job_repository.hpp"
#include "core/store/object_lease.hpp"

namespace dovetail::sync {
namespace {

/// Longer than the largest confirmation takes; a process that dies meanwhile is recognised before it runs out.
constexpr std::chrono::minutes lease_time{10};

} // namespace

Result<MatchSummary> confirm_decision(const MatchTarget& target, const MatchDecision& decision) {
  if (decision.subject.object != target.object.key || decision.subject.model != target.model.name) {
    return invalid_argument(fmt::format("The file matches object \"{}\" with the model \"{}\", not \"{}\" with \"{}\".",
                                        decision.subject.object, decision.subject.model, target.object.key,
                                        target.model.name));
  }
  store::JobRepository jobs(target.scope, target.ids);
  MatchSummary summary;
  DOVETAIL_TRY(summary.job, jobs.create({.connection = target.connection,
                                         .provider = target.provider,
                                         .object = target.object.key,
                                         .kind = "match",
                                         .mode = "full"}));
  const store::ProcessIdentity self = store::this_process();
  DOVETAIL_TRY(const store::JobClaim claim, jobs.claim(summary.job, fmt::format("{}:{}", self.host, self.process_id)));
  store::ObjectLeases leases(target.scope);
  const auto lease = leases.acquire(target.connection, target.object.key, summary.job, lease_time);
  if (!lease.ok()) {
    static_cast<void>(jobs.fail(claim, lease.error()));
    return lease.error();
  }
  const Status confirmed = store::confirm_matches(target.scope, *lease, target.model, decision.pairs);
  static_cast<void>(leases.release(*lease));
  if (!confirmed.ok()) {
    static_cast<void>(jobs.fail(claim, confirmed.error()));
    return confirmed.error();
  }
  summary.changed = decision.changed;
  summary.matched = decision.pairs.size() - decision.changed;
  summary.skipped = decision.skipped;
  // The links are there, whatever becomes of the job's row.
  static_cast<void>(
      jobs.progress(claim, {.fetched = static_cast<std::int64_t>(decision.pairs.size() + decision.skipped),
                            .updated = static_cast<std::int64_t>(decision.pairs.size()),
                            .skipped = static_cast<std::int64_t>(decision.skipped)}));
  static_cast<void>(
      jobs.log(claim, LogLevel::info,
               fmt::format("{} records were linked to rows as suggested, {} to other rows; {} were left out.",
                           summary.matched, summary.changed, summary.skipped)));
  static_cast<void>(jobs.succeed(claim));
  return summary;
}

} // namespace dovetail::sync

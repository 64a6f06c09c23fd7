// SPDX-License-Identifier: Apache-2.0
#include "core/store/action_jobs.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/base/time.hpp"
#include "core/json/document.hpp"
#include "core/json/writer.hpp"
#include "core/store/job_sql.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Sql;

constexpr Sql select_by_key = "SELECT job_id, object, state, fence, worker, started_at, lease_expires_at FROM job"
                              " WHERE tenant_id = $1 AND idempotency_key = $2";
constexpr Sql select_body = "SELECT body FROM report WHERE tenant_id = $1 AND report_id = $2 AND kind = 'action'";
// The report of an action has its job's number: one for each.
constexpr Sql insert_body = "INSERT INTO report (tenant_id, report_id, connection_id, job_id, kind, body, created_at)"
                            " VALUES ($1, $2, $3, $2, 'action', $4, $5)";
constexpr Sql update_body = "UPDATE report SET body = $1 WHERE tenant_id = $2 AND report_id = $3 AND kind = 'action'";
constexpr Sql start_attempt = {
    "UPDATE job SET state = 'running', fence = fence + 1, attempt = attempt + 1, worker = $1, started_at = $2,"
    " finished_at = NULL, lease_expires_at = $3, cancel_requested = 0, error_code = '', error_message = '',"
    " updated_at = $2 WHERE tenant_id = $4 AND job_id = $5 AND fence = $6 RETURNING fence, attempt",
    "UPDATE job SET state = 'running', fence = fence + 1, attempt = attempt + 1, worker = $1, started_at = $2,"
    " finished_at = NULL, lease_expires_at = $3, cancel_requested = false, error_code = '', error_message = '',"
    " updated_at = $2 WHERE tenant_id = $4 AND job_id = $5 AND fence = $6 RETURNING fence, attempt"};
constexpr Sql end_attempt =
    "UPDATE job SET state = $1, error_code = $2, error_message = $3, requests = requests + $4, finished_at = $5,"
    " lease_expires_at = NULL, updated_at = $5 WHERE tenant_id = $6 AND job_id = $7 AND state = 'running' AND fence = "
    "$8";

constexpr std::size_t max_key_bytes = 128;
constexpr std::size_t max_action_bytes = 256;

/// At most as much as a job's message may have, without cutting a character in two: PostgreSQL takes whole ones only.
std::string_view cut(std::string_view text) {
  if (text.size() <= limits::max_error_message_bytes) {
    return text;
  }
  std::size_t end = limits::max_error_message_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

std::string body_text(std::string_view input_sha256, std::string_view outcome, std::string_view output) {
  json::Writer writer;
  writer.begin_object().member("input_sha256", input_sha256).member("outcome", outcome);
  if (!output.empty()) {
    writer.key("output").raw(output);
  }
  writer.end_object();
  return std::string(writer.view());
}

Result<std::optional<json::Document>> read_body(ReadSession& session, JobId job) {
  DOVETAIL_TRY(const auto row,
               Query(session, select_body, "reading what came of an action").bind(session.tenant()).bind(job).row(1));
  if (!row) {
    return std::optional<json::Document>();
  }
  auto document = json::Document::parse(row->text(0));
  if (!document.ok()) {
    return data_loss(fmt::format("what came of the action of job {} cannot be read from the database", job.value));
  }
  return std::optional(std::move(*document));
}

} // namespace

/// An action whose key is known.
struct ActionJobs::Known {
  JobId job;
  std::string action;
  JobState state = JobState::queued;
  std::int64_t fence = 0;
  std::string worker;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> lease_until;
};

Result<ActionStart> ActionJobs::begin(const NewAction& action) {
  if (!action.connection.valid() || action.provider.empty() || action.action.empty() ||
      action.action.size() > max_action_bytes || action.idempotency_key.size() > max_key_bytes) {
    return invalid_argument("an action needs a connection, a provider, a name and a key of at most 128 bytes");
  }
  const auto attempt = [&] {
    return scope_.write([&](Transaction& transaction) { return begin_in(transaction, action); });
  };
  auto begun = attempt();
  if (!begun.ok() && begun.error().code == ErrorCode::already_exists && begun.error().retry == RetryClass::transient) {
    begun = attempt(); // another process made the job between our look and our insert: now it is found
  }
  if (!begun.ok() && begun.error().code == ErrorCode::aborted && begun.error().retry_after.count() > 0) {
    // Only here: inside the transaction it would be run again at once.
    Error running = begun.error();
    running.retry = RetryClass::transient;
    return running;
  }
  return begun;
}

Result<ActionStart> ActionJobs::begin_in(Transaction& transaction, const NewAction& action) {
  const Timestamp now = scope_.database.clock().now();
  if (action.idempotency_key.empty()) {
    return make(transaction, action, now);
  }
  const std::string key = fmt::format("{}:{}:{}", kind, action.connection.value, action.idempotency_key);
  DOVETAIL_TRY(const auto row,
               Query(transaction, select_by_key, "looking for an action").bind(scope_.tenant).bind(key).row(7));
  if (!row) {
    return make(transaction, action, now);
  }
  Known known;
  DOVETAIL_TRY(known.job, row->id<JobTag>(0));
  known.action = row->text(1);
  known.state = job_state_from_name(row->text(2)).value_or(JobState::failed);
  DOVETAIL_TRY(known.fence, row->integer(3));
  known.worker = row->text(4);
  DOVETAIL_TRY(known.started_at, row->optional_timestamp(5));
  DOVETAIL_TRY(known.lease_until, row->optional_timestamp(6));
  return resume(transaction, action, known, now);
}

namespace {

Result<JobClaim> start(Transaction& transaction, JobId job, std::int64_t fence, const std::string& worker,
                       Timestamp now) {
  DOVETAIL_TRY(const auto row, Query(transaction, start_attempt, "beginning an action")
                                   .bind(std::string_view(worker).substr(0, max_action_bytes))
                                   .bind(now)
                                   .bind(now + ActionJobs::attempt_lease)
                                   .bind(transaction.tenant())
                                   .bind(job)
                                   .bind(fence)
                                   .row(2));
  if (!row) {
    return detail::superseded(fmt::format("the action of job {} was begun by somebody else just now", job.value));
  }
  JobClaim claim{job};
  DOVETAIL_TRY(claim.fence, row->integer(0));
  DOVETAIL_TRY(claim.attempt, row->integer(1));
  return claim;
}

} // namespace

Result<ActionStart> ActionJobs::make(Transaction& transaction, const NewAction& action, Timestamp now) {
  const JobId job{ids_.next()};
  ActionStart begun;
  begun.idempotency_key = action.idempotency_key.empty() ? fmt::format("job-{}", job.value) : action.idempotency_key;
  Status inserted = Query(transaction, detail::job_sql::insert_job, "creating an action's job")
                        .bind(scope_.tenant)
                        .bind(job)
                        .bind(action.connection)
                        .bind(action.provider)
                        .bind(action.action)
                        .bind(kind)
                        .bind("invoke")
                        .bind(fmt::format("{}:{}:{}", kind, action.connection.value, begun.idempotency_key))
                        .bind(now)
                        .bind(now)
                        .bind(std::int64_t{0}) // no rule speaks of actions
                        .execute_only();
  if (!inserted.ok()) {
    Error error = inserted.error();
    if (error.code == ErrorCode::already_exists) {
      error.retry = RetryClass::transient;
    }
    return error;
  }
  DOVETAIL_TRY_STATUS(Query(transaction, insert_body, "creating an action's report")
                          .bind(scope_.tenant)
                          .bind(job)
                          .bind(action.connection)
                          .bind(body_text(action.input_sha256, "unknown", {}))
                          .bind(now)
                          .execute_only());
  DOVETAIL_TRY(begun.claim, start(transaction, job, 0, action.worker, now));
  return begun;
}

Result<ActionStart> ActionJobs::resume(Transaction& transaction, const NewAction& action, const Known& known,
                                       Timestamp now) {
  DOVETAIL_TRY(const auto body, read_body(transaction, known.job));
  const auto input = body ? body->root().string_or("/input_sha256", "") : "";
  if (known.action != action.action || input != action.input_sha256) {
    return already_exists(
        fmt::format("the idempotency key \"{}\" was used for {} (job {}): a key names one action with "
                    "one input, use a new one",
                    action.idempotency_key,
                    known.action == action.action ? "another input" : "the action " + known.action, known.job.value));
  }
  ActionStart begun;
  begun.idempotency_key = action.idempotency_key;
  if (known.state == JobState::succeeded) {
    begun.claim.job = known.job;
    begun.output = body->root()["output"].dump();
    return begun;
  }
  if (known.state == JobState::running && known.lease_until && *known.lease_until > now) {
    Error error = aborted(fmt::format(
        "the action is being done by {} since {} (job {}): once that has ended, the same idempotency key tells what "
        "came of it",
        known.worker, known.started_at ? format_iso8601(*known.started_at) : "a moment", known.job.value));
    error.retry_after = std::chrono::duration_cast<std::chrono::milliseconds>(*known.lease_until - now);
    return error;
  }
  begun.repeated = known.state == JobState::running || body->root().string_or("/outcome", "unknown") != "refused";
  if (begun.repeated && !action.idempotent) {
    return failed_precondition(fmt::format(
        "an earlier attempt (job {}) may have been done, and the action \"{}\" is not safe to repeat: look at the "
        "provider whether it was, and use a new idempotency key if it was not",
        known.job.value, action.action));
  }
  DOVETAIL_TRY_STATUS(Query(transaction, update_body, "beginning an action again")
                          .bind(body_text(action.input_sha256, "unknown", {}))
                          .bind(scope_.tenant)
                          .bind(known.job)
                          .execute_only());
  DOVETAIL_TRY(begun.claim, start(transaction, known.job, known.fence, action.worker, now));
  return begun;
}

Status ActionJobs::end(const ActionStart& start, std::int64_t requests, JobState state, const Error* error,
                       std::string_view outcome, std::string_view output) {
  const auto job = start.claim.job;
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, end_attempt, "ending an action")
                                                 .bind(to_string(state))
                                                 .bind(error == nullptr ? std::string_view() : to_string(error->code))
                                                 .bind(error == nullptr ? std::string_view() : error->message)
                                                 .bind(requests)
                                                 .bind(scope_.database.clock().now())
                                                 .bind(scope_.tenant)
                                                 .bind(job)
                                                 .bind(start.claim.fence)
                                                 .execute());
    if (changed != 1) {
      return detail::superseded(fmt::format("the action of job {} was begun again by somebody else", job.value));
    }
    DOVETAIL_TRY(const auto body, read_body(transaction, job));
    const auto input = body ? std::string(body->root().string_or("/input_sha256", "")) : std::string();
    return Query(transaction, update_body, "keeping what came of an action")
        .bind(body_text(input, outcome, output))
        .bind(scope_.tenant)
        .bind(job)
        .execute_only();
  });
}

Status ActionJobs::succeed(const ActionStart& start, std::int64_t requests, std::string_view output) {
  Status ended = end(start, requests, JobState::succeeded, nullptr, "done", output);
  if (!ended.ok() && is_unknown_commit(ended.error())) {
    DOVETAIL_TRY(const auto kept, this->output(start.claim.job));
    return kept ? Status() : end(start, requests, JobState::succeeded, nullptr, "done", output);
  }
  return ended;
}

Status ActionJobs::fail(const ActionStart& start, std::int64_t requests, const Error& error, ActionFailure failure) {
  Error kept = error;
  kept.message = std::string(cut(kept.message));
  return end(start, requests, JobState::failed, &kept, failure == ActionFailure::refused ? "refused" : "unknown", {});
}

Result<std::optional<std::string>> ActionJobs::output(JobId job) {
  return scope_.read([&](ReadSession& session) -> Result<std::optional<std::string>> {
    DOVETAIL_TRY(const auto body, read_body(session, job));
    const auto output = body ? body->root()["output"] : json::Value();
    return output.exists() ? std::optional(output.dump()) : std::optional<std::string>();
  });
}

} // namespace dovetail::store

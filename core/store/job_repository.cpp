// SPDX-License-Identifier: Apache-2.0
#include "core/store/job_repository.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/base/limits.hpp"
#include "core/store/job_sql.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;
namespace sql = detail::job_sql;

constexpr std::array<std::pair<JobState, std::string_view>, 5> state_names = {{{JobState::queued, "queued"},
                                                                               {JobState::running, "running"},
                                                                               {JobState::succeeded, "succeeded"},
                                                                               {JobState::failed, "failed"},
                                                                               {JobState::cancelled, "cancelled"}}};

constexpr std::size_t max_samples = 3;
constexpr std::size_t max_sample_bytes = 120;
constexpr std::size_t max_subject_bytes = 256;

/// At most `bytes` of it, without cutting a character in two: PostgreSQL takes whole ones only.
std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) {
    return text;
  }
  constexpr unsigned char continuation_mask = 0xc0;
  constexpr unsigned char continuation = 0x80;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & continuation_mask) == continuation) {
    --end;
  }
  return text.substr(0, end);
}

/// Samples are one line each; a line break inside one would make two of it.
std::string join_samples(const std::vector<std::string>& samples) {
  std::string joined;
  for (std::size_t index = 0; index < std::min(samples.size(), max_samples); ++index) {
    std::string line(cut(samples[index], max_sample_bytes));
    std::replace(line.begin(), line.end(), '\n', ' ');
    joined += line;
    joined += '\n';
  }
  return joined;
}

std::vector<std::string> split_samples(std::string_view joined) {
  std::vector<std::string> samples;
  for (std::size_t end = joined.find('\n'); end != std::string_view::npos; end = joined.find('\n')) {
    samples.emplace_back(joined.substr(0, end));
    joined.remove_prefix(end + 1);
  }
  return samples;
}

Error not_ours(const JobClaim& claim) {
  return detail::superseded(
      "job " + std::to_string(claim.job.value) +
      " is no longer run by this worker: it has ended or was claimed again; nothing more may be written");
}

Error no_such_job(JobId job) { return not_found("this tenant has no job " + std::to_string(job.value)); }

Status expect_one(std::int64_t changed, const JobClaim& claim) {
  return changed == 1 ? Status() : Status(not_ours(claim));
}

Result<JobRecord> to_record(const Row& row) {
  JobRecord record;
  DOVETAIL_TRY(record.id, row.id<JobTag>(0));
  DOVETAIL_TRY(record.connection, row.id<ConnectionTag>(1));
  record.provider = row.text(2);
  record.object = row.text(3);
  record.kind = row.text(4);
  record.mode = row.text(5);
  const auto state = job_state_from_name(row.text(6));
  if (!state) {
    return data_loss("job " + std::to_string(record.id.value) + " has an unknown state in the database");
  }
  record.state = *state;
  record.idempotency_key = row.text(7);
  DOVETAIL_TRY(record.fence, row.integer(8));
  DOVETAIL_TRY(record.attempt, row.integer(9));
  record.worker = row.text(10);
  DOVETAIL_TRY(record.cancel_requested, row.boolean(11));
  DOVETAIL_TRY(record.not_before, row.timestamp(12));
  DOVETAIL_TRY(record.created_at, row.timestamp(13));
  DOVETAIL_TRY(record.started_at, row.optional_timestamp(14));
  DOVETAIL_TRY(record.finished_at, row.optional_timestamp(15));
  DOVETAIL_TRY(record.updated_at, row.timestamp(16));
  record.error_code = row.text(17);
  record.error_message = row.text(18);
  JobCounters& counters = record.counters;
  std::size_t column = 19;
  for (std::int64_t* counter :
       {&counters.fetched, &counters.created, &counters.updated, &counters.unchanged, &counters.skipped,
        &counters.failed, &counters.removed, &counters.conflicts, &counters.requests, &counters.not_modified}) {
    DOVETAIL_TRY(*counter, row.integer(column));
    ++column;
  }
  DOVETAIL_TRY(record.rule_revision, row.integer(column));
  return record;
}

Result<std::optional<JobRecord>> read_job(ReadSession& session, JobId job) {
  DOVETAIL_TRY(const auto row,
               Query(session, sql::select_job, "reading a job").bind(session.tenant()).bind(job).row(sql::job_columns));
  if (!row) {
    return std::optional<JobRecord>();
  }
  DOVETAIL_TRY(JobRecord record, to_record(*row));
  return std::optional<JobRecord>(std::move(record));
}

/// Guards what the transaction writes beside the job's row.
Status touch(Transaction& transaction, const JobClaim& claim, Timestamp now) {
  DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql::touch_job, "checking a job's claim")
                                               .bind(now)
                                               .bind(transaction.tenant())
                                               .bind(claim.job)
                                               .bind(claim.fence)
                                               .execute());
  return expect_one(changed, claim);
}

} // namespace

std::string_view to_string(JobState state) noexcept {
  for (const auto& [value, name] : state_names) {
    if (value == state) {
      return name;
    }
  }
  return "";
}

std::optional<JobState> job_state_from_name(std::string_view name) noexcept {
  for (const auto& [value, known] : state_names) {
    if (known == name) {
      return value;
    }
  }
  return std::nullopt;
}

Result<JobId> JobRepository::create(const NewJob& job) {
  if (!job.connection.valid() || job.provider.empty() || job.object.empty() || job.object.size() > max_subject_bytes ||
      job.idempotency_key.size() > max_subject_bytes) {
    return invalid_argument("a job needs a connection, a provider and an object");
  }
  const JobId id{ids_.next()};
  const Timestamp now = scope_.database.clock().now();
  Status created = scope_.write([&](Transaction& transaction) {
    Query query(transaction, sql::insert_job, "creating a job");
    query.bind(scope_.tenant)
        .bind(id)
        .bind(job.connection)
        .bind(job.provider)
        .bind(job.object)
        .bind(job.kind)
        .bind(job.mode);
    if (job.idempotency_key.empty()) {
      query.bind_null();
    } else {
      query.bind(job.idempotency_key);
    }
    return query.bind(std::max(job.not_before, now)).bind(now).bind(job.rule_revision).execute_only();
  });
  if (!created.ok() && created.error().code == ErrorCode::already_exists) {
    return already_exists("a job with the idempotency key \"" + job.idempotency_key + "\" exists already");
  }
  DOVETAIL_TRY_STATUS(std::move(created));
  return id;
}

Result<JobClaim> JobRepository::claim(JobId job, std::string_view worker) {
  const Timestamp now = scope_.database.clock().now();
  return scope_.write([&](Transaction& transaction) -> Result<JobClaim> {
    DOVETAIL_TRY(const auto row, Query(transaction, sql::claim_job, "claiming a job")
                                     .bind(cut(worker, max_subject_bytes))
                                     .bind(now)
                                     .bind(scope_.tenant)
                                     .bind(job)
                                     .row(2));
    if (row) {
      JobClaim claim{job};
      DOVETAIL_TRY(claim.fence, row->integer(0));
      DOVETAIL_TRY(claim.attempt, row->integer(1));
      return claim;
    }
    DOVETAIL_TRY(const auto record, read_job(transaction, job));
    if (!record) {
      return no_such_job(job);
    }
    return failed_precondition("job " + std::to_string(job.value) + " cannot be started: it is " +
                               std::string(to_string(record->state)) +
                               (record->state == JobState::queued ? " and not due yet" : ""));
  });
}

Status JobRepository::progress(const JobClaim& claim, const JobCounters& more) {
  return scope_.write(
      [&](Transaction& transaction) { return progress(transaction, claim, more, scope_.database.clock().now()); });
}

Status JobRepository::progress(Transaction& transaction, const JobClaim& claim, const JobCounters& more,
                               Timestamp now) {
  DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql::add_progress, "counting a job's progress")
                                               .bind(more.fetched)
                                               .bind(more.created)
                                               .bind(more.updated)
                                               .bind(more.unchanged)
                                               .bind(more.skipped)
                                               .bind(more.failed)
                                               .bind(more.removed)
                                               .bind(more.conflicts)
                                               .bind(more.requests)
                                               .bind(more.not_modified)
                                               .bind(now)
                                               .bind(transaction.tenant())
                                               .bind(claim.job)
                                               .bind(claim.fence)
                                               .execute());
  return expect_one(changed, claim);
}

Status JobRepository::report(const JobClaim& claim, const std::vector<JobProblem>& problems) {
  const Timestamp now = scope_.database.clock().now();
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(touch(transaction, claim, now));
    DOVETAIL_TRY(const auto counted, Query(transaction, sql::count_problems, "counting a job's problems")
                                         .bind(scope_.tenant)
                                         .bind(claim.job)
                                         .row(1));
    DOVETAIL_TRY(std::int64_t kept, counted ? counted->integer(0) : Result<std::int64_t>(0));
    for (const JobProblem& problem : problems) {
      const std::string_view subject = cut(problem.subject, max_subject_bytes);
      const std::string_view code = cut(problem.code, max_subject_bytes);
      DOVETAIL_TRY(const std::int64_t added, Query(transaction, sql::add_to_problem, "keeping a job's problem")
                                                 .bind(problem.occurrences)
                                                 .bind(now)
                                                 .bind(scope_.tenant)
                                                 .bind(claim.job)
                                                 .bind(subject)
                                                 .bind(code)
                                                 .execute());
      if (added == 1 || kept >= static_cast<std::int64_t>(max_problems)) {
        continue;
      }
      DOVETAIL_TRY_STATUS(Query(transaction, sql::insert_problem, "keeping a job's problem")
                              .bind(scope_.tenant)
                              .bind(claim.job)
                              .bind(subject)
                              .bind(code)
                              .bind(problem.occurrences)
                              .bind(cut(problem.message, limits::max_error_message_bytes))
                              .bind(join_samples(problem.samples))
                              .bind(now)
                              .execute_only());
      ++kept;
    }
    return {};
  });
}

Status JobRepository::log(const JobClaim& claim, LogLevel level, std::string_view message) {
  const Timestamp now = scope_.database.clock().now();
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(touch(transaction, claim, now));
    DOVETAIL_TRY(
        const auto next,
        Query(transaction, sql::next_log_line, "writing a job's log").bind(scope_.tenant).bind(claim.job).row(1));
    DOVETAIL_TRY(const std::int64_t line, next ? next->integer(0) : Result<std::int64_t>(1));
    DOVETAIL_TRY_STATUS(Query(transaction, sql::insert_log_line, "writing a job's log")
                            .bind(scope_.tenant)
                            .bind(claim.job)
                            .bind(line)
                            .bind(now)
                            .bind(to_string(level))
                            .bind(cut(message, limits::max_error_message_bytes))
                            .execute_only());
    return Query(transaction, sql::trim_log, "trimming a job's log")
        .bind(scope_.tenant)
        .bind(claim.job)
        .bind(line - static_cast<std::int64_t>(max_log_lines))
        .execute_only();
  });
}

Status JobRepository::end(const JobClaim& claim, JobState state, std::string_view code, std::string_view message) {
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql::end_job, "ending a job")
                                                 .bind(to_string(state))
                                                 .bind(code)
                                                 .bind(cut(message, limits::max_error_message_bytes))
                                                 .bind(scope_.database.clock().now())
                                                 .bind(scope_.tenant)
                                                 .bind(claim.job)
                                                 .bind(claim.fence)
                                                 .execute());
    return expect_one(changed, claim);
  });
}

Status JobRepository::succeed(const JobClaim& claim) { return end(claim, JobState::succeeded, {}, {}); }

Status JobRepository::fail(const JobClaim& claim, const Error& error) {
  return end(claim, JobState::failed, to_string(error.code), error.message);
}

Status JobRepository::end_cancelled(const JobClaim& claim) { return end(claim, JobState::cancelled, {}, {}); }

Status JobRepository::park(const JobClaim& claim, Timestamp not_before) {
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql::park_job, "parking a job")
                                                 .bind(not_before)
                                                 .bind(scope_.database.clock().now())
                                                 .bind(scope_.tenant)
                                                 .bind(claim.job)
                                                 .bind(claim.fence)
                                                 .execute());
    return expect_one(changed, claim);
  });
}

Result<bool> JobRepository::interrupt(JobId job, std::string_view why) {
  return scope_.write([&](Transaction& transaction) -> Result<bool> {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql::interrupt_job, "failing an interrupted job")
                                                 .bind(cut(why, limits::max_error_message_bytes))
                                                 .bind(scope_.database.clock().now())
                                                 .bind(scope_.tenant)
                                                 .bind(job)
                                                 .execute());
    return changed == 1;
  });
}

Status JobRepository::request_cancel(JobId job) {
  const Timestamp now = scope_.database.clock().now();
  return scope_.write([&](Transaction& transaction) -> Status {
    for (const Sql& statement : {sql::cancel_queued_job, sql::cancel_running_job}) {
      DOVETAIL_TRY(const std::int64_t changed,
                   Query(transaction, statement, "cancelling a job").bind(now).bind(scope_.tenant).bind(job).execute());
      if (changed == 1) {
        return {};
      }
    }
    DOVETAIL_TRY(const auto record, read_job(transaction, job));
    return record ? failed_precondition("job " + std::to_string(job.value) + " has ended already: it is " +
                                        std::string(to_string(record->state)))
                  : no_such_job(job);
  });
}

Result<bool> JobRepository::cancel_requested(const JobClaim& claim) {
  return scope_.read([&](ReadSession& session) -> Result<bool> {
    DOVETAIL_TRY(const auto row, Query(session, sql::select_cancel, "asking whether a job is to be cancelled")
                                     .bind(scope_.tenant)
                                     .bind(claim.job)
                                     .bind(claim.fence)
                                     .row(1));
    return row ? row->boolean(0) : Result<bool>(not_ours(claim));
  });
}

Status JobRepository::retry(JobId job) {
  return scope_.write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY(const std::int64_t changed, Query(transaction, sql::retry_job, "queueing a job again")
                                                 .bind(scope_.database.clock().now())
                                                 .bind(scope_.tenant)
                                                 .bind(job)
                                                 .execute());
    if (changed == 1) {
      return Query(transaction, sql::drop_problems, "forgetting an earlier attempt's problems")
          .bind(scope_.tenant)
          .bind(job)
          .execute_only();
    }
    DOVETAIL_TRY(const auto record, read_job(transaction, job));
    return record ? failed_precondition("job " + std::to_string(job.value) + " is " +
                                        std::string(to_string(record->state)) +
                                        ": only failed and cancelled jobs can be retried")
                  : no_such_job(job);
  });
}

Result<std::optional<JobRecord>> JobRepository::get(JobId job) {
  return scope_.read([&](ReadSession& session) { return read_job(session, job); });
}

Result<std::vector<JobRecord>> JobRepository::list(const JobFilter& filter, std::size_t limit) {
  if (limit == 0 || limit > max_listed) {
    return invalid_argument("a list of jobs has 1 to " + std::to_string(max_listed) + " entries");
  }
  return scope_.read([&](ReadSession& session) -> Result<std::vector<JobRecord>> {
    const auto state = filter.state ? std::optional(to_string(*filter.state)) : std::nullopt;
    DOVETAIL_TRY(const auto rows, Query(session, sql::select_jobs, "listing jobs")
                                      .bind(scope_.tenant)
                                      .bind(filter.before.value_or(JobId{std::numeric_limits<std::int64_t>::max()}))
                                      .bind(filter.connection)
                                      .bind(state)
                                      .bind(filter.object)
                                      .bind(filter.provider)
                                      .bind(static_cast<std::int64_t>(limit))
                                      .rows(sql::job_columns));
    std::vector<JobRecord> records;
    records.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(JobRecord record, to_record(row));
      records.push_back(std::move(record));
    }
    return records;
  });
}

Result<std::vector<JobProblem>> JobRepository::problems(JobId job) {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<JobProblem>> {
    DOVETAIL_TRY(
        const auto rows,
        Query(session, sql::select_problems, "reading a job's problems").bind(scope_.tenant).bind(job).rows(5));
    std::vector<JobProblem> problems;
    problems.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(const std::int64_t occurrences, row.integer(2));
      problems.push_back({row.text(0), row.text(1), occurrences, row.text(3), split_samples(row.text(4))});
    }
    return problems;
  });
}

Result<std::vector<JobLogLine>> JobRepository::log_lines(JobId job) {
  return scope_.read([&](ReadSession& session) -> Result<std::vector<JobLogLine>> {
    DOVETAIL_TRY(const auto rows,
                 Query(session, sql::select_log, "reading a job's log").bind(scope_.tenant).bind(job).rows(4));
    std::vector<JobLogLine> lines;
    lines.reserve(rows.size());
    for (const Row& row : rows) {
      DOVETAIL_TRY(const std::int64_t line, row.integer(0));
      DOVETAIL_TRY(const Timestamp at, row.timestamp(1));
      lines.push_back({line, at, row.text(2), row.text(3)});
    }
    return lines;
  });
}

} // namespace dovetail::store

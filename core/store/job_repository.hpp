// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

/// queued -> running -> succeeded | failed | cancelled; failed and cancelled -> queued by retry().
enum class JobState : std::uint8_t { queued, running, succeeded, failed, cancelled };
[[nodiscard]] std::string_view to_string(JobState state) noexcept;
[[nodiscard]] std::optional<JobState> job_state_from_name(std::string_view name) noexcept;

/// What came of records and requests (SYNC-11).
struct JobCounters {
  std::int64_t fetched = 0;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t skipped = 0;
  std::int64_t failed = 0;
  std::int64_t removed = 0;   ///< rows that a sweep made inactive or deleted
  std::int64_t conflicts = 0; ///< records that several rows matched
  std::int64_t requests = 0;
  std::int64_t not_modified = 0;

  friend bool operator==(const JobCounters&, const JobCounters&) = default;
};

struct NewJob {
  ConnectionId connection{};
  std::string provider{};
  std::string object{};
  std::string kind = "sync";  ///< or "dry_run"
  std::string mode = "delta"; ///< or "full"
  /// At most one job of the tenant has it (SYNC-9); empty for none.
  std::string idempotency_key{};
  /// Not to be started before; the epoch means at once.
  Timestamp not_before{};
  std::int64_t rule_revision = 0; ///< of the rule that it runs by; 0: the manifest's defaults (SYNC-9)
};

/// The right to run a job: every later change of it names the fence, which grows with each claim.
struct JobClaim {
  JobId job;
  std::int64_t fence = 0;
  std::int64_t attempt = 0; ///< 1 on the first
};

struct JobRecord {
  JobId id;
  ConnectionId connection;
  std::string provider;
  std::string object;
  std::string kind;
  std::string mode;
  JobState state = JobState::queued;
  std::string idempotency_key;
  std::int64_t fence = 0;
  std::int64_t attempt = 0;
  std::string worker; ///< who ran it last, for people
  bool cancel_requested = false;
  Timestamp not_before;
  Timestamp created_at;
  std::optional<Timestamp> started_at; ///< of the last attempt
  std::optional<Timestamp> finished_at;
  Timestamp updated_at;
  JobCounters counters;
  std::int64_t rule_revision = 0;
  std::string error_code;    ///< of a failed job
  std::string error_message; ///< of a failed job
};

/// What went wrong with some records of a job, gathered by what it is about (a field, the mapping, a page) and its code.
struct JobProblem {
  std::string subject;
  std::string code;
  std::int64_t occurrences = 0;
  std::string message;
  std::vector<std::string> samples; ///< redacted by the caller; at most 3 of at most 120 bytes
};

struct JobLogLine {
  std::int64_t line = 0;
  Timestamp at;
  std::string level;
  std::string message;
};

struct JobFilter {
  std::optional<ConnectionId> connection{};
  std::optional<JobState> state{};
  std::string object{};   ///< empty: any
  std::string provider{}; ///< empty: any
  /// Jobs older than this one, for the next page of a list.
  std::optional<JobId> before{};
};

/// A tenant's jobs. Every change of a running job is guarded by its id, its state and the claim's fence; one that finds no such row is `aborted`:
/// somebody else has the job (design 8.1). Thread-safe.
class JobRepository {
public:
  static constexpr std::size_t max_problems =
      200; ///< per job; later ones are not kept, their records are counted all the same
  static constexpr std::size_t max_log_lines = 1000; ///< per job; the oldest go first
  static constexpr std::size_t max_listed = 1000;

  JobRepository(TenantScope scope, IdGenerator& ids) : scope_(scope), ids_(ids) {}

  /// Errors: already_exists when the idempotency key is taken.
  [[nodiscard]] Result<JobId> create(const NewJob& job);
  /// Starts a queued job whose time has come. Errors: not_found; failed_precondition when it is not queued, is not due yet, or is to be
  /// cancelled.
  [[nodiscard]] Result<JobClaim> claim(JobId job, std::string_view worker);
  /// Adds to the counters.
  [[nodiscard]] Status progress(const JobClaim& claim, const JobCounters& more);
  [[nodiscard]] static Status progress(Transaction& transaction, const JobClaim& claim, const JobCounters& more,
                                       Timestamp now);
  /// Keeps problems, added to what is there of the same subject and code.
  [[nodiscard]] Status report(const JobClaim& claim, const std::vector<JobProblem>& problems);
  /// Writes a line to the job's own log. `message` is redacted by the caller and cut at limits::max_error_message_bytes.
  [[nodiscard]] Status log(const JobClaim& claim, LogLevel level, std::string_view message);
  [[nodiscard]] Status succeed(const JobClaim& claim);
  [[nodiscard]] Status fail(const JobClaim& claim, const Error& error);
  /// The end of a job that obeyed a request to cancel.
  [[nodiscard]] Status end_cancelled(const JobClaim& claim);
  /// Puts a running job back in the queue, not to be started before `not_before` (a rate limit, a restart of the daemon).
  [[nodiscard]] Status park(const JobClaim& claim, Timestamp not_before);
  /// Fails a running job whose process is gone, as its lease on the object was taken over. False when it is not running.
  [[nodiscard]] Result<bool> interrupt(JobId job, std::string_view why);

  /// A queued job is cancelled at once, a running one is asked to end. Errors: not_found; failed_precondition when it has ended.
  [[nodiscard]] Status request_cancel(JobId job);
  [[nodiscard]] Result<bool> cancel_requested(const JobClaim& claim);
  /// Queues a failed or cancelled job again; its counters begin at zero, its problems are those of the new attempt. Errors: not_found, failed_precondition.
  [[nodiscard]] Status retry(JobId job);

  [[nodiscard]] Result<std::optional<JobRecord>> get(JobId job);
  /// The newest first; `limit` 1 to max_listed.
  [[nodiscard]] Result<std::vector<JobRecord>> list(const JobFilter& filter, std::size_t limit);
  [[nodiscard]] Result<std::vector<JobProblem>> problems(JobId job);
  [[nodiscard]] Result<std::vector<JobLogLine>> log_lines(JobId job);

private:
  [[nodiscard]] Status end(const JobClaim& claim, JobState state, std::string_view code, std::string_view message);

  TenantScope scope_;
  IdGenerator& ids_;
};

} // namespace dovetail::store

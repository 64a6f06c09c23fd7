// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/store/query.hpp"

/// The statements of the job repository.
namespace dovetail::store::detail::job_sql {

inline constexpr Sql insert_job = {
    "INSERT INTO job (tenant_id, job_id, connection_id, provider, object, kind, mode, "
    "state, idempotency_key, fence, attempt, worker,"
    " cancel_requested, not_before, created_at, updated_at, rule_revision)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, 0, 0, '', 0, $9, $10, $10, $11)",
    "INSERT INTO job (tenant_id, job_id, connection_id, provider, object, kind, mode, "
    "state, idempotency_key, fence, attempt, worker,"
    " cancel_requested, not_before, created_at, updated_at, rule_revision)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, 0, 0, '', false, $9, $10, $10, $11)"};

inline constexpr Sql claim_job = {"UPDATE job SET state = 'running', fence = fence + 1, attempt = attempt + 1, worker "
                                  "= $1, started_at = $2, finished_at = NULL,"
                                  " updated_at = $2 WHERE tenant_id = $3 AND job_id = $4 AND state = 'queued' AND "
                                  "cancel_requested = 0 AND not_before <= $2"
                                  " RETURNING fence, attempt",
                                  "UPDATE job SET state = 'running', fence = fence + 1, attempt = attempt + 1, worker "
                                  "= $1, started_at = $2, finished_at = NULL,"
                                  " updated_at = $2 WHERE tenant_id = $3 AND job_id = $4 AND state = 'queued' AND NOT "
                                  "cancel_requested AND not_before <= $2"
                                  " RETURNING fence, attempt"};

inline constexpr Sql add_progress =
    "UPDATE job SET fetched = fetched + $1, created = created + $2, updated = updated + $3, unchanged = unchanged + $4,"
    " skipped = skipped + $5, failed = failed + $6, removed = removed + $7, conflicts = conflicts + $8, requests = "
    "requests + $9,"
    " not_modified = not_modified + $10, updated_at = $11"
    " WHERE tenant_id = $12 AND job_id = $13 AND state = 'running' AND fence = $14";

/// Also the guard of what is written beside the job's row.
inline constexpr Sql touch_job =
    "UPDATE job SET updated_at = $1 WHERE tenant_id = $2 AND job_id = $3 AND state = 'running' AND fence = $4";

inline constexpr Sql end_job =
    "UPDATE job SET state = $1, error_code = $2, error_message = $3, finished_at = $4, updated_at = $4"
    " WHERE tenant_id = $5 AND job_id = $6 AND state = 'running' AND fence = $7";

inline constexpr Sql interrupt_job =
    "UPDATE job SET state = 'failed', error_code = 'aborted', error_message = $1, finished_at = $2, updated_at = $2"
    " WHERE tenant_id = $3 AND job_id = $4 AND state = 'running'";

inline constexpr Sql park_job = "UPDATE job SET state = 'queued', not_before = $1, updated_at = $2"
                                " WHERE tenant_id = $3 AND job_id = $4 AND state = 'running' AND fence = $5";

inline constexpr Sql cancel_queued_job = "UPDATE job SET state = 'cancelled', finished_at = $1, updated_at = $1"
                                         " WHERE tenant_id = $2 AND job_id = $3 AND state = 'queued'";
inline constexpr Sql cancel_running_job = {"UPDATE job SET cancel_requested = 1, updated_at = $1"
                                           " WHERE tenant_id = $2 AND job_id = $3 AND state = 'running'",
                                           "UPDATE job SET cancel_requested = true, updated_at = $1"
                                           " WHERE tenant_id = $2 AND job_id = $3 AND state = 'running'"};
inline constexpr Sql select_cancel =
    "SELECT cancel_requested FROM job WHERE tenant_id = $1 AND job_id = $2 AND state = 'running' AND fence = $3";

inline constexpr Sql retry_job = {
    "UPDATE job SET state = 'queued', cancel_requested = 0, not_before = $1, updated_at = $1, started_at = NULL, "
    "finished_at = NULL,"
    " error_code = '', error_message = '', fetched = 0, created = 0, updated = 0, unchanged = 0, skipped = 0, failed = "
    "0, removed = 0,"
    " conflicts = 0, requests = 0, not_modified = 0"
    " WHERE tenant_id = $2 AND job_id = $3 AND state IN ('failed', 'cancelled')",
    "UPDATE job SET state = 'queued', cancel_requested = false, not_before = $1, updated_at = $1, started_at = NULL,"
    " finished_at = NULL, error_code = '', error_message = '', fetched = 0, created = 0, updated = 0, unchanged = 0, "
    "skipped = 0,"
    " failed = 0, removed = 0, conflicts = 0, requests = 0, not_modified = 0"
    " WHERE tenant_id = $2 AND job_id = $3 AND state IN ('failed', 'cancelled')"};

inline constexpr std::size_t job_columns = 30;
inline constexpr Sql select_job =
    "SELECT job_id, connection_id, provider, object, kind, mode, state, idempotency_key, fence, attempt, worker, "
    "cancel_requested,"
    " not_before, created_at, started_at, finished_at, updated_at, error_code, error_message, fetched, created, "
    "updated, unchanged,"
    " skipped, failed, removed, conflicts, requests, not_modified, rule_revision FROM job WHERE tenant_id = $1 AND "
    "job_id = $2";
// Ids grow with time, so they order jobs as their creation does.
inline constexpr Sql select_jobs =
    "SELECT job_id, connection_id, provider, object, kind, mode, state, idempotency_key, fence, attempt, worker, "
    "cancel_requested,"
    " not_before, created_at, started_at, finished_at, updated_at, error_code, error_message, fetched, created, "
    "updated, unchanged,"
    " skipped, failed, removed, conflicts, requests, not_modified, rule_revision FROM job"
    " WHERE tenant_id = $1 AND job_id < $2 AND (CAST($3 AS bigint) IS NULL OR connection_id = CAST($3 AS bigint))"
    " AND (CAST($4 AS text) IS NULL OR state = CAST($4 AS text)) AND ($5 = '' OR object = $5) AND ($6 = '' OR provider "
    "= $6)"
    " ORDER BY job_id DESC LIMIT $7";

inline constexpr Sql count_problems = "SELECT count(*) FROM job_error WHERE tenant_id = $1 AND job_id = $2";
inline constexpr Sql add_to_problem = "UPDATE job_error SET occurrences = occurrences + $1, last_at = $2"
                                      " WHERE tenant_id = $3 AND job_id = $4 AND subject = $5 AND code = $6";
inline constexpr Sql insert_problem =
    "INSERT INTO job_error (tenant_id, job_id, subject, code, occurrences, message, samples, last_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
inline constexpr Sql drop_problems = "DELETE FROM job_error WHERE tenant_id = $1 AND job_id = $2";
inline constexpr Sql select_problems =
    "SELECT subject, code, occurrences, message, samples FROM job_error"
    " WHERE tenant_id = $1 AND job_id = $2 ORDER BY occurrences DESC, subject, code LIMIT 1000";

inline constexpr Sql next_log_line =
    "SELECT coalesce(max(line), 0) + 1 FROM job_log WHERE tenant_id = $1 AND job_id = $2";
inline constexpr Sql insert_log_line =
    "INSERT INTO job_log (tenant_id, job_id, line, at, level, message) VALUES ($1, $2, $3, $4, $5, $6)";
inline constexpr Sql trim_log = "DELETE FROM job_log WHERE tenant_id = $1 AND job_id = $2 AND line <= $3";
inline constexpr Sql select_log =
    "SELECT line, at, level, message FROM job_log WHERE tenant_id = $1 AND job_id = $2 ORDER BY line LIMIT 10000";

} // namespace dovetail::store::detail::job_sql

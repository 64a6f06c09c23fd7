// SPDX-License-Identifier: Apache-2.0
// SYNC-9, SYNC-11, TEN-1
#include "core/store/job_repository.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class JobRepositoryTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    globex_ = store().add_tenant("globex");
    connection_ = store().add_connection(acme_, "main");
  }
  JobRepository jobs() { return {{database(), acme_}, store().ids()}; }
  JobRepository foreign_jobs() { return {{database(), globex_}, store().ids()}; }
  NewJob members() { return {.connection = connection_, .provider = "github", .object = "member"}; }
  JobId queued(const NewJob& job) {
    auto created = jobs().create(job);
    EXPECT_TRUE(created.ok()) << created.error().message;
    return created.ok() ? *created : JobId{};
  }
  JobId queued() { return queued(members()); }
  JobClaim running() {
    auto claim = jobs().claim(queued(), "test");
    EXPECT_TRUE(claim.ok()) << claim.error().message;
    return claim.ok() ? *claim : JobClaim{};
  }
  JobRecord record(JobId job) {
    auto found = jobs().get(job);
    EXPECT_TRUE(found.ok() && found->has_value());
    return found.ok() && found->has_value() ? **found : JobRecord{};
  }

  TenantId acme_;
  TenantId globex_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(JobRepositoryTest);

TEST_P(JobRepositoryTest, AJobGoesFromTheQueueThroughItsRunToItsResult) {
  const JobId job = queued();
  EXPECT_EQ(record(job).state, JobState::queued);
  EXPECT_EQ(record(job).connection, connection_);
  EXPECT_EQ(record(job).created_at, store().clock().now());
  store().clock().advance(std::chrono::seconds(2));
  const auto claim = jobs().claim(job, "host:42");
  ASSERT_TRUE(claim.ok()) << claim.error().message;
  EXPECT_EQ(claim->attempt, 1);
  EXPECT_EQ(record(job).state, JobState::running);
  EXPECT_EQ(record(job).worker, "host:42");
  EXPECT_EQ(record(job).started_at, store().clock().now());
  const JobCounters more{.fetched = 10,
                         .created = 1,
                         .updated = 2,
                         .unchanged = 3,
                         .skipped = 4,
                         .failed = 5,
                         .removed = 6,
                         .conflicts = 7,
                         .requests = 8,
                         .not_modified = 9};
  ASSERT_TRUE(jobs().progress(*claim, more).ok());
  ASSERT_TRUE(jobs().progress(*claim, {.fetched = 1, .requests = 1}).ok());
  JobCounters sum = more;
  sum.fetched += 1;
  sum.requests += 1;
  EXPECT_EQ(record(job).counters, sum);
  ASSERT_TRUE(jobs().succeed(*claim).ok());
  EXPECT_EQ(record(job).state, JobState::succeeded);
  EXPECT_EQ(record(job).finished_at, store().clock().now());
}

TEST_P(JobRepositoryTest, AFailedJobSaysWhy) {
  const JobClaim claim = running();
  ASSERT_TRUE(jobs().fail(claim, unavailable("the provider is down")).ok());
  EXPECT_EQ(record(claim.job).state, JobState::failed);
  EXPECT_EQ(record(claim.job).error_code, "unavailable");
  EXPECT_EQ(record(claim.job).error_message, "the provider is down");
}

TEST_P(JobRepositoryTest, OnlyOneOfTwoClaimsGetsAJob) {
  const JobId job = queued();
  EXPECT_TRUE(jobs().claim(job, "one").ok());
  const auto second = jobs().claim(job, "two");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(second.error().message, HasSubstr("running"));
  EXPECT_EQ(jobs().claim(JobId{12345}, "one").error().code, ErrorCode::not_found);
}

TEST_P(JobRepositoryTest, AJobIsNotStartedBeforeItsTime) {
  NewJob later = members();
  later.not_before = store().clock().now() + std::chrono::minutes(5);
  const JobId job = queued(later);
  EXPECT_EQ(jobs().claim(job, "w").error().code, ErrorCode::failed_precondition);
  store().clock().advance(std::chrono::minutes(5));
  EXPECT_TRUE(jobs().claim(job, "w").ok());
}

TEST_P(JobRepositoryTest, AWorkerThatWasReplacedCannotWriteAnyMore) {
  const JobClaim stalled = running();
  ASSERT_TRUE(jobs().park(stalled, store().clock().now()).ok());
  const auto fresh = jobs().claim(stalled.job, "other");
  ASSERT_TRUE(fresh.ok());
  EXPECT_GT(fresh->fence, stalled.fence);
  EXPECT_EQ(fresh->attempt, 2);
  EXPECT_EQ(jobs().progress(stalled, {.fetched = 1}).error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().report(stalled, {{"f", "c", 1, "m", {}}}).error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().log(stalled, LogLevel::info, "x").error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().succeed(stalled).error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().fail(stalled, internal("x")).error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().end_cancelled(stalled).error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().park(stalled, store().clock().now()).error().code, ErrorCode::aborted);
  EXPECT_EQ(jobs().cancel_requested(stalled).error().code, ErrorCode::aborted);
  EXPECT_EQ(record(stalled.job).counters, JobCounters{});
  EXPECT_THAT(*jobs().problems(stalled.job), SizeIs(0));
  EXPECT_THAT(*jobs().log_lines(stalled.job), SizeIs(0));
  EXPECT_TRUE(jobs().succeed(*fresh).ok());
}

TEST_P(JobRepositoryTest, AnInterruptedJobIsFailedOnce) {
  const JobClaim claim = running();
  EXPECT_TRUE(*jobs().interrupt(claim.job, "its process ended"));
  EXPECT_FALSE(*jobs().interrupt(claim.job, "again"));
  EXPECT_EQ(record(claim.job).state, JobState::failed);
  EXPECT_EQ(record(claim.job).error_message, "its process ended");
  EXPECT_EQ(jobs().progress(claim, {.fetched = 1}).error().code, ErrorCode::aborted);
}

TEST_P(JobRepositoryTest, CancelsAtOnceInTheQueueAndOnRequestWhenRunning) {
  const JobId waiting = queued();
  ASSERT_TRUE(jobs().request_cancel(waiting).ok());
  EXPECT_EQ(record(waiting).state, JobState::cancelled);
  EXPECT_EQ(jobs().request_cancel(waiting).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(jobs().claim(waiting, "w").error().code, ErrorCode::failed_precondition);

  const JobClaim claim = running();
  EXPECT_FALSE(*jobs().cancel_requested(claim));
  ASSERT_TRUE(jobs().request_cancel(claim.job).ok());
  EXPECT_TRUE(*jobs().cancel_requested(claim));
  EXPECT_EQ(record(claim.job).state, JobState::running);
  ASSERT_TRUE(jobs().end_cancelled(claim).ok());
  EXPECT_EQ(record(claim.job).state, JobState::cancelled);
  EXPECT_EQ(jobs().request_cancel(JobId{12345}).error().code, ErrorCode::not_found);
}

TEST_P(JobRepositoryTest, RetriesWhatFailedFromZeroAndUnderAHigherFence) {
  const JobClaim claim = running();
  EXPECT_EQ(jobs().retry(claim.job).error().code, ErrorCode::failed_precondition);
  ASSERT_TRUE(jobs().progress(claim, {.fetched = 5}).ok());
  ASSERT_TRUE(
      jobs()
          .report(claim,
                  {{.subject = "name", .code = "conversion", .occurrences = 1, .message = "no text", .samples = {}}})
          .ok());
  ASSERT_TRUE(jobs().request_cancel(claim.job).ok());
  ASSERT_TRUE(jobs().fail(claim, internal("x")).ok());
  ASSERT_TRUE(jobs().retry(claim.job).ok());
  EXPECT_EQ(record(claim.job).state, JobState::queued);
  EXPECT_EQ(record(claim.job).counters, JobCounters{});
  EXPECT_THAT(*jobs().problems(claim.job), SizeIs(0));
  EXPECT_EQ(record(claim.job).error_message, "");
  const auto again = jobs().claim(claim.job, "w");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_GT(again->fence, claim.fence);
  EXPECT_EQ(jobs().retry(JobId{12345}).error().code, ErrorCode::not_found);
}

TEST_P(JobRepositoryTest, AnIdempotencyKeyIsUsedOncePerTenant) {
  NewJob keyed = members();
  keyed.idempotency_key = "rule 7, revision 3, 09:00";
  EXPECT_TRUE(queued(keyed).valid());
  EXPECT_EQ(jobs().create(keyed).error().code, ErrorCode::already_exists);
  EXPECT_TRUE(foreign_jobs().create(keyed).ok());
  EXPECT_TRUE(queued().valid());
  EXPECT_TRUE(queued().valid());
}

TEST_P(JobRepositoryTest, ListsTheNewestFirstThroughFiltersAndInPages) {
  std::vector<JobId> made;
  for (int index = 0; index < 5; ++index) {
    NewJob job = members();
    job.object = index % 2 == 0 ? "member" : "repository";
    made.push_back(queued(job));
    store().clock().advance(std::chrono::seconds(1));
  }
  ASSERT_TRUE(jobs().claim(made[4], "w").ok());
  const auto ids = [](const Result<std::vector<JobRecord>>& listed) {
    EXPECT_TRUE(listed.ok()) << listed.error().message;
    std::vector<JobId> found;
    for (const JobRecord& job : *listed) {
      found.push_back(job.id);
    }
    return found;
  };
  EXPECT_THAT(ids(jobs().list({}, 100)), ElementsAre(made[4], made[3], made[2], made[1], made[0]));
  EXPECT_THAT(ids(jobs().list({}, 2)), ElementsAre(made[4], made[3]));
  EXPECT_THAT(ids(jobs().list({.before = made[3]}, 2)), ElementsAre(made[2], made[1]));
  EXPECT_THAT(ids(jobs().list({.object = "repository"}, 100)), ElementsAre(made[3], made[1]));
  EXPECT_THAT(ids(jobs().list({.state = JobState::running}, 100)), ElementsAre(made[4]));
  EXPECT_THAT(ids(jobs().list({.provider = "other"}, 100)), ElementsAre());
  EXPECT_THAT(ids(jobs().list({.connection = connection_}, 100)), SizeIs(5));
  EXPECT_THAT(ids(jobs().list({.connection = ConnectionId{1}}, 100)), SizeIs(0));
  EXPECT_EQ(jobs().list({}, 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(jobs().list({}, 1001).error().code, ErrorCode::invalid_argument);
}

TEST_P(JobRepositoryTest, GathersProblemsBySubjectAndCodeWithinABound) {
  const JobClaim claim = running();
  ASSERT_TRUE(jobs().report(claim, {{"email", "not_text", 3, "3 values are no text", {"a\nb", "[1]"}}}).ok());
  ASSERT_TRUE(
      jobs().report(claim, {{"email", "not_text", 4, "ignored", {"c"}}, {"due", "not_a_date", 1, "m", {}}}).ok());
  auto problems = jobs().problems(claim.job);
  ASSERT_TRUE(problems.ok());
  ASSERT_THAT(*problems, SizeIs(2));
  EXPECT_EQ((*problems)[0].subject, "email");
  EXPECT_EQ((*problems)[0].occurrences, 7);
  EXPECT_EQ((*problems)[0].message, "3 values are no text");
  EXPECT_THAT((*problems)[0].samples, ElementsAre("a b", "[1]"));
  std::vector<JobProblem> many;
  many.reserve(300);
  for (int index = 0; index < 300; ++index) {
    many.push_back({"field " + std::to_string(index), "c", 1, "m", {}});
  }
  ASSERT_TRUE(jobs().report(claim, many).ok());
  problems = jobs().problems(claim.job);
  ASSERT_TRUE(problems.ok());
  EXPECT_THAT(*problems, SizeIs(JobRepository::max_problems));
  EXPECT_EQ(problems->front().occurrences, 7);
}

TEST_P(JobRepositoryTest, KeepsTheNewestLinesOfALogAndCutsThemBetweenCharacters) {
  const JobClaim claim = running();
  // As many as fit, at once: each by itself would wait for the disk.
  (void)store().raw(
      "INSERT INTO job_log (tenant_id, job_id, line, at, level, message) WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL"
      " SELECT i + 1 FROM n WHERE i < " +
      std::to_string(JobRepository::max_log_lines - 1) + ") SELECT " + std::to_string(acme_.value) + ", " +
      std::to_string(claim.job.value) + ", i + 1, '2026-01-05T09:00:00.000Z', 'info', 'line ' || i FROM n");
  for (std::size_t index = 0; index < 5; ++index) {
    ASSERT_TRUE(jobs().log(claim, LogLevel::info, "line " + std::to_string(JobRepository::max_log_lines + index)).ok());
  }
  auto lines = jobs().log_lines(claim.job);
  ASSERT_TRUE(lines.ok());
  ASSERT_THAT(*lines, SizeIs(JobRepository::max_log_lines));
  EXPECT_EQ(lines->front().message, "line 5");
  EXPECT_EQ(lines->back().message, "line 1004");
  EXPECT_EQ(lines->back().level, "info");
  std::string wide = "x";
  while (wide.size() < limits::max_error_message_bytes + 10) {
    wide += "é";
  }
  ASSERT_TRUE(jobs().log(claim, LogLevel::error, wide).ok());
  lines = jobs().log_lines(claim.job);
  EXPECT_EQ(lines->back().message.size(), limits::max_error_message_bytes - 1);
  EXPECT_EQ(lines->back().message, wide.substr(0, limits::max_error_message_bytes - 1));
}

// TEN-1: another tenant that knows the id gets nothing and changes nothing, whatever it calls.
TEST_P(JobRepositoryTest, AnotherTenantCannotSeeOrTouchAJob) {
  const JobId waiting = queued();
  const JobClaim claim = running();
  ASSERT_TRUE(jobs().log(claim, LogLevel::info, "mine").ok());
  ASSERT_TRUE(jobs().report(claim, {{"f", "c", 1, "m", {}}}).ok());
  JobRepository theirs = foreign_jobs();
  EXPECT_FALSE(theirs.get(claim.job)->has_value());
  EXPECT_THAT(*theirs.list({}, 100), SizeIs(0));
  EXPECT_THAT(*theirs.list({.connection = connection_}, 100), SizeIs(0));
  EXPECT_THAT(*theirs.problems(claim.job), SizeIs(0));
  EXPECT_THAT(*theirs.log_lines(claim.job), SizeIs(0));
  EXPECT_EQ(theirs.claim(waiting, "w").error().code, ErrorCode::not_found);
  EXPECT_EQ(theirs.progress(claim, {.fetched = 1}).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.report(claim, {{"f", "c", 1, "m", {}}}).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.log(claim, LogLevel::info, "x").error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.succeed(claim).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.fail(claim, internal("x")).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.end_cancelled(claim).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.park(claim, store().clock().now()).error().code, ErrorCode::aborted);
  EXPECT_FALSE(*theirs.interrupt(claim.job, "x"));
  EXPECT_EQ(theirs.request_cancel(waiting).error().code, ErrorCode::not_found);
  EXPECT_EQ(theirs.request_cancel(claim.job).error().code, ErrorCode::not_found);
  EXPECT_EQ(theirs.cancel_requested(claim).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.retry(claim.job).error().code, ErrorCode::not_found);
  EXPECT_EQ(record(waiting).state, JobState::queued);
  EXPECT_EQ(record(claim.job).state, JobState::running);
  EXPECT_EQ(record(claim.job).counters, JobCounters{});
  EXPECT_THAT(*jobs().problems(claim.job), SizeIs(1));
  EXPECT_THAT(*jobs().log_lines(claim.job), SizeIs(1));
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
// SYNC-9, TEN-1: actions and their idempotency keys.
#include "core/store/action_jobs.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using ::testing::HasSubstr;

class ActionJobsTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    globex_ = store().add_tenant("globex");
    connection_ = store().add_connection(acme_, "main");
    other_ = store().add_connection(acme_, "other");
  }
  ActionJobs actions() { return {{database(), acme_}, store().ids()}; }
  NewAction create_item(std::string key = "order-7", bool idempotent = false) {
    return {.connection = connection_,
            .provider = "acme",
            .action = "create_item",
            .input_sha256 = std::string(64, 'a'),
            .idempotency_key = std::move(key),
            .idempotent = idempotent,
            .worker = "host:42"};
  }
  ActionStart begun(const NewAction& action) {
    auto start = actions().begin(action);
    EXPECT_TRUE(start.ok()) << start.error().message;
    return start.ok() ? *start : ActionStart{};
  }
  JobRecord record(JobId job) {
    auto found = JobRepository({database(), acme_}, store().ids()).get(job);
    EXPECT_TRUE(found.ok() && found->has_value());
    return found.ok() && found->has_value() ? **found : JobRecord{};
  }

  TenantId acme_;
  TenantId globex_;
  ConnectionId connection_;
  ConnectionId other_;
};
DOVETAIL_BOTH_DIALECTS(ActionJobsTest);

TEST_P(ActionJobsTest, KeepsWhatCameOfAnActionUnderItsKey) {
  const ActionStart first = begun(create_item());
  EXPECT_FALSE(first.output);
  EXPECT_FALSE(first.repeated);
  EXPECT_EQ(first.claim.attempt, 1);
  EXPECT_EQ(first.idempotency_key, "order-7");
  JobRecord job = record(first.claim.job);
  EXPECT_EQ(job.kind, "action");
  EXPECT_EQ(job.object, "create_item");
  EXPECT_EQ(job.state, JobState::running);
  ASSERT_TRUE(actions().succeed(first, 2, R"({"id":"41","name":"é"})").ok());
  job = record(first.claim.job);
  EXPECT_EQ(job.state, JobState::succeeded);
  EXPECT_EQ(job.counters.requests, 2);
  const ActionStart again = begun(create_item());
  EXPECT_EQ(again.claim.job, first.claim.job);
  EXPECT_EQ(again.output, R"({"id":"41","name":"é"})");
  EXPECT_EQ(*actions().output(first.claim.job), R"({"id":"41","name":"é"})");
}

TEST_P(ActionJobsTest, GivesAKeyOfItsOwnToWhoNamesNone) {
  const ActionStart first = begun(create_item(""));
  const ActionStart second = begun(create_item(""));
  EXPECT_NE(first.claim.job, second.claim.job);
  EXPECT_EQ(first.idempotency_key, "job-" + std::to_string(first.claim.job.value));
  ASSERT_TRUE(actions().succeed(first, 1, "{}").ok());
  EXPECT_EQ(begun(create_item(first.idempotency_key)).output, "{}");
}

TEST_P(ActionJobsTest, KeepsKeysOfConnectionsAndTenantsApart) {
  ASSERT_TRUE(actions().succeed(begun(create_item()), 1, "{}").ok());
  NewAction elsewhere = create_item();
  elsewhere.connection = other_;
  EXPECT_FALSE(begun(elsewhere).output);
  ActionJobs theirs({database(), globex_}, store().ids());
  NewAction foreign = create_item();
  foreign.connection = store().add_connection(globex_, "main");
  const auto start = theirs.begin(foreign);
  ASSERT_TRUE(start.ok()) << start.error().message;
  EXPECT_FALSE(start->output);
}

TEST_P(ActionJobsTest, AnotherTenantSeesAndEndsNothing) {
  const ActionStart ours = begun(create_item());
  ActionJobs theirs({database(), globex_}, store().ids());
  EXPECT_EQ(theirs.succeed(ours, 1, "{}").error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.fail(ours, 1, unavailable("x"), ActionFailure::unknown).error().code, ErrorCode::aborted);
  ASSERT_TRUE(actions().succeed(ours, 1, "{}").ok());
  const auto output = theirs.output(ours.claim.job);
  ASSERT_TRUE(output.ok());
  EXPECT_FALSE(output->has_value());
}

TEST_P(ActionJobsTest, AKeyNamesOneActionWithOneInput) {
  ASSERT_TRUE(actions().succeed(begun(create_item()), 1, "{}").ok());
  NewAction other = create_item();
  other.input_sha256 = std::string(64, 'b');
  auto refused = actions().begin(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::already_exists);
  EXPECT_THAT(refused.error().message, HasSubstr("another input"));
  other = create_item();
  other.action = "delete_item";
  refused = actions().begin(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("the action create_item"));
}

TEST_P(ActionJobsTest, OneAttemptRunsAtATime) {
  const ActionStart first = begun(create_item("order-7", true));
  const auto second = actions().begin(create_item("order-7", true));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::aborted);
  EXPECT_EQ(second.error().retry, RetryClass::transient);
  EXPECT_THAT(second.error().message, HasSubstr("host:42"));
  store().clock().advance(ActionJobs::attempt_lease + std::chrono::seconds(1));
  const ActionStart third = begun(create_item("order-7", true));
  EXPECT_TRUE(third.repeated);
  EXPECT_EQ(third.claim.job, first.claim.job);
  EXPECT_EQ(third.claim.attempt, 2);
  // The one that was thought dead wakes up: it may not say anything any more.
  EXPECT_EQ(actions().succeed(first, 1, R"({"late":true})").error().code, ErrorCode::aborted);
  ASSERT_TRUE(actions().succeed(third, 1, "{}").ok());
  EXPECT_EQ(begun(create_item("order-7", true)).output, "{}");
}

TEST_P(ActionJobsTest, WhatWasRefusedMayBeTriedAgain) {
  const ActionStart first = begun(create_item());
  const std::string long_message(5000, 'e');
  ASSERT_TRUE(actions().fail(first, 1, invalid_argument(long_message + "é"), ActionFailure::refused).ok());
  EXPECT_EQ(record(first.claim.job).state, JobState::failed);
  EXPECT_EQ(record(first.claim.job).error_code, "invalid_argument");
  const ActionStart again = begun(create_item());
  EXPECT_FALSE(again.repeated);
  EXPECT_EQ(again.claim.attempt, 2);
  EXPECT_EQ(record(first.claim.job).error_code, "");
}

TEST_P(ActionJobsTest, WhatMayHaveBeenDoneIsRepeatedOnlyIfThatIsSafe) {
  ASSERT_TRUE(actions().fail(begun(create_item()), 1, unavailable("no answer"), ActionFailure::unknown).ok());
  const auto refused = actions().begin(create_item());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(refused.error().message, HasSubstr("not safe to repeat"));
  const ActionStart again = begun(create_item("order-7", true));
  EXPECT_TRUE(again.repeated);
  // Nobody said how the process ended: what it did is unknown, too.
  store().clock().advance(ActionJobs::attempt_lease + std::chrono::seconds(1));
  EXPECT_EQ(actions().begin(create_item()).error().code, ErrorCode::failed_precondition);
}

TEST_P(ActionJobsTest, RefusesWhatIsNoAction) {
  NewAction action = create_item(std::string(200, 'k'));
  EXPECT_EQ(actions().begin(action).error().code, ErrorCode::invalid_argument);
  action = create_item();
  action.action.clear();
  EXPECT_EQ(actions().begin(action).error().code, ErrorCode::invalid_argument);
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
// SYNC-9, TEN-1
#include "core/store/object_lease.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "tests/support/forked_child.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::HasSubstr;

class ObjectLeaseTest : public testing::StoreTest {
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
  TenantScope scope() { return {database(), acme_}; }
  static ProcessIdentity worker(std::int64_t id) { return {"host-" + std::to_string(id), "boot", id, 1000 + id}; }
  static bool alive(const ProcessIdentity& /*process*/) { return true; }
  ObjectLeases leases(std::int64_t id) { return ObjectLeases(scope(), worker(id), alive); }
  /// Makes every lease run out, on whatever clock.
  void let_time_pass() {
    store().clock().advance(minutes(10));
    if (GetParam() == Dialect::postgresql) {
      (void)store().raw("UPDATE object_lease SET expires_at = clock_timestamp() - interval '1 second'");
    }
  }
  Status try_write(const ObjectLease& lease) {
    return database().with_write(acme_,
                                 [&](Transaction& transaction) { return ObjectLeases::check(transaction, lease); });
  }

  TenantId acme_;
  TenantId globex_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(ObjectLeaseTest);

TEST_P(ObjectLeaseTest, TheSecondIsToldWhoHoldsTheObject) {
  const auto first = leases(41).acquire(connection_, "member", JobId{7}, minutes(1));
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_GT(first->fence, 0);
  EXPECT_FALSE(first->taken_from.has_value());
  const auto second = leases(42).acquire(connection_, "member", JobId{8}, minutes(1));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_THAT(second.error().message, HasSubstr("job 7"));
  EXPECT_THAT(second.error().message, HasSubstr("process 41 on host-41"));
  EXPECT_THAT(second.error().message, HasSubstr("since 20"));
  EXPECT_TRUE(leases(42).acquire(connection_, "repository", JobId{8}, minutes(1)).ok());
}

TEST_P(ObjectLeaseTest, WhatIsGivenBackIsFreeAndTheFenceGrows) {
  const auto first = leases(41).acquire(connection_, "member", JobId{7}, minutes(1));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(leases(41).release(*first).ok());
  EXPECT_FALSE(leases(42).holder(connection_, "member")->has_value());
  const auto second = leases(42).acquire(connection_, "member", JobId{8}, minutes(1));
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_GT(second->fence, first->fence);
  EXPECT_FALSE(second->taken_from.has_value());
  EXPECT_EQ(leases(41).release(*first).error().code, ErrorCode::aborted);
  EXPECT_TRUE(leases(42).holder(connection_, "member")->has_value());
}

TEST_P(ObjectLeaseTest, AStalledWorkerThatWakesUpCannotWrite) {
  const auto stalled = leases(41).acquire(connection_, "member", JobId{7}, minutes(1));
  ASSERT_TRUE(stalled.ok());
  EXPECT_TRUE(try_write(*stalled).ok());
  let_time_pass();
  EXPECT_FALSE(leases(42).holder(connection_, "member")->has_value());
  const auto successor = leases(42).acquire(connection_, "member", JobId{8}, minutes(1));
  ASSERT_TRUE(successor.ok()) << successor.error().message;
  EXPECT_EQ(successor->taken_from, JobId{7});
  EXPECT_GT(successor->fence, stalled->fence);
  EXPECT_EQ(try_write(*stalled).error().code, ErrorCode::aborted);
  EXPECT_EQ(leases(41).renew(*stalled, minutes(1)).error().code, ErrorCode::aborted);
  EXPECT_EQ(leases(41).release(*stalled).error().code, ErrorCode::aborted);
  EXPECT_TRUE(try_write(*successor).ok());
}

TEST_P(ObjectLeaseTest, RenewingKeepsOthersOut) {
  const auto lease = leases(41).acquire(connection_, "member", JobId{7}, minutes(1));
  ASSERT_TRUE(lease.ok());
  let_time_pass();
  ASSERT_TRUE(leases(41).renew(*lease, minutes(1)).ok());
  EXPECT_EQ(leases(42).acquire(connection_, "member", JobId{8}, minutes(1)).error().code, ErrorCode::already_exists);
  const auto holder = leases(42).holder(connection_, "member");
  ASSERT_TRUE(holder.ok() && holder->has_value());
  EXPECT_EQ((*holder)->job, JobId{7});
  EXPECT_EQ((*holder)->process, worker(41));
  EXPECT_GT((*holder)->until, (*holder)->since);
}

TEST_P(ObjectLeaseTest, ADeadHoldersLeaseIsTakenOverAtOnce) {
  const auto dead = leases(41).acquire(connection_, "member", JobId{7}, minutes(60));
  ASSERT_TRUE(dead.ok());
  std::vector<ProcessIdentity> asked;
  ObjectLeases successor(scope(), worker(42), [&](const ProcessIdentity& process) {
    asked.push_back(process);
    return false;
  });
  const auto taken = successor.acquire(connection_, "member", JobId{8}, minutes(1));
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_THAT(asked, ::testing::ElementsAre(worker(41)));
  EXPECT_EQ(taken->taken_from, JobId{7});
  EXPECT_EQ(taken->fence, dead->fence + 1);
  EXPECT_EQ(try_write(*dead).error().code, ErrorCode::aborted);
}

// A real process that is killed in the middle of its work.
TEST_P(ObjectLeaseTest, AProcessThatWasKilledHoldsNothing) {
  testing::ForkedChild child([&](const testing::ForkedChild::Tell& tell) {
    // Only the identity is taken in the child: a forked copy of the connections is not to be used.
    tell(std::to_string(this_process().process_start));
    ::pause();
    return 0;
  });
  ProcessIdentity identity = this_process();
  identity.process_id = child.process_id();
  identity.process_start = std::stoll(child.hear());
  ASSERT_TRUE(ObjectLeases(scope(), identity).acquire(connection_, "member", JobId{7}, minutes(60)).ok());
  EXPECT_TRUE(may_be_alive(identity));
  EXPECT_EQ(ObjectLeases(scope()).acquire(connection_, "member", JobId{8}, minutes(1)).error().code,
            ErrorCode::already_exists);
  child.kill_uncollected();
  // Dead though its parent has not collected it, and after that too.
  EXPECT_FALSE(may_be_alive(identity));
  child.kill();
  EXPECT_FALSE(may_be_alive(identity));
  const auto taken = ObjectLeases(scope()).acquire(connection_, "member", JobId{8}, minutes(1));
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->taken_from, JobId{7});
}

TEST(ProcessIdentity, AnotherMachineBootOrNamespaceIsNeverCertainlyDead) {
  ProcessIdentity self = this_process();
  EXPECT_TRUE(may_be_alive(self));
  ProcessIdentity reused = self;
  reused.process_start += 1;
  EXPECT_FALSE(may_be_alive(reused));
  for (auto change : {+[](ProcessIdentity& one) { one.host += "x"; }, +[](ProcessIdentity& one) { one.boot_id += "x"; },
                      +[](ProcessIdentity& one) { one.boot_id.clear(); }}) {
    ProcessIdentity other = reused;
    change(other);
    EXPECT_TRUE(may_be_alive(other));
  }
}

TEST_P(ObjectLeaseTest, OfManyWorkersAtOnceOneGetsTheLease) {
  for (int round = 0; round < 3; ++round) {
    const std::string object = "object-" + std::to_string(round);
    std::atomic<int> won{0};
    std::atomic<int> told{0};
    {
      std::vector<std::jthread> workers;
      for (std::int64_t id = 1; id <= 6; ++id) {
        workers.emplace_back([&, id] {
          const auto lease = leases(id).acquire(connection_, object, JobId{id}, minutes(1));
          won += lease.ok() ? 1 : 0;
          told += !lease.ok() && lease.error().code == ErrorCode::already_exists ? 1 : 0;
        });
      }
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(told, 5);
  }
}

TEST_P(ObjectLeaseTest, RefusesWhatNamesNothing) {
  EXPECT_EQ(leases(1).acquire(ConnectionId{}, "member", JobId{1}, minutes(1)).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(leases(1).acquire(connection_, "", JobId{1}, minutes(1)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(leases(1).acquire(connection_, "member", JobId{}, minutes(1)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(leases(1).acquire(connection_, "member", JobId{1}, milliseconds(0)).error().code,
            ErrorCode::invalid_argument);
}

// TEN-1
TEST_P(ObjectLeaseTest, AnotherTenantsLeasesAreOutOfReach) {
  const auto mine = leases(41).acquire(connection_, "member", JobId{7}, minutes(1));
  ASSERT_TRUE(mine.ok());
  ObjectLeases theirs({database(), globex_}, worker(42), alive);
  EXPECT_FALSE(theirs.holder(connection_, "member")->has_value());
  EXPECT_EQ(theirs.renew(*mine, minutes(60)).error().code, ErrorCode::aborted);
  EXPECT_EQ(theirs.release(*mine).error().code, ErrorCode::aborted);
  const auto own = theirs.acquire(connection_, "member", JobId{7}, minutes(1));
  ASSERT_TRUE(own.ok()) << own.error().message;
  EXPECT_EQ(database()
                .with_write(globex_,
                            [&](Transaction& transaction) {
                              ObjectLease forged = *mine;
                              forged.fence += 1;
                              return ObjectLeases::check(transaction, forged);
                            })
                .error()
                .code,
            ErrorCode::aborted);
  ASSERT_TRUE(theirs.release(*own).ok());
  EXPECT_TRUE(try_write(*mine).ok());
  EXPECT_TRUE(leases(41).holder(connection_, "member")->has_value());
}

} // namespace
} // namespace dovetail::store

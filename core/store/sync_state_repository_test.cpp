// SPDX-License-Identifier: Apache-2.0
// SYNC-4, SYNC-8, TEN-1
#include "core/store/sync_state_repository.hpp"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using std::chrono::minutes;
using ::testing::SizeIs;

class SyncStateTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    globex_ = store().add_tenant("globex");
    connection_ = store().add_connection(acme_, "main");
    lease_ = lease_of(acme_, "member");
  }
  ObjectLease lease_of(TenantId tenant, const std::string& object) {
    auto lease = ObjectLeases({database(), tenant}).acquire(connection_, object, JobId{1}, minutes(60));
    EXPECT_TRUE(lease.ok()) << lease.error().message;
    return lease.ok() ? *lease : ObjectLease{};
  }
  SyncStateRepository states() { return SyncStateRepository({database(), acme_}); }
  SyncState state() {
    auto found = states().get(connection_, "member");
    EXPECT_TRUE(found.ok() && found->has_value());
    return found.ok() && found->has_value() ? **found : SyncState{};
  }
  std::string key() { return std::to_string(acme_.value) + ", " + std::to_string(connection_.value); }
  void link(const std::string& object, const std::string& external_id, const std::string& link_state) {
    (void)store().raw("INSERT INTO external_link (tenant_id, connection_id, object, external_id, external_hash, model, "
                      "row_id, content_hash,"
                      " state, pass_id, first_seen_at, last_changed_at) VALUES (" +
                      key() + ", '" + object + "', '" + external_id + "', 1, 'm', 1, 1, '" + link_state +
                      "', 1, '2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z')");
  }

  TenantId acme_;
  TenantId globex_;
  ConnectionId connection_;
  ObjectLease lease_;
};
DOVETAIL_BOTH_DIALECTS(SyncStateTest);

TEST_P(SyncStateTest, APassIsBegunAndCompleted) {
  EXPECT_FALSE(states().get(connection_, "member")->has_value());
  const auto begun = states().begin_pass(lease_, PassMode::full, "mapping-1");
  ASSERT_TRUE(begun.ok()) << begun.error().message;
  EXPECT_EQ(begun->pass_id, 1);
  EXPECT_EQ(begun->pass_mode, PassMode::full);
  EXPECT_EQ(begun->mapping_signature, "mapping-1");
  EXPECT_FALSE(begun->position.has_value());
  EXPECT_FALSE(begun->high_water.has_value());
  const Timestamp mark = store().clock().now() - minutes(3);
  store().clock().advance(minutes(1));
  ASSERT_TRUE(states().complete_pass(lease_, 1, mark).ok());
  EXPECT_EQ(state().high_water, mark);
  EXPECT_EQ(state().completed_pass_id, 1);
  EXPECT_EQ(state().full_completed_at, store().clock().now());
  EXPECT_FALSE(state().pass_mode.has_value());
  EXPECT_EQ(states().complete_pass(lease_, 1, mark).error().code, ErrorCode::aborted);
}

TEST_P(SyncStateTest, ADeltaKeepsTheMarkWhenItHasNoneAndIsNoFullPass) {
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::full, "m").ok());
  const Timestamp mark = store().clock().now();
  ASSERT_TRUE(states().complete_pass(lease_, 1, mark).ok());
  const auto full = state().full_completed_at;
  store().clock().advance(minutes(5));
  const auto delta = states().begin_pass(lease_, PassMode::delta, "m");
  ASSERT_TRUE(delta.ok());
  EXPECT_EQ(delta->pass_id, 2);
  ASSERT_TRUE(states().complete_pass(lease_, 2, std::nullopt).ok());
  EXPECT_EQ(state().high_water, mark);
  EXPECT_EQ(state().full_completed_at, full);
  EXPECT_EQ(state().completed_at, store().clock().now());
}

TEST_P(SyncStateTest, AFullPassEndsTheNeedForAResync) {
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::delta, "m").ok());
  (void)store().raw(GetParam() == Dialect::sqlite ? "UPDATE sync_state SET resync_required = 1"
                                                  : "UPDATE sync_state SET resync_required = true");
  ASSERT_TRUE(states().complete_pass(lease_, 1, std::nullopt).ok());
  EXPECT_TRUE(state().resync_required);
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::full, "m").ok());
  EXPECT_TRUE(state().resync_required);
  ASSERT_TRUE(states().complete_pass(lease_, 2, std::nullopt).ok());
  EXPECT_FALSE(state().resync_required);
}

TEST_P(SyncStateTest, WhoLostTheLeaseBeginsAndEndsNothing) {
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::full, "m").ok());
  ObjectLease lost = lease_;
  lost.fence -= 1;
  EXPECT_EQ(states().begin_pass(lost, PassMode::full, "m").error().code, ErrorCode::aborted);
  EXPECT_EQ(states().complete_pass(lost, 1, std::nullopt).error().code, ErrorCode::aborted);
  EXPECT_EQ(states().reset(lost, ResetScope::everything).error().code, ErrorCode::aborted);
  EXPECT_EQ(PendingParentRepository({database(), acme_}, store().ids()).enqueue_all(lost, "team").error().code,
            ErrorCode::aborted);
  EXPECT_EQ(state().pass_id, 1);
  EXPECT_EQ(state().pass_mode, PassMode::full);
}

TEST_P(SyncStateTest, AResetForgetsAsMuchAsAsked) {
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::full, "m").ok());
  ASSERT_TRUE(states().complete_pass(lease_, 1, store().clock().now()).ok());
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::delta, "m").ok());
  (void)store().raw("UPDATE sync_state SET position = '{\"page\":2}', pass_pages = 1");
  EXPECT_EQ(state().position, "{\"page\":2}");
  (void)store().raw("INSERT INTO plugin_state VALUES (" + key() + ", 'member', 'etag', '')");
  (void)store().raw("INSERT INTO plugin_state VALUES (" + key() + ", 'repository', 'etag', '')");
  (void)store().raw("INSERT INTO page_state VALUES (" + key() + ", 'member', 'p', 1, '')");
  (void)store().raw("INSERT INTO page_state VALUES (" + key() + ", 'repository', 'p', 1, '')");

  ASSERT_TRUE(states().reset(lease_, ResetScope::position).ok());
  EXPECT_FALSE(state().position.has_value());
  EXPECT_FALSE(state().pass_mode.has_value());
  EXPECT_TRUE(state().high_water.has_value());
  EXPECT_EQ(store().raw("SELECT count(*) FROM plugin_state"), "2");

  ASSERT_TRUE(states().reset(lease_, ResetScope::everything).ok());
  EXPECT_FALSE(state().high_water.has_value());
  EXPECT_FALSE(state().full_completed_at.has_value());
  EXPECT_EQ(store().raw("SELECT object FROM plugin_state"), "repository");
  EXPECT_EQ(store().raw("SELECT object FROM page_state"), "repository");
  EXPECT_EQ(states().begin_pass(lease_, PassMode::full, "m")->pass_id, 3);
}

TEST_P(SyncStateTest, ListsTheObjectsOfAConnection) {
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::full, "m").ok());
  ASSERT_TRUE(states().begin_pass(lease_of(acme_, "a-first"), PassMode::full, "m").ok());
  (void)store().raw("INSERT INTO sync_state (tenant_id, connection_id, object, parent_id, pass_id, pass_mode, "
                    "pass_pages, mapping_signature,"
                    " completed_pass_id, resync_required, updated_at) SELECT tenant_id, connection_id, object, "
                    "'parent-1', 0, '', 0, '', 0,"
                    " resync_required, updated_at FROM sync_state WHERE object = 'member'");
  const auto listed = states().list(connection_);
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  ASSERT_THAT(*listed, SizeIs(2));
  EXPECT_EQ((*listed)[0].object, "a-first");
  EXPECT_EQ((*listed)[1].object, "member");
  EXPECT_TRUE(states().get(connection_, "member", "parent-1")->has_value());
}

TEST_P(SyncStateTest, APluginFindsItsBytesAgain) {
  const char* value = GetParam() == Dialect::sqlite ? "x'00ff41'" : "'\\x00ff41'";
  (void)store().raw("INSERT INTO plugin_state VALUES (" + key() + ", 'member', 'etag', " + value + ")");
  PluginStateRepository plugin_states({database(), acme_});
  EXPECT_EQ(*plugin_states.get(connection_, "member", "etag"), std::string("\0\xff"
                                                                           "A",
                                                                           3));
  EXPECT_FALSE(plugin_states.get(connection_, "member", "other")->has_value());
  EXPECT_FALSE(plugin_states.get(connection_, "repository", "etag")->has_value());
}

TEST_P(SyncStateTest, AllActiveParentsArePutInTheQueueAndReadInOrder) {
  for (const char* id : {"b", "a", "B", "é", "c"}) {
    link("team", id, "active");
  }
  link("team", "gone", "inactive");
  link("other", "z", "active");
  PendingParentRepository parents({database(), acme_}, store().ids());
  EXPECT_EQ(*parents.enqueue_all(lease_, "team"), 5);
  EXPECT_EQ(*parents.count(connection_, "member"), 5);
  const auto first = parents.take(connection_, "member", "", 3);
  ASSERT_TRUE(first.ok()) << first.error().message;
  ASSERT_THAT(*first, SizeIs(3));
  EXPECT_EQ((*first)[0].external_id, "B");
  EXPECT_EQ((*first)[1].external_id, "a");
  EXPECT_EQ((*first)[2].external_id, "b");
  const auto rest = parents.take(connection_, "member", "b", 3);
  ASSERT_THAT(*rest, SizeIs(2));
  EXPECT_EQ((*rest)[0].external_id, "c");
  EXPECT_EQ((*rest)[1].external_id, "é");
  EXPECT_EQ(*parents.enqueue_all(lease_, "team"), 5);
  EXPECT_GT(parents.take(connection_, "member", "", 1)->front().version, first->front().version);
  EXPECT_EQ(parents.take(connection_, "member", "", 0).error().code, ErrorCode::invalid_argument);
}

// TEN-1
TEST_P(SyncStateTest, AnotherTenantCannotSeeOrTouchAnyState) {
  ASSERT_TRUE(states().begin_pass(lease_, PassMode::full, "m").ok());
  link("team", "a", "active");
  (void)store().raw("INSERT INTO plugin_state VALUES (" + key() + ", 'member', 'etag', '')");
  ASSERT_TRUE(PendingParentRepository({database(), acme_}, store().ids()).enqueue_all(lease_, "team").ok());
  const TenantScope foreign{database(), globex_};
  SyncStateRepository theirs(foreign);
  EXPECT_FALSE(theirs.get(connection_, "member")->has_value());
  EXPECT_THAT(*theirs.list(connection_), SizeIs(0));
  EXPECT_FALSE(PluginStateRepository(foreign).get(connection_, "member", "etag")->has_value());
  PendingParentRepository parents(foreign, store().ids());
  EXPECT_THAT(*parents.take(connection_, "member", "", 10), SizeIs(0));
  EXPECT_EQ(*parents.count(connection_, "member"), 0);
  EXPECT_EQ(theirs.begin_pass(lease_, PassMode::delta, "x").error().code, ErrorCode::aborted);
  // Even a lease of their own on the same ids reaches nothing of ours.
  const ObjectLease own = lease_of(globex_, "member");
  EXPECT_EQ(*parents.enqueue_all(own, "team"), 0);
  EXPECT_EQ(theirs.complete_pass(own, 1, std::nullopt).error().code, ErrorCode::aborted);
  ASSERT_TRUE(theirs.begin_pass(own, PassMode::delta, "x").ok());
  ASSERT_TRUE(theirs.reset(own, ResetScope::everything).ok());
  EXPECT_EQ(state().pass_mode, PassMode::full);
  EXPECT_EQ(state().mapping_signature, "m");
  EXPECT_EQ(store().raw("SELECT count(*) FROM plugin_state"), "1");
}

} // namespace
} // namespace dovetail::store

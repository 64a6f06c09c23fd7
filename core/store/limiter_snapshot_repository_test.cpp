// SPDX-License-Identifier: Apache-2.0
// HTTP-6
#include "core/store/limiter_snapshot_repository.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

class LimiterSnapshotTest : public testing::StoreTest {};
DOVETAIL_BOTH_DIALECTS(LimiterSnapshotTest);

TEST_P(LimiterSnapshotTest, GivesBackTheNewestToTheMicrosecond) {
  LimiterSnapshotRepository snapshots(database());
  EXPECT_FALSE(snapshots.load("here")->has_value());
  limits::Snapshot snapshot;
  snapshot.taken_at = store().clock().now() + std::chrono::microseconds(123'457);
  ASSERT_TRUE(snapshots.save("here", snapshot).ok());
  const auto at = [&](int seconds) {
    return store().clock().now() + std::chrono::seconds(seconds) + std::chrono::microseconds(1);
  };
  snapshot.final = true;
  snapshot.entries = {
      {{"a \"quoted\" provider", TenantId{1}, ConnectionId{2}}, at(1), at(2), at(3), std::chrono::microseconds(7)},
      {{"other", {}, {}}, at(4), Timestamp(), Timestamp(), std::chrono::microseconds(0)}};
  ASSERT_TRUE(snapshots.save("here", snapshot).ok());
  store().reopen();
  const auto loaded = LimiterSnapshotRepository(database()).load("here");
  ASSERT_TRUE(loaded.ok() && loaded->has_value());
  EXPECT_EQ((*loaded)->taken_at, snapshot.taken_at);
  EXPECT_TRUE((*loaded)->final);
  EXPECT_EQ((*loaded)->entries, snapshot.entries);
  EXPECT_FALSE(LimiterSnapshotRepository(database()).load("there")->has_value());
}

TEST_P(LimiterSnapshotTest, SaysSoWhenWhatIsStoredCannotBeRead) {
  for (const char* body : {"[", "{}", R"({"taken_at":1,"final":true,"entries":[["x",1]]})"}) {
    (void)store().raw("DELETE FROM limiter_snapshot");
    (void)store().raw("INSERT INTO limiter_snapshot VALUES ('here', '" + std::string(body) +
                      "', '2026-01-05T09:00:00.000Z')");
    EXPECT_EQ(LimiterSnapshotRepository(database()).load("here").error().code, ErrorCode::data_loss) << body;
  }
}

} // namespace
} // namespace dovetail::store

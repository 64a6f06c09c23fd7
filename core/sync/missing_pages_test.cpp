// SPDX-License-Identifier: Apache-2.0
// SYNC-7, design 8.4: a page that is left out, swallowed or only said to be unchanged never deletes more than the guard lets pass.
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer.hpp"
#include "core/sync/object_sync_test_world.hpp"

namespace dovetail::sync {
namespace {

using ::testing::HasSubstr;
using testing_world::OneObjectTest;
using testing_world::page;

/// Records `from` to `to` - 1.
std::string records(int from, int to) {
  std::string text = "[";
  for (int id = from; id < to; ++id) {
    text += fmt::format(R"({}{{"id":{},"name":"n{}"}})", id == from ? "" : ",", id, id);
  }
  return text + "]";
}

FetchedPage keyed(FetchedPage page, const std::string& key) {
  page.records.front().page_key = key;
  return page;
}

FetchedPage unchanged(const std::string& key, std::string next = {}) {
  FetchedPage told = page("", std::move(next));
  told.unchanged = {key};
  return told;
}

class MissingPagesTest : public OneObjectTest {
protected:
  /// Four pages of five records.
  void read_all() {
    const auto report = sync({keyed(page(records(0, 5), "2"), "p1"), keyed(page(records(5, 10), "3"), "p2"),
                              keyed(page(records(10, 15), "4"), "p3"), keyed(page(records(15, 20)), "p4")},
                             "", {.full = true});
    ASSERT_FALSE(report.error) << report.error->message;
    ASSERT_EQ(count(), "20");
  }
};
DOVETAIL_BOTH_DIALECTS(MissingPagesTest);

TEST_P(MissingPagesTest, APluginThatSkipsPagesIsStoppedByTheGuard_SYNC_7) {
  read_all();
  const auto report = sync({page(records(0, 5), "4"), page(records(15, 20))}, "", {.full = true});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::failed_precondition);
  EXPECT_EQ(report.counts.removed, 0);
  EXPECT_EQ(count(), "20");
}

TEST_P(MissingPagesTest, AnEarlyEndIsStoppedByTheGuard_SYNC_7) {
  read_all();
  const auto report = sync({page(records(0, 5))}, "", {.full = true});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(count(), "20");
}

TEST_P(MissingPagesTest, AnEmptyAnswerToAFullReadRemovesNothing_SYNC_7) {
  read_all();
  EXPECT_TRUE(sync({page("[]")}, "", {.full = true}).error);
  EXPECT_EQ(count(), "20");
}

TEST_P(MissingPagesTest, AnEarlyEndOfADeltaRemovesNothing_SYNC_7) {
  read_all();
  const auto report = sync({page(records(0, 5))});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.removed, 0);
  EXPECT_EQ(count(), "20");
}

TEST_P(MissingPagesTest, AReadThatFailsInTheMiddleRemovesNothing_SYNC_7) {
  read_all();
  EXPECT_TRUE(sync({page(records(0, 5), "2"), unavailable("gone for a while")}, "", {.full = true}).error);
  EXPECT_EQ(count(), "20");
  const auto report =
      sync({page(records(5, 10), "3"), page(records(10, 15), "4"), page(records(15, 20))}, "", {.full = true});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_TRUE(report.resumed);
  EXPECT_EQ(report.counts.removed, 0) << "the pages of both runs count";
  EXPECT_EQ(count(), "20");
}

TEST_P(MissingPagesTest, UnchangedPagesCountAsSeen_SYNC_7) {
  read_all();
  const auto report =
      sync({unchanged("p1", "2"), unchanged("p2", "3"), unchanged("p3", "4"), keyed(page(records(15, 19)), "p4")}, "",
           {.full = true});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.removed, 1);
  EXPECT_EQ(count(), "19");
}

TEST_P(MissingPagesTest, ANotModifiedForAPageThatWasNeverReadIsAnError_SYNC_7) {
  read_all();
  const auto report =
      sync({unchanged("p1", "2"), unchanged("p9", "3"), unchanged("p3", "4"), unchanged("p4")}, "", {.full = true});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::not_found);
  EXPECT_THAT(report.error->message, HasSubstr("p9"));
  EXPECT_EQ(count(), "20");
}

// Below the guard's limits nothing tells a page that was swallowed from records that are gone. What comes back is made active again, under its id.
TEST_P(MissingPagesTest, WhatWasTakenForGoneComesBackWithItsRow_SYNC_7) {
  read_all();
  const std::string id = value("id", "19");
  ASSERT_EQ(sync({page(records(0, 19))}, "", {.full = true}).counts.removed, 1);
  EXPECT_EQ(value("state || '|' || name", "19"), "inactive|n19");
  ASSERT_FALSE(sync({page(records(0, 20))}, "", {.full = true}).error);
  EXPECT_EQ(value("state", "19"), "active");
  EXPECT_EQ(value("id", "19"), id);
}

TEST_P(MissingPagesTest, CursorsThatComeRoundAgainEndTheReadWithoutRemoving_SYNC_7) {
  read_all();
  const auto report =
      sync({page(records(0, 5), "2"), page(records(5, 10), "3"), page(records(0, 5), "2"), page(records(5, 10), "3")},
           "", {.full = true});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(count(), "20");
}

} // namespace
} // namespace dovetail::sync

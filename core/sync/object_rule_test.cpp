// SPDX-License-Identifier: Apache-2.0
// SYNC-1, SYNC-8: what an object's rule changes of its sync.
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/store/rule_repository.hpp"
#include "core/sync/object_sync_test_world.hpp"

namespace dovetail::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing_world::OneObjectTest;
using testing_world::page;

FetchedPage with_mark(FetchedPage page, std::string_view mark) {
  page.high_water = parse_iso8601(mark);
  return page;
}

class ObjectRuleTest : public OneObjectTest {};
DOVETAIL_BOTH_DIALECTS(ObjectRuleTest);

TEST_P(ObjectRuleTest, AFullBehaviourReadsEverythingEachTime_SYNC_1) {
  const auto all = [] {
    return with_mark(page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"}])"), "2026-01-05T09:00:00Z");
  };
  ASSERT_FALSE(sync({all()}).error);
  ASSERT_FALSE(sync({page("[]")}).error);
  EXPECT_TRUE(script_.asked.at(0).since) << "by the manifest a delta";
  const auto report = sync({page(R"([{"id":1,"name":"a"}])")}, R"({"behaviour":"full"})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_FALSE(script_.asked.at(0).since);
  EXPECT_TRUE(script_.asked.at(0).full);
  EXPECT_EQ(report.counts.removed, 1);
}

TEST_P(ObjectRuleTest, TheJobSaysWhichRevisionItRanBy_SYNC_9) {
  store::JobRepository jobs({database(), tenant_}, store().ids());
  EXPECT_EQ((*jobs.get(sync({page("[]")}).job))->rule_revision, 0);
  EXPECT_EQ((*jobs.get(sync({page("[]")}, R"({"intervalMinutes":5})").job))->rule_revision, 3);
}

TEST_P(ObjectRuleTest, TheManifestSaysHowTheFirstReadBegins_SYNC_8) {
  object_.defaults.initial_sync = manifest::InitialSync::delta_only_from_now;
  const auto begun = store().clock().now();
  ASSERT_FALSE(sync({page("[]")}).error);
  EXPECT_EQ(script_.asked.at(0).since, begun);
}

TEST_P(ObjectRuleTest, TheRuleCountsMoreThanTheManifestAndTheSyncMoreThanTheRule_SYNC_8) {
  object_.defaults.initial_sync = manifest::InitialSync::delta_only_from_now;
  constexpr auto rule = R"({"initialSyncMode":"delta_only_after_date","initialSyncSince":"2025-06-01"})";
  ASSERT_TRUE(sync({unavailable("gone for a while")}, rule).error);
  EXPECT_EQ(script_.asked.at(0).since, parse_iso8601("2025-06-01T00:00:00Z"));
  ASSERT_TRUE(sync({unavailable("gone for a while")}, rule, {.initial_mode = InitialSyncMode::full_once}).error);
  EXPECT_FALSE(script_.asked.at(0).since);
  ASSERT_TRUE(sync({unavailable("gone for a while")}, rule,
                   {.initial_mode = InitialSyncMode::delta_only_after_date,
                    .initial_since = parse_iso8601("2025-07-01T00:00:00Z")})
                  .error);
  EXPECT_EQ(script_.asked.at(0).since, parse_iso8601("2025-07-01T00:00:00Z"));
}

TEST_P(ObjectRuleTest, ADateThatNobodySaidStopsTheFirstRead_SYNC_8) {
  object_.defaults.initial_sync = manifest::InitialSync::delta_only_after_date;
  const auto report = sync({page("[]")});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::failed_precondition);
  EXPECT_THAT(report.error->message, HasSubstr("initialSyncSince"));
}

TEST_P(ObjectRuleTest, FiltersGoToThePluginAndAreCheckedHereToo_SYNC_1) {
  const auto report = sync({page(R"([{"id":1,"kind":"bug"},{"id":2,"kind":"wish"},{"id":3}])")},
                           R"({"filters":{"/kind":["bug","fault"]}})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(script_.asked.at(0).filters, R"({"/kind":["bug","fault"]})");
  EXPECT_EQ(report.counts.fetched, 3);
  EXPECT_EQ(report.counts.created, 1);
  EXPECT_EQ(report.counts.skipped, 2);
  EXPECT_EQ(store().raw("SELECT external_id FROM thing"), "1");
  EXPECT_EQ(store().raw("SELECT fetched * 100 + created * 10 + skipped FROM job"), "312");
}

TEST_P(ObjectRuleTest, AnotherFilterReadsEverythingAnew_SYNC_8) {
  const auto all = [] {
    return with_mark(page(R"([{"id":1,"kind":"bug"},{"id":2,"kind":"wish"}])"), "2026-01-05T09:00:00Z");
  };
  ASSERT_FALSE(sync({all()}, R"({"filters":{"/kind":"bug"}})").error);
  ASSERT_FALSE(sync({page("[]")}, R"({"filters":{"/kind":"bug"}})").error);
  EXPECT_TRUE(script_.asked.at(0).since);
  const auto report = sync({all()}, R"({"filters":{"/kind":"wish"}})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_TRUE(script_.asked.at(0).fresh) << "what was left out before is wanted now";
  EXPECT_EQ(count("external_id = '2' AND state = 'active'"), "1");
  EXPECT_EQ(count("external_id = '1' AND state = 'inactive'"), "1") << "no longer wanted: as if gone";
}

TEST_P(ObjectRuleTest, SelectsFieldsButNeverWhatRecordsAreMatchedBy_SYNC_1) {
  ASSERT_FALSE(sync({page(R"([{"id":1,"name":"a","kind":"bug","client":"A"}])")}).error);
  object_.match_by = {{"name"}};
  const auto report = sync({page(R"([{"id":1,"name":"b","kind":"wish","client":"B"}])")}, R"({"fields":["/kind"]})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(value("name || '|' || kind || '|' || client_source", "1"), "b|wish|A");
  EXPECT_THAT(script_.asked.at(0).fields, ::testing::Not(::testing::Contains("/client")));
}

TEST_P(ObjectRuleTest, UnmatchedRecordsAreKeptForAPerson_SYNC_13) {
  const auto report = sync({page(R"([{"id":1,"name":"a"}])")}, R"({"autoCreateUnmatched":false})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.skipped, 1);
  EXPECT_EQ(report.counts.unmatched, 1);
  EXPECT_EQ(count(), "0");
  EXPECT_THAT(*store::unmatched_records({database(), tenant_}, connection_, "thing"), ElementsAre("1"));
}

TEST_P(ObjectRuleTest, ConflictAndDeletionPoliciesAreTheRules_SYNC_7) {
  ASSERT_FALSE(sync({page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"}])")}).error);
  auto report = sync({page(R"([{"id":1,"name":"changed"}])")},
                     R"({"conflictPolicy":"skip","deletionPolicy":"soft_delete","behaviour":"full"})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(value("name", "1"), "a");
  EXPECT_EQ(value("state", "2"), "deleted");
}

TEST_P(ObjectRuleTest, AnInactiveRowIsLeftAsItIsUntilItsRecordIsBack_SYNC_7) {
  ASSERT_FALSE(sync({page(R"([{"id":1,"name":"a","client":"A"}])")}).error);
  ASSERT_FALSE(sync({page(R"([{"id":1,"name":"last","client":"A","gone":true}])")}).error);
  ASSERT_FALSE(
      sync({page(R"([{"id":1,"name":"later","client":"B","gone":true}])")}, R"({"clientSyncPolicy":"follow_source"})")
          .error);
  EXPECT_EQ(value("name || '|' || state || '|' || client", "1"), "last|inactive|A");
  EXPECT_EQ(store().raw("SELECT state FROM external_link"), "inactive") << "the link stays";
  ASSERT_FALSE(
      sync({page(R"([{"id":1,"name":"back","client":"C"}])")}, R"({"clientSyncPolicy":"follow_source"})").error);
  EXPECT_EQ(value("name || '|' || state || '|' || client", "1"), "back|active|C");
}

TEST_P(ObjectRuleTest, PoliciesOfLocalFieldsHoldInDeltasToo_SYNC_1) {
  ASSERT_FALSE(sync({page(R"([{"id":1,"client":"A"},{"id":2,"client":"A"}])")}).error);
  EXPECT_EQ(value("client || '|' || client_state", "1"), "A|preserve_local:in_sync");
  std::ignore = store().raw("UPDATE thing SET client = 'ours' WHERE external_id = '1'");
  auto report = sync({page("[]")});
  EXPECT_EQ(report.counts.corrected, 1);
  EXPECT_EQ(value("client || '|' || client_state", "1"), "ours|preserve_local:diverged");
  report = sync({page("[]")}, R"({"clientSyncPolicy":"follow_source"})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.corrected, 2);
  EXPECT_EQ(value("client || '|' || client_state", "1"), "A|follow_source:in_sync");
}

TEST_P(ObjectRuleTest, ARuleMayOnlyTry_SYNC_12) {
  const auto report = sync({page(R"([{"id":1,"name":"a"}])")}, R"({"dryRun":true})");
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_TRUE(report.dry_run);
  EXPECT_FALSE(report.job.valid());
  EXPECT_EQ(report.counts.created, 1);
  EXPECT_EQ(count(), "0");
  EXPECT_EQ(store().raw("SELECT count(*) FROM job"), "0");
}

TEST_P(ObjectRuleTest, SaysWhichFilterIsLeftToTheProvider) {
  object_.fields.push_back(
      {.pointer = "/labels/0", .label = {}, .type = "text", .nullable = true, .identifier = false, .pii = false});
  const auto report = sync({page(R"([{"id":1}])")}, R"({"filters":{"/labels/0":"x"}})");
  ASSERT_FALSE(report.error) << report.error->message;
  ASSERT_THAT(report.notes, SizeIs(1));
  EXPECT_THAT(report.notes.front(), HasSubstr("/labels/0"));
  EXPECT_EQ(report.counts.created, 1);
}

} // namespace
} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#include "core/store/sweep.hpp"

#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

class SweepTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    catalog_.match("person", {{"number"}});
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main", "acme");
  }

  ObjectWorld world(std::string_view object = "people", std::string_view model = "person") {
    return {store(), catalog_, tenant_, connection_, object, model};
  }
  SweepRequest request(const ObjectWorld& world) {
    SweepRequest request;
    request.tenant = world.tenant;
    request.connection = world.connection;
    request.object = world.object;
    request.model = &world.model;
    request.models = catalog_.tables();
    request.job = world.job;
    request.fence = world.fence;
    request.pass_id = world.pass_id;
    return request;
  }
  static Record person(std::int64_t number) {
    return {fmt::format("p{}", number), {Cell::integer(number), Cell(), Cell::text("somebody")}, false, std::nullopt};
  }
  static std::vector<Record> people(std::int64_t from, std::int64_t to) {
    std::vector<Record> records;
    for (std::int64_t i = from; i < to; ++i) {
      records.push_back(person(i));
    }
    return records;
  }
  void write(ObjectWorld& world, const std::vector<Record>& records, std::string_view key = "") {
    const auto outcome = world.write(records, key);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_EQ(outcome->counters.failed, 0);
  }
  std::string raw(const std::string& sql) { return store().raw(sql); }
  std::string count(std::string_view state) {
    return raw(fmt::format("SELECT count(*) FROM person WHERE state = '{}'", state));
  }

  Catalog catalog_{{change_model(), verdict_model(), person_model()}};
  TenantId tenant_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(SweepTest);

TEST_P(SweepTest, MarksWhatACompletePassDidNotSee) { // SYNC-7
  ObjectWorld world = this->world();
  write(world, people(0, 20));
  write(world, people(20, 30));
  world.begin_pass();
  write(world, people(0, 15));
  write(world, people(18, 30));
  const auto outcome = sweep(database(), request(world));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->active, 30);
  EXPECT_EQ(outcome->seen, 27);
  EXPECT_EQ(outcome->removed, 3);
  EXPECT_EQ(count("inactive"), "3");
  EXPECT_EQ(count("active"), "27");
  EXPECT_EQ(raw("SELECT count(*) FROM person WHERE state = 'inactive' AND external_id IN ('p15', 'p16', 'p17')"), "3");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link WHERE state = 'inactive'"), "3");
  EXPECT_EQ(raw("SELECT removed FROM job"), "3");
  EXPECT_EQ(raw(fmt::format("SELECT count(*) FROM page_state WHERE pass_id <> {}", world.pass_id)), "0");
}

TEST_P(SweepTest, IsDoneOnce) {
  ObjectWorld world = this->world();
  write(world, people(0, 10));
  world.begin_pass();
  write(world, people(0, 8));
  ASSERT_TRUE(sweep(database(), request(world)).ok());
  const auto again = sweep(database(), request(world));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->removed, 0);
  EXPECT_EQ(raw("SELECT removed FROM job"), "2");
}

TEST_P(SweepTest, BringsARowBackThatIsSeenAgain) {
  ObjectWorld world = this->world();
  write(world, people(0, 4));
  world.begin_pass();
  write(world, people(0, 3));
  ASSERT_TRUE(sweep(database(), request(world)).ok());
  EXPECT_EQ(count("inactive"), "1");
  const auto outcome = world.write({person(3)});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->counters.updated, 1) << "the same values, and active again";
  EXPECT_EQ(count("active"), "4");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link WHERE state = 'active'"), "4");
}

TEST_P(SweepTest, CountsPagesThatWereCalledUnchanged) { // a 304 stands for everything that the page held
  ObjectWorld world = this->world();
  write(world, people(0, 10), "/people?page=1");
  write(world, people(10, 20), "/people?page=2");
  world.begin_pass();
  const std::vector<std::string> keys{"/people?page=1"};
  PageWrite page = world.page();
  page.unchanged_page_keys = keys;
  ASSERT_TRUE(world.write(page, people(10, 18), "/people?page=2").ok());
  const auto outcome = sweep(database(), request(world));
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->removed, 2);
  EXPECT_EQ(raw("SELECT count(*) FROM person WHERE state = 'inactive' AND number >= 18"), "2");
}

TEST_P(SweepTest, RefusesToRemoveALargeShare) {
  ObjectWorld world = this->world();
  write(world, people(0, 100));
  world.begin_pass();
  write(world, people(0, 60));
  const auto refused = sweep(database(), request(world));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("40 of 100"));
  EXPECT_EQ(count("active"), "100");
  EXPECT_EQ(raw("SELECT removed FROM job"), "0");
  SweepRequest allowed = request(world);
  allowed.max_share = 0.5;
  ASSERT_TRUE(sweep(database(), allowed).ok());
  EXPECT_EQ(count("inactive"), "40");
}

TEST_P(SweepTest, RefusesAPassThatSawNothing) {
  ObjectWorld world = this->world();
  write(world, people(0, 3));
  world.begin_pass();
  write(world, {});
  const auto refused = sweep(database(), request(world));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("came back empty"));
  SweepRequest allowed = request(world);
  allowed.max_share = 1.0;
  ASSERT_TRUE(sweep(database(), allowed).ok());
  EXPECT_EQ(count("inactive"), "3");
}

TEST_P(SweepTest, FollowsTheOtherPolicies) {
  ObjectWorld world = this->world();
  write(world, people(0, 10));
  world.begin_pass();
  write(world, people(0, 8));
  SweepRequest with = request(world);
  with.policy = DeletionPolicy::ignore;
  auto outcome = sweep(database(), with);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->removed, 0);
  EXPECT_EQ(count("active"), "10");
  with.policy = DeletionPolicy::soft_delete;
  outcome = sweep(database(), with);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(count("deleted"), "2");
}

TEST_P(SweepTest, WritesNothingForAJobThatLostItsLease) { // SYNC-9
  ObjectWorld world = this->world();
  write(world, people(0, 10));
  world.begin_pass();
  write(world, people(0, 8));
  const SweepRequest stale = request(world);
  world.begin_job();
  const auto outcome = sweep(database(), stale);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::aborted);
  EXPECT_EQ(outcome.error().retry, RetryClass::never);
  EXPECT_EQ(count("active"), "10");
}

TEST_P(SweepTest, GoesOnInSmallPartsAndTransactions) {
  ObjectWorld world = this->world();
  write(world, people(0, 90), "/1");
  write(world, people(90, 180), "/2");
  world.begin_pass();
  for (std::int64_t at = 0; at < 150; at += 10) {
    write(world, people(at, at + 10), fmt::format("/{}", at));
  }
  SweepTuning small;
  small.hashes_in_memory = 7;
  small.links_per_read = 11;
  small.links_per_transaction = 4;
  small.pages_per_read = 2;
  const auto outcome = sweep(database(), request(world), small);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->removed, 30);
  EXPECT_EQ(raw("SELECT count(*) FROM person WHERE state = 'inactive' AND number >= 150"), "30");
  EXPECT_EQ(raw("SELECT removed FROM job"), "30");
}

TEST_P(SweepTest, KeepsARowThatAnotherConnectionStillHas) {
  ObjectWorld first = world();
  write(first, people(0, 4));
  ObjectWorld second{store(), catalog_, tenant_, store().add_connection(tenant_, "second", "acme"), "people", "person"};
  ObjectTarget target = second.target();
  target.match_by = {{"number"}};
  second.open(target);
  Record same = person(3);
  same.external_id = "other-3";
  write(second, {same});
  EXPECT_EQ(raw("SELECT count(*) FROM person"), "4");
  first.begin_pass();
  write(first, people(0, 2));
  ASSERT_TRUE(sweep(database(), request(first)).ok());
  EXPECT_EQ(raw("SELECT count(*) FROM external_link WHERE state = 'inactive'"), "2");
  EXPECT_EQ(raw("SELECT number FROM person WHERE state = 'inactive'"), "2");
}

TEST_P(SweepTest, LeavesOtherTenantsConnectionsAndObjectsAlone) { // TEN-1
  const TenantId other = store().add_tenant("umbra");
  ObjectWorld theirs{store(), catalog_, other, store().add_connection(other, "main", "acme"), "people", "person"};
  ObjectWorld second{store(), catalog_, tenant_, store().add_connection(tenant_, "second", "acme"), "people", "person"};
  ObjectWorld more = world("guests");
  ObjectWorld ours = world();
  for (ObjectWorld* each : {&theirs, &second, &more, &ours}) {
    write(*each, people(0, 3), "/1");
  }
  ours.begin_pass();
  write(ours, people(0, 1), "/1");
  ASSERT_TRUE(sweep(database(), request(ours)).ok());
  EXPECT_EQ(count("inactive"), "2");
  EXPECT_EQ(raw("SELECT count(*) FROM page_state"), "4");
}

TEST_P(SweepTest, ComputesWhatIsDerivedFromTheRowsThatWent) {
  ObjectWorld changes = world("changes", "change");
  ObjectWorld verdicts = world("verdicts", "verdict");
  write(changes,
        {{"1", {Cell::integer(1), Cell::integer(7), instant("2026-01-01T00:00:00Z"), Cell()}, false, std::nullopt}});
  const auto verdict = [](std::string id, std::string_view at) {
    return Record{std::move(id),
                  {Cell::integer(1), Cell::integer(8), Cell::text("User"), Cell::text("APPROVED"), instant(at)},
                  false,
                  std::nullopt};
  };
  write(verdicts, {verdict("a", "2026-01-01T00:00:10Z"), verdict("b", "2026-01-01T00:00:20Z")});
  EXPECT_EQ(raw("SELECT review_time_seconds FROM change"), "10");
  verdicts.begin_pass();
  write(verdicts, {verdict("b", "2026-01-01T00:00:20Z")});
  ASSERT_TRUE(sweep(database(), request(verdicts)).ok());
  EXPECT_EQ(raw("SELECT review_time_seconds FROM change"), "20");
}

} // namespace
} // namespace dovetail::store

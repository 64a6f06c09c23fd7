// SPDX-License-Identifier: Apache-2.0
#include "core/store/derived.hpp"

#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

class DerivedTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main", "acme");
  }

  ObjectWorld changes() { return {store(), catalog_, tenant_, connection_, "changes", "change"}; }
  ObjectWorld verdicts() { return {store(), catalog_, tenant_, connection_, "verdicts", "verdict"}; }
  std::string raw(const std::string& sql) { return store().raw(sql); }
  std::string cycle(std::string_view id = "538") {
    return raw(fmt::format("SELECT cycle_time_seconds FROM change WHERE external_id = '{}'", id));
  }
  std::string review(std::string_view id = "538") {
    return raw(fmt::format("SELECT review_time_seconds FROM change WHERE external_id = '{}'", id));
  }

  Catalog catalog_{{change_model(), verdict_model()}};
  TenantId tenant_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(DerivedTest);

// The published numbers of a public pull request (see the recordings' golden values).
Record change_538() {
  return {
      "538",
      {Cell::integer(538), Cell::integer(13'543'471), instant("2017-03-20T21:00:37Z"), instant("2017-03-25T16:52:49Z")},
      false,
      std::nullopt};
}

Record verdict(std::string id, std::optional<std::int64_t> change, std::optional<std::int64_t> author,
               std::string_view status, std::optional<std::string_view> submitted_at, std::string_view kind = "User") {
  return {std::move(id),
          {change ? Cell::integer(*change) : Cell(), author ? Cell::integer(*author) : Cell(), Cell::text(kind),
           Cell::text(status), submitted_at ? instant(*submitted_at) : Cell()},
          false,
          std::nullopt};
}

void write(ObjectWorld& world, const std::vector<Record>& records) {
  const auto outcome = world.write(records);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->counters.failed, 0);
}

TEST_P(DerivedTest, ComputesBothTimesOfAPublicPullRequest) { // PROV-GITHUB: 417,132 s and 165,982 s
  ObjectWorld parents = changes();
  ObjectWorld children = verdicts();
  write(parents, {change_538()});
  EXPECT_EQ(cycle(), "417132");
  EXPECT_EQ(review(), "");
  write(children, {verdict("1", 538, 343'539, "COMMENTED", "2018-03-13T00:00:00Z"),
                   verdict("2", 538, 343'539, "APPROVED", "2017-03-22T19:06:59Z"),
                   verdict("3", 538, 343'539, "PENDING", std::nullopt),
                   verdict("4", 538, 13'543'471, "COMMENTED", "2017-03-21T00:00:00Z"),
                   verdict("5", 538, 1, "APPROVED", "2017-03-20T21:01:00Z", "Bot"),
                   verdict("6", 538, std::nullopt, "APPROVED", "2017-03-20T21:02:00Z"),
                   verdict("7", 539, 343'539, "APPROVED", "2017-03-20T21:00:00Z")});
  EXPECT_EQ(review(), "165982");
}

TEST_P(DerivedTest, ComputesTheSameWhenTheChildrenCameFirst) {
  ObjectWorld parents = changes();
  ObjectWorld children = verdicts();
  write(children, {verdict("2", 538, 343'539, "APPROVED", "2017-03-22T19:06:59Z")});
  write(parents, {change_538()});
  EXPECT_EQ(review(), "165982");
}

TEST_P(DerivedTest, FollowsChangesOnEitherSide) {
  ObjectWorld parents = changes();
  ObjectWorld children = verdicts();
  Record other = change_538();
  other.external_id = "539";
  other.cells[0] = Cell::integer(539);
  write(parents, {change_538(), other});
  write(children, {verdict("2", 538, 343'539, "APPROVED", "2017-03-22T19:06:59Z"),
                   verdict("3", 538, 2, "APPROVED", "2017-03-23T21:00:37Z")});
  // A verdict that moves to another change leaves the first to the next one.
  write(children, {verdict("2", 539, 343'539, "APPROVED", "2017-03-22T19:06:59Z")});
  EXPECT_EQ(review("538"), "259200");
  EXPECT_EQ(review("539"), "165982");
  // A change whose author turns out to be the reviewer loses it.
  other.cells[1] = Cell::integer(343'539);
  write(parents, {other});
  EXPECT_EQ(review("539"), "");
  // So does one whose verdict is gone.
  Record gone = verdict("3", 538, 2, "APPROVED", "2017-03-23T21:00:37Z");
  gone.inactive = true;
  write(children, {gone});
  EXPECT_EQ(review("538"), "");
  other.cells[3] = Cell();
  write(parents, {other});
  EXPECT_EQ(cycle("539"), "");
}

TEST_P(DerivedTest, LooksAtTheSameTenantAndConnectionOnly) { // TEN-1
  ObjectWorld parents = changes();
  write(parents, {change_538()});
  const TenantId other = store().add_tenant("umbra");
  ObjectWorld theirs{store(), catalog_, other, store().add_connection(other, "main", "acme"), "verdicts", "verdict"};
  ObjectWorld second{store(),    catalog_, tenant_, store().add_connection(tenant_, "second", "acme"),
                     "verdicts", "verdict"};
  write(theirs, {verdict("2", 538, 343'539, "APPROVED", "2017-03-22T19:06:59Z")});
  write(second, {verdict("2", 538, 343'539, "APPROVED", "2017-03-22T19:06:59Z")});
  EXPECT_EQ(review(), "");
}

TEST_P(DerivedTest, CutsTowardsZeroOnMilliseconds) {
  ObjectWorld parents = changes();
  Record record = change_538();
  record.cells[2] = instant("2026-01-01T00:00:00.900Z");
  record.cells[3] = instant("2026-01-01T00:00:02.800Z");
  write(parents, {record});
  EXPECT_EQ(cycle(), "1");
  record.cells[3] = instant("2026-01-01T00:00:00.000Z");
  write(parents, {record});
  EXPECT_EQ(cycle(), "0");
  record.cells[3] = instant("2025-12-31T23:59:58.000Z");
  write(parents, {record});
  EXPECT_EQ(cycle(), "-2");
}

TEST_P(DerivedTest, LeavesTheContentHashAndUntouchedRowsAlone) {
  ObjectWorld parents = changes();
  ObjectWorld children = verdicts();
  write(parents, {change_538()});
  const std::string hash = raw("SELECT content_hash FROM change");
  write(children, {verdict("2", 538, 343'539, "APPROVED", "2017-03-22T19:06:59Z")});
  EXPECT_EQ(raw("SELECT content_hash FROM change"), hash);
  const auto outcome = parents.write({change_538()});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->counters.unchanged, 1);
  const std::string touched = raw("SELECT updated_at FROM change");
  store().clock().advance(std::chrono::hours(1));
  write(children, {verdict("3", 538, 343'539, "APPROVED", "2017-04-22T19:06:59Z")}); // later: the answer stays
  EXPECT_EQ(raw("SELECT updated_at FROM change"), touched);
}

class DerivedRulesTest : public ::testing::Test {
protected:
  static Status check(const model::Model& change) {
    const Catalog catalog({change, verdict_model()});
    return check_tables(catalog.tables());
  }
};

TEST_F(DerivedRulesTest, AreRefusedWhereTheirOperandsDoNotFit) {
  EXPECT_TRUE(check(change_model()).ok());
  auto broken = change_model();
  broken.derived[0].to = "source_id";
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("neither a timestamp nor a date"));
  broken = change_model();
  broken.derived[0].from = "nowhere";
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("\"nowhere\""));
  broken = change_model();
  std::swap(broken.derived[1], broken.derived[2]);
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("stands before it"));
  broken = change_model();
  broken.derived[1].of_model = "nothing";
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("no other model"));
  broken = change_model();
  broken.derived[1].of_field = "author_id";
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("same type"));
  broken = change_model();
  broken.derived[1].of_key = "status";
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("both texts or both integers"));
  broken = change_model();
  broken.derived[1].where[0].field = "nope";
  EXPECT_THAT(check(broken).error().message, ::testing::HasSubstr("\"nope\""));
  broken = change_model();
  broken.derived[1].where.push_back({"author_id", model::Condition::Kind::equals, "1; DROP TABLE tenant"});
  EXPECT_FALSE(check(broken).ok());
}

TEST_F(DerivedRulesTest, QuoteTheirValues) {
  auto odd = change_model();
  odd.derived[1].where[0].value = "it's";
  const Catalog catalog({odd, verdict_model()});
  ASSERT_TRUE(check_tables(catalog.tables()).ok());
  for (const Dialect dialect : {Dialect::sqlite, Dialect::postgresql}) {
    const auto fields = min_of_fields(catalog.model("change"), catalog.tables(), dialect);
    ASSERT_EQ(fields.size(), 1U);
    EXPECT_THAT(fields[0].by_id, ::testing::HasSubstr("'it''s'"));
  }
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
// SYNC-1, TEN-1
#include "core/store/rule_repository.hpp"

#include <chrono>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/connection_repository.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RuleRepositoryTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    globex_ = store().add_tenant("globex");
    connection_ = store().add_connection(acme_, "main", "acme");
    theirs_ = store().add_connection(globex_, "main", "acme");
  }
  RuleRepository rules() { return RuleRepository({database(), acme_}); }
  RuleRepository foreign_rules() { return RuleRepository({database(), globex_}); }
  RuleRecord rule(std::string object = "thing", std::string body = R"({"dryRun":true})") {
    RuleRecord made;
    made.connection = connection_;
    made.object = std::move(object);
    made.body = std::move(body);
    return made;
  }
  RuleRecord saved(const RuleRecord& wanted) {
    auto record = rules().save(wanted);
    EXPECT_TRUE(record.ok()) << record.error().message;
    return record.ok() ? *record : RuleRecord{};
  }

  TenantId acme_;
  TenantId globex_;
  ConnectionId connection_;
  ConnectionId theirs_;
};
DOVETAIL_BOTH_DIALECTS(RuleRepositoryTest);

TEST_P(RuleRepositoryTest, GivesBackWhatWasSaved_SYNC_1) {
  const RuleRecord record = saved(rule("thing", R"({"note":"naïve ' \" \\ text"})"));
  EXPECT_EQ(record.revision, 1);
  const auto found = rules().get(connection_, "thing");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->body, R"({"note":"naïve ' \" \\ text"})");
  EXPECT_TRUE((*found)->enabled);
  EXPECT_EQ((*found)->revision, 1);
  EXPECT_EQ((*found)->created_at, record.created_at);
  EXPECT_FALSE(rules().get(connection_, "other")->has_value());
}

TEST_P(RuleRepositoryTest, TheRevisionGrowsWithEachChangeAndOnlyThen_SYNC_9) {
  RuleRecord record = saved(rule());
  store().clock().advance(std::chrono::minutes(1));
  record = saved(record);
  EXPECT_EQ(record.revision, 1) << "nothing changed";
  record.enabled = false;
  record = saved(record);
  EXPECT_EQ(record.revision, 2);
  EXPECT_GT(record.updated_at, record.created_at);
  record.body = "{}";
  record = saved(record);
  EXPECT_EQ(record.revision, 3);
  EXPECT_FALSE((*rules().get(connection_, "thing"))->enabled);
  EXPECT_EQ((*rules().get(connection_, "thing"))->revision, 3);
}

TEST_P(RuleRepositoryTest, ASaveNamesTheRevisionThatItSaw) {
  RuleRecord record = saved(rule());
  EXPECT_EQ(rules().save(rule("thing", "{}")).error().code, ErrorCode::aborted) << "there is one already";
  record.body = "{}";
  record.revision = 7;
  EXPECT_EQ(rules().save(record).error().code, ErrorCode::aborted);
  RuleRecord gone = rule("other");
  gone.revision = 1;
  EXPECT_EQ(rules().save(gone).error().code, ErrorCode::aborted);
  EXPECT_EQ((*rules().get(connection_, "thing"))->body, R"({"dryRun":true})");
}

TEST_P(RuleRepositoryTest, ListsByObject) {
  saved(rule("b"));
  saved(rule("a"));
  std::vector<std::string> objects;
  const auto listed = rules().list(connection_);
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  for (const RuleRecord& one : *listed) {
    objects.push_back(one.object);
  }
  EXPECT_THAT(objects, ElementsAre("a", "b"));
}

TEST_P(RuleRepositoryTest, BoundsAreKept) {
  EXPECT_EQ(rules().save(rule("thing", std::string(max_rule_bytes + 1, ' '))).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(unmatched_records({database(), acme_}, connection_, "thing", "", 0).error().code,
            ErrorCode::invalid_argument);
}

TEST_P(RuleRepositoryTest, AnotherTenantNeitherSeesNorChangesThem_TEN_1) {
  const RuleRecord record = saved(rule());
  EXPECT_FALSE(foreign_rules().get(connection_, "thing")->has_value());
  EXPECT_THAT(*foreign_rules().list(connection_), IsEmpty());
  EXPECT_EQ(foreign_rules().save(rule()).error().code, ErrorCode::failed_precondition)
      << "the connection is not theirs";
  RuleRecord changed = record;
  changed.body = "{}";
  EXPECT_FALSE(foreign_rules().save(changed).ok());
  EXPECT_EQ((*rules().get(connection_, "thing"))->body, record.body);
  RuleRecord own = rule();
  own.connection = theirs_;
  EXPECT_TRUE(foreign_rules().save(own).ok());
  EXPECT_EQ(rules().save(own).error().code, ErrorCode::failed_precondition);
}

TEST_P(RuleRepositoryTest, GoesWithItsConnection) {
  saved(rule());
  ConnectionRepository connections({database(), acme_}, store().ids());
  ASSERT_TRUE(connections.remove(connection_, RowsOnRemoval::keep).ok());
  EXPECT_EQ(store().raw("SELECT count(*) FROM rule"), "0");
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
// SYNC-13, TEN-1
#include "core/store/match_links.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/model_table.hpp"
#include "core/store/sync_state_repository.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::minutes lease_time{10};

class MatchLinksTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    other_ = store().add_tenant("other");
    connection_ = store().add_connection(acme_, "main");
    model_.name = "thing";
    model_.label = "Thing";
    model_.fields = {{"code", model::FieldType::text, "", false}};
    const std::vector<TableSpec> tables{{.model = &model_, .match_by = {{"code"}}}};
    ASSERT_TRUE(ensure_tables(database(), tables).ok());
    lease_ = *ObjectLeases({database(), acme_}).acquire(connection_, "thing", JobId{1}, lease_time);
  }
  /// As docs/guide/matching.md says that another program may insert a row.
  void add_row(TenantId tenant, std::int64_t id, const std::string& code, const std::string& state = "active") {
    (void)store().raw(
        fmt::format("INSERT INTO thing (tenant_id, id, provider, connection_id, external_id, code, "
                    "content_hash, state, created_at, updated_at) VALUES ({}, {}, '', 0, '', '{}', 0, '{}', "
                    "'2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z')",
                    tenant.value, id, code, state));
  }
  Status confirm(const std::vector<MatchPair>& pairs) {
    return confirm_matches({database(), acme_}, lease_, model_, pairs);
  }
  std::string links() { return store().raw("SELECT count(*) FROM external_link"); }

  TenantId acme_;
  TenantId other_;
  ConnectionId connection_;
  model::Model model_;
  ObjectLease lease_;
};
DOVETAIL_BOTH_DIALECTS(MatchLinksTest);

TEST_P(MatchLinksTest, LinksRecordsToRowsThatAreThere_SYNC_13) {
  add_row(acme_, 1, "a");
  add_row(acme_, 2, "b");
  const auto confirmed = confirm({{"x1", RowId{1}}, {"x'2\"", RowId{2}}});
  ASSERT_TRUE(confirmed.ok()) << confirmed.error().message;
  const auto found = read_links({database(), acme_}, connection_, "thing");
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_THAT(*found, ElementsAre(MatchPair{"x'2\"", RowId{2}}, MatchPair{"x1", RowId{1}}));
  EXPECT_EQ(store().raw("SELECT count(*) FROM external_link WHERE state = 'active' AND content_hash = 0 AND model = "
                        "'thing' AND external_hash <> 0"),
            "2");
}

TEST_P(MatchLinksTest, HasTheObjectReadAnew_SYNC_13) {
  add_row(acme_, 1, "a");
  SyncStateRepository states({database(), acme_});
  const auto pass = states.begin_pass(lease_, PassMode::full, "17");
  ASSERT_TRUE(pass.ok());
  ASSERT_TRUE(confirm({{"x1", RowId{1}}}).ok());
  EXPECT_EQ((*states.get(connection_, "thing"))->mapping_signature, "") << "the next pass trusts no page of this one";
}

TEST_P(MatchLinksTest, RefusesDuplicatesAndChangesNothing_SYNC_13) {
  add_row(acme_, 1, "a");
  add_row(acme_, 2, "b");
  auto refused = confirm({{"x1", RowId{1}}, {"x1", RowId{2}}});
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("record \"x1\" stands there twice"));
  refused = confirm({{"x1", RowId{1}}, {"x2", RowId{1}}});
  EXPECT_THAT(refused.error().message, HasSubstr("row 1 stands there twice"));
  refused = confirm({{"", RowId{1}}, {std::string("a\0b", 3), RowId{2}}});
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(links(), "0");
}

TEST_P(MatchLinksTest, RefusesWhatIsLinkedAlready_SYNC_13) {
  add_row(acme_, 1, "a");
  add_row(acme_, 2, "b");
  add_row(acme_, 3, "c");
  ASSERT_TRUE(confirm({{"x1", RowId{1}}}).ok());
  const auto refused = confirm({{"x3", RowId{3}}, {"x1", RowId{2}}, {"x2", RowId{1}}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::already_exists);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("record \"x1\" is linked to row 1 already"),
                                             HasSubstr("row 1 is linked to record \"x1\" already")));
  EXPECT_EQ(links(), "1") << "not even the pair that was right";
}

TEST_P(MatchLinksTest, RefusesRowsThatAreNotThereDeletedOrAnotherTenants_TEN_1) {
  add_row(acme_, 1, "a");
  add_row(acme_, 2, "b", "deleted");
  add_row(acme_, 3, "c", "inactive");
  add_row(other_, 4, "d");
  for (const std::int64_t row : {2, 4, 5}) {
    const auto refused = confirm({{"x1", RowId{1}}, {"x2", RowId{row}}});
    ASSERT_FALSE(refused.ok()) << row;
    EXPECT_EQ(refused.error().code, ErrorCode::not_found);
    EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("no row {}", row)));
  }
  EXPECT_EQ(links(), "0");
  EXPECT_TRUE(confirm({{"x3", RowId{3}}}).ok()) << "an inactive row may come back";
}

TEST_P(MatchLinksTest, AnotherTenantSeesNoLinks_TEN_1) {
  add_row(acme_, 1, "a");
  ASSERT_TRUE(confirm({{"x1", RowId{1}}}).ok());
  EXPECT_THAT(*read_links({database(), other_}, connection_, "thing"), IsEmpty());
  EXPECT_FALSE(confirm_matches({database(), other_}, lease_, model_, std::vector<MatchPair>{{"x9", RowId{1}}}).ok());
}

TEST_P(MatchLinksTest, NeedsTheObjectsLease_SYNC_9) {
  add_row(acme_, 1, "a");
  ASSERT_TRUE(ObjectLeases({database(), acme_}).release(lease_).ok());
  const auto refused = confirm({{"x1", RowId{1}}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::aborted);
  EXPECT_EQ(links(), "0");
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
// SYNC-1: what a person may change of a record.
#include "core/store/local_value.hpp"

#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests
using model::PolicyKind;
using ::testing::HasSubstr;

class LocalValueTest : public testing::StoreTest {
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
    ObjectWorld deals{store(), catalog_, tenant_, connection_, "deals", "deal"};
    ASSERT_TRUE(deals.write({{"1", {Cell::text("a deal"), Cell::text("A")}, false, std::nullopt}}).ok());
    id_ = std::stoll(store().raw("SELECT id FROM deal"));
  }
  TenantScope scope() { return {database(), tenant_}; }
  const Model& model() { return catalog_.model("deal"); }
  std::string client() { return store().raw("SELECT client || '|' || client_state FROM deal"); }

  Catalog catalog_{{deal_model(), sample_model()}};
  TenantId tenant_;
  ConnectionId connection_;
  std::int64_t id_ = 0;
};
DOVETAIL_BOTH_DIALECTS(LocalValueTest);

TEST_P(LocalValueTest, SetsAndResetsAndSaysWhatItDid_SYNC_1) {
  auto change = set_local_value(scope(), model(), id_, "client", "ours");
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_EQ(change->before, "A");
  EXPECT_EQ(change->after, "ours");
  EXPECT_EQ(change->source, "A");
  EXPECT_EQ(change->policy, PolicyKind::preserve_local);
  EXPECT_EQ(change->state, "preserve_local:diverged");
  EXPECT_EQ(client(), "ours|preserve_local:diverged");
  change = reset_local_value(scope(), model(), id_, "client");
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_EQ(change->before, "ours");
  EXPECT_EQ(change->after, "A");
  EXPECT_EQ(client(), "A|preserve_local:in_sync");
  change = set_local_value(scope(), model(), id_, "client", std::nullopt);
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_EQ(store().raw("SELECT count(*) FROM deal WHERE client IS NULL"), "1");
}

TEST_P(LocalValueTest, KeepsThePolicyThatRanLast_SYNC_1) {
  std::ignore = store().raw("UPDATE deal SET client_state = 'write_once:in_sync'");
  ASSERT_TRUE(set_local_value(scope(), model(), id_, "client", "ours").ok());
  EXPECT_EQ(client(), "ours|write_once:diverged");
}

TEST_P(LocalValueTest, TouchesLocalFieldsOnly) {
  for (const auto* field : {"name", "source_client", "client_state", "id", "nothing"}) {
    const auto change = set_local_value(scope(), model(), id_, field, "x");
    ASSERT_FALSE(change.ok()) << field;
    EXPECT_EQ(change.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(change.error().message, HasSubstr("What may: client."));
  }
  const auto none = reset_local_value(scope(), catalog_.model("sample"), 1, "title");
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("No field of the model \"sample\""));
}

TEST_P(LocalValueTest, RefusesWhatNoDatabaseHolds) {
  for (const std::string& value :
       {std::string("a\0b", 3), std::string("\xFF"), std::string(max_local_value_bytes + 1, 'x')}) {
    const auto change = set_local_value(scope(), model(), id_, "client", value);
    ASSERT_FALSE(change.ok());
    EXPECT_EQ(change.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(client(), "A|preserve_local:in_sync");
}

TEST_P(LocalValueTest, ReachesNoRowOfAnotherTenant_TEN_1) {
  const TenantScope other{database(), store().add_tenant("globex")};
  for (const auto& change :
       {set_local_value(other, model(), id_, "client", "x"), reset_local_value(other, model(), id_, "client")}) {
    ASSERT_FALSE(change.ok());
    EXPECT_EQ(change.error().code, ErrorCode::not_found);
  }
  EXPECT_EQ(set_local_value(scope(), model(), id_ + 1, "client", "x").error().code, ErrorCode::not_found);
  EXPECT_EQ(client(), "A|preserve_local:in_sync");
}

} // namespace
} // namespace dovetail::store

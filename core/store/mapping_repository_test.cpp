// SPDX-License-Identifier: Apache-2.0
// SYNC-2, TEN-1
#include "core/store/mapping_repository.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/store/connection_repository.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MappingRepositoryTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    other_ = store().add_tenant("other");
    connection_ = store().add_connection(acme_, "main");
  }
  MappingRepository mappings() { return MappingRepository({database(), acme_}); }
  MappingRepository foreign() { return MappingRepository({database(), other_}); }
  static MappingOverride wanted(std::string body, std::int64_t revision = 0) {
    return {.object = "thing",
            .body = std::move(body),
            .mapping_schema_version = 3,
            .field_signature_hash = "abc",
            .revision = revision};
  }

  TenantId acme_;
  TenantId other_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(MappingRepositoryTest);

TEST_P(MappingRepositoryTest, KeepsAnOverrideWithTheStateItWasMadeFor_SYNC_2) {
  EXPECT_FALSE(mappings().find(connection_, "thing")->has_value());
  const auto saved = mappings().save(connection_, wanted(R"({"fields":{"name":"/title"}})"));
  ASSERT_TRUE(saved.ok()) << saved.error().message;
  EXPECT_EQ(*saved, 1);
  const auto found = mappings().find(connection_, "thing");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->body, R"({"fields":{"name":"/title"}})");
  EXPECT_EQ((*found)->mapping_schema_version, 3);
  EXPECT_EQ((*found)->field_signature_hash, "abc");
  EXPECT_EQ((*found)->revision, 1);
  EXPECT_FALSE(mappings().find(connection_, "part")->has_value());
  EXPECT_THAT(*mappings().list(connection_), SizeIs(1));
}

TEST_P(MappingRepositoryTest, RefusesAChangeOfWhatSomebodyElseChanged) {
  ASSERT_TRUE(mappings().save(connection_, wanted("{}")).ok());
  EXPECT_EQ(mappings().save(connection_, wanted("[]")).error().code, ErrorCode::aborted) << "it is there already";
  EXPECT_EQ(*mappings().save(connection_, wanted("{\"fields\":{}}", 1)), 2);
  const auto late = mappings().save(connection_, wanted("[]", 1));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::aborted);
  EXPECT_THAT(late.error().message, HasSubstr("\"thing\""));
  EXPECT_EQ((*mappings().find(connection_, "thing"))->body, "{\"fields\":{}}");
}

TEST_P(MappingRepositoryTest, GoesBackToTheDefault) {
  ASSERT_TRUE(mappings().save(connection_, wanted("{}")).ok());
  EXPECT_TRUE(*mappings().remove(connection_, "thing"));
  EXPECT_FALSE(*mappings().remove(connection_, "thing"));
  EXPECT_FALSE(mappings().find(connection_, "thing")->has_value());
  EXPECT_TRUE(mappings().save(connection_, wanted("{}")).ok());
}

TEST_P(MappingRepositoryTest, KeepsTheAcceptedFields_SYNC_2) {
  EXPECT_FALSE(mappings().accepted(connection_, "thing")->has_value());
  ASSERT_TRUE(mappings().accept(connection_, "thing", "[1]").ok());
  ASSERT_TRUE(mappings().accept(connection_, "thing", "[2]").ok());
  const auto accepted = mappings().accepted(connection_, "thing");
  ASSERT_TRUE(accepted.ok() && accepted->has_value());
  EXPECT_EQ((*accepted)->fields, "[2]");
}

TEST_P(MappingRepositoryTest, BoundsWhatItKeeps) {
  EXPECT_EQ(mappings().save(connection_, wanted(std::string(limits::max_mapping_bytes + 1, ' '))).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(
      mappings().accept(connection_, "thing", std::string(limits::max_accepted_fields_bytes + 1, ' ')).error().code,
      ErrorCode::invalid_argument);
}

TEST_P(MappingRepositoryTest, GoesWithItsConnection) {
  ASSERT_TRUE(mappings().save(connection_, wanted("{}")).ok());
  ASSERT_TRUE(mappings().accept(connection_, "thing", "[]").ok());
  ASSERT_TRUE(ConnectionRepository({database(), acme_}, store().ids()).remove(connection_, RowsOnRemoval::keep).ok());
  EXPECT_EQ(store().raw("SELECT count(*) FROM mapping_override"), "0");
  EXPECT_EQ(store().raw("SELECT count(*) FROM accepted_fields"), "0");
}

TEST_P(MappingRepositoryTest, AnotherTenantCannotSeeOrTouchAMapping_TEN_1) {
  ASSERT_TRUE(mappings().save(connection_, wanted("{}")).ok());
  ASSERT_TRUE(mappings().accept(connection_, "thing", "[1]").ok());
  EXPECT_FALSE(foreign().find(connection_, "thing")->has_value());
  EXPECT_THAT(*foreign().list(connection_), IsEmpty());
  EXPECT_FALSE(foreign().accepted(connection_, "thing")->has_value());
  EXPECT_FALSE(*foreign().remove(connection_, "thing"));
  EXPECT_EQ(foreign().save(connection_, wanted("[]", 1)).error().code, ErrorCode::aborted);
  EXPECT_FALSE(foreign().save(connection_, wanted("[]")).ok()) << "the connection is not that tenant's";
  EXPECT_FALSE(foreign().accept(connection_, "thing", "[2]").ok());
  EXPECT_EQ((*mappings().find(connection_, "thing"))->body, "{}");
  EXPECT_EQ((*mappings().accepted(connection_, "thing"))->fields, "[1]");
}

} // namespace
} // namespace dovetail::store

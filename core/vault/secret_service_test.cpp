// SPDX-License-Identifier: Apache-2.0
#include "core/vault/secret_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/testing/memory_secret_records.hpp"
#include "core/vault/testing/rings.hpp"

namespace dovetail::vault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SecretServiceTest : public ::testing::Test {
protected:
  SystemSecureRandom random_;
  Vault vault_ = testing::vault_of(testing::ring_entry("k1", 'a'), random_);
  testing::MemorySecretRecords records_;
  SecretService service_{vault_, records_};
  const SecretAddress address_{TenantId{1}, ConnectionId{2}, "token"};
};

// VAULT-1
TEST_F(SecretServiceTest, LoadsWhatWasSavedAndStoresOnlyTheSeal) {
  const auto version = service_.save(address_, Secret("hunter2-hunter2"), std::nullopt);
  ASSERT_TRUE(version.ok()) << version.error().message;
  const auto loaded = service_.load(address_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->secret.reveal(), "hunter2-hunter2");
  EXPECT_EQ(loaded->version, *version);
  ASSERT_EQ(records_.snapshot().size(), 1U);
  EXPECT_THAT(records_.snapshot().at(address_).bytes, Not(HasSubstr("hunter2")));
}

// AUTH-3 builds on this
TEST_F(SecretServiceTest, ASaveOverAVersionThatIsGoneIsAbortedAndChangesNothing) {
  const auto first = service_.save(address_, Secret("one"), 0);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(service_.save(address_, Secret("two"), *first).ok());
  EXPECT_EQ(service_.save(address_, Secret("late"), *first).error().code, ErrorCode::aborted);
  EXPECT_EQ(service_.save(address_, Secret("new"), 0).error().code, ErrorCode::aborted);
  EXPECT_EQ(service_.load(address_)->secret.reveal(), "two");
}

// VAULT-1
TEST_F(SecretServiceTest, ARecordCopiedToAnotherPlaceDoesNotLoad) {
  ASSERT_TRUE(service_.save(address_, Secret("value"), std::nullopt).ok());
  const auto sealed = records_.snapshot().at(address_);
  for (const auto& other :
       {SecretAddress{TenantId{2}, ConnectionId{2}, "token"}, SecretAddress{TenantId{1}, ConnectionId{1}, "token"},
        SecretAddress{TenantId{1}, ConnectionId{2}, "api_key"}}) {
    ASSERT_TRUE(records_.put(other, sealed, std::nullopt).ok());
    EXPECT_EQ(service_.load(other).error().code, ErrorCode::data_loss);
  }
}

TEST_F(SecretServiceTest, ListsNamesAndRemoves) {
  for (const char* name : {"token", "api_key"}) {
    ASSERT_TRUE(service_.save({TenantId{1}, ConnectionId{2}, name}, Secret("value"), std::nullopt).ok());
  }
  EXPECT_THAT(*service_.names(TenantId{1}, ConnectionId{2}), ElementsAre("api_key", "token"));
  EXPECT_TRUE(*service_.remove(address_));
  EXPECT_FALSE(*service_.remove(address_));
  EXPECT_THAT(*service_.names(TenantId{1}, ConnectionId{2}), ElementsAre("api_key"));
  EXPECT_THAT(*service_.names(TenantId{1}, ConnectionId{3}), IsEmpty());
  const auto gone = service_.load(address_);
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
  EXPECT_THAT(gone.error().message, HasSubstr("\"token\""));
}

TEST_F(SecretServiceTest, RefusesAnEmptySecretAndABadName) {
  EXPECT_EQ(service_.save(address_, Secret(), std::nullopt).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(service_.load({TenantId{1}, ConnectionId{2}, "../x"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(service_.remove({TenantId{0}, ConnectionId{2}, "x"}).error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(records_.snapshot(), IsEmpty());
}

} // namespace
} // namespace dovetail::vault

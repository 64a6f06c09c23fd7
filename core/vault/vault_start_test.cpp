// SPDX-License-Identifier: Apache-2.0
#include "core/vault/vault_start.hpp"

#include <array>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/secret_service.hpp"
#include "core/vault/testing/memory_secret_records.hpp"
#include "core/vault/testing/rings.hpp"

namespace dovetail::vault {
namespace {

using ::testing::HasSubstr;
using testing::ring_entry;

class VaultStartTest : public ::testing::Test {
protected:
  Result<std::unique_ptr<Vault>> start(const std::optional<std::string>& ring, VaultStartOptions options = {}) {
    std::optional<Secret> text;
    if (ring) {
      text.emplace(std::string_view(*ring));
    }
    return start_vault(text, records_, random_, options);
  }
  void store(const std::string& ring, std::int64_t tenant) {
    const Vault vault = testing::vault_of(ring, random_);
    ASSERT_TRUE(SecretService(vault, records_)
                    .save({TenantId{tenant}, ConnectionId{1}, "token"}, Secret("value"), std::nullopt)
                    .ok());
  }
  std::string failure(const std::optional<std::string>& ring, VaultStartOptions options = {}) {
    const auto vault = start(ring, options);
    EXPECT_FALSE(vault.ok());
    if (vault.ok()) {
      return {};
    }
    EXPECT_EQ(vault.error().code, ErrorCode::failed_precondition);
    return vault.error().message;
  }

  SystemSecureRandom random_;
  testing::MemorySecretRecords records_;
};

// VAULT-3
TEST_F(VaultStartTest, WithoutARingItRefusesWhenIntegrationsAreEnabledOrSecretsAreStored) {
  EXPECT_THAT(failure(std::nullopt), HasSubstr("DOVETAIL_VAULT_KEYS is not set"));
  const auto none = start(std::nullopt, {.integrations_enabled = false});
  ASSERT_TRUE(none.ok()) << none.error().message;
  EXPECT_EQ(*none, nullptr);
  store(ring_entry("k1", 'a'), 1);
  EXPECT_THAT(failure(std::nullopt, {.integrations_enabled = false}), HasSubstr("1 with key \"k1\""));
}

// VAULT-3
TEST_F(VaultStartTest, AMalformedRingIsRefusedEvenWhenNoneIsNeeded) {
  for (const char* ring : {"", "k1", "k1:AAAA"}) {
    const auto vault = start(ring, {.integrations_enabled = false});
    ASSERT_FALSE(vault.ok());
    EXPECT_EQ(vault.error().code, ErrorCode::invalid_argument);
  }
}

// VAULT-3
TEST_F(VaultStartTest, TheSameIdWithOtherBytesIsNoticedBeforeAnySecretIsStored) {
  ASSERT_TRUE(start(ring_entry("k1", 'a')).ok());
  EXPECT_TRUE(start(ring_entry("k1", 'a')).ok());
  const std::string message = failure(ring_entry("k1", 'b'));
  EXPECT_THAT(message, HasSubstr("\"k1\""));
  EXPECT_THAT(message, HasSubstr("id of its own"));
  EXPECT_THAT(failure(ring_entry("k2", 'c') + " " + ring_entry("k1", 'b')), HasSubstr("\"k1\""));
  EXPECT_TRUE(start(ring_entry("k2", 'c') + " " + ring_entry("k1", 'a')).ok());
}

// VAULT-3
TEST_F(VaultStartTest, ARetiredKeysIdCannotComeBackAsAnotherKey) {
  ASSERT_TRUE(start(ring_entry("k1", 'a')).ok());
  ASSERT_TRUE(start(ring_entry("k2", 'b')).ok());
  EXPECT_THAT(failure(ring_entry("k1", 'c') + " " + ring_entry("k2", 'b')), HasSubstr("\"k1\""));
}

// VAULT-3
TEST_F(VaultStartTest, AStoredSecretStandsInForALostCanary) {
  ASSERT_TRUE(start(ring_entry("k1", 'a')).ok());
  store(ring_entry("k1", 'a'), 1);
  store(ring_entry("k1", 'a'), 2);
  // The first record is damaged: it must not make the right key look wrong.
  ASSERT_TRUE(records_.put({TenantId{1}, ConnectionId{1}, "token"}, {"k1", "damaged"}, std::nullopt).ok());
  records_.forget_canary("k1");
  EXPECT_THAT(failure(ring_entry("k1", 'b')), HasSubstr("opens none"));
  EXPECT_FALSE(records_.get_canary("k1")->has_value()) << "a wrong key must not leave its canary";
  EXPECT_TRUE(start(ring_entry("k1", 'a')).ok());
  EXPECT_TRUE(records_.get_canary("k1")->has_value());
}

// VAULT-3
TEST_F(VaultStartTest, KeysThatStoredSecretsNeedMustBeThere) {
  store(ring_entry("k1", 'a'), 1);
  store(ring_entry("k1", 'a'), 2);
  store(ring_entry("k0", 'z'), 3);
  const std::string message = failure(ring_entry("k2", 'b'));
  EXPECT_THAT(message, HasSubstr("1 with key \"k0\", 2 with key \"k1\""));
  const auto tolerant = start(ring_entry("k2", 'b'), {.tolerate_missing_keys = true});
  ASSERT_TRUE(tolerant.ok()) << tolerant.error().message;
  EXPECT_EQ((*tolerant)->primary_key_id(), "k2");
  EXPECT_TRUE(start(ring_entry("k2", 'b') + "," + ring_entry("k1", 'a') + "," + ring_entry("k0", 'z')).ok());
}

TEST_F(VaultStartTest, OfTwoProcessesWithDifferentKeysUnderOneIdOneIsRefused) {
  for (int round = 0; round < 50; ++round) {
    const std::string id = "k" + std::to_string(round);
    std::array<bool, 2> started{};
    {
      std::vector<std::jthread> processes;
      for (std::size_t i = 0; i < 2; ++i) {
        processes.emplace_back([&, i] { started[i] = start(ring_entry(id, static_cast<char>('a' + i))).ok(); });
      }
    }
    EXPECT_NE(started[0], started[1]);
  }
}

// VAULT-4
TEST(VaultEnvironment, TheRingIsTakenOutOfTheEnvironment) {
  // NOLINTBEGIN(concurrency-mt-unsafe): this test has no threads
  ASSERT_EQ(::setenv("DOVETAIL_VAULT_KEYS", "k1:planted", 1), 0);
  const char* value = ::getenv("DOVETAIL_VAULT_KEYS");
  ASSERT_NE(value, nullptr);
  const std::string_view place(value);
  const auto text = take_ring_text_from_environment();
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->reveal(), "k1:planted");
  EXPECT_EQ(place, std::string(10, '\0')) << "the bytes that the kernel shows in /proc must be gone";
  EXPECT_EQ(::getenv("DOVETAIL_VAULT_KEYS"), nullptr);
  EXPECT_FALSE(take_ring_text_from_environment().has_value());
  // NOLINTEND(concurrency-mt-unsafe)
}

} // namespace
} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#include "core/vault/vault.hpp"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/testing/rings.hpp"

namespace dovetail::vault {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VaultTest : public ::testing::Test {
protected:
  Vault vault_of(const std::string& text) { return testing::vault_of(text, random_); }

  SystemSecureRandom random_;
  const SecretAddress address_{TenantId{7}, ConnectionId{11}, "access_token"};
};

void expect_closed(const Vault& vault, const SecretAddress& address, const SealedSecret& sealed) {
  const auto opened = vault.open(address, sealed);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::data_loss);
}

// VAULT-1
TEST_F(VaultTest, OpensWhatItSealedAtEveryLength) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 200U, 4096U, 65536U}) {
    const Secret secret(std::string(length, 's'));
    const auto sealed = vault.seal(address_, secret);
    ASSERT_TRUE(sealed.ok()) << sealed.error().message;
    EXPECT_EQ(sealed->key_id, "k1");
    EXPECT_EQ(sealed->bytes.size(), length + sealed_overhead_bytes);
    if (length >= 15) {
      EXPECT_THAT(sealed->bytes, Not(HasSubstr(std::string(8, 's'))));
    }
    const auto opened = vault.open(address_, *sealed);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_TRUE(*opened == secret);
  }
}

TEST_F(VaultTest, RefusesASecretThatIsTooLongAndAnAddressThatIsNone) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  EXPECT_EQ(vault.seal(address_, Secret(std::string(65537, 's'))).error().code, ErrorCode::invalid_argument);
  const auto sealed = vault.seal(address_, Secret("value"));
  ASSERT_TRUE(sealed.ok());
  for (const auto& address :
       {SecretAddress{TenantId{0}, ConnectionId{11}, "a"}, SecretAddress{TenantId{7}, ConnectionId{-1}, "a"},
        SecretAddress{TenantId{7}, ConnectionId{11}, ""}, SecretAddress{TenantId{7}, ConnectionId{11}, "A b"},
        SecretAddress{TenantId{7}, ConnectionId{11}, std::string(64, 'a')}}) {
    EXPECT_EQ(vault.seal(address, Secret("value")).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(vault.open(address, *sealed).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(vault.seal({TenantId{7}, ConnectionId{11}, std::string(63, 'a')}, Secret("value")).ok());
}

// VAULT-1: every pair of different addresses, with names that join to the same text.
TEST_F(VaultTest, ASealedSecretOpensAtItsOwnAddressOnly) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  std::vector<SecretAddress> addresses;
  for (const std::int64_t tenant : {1, 2, 256, 257}) {
    for (const std::int64_t connection : {1, 2, 256, 257}) {
      for (const char* name : {"a", "b", "ab", "1", "11", "access_token"}) {
        addresses.push_back({TenantId{tenant}, ConnectionId{connection}, name});
      }
    }
  }
  for (const auto& home : addresses) {
    const auto sealed = vault.seal(home, Secret("value"));
    ASSERT_TRUE(sealed.ok());
    for (const auto& other : addresses) {
      EXPECT_EQ(vault.open(other, *sealed).ok(), other == home);
    }
  }
}

// VAULT-1
TEST_F(VaultTest, NoAlteredByteOpens) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  const auto sealed = vault.seal(address_, Secret("a secret of some length"));
  ASSERT_TRUE(sealed.ok());
  for (std::size_t i = 0; i < sealed->bytes.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      SealedSecret altered = *sealed;
      altered.bytes[i] = static_cast<char>(static_cast<unsigned char>(altered.bytes[i]) ^ (1U << bit));
      expect_closed(vault, address_, altered);
    }
  }
  for (std::size_t length = 0; length < sealed->bytes.size(); ++length) {
    expect_closed(vault, address_, {sealed->key_id, sealed->bytes.substr(0, length)});
    expect_closed(vault, address_, {sealed->key_id, sealed->bytes.substr(sealed->bytes.size() - length)});
  }
  expect_closed(vault, address_, {sealed->key_id, sealed->bytes + '\0'});
  expect_closed(vault, address_, {sealed->key_id, std::string(max_sealed_bytes + 1, '\1')});
  EXPECT_TRUE(vault.open(address_, *sealed).ok()) << "the failures above must leave the ciphers usable";
}

// VAULT-4
TEST_F(VaultTest, TheErrorIsTheSameWhateverWasAlteredAndHoldsNoSecret) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  const auto sealed = vault.seal(address_, Secret("hunter2-hunter2"));
  ASSERT_TRUE(sealed.ok());
  std::set<std::string> messages;
  for (const std::size_t place : {0UL, 1UL, 13UL, sealed->bytes.size() - 1}) {
    SealedSecret altered = *sealed;
    altered.bytes[place] = static_cast<char>(altered.bytes[place] ^ 1);
    messages.insert(vault.open(address_, altered).error().message);
  }
  messages.insert(vault.open(address_, {sealed->key_id, ""}).error().message);
  messages.insert(vault.open(address_, {"not a key id", sealed->bytes}).error().message);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(*messages.begin(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(*messages.begin(), HasSubstr("access_token"));
}

// VAULT-2
TEST_F(VaultTest, TheNewestKeySealsAndOldKeysOpen) {
  const Vault before = vault_of(testing::ring_entry("old", 'a'));
  const auto sealed = before.seal(address_, Secret("value"));
  ASSERT_TRUE(sealed.ok());
  const Vault after = vault_of(testing::ring_entry("new", 'b') + "," + testing::ring_entry("old", 'a'));
  EXPECT_EQ(after.primary_key_id(), "new");
  EXPECT_THAT(after.key_ids(), ::testing::ElementsAre("new", "old"));
  const auto opened = after.open(address_, *sealed);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->reveal(), "value");
  EXPECT_EQ(after.seal(address_, Secret("value"))->key_id, "new");
}

// VAULT-2
TEST_F(VaultTest, AMissingKeyIsNamedWithWhatToDo) {
  const auto sealed = vault_of(testing::ring_entry("old", 'a')).seal(address_, Secret("value"));
  ASSERT_TRUE(sealed.ok());
  const auto opened = vault_of(testing::ring_entry("new", 'b')).open(address_, *sealed);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(opened.error().message, HasSubstr("\"old\""));
  EXPECT_THAT(opened.error().message, HasSubstr("DOVETAIL_VAULT_KEYS"));
}

TEST_F(VaultTest, ASecretDoesNotOpenUnderAnotherKeyOrKeyId) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a') + "," + testing::ring_entry("k2", 'b'));
  const auto sealed = vault.seal(address_, Secret("value"));
  ASSERT_TRUE(sealed.ok());
  expect_closed(vault, address_, {"k2", sealed->bytes});
  expect_closed(vault_of(testing::ring_entry("k1", 'b')), address_, *sealed);
  // The key's id is part of what is authenticated, so the same bytes under a new name do not open either.
  expect_closed(vault_of(testing::ring_entry("k9", 'a')), address_, {"k9", sealed->bytes});
}

TEST_F(VaultTest, NoTwoSealsAreEqual) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  std::set<std::string> nonces;
  for (int i = 0; i < 1000; ++i) {
    nonces.insert(vault.seal(address_, Secret("value"))->bytes.substr(1, 12));
  }
  EXPECT_EQ(nonces.size(), 1000U);
}

class BrokenRandom final : public SecureRandom {
public:
  Status fill(std::span<std::uint8_t> /*out*/) override { return internal("no randomness"); }
};

TEST_F(VaultTest, SealsNothingWithoutRandomness) {
  BrokenRandom broken;
  auto ring = KeyRing::parse(Secret(std::string_view(testing::ring_entry("k1", 'a'))));
  const Vault vault(*ring, broken);
  EXPECT_EQ(vault.seal(address_, Secret("value")).error().code, ErrorCode::internal);
}

// VAULT-3
TEST_F(VaultTest, ACanaryTellsTheSameKeyIdWithOtherBytes) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a') + "," + testing::ring_entry("k2", 'b'));
  for (const auto& id : vault.key_ids()) {
    const auto canary = vault.seal_canary(id);
    ASSERT_TRUE(canary.ok());
    EXPECT_TRUE(vault.check_canary(*canary).ok());
    const auto other = vault_of(testing::ring_entry(id, 'z')).check_canary(*canary);
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().code, ErrorCode::failed_precondition);
    EXPECT_THAT(other.error().message, HasSubstr(id));
  }
  EXPECT_EQ(vault.seal_canary("k3").error().code, ErrorCode::not_found);
}

TEST_F(VaultTest, ACanaryIsNoSecretAndASecretNoCanary) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a'));
  const auto canary = vault.seal_canary("k1");
  const auto sealed = vault.seal(address_, Secret("dovetail vault canary"));
  ASSERT_TRUE(canary.ok() && sealed.ok());
  expect_closed(vault, address_, *canary);
  EXPECT_FALSE(vault.check_canary(*sealed).ok());
}

TEST_F(VaultTest, DerivedKeysDifferByPurposeAndByKey) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a') + "," + testing::ring_entry("k2", 'b'));
  std::set<std::string> keys;
  for (const char* id : {"k1", "k2"}) {
    for (const char* purpose : {"oauth/state", "oauth/stat", ""}) {
      const auto key = vault.derive_key(id, purpose);
      ASSERT_TRUE(key.ok());
      EXPECT_EQ(key->size(), 32U);
      keys.insert(std::string(key->reveal()));
    }
  }
  EXPECT_EQ(keys.size(), 6U);
  EXPECT_TRUE(*vault.derive_key("k1", "oauth/state") ==
              *vault_of(testing::ring_entry("k1", 'a')).derive_key("k1", "oauth/state"));
  EXPECT_EQ(vault.derive_key("k3", "oauth/state").error().code, ErrorCode::not_found);
}

// More threads than ciphers per key, so that some wait for a cipher.
TEST_F(VaultTest, ManyThreadsSealAndOpenAtOnce) {
  const Vault vault = vault_of(testing::ring_entry("k1", 'a') + "," + testing::ring_entry("k2", 'b'));
  constexpr int threads = 16;
  std::vector<int> good(threads, 0);
  {
    std::vector<std::jthread> workers;
    workers.reserve(threads);
    for (int worker = 0; worker < threads; ++worker) {
      workers.emplace_back([&, worker] {
        for (int i = 0; i < 200; ++i) {
          const SecretAddress address{TenantId{worker + 1}, ConnectionId{i + 1}, "token"};
          const Secret secret(std::string(static_cast<std::size_t>(1 + i), static_cast<char>('a' + worker)));
          const auto sealed = vault.seal(address, secret);
          if (!sealed.ok() || vault.open({TenantId{worker + 1}, ConnectionId{i + 2}, "token"}, *sealed).ok()) {
            continue;
          }
          const auto opened = vault.open(address, *sealed);
          good[static_cast<std::size_t>(worker)] += opened.ok() && *opened == secret ? 1 : 0;
        }
      });
    }
  }
  EXPECT_THAT(good, ::testing::Each(200));
}

} // namespace
} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/secret_records.hpp"

/// The contract of SecretRecords as tests. A test program of an implementation includes this once and adds
///
///     INSTANTIATE_TEST_SUITE_P(MyStore, SecretRecordsContract, testing::Values(make_my_world), world_name);
namespace dovetail::vault::testing {

/// An empty database with the implementation on top.
class SecretRecordsWorld {
public:
  SecretRecordsWorld() = default;
  SecretRecordsWorld(const SecretRecordsWorld&) = delete;
  SecretRecordsWorld& operator=(const SecretRecordsWorld&) = delete;
  SecretRecordsWorld(SecretRecordsWorld&&) = delete;
  SecretRecordsWorld& operator=(SecretRecordsWorld&&) = delete;
  virtual ~SecretRecordsWorld() = default;

  [[nodiscard]] virtual SecretRecords& records() = 0;
  /// Makes the rows that a secret of this tenant and connection refers to, where the implementation has such. May be called twice.
  virtual void ensure_connection(TenantId tenant, ConnectionId connection) = 0;
};

using MakeSecretRecordsWorld = std::function<std::unique_ptr<SecretRecordsWorld>()>;

class SecretRecordsContract : public ::testing::TestWithParam<MakeSecretRecordsWorld> {
protected:
  SecretAddress address(std::int64_t tenant, std::int64_t connection, std::string name) {
    world_->ensure_connection(TenantId{tenant}, ConnectionId{connection});
    return {TenantId{tenant}, ConnectionId{connection}, std::move(name)};
  }
  std::int64_t put(const SecretAddress& where, const SealedSecret& sealed,
                   std::optional<std::int64_t> expected = std::nullopt) {
    const auto version = records().put(where, sealed, expected);
    EXPECT_TRUE(version.ok()) << version.error().message;
    return version.ok() ? *version : 0;
  }
  SecretRecords& records() { return world_->records(); }

  std::unique_ptr<SecretRecordsWorld> world_ = GetParam()();
};

/// Every byte value, so that a text column in the place of a binary one is found out.
inline SealedSecret binary_secret(std::string key_id) {
  SealedSecret sealed{std::move(key_id), {}};
  for (int i = 0; i < 512; ++i) {
    sealed.bytes.push_back(static_cast<char>(i));
  }
  return sealed;
}

inline std::vector<SecretAddress> addresses_of(const std::vector<AddressedRecord>& batch) {
  std::vector<SecretAddress> addresses;
  addresses.reserve(batch.size());
  for (const auto& item : batch) {
    addresses.push_back(item.address);
  }
  return addresses;
}

TEST_P(SecretRecordsContract, GivesBackWhatWasPut) {
  const auto where = address(1, 2, "token");
  const auto nothing = records().get(where);
  ASSERT_TRUE(nothing.ok()) << nothing.error().message;
  EXPECT_FALSE(nothing->has_value());
  const auto version = put(where, binary_secret("k1"));
  EXPECT_GT(version, 0);
  const auto found = records().get(where);
  ASSERT_TRUE(found.ok()) << found.error().message;
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->sealed, binary_secret("k1"));
  EXPECT_EQ((*found)->version, version);
}

TEST_P(SecretRecordsContract, KeepsASecretOfTheLargestSize) {
  const auto where = address(1, 2, "token");
  const SealedSecret largest{std::string(max_key_id_length, 'k'), std::string(max_sealed_bytes, '\xfe')};
  put(where, largest);
  const auto found = records().get(where);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->sealed, largest);
}

TEST_P(SecretRecordsContract, APutWithTheVersionReadWinsOnce) {
  const auto where = address(1, 2, "token");
  const auto first = put(where, {"k1", "one"}, 0);
  EXPECT_EQ(records().put(where, {"k1", "two"}, 0).error().code, ErrorCode::aborted);
  const auto second = put(where, {"k1", "two"}, first);
  EXPECT_NE(first, second);
  EXPECT_EQ(records().put(where, {"k1", "three"}, first).error().code, ErrorCode::aborted);
  const auto third = put(where, {"k1", "three"});
  EXPECT_NE(second, third);
  const auto found = records().get(where);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->sealed.bytes, "three");
  EXPECT_EQ(records().put(address(1, 2, "other"), {"k1", "x"}, third).error().code, ErrorCode::aborted);
}

TEST_P(SecretRecordsContract, AVersionNeverComesBackAfterRemoval) {
  const auto where = address(1, 2, "token");
  std::set<std::int64_t> versions;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(versions.insert(put(where, {"k1", "x"}, 0)).second);
    const auto removed = records().remove(where);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
    EXPECT_TRUE(*removed);
  }
  const auto again = records().remove(where);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(*again);
  EXPECT_EQ(records().put(where, {"k1", "x"}, *versions.begin()).error().code, ErrorCode::aborted);
}

// VAULT-2
TEST_P(SecretRecordsContract, AResealReplacesExactlyWhatWasReadAndKeepsTheVersion) {
  const auto where = address(1, 2, "token");
  const auto other = address(1, 2, "other");
  const SealedSecret old_seal{"k1", binary_secret("k1").bytes};
  const SealedSecret new_seal{"k2", binary_secret("k2").bytes + "x"};
  const auto version = put(where, old_seal);
  put(other, old_seal);
  for (const auto& not_it : {SealedSecret{"k2", old_seal.bytes}, SealedSecret{"k1", old_seal.bytes + "x"}}) {
    const auto refused = records().reseal(where, not_it, new_seal);
    ASSERT_TRUE(refused.ok()) << refused.error().message;
    EXPECT_FALSE(*refused);
  }
  const auto done = records().reseal(where, old_seal, new_seal);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_TRUE(*done);
  auto found = records().get(where);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->sealed, new_seal);
  EXPECT_EQ((*found)->version, version);
  EXPECT_EQ((*records().get(other))->sealed, old_seal);
  put(where, {"k1", "refreshed"}, version);
  EXPECT_FALSE(*records().reseal(where, new_seal, old_seal));
  EXPECT_TRUE(*records().remove(where));
  EXPECT_FALSE(*records().reseal(where, {"k1", "refreshed"}, new_seal));
  EXPECT_FALSE((*records().get(where)).has_value());
}

// TEN-1
TEST_P(SecretRecordsContract, TenantsAndConnectionsAreApart) {
  const auto mine = address(1, 10, "token");
  const auto sibling = address(1, 11, "token");
  const auto foreign = address(2, 20, "token");
  put(mine, {"k1", "mine"});
  put(sibling, {"k1", "sibling"});
  put(foreign, {"k1", "foreign"});
  put(address(1, 10, "api_key"), {"k1", "x"});
  const auto names = records().names(TenantId{1}, ConnectionId{10});
  ASSERT_TRUE(names.ok()) << names.error().message;
  EXPECT_THAT(*names, ::testing::ElementsAre("api_key", "token"));
  const auto crossed = records().names(TenantId{2}, ConnectionId{10});
  ASSERT_TRUE(crossed.ok());
  EXPECT_THAT(*crossed, ::testing::IsEmpty());
  const auto not_there = records().get({TenantId{2}, ConnectionId{10}, "token"});
  ASSERT_TRUE(not_there.ok());
  EXPECT_FALSE(not_there->has_value());
  EXPECT_FALSE(*records().remove({TenantId{2}, ConnectionId{10}, "token"}));
  ASSERT_TRUE(*records().remove(mine));
  EXPECT_EQ((*records().get(sibling))->sealed.bytes, "sibling");
  EXPECT_EQ((*records().get(foreign))->sealed.bytes, "foreign");
}

// VAULT-2
TEST_P(SecretRecordsContract, ScansInOrderInBoundedBatchesFromAnyPlace) {
  std::vector<SecretAddress> old_ones;
  for (const std::int64_t tenant : {1, 2, 10}) {
    for (const std::int64_t offset : {1, 2}) {
      for (const char* name : {"a", "a-b", "a_b", "ab", "b"}) {
        old_ones.push_back(address(tenant, tenant * 100 + offset, name));
        put(old_ones.back(), {"old", "x"});
      }
      put(address(tenant, tenant * 100 + offset, "c"), {"new", "x"});
    }
  }
  for (const std::size_t limit : {1U, 4U, 1000U}) {
    std::vector<SecretAddress> seen;
    std::optional<SecretAddress> after;
    while (true) {
      const auto batch = records().scan(KeyMatch::not_sealed_with, "new", after, limit);
      ASSERT_TRUE(batch.ok()) << batch.error().message;
      EXPECT_LE(batch->size(), limit);
      if (batch->empty()) {
        break;
      }
      for (const auto& item : *batch) {
        EXPECT_EQ(item.record.sealed, (SealedSecret{"old", "x"}));
        EXPECT_GT(item.record.version, 0);
        seen.push_back(item.address);
      }
      after = seen.back();
    }
    EXPECT_EQ(seen, old_ones);
  }
  const auto same = records().scan(KeyMatch::sealed_with, "old", std::nullopt, 1000);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(addresses_of(*same), old_ones);
  const auto behind =
      records().scan(KeyMatch::sealed_with, "old", SecretAddress{TenantId{2}, ConnectionId{201}, "aa"}, 1);
  ASSERT_TRUE(behind.ok());
  EXPECT_THAT(addresses_of(*behind), ::testing::ElementsAre(address(2, 201, "ab")));
  EXPECT_EQ(records().scan(KeyMatch::sealed_with, "old", std::nullopt, 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(records().scan(KeyMatch::sealed_with, "old", std::nullopt, 1001).error().code, ErrorCode::invalid_argument);
}

TEST_P(SecretRecordsContract, CountsSecretsByKey) {
  put(address(1, 10, "a"), {"k2", "x"});
  put(address(1, 10, "b"), {"k1", "x"});
  put(address(2, 20, "a"), {"k2", "x"});
  const auto counts = records().count_by_key();
  ASSERT_TRUE(counts.ok()) << counts.error().message;
  ASSERT_EQ(counts->size(), 2U);
  EXPECT_EQ((*counts)[0].key_id, "k1");
  EXPECT_EQ((*counts)[0].secrets, 1);
  EXPECT_EQ((*counts)[1].key_id, "k2");
  EXPECT_EQ((*counts)[1].secrets, 2);
}

// VAULT-3
TEST_P(SecretRecordsContract, ACanaryIsWrittenOnce) {
  const auto nothing = records().get_canary("k1");
  ASSERT_TRUE(nothing.ok()) << nothing.error().message;
  EXPECT_FALSE(nothing->has_value());
  EXPECT_TRUE(records().put_canary(binary_secret("k1")).ok());
  EXPECT_EQ(records().put_canary({"k1", "other"}).error().code, ErrorCode::already_exists);
  const auto found = records().get_canary("k1");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ(**found, binary_secret("k1"));
  EXPECT_FALSE(records().get_canary("k2")->has_value());
}

TEST_P(SecretRecordsContract, OfManyWritersWithOneVersionOneWins) {
  const auto where = address(1, 2, "token");
  for (int round = 0; round < 5; ++round) {
    const auto version = put(where, {"k1", "start"});
    constexpr std::size_t writers = 4;
    std::vector<int> won(writers, 0);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] {
          const auto written = records().put(where, {"k1", std::to_string(i)}, version);
          won[i] = written.ok() ? 1 : 0;
          if (!written.ok()) {
            EXPECT_EQ(written.error().code, ErrorCode::aborted) << written.error().message;
          }
        });
      }
    }
    EXPECT_THAT(won, ::testing::UnorderedElementsAre(0, 0, 0, 1));
    const auto found = records().get(where);
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ(won[std::stoul((*found)->sealed.bytes)], 1);
  }
}

} // namespace dovetail::vault::testing

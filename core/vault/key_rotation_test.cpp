// SPDX-License-Identifier: Apache-2.0
#include "core/vault/key_rotation.hpp"

#include <atomic>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/secret_service.hpp"
#include "core/vault/testing/memory_secret_records.hpp"
#include "core/vault/testing/rings.hpp"
#include "core/vault/vault_start.hpp"

namespace dovetail::vault {
namespace {

using testing::ring_entry;

SecretAddress nth_address(int n) {
  return {TenantId{1 + n % 5}, ConnectionId{1 + n / 5}, n % 2 == 0 ? "token" : "api_key"};
}
Secret nth_secret(int n) { return Secret("secret number " + std::to_string(n)); }

class KeyRotationTest : public ::testing::Test {
protected:
  void store(const Vault& vault, int count) {
    SecretService service(vault, records_);
    for (int n = 0; n < count; ++n) {
      ASSERT_TRUE(service.save(nth_address(n), nth_secret(n), std::nullopt).ok());
    }
  }
  void expect_all_open_with(const Vault& vault, int count) {
    SecretService service(vault, records_);
    for (int n = 0; n < count; ++n) {
      const auto loaded = service.load(nth_address(n));
      ASSERT_TRUE(loaded.ok()) << loaded.error().message;
      EXPECT_TRUE(loaded->secret == nth_secret(n));
    }
  }

  SystemSecureRandom random_;
  const VirtualClock clock_{Timestamp{}};
  testing::MemorySecretRecords records_;
  const Vault old_ = testing::vault_of(ring_entry("old", 'a'), random_);
  const Vault both_ = testing::vault_of(ring_entry("new", 'b') + " " + ring_entry("old", 'a'), random_);
  const Vault new_ = testing::vault_of(ring_entry("new", 'b'), random_);
};

// VAULT-2
TEST_F(KeyRotationTest, SealsEverythingWithTheNewestKeyAndThenDoesNothing) {
  store(old_, 250);
  const auto first = rotate(both_, records_, clock_, {});
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->resealed, 250);
  EXPECT_EQ(first->overtaken, 0);
  EXPECT_TRUE(first->complete());
  expect_all_open_with(new_, 250);
  const auto before = records_.snapshot();
  const auto second = rotate(both_, records_, clock_, {});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->resealed, 0);
  EXPECT_TRUE(second->complete());
  EXPECT_EQ(records_.snapshot(), before);
}

// VAULT-2, AUTH-3: who read a secret before the rotation can still replace it.
TEST_F(KeyRotationTest, KeepsVersions) {
  SecretService service(old_, records_);
  const auto version = service.save(nth_address(0), nth_secret(0), std::nullopt);
  ASSERT_TRUE(version.ok());
  ASSERT_TRUE(rotate(both_, records_, clock_, {}).ok());
  EXPECT_TRUE(SecretService(both_, records_).save(nth_address(0), Secret("refreshed"), *version).ok());
}

// VAULT-2: stopped before each of the writes, and run again.
TEST_F(KeyRotationTest, StoppedAtAnyWriteItGoesOnFromThere) {
  constexpr int count = 23;
  for (int stop_at = 0; stop_at < count; ++stop_at) {
    store(old_, count);
    int writes = 0;
    records_.before_write = [&](const SecretAddress& /*address*/) -> Status {
      if (writes++ == stop_at) {
        return unavailable("the process was killed here");
      }
      return {};
    };
    const auto killed = rotate(both_, records_, clock_, {.batch = 5});
    ASSERT_FALSE(killed.ok());
    records_.before_write = nullptr;
    expect_all_open_with(both_, count);
    const auto resumed = rotate(both_, records_, clock_, {.batch = 5});
    ASSERT_TRUE(resumed.ok()) << resumed.error().message;
    EXPECT_EQ(resumed->resealed, count - stop_at);
    EXPECT_TRUE(resumed->complete());
    expect_all_open_with(new_, count);
  }
}

TEST_F(KeyRotationTest, StopsWhenCancelledAndKeepsWhatIsDone) {
  store(old_, 30);
  std::stop_source stop;
  const auto stopped = rotate(both_, records_, clock_,
                              {.batch = 10,
                               .cancellation = {.stop = stop.get_token(), .deadline = std::nullopt},
                               .progress = [&](const RotationReport& report) {
                                 if (report.resealed == 20) {
                                   stop.request_stop();
                                 }
                               }});
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
  const auto resumed = rotate(both_, records_, clock_, {});
  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(resumed->resealed, 10);
}

// VAULT-2
TEST_F(KeyRotationTest, ASecretSavedMeanwhileIsNotOverwritten) {
  store(old_, 3);
  SecretService service(old_, records_);
  int writes = 0;
  records_.before_write = [&](const SecretAddress& address) -> Status {
    if (writes++ == 1) {
      // Sealed with the old key by a program that still has the old ring; runs inside the write of the rotation.
      return service.save(address, Secret("newer value"), std::nullopt).ok() ? Status{}
                                                                             : Status(internal("save failed"));
    }
    return {};
  };
  const auto report = rotate(both_, records_, clock_, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->overtaken, 1);
  EXPECT_EQ(report->resealed, 3) << "a further sweep takes the overtaken one";
  EXPECT_TRUE(report->complete());
  int newer = 0;
  for (int n = 0; n < 3; ++n) {
    const auto loaded = SecretService(new_, records_).load(nth_address(n));
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    newer += loaded->secret.reveal() == "newer value" ? 1 : 0;
  }
  EXPECT_EQ(newer, 1);
}

// VAULT-2
TEST_F(KeyRotationTest, ASecretRemovedMeanwhileStaysRemoved) {
  store(old_, 3);
  records_.before_write = [&](const SecretAddress& address) -> Status {
    return address == nth_address(1) && !records_.remove(address).ok() ? Status(internal("remove failed")) : Status{};
  };
  const auto report = rotate(both_, records_, clock_, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->resealed, 2);
  EXPECT_TRUE(report->complete());
  EXPECT_EQ(records_.snapshot().count(nth_address(1)), 0U);
}

// Design rule 11: a sweep survives a bad row.
TEST_F(KeyRotationTest, WhatDoesNotOpenIsReportedAndLeft) {
  store(old_, 40);
  const Vault lost = testing::vault_of(ring_entry("lost", 'x'), random_);
  const auto unknown = lost.seal(nth_address(3), Secret("value"));
  ASSERT_TRUE(unknown.ok());
  ASSERT_TRUE(records_.put(nth_address(3), *unknown, std::nullopt).ok());
  for (int n = 10; n < 34; ++n) {
    ASSERT_TRUE(records_.put(nth_address(n), {"old", "damaged"}, std::nullopt).ok());
  }
  const auto report = rotate(both_, records_, clock_, {.batch = 7});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->resealed, 15);
  EXPECT_EQ(report->unopened, 25);
  EXPECT_EQ(report->remaining, 25);
  EXPECT_FALSE(report->complete());
  ASSERT_EQ(report->failures.size(), max_rotation_failures);
  EXPECT_EQ(records_.snapshot().at(nth_address(3)), *unknown);
  EXPECT_EQ(records_.snapshot().at(nth_address(10)).bytes, "damaged");
}

// VAULT-2
TEST_F(KeyRotationTest, SeveralRotationsAndWritersAtOnceEndWithEverythingOnTheNewestKey) {
  constexpr int count = 300;
  store(old_, count);
  std::atomic<std::int64_t> resealed{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        const auto report = rotate(both_, records_, clock_, {.batch = 16});
        ASSERT_TRUE(report.ok()) << report.error().message;
        resealed += report->resealed;
      });
    }
    threads.emplace_back([&] {
      SecretService service(both_, records_);
      std::mt19937 engine(1); // NOLINT(*-msc51-cpp,*-msc32-c): the same choices on each run
      for (int i = 0; i < 200; ++i) {
        const int n = static_cast<int>(engine() % count);
        EXPECT_TRUE(service.save(nth_address(n), nth_secret(n), std::nullopt).ok());
      }
    });
  }
  EXPECT_LE(resealed, count);
  const auto last = rotate(both_, records_, clock_, {});
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(last->complete());
  expect_all_open_with(new_, count);
}

TEST_F(KeyRotationTest, StatusTellsWhichKeysAreInUseAndWhichMayGo) {
  ASSERT_TRUE(check_canaries(both_, records_).ok());
  store(old_, 4);
  const Vault lost = testing::vault_of(ring_entry("lost", 'x'), random_);
  ASSERT_TRUE(records_.put(nth_address(0), *lost.seal(nth_address(0), Secret("value")), std::nullopt).ok());
  const Vault three = testing::vault_of(
      ring_entry("new", 'b') + " " + ring_entry("old", 'c') + " " + ring_entry("older", 'd'), random_);
  const auto status = key_status(three, records_);
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(status->size(), 4U);
  const auto& [first, second, third, fourth] = std::tie((*status)[0], (*status)[1], (*status)[2], (*status)[3]);
  EXPECT_EQ(first.key_id, "new");
  EXPECT_TRUE(first.primary && first.in_ring && !first.retirable());
  EXPECT_EQ(first.canary, CanaryState::matches);
  EXPECT_EQ(second.key_id, "old");
  EXPECT_EQ(second.secrets, 3);
  EXPECT_EQ(second.canary, CanaryState::differs);
  EXPECT_FALSE(second.retirable());
  EXPECT_EQ(third.key_id, "older");
  EXPECT_EQ(third.canary, CanaryState::missing);
  EXPECT_TRUE(third.retirable());
  EXPECT_EQ(fourth.key_id, "lost");
  EXPECT_EQ(fourth.secrets, 1);
  EXPECT_FALSE(fourth.in_ring);
  EXPECT_EQ(to_string(fourth.canary), "unchecked");
}

} // namespace
} // namespace dovetail::vault

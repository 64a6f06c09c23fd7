// SPDX-License-Identifier: Apache-2.0
#include "core/limits/rate_limiter.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/base/random.hpp"

namespace dovetail::limits {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp start{std::chrono::sys_days{std::chrono::January / 5 / 2026}};

Key key_of(std::int64_t tenant, std::int64_t connection = 1) {
  return Key{.provider = "acme", .tenant = {tenant}, .connection = {connection}};
}

class Limiter : public testing::Test {
protected:
  // Takes `count` permits one after another and returns when each was granted.
  std::vector<std::chrono::nanoseconds> grants(RateLimiter& limiter, const Key& key, int count) {
    std::vector<std::chrono::nanoseconds> out;
    for (int i = 0; i < count; ++i) {
      auto permit = limiter.acquire(key, {});
      EXPECT_TRUE(permit.ok()) << permit.error().message;
      out.push_back(clock_.elapsed());
    }
    return out;
  }

  VirtualClock clock_{start};
};

TEST_F(Limiter, WithoutLimitsNobodyWaits) {
  RateLimiter limiter(clock_);
  grants(limiter, key_of(1), 1000);
  EXPECT_EQ(clock_.elapsed(), 0ns);
}

TEST_F(Limiter, GrantsTheBurstAtOnceAndThenOneAnInterval) { // HTTP-6
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 60, .burst = 3});
  EXPECT_EQ(grants(limiter, key_of(1), 6), (std::vector<std::chrono::nanoseconds>{0s, 0s, 0s, 1s, 2s, 3s}));
  clock_.advance(1h);
  grants(limiter, key_of(1), 4);
  EXPECT_EQ(clock_.elapsed(), 1h + 3s + 1s) << "a rest gives back the burst, no more";
}

TEST_F(Limiter, KeepsTenantsAndConnectionsApart) { // HTTP-6, TEN-1
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 1, .burst = 1});
  EXPECT_TRUE(limiter.acquire(key_of(1, 1), {}).ok());
  EXPECT_TRUE(limiter.acquire(key_of(1, 2), {}).ok());
  EXPECT_TRUE(limiter.acquire(key_of(2, 1), {}).ok());
  EXPECT_EQ(clock_.elapsed(), 0s);
  EXPECT_FALSE(limiter.acquire(key_of(1, 1), {}).ok());
}

TEST_F(Limiter, CountsAllConnectionsAgainstTheProvidersLimit) { // HTTP-6
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.burst = 2, .global_requests_per_minute = 60});
  for (std::int64_t tenant = 1; tenant <= 5; ++tenant) {
    EXPECT_TRUE(limiter.acquire(key_of(tenant), {}).ok());
  }
  EXPECT_EQ(clock_.elapsed(), 3s);
}

TEST_F(Limiter, TellsToParkWhenTheWaitIsTooLong) { // HTTP-6
  RateLimiter limiter(clock_, {.max_wait = 5s});
  limiter.configure("acme", {.requests_per_minute = 6, .burst = 1});
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
  const auto refused = limiter.acquire(key_of(1), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(refused.error().retry, RetryClass::rate_limited);
  EXPECT_EQ(refused.error().retry_after, 10s);
  EXPECT_EQ(clock_.elapsed(), 0s) << "it says so at once";
  clock_.advance(10s);
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok()) << "the refusal used no turn up";
  EXPECT_EQ(clock_.elapsed(), 10s);
}

TEST_F(Limiter, DoesNotWaitPastTheDeadline) {
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 6, .burst = 1});
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
  const auto refused = limiter.acquire(key_of(1), {.stop = {}, .deadline = clock_.monotonic_now() + 3s});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().retry, RetryClass::rate_limited);
}

TEST_F(Limiter, ObservesCancellation) {
  RateLimiter limiter(clock_);
  std::stop_source stop;
  stop.request_stop();
  const auto refused = limiter.acquire(key_of(1), {.stop = stop.get_token(), .deadline = {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::cancelled);
}

TEST_F(Limiter, AWaiterInRealTimeIsWokenByItsCancellation) {
  SystemClock clock;
  RateLimiter limiter(clock, {.max_wait = 60'000ms});
  limiter.configure("acme", {.requests_per_minute = 2, .burst = 1});
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
  std::stop_source stop;
  std::jthread canceller([&stop] { stop.request_stop(); });
  const auto refused = limiter.acquire(key_of(1), {.stop = stop.get_token(), .deadline = {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::cancelled);
}

TEST_F(Limiter, BoundsWhatAConnectionHasInFlight) { // HTTP-6
  RateLimiter limiter(clock_, {.max_wait = 100ms});
  limiter.configure("acme", {.max_concurrent_per_connection = 2});
  auto first = limiter.acquire(key_of(1), {});
  auto second = limiter.acquire(key_of(1), {});
  ASSERT_TRUE(first.ok() && second.ok());
  const auto third = limiter.acquire(key_of(1), {});
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().retry, RetryClass::rate_limited);
  EXPECT_TRUE(limiter.acquire(key_of(2), {}).ok()) << "another connection is free";
  second->release();
  second->release();
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
}

TEST_F(Limiter, ManyThreadsNeverExceedTheConcurrencyAndAllGetTheirTurn) { // HTTP-6: fairness
  SystemClock clock;
  RateLimiter limiter(clock);
  limiter.configure("acme", {.max_concurrent_per_connection = 2});
  std::atomic<int> in_flight{0};
  std::atomic<int> most{0};
  std::atomic<int> granted{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(6);
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 10; ++round) {
          auto permit = limiter.acquire(key_of(1), {});
          ASSERT_TRUE(permit.ok());
          const int now = ++in_flight;
          int seen = most.load();
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          ++granted;
          std::this_thread::yield();
          --in_flight;
        }
      });
    }
  }
  EXPECT_EQ(granted.load(), 60);
  EXPECT_LE(most.load(), 2);
}

TEST_F(Limiter, OverAnyWindowGrantsStayWithinTheBound) { // HTTP-6: property of GCRA, seeded
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeededRandom random(seed);
    VirtualClock clock{start};
    RateLimiter limiter(clock, {.max_wait = 3s});
    const auto rate = static_cast<std::uint32_t>(1 + random.below(600));
    const auto burst = static_cast<std::uint32_t>(1 + random.below(10));
    limiter.configure("acme", {.requests_per_minute = rate, .burst = burst});
    const auto interval = std::chrono::nanoseconds(60s) / rate;
    std::vector<std::chrono::nanoseconds> times;
    for (int i = 0; i < 400; ++i) {
      if (random.below(3) == 0) {
        clock.advance(std::chrono::milliseconds(random.below(2000)));
      }
      if (random.below(20) == 0) {
        limiter.observe(key_of(1), {.limit = 100, .remaining = random.below(100), .reset = clock.now() + 2s});
      }
      if (random.below(40) == 0) {
        limiter.block_until(key_of(1), clock.now() + std::chrono::milliseconds(random.below(2500)));
      }
      const auto blocked = limiter.blocked_for(key_of(1));
      const auto before = clock.elapsed();
      if (limiter.acquire(key_of(1), {}).ok()) {
        times.push_back(clock.elapsed());
        ASSERT_GE(times.back() - before, blocked - 1ms) << "seed " << seed;
      }
    }
    ASSERT_FALSE(times.empty());
    for (std::size_t first = 0; first < times.size(); ++first) {
      for (std::size_t last = first; last < times.size(); ++last) {
        const auto window = times[last] - times[first];
        ASSERT_LE(static_cast<std::int64_t>(last - first + 1), burst + window / interval) << "seed " << seed;
      }
    }
  }
}

TEST_F(Limiter, ABlockStopsTheWholeQueueOfTheConnectionOnly) { // HTTP-2: Retry-After
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 60, .burst = 5});
  limiter.block_until(key_of(1), start + 10s);
  limiter.block_until(key_of(1), start + 4s);
  EXPECT_EQ(limiter.blocked_for(key_of(1)), 10s);
  EXPECT_EQ(limiter.blocked_for(key_of(2)), 0s);
  EXPECT_TRUE(limiter.acquire(key_of(2), {}).ok());
  EXPECT_EQ(clock_.elapsed(), 0s);
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
  EXPECT_EQ(clock_.elapsed(), 10s);
}

TEST_F(Limiter, CutsABlockToTheLongestRetryAfter) {
  RateLimiter limiter(clock_);
  limiter.block_until(key_of(1), Timestamp::max());
  EXPECT_EQ(limiter.blocked_for(key_of(1)), max_retry_after);
  limiter.block_until(key_of(2), Timestamp::min());
  EXPECT_EQ(limiter.blocked_for(key_of(2)), 0s);
}

TEST_F(Limiter, NothingLeftBlocksUntilTheReset) { // HTTP-6
  RateLimiter limiter(clock_);
  limiter.observe(key_of(1), {.limit = 5000, .remaining = 0, .reset = start + 15s});
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
  EXPECT_EQ(clock_.elapsed(), 15s);
}

TEST_F(Limiter, LittleLeftIsSpreadUntilTheReset) { // HTTP-6
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 600, .burst = 10});
  grants(limiter, key_of(1), 10);
  limiter.observe(key_of(1), {.limit = 100, .remaining = 6, .reset = start + 30s});
  const auto times = grants(limiter, key_of(1), 5);
  for (std::size_t i = 1; i < times.size(); ++i) {
    EXPECT_EQ(times[i] - times[i - 1], 5s);
  }
  clock_.advance(30s);
  const auto later = grants(limiter, key_of(1), 10);
  EXPECT_EQ(later.front(), later.back()) << "the pace ends with the reset";
}

TEST_F(Limiter, PlentyLeftNeverRaisesTheRate) { // HTTP-6
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 60, .burst = 1});
  grants(limiter, key_of(1), 1);
  limiter.observe(key_of(1), {.limit = 1'000'000, .remaining = 999'999, .reset = start + 1s});
  EXPECT_EQ(grants(limiter, key_of(1), 2).back(), 2s);
}

TEST_F(Limiter, AnOrderlyRestartGoesOnWhereItStopped) { // HTTP-6: survives a restart
  const RateLimits limits{.requests_per_minute = 60, .burst = 5};
  RateLimiter before(clock_);
  before.configure("acme", limits);
  grants(before, key_of(1), 5);
  before.block_until(key_of(2), start + 30s);
  const auto snapshot = before.snapshot(true);

  RateLimiter after(clock_);
  after.configure("acme", limits);
  after.restore(snapshot);
  EXPECT_EQ(after.snapshot(true).entries.size(), 2U);
  EXPECT_EQ(grants(after, key_of(1), 1).back(), 1s);
  EXPECT_EQ(after.blocked_for(key_of(2)), 29s);
  const auto unknown = grants(after, key_of(3), 5);
  EXPECT_EQ(unknown.front(), unknown.back()) << "who was at rest has its burst";
}

TEST_F(Limiter, ACrashGrantsNobodyAFreshBurst) { // HTTP-6: survives a restart; seeded
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SeededRandom random(seed);
    VirtualClock clock{start};
    const auto burst = static_cast<std::uint32_t>(1 + random.below(10));
    const RateLimits limits{.requests_per_minute = 60, .burst = burst};
    const auto limiter = [&] {
      auto made = std::make_unique<RateLimiter>(clock);
      made->configure("acme", limits);
      return made;
    };
    auto current = limiter();
    std::vector<std::chrono::nanoseconds> times;
    for (int life = 0; life < 10; ++life) {
      const auto snapshot = current->snapshot();
      const auto taken = clock.elapsed();
      while (clock.elapsed() - taken < 1s) { // crashes at most one interval after its last snapshot
        const auto granted = current->acquire(key_of(1), {.stop = {}, .deadline = clock.monotonic_now() + 10ms});
        if (granted.ok()) {
          times.push_back(clock.elapsed());
        }
        clock.advance(std::chrono::milliseconds(1 + random.below(400)));
      }
      current = limiter();
      current->restore(snapshot);
    }
    for (std::size_t first = 0; first < times.size(); ++first) {
      for (std::size_t last = first; last < times.size(); ++last) {
        ASSERT_LE(static_cast<std::int64_t>(last - first + 1), burst + (times[last] - times[first]) / 1s)
            << "seed " << seed;
      }
    }
  }
}

TEST_F(Limiter, AClockThatWasSetBackDoesNotBlockForLong) {
  RateLimiter limiter(clock_);
  limiter.configure("acme", {.requests_per_minute = 60, .burst = 2});
  Snapshot snapshot;
  snapshot.taken_at = start + 24h;
  snapshot.entries.push_back({.key = key_of(1),
                              .next_free = start + 24h,
                              .blocked_until = start - 1h,
                              .paced_until = start - 1h,
                              .paced_interval = 0us});
  limiter.restore(snapshot);
  EXPECT_TRUE(limiter.acquire(key_of(1), {}).ok());
  EXPECT_LE(clock_.elapsed(), 1s);
}

TEST_F(Limiter, ForgetsIdleKeysAndRefusesWhenAllAreBusy) {
  RateLimiter limiter(clock_, {.max_keys = 64});
  limiter.configure("acme", {.requests_per_minute = 60, .burst = 1});
  for (std::int64_t tenant = 1; tenant <= 2000; ++tenant) {
    clock_.advance(2s);
    ASSERT_TRUE(limiter.acquire(key_of(tenant), {}).ok());
  }
  EXPECT_LE(limiter.tracked_keys(), 64U);

  std::vector<RateLimiter::Permit> held;
  bool refused = false;
  for (std::int64_t tenant = 1; tenant <= 500 && !refused; ++tenant) {
    auto permit = limiter.acquire(key_of(tenant, 2), {});
    if (permit.ok()) {
      held.push_back(std::move(permit).value());
    } else {
      EXPECT_EQ(permit.error().retry, RetryClass::transient);
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_LE(limiter.tracked_keys(), 64U);
}

} // namespace
} // namespace dovetail::limits

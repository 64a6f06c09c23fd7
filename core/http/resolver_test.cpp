// SPDX-License-Identifier: Apache-2.0
#include "core/http/resolver.hpp"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace dovetail::http {
namespace {

TEST(Resolver, TakesAddressesAsTheyAre) {
  SystemClock clock;
  const auto resolver = make_system_resolver(clock);
  EXPECT_EQ(resolver->resolve("192.0.2.7", {})->front().to_string(), "192.0.2.7");
  EXPECT_EQ(resolver->resolve("::1", {})->front().to_string(), "::1");
}

TEST(Resolver, FindsTheLocalHostFromManyThreads) {
  SystemClock clock;
  const auto resolver = make_system_resolver(clock, {.threads = 2});
  std::vector<std::jthread> threads;
  threads.reserve(6);
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto addresses = resolver->resolve("localhost", {});
      ASSERT_TRUE(addresses.ok()) << addresses.error().message;
      EXPECT_TRUE(
          std::none_of(addresses->begin(), addresses->end(), [](const auto& address) { return address.is_public(); }));
    });
  }
}

// The old spellings of 127.0.0.1 are for the system to read; what counts is that the outcome is judged (HTTP-5).
TEST(Resolver, OldSpellingsOfAddressesComeOutAsWhatTheyAre) {
  SystemClock clock;
  const auto resolver = make_system_resolver(clock);
  for (const std::string host : {"127.1", "0x7f.1", "2130706433"}) {
    const auto addresses = resolver->resolve(host, {});
    if (addresses.ok()) {
      EXPECT_FALSE(addresses->front().is_public()) << host;
    }
  }
}

TEST(Resolver, DoesNotWaitPastCancellationOrDeadline) {
  SystemClock clock;
  const auto resolver = make_system_resolver(clock);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(resolver->resolve("localhost", {.stop = stop.get_token(), .deadline = {}}).error().code,
            ErrorCode::cancelled);
  EXPECT_EQ(resolver->resolve("localhost", {.stop = {}, .deadline = clock.monotonic_now()}).error().code,
            ErrorCode::deadline_exceeded);
}

TEST(Resolver, RefusesMoreThanItsQueueHolds) {
  SystemClock clock;
  const auto resolver = make_system_resolver(clock, {.max_queued = 0});
  const auto addresses = resolver->resolve("localhost", {});
  ASSERT_FALSE(addresses.ok());
  EXPECT_EQ(addresses.error().retry, RetryClass::transient);
}

} // namespace
} // namespace dovetail::http

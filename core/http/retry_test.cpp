// SPDX-License-Identifier: Apache-2.0
#include "core/http/retry.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace dovetail::http {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, IsDrawnEvenlyFromADoublingRange) { // HTTP-2: factor 0.5, full jitter
  SeededRandom random(1);
  const RetryOptions options;
  const std::chrono::nanoseconds bounds[] = {500ms, 1s, 2s, 4s};
  for (int retry = 1; retry <= 4; ++retry) {
    std::chrono::nanoseconds sum{0};
    std::chrono::nanoseconds most{0};
    constexpr int draws = 2000;
    for (int i = 0; i < draws; ++i) {
      const auto wait = backoff(options, retry, random);
      ASSERT_GE(wait, 0ns);
      sum += wait;
      most = std::max(most, wait);
    }
    const auto bound = bounds[retry - 1];
    EXPECT_LE(most, bound);
    EXPECT_GT(most, bound * 9 / 10);
    EXPECT_GT(sum / draws, bound * 4 / 10);
    EXPECT_LT(sum / draws, bound * 6 / 10);
  }
}

TEST(Backoff, HasAnUpperEnd) {
  SeededRandom random(1);
  const RetryOptions options;
  for (const int retry : {30, 1000, 2'000'000'000}) {
    EXPECT_LE(backoff(options, retry, random), options.max_backoff);
  }
}

TEST(RetryBudget, PaysForABoundedPartOfTheRequests) { // HTTP-2: one layer retries, with a budget
  RetryBudget budget({.budget_ratio = 0.25, .budget_reserve = 2});
  EXPECT_FALSE(budget.spend("unknown"));
  budget.earn("acme");
  EXPECT_TRUE(budget.spend("acme"));
  EXPECT_TRUE(budget.spend("acme"));
  EXPECT_FALSE(budget.spend("acme"));
  for (int i = 0; i < 4; ++i) {
    budget.earn("acme");
  }
  EXPECT_TRUE(budget.spend("acme"));
  EXPECT_FALSE(budget.spend("acme"));
  budget.earn("other");
  EXPECT_TRUE(budget.spend("other")) << "each provider has its own";
}

TEST(Idempotence, IsAsTheRfcSays) {
  for (const auto* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
    EXPECT_TRUE(is_idempotent(method)) << method;
  }
  for (const auto* method : {"POST", "PATCH", "get", ""}) {
    EXPECT_FALSE(is_idempotent(method)) << method;
  }
}

} // namespace
} // namespace dovetail::http

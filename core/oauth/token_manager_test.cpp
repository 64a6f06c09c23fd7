// SPDX-License-Identifier: Apache-2.0
// AUTH-3, AUTH-4: one process, or several in turn, in virtual time.
#include "core/oauth/token_manager.hpp"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "tests/support/oauth_world.hpp"

namespace dovetail::oauth {
namespace {

using simulators::OAuthEndpoint;
using simulators::OAuthEndpointOptions;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using State = OAuthEndpoint::TokenState;
using test::OAuthWorld;
using test::TokenProcess;

class TokenManagerTest : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL server";
    }
    open();
  }
  void open(std::string_view oauth = "", OAuthEndpointOptions options = {}) {
    process_.reset();
    world_ = std::make_unique<OAuthWorld>(GetParam(), oauth, std::move(options));
    process_ = world_->start();
  }
  /// Signs in at the simulated provider and gives the connection the refresh token.
  OAuthEndpoint::Tokens sign_in() {
    auto tokens = world_->endpoint.sign_in();
    world_->give("refresh_token", tokens.refresh_token);
    return tokens;
  }
  Result<AccessToken> get(TokenProcess& process) { return process.tokens.get(world_->account, {}); }
  Result<AccessToken> get() { return get(*process_); }
  std::string good(Result<AccessToken> token) {
    EXPECT_TRUE(token.ok()) << token.error().message;
    if (!token.ok()) {
      return "";
    }
    EXPECT_EQ(world_->endpoint.check(token->value.reveal()), State::valid);
    return std::string(token->value.reveal());
  }
  Error bad(Result<AccessToken> token) {
    EXPECT_FALSE(token.ok());
    return token.ok() ? Error{} : token.error();
  }
  Result<AccessToken> renew(TokenProcess& process, const std::string& refused) {
    return process.tokens.renew(world_->account, Secret(refused), {});
  }
  bool save(TokenProcess& process, const StoredTokens& stored) {
    const manifest::Environment nothing;
    return TokenStore(process.service, process.redactor, nothing, world_->account)
        .save(stored.tokens, stored.version)
        .ok();
  }
  std::uint64_t calls() { return world_->endpoint.counts().calls; }
  VirtualClock& clock() { return world_->store.clock(); }

  std::unique_ptr<OAuthWorld> world_;
  std::unique_ptr<TokenProcess> process_;
};
INSTANTIATE_TEST_SUITE_P(On, TokenManagerTest, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

TEST_P(TokenManagerTest, UsesTheTokenThatAPersonGaveUntilItIsRefused) {
  const auto tokens = sign_in();
  world_->give("access_token", tokens.access_token);
  EXPECT_EQ(good(get()), tokens.access_token);
  EXPECT_EQ(calls(), 0U);
  EXPECT_NE(good(renew(*process_, tokens.access_token)), tokens.access_token);
  EXPECT_EQ(calls(), 1U);
}

TEST_P(TokenManagerTest, RenewsBeforeTheEndAndStoresWhatRotated) {
  const auto given = sign_in();
  const std::string first = good(get());
  EXPECT_EQ(good(get()), first);
  clock().advance(seconds(3600 - 301));
  EXPECT_EQ(good(get()), first);
  EXPECT_EQ(calls(), 1U);
  clock().advance(seconds(2));
  const std::string second = good(get());
  EXPECT_NE(second, first);
  clock().advance(hours(1));
  EXPECT_NE(good(get()), second);
  EXPECT_EQ(calls(), 3U);
  EXPECT_EQ(world_->endpoint.counts().reused, 0U);
  // Another process goes on with them.
  const auto stored = world_->stored();
  EXPECT_NE(stored.tokens.refresh_token.reveal(), given.refresh_token);
  EXPECT_FALSE(stored.tokens.refreshing || stored.tokens.failing_since);
  EXPECT_EQ(good(get(*world_->start())), stored.tokens.access_token.reveal());
  EXPECT_EQ(calls(), 3U);
}

TEST_P(TokenManagerTest, ShortLivesAreNotRenewedOnEveryRequest) {
  open("", {.access_life = seconds(60)});
  sign_in();
  const std::string first = good(get());
  clock().advance(seconds(29));
  EXPECT_EQ(good(get()), first);
  clock().advance(seconds(2));
  EXPECT_NE(good(get()), first);
  EXPECT_EQ(calls(), 2U);
}

TEST_P(TokenManagerTest, KeepsTheOldRefreshTokenWhenTheAnswerHasNone) {
  open("", {.rotates = false});
  const auto given = sign_in();
  for (int i = 0; i < 3; ++i) {
    good(get());
    clock().advance(hours(1));
  }
  EXPECT_EQ(world_->endpoint.counts().refreshed, 3U);
  EXPECT_EQ(world_->stored().tokens.refresh_token.reveal(), given.refresh_token);
}

TEST_P(TokenManagerTest, ARefusedTokenIsRenewedOnceHoweverManyWereRefused) {
  sign_in();
  const std::string first = good(get());
  const auto other = world_->start();
  EXPECT_EQ(good(get(*other)), first);
  world_->endpoint.end_access_tokens();
  const std::string second = good(renew(*process_, first));
  EXPECT_EQ(good(renew(*process_, first)), second);
  EXPECT_EQ(good(renew(*other, first)), second) << "the other process looks at what is stored before it asks";
  EXPECT_EQ(calls(), 2U);
}

TEST_P(TokenManagerTest, ThreadsShareOneRefresh) {
  sign_in();
  constexpr int count = 8;
  std::latch begin(count);
  std::vector<std::string> got(count);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        begin.arrive_and_wait();
        const auto token = get();
        got[static_cast<std::size_t>(i)] = token.ok() ? std::string(token->value.reveal()) : token.error().message;
      });
    }
  }
  EXPECT_EQ(calls(), 1U);
  for (const std::string& token : got) {
    EXPECT_EQ(token, got.front());
    EXPECT_EQ(world_->endpoint.check(token), State::valid);
  }
}

TEST_P(TokenManagerTest, InvalidGrantIsReadAgainBeforeItCounts) {
  const auto given = sign_in();
  // Between our look at the store and our call, another process renews without a lease, as an older version might.
  auto other = world_->start();
  process_->backend.before_save = [&](int number) -> Status {
    if (number == 1) {
      EXPECT_TRUE(get(*other).ok());
    }
    return {};
  };
  const std::string token = good(get());
  EXPECT_EQ(token, good(get(*other)));
  EXPECT_EQ(world_->endpoint.counts().refreshed, 1U);

  // The same where both have sent the same refresh token: what the other stored during our call counts.
  clock().advance(hours(1));
  const auto stored = world_->stored();
  simulators::SimRequest request{.method = "POST",
                                 .target = "/oauth/token",
                                 .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                 .body = "grant_type=refresh_token&client_id=simulated-app&client_secret=simulated-app-"
                                         "secret&refresh_token=" +
                                         std::string(stored.tokens.refresh_token.reveal())};
  process_->backend.before_save = nullptr;
  class Racing final : public simulators::Handler {
  public:
    explicit Racing(std::function<simulators::Answer(const simulators::SimRequest&)> work) : work_(std::move(work)) {}
    [[nodiscard]] simulators::Answer handle(const simulators::SimRequest& sent) override { return work_(sent); }

  private:
    std::function<simulators::Answer(const simulators::SimRequest&)> work_;
  };
  bool raced = false;
  Racing racing([&](const simulators::SimRequest& sent) {
    if (!std::exchange(raced, true)) {
      EXPECT_EQ(world_->endpoint.handle(request).status, 200);
      TokenSet theirs = stored.tokens;
      const auto fresh = world_->endpoint.sign_in();
      theirs.access_token = Secret(fresh.access_token);
      theirs.refresh_token = Secret(fresh.refresh_token);
      theirs.expires_at = clock().now() + hours(1);
      EXPECT_TRUE(other->service
                      .save({.tenant = world_->account.tenant,
                             .connection = world_->account.connection,
                             .name = std::string(manifest::token_set_secret)},
                            to_secret(theirs), std::nullopt)
                      .ok());
    }
    return world_->endpoint.handle(sent);
  });
  world_->transport.connect(std::string(OAuthWorld::token_origin), racing);
  good(get());
  EXPECT_EQ(world_->endpoint.counts().reused, 1U);
  EXPECT_EQ(world_->endpoint.counts().refused, 1U);
  world_->transport.connect(std::string(OAuthWorld::token_origin), world_->endpoint);
}

TEST_P(TokenManagerTest, ARevokedSignInNeedsAPerson) {
  sign_in();
  const std::string first = good(get());
  world_->endpoint.revoke_all();
  const Error error = bad(renew(*process_, first));
  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_NE(error.message.find("Admin attention needed: the connection main of acme (Acme) must sign in again"),
            std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find("invalid_grant"), std::string::npos);
  // New tokens from a person make it work again, and take the place of all that was stored.
  sign_in();
  good(process_->tokens.get_stored(world_->account, {}));
}

TEST_P(TokenManagerTest, AnUnknownAppNeedsAPerson) {
  sign_in();
  world_->endpoint.revoke_client();
  const Error error = bad(get());
  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_NE(error.message.find("invalid_client"), std::string::npos);
}

TEST_P(TokenManagerTest, FailuresThatMayPassLeaveTheConnectionForADay) {
  sign_in();
  const auto begin = clock().now();
  world_->fail_next(3, 503);
  EXPECT_EQ(bad(get()).code, ErrorCode::unavailable);
  clock().advance(hours(23));
  // The time of the first failure is stored: it counts in other processes too.
  auto other = world_->start();
  const Error still = bad(get(*other));
  EXPECT_EQ(still.code, ErrorCode::unavailable);
  EXPECT_EQ(still.retry, RetryClass::transient);
  EXPECT_EQ(world_->stored().tokens.failing_since, begin);
  clock().advance(hours(1));
  const Error enough = bad(get(*other));
  EXPECT_EQ(enough.code, ErrorCode::unauthenticated);
  EXPECT_NE(enough.message.find("could not be renewed since " + format_iso8601(begin)), std::string::npos)
      << enough.message;
  good(get());
  EXPECT_EQ(world_->stored().tokens.failing_since, std::nullopt);
}

TEST_P(TokenManagerTest, ALivingTokenOutlivesAFailedRefresh) {
  sign_in();
  const std::string first = good(get());
  clock().advance(seconds(3600 - 200));
  world_->fail_next(1, 500);
  EXPECT_EQ(good(get()), first);
  EXPECT_EQ(good(get()), first);
  EXPECT_EQ(calls(), 2U) << "the next try comes after a pause";
  clock().advance(seconds(31));
  EXPECT_NE(good(get()), first);
  EXPECT_EQ(calls(), 3U);
}

TEST_P(TokenManagerTest, TokensAreStoredBeforeTheyAreUsedAndKeptUntilTheyAre) {
  sign_in();
  bool broken = true;
  process_->backend.before_save = [&](int number) -> Status {
    return number > 1 && broken ? Status(unavailable("the disk is full")) : Status();
  };
  for (int i = 0; i < 2; ++i) {
    const Error error = bad(get());
    EXPECT_EQ(error.code, ErrorCode::unavailable);
    EXPECT_EQ(error.retry, RetryClass::transient);
    EXPECT_NE(error.message.find("the disk is full"), std::string::npos);
  }
  EXPECT_EQ(calls(), 1U);
  broken = false;
  const std::string token = good(get());
  EXPECT_EQ(world_->stored().tokens.access_token.reveal(), token);
  EXPECT_EQ(calls(), 1U);
  clock().advance(hours(1));
  good(get());
  EXPECT_EQ(world_->endpoint.counts().reused, 0U);
}

TEST_P(TokenManagerTest, AProcessThatDiedBetweenAnswerAndStoreIsNamed) {
  sign_in();
  process_->backend.before_save = [](int number) -> Status {
    return number > 1 ? Status(unavailable("this process is about to die")) : Status();
  };
  static_cast<void>(bad(get()));
  process_.reset(); // the new tokens are gone with it
  const auto begun = clock().now();
  process_ = world_->start();
  const Error error = bad(get());
  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_NE(error.message.find("after a refresh that began at"), std::string::npos) << error.message;
  EXPECT_GE(clock().now() - begun, seconds(45)) << "it waited until the lease of the other was over";

  // A provider that lets the old token be used again loses nothing.
  open("", {.rotates = false});
  sign_in();
  process_->backend.before_save = [](int number) -> Status {
    return number > 1 ? Status(unavailable("this process is about to die")) : Status();
  };
  static_cast<void>(bad(get()));
  process_ = world_->start();
  good(get());
}

TEST_P(TokenManagerTest, ALeaseFromLongAgoIsNotWaitedFor) {
  sign_in();
  auto stored = world_->stored();
  stored.tokens.refreshing = RefreshMark{.holder = "1", .since = clock().now() - minutes(10)};
  const auto other = world_->start();
  ASSERT_TRUE(save(*other, stored));
  const auto begun = clock().now();
  good(get());
  EXPECT_LT(clock().now() - begun, seconds(1));
}

TEST_P(TokenManagerTest, WhileATokenLivesNobodyWaitsForTheNext) {
  sign_in();
  const std::string first = good(get());
  clock().advance(seconds(3600 - 200));
  auto stored = world_->stored();
  stored.tokens.refreshing = RefreshMark{.holder = "1", .since = clock().now()};
  const auto other = world_->start();
  ASSERT_TRUE(save(*other, stored));
  const auto begun = clock().now();
  EXPECT_EQ(good(get()), first);
  EXPECT_EQ(clock().now(), begun);
  EXPECT_EQ(calls(), 1U);
}

TEST_P(TokenManagerTest, AWaitForAnotherProcessCanBeCancelled) {
  sign_in();
  auto stored = world_->stored();
  stored.tokens.refreshing = RefreshMark{.holder = "1", .since = clock().now()};
  const auto other = world_->start();
  ASSERT_TRUE(save(*other, stored));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(bad(process_->tokens.get(world_->account, {.stop = stop.get_token(), .deadline = std::nullopt})).code,
            ErrorCode::cancelled);
  EXPECT_EQ(
      bad(process_->tokens.get(world_->account, {.stop = {}, .deadline = clock().monotonic_now() + seconds(2)})).code,
      ErrorCode::deadline_exceeded);
  EXPECT_EQ(calls(), 0U);
}

TEST_P(TokenManagerTest, TheBaseUrlIsKeptWithTheTokens) {
  open(R"("baseUrl": {"from": "/endpoint", "allowedHosts": ["*.acme.example"]})",
       {.extra_members = {{"endpoint", R"("https://eu.acme.example/api/")"}}});
  const auto given = sign_in();
  // A token that a person gave does not say where the API is.
  world_->give("access_token", given.access_token);
  const auto token = get();
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token->base_url, "https://eu.acme.example/api");
  EXPECT_EQ(calls(), 1U);
  world_->endpoint.change([](auto& options) { options.extra_members.clear(); });
  clock().advance(hours(1));
  EXPECT_EQ(get()->base_url, "https://eu.acme.example/api");
  EXPECT_EQ(get(*world_->start())->base_url, "https://eu.acme.example/api");
  EXPECT_EQ(calls(), 2U);
}

TEST_P(TokenManagerTest, AForeignBaseUrlIsRefusedAndTheTokensAreKept) {
  open(R"("baseUrl": {"from": "/endpoint", "allowedHosts": ["*.acme.example"]})",
       {.extra_members = {{"endpoint", R"("https://evil.example/")"}}});
  const auto given = sign_in();
  for (int i = 0; i < 2; ++i) {
    const Error error = bad(get());
    EXPECT_EQ(error.code, ErrorCode::permission_denied);
    EXPECT_NE(error.message.find("https://evil.example"), std::string::npos);
  }
  EXPECT_EQ(calls(), 1U);
  EXPECT_NE(world_->stored().tokens.refresh_token.reveal(), given.refresh_token);
  EXPECT_TRUE(world_->transport.foreign_origins().empty());
}

TEST_P(TokenManagerTest, ClientCredentialsNeedNoPerson) {
  open(R"("flows": ["client_credentials"])", {.allows_client_credentials = true});
  const std::string first = good(get());
  clock().advance(hours(1));
  EXPECT_NE(good(get()), first);
  EXPECT_EQ(world_->endpoint.counts().granted, 2U);
  EXPECT_EQ(good(get(*world_->start())), world_->stored().tokens.access_token.reveal());
  EXPECT_EQ(calls(), 2U);
}

TEST_P(TokenManagerTest, AReadOnlyBackendRenewsOnlyWhatNeedNotBeStored) {
  open(R"("flows": ["client_credentials"])", {.allows_client_credentials = true});
  process_->backend.is_read_only = true;
  const std::string first = good(get());
  EXPECT_EQ(good(process_->tokens.get_stored(world_->account, {})), first);
  EXPECT_NE(good(renew(*process_, first)), first);
  EXPECT_EQ(world_->stored().version, 0);
  EXPECT_EQ(calls(), 2U);

  open();
  sign_in();
  process_->backend.is_read_only = true;
  const Error error = bad(get());
  EXPECT_EQ(error.code, ErrorCode::failed_precondition);
  EXPECT_NE(error.message.find("read-only"), std::string::npos);
  EXPECT_EQ(calls(), 0U);
}

TEST_P(TokenManagerTest, WithoutARefreshTokenARefusalIsTheEnd) {
  open(R"("expiry": "jwt_exp")", {.jwt = true});
  const auto tokens = world_->endpoint.sign_in();
  EXPECT_EQ(bad(get()).code, ErrorCode::failed_precondition);
  world_->give("access_token", tokens.access_token);
  EXPECT_EQ(good(get()), tokens.access_token);
  EXPECT_EQ(bad(renew(*process_, tokens.access_token)).code, ErrorCode::unauthenticated);
  clock().advance(hours(1));
  const Error ended = bad(get());
  EXPECT_EQ(ended.code, ErrorCode::unauthenticated);
  EXPECT_NE(ended.message.find("its access token ended at"), std::string::npos) << ended.message;
  EXPECT_EQ(calls(), 0U);
}

TEST_P(TokenManagerTest, TheAppMayComeFromTheEnvironment) {
  world_->account.connection = world_->store.add_connection(world_->account.tenant, "second", "acme");
  sign_in();
  const Error error = bad(get());
  EXPECT_EQ(error.code, ErrorCode::failed_precondition);
  EXPECT_NE(error.message.find("ACME_CLIENT_ID"), std::string::npos) << error.message;
  process_->environment = {{"ACME_CLIENT_ID", "simulated-app"}, {"ACME_CLIENT_SECRET", "simulated-app-secret"}};
  good(get());
}

TEST_P(TokenManagerTest, DamagedTokensAreReplacedByWhatAPersonGave) {
  const auto tokens = sign_in();
  good(get());
  const auto next = world_->endpoint.sign_in();
  world_->give("refresh_token", next.refresh_token);
  const std::string damage(GetParam() == store::Dialect::sqlite
                               ? "UPDATE secret SET sealed = X'01' WHERE name = 'oauth_tokens'"
                               : "UPDATE secret SET sealed = '\\x01' WHERE name = 'oauth_tokens'");
  static_cast<void>(world_->store.raw(damage));
  good(process_->tokens.get_stored(world_->account, {}));
  EXPECT_EQ(calls(), 2U);
}

// VAULT-4: tokens stand in no log, error or table.
TEST_P(TokenManagerTest, NoTokenIsSaidOrStoredOpenly) {
  std::vector<std::string> tokens = {sign_in().refresh_token, good(get())};
  clock().advance(hours(1));
  tokens.push_back(good(get()));
  const std::string refresh(world_->stored().tokens.refresh_token.reveal());
  tokens.push_back(refresh);
  std::string said;
  world_->fail_next(1, 503, "about " + refresh);
  said += bad(renew(*process_, tokens[2])).message;
  world_->fail_next(1, 400, R"({"error":")" + refresh + R"("})");
  said += bad(renew(*process_, tokens[2])).message;
  world_->fail_next(1, 400, R"({"error":"invalid_grant","error_description":")" + refresh + R"("})");
  said += bad(renew(*process_, tokens[2])).message;
  said += process_->logger.text();
  const std::string columns = GetParam() == store::Dialect::sqlite ? "hex(sealed)" : "encode(sealed, 'hex')";
  said += world_->store.raw("SELECT " + columns + " FROM secret WHERE name = 'oauth_tokens'");
  said += world_->store.raw("SELECT config || status_reason FROM connection");
  for (const std::string& token : tokens) {
    EXPECT_EQ(said.find(token), std::string::npos) << token;
    EXPECT_EQ(said.find(token.substr(3, 20)), std::string::npos) << token;
  }
}

} // namespace
} // namespace dovetail::oauth

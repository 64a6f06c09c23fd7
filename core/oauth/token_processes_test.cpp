// SPDX-License-Identifier: Apache-2.0
// AUTH-3: several processes at once, over real HTTP and one database.
#include <array>
#include <csignal>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/http/resolver.hpp"
#include "core/http/socket_transport.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/oauth_world.hpp"

namespace dovetail::oauth {
namespace {

using simulators::OAuthEndpoint;
using test::OAuthWorld;
using test::TokenProcess;

/// Children wait at it until all are let through at once.
class Gate {
public:
  Gate() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Gate() {
    open();
    ::close(ends_[0]);
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  Gate(Gate&&) = delete;
  Gate& operator=(Gate&&) = delete;

  void wait_in_child() {
    open(); // the child's own copy of the writing end
    char nothing = 0;
    while (::read(ends_[0], &nothing, 1) < 0) {
    }
  }
  void open() {
    if (ends_[1] >= 0) {
      ::close(ends_[1]);
      ends_[1] = -1;
    }
  }

private:
  std::array<int, 2> ends_{-1, -1};
};

class TokenProcessesTest : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL server";
    }
    world_ = std::make_unique<OAuthWorld>(GetParam());
    world_->account.egress.allow_plain_http = true;
    world_->account.egress.allow_private_addresses = true;
  }

  /// In a process of its own; what it tells is "ready" and then the token or the error.
  std::unique_ptr<testing::ForkedChild> start(Gate& gate, oauth::TokenOptions options = {},
                                              std::function<Status(int)> before_save = {}) {
    return std::make_unique<testing::ForkedChild>(
        [this, &gate, options, before_save](const testing::ForkedChild::Tell& tell) {
          SystemClock clock;
          const auto database = world_->store.open_another();
          const auto resolver = http::make_system_resolver(clock);
          const auto transport = http::make_socket_transport({}, *resolver, clock);
          TokenProcess process(*database, clock, **transport, world_->ring, static_cast<std::uint64_t>(::getpid()),
                               options);
          process.backend.before_save = before_save;
          tell("ready");
          gate.wait_in_child();
          const auto token = process.tokens.get(world_->account, {});
          tell(token.ok() ? token->value.reveal() : token.error().message);
          return 0;
        });
  }

  SystemClock clock_;
  OAuthEndpoint endpoint_{clock_, {.reuse_ends_all = true}};
  std::unique_ptr<OAuthWorld> world_;
};
INSTANTIATE_TEST_SUITE_P(On, TokenProcessesTest, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

TEST_P(TokenProcessesTest, OneOfThemRenewsAndAllUseIt) {
  world_->give("refresh_token", endpoint_.sign_in().refresh_token);
  std::vector<std::unique_ptr<testing::ForkedChild>> children;
  std::unique_ptr<simulators::Server> server;
  {
    Gate gate;
    auto started = simulators::Server::start(endpoint_, clock_, {.latency = std::chrono::milliseconds(100)});
    ASSERT_TRUE(started.ok()) << started.error().message;
    server = std::move(*started);
    world_->account.token_url = server->base_url() + "/oauth/token";
    for (int i = 0; i < 3; ++i) {
      children.push_back(start(gate));
      ASSERT_EQ(children.back()->hear(), "ready");
    }
  }
  std::vector<std::string> tokens;
  for (const auto& child : children) {
    tokens.push_back(child->hear());
    EXPECT_EQ(endpoint_.check(tokens.back()), OAuthEndpoint::TokenState::valid) << tokens.back();
    EXPECT_EQ(tokens.back(), tokens.front());
  }
  EXPECT_EQ(endpoint_.counts().calls, 1U);
  EXPECT_EQ(endpoint_.counts().reused, 0U);
}

TEST_P(TokenProcessesTest, OneThatIsKilledBeforeItCouldStoreIsSucceeded) {
  endpoint_.change([](auto& options) { options.rotates = false; });
  world_->give("refresh_token", endpoint_.sign_in().refresh_token);
  auto server = simulators::Server::start(endpoint_, clock_);
  ASSERT_TRUE(server.ok()) << server.error().message;
  world_->account.token_url = (*server)->base_url() + "/oauth/token";
  std::unique_ptr<testing::ForkedChild> killed;
  std::unique_ptr<testing::ForkedChild> heir;
  {
    Gate gate;
    killed = start(gate, {}, [](int number) -> Status {
      if (number == 2) {
        ::kill(::getpid(), SIGKILL);
      }
      return {};
    });
    ASSERT_EQ(killed->hear(), "ready");
  }
  EXPECT_EQ(killed->hear(), "");
  EXPECT_EQ(endpoint_.counts().refreshed, 1U);
  {
    Gate gate;
    heir = start(gate, {.lease = std::chrono::seconds(1), .clock_skew = std::chrono::minutes(0)});
    ASSERT_EQ(heir->hear(), "ready");
  }
  const std::string token = heir->hear();
  EXPECT_EQ(endpoint_.check(token), OAuthEndpoint::TokenState::valid) << token;
  EXPECT_EQ(endpoint_.counts().refreshed, 2U);
}

} // namespace
} // namespace dovetail::oauth

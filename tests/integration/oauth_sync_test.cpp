// SPDX-License-Identifier: Apache-2.0
// Whole syncs of a connection whose access tokens end (AUTH-1, AUTH-3, AUTH-4), against the simulated GitHub behind a simulated token endpoint.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/oauth_endpoint.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::Answer;
using simulators::OAuthEndpoint;
using simulators::SimRequest;
using simulators::github::GithubSimulator;
using ::testing::HasSubstr;
using ::testing::Not;

simulators::github::SimulatorOptions small_world() {
  simulators::github::SimulatorOptions options;
  options.world.seed = 5;
  options.world.long_body_share = 0;
  simulators::github::OrganisationOptions organisation;
  organisation.login = "acme";
  organisation.members = 5;
  organisation.repositories = 3;
  organisation.pull_requests = 20;
  organisation.commits_per_repository = 8;
  options.world.organisations.push_back(organisation);
  options.tokens = {{.token = "secret-token"}};
  options.api_base = std::string(SyncWorld::api);
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 0;
  options.gzip = false;
  return options;
}

/// The provider's API behind tokens that end: lets through what a living token of the endpoint asks for. One thread at a time but for the prefetch.
class Gateway final : public simulators::Handler {
public:
  Gateway(OAuthEndpoint& endpoint, simulators::Handler& api) : endpoint_(endpoint), api_(api) {}

  [[nodiscard]] Answer handle(const SimRequest& request) override {
    const int number = ++requests_;
    if (before) {
      before(number);
    }
    if (!is_static(request) && endpoint_.check(request) != OAuthEndpoint::TokenState::valid) {
      ++refused_;
      Answer answer;
      answer.status = 401;
      answer.headers = {{"Content-Type", "application/json"}};
      answer.body = std::make_shared<const std::string>(R"({"message":"Bad credentials"})");
      return answer;
    }
    SimRequest known = request;
    for (auto& header : known.headers) {
      if (simulators::equal_ignoring_case(header.name, "Authorization")) {
        header.value = "Bearer secret-token";
      }
    }
    return api_.handle(known);
  }

  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int refused() const { return refused_; }

  bool knows_static_tokens = true;
  /// Called before each request with its number, from 1.
  std::function<void(int)> before;

private:
  [[nodiscard]] bool is_static(const SimRequest& request) const {
    return knows_static_tokens && request.header("Authorization") == "Bearer secret-token";
  }

  OAuthEndpoint& endpoint_;
  simulators::Handler& api_;
  std::atomic<int> requests_{0};
  std::atomic<int> refused_{0};
};

class OAuthSync : public ::testing::TestWithParam<store::Dialect> {
protected:
  static constexpr const char* identity = "https://id.simulated.example";

  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL server";
    }
    world_ = std::make_unique<SyncWorld>(gateway_, SyncWorld::Options{.dialect = GetParam()});
    endpoint_ = std::make_unique<OAuthEndpoint>(
        world_->store.clock(), simulators::OAuthEndpointOptions{.token_path = "/login/oauth/access_token",
                                                                .reuse_ends_all = true,
                                                                .refresh_ends_access = true});
    gateway_.emplace(*endpoint_, github_);
    world_->transport.connect(identity, *endpoint_);
  }

  SyncWorld::Connected connect(const std::string& tenant = "acme") {
    auto who = world_->connect(tenant,
                               R"("organization":"acme","auth":"app","oauthBaseUrl":")" + std::string(identity) + "\"");
    world_->give(who, "client_id", "simulated-app");
    world_->give(who, "client_secret", "simulated-app-secret");
    world_->give(who, "refresh_token", endpoint_->sign_in().refresh_token);
    return who;
  }
  /// What a sync with a token that never ends brings.
  std::string expected() {
    const auto who = world_->connect("expected", R"("organization":"acme")");
    EXPECT_EQ(errors_of(world_->sync(who)), "");
    return world_->dump(who);
  }

  VirtualClock service_clock_{Timestamp(std::chrono::seconds(1'767'571'200))};
  GithubSimulator github_{small_world(), service_clock_};
  /// Filled in once the endpoint has a clock.
  class Late final : public simulators::Handler {
  public:
    [[nodiscard]] Answer handle(const SimRequest& request) override { return inner->handle(request); }
    void emplace(OAuthEndpoint& endpoint, simulators::Handler& api) {
      inner = std::make_unique<Gateway>(endpoint, api);
    }
    std::unique_ptr<Gateway> inner;
  } gateway_;
  std::unique_ptr<SyncWorld> world_;
  std::unique_ptr<OAuthEndpoint> endpoint_;
};
INSTANTIATE_TEST_SUITE_P(On, OAuthSync, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

TEST_P(OAuthSync, TokensThatEndInTheMiddleAreRenewedAndThePageIsRepeated_AUTH_3) {
  const auto who = connect();
  int renewals = 0;
  gateway_.inner->before = [&](int number) {
    if (number % 7 == 3) {
      endpoint_->end_access_tokens();
      ++renewals;
    }
  };
  EXPECT_EQ(errors_of(world_->sync(who)), "");
  EXPECT_GT(renewals, 3);
  EXPECT_EQ(gateway_.inner->refused(), renewals) << "each refused request was sent once more";
  EXPECT_EQ(endpoint_->counts().refreshed, static_cast<std::uint64_t>(renewals) + 1);
  EXPECT_EQ(endpoint_->counts().reused, 0U);
  gateway_.inner->before = nullptr;
  EXPECT_EQ(world_->dump(who), expected());

  // Another process, an hour and more later, goes on with what is stored.
  world_->store.clock().advance(std::chrono::hours(5));
  world_->restart();
  EXPECT_EQ(errors_of(world_->sync(who)), "");
  EXPECT_EQ(endpoint_->counts().reused, 0U);
  EXPECT_EQ(world_->reload(who).connection.status, store::ConnectionStatus::active);
}

TEST_P(OAuthSync, APermissionTakenBackNeedsAPersonAndIsGivenAgain_AUTH_4) {
  auto who = connect();
  gateway_.inner->before = [&](int number) {
    if (number == 9) {
      endpoint_->revoke_all();
    }
  };
  const auto reports = world_->sync(who);
  EXPECT_THAT(errors_of(reports), HasSubstr("unauthenticated"));
  const auto calls = endpoint_->counts().calls;
  who = world_->reload(who);
  EXPECT_EQ(who.connection.status, store::ConnectionStatus::needs_reauth);
  EXPECT_THAT(who.connection.status_reason, ::testing::StartsWith("Admin attention needed: "));
  EXPECT_THAT(who.connection.status_reason, HasSubstr("invalid_grant"));
  EXPECT_THAT(world_->logger.text(), HasSubstr("admin attention needed"));
  const auto again = world_->try_sync(who);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(endpoint_->counts().calls, calls) << "a connection that needs a person asks nobody";

  world_->give(who, "refresh_token", endpoint_->sign_in().refresh_token);
  EXPECT_TRUE(world_->test_connection(who).status.ok());
  who = world_->reload(who);
  EXPECT_EQ(who.connection.status, store::ConnectionStatus::active);
  EXPECT_EQ(who.connection.status_reason, "");
  EXPECT_EQ(errors_of(world_->sync(who)), "");
  EXPECT_EQ(world_->dump(who), expected());
}

TEST_P(OAuthSync, ATokenThatCannotBeRenewedNeedsAPersonToo_AUTH_4) {
  auto who = world_->connect("static", R"("organization":"acme")");
  EXPECT_EQ(errors_of(world_->sync(who)), "");
  gateway_.inner->knows_static_tokens = false;
  const int before = gateway_.inner->requests();
  // A dry run changes nothing.
  sync::SyncOptions dry;
  dry.dry_run = true;
  static_cast<void>(world_->sync(who, dry));
  EXPECT_EQ(world_->reload(who).connection.status, store::ConnectionStatus::active);
  static_cast<void>(world_->sync(who));
  EXPECT_EQ(gateway_.inner->requests(), before + 2) << "one refusal is enough";
  who = world_->reload(who);
  EXPECT_EQ(who.connection.status, store::ConnectionStatus::needs_reauth);
  EXPECT_THAT(who.connection.status_reason, HasSubstr("the provider refused the credentials"));
  EXPECT_FALSE(world_->test_connection(who).status.ok());
  EXPECT_EQ(world_->reload(who).connection.status, store::ConnectionStatus::needs_reauth);
  gateway_.inner->knows_static_tokens = true;
  EXPECT_TRUE(world_->test_connection(who).status.ok());
  EXPECT_EQ(world_->reload(who).connection.status, store::ConnectionStatus::active);
}

TEST_P(OAuthSync, AFailingTokenEndpointLeavesTheConnectionForADay_AUTH_4) {
  auto who = connect();
  endpoint_->fail_next(1, {.status = 503});
  const auto first = world_->try_sync(who);
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().code, ErrorCode::unavailable);
  EXPECT_EQ(world_->reload(who).connection.status, store::ConnectionStatus::active);
  world_->store.clock().advance(std::chrono::hours(25));
  world_->restart();
  endpoint_->fail_next(1, {.status = 503});
  ASSERT_FALSE(world_->try_sync(who).ok());
  EXPECT_EQ(world_->reload(who).connection.status, store::ConnectionStatus::needs_reauth);
}

// VAULT-4: tokens stand in no log, error, report, column or page of the database.
TEST_P(OAuthSync, NoTokenIsSaidOrStoredOpenly_VAULT_4) {
  const auto who = connect();
  gateway_.inner->before = [&](int number) {
    if (number % 5 == 0) {
      endpoint_->end_access_tokens();
    }
  };
  static_cast<void>(world_->sync(who));
  endpoint_->revoke_all();
  std::string said =
      errors_of(world_->sync(who)) + world_->logger.text() + world_->reload(who).connection.status_reason;
  if (GetParam() == store::Dialect::sqlite) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(world_->store.location()).parent_path())) {
      if (entry.is_regular_file()) {
        std::ifstream file(entry.path(), std::ios::binary);
        said += std::string(std::istreambuf_iterator<char>(file), {});
      }
    }
  }
  int searched = 0;
  for (const SimRequest& request : endpoint_->requests()) {
    const auto at = request.body.find("refresh_token=rt-");
    ASSERT_NE(at, std::string::npos);
    EXPECT_THAT(said, Not(HasSubstr(request.body.substr(at + 14, 43))));
    ++searched;
  }
  EXPECT_GT(searched, 3);
  EXPECT_THAT(said, Not(HasSubstr("simulated-app-secret")));
  // Access tokens are known by their form only.
  for (auto at = said.find("at-"); at != std::string::npos; at = said.find("at-", at + 1)) {
    EXPECT_LT(said.find_first_not_of("0123456789abcdef", at + 3), at + 3 + 40) << said.substr(at, 43);
  }
}

} // namespace
} // namespace dovetail::test

// SPDX-License-Identifier: Apache-2.0
// Where the program keeps secrets (VAULT-6), and connections that renew their tokens (AUTH-3, AUTH-4), over real sockets.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/clock.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/oauth_endpoint.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

using dovetail::testing::CliWorld;
using dovetail::testing::Ended;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

simulators::github::SimulatorOptions small_world(const std::string& token) {
  simulators::github::SimulatorOptions options;
  options.world.seed = 3;
  simulators::github::OrganisationOptions organisation;
  organisation.login = "acme";
  organisation.members = 3;
  organisation.repositories = 2;
  organisation.pull_requests = 4;
  organisation.commits_per_repository = 3;
  options.world.organisations.push_back(organisation);
  options.tokens.push_back({.token = token});
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 1'000'000;
  return options;
}

class CliSecrets : public ::testing::Test {
protected:
  static constexpr const char* canary = "canary-token-of-the-secrets-77c1";

  CliSecrets() { world.expect(0, {"tenant", "add", "acme"}); }

  void use_command() {
    const char* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe)
    const auto script = std::filesystem::absolute(source == nullptr ? "." : source) / "tests/support/secret_command.py";
    world.set("DOVETAIL_CONFIG", world
                                     .file("config.toml", "secret-backend = \"command\"\nsecret-command = [\"" +
                                                              script.string() + "\", \"" + kept().string() + "\"]\n")
                                     .string());
  }
  [[nodiscard]] std::filesystem::path kept() const { return world.folder() / "kept"; }

  static std::vector<std::string> add(const std::string& address, std::vector<std::string> more) {
    more.insert(more.end(), {"--config", "oauthBaseUrl=" + address});
    return CliWorld::connect(address, more);
  }

  SystemClock clock;
  CliWorld world;
};

TEST_F(CliSecrets, ACommandKeepsThemWithoutTheVault) {
  simulators::github::GithubSimulator simulator(small_world(canary), clock);
  const auto server = std::move(simulators::Server::start(simulator, clock)).value();
  use_command();
  world.set("SOME_TOKEN", canary);
  world.expect(0, add(server->base_url(), {"--secret-env", "token=SOME_TOKEN"}));
  EXPECT_EQ(
      world.json({"connection", "show", "main", "--tenant", "acme", "--json"}).root().at("/secrets/0").as_string(),
      "token");
  world.expect(0, {"sync", "--tenant", "acme", "--object", "member"});
  EXPECT_THAT(world.places_of(canary), IsEmpty()) << "it is with the command, not in the data directory";
  world.expect(0, {"connection", "remove", "main", "--tenant", "acme", "--yes"});
  int secrets = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kept())) {
    if (entry.path().extension() == ".json") {
      std::ifstream file(entry.path());
      const std::string text(std::istreambuf_iterator<char>(file), {});
      EXPECT_THAT(text, Not(HasSubstr(canary)));
      ++secrets;
    }
  }
  EXPECT_EQ(secrets, 1) << "the command was told that the secret goes";
}

TEST_F(CliSecrets, TheEnvironmentHoldsThemReadOnly) {
  simulators::github::GithubSimulator simulator(small_world(canary), clock);
  const auto server = std::move(simulators::Server::start(simulator, clock)).value();
  world.set("DOVETAIL_SECRET_BACKEND", "environment");
  world.set("SOME_TOKEN", canary);
  EXPECT_THAT(world.expect(1, add(server->base_url(), {"--secret-env", "token=SOME_TOKEN"})).err,
              HasSubstr("cannot be stored"));
  EXPECT_THAT(world.expect(0, add(server->base_url(), {})).err, HasSubstr("DOVETAIL_SECRET__ACME__MAIN__TOKEN"));
  EXPECT_THAT(world.expect(1, {"connection", "test", "main", "--tenant", "acme"}).err,
              HasSubstr("DOVETAIL_SECRET__ACME__MAIN__TOKEN"));
  world.set("DOVETAIL_SECRET__ACME__MAIN__TOKEN", canary);
  world.expect(0, {"connection", "test", "main", "--tenant", "acme"});
  world.expect(0, {"sync", "--tenant", "acme", "--object", "member"});
  EXPECT_THAT(world.places_of(canary), IsEmpty());
}

TEST_F(CliSecrets, OptionsThatDoNotFitAreToldBeforeAnythingIsDone) {
  EXPECT_THAT(world.expect(2, {"--secret-backend", "command", "tenant", "list"}).err, HasSubstr("--secret-command"));
  EXPECT_THAT(world.expect(2, {"--secret-backend", "command", "--secret-command", "relative", "tenant", "list"}).err,
              HasSubstr("absolute"));
  EXPECT_THAT(world.expect(2, {"--secret-command", "/bin/true", "tenant", "list"}).err,
              HasSubstr("--secret-backend command"));
  world.expect(2, {"--secret-backend", "cloud", "tenant", "list"});
  EXPECT_THAT(world
                  .expect(2, {"--secret-backend", "command", "--secret-command", "/bin/true", "--secret-command-env",
                              "A=canary-x", "tenant", "list"})
                  .err,
              Not(HasSubstr("canary-x")));
}

/// The API and its token endpoint on one port.
class Provider final : public simulators::Handler {
public:
  Provider(simulators::OAuthEndpoint& endpoint, simulators::Handler& api) : endpoint_(endpoint), api_(api) {}
  [[nodiscard]] simulators::Answer handle(const simulators::SimRequest& request) override {
    if (endpoint_.serves(request)) {
      return endpoint_.handle(request);
    }
    if (endpoint_.check(request) != simulators::OAuthEndpoint::TokenState::valid) {
      simulators::Answer answer;
      answer.status = 401;
      answer.body = std::make_shared<const std::string>(R"({"message":"Bad credentials"})");
      return answer;
    }
    simulators::SimRequest known = request;
    std::erase_if(known.headers,
                  [](const auto& header) { return simulators::equal_ignoring_case(header.name, "Authorization"); });
    known.headers.push_back({"Authorization", "Bearer known-to-the-api"});
    return api_.handle(known);
  }

private:
  simulators::OAuthEndpoint& endpoint_;
  simulators::Handler& api_;
};

TEST_F(CliSecrets, TokensAreRenewedAndARefusalNeedsAPerson) {
  simulators::OAuthEndpoint endpoint(clock, {.token_path = "/login/oauth/access_token", .reuse_ends_all = true});
  simulators::github::GithubSimulator simulator(small_world("known-to-the-api"), clock);
  Provider provider(endpoint, simulator);
  const auto server = std::move(simulators::Server::start(provider, clock)).value();
  world.add_vault_key();
  world.set("GITHUB_APP_CLIENT_ID", "simulated-app");
  world.set("GITHUB_APP_CLIENT_SECRET", "simulated-app-secret");
  EXPECT_THAT(world.expect(1, add(server->base_url(), {"--config", "auth=app"})).err, HasSubstr("refresh_token"));
  const auto first = endpoint.sign_in();
  world.set("MY_REFRESH", first.refresh_token);
  world.expect(0, add(server->base_url(), {"--config", "auth=app", "--secret-env", "refresh_token=MY_REFRESH"}));
  world.unset("MY_REFRESH");
  world.expect(0, {"sync", "--tenant", "acme", "--object", "member"});
  endpoint.end_access_tokens();
  world.expect(0, {"sync", "--tenant", "acme", "--object", "member"});
  EXPECT_EQ(endpoint.counts().refreshed, 2U);
  EXPECT_EQ(endpoint.counts().reused, 0U);

  endpoint.revoke_all();
  EXPECT_THAT(world.expect(1, {"sync", "--tenant", "acme", "--object", "member"}).err + "", HasSubstr("failed"));
  const auto shown = world.json({"connection", "list", "--tenant", "acme", "--json"});
  EXPECT_EQ(shown.root().at("/0/status").as_string(), "needs_reauth");
  EXPECT_THAT(std::string(shown.root().at("/0/reason").as_string().value_or("")), HasSubstr("Admin attention needed"));
  world.set("MY_REFRESH", endpoint.sign_in().refresh_token);
  EXPECT_THAT(world
                  .expect(0, add(server->base_url(),
                                 {"--config", "auth=app", "--replace", "--secret-env", "refresh_token=MY_REFRESH"}))
                  .out,
              HasSubstr("active again"));
  world.expect(0, {"sync", "--tenant", "acme", "--object", "member"});
  for (const auto& request : endpoint.requests()) {
    const auto at = request.body.find("refresh_token=rt-");
    ASSERT_NE(at, std::string::npos);
    EXPECT_THAT(world.places_of(request.body.substr(at + 14, 43)), IsEmpty());
  }
  EXPECT_THAT(world.places_of("simulated-app-secret"), IsEmpty());
}

} // namespace
} // namespace dovetail

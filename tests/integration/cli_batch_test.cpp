// SPDX-License-Identifier: Apache-2.0
// A directory of account files (SYNC-15): dry runs that touch nothing, and live ones over real sockets whose renewed tokens go back into the files.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/clock.hpp"
#include "core/json/document.hpp"
#include "core/vault/encoding.hpp"
#include "core/vault/fernet_import.hpp"
#include "runtime/batch/account_files.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/oauth_endpoint.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

namespace fs = std::filesystem;
using dovetail::testing::CliWorld;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view batch_section = R"json("batch": {
  "keyEnv": "ACCOUNTS_KEY",
  "file": {
    "type": "object", "required": ["organization"],
    "properties": {
      "api_key": {"type": ["string", "null"]}, "organization": {"type": "string"}, "token": {"type": "object"},
      "columns": {"type": "object", "additionalProperties": {"type": "string"}}, "connection": {"type": "object"}
    }
  },
  "secrets": [
    {"from": "/api_key", "secret": "token", "notGiven": ["OPTIONAL_API_KEY"]},
    {"from": "/token/access_token", "secret": "access_token"}, {"from": "/token/refresh_token", "secret": "refresh_token"}
  ],
  "settings": [{"from": "/organization", "to": "organization"}, {"from": "/connection", "as": "members"}],
  "auth": [{"when": "/token/refresh_token", "method": "app"}],
  "placeholders": {"begins": ["<", "REPLACE", "YOUR_"]},
  "columns": "/columns", "objects": ["member"]
},
)json";

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

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const fs::path& folder) {
  std::error_code error;
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder, error), fs::directory_iterator()));
}

class CliBatch : public ::testing::Test {
protected:
  static constexpr const char* canary = "canary-token-of-the-accounts-41d7";

  CliBatch() {
    const char* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe)
    const fs::path given = fs::path(source == nullptr ? "." : source) / "manifests";
    const fs::path manifests = world.folder() / "manifests";
    fs::create_directory(manifests);
    fs::copy(given / "models", manifests / "models");
    std::string text = content(given / "github.json");
    const auto at = text.find("\"objects\": [");
    EXPECT_NE(at, std::string::npos);
    text.insert(at, batch_section);
    std::ofstream(manifests / "github.json", std::ios::binary) << text;
    world.set("DOVETAIL_MANIFEST_DIR", manifests.string());
    world.set("DOVETAIL_BATCH_REPORT_DIR", reports().string());
    fs::create_directory(configs());
  }

  [[nodiscard]] fs::path configs() const { return world.folder() / "configs"; }
  [[nodiscard]] fs::path reports() const { return world.folder() / "reports"; }
  [[nodiscard]] fs::path config(const std::string& name) const { return configs() / (name + ".json"); }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(config(name), std::ios::binary) << text;
  }
  [[nodiscard]] std::string sealed(const std::string& text) {
    const auto wrapper = vault::seal_fernet_wrapper(Secret(text), Secret(fernet_key), clock.now(), random);
    EXPECT_TRUE(wrapper.ok());
    return wrapper.ok() ? *wrapper : std::string();
  }
  /// An account file with `members` before what leads to the server.
  [[nodiscard]] static std::string account(const std::string& address, const std::string& members) {
    return "{" + members +
           R"(, "organization": "acme", "columns": {"status": "status_1"}, "connection": {"environment": "custom", "baseUrl": ")" +
           address + R"(", "oauthBaseUrl": ")" + address +
           R"(", "allowPlainHttp": true, "allowPrivateAddresses": true, "rateLimits": {"requestsPerMinute": 0}}})";
  }
  [[nodiscard]] json::Document report(const std::string& name) const {
    auto document = json::Document::parse(content(reports() / ("github_integration_report_" + name + ".json")));
    EXPECT_TRUE(document.ok()) << name;
    return document.ok() ? std::move(document).value() : std::move(json::Document::parse("null")).value();
  }
  [[nodiscard]] std::vector<std::string> batch(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"batch", "--configs-dir", configs().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  SystemClock clock;
  vault::SystemSecureRandom random;
  const std::string fernet_key = vault::base64_encode(std::string(32, 'k'), vault::Base64Form::url);
  CliWorld world;
};

TEST_F(CliBatch, SYNC15_SYNC12_FiftyAccountsDry) {
  simulators::github::GithubSimulator simulator(small_world(canary), clock);
  const auto server = std::move(simulators::Server::start(simulator, clock)).value();
  const std::string good = account(server->base_url(), std::string(R"("api_key": ")") + canary + "\"");
  for (int i = 0; i < 40; ++i) {
    put("plain_" + std::to_string(i), good);
  }
  for (int i = 0; i < 5; ++i) {
    put("sealed_" + std::to_string(i), sealed(good));
  }
  put("broken_0", good.substr(0, good.size() - 1));
  put("broken_1", "[]");
  put("broken_2", R"({"organization": 7})");
  put("open_0", R"({"organization": "acme", "columns": {"status": "REPLACE_ME"}})");
  put("open_1", R"({"organization": "<organization>"})");
  fs::create_directory(reports());
  std::ofstream(reports() / "github_integration_report_broken_0.json") << "of an earlier run";
  world.set("ACCOUNTS_KEY", fernet_key);
  world.set("DRY_RUN", "1");

  const auto ended = world.expect(1, batch());
  EXPECT_EQ(files_in(reports()), 45U);
  for (const char* const told :
       {"broken_0.json: refused: line 1", "broken_1.json: refused: it must hold a JSON object",
        "broken_2.json: refused: /organization", "open_0.json: refused: placeholders stand at /columns/status",
        "open_1.json: refused: placeholders stand at /organization"}) {
    EXPECT_THAT(ended.err, HasSubstr(told));
  }
  EXPECT_THAT(ended.out, HasSubstr("45 went through, 5 refused, 0 failed"));
  const auto sealed_report = report("sealed_4");
  const auto root = sealed_report.root();
  EXPECT_EQ(root["status"].as_string(), "ok");
  EXPECT_EQ(root["dry_run"].as_bool(), true);
  EXPECT_EQ(root["encrypted"].as_bool(), true);
  EXPECT_EQ(root.at("/connection/tenant").as_string(), "sealed_4");
  EXPECT_EQ(root.at("/connection/base_url").as_string(), server->base_url());
  EXPECT_EQ(root.at("/operations/3/object").as_string(), "member");
  EXPECT_EQ(root.at("/operations/3/columns/status").as_string(), "status_1");

  EXPECT_EQ(server->accepted_connections(), 0U) << "nobody was called";
  EXPECT_FALSE(fs::exists(world.data())) << "not even a database was made";
  EXPECT_THAT(world.places_of(canary), IsEmpty());
  EXPECT_THAT(world.places_of(fernet_key), IsEmpty());
  for (const auto& entry : fs::directory_iterator(reports())) {
    EXPECT_THAT(content(entry.path()), Not(HasSubstr(canary))) << entry.path();
  }
  const auto printed = json::Document::parse(world.expect(1, batch({"--json"})).out);
  ASSERT_TRUE(printed.ok());
  EXPECT_EQ(printed->root().at("/total/ok").as_int64(), 45);
  EXPECT_EQ(printed->root().at("/total/refused").as_int64(), 5);
  EXPECT_EQ(printed->root()["configs"].size(), 50U);
}

// The example of the requirement, with the manifests as they are: the one provider with a batch mode needs no name.
TEST_F(CliBatch, SYNC15_AnAccountOfTheBoardsProvider) {
  world.unset("DOVETAIL_MANIFEST_DIR");
  put("north",
      R"({"api_key": "OPTIONAL_API_KEY", "board_id": 12345678, "columns": {"project_id": "proj_col_internal_id",
    "predicted_delay": "col_pred", "revenue": "col_rev", "risk": "col_risk", "status": "col_status"}})");
  put("south", R"({"board_id": 7, "columns": {"status": "YOUR_COLUMN_ID"}})");
  put("west", R"({"board_id": 7, "columns": {"status": "<column id>"}})");
  world.set("MONDAY_API_KEY", canary);
  const auto ended = world.expect(1, batch());
  EXPECT_THAT(ended.out, HasSubstr("1 went through, 2 refused, 0 failed"));
  EXPECT_EQ(files_in(reports()), 1U);
  const auto document = json::Document::parse(content(reports() / "monday_integration_report_north.json"));
  ASSERT_TRUE(document.ok());
  const auto root = document->root();
  EXPECT_EQ(root.at("/settings/projectBoards/0").as_int64(), 12345678);
  EXPECT_EQ(root.at("/settings/columns/risk").as_string(), "col_risk");
  EXPECT_EQ(root.at("/connection/auth").as_string(), "token");
  EXPECT_EQ(root.at("/secrets/0/at").as_string(), "MONDAY_API_KEY");
  EXPECT_EQ(root.at("/operations/4/object").as_string(), "project_item");
  EXPECT_THAT(content(reports() / "monday_integration_report_north.json"), Not(HasSubstr(canary)));
}

TEST_F(CliBatch, SYNC15_VAULT5_AKeyThatIsMissingOrWrongIsRefused) {
  put("north", sealed(R"({"organization": "acme"})"));
  EXPECT_THAT(world.expect(1, batch()).err, HasSubstr("the variable ACCOUNTS_KEY is not set"));
  world.set("ACCOUNTS_KEY", vault::base64_encode(std::string(32, 'x'), vault::Base64Form::url));
  EXPECT_THAT(world.expect(1, batch()).err, HasSubstr("does not decrypt"));
  world.set("ACCOUNTS_KEY", fernet_key);
  world.expect(0, batch());
  EXPECT_EQ(report("north").root().at("/secrets/0/source").as_string(), "missing") << "a dry run tells it";
}

TEST_F(CliBatch, SYNC15_CallsThatMakeNoSenseDoNothing) {
  put("north", R"({"organization": "acme"})");
  EXPECT_THAT(world.expect(2, {"batch"}).err, HasSubstr("--configs-dir"));
  EXPECT_THAT(world.expect(2, batch({"--live", "--dry-run"})).err, HasSubstr("exclude each other"));
  world.set("DRY_RUN", "no");
  EXPECT_THAT(world.expect(2, batch()).err, HasSubstr("DRY_RUN takes 0"));
  world.set("DRY_RUN", "");
  EXPECT_THAT(world.expect(1, batch({"--provider", "nobody"})).err, HasSubstr("there is no provider"));
  EXPECT_THAT(world.expect(1, {"batch", "--configs-dir", (world.folder() / "missing").string()}).err,
              HasSubstr("cannot be opened"));
  EXPECT_THAT(world.expect(1, batch({"--live"})).err, HasSubstr("DOVETAIL_VAULT_KEYS"));
  EXPECT_FALSE(fs::exists(reports()));
  {
    const auto lock = batch::DirectoryLock::take(configs());
    ASSERT_TRUE(lock.ok());
    EXPECT_THAT(world.expect(1, batch()).err, HasSubstr("another batch run works on"));
  }
  world.expect(0, batch());
}

/// The API and its token endpoint on one port.
class Provider final : public simulators::Handler {
public:
  Provider(simulators::OAuthEndpoint& endpoint, simulators::Handler& api) : endpoint_(endpoint), api_(api) {}
  [[nodiscard]] simulators::Answer handle(const simulators::SimRequest& request) override {
    if (endpoint_.serves(request)) {
      return endpoint_.handle(request);
    }
    const bool own = request.header("Authorization") == std::string("Bearer ") + known;
    if (!own && endpoint_.check(request) != simulators::OAuthEndpoint::TokenState::valid) {
      simulators::Answer answer;
      answer.status = 401;
      answer.body = std::make_shared<const std::string>(R"({"message":"Bad credentials"})");
      return answer;
    }
    simulators::SimRequest let_in = request;
    std::erase_if(let_in.headers,
                  [](const auto& header) { return simulators::equal_ignoring_case(header.name, "Authorization"); });
    let_in.headers.push_back({"Authorization", std::string("Bearer ") + known});
    return api_.handle(let_in);
  }
  static constexpr const char* known = "known-to-the-api-5512";

private:
  simulators::OAuthEndpoint& endpoint_;
  simulators::Handler& api_;
};

std::string tokens(const simulators::OAuthEndpoint::Tokens& pair) {
  return R"("token": {"access_token": ")" + pair.access_token + R"(", "refresh_token": ")" + pair.refresh_token +
         R"("})";
}

TEST_F(CliBatch, SYNC15_AUTH3_ALiveRunSyncsAndWritesRenewedTokensBack) {
  simulators::OAuthEndpoint endpoint(clock, {.token_path = "/login/oauth/access_token", .reuse_ends_all = true});
  simulators::github::GithubSimulator simulator(small_world(Provider::known), clock);
  Provider provider(endpoint, simulator);
  const auto server = std::move(simulators::Server::start(provider, clock)).value();
  world.add_vault_key();
  world.set("ACCOUNTS_KEY", fernet_key);
  world.set("DRY_RUN", "0");
  world.set("GITHUB_APP_CLIENT_ID", "simulated-app");
  world.set("GITHUB_APP_CLIENT_SECRET", "simulated-app-secret");
  const auto north = endpoint.sign_in();
  const auto south = endpoint.sign_in();
  const std::string north_before = account(server->base_url(), tokens(north));
  put("north", sealed(north_before));
  ASSERT_EQ(::chmod(config("north").c_str(), 0640), 0);
  put("south", account(server->base_url(), tokens(south)));
  put("east", account(server->base_url(), std::string(R"("api_key": ")") + Provider::known + "\""));
  put("west", account(server->base_url(), R"("api_key": "OPTIONAL_API_KEY")"));
  put("wrong", R"({"organization": "YOUR_ORGANIZATION"})");
  endpoint.end_access_tokens();

  // One account lacks its secret, one has a placeholder: the others go through.
  const auto first = world.expect(1, batch());
  EXPECT_THAT(first.out, HasSubstr("3 went through, 1 refused, 1 failed"));
  EXPECT_THAT(first.err, HasSubstr("west.json: failed: the secret \"token\" is missing"));
  EXPECT_THAT(first.err, HasSubstr("set the variable GITHUB_TOKEN"));
  for (const char* const tenant : {"north", "south", "east"}) {
    EXPECT_EQ(report(tenant).root().at("/outcome/total/created").as_int64(), 3) << tenant;
    EXPECT_EQ(report(tenant).root()["tokens_written"].as_bool(), std::string(tenant) != "east");
    EXPECT_EQ(world.json({"records", "member", "--tenant", tenant, "--format", "json"}).root().size(), 3U);
  }
  const auto opened = vault::open_fernet_wrapper(content(config("north")), Secret(fernet_key));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto north_after = json::Document::parse(opened->reveal());
  const auto south_after = json::Document::parse(content(config("south")));
  ASSERT_TRUE(north_after.ok() && south_after.ok());
  for (const auto* const file : {&*north_after, &*south_after}) {
    const std::string access(file->root().string_or("/token/access_token", ""));
    EXPECT_EQ(endpoint.check(access), simulators::OAuthEndpoint::TokenState::valid);
    EXPECT_THAT(world.places_of(access), IsEmpty());
  }
  struct stat status {};
  ASSERT_EQ(::stat(config("north").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);

  // A run that was killed before it wrote the file; and one after which somebody else renewed.
  put("north", sealed(north_before));
  fs::remove(config("wrong"));
  world.set("GITHUB_TOKEN", Provider::known);
  world.expect(0, batch());
  endpoint.end_access_tokens();
  world.expect(0, {"sync", "--tenant", "south"});
  world.expect(0, batch());
  EXPECT_EQ(
      vault::open_fernet_wrapper(content(config("north")), Secret(fernet_key))->reveal().find(north.refresh_token),
      std::string_view::npos);
  EXPECT_EQ(endpoint.counts().reused, 0U) << "no refresh token was sent twice";
  EXPECT_EQ(endpoint.counts().refreshed, 4U);
  EXPECT_THAT(content(reports() / "github_integration_report_north.json"), Not(HasSubstr(north.refresh_token)));
  EXPECT_THAT(world.places_of(north.refresh_token), IsEmpty());
  EXPECT_THAT(world.places_of(Provider::known), IsEmpty());
}

} // namespace
} // namespace dovetail

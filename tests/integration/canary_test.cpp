// SPDX-License-Identifier: Apache-2.0
// VAULT-4, HTTP-4: planted secrets go through every flow of a sync against a provider that throws them back in every place it can, and are then looked
// for in logs, errors, reports and the bytes of the database.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/support/sync_world.hpp"

namespace dovetail::test {
namespace {

using simulators::Answer;
using simulators::SimRequest;

/// Answers every request with the credentials that came with it, a different way each time.
class Echo final : public simulators::Handler {
public:
  [[nodiscard]] Answer handle(const SimRequest& request) override {
    const std::string credentials(request.header("Authorization").value_or(""));
    const std::string token = credentials.substr(credentials.find(' ') + 1);
    seen_ += token.empty() ? 0 : 1;
    Answer answer;
    answer.headers = {{"Content-Type", "application/json"}};
    const auto say = [&answer](int status, const std::string& body) {
      answer.status = status;
      answer.body = std::make_shared<const std::string>(body);
    };
    switch (turn_++ % 10) {
    case 0:
      say(401, R"({"message":"Bad credentials: )" + token + R"("})");
      break;
    case 1:
      say(403, R"({"message":"Resource not accessible with )" + credentials + R"("})");
      answer.headers.push_back({"X-GitHub-Request-Id", token});
      break;
    case 2:
      say(302, "");
      answer.headers.push_back({"Location", "https://elsewhere.example/?access_token=" + token});
      break;
    case 3:
      say(200, "{\"token\": \"" + token + "\", broken");
      break;
    case 4:
      say(200, R"([{"id":1,"login":"x","type":"User","site_admin":"Bearer )" + token + R"("}])");
      break;
    case 5:
      say(500, "<html>Internal error near Authorization: " + credentials + "</html>");
      break;
    case 6:
      say(200, "[]");
      answer.headers.push_back({"Link", "<https://other.example/next?access_token=" + token + ">; rel=\"next\""});
      break;
    case 7:
      say(200, R"([{"login":")" + token + R"("}])");
      break;
    case 8:
      say(422, R"({"message":"Validation Failed","errors":[{"field":"token","value":")" + vault::base64_encode(token) +
                   R"("}]})");
      break;
    default:
      say(404, R"({"message":"Not Found: https://user:)" + token + R"(@host/"})");
      answer.headers.push_back({"X-OAuth-Scopes", token});
      break;
    }
    return answer;
  }
  [[nodiscard]] int seen() const { return seen_; }

private:
  int turn_ = 0;
  int seen_ = 0;
};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Canary, AThousandSecretsAppearNowhereAfterEveryFlow_VAULT_4) {
  Echo provider;
  SyncWorld world(provider, {.dialect = store::Dialect::sqlite, .prefetch = false, .retry = {.max_attempts = 1}});
  std::vector<std::string> secrets;
  std::string shown;
  const int count = scaled(1000);
  for (int i = 0; i < count; ++i) {
    secrets.push_back("canary" + std::to_string(world.store.random().next()) + "x" + std::to_string(i));
    const auto who =
        world.connect("t" + std::to_string(i), R"("organization":"acme","memberProfiles":false)", secrets.back());
    const auto reports = world.sync(who, {.objects = {"member", "repository"}});
    for (const auto& report : reports) {
      if (report.error) {
        shown += report.error->message + "\n" + report.error->provider_request_id + "\n";
      }
    }
    shown += errors_of(world.sync(who, {.objects = {"member"}, .dry_run = true}));
    const auto tested = world.test_connection(who);
    shown += tested.findings + "\n" + (tested.status.ok() ? "" : tested.status.error().message) + "\n";
  }
  EXPECT_GE(provider.seen(), count * 3) << "the provider saw the secrets: they really went out";
  shown += world.logger.text();
  std::string stored;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(world.store.location()).parent_path())) {
    if (entry.is_regular_file()) {
      stored += bytes_of(entry.path());
    }
  }
  ASSERT_GT(stored.size(), 100'000U);
  for (const auto& secret : secrets) {
    for (const auto& form : {secret, vault::base64_encode(secret)}) {
      EXPECT_EQ(shown.find(form), std::string::npos) << "a secret was shown";
      EXPECT_EQ(stored.find(form), std::string::npos) << "a secret was stored in clear";
    }
    if (::testing::Test::HasFailure()) {
      const auto at = shown.find(secret);
      FAIL() << (at == std::string::npos ? std::string("in the database") : shown.substr(at < 200 ? 0 : at - 200, 200));
    }
  }
}

} // namespace
} // namespace dovetail::test

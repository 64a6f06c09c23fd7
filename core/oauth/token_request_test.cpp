// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/token_request.hpp"

#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "tests/support/oauth_world.hpp"

namespace dovetail::oauth {
namespace {

using Kind = TokenAnswer::Kind;

class TokenRequest : public ::testing::Test {
protected:
  void open(std::string_view oauth, simulators::OAuthEndpointOptions options = {}) {
    world_ = std::make_unique<test::OAuthWorld>(store::Dialect::sqlite, oauth, std::move(options));
    process_ = world_->start();
  }
  TokenAnswer ask(const std::string& refresh_token, const std::string& secret = "simulated-app-secret") {
    return ask_for_tokens(process_->client, process_->redactor, world_->store.clock(), world_->account,
                          {.id = Secret("simulated-app"), .secret = Secret(secret)}, Secret(refresh_token));
  }
  TokenAnswer ask_with(int status, const std::string& body) {
    world_->fail_next(1, status, body);
    return ask("rt-0123456789");
  }

  std::unique_ptr<test::OAuthWorld> world_;
  std::unique_ptr<test::TokenProcess> process_;
};

TEST_F(TokenRequest, SendsAFormOrJsonAndTheClientInBodyOrHeader) {
  using Options = simulators::OAuthEndpointOptions;
  open("", {.client_auth = Options::ClientAuth::body, .form = Options::Form::form});
  EXPECT_EQ(ask(world_->endpoint.sign_in().refresh_token).kind, Kind::tokens);
  EXPECT_EQ(world_->endpoint.requests().back().header("Accept"), "application/json");
  EXPECT_FALSE(world_->endpoint.requests().back().header("Authorization"));

  open(R"("tokenRequest": "json", "clientAuth": "basic")",
       {.client_auth = Options::ClientAuth::basic, .form = Options::Form::json});
  const auto sent = world_->endpoint.sign_in().refresh_token;
  EXPECT_EQ(ask(sent).kind, Kind::tokens);
  EXPECT_EQ(world_->endpoint.requests().back().body,
            R"({"grant_type":"refresh_token","refresh_token":")" + sent + R"("})");

  // RFC 6749 section 2.3.1: id and secret are encoded before they are joined.
  open(R"("clientAuth": "basic")", {.client_secret = "a:b c&d%"});
  EXPECT_EQ(ask(world_->endpoint.sign_in().refresh_token, "a:b c&d%").kind, Kind::tokens);
  open("", {.client_secret = "a:b c&d%"});
  EXPECT_EQ(ask(world_->endpoint.sign_in().refresh_token, "a:b c&d%").kind, Kind::tokens);
}

TEST_F(TokenRequest, AsksByClientCredentialsWithTheScopes) {
  open(R"("flows": ["client_credentials"], "scopes": ["read", "write"], "scopeSeparator": ",")",
       {.allows_client_credentials = true});
  const auto answer = ask("");
  ASSERT_EQ(answer.kind, Kind::tokens) << answer.error.message;
  EXPECT_TRUE(answer.tokens.refresh_token.empty());
  EXPECT_NE(world_->endpoint.requests().back().body.find("scope=read%2Cwrite"), std::string::npos);
}

TEST_F(TokenRequest, FindsTheEndOfTheTokensLife) {
  open(R"("fallbackSeconds": 1800)");
  const auto now = world_->store.clock().now();
  const auto until = [&](const std::string& expires_in) {
    const auto answer = ask_with(200, R"({"access_token":"at-0123456789")" + expires_in + "}");
    EXPECT_EQ(answer.kind, Kind::tokens);
    return answer.tokens.expires_at.value_or(now) - now;
  };
  EXPECT_EQ(until(R"(,"expires_in":60)"), std::chrono::seconds(60));
  EXPECT_EQ(until(R"(,"expires_in":"61")"), std::chrono::seconds(61));
  EXPECT_EQ(until(R"(,"expires_in":62.5)"), std::chrono::seconds(62));
  for (const char* nothing : {"", R"(,"expires_in":0)", R"(,"expires_in":-5)", R"(,"expires_in":null)",
                              R"(,"expires_in":"soon")", R"(,"expires_in":"")", R"(,"expires_in":[])"}) {
    EXPECT_EQ(until(nothing), std::chrono::seconds(1800)) << nothing;
  }
  EXPECT_LE(until(R"(,"expires_in":1e300)"), std::chrono::hours(24 * 366 * 10));

  open(R"("expiry": "jwt_exp")", {.access_life = std::chrono::minutes(10), .tells_life = false, .jwt = true});
  EXPECT_EQ(ask(world_->endpoint.sign_in().refresh_token).tokens.expires_at, now + std::chrono::minutes(10));
}

// AUTH-4: what the provider says in so many words, and what may pass.
TEST_F(TokenRequest, TellsRefusalsFromFailures) {
  open(R"("reauthErrors": ["bad_refresh_token"])");
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {400, R"({"error":"invalid_grant"})"},
           {401, R"({"error":"invalid_client"})"},
           {400, R"({"error":"unauthorized_client"})"},
           {401, "no JSON"},
           {200, R"({"error":"bad_refresh_token","error_description":"of the manifest's list"})"}}) {
    const auto answer = ask_with(status, body);
    EXPECT_EQ(answer.kind, Kind::refused) << body;
    EXPECT_EQ(answer.error.code, ErrorCode::unauthenticated);
    EXPECT_EQ(answer.error.http_status, status);
  }
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {400, R"({"error":"invalid_request"})"},
           {400, R"({"error":"invalid_scope"})"},
           {403, "no"},
           {404, R"({"error":{"message":"nested"}})"},
           {500, R"({"error":"invalid_grant"})"},
           {503, "down"},
           {302, ""},
           {200, "no JSON"},
           {200, "{}"},
           {200, R"({"access_token":12})"},
           {200, R"({"access_token":"with space"})"},
           {200, R"({"access_token":"line\nbreak"})"},
           {200, R"({"access_token":")" + std::string(20'000, 'x') + R"("})"},
           {200, R"({"access_token":"at-0123456789","refresh_token":"a\u0000b"})"},
           {200, R"({"access_token":"at-0123456789","pad":")" + std::string(300'000, 'x') + R"("})"},
           {429, "slow down"}}) {
    const auto answer = ask_with(status, body);
    EXPECT_EQ(answer.kind, Kind::failed) << status << " " << body.substr(0, 80);
    EXPECT_FALSE(answer.error.message.empty());
  }
}

TEST_F(TokenRequest, IsNotSentTwiceWhenTheAnswerIsLost) {
  open("");
  const auto sent = world_->endpoint.sign_in().refresh_token;
  for (const auto kind : {simulators::DeliveryKind::reset_before_headers, simulators::DeliveryKind::truncated}) {
    world_->endpoint.fail_next(1, {.status = 503, .body = "x", .delivery = {.kind = kind}, .headers = {}});
    const auto answer = ask(sent);
    EXPECT_EQ(answer.kind, Kind::failed);
    EXPECT_EQ(answer.error.retry, RetryClass::transient);
  }
  EXPECT_EQ(world_->endpoint.counts().calls, 2U);
}

TEST_F(TokenRequest, GoesToTheTokenUrlAloneAndObeysTheConnectionsRules) {
  open("");
  world_->account.token_url = "http://id.acme.example/oauth/token";
  EXPECT_EQ(ask("rt-0123456789").error.code, ErrorCode::permission_denied);
  world_->account.token_url = "https://127.0.0.1/oauth/token";
  EXPECT_EQ(ask("rt-0123456789").error.code, ErrorCode::permission_denied);
  EXPECT_EQ(world_->transport.requests(), 0U);
}

// HTTP-4, VAULT-4
TEST_F(TokenRequest, NothingOfWhatItSendsOrGetsIsSaid) {
  open(R"("clientAuth": "basic")");
  const std::vector<std::string> planted = {"rt-0123456789", "simulated-app-secret", "at-c0ffee0123456789",
                                            "id-c0ffee0123456789",
                                            vault::base64_encode("simulated-app:simulated-app-secret")};
  std::string said;
  for (const std::string& token : planted) {
    for (const int status : {200, 400, 401, 500}) {
      said += ask_with(status, R"({"error":")" + token + R"(","error_description":"about )" + token + R"("})")
                  .error.message;
      said += ask_with(status, "<html>" + token + "</html>").error.message;
      world_->endpoint.fail_next(1,
                                 {.status = status,
                                  .body = R"({"access_token":"at-c0ffee0123456789","id_token":"id-c0ffee0123456789"})",
                                  .delivery = {},
                                  .headers = {{"X-Request-Id", token}, {"Location", "https://x.example/?t=" + token}}});
      const auto answer = ask("rt-0123456789");
      said += answer.error.message + process_->redactor.redact(answer.error.provider_request_id);
    }
  }
  said += process_->logger.text();
  for (const std::string& token : planted) {
    EXPECT_EQ(said.find(token), std::string::npos) << token << " in " << said;
  }
}

} // namespace
} // namespace dovetail::oauth

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/oauth_endpoint.hpp"

#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::simulators {
namespace {

using State = OAuthEndpoint::TokenState;

class OAuthEndpointTest : public ::testing::Test {
protected:
  Answer post(const std::string& body, std::vector<Header> headers = {}, const std::string& path = "/oauth/token") {
    headers.push_back(
        {"Content-Type", body.starts_with("{") ? "application/json" : "application/x-www-form-urlencoded"});
    return endpoint_.handle({.method = "POST", .target = path, .headers = std::move(headers), .body = body});
  }
  Answer refresh(const std::string& token) {
    return post("grant_type=refresh_token&client_id=simulated-app&client_secret=simulated-app-secret&refresh_token=" +
                token);
  }
  static std::string member(const Answer& answer, std::string_view name) {
    const auto document = json::Document::parse(answer.content());
    return document.ok() ? std::string(document->root()[name].as_string().value_or("")) : "no JSON";
  }

  VirtualClock clock_{Timestamp{std::chrono::hours(500'000)}};
  OAuthEndpoint endpoint_{clock_};
};

TEST_F(OAuthEndpointTest, RotatesAndEndsTheTokenThatWasSent) {
  const auto first = endpoint_.sign_in();
  const Answer answer = refresh(first.refresh_token);
  ASSERT_EQ(answer.status, 200) << answer.content();
  const std::string rotated = member(answer, "refresh_token");
  EXPECT_NE(rotated, first.refresh_token);
  EXPECT_EQ(endpoint_.check(member(answer, "access_token")), State::valid);
  EXPECT_EQ(endpoint_.check(first.access_token), State::valid);
  EXPECT_EQ(member(refresh(first.refresh_token), "error"), "invalid_grant");
  EXPECT_EQ(refresh(rotated).status, 200);
  EXPECT_EQ(endpoint_.counts().refreshed, 2U);
  EXPECT_EQ(endpoint_.counts().reused, 1U);
}

TEST_F(OAuthEndpointTest, ReuseCanEndTheWholeSignIn) {
  endpoint_.change([](auto& options) { options.reuse_ends_all = true; });
  const auto first = endpoint_.sign_in();
  const auto other = endpoint_.sign_in();
  const std::string rotated = member(refresh(first.refresh_token), "refresh_token");
  EXPECT_EQ(refresh(first.refresh_token).status, 400);
  EXPECT_EQ(member(refresh(rotated), "error"), "invalid_grant");
  EXPECT_EQ(endpoint_.check(first.access_token), State::ended);
  EXPECT_EQ(refresh(other.refresh_token).status, 200);
}

TEST_F(OAuthEndpointTest, TokensExpireInTheClocksTime) {
  const auto tokens = endpoint_.sign_in();
  clock_.advance(std::chrono::seconds(3599));
  EXPECT_EQ(endpoint_.check(tokens.access_token), State::valid);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(endpoint_.check({.headers = {{"Authorization", "Bearer " + tokens.access_token}}}), State::expired);
  EXPECT_EQ(endpoint_.check(SimRequest{}), State::unknown);
}

TEST_F(OAuthEndpointTest, JsonWebTokensTellTheirEnd) {
  endpoint_.change([](auto& options) {
    options.jwt = true;
    options.tells_life = false;
    options.rotates = false;
    options.extra_members = {{"endpoint", "\"https://api.example\""}};
  });
  const Answer answer = refresh(endpoint_.sign_in().refresh_token);
  const std::string token = member(answer, "access_token");
  const auto first = token.find('.');
  const auto payload =
      vault::base64_decode(token.substr(first + 1, token.rfind('.') - first - 1), vault::Base64Form::url_unpadded);
  ASSERT_TRUE(payload);
  EXPECT_EQ(json::Document::parse(*payload)->root().int64_or("/exp", 0), 500'000LL * 3600 + 3600);
  EXPECT_EQ(member(answer, "refresh_token"), "");
  EXPECT_EQ(member(answer, "endpoint"), "https://api.example");
  EXPECT_EQ(answer.content().find("expires_in"), std::string_view::npos);
}

TEST_F(OAuthEndpointTest, ClientsAreCheckedInTheWayThatIsAsked) {
  const auto tokens = endpoint_.sign_in();
  EXPECT_EQ(
      post("grant_type=refresh_token&client_id=simulated-app&client_secret=wrong&refresh_token=" + tokens.refresh_token)
          .status,
      401);
  const std::string basic = "Basic " + vault::base64_encode("simulated-app:simulated-app-secret");
  EXPECT_EQ(post("grant_type=refresh_token&refresh_token=" + tokens.refresh_token, {{"Authorization", basic}}).status,
            200);
  endpoint_.change([](auto& options) {
    options.client_auth = OAuthEndpointOptions::ClientAuth::basic;
    options.form = OAuthEndpointOptions::Form::json;
  });
  EXPECT_EQ(member(refresh(tokens.refresh_token), "error"), "invalid_request");
  EXPECT_EQ(member(post(R"({"grant_type":"magic"})", {{"Authorization", basic}}), "error"), "unsupported_grant_type");
  endpoint_.revoke_client();
  EXPECT_EQ(member(post(R"({"grant_type":"magic"})", {{"Authorization", basic}}), "error"), "invalid_client");
}

TEST_F(OAuthEndpointTest, ClientCredentialsYieldNoRefreshToken) {
  const std::string body = "grant_type=client_credentials&client_id=simulated-app&client_secret=simulated-app-secret";
  EXPECT_EQ(post(body).status, 400);
  endpoint_.change([](auto& options) { options.allows_client_credentials = true; });
  const Answer answer = post(body);
  EXPECT_EQ(endpoint_.check(member(answer, "access_token")), State::valid);
  EXPECT_EQ(member(answer, "refresh_token"), "");
  EXPECT_EQ(endpoint_.counts().granted, 1U);
}

TEST_F(OAuthEndpointTest, RevokesAndFailsOnDemand) {
  const auto tokens = endpoint_.sign_in();
  endpoint_.fail_next(1, {.status = 503, .body = "down", .delivery = {}, .headers = {}});
  endpoint_.fail_next(
      1, {.status = 0, .body = {}, .delivery = {.kind = DeliveryKind::reset_after_headers}, .headers = {}});
  EXPECT_EQ(refresh(tokens.refresh_token).status, 503);
  const Answer lost = refresh(tokens.refresh_token);
  EXPECT_EQ(lost.status, 200);
  EXPECT_EQ(lost.delivery.kind, DeliveryKind::reset_after_headers);
  EXPECT_EQ(endpoint_.counts().failed, 2U);
  EXPECT_EQ(post("client_id=simulated-app&client_secret=simulated-app-secret&token=" + member(lost, "refresh_token"),
                 {}, "/oauth/revoke")
                .status,
            200);
  EXPECT_EQ(endpoint_.check(tokens.access_token), State::ended);
  EXPECT_TRUE(endpoint_.serves({.method = "POST", .target = "/oauth/token?x=1"}));
  EXPECT_FALSE(endpoint_.serves({.target = "/other"}));
}

} // namespace
} // namespace dovetail::simulators

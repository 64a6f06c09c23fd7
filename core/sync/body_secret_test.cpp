// SPDX-License-Identifier: Apache-2.0
// AUTH-1, VAULT-4: secrets inside bodies go where they belong and nowhere else.
#include "core/sync/body_secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::sync {
namespace {

using ::testing::HasSubstr;

constexpr auto base = "https://erp.acme.example/odd/base";

http::Request request_with(std::string body, std::string method = "POST") {
  http::Request request;
  request.method = std::move(method);
  request.url = "https://erp.acme.example/rpc";
  request.body = std::move(body);
  return request;
}

BodySecret secret_of(std::string_view text, manifest::BodyEscape escape) {
  auto escaped = escape_for_body(Secret(text), escape);
  EXPECT_TRUE(escaped.ok());
  return {"api_key", std::move(escaped).value()};
}

TEST(BodySecret, StandsEscapedInThePlaceOfItsPlaceholder) {
  auto request = request_with("<string>{{secret:api_key}}</string>");
  auto put = secret_of("a<b>&\"c", manifest::BodyEscape::xml).put_into(request, base);
  ASSERT_TRUE(put.ok() && *put);
  EXPECT_EQ(request.body, "<string>a&lt;b&gt;&amp;\"c</string>");

  request = request_with(R"({"key":"{{secret:api_key}}"})");
  put = secret_of("a\"b\\c\n", manifest::BodyEscape::json).put_into(request, base);
  ASSERT_TRUE(put.ok() && *put);
  EXPECT_EQ(request.body, R"({"key":"a\"b\\c\u000a"})");
}

TEST(BodySecret, LeavesBodiesAloneThatDoNotAskForIt) {
  auto request = request_with("<string>{{secret:another}}</string>");
  const auto put = secret_of("hush-hush", manifest::BodyEscape::xml).put_into(request, base);
  ASSERT_TRUE(put.ok());
  EXPECT_FALSE(*put);
  EXPECT_EQ(request.body, "<string>{{secret:another}}</string>");
}

TEST(BodySecret, IsNotReplacedInASecondPlaceThatTextFromElsewhereMayHold) {
  auto request = request_with("{{secret:api_key}} and {{secret:api_key}}");
  const auto put = secret_of("hush-hush", manifest::BodyEscape::xml).put_into(request, base);
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(put.error().message, ::testing::Not(HasSubstr("hush")));
  EXPECT_THAT(request.body, ::testing::Not(HasSubstr("hush")));
}

TEST(BodySecret, GoesToTheConnectionsOwnOriginOnly) {
  for (const auto* const elsewhere :
       {"https://files.acme.example/rpc", "https://erp.acme.example:8443/rpc", "http://erp.acme.example/rpc"}) {
    auto request = request_with("{{secret:api_key}}");
    request.url = elsewhere;
    const auto put = secret_of("hush-hush", manifest::BodyEscape::xml).put_into(request, base);
    ASSERT_FALSE(put.ok()) << elsewhere;
    EXPECT_EQ(put.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(put.error().message, HasSubstr("https://erp.acme.example"));
  }
}

TEST(BodySecret, GoesWithNoMethodWhoseBodyARedirectCarriesAway) {
  for (const auto* const method : {"GET", "HEAD", "DELETE"}) {
    auto request = request_with("{{secret:api_key}}", method);
    const auto put = secret_of("hush-hush", manifest::BodyEscape::xml).put_into(request, base);
    ASSERT_FALSE(put.ok()) << method;
    EXPECT_EQ(put.error().code, ErrorCode::invalid_argument);
  }
}

TEST(BodySecret, IsRefusedWhereXmlCannotHoldIt) {
  const auto escaped = escape_for_body(Secret("line\nend"), manifest::BodyEscape::xml);
  ASSERT_FALSE(escaped.ok());
  EXPECT_EQ(escaped.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(escaped.error().message, ::testing::Not(HasSubstr("line\n")));
}

} // namespace
} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/token_set.hpp"

#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::oauth {
namespace {

std::string jwt(std::string_view payload) {
  return "e30." + vault::base64_encode(payload, vault::Base64Form::url_unpadded) + ".c2ln";
}

TEST(TokenSet, IsReadBackAsItWasWritten) {
  TokenSet tokens;
  tokens.access_token = Secret("at \"quoted\" \\ and \t more");
  tokens.refresh_token = Secret("rt");
  tokens.expires_at = parse_iso8601("2026-01-05T09:00:00Z");
  tokens.obtained_at = parse_iso8601("2026-01-05T08:00:00Z");
  tokens.base_url = "https://api.acme.example/v1";
  tokens.seeds = "abc";
  tokens.failing_since = parse_iso8601("2026-01-04T08:00:00Z");
  tokens.refreshing = RefreshMark{.holder = "7", .since = *parse_iso8601("2026-01-05T08:30:00Z")};
  const auto read = parse_token_set(to_secret(tokens));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->access_token.reveal(), tokens.access_token.reveal());
  EXPECT_EQ(read->refresh_token.reveal(), "rt");
  EXPECT_EQ(read->expires_at, tokens.expires_at);
  EXPECT_EQ(read->obtained_at, tokens.obtained_at);
  EXPECT_EQ(read->base_url, tokens.base_url);
  EXPECT_EQ(read->seeds, "abc");
  EXPECT_EQ(read->failing_since, tokens.failing_since);
  EXPECT_EQ(read->refreshing, tokens.refreshing);

  const auto empty = parse_token_set(to_secret({}));
  ASSERT_TRUE(empty.ok());
  EXPECT_TRUE(empty->access_token.empty() && !empty->expires_at && !empty->refreshing);
}

TEST(TokenSet, RefusesWhatIsNoSetWithoutRepeatingIt) {
  for (const char* text : {"", "nothing", "{}", R"({"version":2,"access_token":"s3cret"})", "[1]",
                           R"({"version":1,"access_token":"s3cret","expires_at":"soon"})"}) {
    const auto read = parse_token_set(Secret(text));
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::data_loss);
    EXPECT_EQ(read.error().message.find("s3cret"), std::string::npos);
  }
}

TEST(TokenSet, SeedsTellTokensApartAndHideThem) {
  EXPECT_EQ(seeds_of(Secret("a"), Secret("b")), seeds_of(Secret("a"), Secret("b")));
  EXPECT_NE(seeds_of(Secret("ab"), Secret("")), seeds_of(Secret("a"), Secret("b")));
  EXPECT_NE(seeds_of(Secret(""), Secret("ab")), seeds_of(Secret("ab"), Secret("")));
  EXPECT_EQ(seeds_of(Secret("a"), Secret("b")).size(), 64U);
}

TEST(TokenSet, ReadsTheEndOfAJsonWebToken) {
  EXPECT_EQ(jwt_expiry(jwt(R"({"sub":1,"exp":1767603600})")), parse_iso8601("2026-01-05T09:00:00Z"));
  EXPECT_EQ(jwt_expiry(jwt(R"({"exp":1767603600.75})")), parse_iso8601("2026-01-05T09:00:00Z"));
  for (const std::string& token :
       {jwt(R"({"exp":"1767603600"})"), jwt(R"({"exp":-1})"), jwt(R"({"exp":1e300})"), jwt("{}"), jwt("no JSON"),
        std::string("opaque"), std::string("a.b"), std::string("a.***.c"), std::string(100'000, 'x') + ".e30.x"}) {
    EXPECT_EQ(jwt_expiry(token), std::nullopt) << token.substr(0, 60);
  }
}

} // namespace
} // namespace dovetail::oauth

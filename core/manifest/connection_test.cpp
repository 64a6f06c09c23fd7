// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/connection.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/manifest/test_manifest.hpp"

namespace dovetail::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ManifestConnection : public ::testing::Test {
protected:
  ManifestConnection() : manifest_(testing::parse_good(testing::acme)) {}

  Result<Connection> resolve(std::string_view config) {
    const auto document = json::Document::parse(config);
    EXPECT_TRUE(document.ok()) << config;
    return resolve_connection(*manifest_, document->root(),
                              [this](std::string_view name) -> std::optional<std::string> {
                                const auto found = variables_.find(std::string(name));
                                return found == variables_.end() ? std::nullopt : std::optional(found->second);
                              });
  }

  std::string refusal(std::string_view config) {
    const auto connection = resolve(config);
    EXPECT_FALSE(connection.ok()) << config;
    return connection.ok() ? "" : connection.error().message;
  }

  std::unique_ptr<Manifest> manifest_;
  std::map<std::string, std::string> variables_{{"ACME_PARTNER", "partner-key"}};
};

TEST_F(ManifestConnection, TakesDefaultsFromTheManifest) {
  const auto connection = resolve(R"({"company":"c1"})");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->environment, "production");
  EXPECT_EQ(connection->base_url, "https://api.acme.example/v2");
  EXPECT_EQ(connection->auth_base_url, "https://id.acme.example/authorize");
  EXPECT_EQ(connection->token_url, "https://id.acme.example/token");
  EXPECT_TRUE(connection->pkce);
  EXPECT_EQ(connection->auth->key, "key");
  ASSERT_EQ(connection->headers.size(), 2U);
  EXPECT_EQ(connection->headers[1].value, "7");
  ASSERT_EQ(connection->required_headers.size(), 2U);
  EXPECT_EQ(connection->required_headers[0].value.reveal(), "c1");
  EXPECT_EQ(connection->required_headers[1].value.reveal(), "partner-key");
  EXPECT_EQ(connection->rate_limits, manifest_->rate_limits);
  EXPECT_EQ(connection->overlap_of(manifest_->objects[0]), std::chrono::seconds(120));
  EXPECT_EQ(connection->config.root()["region"].as_string(), "eu");
  EXPECT_FALSE(connection->egress.allow_private_addresses || connection->egress.allow_plain_http);
  ASSERT_EQ(connection->egress.allowed.size(), 1U);
  EXPECT_EQ(connection->egress.allowed[0].host, "api.acme.example");
}

TEST_F(ManifestConnection, FollowsTheConfig) {
  const auto connection =
      resolve(R"({"company":"c1","environment":"sandbox","region":"us-1","auth":"login","login":"ada","version":"8",
    "rateLimits":{"requestsPerMinute":30},"overlapSeconds":{"task":5},"allowPrivateAddresses":true})");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->base_url, "https://us-1.sandbox.acme.example");
  EXPECT_EQ(connection->token_url, "https://us-1.sandbox.acme.example/token");
  EXPECT_FALSE(connection->pkce);
  EXPECT_EQ(connection->auth->kind, AuthKind::basic);
  EXPECT_EQ(connection->basic_user, "ada");
  EXPECT_EQ(connection->headers[1].value, "8");
  EXPECT_EQ(connection->rate_limits.requests_per_minute, 30U);
  EXPECT_EQ(connection->rate_limits.burst, 10U);
  EXPECT_EQ(connection->overlap_of(manifest_->objects[1]), std::chrono::seconds(5));
  EXPECT_TRUE(connection->egress.allow_private_addresses);
  EXPECT_EQ(connection->egress.allowed.size(), 2U);
}

TEST_F(ManifestConnection, AnOwnServerMayBeAnywhereButMustBeEncryptedUnlessTold) {
  EXPECT_EQ(resolve(R"({"company":"c","environment":"own","address":"https://acme.corp.example:8443/"})")->base_url,
            "https://acme.corp.example:8443/api");
  EXPECT_THAT(refusal(R"({"company":"c","environment":"own","address":"http://127.0.0.1:8080"})"),
              HasSubstr("\"allowPlainHttp\": true"));
  const auto plain = resolve(
      R"({"company":"c","environment":"own","address":"http://127.0.0.1:8080","allowPlainHttp":true,"allowPrivateAddresses":true})");
  ASSERT_TRUE(plain.ok()) << plain.error().message;
  EXPECT_EQ(plain->base_url, "http://127.0.0.1:8080/api");
}

TEST_F(ManifestConnection, ValuesCannotLeadAnAddressElsewhere) {
  for (const auto* region : {"evil.example/", "x@evil.example", "a?b", "a#b", "a b", "https://evil.example"}) {
    const auto config = std::string(R"({"company":"c","environment":"sandbox","region":")") + region + "\"}";
    EXPECT_THAT(refusal(config), HasSubstr("/region: only letters, digits")) << region;
  }
}

TEST_F(ManifestConnection, SaysWhatIsWrongAndRepeatsNoValues) {
  EXPECT_EQ(refusal("[]"), "a connection's config is a JSON object, found array");
  EXPECT_THAT(refusal("{}"), HasSubstr("does not fit Acme: (document): the member \"company\" is missing"));
  const auto message = refusal(R"({"company":"c","tokne":"S3CRET-S3CRET","version":17})");
  EXPECT_THAT(message, HasSubstr("the member \"tokne\" is not known here"));
  EXPECT_THAT(message, HasSubstr("/version: expected string, found a number"));
  EXPECT_THAT(message, Not(HasSubstr("S3CRET")));
  EXPECT_THAT(refusal(R"({"company":"c","environment":"moon"})"),
              HasSubstr("/environment: not known to Acme; known are production, sandbox, own"));
  EXPECT_THAT(refusal(R"({"company":"c","auth":"magic"})"),
              HasSubstr("/auth: not known to Acme; known are key, login, bearer, open"));
  EXPECT_THAT(refusal(R"({"company":"c","rateLimits":{"burst":0}})"),
              HasSubstr("/rateLimits/burst: expected number greater than or equal to 1"));
  EXPECT_THAT(refusal(R"({"company":"c","overlapSeconds":{"nothing":1}})"),
              HasSubstr("\"nothing\" is no object of Acme; known are project, task"));
  EXPECT_THAT(refusal(R"({"company":"c","environment":"own"})"), HasSubstr("/address: expected a text, found missing"));
  EXPECT_THAT(refusal("{\"company\":\"c\\r\\nX-Evil: 1\"}"),
              HasSubstr("X-Company is empty or holds control characters"));
}

TEST_F(ManifestConnection, AMissingVariableIsNamed) {
  variables_.clear();
  const auto connection = resolve(R"({"company":"c"})");
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(connection.error().message, HasSubstr("set the environment variable ACME_PARTNER"));
}

TEST_F(ManifestConnection, BoundsTheConfig) {
  const auto config = R"({"company":")" + std::string(limits::max_config_bytes, 'x') + "\"}";
  EXPECT_EQ(resolve(config).error().code, ErrorCode::resource_exhausted);
}

// CORE-3: overridable without a rebuild; the environment has the last word.
TEST_F(ManifestConnection, TheEnvironmentOverridesRateLimits) {
  variables_["DOVETAIL_ACME_REQUESTS_PER_MINUTE"] = "1200";
  variables_["DOVETAIL_ACME_MAX_CONCURRENT_PER_CONNECTION"] = "0";
  const auto connection = resolve(R"({"company":"c","rateLimits":{"requestsPerMinute":30,"burst":3}})");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->rate_limits, (limits::RateLimits{.requests_per_minute = 1200,
                                                         .burst = 3,
                                                         .max_concurrent_per_connection = 0,
                                                         .global_requests_per_minute = 600}));
  variables_["DOVETAIL_ACME_BURST"] = "many";
  EXPECT_THAT(refusal(R"({"company":"c"})"), HasSubstr("DOVETAIL_ACME_BURST: expected a whole number from 1"));
}

TEST(ManifestTemplate, FindsItsNames) {
  EXPECT_THAT(*template_names("https://{a}.x/{b_2}"), ElementsAre("a", "b_2"));
  EXPECT_THAT(*template_names("plain"), IsEmpty());
  for (const auto* bad : {"{", "}", "a}b", "{a", "{}", "{1}", "{a-b}", "{{a}}"}) {
    EXPECT_FALSE(template_names(bad).ok()) << bad;
  }
}

} // namespace
} // namespace dovetail::manifest

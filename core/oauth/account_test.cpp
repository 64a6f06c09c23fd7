// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/account.hpp"

#include <gtest/gtest.h>

#include "core/http/url.hpp"
#include "tests/support/oauth_world.hpp"

namespace dovetail::oauth {
namespace {

class CheckBaseUrl : public ::testing::Test {
protected:
  void SetUp() override {
    account_.provider = manifest_.get();
    account_.tenant_name = "acme";
    account_.connection_name = "main";
    account_.egress.allowed = {http::Url::parse("https://api.acme.example/v1")->origin()};
  }
  std::string refusal(const std::string& url) {
    const auto checked = check_base_url(account_, url);
    EXPECT_FALSE(checked.ok()) << url;
    return checked.ok() ? "" : checked.error().message;
  }

  std::unique_ptr<manifest::Manifest> manifest_ =
      test::oauth_manifest(R"("baseUrl": {"from": "/endpoint", "allowedHosts": ["*.acme.example", "acme.test"]})");
  Account account_;
};

TEST_F(CheckBaseUrl, TakesTheListedHostsAndTheConnectionsOwn) {
  EXPECT_EQ(*check_base_url(account_, "https://eu.acme.example/api//"), "https://eu.acme.example/api");
  EXPECT_EQ(*check_base_url(account_, "https://a.b.acme.example"), "https://a.b.acme.example");
  EXPECT_EQ(*check_base_url(account_, "https://acme.test:8443/"), "https://acme.test:8443");
  account_.egress.allowed.push_back(http::Url::parse("https://own.example:1")->origin());
  EXPECT_EQ(*check_base_url(account_, "https://own.example:1/x"), "https://own.example:1/x");
}

TEST_F(CheckBaseUrl, RefusesEverythingElse) {
  for (const char* url :
       {"https://evil.example/", "https://acme.example/", "https://evilacme.example/",
        "https://acme.example.evil.test/", "https://user:pass@eu.acme.example/", "ftp://eu.acme.example/",
        "https://eu.acme.example/?a=1", "https://eu.acme.example/#a", "https://127.0.0.1/", "", "x"}) {
    EXPECT_NE(refusal(url).find("not allowed"), std::string::npos) << url;
  }
  EXPECT_NE(refusal("http://eu.acme.example/").find("allowPlainHttp"), std::string::npos);
  account_.egress.allow_plain_http = true;
  EXPECT_EQ(*check_base_url(account_, "http://eu.acme.example/"), "http://eu.acme.example");
}

} // namespace
} // namespace dovetail::oauth

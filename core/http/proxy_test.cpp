// SPDX-License-Identifier: Apache-2.0
#include "core/http/proxy.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace dovetail::http {
namespace {

Result<ProxySettings> settings_of(const std::map<std::string, std::string>& environment) {
  return ProxySettings::from_environment([&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

const Proxy* chosen(const ProxySettings& settings, const std::string& url) {
  return settings.choose(Url::parse(url).value());
}

TEST(Proxy, ComesFromTheEnvironment) { // HTTP-1
  const auto settings = settings_of({{"HTTPS_PROXY", "http://proxy.example:3128"},
                                     {"http_proxy", "plain.example"},
                                     {"HTTP_PROXY", "http://upper:1"}});
  ASSERT_TRUE(settings.ok());
  ASSERT_NE(chosen(*settings, "https://h/"), nullptr);
  EXPECT_EQ(chosen(*settings, "https://h/")->host, "proxy.example");
  EXPECT_EQ(chosen(*settings, "https://h/")->port, 3128);
  EXPECT_EQ(chosen(*settings, "http://h/")->host, "plain.example") << "lower case wins";
  EXPECT_EQ(chosen(*settings, "http://h/")->port, 80);
  EXPECT_EQ(chosen(*settings_of({}), "https://h/"), nullptr);
}

TEST(Proxy, TakesCredentialsAsAHeader) {
  const auto settings = settings_of({{"HTTPS_PROXY", "http://user:p%40ss@proxy:3128"}});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->for_https->host, "proxy");
  EXPECT_EQ(settings->for_https->authorization.reveal(), "Basic dXNlcjpwQHNz");
}

TEST(Proxy, IsLeftOutForWhatIsDirect) { // HTTP-1
  const auto settings = settings_of(
      {{"HTTPS_PROXY", "http://proxy:1"}, {"NO_PROXY", "localhost, .corp.example,10.0.0.1,api.example:8443,::1"}});
  ASSERT_TRUE(settings.ok());
  for (const auto* url : {"https://localhost/", "https://a.corp.example/", "https://CORP.example/", "https://10.0.0.1/",
                          "https://api.example:8443/", "https://[::1]/"}) {
    EXPECT_EQ(chosen(*settings, url), nullptr) << url;
  }
  for (const auto* url :
       {"https://notcorp.example/", "https://xcorp.example/", "https://api.example/", "https://corp.example.evil/"}) {
    EXPECT_NE(chosen(*settings, url), nullptr) << url;
  }
  EXPECT_EQ(chosen(*settings_of({{"HTTPS_PROXY", "http://proxy:1"}, {"NO_PROXY", "*"}}), "https://h/"), nullptr);
}

TEST(Proxy, NamesAnUnusableVariableAndNotItsValue) { // HTTP-4
  for (const std::string value :
       {"https://canary:1", "socks5://canary:1", "http://", "http://canary:99999", "http://u:canary@h h"}) {
    const auto settings = settings_of({{"HTTPS_PROXY", value}});
    ASSERT_FALSE(settings.ok()) << value;
    EXPECT_NE(settings.error().message.find("HTTPS_PROXY"), std::string::npos);
    EXPECT_EQ(settings.error().message.find("canary"), std::string::npos);
  }
}

} // namespace
} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
#include "core/http/url.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

TEST(Url, TakesAUrlApart) {
  const auto url = Url::parse("HTTPS://API.Example.com:8443/a/b%20c?x=1&y=[2]#part");
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_EQ(url->origin(), (Origin{.scheme = "https", .host = "api.example.com", .port = 8443}));
  EXPECT_EQ(url->target(), "/a/b%20c?x=1&y=[2]");
  EXPECT_EQ(url->path(), "/a/b%20c");
  EXPECT_EQ(url->to_string(), "https://api.example.com:8443/a/b%20c?x=1&y=[2]");
  EXPECT_EQ(url->to_display(), "https://api.example.com:8443/a/b%20c");
}

TEST(Url, FillsInWhatIsLeftOut) {
  EXPECT_EQ(Url::parse("https://h")->to_string(), "https://h/");
  EXPECT_EQ(Url::parse("http://h?q=1")->target(), "/?q=1");
  EXPECT_EQ(Url::parse("https://h:443/")->origin().to_string(), "https://h");
  EXPECT_EQ(Url::parse("http://h:443/")->origin().to_string(), "http://h:443");
  EXPECT_EQ(Url::parse("https://h:/")->port(), 443);
  EXPECT_EQ(Url::parse("http://[::1]:80/x")->origin().authority(), "[::1]");
  EXPECT_EQ(Url::parse("http://[::1]:8080/x")->host(), "::1");
}

TEST(Url, RefusesWhatAnotherReaderMightTakeForAnotherHost) { // HTTP-5
  for (const std::string text : {"",
                                 "h",
                                 "//h/",
                                 "ftp://h/",
                                 "https:/h/",
                                 "https:///x",
                                 "https://user@h/",
                                 "https://user:pw@h/",
                                 "https://h@evil/",
                                 "https://h:0/",
                                 "https://h:65536/",
                                 "https://h:8a/",
                                 "https://h:-1/",
                                 "https://h h/",
                                 "https://h\\@evil/",
                                 "https://h/a b",
                                 "https://h/\r\nX: y",
                                 "https://h/%",
                                 "https://h/%2",
                                 "https://h/%zz",
                                 "https://h/\xC3\xA9",
                                 "https://[::1/",
                                 "https://[zz]/",
                                 "https://[::1]x/",
                                 "https://..h/",
                                 "https://.h/",
                                 "https://h%2eevil/",
                                 "https://-h/"}) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument) << text;
  }
  EXPECT_FALSE(Url::parse("https://h/" + std::string(limits::max_url_bytes, 'a')).ok());
}

TEST(Url, NeverShowsTheQueryOrCredentialsInItsMessages) { // HTTP-4
  for (const std::string text : {"https://h/ x?token=canary", "https://canary@h/", "https://h/?canary\x01"}) {
    EXPECT_EQ(Url::parse(text).error().message.find("canary"), std::string::npos) << text;
  }
}

TEST(Url, ResolvesReferencesAsRfc3986Says) {
  const auto base = Url::parse("http://a/b/c/d?q").value();
  // The examples of RFC 3986 section 5.4 that are http and without fragment and parameters' quirks.
  const std::pair<const char*, const char*> examples[] = {
      {"g", "http://a/b/c/g"},      {"./g", "http://a/b/c/g"},      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},         {"//g", "http://g/"},           {"?y", "http://a/b/c/d?y"},
      {"g?y", "http://a/b/c/g?y"},  {"", "http://a/b/c/d?q"},       {"#s", "http://a/b/c/d?q"},
      {".", "http://a/b/c/"},       {"./", "http://a/b/c/"},        {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},     {"../..", "http://a/"},         {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"}, {"/./g", "http://a/g"},         {"/../g", "http://a/g"},
      {"g..", "http://a/b/c/g.."},  {"./../g", "http://a/b/g"},     {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"}, {"https://x/y", "https://x/y"}, {"g?y/../x", "http://a/b/c/g?y/../x"},
  };
  for (const auto& [reference, expected] : examples) {
    const auto resolved = base.resolve(reference);
    ASSERT_TRUE(resolved.ok()) << reference;
    EXPECT_EQ(resolved->to_string(), expected) << reference;
  }
  EXPECT_FALSE(base.resolve("javascript:alert(1)").ok());
  EXPECT_FALSE(base.resolve("file:///etc/passwd").ok());
}

TEST(Url, EncodesForOnePartOfAUrl) {
  EXPECT_EQ(percent_encode("a-Z_0.~"), "a-Z_0.~");
  EXPECT_EQ(percent_encode("a b&c=d/\xC3\xA9"), "a%20b%26c%3Dd%2F%C3%A9");
}

} // namespace
} // namespace dovetail::http

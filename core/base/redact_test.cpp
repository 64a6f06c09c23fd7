// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"

namespace dovetail {
namespace {

// A stand-in for any secret: none of the built-in token shapes.
constexpr const char* canary = "cnry7Qx2LmZ9";

struct Case {
  std::string text;
  std::string expected;
};

void expect_all(const Redactor& redactor, const std::vector<Case>& cases) {
  for (const auto& entry : cases) {
    EXPECT_EQ(redactor.redact(entry.text), entry.expected) << "of: " << entry.text;
  }
}

TEST(Redactor, BlanksHeadersToTheEndOfTheirLine) { // HTTP-4
  const Redactor redactor;
  expect_all(
      redactor,
      {{"Authorization: Bearer abc\r\nHost: x", "Authorization: [redacted]\r\nHost: x"},
       {"GET / HTTP/1.1\nCOOKIE: a=b; c=d e\nAccept: */*", "GET / HTTP/1.1\nCOOKIE: [redacted]\nAccept: */*"},
       {"Set-Cookie: sid=31d4d96e407aad42; Path=/; Secure", "Set-Cookie: [redacted]"},
       {"Proxy-Authorization: Digest username=\"u\", response=\"r\"\nX: y", "Proxy-Authorization: [redacted]\nX: y"},
       {"x-api-key: two words\nnext", "x-api-key: [redacted]\nnext"},
       {"sent Authorization: Basic dXNlcjpwYXNz\\r\\nHost: x", "sent Authorization: [redacted]\\r\\nHost: x"},
       {"Authorization:\r\nHost: x", "Authorization:\r\nHost: x"},
       {"{'Authorization': 'Bearer a b', 'Accept': 'x'}", "{'Authorization': '[redacted]', 'Accept': 'x'}"}});
}

TEST(Redactor, BlanksJsonValuesAndKeepsTheDocumentWellFormed) { // HTTP-4
  const Redactor redactor;
  expect_all(redactor, {{R"({"access_token":"a\"b","n":1})", R"({"access_token":"[redacted]","n":1})"},
                        {R"({"refreshToken" : "abc" })", R"({"refreshToken" : "[redacted]" })"},
                        {R"({"password":12345,"a":2})", R"({"password":"[redacted]","a":2})"},
                        {R"({"client-secret":null,"token":true})", R"({"client-secret":null,"token":true})"},
                        {R"({"token":{"value":"v}","more":[1]},"a":2})", R"({"token":"[redacted]","a":2})"},
                        {R"({"api_key":["one","two"],"a":2})", R"({"api_key":"[redacted]","a":2})"},
                        {R"({"body":"{\"id_token\":\"x\\\"y\",\"n\":1}"})",
                         R"({"body":"{\"id_token\":\"[redacted]\",\"n\":1}"})"},
                        {"{\"secret\":\n  \"v\"}", "{\"secret\":\n  \"[redacted]\"}"},
                        {R"({"token":"cut off in the mid)", R"({"token":"[redacted])"},
                        {R"({"next_page_token":"CAUQAA","title":"secret plans"})",
                         R"({"next_page_token":"CAUQAA","title":"secret plans"})"}});
}

TEST(Redactor, BlanksFormsAndUrls) { // HTTP-4
  const Redactor redactor;
  expect_all(redactor,
             {{"grant_type=refresh_token&refresh_token=abc&client_secret=d%20e&x=1",
               "grant_type=refresh_token&refresh_token=[redacted]&client_secret=[redacted]&x=1"},
              {"GET https://h/cb?code=a1&state=s HTTP/1.1", "GET https://h/cb?code=[redacted]&state=s HTTP/1.1"},
              {"https://h/cb#access_token=abc", "https://h/cb#access_token=[redacted]"},
              {"https://mira:hunter2@h.example/x?y=z", "https://[redacted]@h.example/x?y=z"},
              {"postgresql://app:p@h/db", "postgresql://[redacted]@h/db"},
              {"next=https%3A%2F%2Fh%3Fcode%3Dabc%26a%3Db", "next=https%3A%2F%2Fh%3Fcode%3D[redacted]%26a%3Db"},
              {"run --api-key=abc --verbose", "run --api-key=[redacted] --verbose"},
              {R"(password="two words" user=x)", R"(password="[redacted]" user=x)"},
              {"https://h.example/a?b=c&d=e", "https://h.example/a?b=c&d=e"}});
}

TEST(Redactor, BlanksCodeWhereItIsOAuthsAndLeavesErrorCodes) { // HTTP-4
  const Redactor redactor;
  expect_all(redactor, {{"code=x&redirect_uri=y", "code=[redacted]&redirect_uri=y"},
                        {R"({"code":"4/0AX4XfWh1b2c3d4e5"})", R"({"code":"[redacted]"})"},
                        {R"({"code":"1f3a9c0e77b2d4a6f001"})", R"({"code":"[redacted]"})"},
                        {R"({"code":"missing_field","message":"m"})", R"({"code":"missing_field","message":"m"})"},
                        {R"({"code":"InvalidAuthenticationToken"})", R"({"code":"InvalidAuthenticationToken"})"},
                        {R"({"code":"ERR_HTTP2_PROTOCOL_ERROR"})", R"({"code":"ERR_HTTP2_PROTOCOL_ERROR"})"},
                        {R"({"code":404,"status_code":1})", R"({"code":404,"status_code":1})"},
                        {"exited with code=1, code: 17", "exited with code=1, code: 17"}});
  EXPECT_FALSE(redactor.is_secret_name("code"));
  EXPECT_EQ(redactor.redact_value("code", "not_found"), "not_found");
  EXPECT_EQ(redactor.redact_value("code", "1f3a9c0e77b2d4a6f001"), "[redacted]");
}

TEST(Redactor, BlanksTextOfATokensShape) { // HTTP-4
  const Redactor redactor;
  expect_all(redactor, {{"got Bearer abc.def-1 back", "got Bearer [redacted] back"},
                        {"WWW-Authenticate: Bearer realm=\"x\"", "WWW-Authenticate: Bearer realm=\"x\""},
                        {"Basic dXNlcjpwYXNz rest", "Basic [redacted] rest"},
                        {"Basic authentication failed; the bearer token is old",
                         "Basic authentication failed; the bearer token is old"},
                        {"a ghp_16C7e42F292c6912E7 b gho_example", "a [redacted] b [redacted]"},
                        {"github_pat_11AAAA_bcd.", "[redacted]."},
                        {"v1.1f699f1069f60xxx v1.0123456789abcdef0123", "v1.1f699f1069f60xxx [redacted]"},
                        {"xoxb-123456789-abc", "[redacted]"},
                        {"eyJhbGciOiJI.eyJzdWIi.c2ln end", "[redacted] end"},
                        {"k -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- z", "k [redacted] z"},
                        {"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
                         "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"},
                        {"laugh_out_loud and high_score", "laugh_out_loud and high_score"}});
}

TEST(Redactor, LeavesOrdinaryTextAlone) {
  const Redactor redactor;
  for (
      const std::string text :
      {"", ":", "=", "\"", "2026-01-05T09:00:00Z fetched 30 of 42 pull requests in 1.5 s",
       R"({"message":"Validation Failed","errors":[{"resource":"Hook","code":"custom","field":"name"}],"status":"422"})",
       "https://api.github.com/repos/acme/widgets/pulls?state=all&per_page=100&page=2",
       "x-ratelimit-remaining: 4987\r\nETag: W/\"5f0c9a\"\r\nContent-Type: application/json",
       "The basic idea: read, map, store. Tokens are refreshed; passwords are not kept."}) {
    EXPECT_EQ(redactor.redact(text), text);
  }
}

TEST(Redactor, FindsRememberedValuesInEveryDress) { // VAULT-4
  Redactor redactor;
  redactor.remember(Secret("p&ss \"w\\rd/7"));
  redactor.remember(Secret(canary));
  expect_all(redactor, {{std::string("x") + canary + "y", "x[redacted]y"},
                        {"a p&ss \"w\\rd/7 b", "a [redacted] b"},
                        {"a p%26ss%20%22w%5Crd%2f7 b", "a [redacted] b"},
                        {"q=p%26ss+%22w%5Crd%2F7&z=1", "q=[redacted]&z=1"},
                        {"q=p%2526ss%2520%2522w%255Crd%252F7&z", "q=[redacted]&z"},
                        {R"({"m":"p&ss \"w\\rd\/7"})", R"({"m":"[redacted]"})"},
                        {R"({"m":"p\u0026ss \u0022w\\rd/7"})", R"({"m":"[redacted]"})"}});
  // base64 of canary, x:canary and xy:canary
  for (const std::string text : {"Y25yeTdReDJMbVo5", "eDpjbnJ5N1F4MkxtWjk=", "eHk6Y25yeTdReDJMbVo5"}) {
    const auto out = redactor.redact("v " + text);
    EXPECT_NE(out.find("[redacted]"), std::string::npos) << out;
    EXPECT_LE(out.size(), std::string("v [redacted]").size() + 6) << out;
  }
}

TEST(Redactor, DoesNotRememberWhatIsTooShort) {
  Redactor redactor;
  redactor.remember(Secret("short"));
  redactor.remember(Secret(""));
  EXPECT_EQ(redactor.redact("a short text"), "a short text");
}

TEST(Redactor, BlanksLongValuesWholeAndInPieces) {
  SeededRandom random(7);
  std::string value;
  for (int i = 0; i < 1000; ++i) {
    value += static_cast<char>('a' + random.below(26));
  }
  Redactor redactor;
  redactor.remember(Secret(value));
  EXPECT_EQ(redactor.redact("<" + value + ">"), "<[redacted]>");
  EXPECT_NE(redactor.redact(value.substr(128, 200)).find("[redacted]"), std::string::npos);
}

TEST(Redactor, RemembersThousandsOfValuesThatBeginAlike) { // VAULT-4
  Redactor redactor;
  SeededRandom random(11);
  std::vector<std::string> values;
  for (int i = 0; i < 5000; ++i) {
    values.push_back("tenant-token-" + std::to_string(random.next()));
    redactor.remember(Secret(values.back()));
  }
  for (const auto& value : values) {
    ASSERT_EQ(redactor.redact("a " + value + " b"), "a [redacted] b");
  }
  EXPECT_EQ(redactor.redact("a tenant-token-unknown b"), "a tenant-token-unknown b");
}

TEST(Redactor, TreatsMarkedNamesAsSecret) { // HTTP-4: PII that a manifest marks
  Redactor redactor;
  redactor.mark_name("Home_Phone");
  redactor.mark_name("X-UserToken-Id");
  EXPECT_TRUE(redactor.is_secret_name("homePhone"));
  EXPECT_TRUE(redactor.is_secret_name("AUTHORIZATION"));
  EXPECT_TRUE(redactor.is_secret_name("GITHUB_TOKEN"));
  EXPECT_FALSE(redactor.is_secret_name("phone"));
  EXPECT_FALSE(redactor.is_secret_name(""));
  EXPECT_EQ(redactor.redact(R"({"home_phone":5550100,"x-usertoken-id":"u1"})"),
            R"({"home_phone":"[redacted]","x-usertoken-id":"[redacted]"})");
  EXPECT_EQ(redactor.redact_value("HomePhone", "555"), "[redacted]");
}

TEST(Redactor, TakesTimeInProportionToTheTextWhateverTheText) {
  Redactor redactor;
  redactor.remember(Secret(std::string(64, 'a')));
  redactor.remember(Secret("aaaaaaaaaaab"));
  // A quadratic scan of these would not end within the time that a test program may take.
  constexpr std::size_t size = 256U << 10U;
  for (const std::string piece : {"a", "code:", " code=", "\"code\":\"\\", "://", "-----BEGIN ", "bearer ", "basic ",
                                  "\\", "%25", "eyJ", "token", "token:{[", "'", "=", "v1.", "code:'\\\\"}) {
    std::string text;
    while (text.size() < size) {
      text += piece;
    }
    EXPECT_LE(redactor.redact(text).size(), 4 * text.size()) << piece;
  }
}

TEST(Redactor, NeverShowsACanaryInAGeneratedText) { // VAULT-4: a property, 2000 random texts
  SeededRandom random(42);
  Redactor redactor;
  redactor.remember(Secret(canary));
  const std::vector<std::string> pieces{"\"",  "\\", ":",  "=", "{",    "}",      "code", "token", " ",  "%3D",
                                        "%22", "&",  "\n", "a", canary, "Bearer", "://",  "@",     "[r", "'"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) {
      text += pieces[random.below(pieces.size())];
    }
    ASSERT_EQ(redactor.redact(text).find(canary), std::string::npos) << text;
  }
}

TEST(Redactor, MayBeUsedFromManyThreads) {
  Redactor redactor;
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&redactor, i] {
      for (int round = 0; round < 200; ++round) {
        const std::string value = "value-" + std::to_string(i) + "-" + std::to_string(round) + "-end";
        redactor.remember(Secret(value));
        EXPECT_EQ(redactor.redact("a " + value), "a [redacted]");
      }
    });
  }
}

} // namespace
} // namespace dovetail

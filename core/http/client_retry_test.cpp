// SPDX-License-Identifier: Apache-2.0
// The client's rules over a transport that is scripted in virtual time.
#include "core/http/client.hpp"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "tests/support/http_world.hpp"

namespace dovetail::http {
namespace {

using namespace std::chrono_literals;
using test::HttpWorld;
using testing::HasSubstr;
using testing::Not;

struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class ScriptedTransport final : public HttpTransport {
public:
  struct Seen {
    std::string method;
    std::string url;
    Headers headers;
    std::size_t secrets = 0;
    std::chrono::nanoseconds at{0};
  };

  Result<TransportResponse> exchange(const TransportRequest& request, PageBufferPool& buffers,
                                     ExchangeReport& report) override {
    seen.push_back({.method = std::string(request.method),
                    .url = request.url.to_string(),
                    .headers = request.headers,
                    .secrets = request.secret_headers.size(),
                    .at = clock->elapsed()});
    EXPECT_FALSE(script.empty()) << "one request too many";
    if (script.empty()) {
      return internal("the script is over");
    }
    auto next = std::move(script.front());
    script.pop_front();
    report.request_sent = sent;
    if (!next.ok()) {
      return next.error();
    }
    TransportResponse out;
    out.status = next->status;
    for (const auto& [name, value] : next->headers) {
      EXPECT_TRUE(out.headers.add(name, value).ok());
    }
    out.body = buffers.take();
    out.body.assign(next->body);
    report.wire_bytes = next->body.size();
    return out;
  }

  std::deque<Result<Reply>> script;
  std::vector<Seen> seen;
  bool sent = true;
  VirtualClock* clock = nullptr;
};

class ClientRules : public testing::Test {
protected:
  ClientRules() {
    transport_.clock = &world_.clock;
    world_.allow("https://api.example");
  }

  void script(std::initializer_list<Result<Reply>> replies) { transport_.script.assign(replies); }
  Result<Response> get(const std::string& url = "https://api.example/items") { return world_.get(url); }
  Result<Response> post() {
    return world_.send({.method = "POST",
                        .url = "https://api.example/items",
                        .headers = {},
                        .secret_headers = {},
                        .body = "x",
                        .safe_to_repeat = {}});
  }
  std::chrono::nanoseconds elapsed() const { return world_.clock.elapsed(); }

  ScriptedTransport transport_;
  HttpWorld world_{[this] {
    HttpWorld::Options options;
    options.transport = &transport_;
    return options;
  }()};
};

TEST_F(ClientRules, RetriesWhatMayPassByItself) { // HTTP-2
  for (const int status : {502, 503, 504}) {
    transport_.seen.clear();
    script({Reply{.status = status, .headers = {}, .body = {}}, unavailable("reset"),
            Reply{.status = 200, .headers = {}, .body = "ok"}});
    const auto response = get();
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body.view(), "ok");
    EXPECT_EQ(response->attempts, 3);
    EXPECT_LE(transport_.seen[1].at - transport_.seen[0].at, 500ms);
    EXPECT_LE(transport_.seen[2].at - transport_.seen[1].at, 1s);
  }
}

TEST_F(ClientRules, GivesTheLastAnswerAfterFiveAttempts) { // HTTP-2: 5 in all
  script({Reply{.status = 502, .headers = {}, .body = "1"}, Reply{.status = 502, .headers = {}, .body = "2"},
          Reply{.status = 502, .headers = {}, .body = "3"}, Reply{.status = 502, .headers = {}, .body = "4"},
          Reply{.status = 504, .headers = {}, .body = "5"}});
  const auto response = get();
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 504);
  EXPECT_EQ(response->body.view(), "5");
  EXPECT_EQ(response->attempts, 5);
  EXPECT_LE(elapsed(), 500ms + 1s + 2s + 4s);
}

TEST_F(ClientRules, NamesTheLastFailureAfterFiveAttempts) { // HTTP-2
  script({unavailable("one"), unavailable("two"), unavailable("three"), unavailable("four"),
          unavailable("the server hung up")});
  const auto response = get("https://api.example/items?token=canary-123456");
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_EQ(response.error().retry, RetryClass::transient);
  EXPECT_THAT(response.error().message, HasSubstr("GET https://api.example/items failed after 5 attempts"));
  EXPECT_THAT(response.error().message, HasSubstr("the server hung up"));
  EXPECT_THAT(response.error().message + world_.logger.text(), Not(HasSubstr("canary")));
}

TEST_F(ClientRules, TellsHowManyRequestsWereSentWhateverCameOfThem) { // SYNC-11
  int sent = -1;
  auto context = world_.context();
  context.sent = &sent;
  const auto send = [&](const std::string& url) {
    Request request;
    request.url = url;
    return world_.client->send(request, context);
  };
  script({unavailable("one"), unavailable("two"), unavailable("three"), unavailable("four"), unavailable("five")});
  ASSERT_FALSE(send("https://api.example/items").ok());
  EXPECT_EQ(sent, 5);
  script({Reply{.status = 302, .headers = {{"Location", "https://elsewhere.example/"}}, .body = {}}});
  ASSERT_FALSE(send("https://api.example/items").ok());
  EXPECT_EQ(sent, 1);
  ASSERT_FALSE(send("https://elsewhere.example/").ok()) << "nothing leaves for a place that is not allowed";
  EXPECT_EQ(sent, 0);
}

TEST_F(ClientRules, AnswersOfAnyOtherStatusBelongToThePlugin) {
  for (const int status : {200, 204, 304, 400, 401, 403, 404, 409, 410, 422, 451, 500, 501}) {
    script({Reply{.status = status, .headers = {}, .body = {}}});
    const auto response = get();
    ASSERT_TRUE(response.ok()) << status;
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->attempts, 1);
  }
}

TEST_F(ClientRules, DoesNotRepeatWhatIsNotSafe) { // HTTP-2
  script({Reply{.status = 503, .headers = {}, .body = {}}});
  EXPECT_EQ(post()->status, 503);
  script({unavailable("reset")});
  EXPECT_EQ(post().error().code, ErrorCode::unavailable);
  EXPECT_EQ(elapsed(), 0ns);
  script({Reply{.status = 429, .headers = {{"Retry-After", "1"}}, .body = {}}});
  const auto limited = post();
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.error().retry, RetryClass::rate_limited);
  EXPECT_EQ(limited.error().retry_after, 1s);
}

TEST_F(ClientRules, RepeatsAPostThatIsSaidToBeSafeOrNeverLeft) { // HTTP-2
  script({unavailable("reset"), Reply{}});
  EXPECT_TRUE(world_
                  .send({.method = "POST",
                         .url = "https://api.example/",
                         .headers = {},
                         .secret_headers = {},
                         .body = {},
                         .safe_to_repeat = true})
                  .ok());
  transport_.sent = false;
  script({unavailable("refused"), Reply{}});
  EXPECT_TRUE(post().ok());
}

TEST_F(ClientRules, DoesNotRepeatWhatCannotHelp) {
  script({failed_precondition("untrusted certificate")});
  EXPECT_EQ(get().error().code, ErrorCode::failed_precondition);
  script({out_of_range("too large")});
  EXPECT_EQ(get().error().code, ErrorCode::out_of_range);
  script({permission_denied("private")});
  EXPECT_EQ(get().error().code, ErrorCode::permission_denied);
  EXPECT_EQ(elapsed(), 0ns);
}

TEST_F(ClientRules, WaitsAShortRetryAfterInPlace) { // HTTP-2
  for (const std::string value : {"7", "Mon, 05 Jan 2026 09:00:14 GMT"}) {
    transport_.seen.clear();
    script({Reply{.status = 429, .headers = {{"Retry-After", value}}, .body = {}},
            Reply{.status = 200, .headers = {}, .body = "ok"}});
    const auto response = get();
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(transport_.seen[1].at - transport_.seen[0].at, 7s) << value;
  }
}

TEST_F(ClientRules, ParksTheJobWhenTheWaitIsLong) { // HTTP-2, HTTP-6
  script({Reply{.status = 429, .headers = {{"Retry-After", "120"}}, .body = {}}});
  const auto response = get();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(response.error().retry, RetryClass::rate_limited);
  EXPECT_EQ(response.error().retry_after, 120s);
  EXPECT_EQ(response.error().http_status, 429);
  EXPECT_EQ(elapsed(), 0ns);
  const auto next = get(); // the script is over: the queue is blocked before a request leaves
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.error().retry, RetryClass::rate_limited);
  EXPECT_GT(next.error().retry_after, 119s);
}

TEST_F(ClientRules, ClampsWhatAProviderWishes) { // HTTP-2
  script({Reply{.status = 503, .headers = {{"Retry-After", "999999999"}}, .body = {}}});
  EXPECT_EQ(get().error().retry_after, std::chrono::milliseconds(limits::max_retry_after));
}

TEST_F(ClientRules, ALimitWithoutATimeIsTriedAgainWithBackoffAndThenParked) { // HTTP-2
  const Reply limited{.status = 429, .headers = {}, .body = {}};
  script({limited, limited, Reply{.status = 200, .headers = {}, .body = "ok"}});
  EXPECT_TRUE(get().ok());
  script({limited, limited, limited, limited, limited});
  const auto parked = get();
  ASSERT_FALSE(parked.ok());
  EXPECT_EQ(parked.error().retry_after, 60s);
}

TEST_F(ClientRules, ObeysTheProvidersHeadersAndSigns) { // HTTP-2, HTTP-6
  world_.rules.remaining_header = "X-Remaining";
  world_.rules.reset_header = "X-Reset";
  world_.rules.reset_format = RateLimitRules::ResetFormat::delta_seconds;
  world_.rules.signs = {{.statuses = {403},
                         .header = "",
                         .header_value = "",
                         .body_contains = "secondary rate limit",
                         .wait = LimitSign::Wait::fixed,
                         .fixed_wait = 60s}};
  script({Reply{.status = 200, .headers = {{"X-Remaining", "0"}, {"X-Reset", "9"}}, .body = {}}, Reply{}});
  ASSERT_TRUE(get().ok()) << "an answer that used the last request up is a good answer";
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(transport_.seen[1].at, 9s);
  script({Reply{.status = 403, .headers = {}, .body = "You hit a secondary rate limit"}});
  EXPECT_EQ(get().error().retry_after, 60s);
}

TEST_F(ClientRules, StopsRetryingWhenTheBudgetIsSpent) { // HTTP-2: one layer retries, with a budget
  int requests = 0;
  for (int i = 0; i < 200; ++i) {
    transport_.seen.clear();
    script({unavailable("down"), unavailable("down"), unavailable("down"), unavailable("down"), unavailable("down")});
    EXPECT_FALSE(get().ok());
    requests += static_cast<int>(transport_.seen.size());
  }
  EXPECT_LE(requests, 200 + 100 + 100);
}

TEST_F(ClientRules, DoesNotWaitPastTheDeadline) {
  world_.cancellation.deadline = world_.clock.monotonic_now() + 1ns;
  script({unavailable("down")});
  const auto response = get();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::deadline_exceeded);
  EXPECT_THAT(response.error().message, HasSubstr("down"));
}

TEST_F(ClientRules, SendsNothingOnceCancelled) {
  std::stop_source stop;
  stop.request_stop();
  world_.cancellation.stop = stop.get_token();
  EXPECT_EQ(get().error().code, ErrorCode::cancelled);
  EXPECT_TRUE(transport_.seen.empty());
}

TEST_F(ClientRules, PutsOneRequestIdOnEveryAttemptAndIntoTheLogs) { // HTTP-3
  script({unavailable("reset"), Reply{.status = 200, .headers = {{"X-Request-Id", "theirs"}}, .body = {}}});
  const auto response = get();
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->request_id.size(), 32U);
  EXPECT_EQ(response->provider_request_id, "theirs");
  for (const auto& seen : transport_.seen) {
    EXPECT_EQ(seen.headers.find("x-request-id"), response->request_id);
  }
  for (const auto& line : world_.logger.lines()) {
    EXPECT_THAT(line, HasSubstr("request_id=" + response->request_id));
    EXPECT_THAT(line, HasSubstr("tenant=acme-corp provider=acme connection=main object=orders job=7"));
  }
  script({Reply{}});
  EXPECT_NE(get()->request_id, response->request_id);
  script({Reply{}});
  auto context = world_.context();
  context.request_id = "of-the-caller";
  EXPECT_EQ(
      world_.client
          ->send({.url = "https://api.example/", .headers = {}, .secret_headers = {}, .body = {}, .safe_to_repeat = {}},
                 context)
          ->request_id,
      "of-the-caller");
}

TEST_F(ClientRules, FollowsRedirectsOfReads) { // HTTP-5
  for (const int status : {301, 302, 303, 307, 308}) {
    transport_.seen.clear();
    script({Reply{.status = status, .headers = {{"Location", "/repositories/7?page=2"}}, .body = {}},
            Reply{.status = 200, .headers = {}, .body = "ok"}});
    const auto response = get();
    ASSERT_TRUE(response.ok()) << status;
    EXPECT_EQ(response->url, "https://api.example/repositories/7?page=2");
    EXPECT_EQ(transport_.seen[1].method, "GET");
  }
}

TEST_F(ClientRules, CountsRedirects) { // HTTP-5
  const Reply loop{.status = 302, .headers = {{"Location", "/again"}}, .body = {}};
  script({loop, loop, loop, loop, loop, loop});
  const auto response = get();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(transport_.seen.size(), 1 + limits::max_redirects);
}

TEST_F(ClientRules, FollowsNoRedirectToAForeignPlace) { // HTTP-5
  for (const std::string location :
       {"https://evil.example/x", "http://api.example/x", "https://api.example:8443/x", "//evil.example/",
        "https://169.254.169.254/latest", "ftp://api.example/", "https://u:p@api.example/"}) {
    transport_.seen.clear();
    script({Reply{.status = 302, .headers = {{"Location", location}}, .body = {}}});
    const auto response = get();
    ASSERT_FALSE(response.ok()) << location;
    EXPECT_EQ(transport_.seen.size(), 1U) << location;
  }
}

TEST_F(ClientRules, KeepsSecretsWithinTheirOrigin) { // HTTP-5, VAULT-4
  world_.allow("https://files.example");
  const Reply away{.status = 302, .headers = {{"Location", "https://files.example/a"}}, .body = {}};
  const Reply here{.status = 302, .headers = {{"Location", "/b"}}, .body = {}};
  Request request{
      .url = "https://api.example/a", .headers = {}, .secret_headers = {}, .body = {}, .safe_to_repeat = {}};
  ASSERT_TRUE(request.headers.add("Authorization", "Bearer plain").ok());
  ASSERT_TRUE(request.headers.add("Cookie", "a=b").ok());
  ASSERT_TRUE(request.headers.add("Accept", "x/y").ok());
  request.secret_headers.push_back({.name = "X-Api-Key", .value = Secret("k")});
  script(
      {here, away, Reply{.status = 302, .headers = {{"Location", "https://api.example/back"}}, .body = {}}, Reply{}});
  ASSERT_TRUE(world_.send(request).ok());
  EXPECT_EQ(transport_.seen[1].secrets, 1U);
  EXPECT_TRUE(transport_.seen[1].headers.contains("authorization"));
  for (const std::size_t hop : {2U, 3U}) {
    EXPECT_EQ(transport_.seen[hop].secrets, 0U) << "not even on the way back";
    EXPECT_FALSE(transport_.seen[hop].headers.contains("authorization"));
    EXPECT_FALSE(transport_.seen[hop].headers.contains("cookie"));
    EXPECT_EQ(transport_.seen[hop].headers.find("accept"), "x/y");
  }
}

TEST_F(ClientRules, FollowsRedirectsOfWritesOnlyWhereTheMethodStaysAndTheOriginToo) { // HTTP-5
  world_.allow("https://files.example");
  script({Reply{.status = 302, .headers = {{"Location", "/b"}}, .body = {}}});
  EXPECT_EQ(post()->status, 302);
  script({Reply{.status = 307, .headers = {{"Location", "https://files.example/b"}}, .body = {}}});
  EXPECT_EQ(post()->status, 307);
  transport_.seen.clear();
  script({Reply{.status = 308, .headers = {{"Location", "/b"}}, .body = {}},
          Reply{.status = 201, .headers = {}, .body = {}}});
  EXPECT_EQ(post()->status, 201);
  EXPECT_EQ(transport_.seen[1].method, "POST");
  EXPECT_EQ(transport_.seen[1].url, "https://api.example/b");
}

TEST_F(ClientRules, CallsOnlyWhatIsAllowed) { // HTTP-5
  world_.egress.allow_plain_http = false;
  world_.egress.allow_private_addresses = false;
  for (const std::string url :
       {"https://other.example/", "http://api.example/", "https://api.example.evil/", "https://api.example:444/"}) {
    const auto response = get(url);
    ASSERT_FALSE(response.ok()) << url;
    EXPECT_EQ(response.error().code, ErrorCode::permission_denied) << url;
  }
  world_.allow("http://plain.example");
  EXPECT_THAT(get("http://plain.example/").error().message, HasSubstr("plain http"));
  world_.allow("https://10.0.0.1");
  EXPECT_THAT(get("https://10.0.0.1/").error().message, HasSubstr("not a public one"));
  EXPECT_TRUE(transport_.seen.empty());
}

TEST_F(ClientRules, RefusesMalformedRequests) {
  const auto code_of = [&](const Request& request) { return world_.send(request).error().code; };
  Request request{.url = "https://api.example/", .headers = {}, .secret_headers = {}, .body = {}, .safe_to_repeat = {}};
  auto bad = request;
  bad.method = "GET /x HTTP/1.1\r\n";
  EXPECT_EQ(code_of(bad), ErrorCode::invalid_argument);
  bad = request;
  bad.url = "not a url";
  EXPECT_EQ(code_of(bad), ErrorCode::invalid_argument);
  bad = request;
  bad.body.assign(limits::max_request_body_bytes + 1, 'x');
  EXPECT_EQ(code_of(bad), ErrorCode::out_of_range);
  bad = request;
  bad.secret_headers.push_back({.name = "Authorization", .value = Secret("a\r\nHost: evil")});
  EXPECT_EQ(code_of(bad), ErrorCode::invalid_argument);
  for (const auto* name : {"Host", "content-length", "Transfer-Encoding", "Connection", "Accept-Encoding"}) {
    bad = request;
    ASSERT_TRUE(bad.headers.add(name, "x").ok());
    EXPECT_EQ(code_of(bad), ErrorCode::invalid_argument) << name;
  }
  EXPECT_TRUE(transport_.seen.empty());
}

TEST_F(ClientRules, TakesAPermitForEveryRequestThatLeaves) { // HTTP-6
  world_.limiter.configure("acme", {.requests_per_minute = 60, .burst = 1});
  script({unavailable("reset"), Reply{.status = 302, .headers = {{"Location", "/b"}}, .body = {}}, Reply{}});
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(transport_.seen[1].at, 1s);
  EXPECT_EQ(transport_.seen[2].at, 2s);
}

} // namespace
} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
// The client over real sockets against a server that misbehaves.
#include "core/http/socket_transport.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include "tests/support/http_world.hpp"
#include "tests/support/scripted_server.hpp"

namespace dovetail::http {
namespace {

using namespace std::chrono_literals;
using test::HttpWorld;
using test::ReceivedRequest;
using test::ScriptedServer;
using testing::HasSubstr;
using Session = ScriptedServer::Session;

std::string gzip(const std::string& text) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(6), libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size()));
  return out;
}

std::string chunked(const std::string& body, std::size_t piece) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    const auto part = body.substr(at, piece);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    out += size + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

std::string page_of(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i) {
    out += "{\"id\":" + std::to_string(i * 2654435761U) + "},";
  }
  return out;
}

// A world that talks to one handler.
struct Talk {
  explicit Talk(ScriptedServer::Handler handler, const HttpWorld::Options& options = {})
      : server(std::move(handler)), world(options) {
    world.allow(server.url());
  }
  Result<Response> get(const std::string& path = "/") { return world.get(server.url(path)); }
  ScriptedServer server;
  HttpWorld world;
};

constexpr int attempts = 5;

void expect_retried(Talk& talk, ErrorCode code) {
  const auto response = talk.get();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, code) << response.error().message;
  EXPECT_EQ(response.error().retry, RetryClass::transient);
  EXPECT_EQ(talk.server.requests().size(), attempts);
}

TEST(SocketTransport, ReadsBodiesInEveryFraming) { // HTTP-1
  const auto page = page_of(700'000);
  const auto packed = gzip(page);
  Talk talk([&](Session& session, const ReceivedRequest& request) {
    if (request.target == "/length") {
      session.respond(200, page);
    } else if (request.target == "/chunked") {
      session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(page, 9'999));
    } else if (request.target == "/gzip") {
      session.respond(200, packed, "Content-Encoding: gzip\r\n");
    } else if (request.target == "/gzip-chunked") {
      session.send("HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   chunked(packed, 1'000));
    } else if (request.target == "/interim") {
      session.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
      session.respond(200, page);
    } else if (request.target == "/close") {
      session.send("HTTP/1.0 200 OK\r\n\r\n" + page);
      session.close();
    }
  });
  for (const auto* path : {"/length", "/chunked", "/gzip", "/gzip-chunked", "/interim", "/close"}) {
    const auto response = talk.get(path);
    ASSERT_TRUE(response.ok()) << path << ": " << response.error().message;
    EXPECT_EQ(response->body.view(), page) << path;
    EXPECT_EQ(response->attempts, 1) << path;
    const bool is_packed = std::string_view(path).starts_with("/gzip");
    EXPECT_EQ(response->wire_bytes < page.size() / 2, is_packed) << path;
  }
  EXPECT_EQ(talk.server.connections(), 1) << "all on one connection, whatever the framing";
}

TEST(SocketTransport, ReadsAnswersWithoutABody) {
  Talk talk([](Session& session, const ReceivedRequest& request) {
    if (request.method == "HEAD") {
      session.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Encoding: gzip\r\n\r\n");
    } else if (request.target == "/304") {
      session.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 12\r\n\r\n");
    } else if (request.target == "/gzip") {
      session.respond(200, "", "Content-Encoding: gzip\r\n");
    } else {
      session.send("HTTP/1.1 204 No Content\r\n\r\n");
    }
  });
  EXPECT_EQ(talk.world
                .send({.method = "HEAD",
                       .url = talk.server.url(),
                       .headers = {},
                       .secret_headers = {},
                       .body = {},
                       .safe_to_repeat = {}})
                ->status,
            200);
  EXPECT_EQ(talk.get("/304")->status, 304);
  EXPECT_EQ(talk.get("/204")->status, 204);
  EXPECT_EQ(talk.get("/gzip")->body.size(), 0U);
  EXPECT_EQ(talk.server.connections(), 1);
}

TEST(SocketTransport, TakesAFreshConnectionWhenTheKeptOneWasClosed) { // HTTP-1
  Talk talk([](Session& session, const ReceivedRequest&) {
    session.respond(200, "ok");
    session.close(); // without having said so
  });
  for (int i = 0; i < 5; ++i) {
    const auto response = talk.get();
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->attempts, 1) << "not counted as a failure";
  }
  EXPECT_EQ(talk.world.clock.elapsed(), 0ns) << "no backoff";
}

TEST(SocketTransport, TakesAFreshConnectionWhenTheKeptOneDiesUnderTheRequest) { // HTTP-1
  Talk talk([](Session& session, const ReceivedRequest& request) {
    if (request.number == 2) {
      session.reset();
      return;
    }
    session.respond(200, "ok");
  });
  ASSERT_TRUE(talk.get().ok());
  const auto response = talk.get();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->attempts, 1);
  EXPECT_EQ(talk.server.connections(), 2);

  Talk post([](Session& session, const ReceivedRequest& request) {
    if (request.number == 2) {
      session.close();
      return;
    }
    session.respond(200, "ok");
  });
  const Request request{.method = "POST",
                        .url = post.server.url(),
                        .headers = {},
                        .secret_headers = {},
                        .body = "x",
                        .safe_to_repeat = {}};
  ASSERT_TRUE(post.world.send(request).ok());
  EXPECT_EQ(post.world.send(request).error().code, ErrorCode::unavailable) << "the server may have acted on it";
  EXPECT_EQ(post.server.requests().size(), 2U);
}

TEST(SocketTransport, DropsAConnectionWithUnaskedBytes) {
  Talk talk([](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  });
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(talk.get()->body.view(), "ok");
    EXPECT_EQ(talk.server.connections(), i) << "an answer to no question is never taken for the next one's";
  }
}

TEST(SocketTransport, ClosesConnectionsThatWereIdleForLong) { // HTTP-1
  Talk talk([](Session& session, const ReceivedRequest&) { session.respond(200, "ok"); });
  ASSERT_TRUE(talk.get().ok());
  talk.world.clock.advance(31s);
  ASSERT_TRUE(talk.get().ok());
  EXPECT_EQ(talk.server.connections(), 2);
}

TEST(SocketTransport, RetriesResets) { // HTTP-2
  Talk talk([](Session& session, const ReceivedRequest& request) {
    request.number < 3 ? session.reset() : session.respond(200, "ok");
  });
  const auto response = talk.get();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->attempts, 3);
}

TEST(SocketTransport, RetriesAnswersThatWereCutShort) { // HTTP-2
  for (const std::string cut : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nonly",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n"}) {
    Talk talk([&cut](Session& session, const ReceivedRequest&) {
      session.send(cut);
      session.close();
    });
    expect_retried(talk, ErrorCode::unavailable);
  }
}

TEST(SocketTransport, RetriesABodyThatWasDamaged) { // HTTP-2
  auto damaged = gzip(page_of(50'000));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  Talk talk([&](Session& session, const ReceivedRequest& request) {
    session.respond(200, request.number == 1 ? damaged : gzip("ok"), "Content-Encoding: gzip\r\n");
  });
  const auto response = talk.get();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body.view(), "ok");
  EXPECT_EQ(response->attempts, 2);
}

TEST(SocketTransport, RefusesWhatIsNotHttp) {
  for (const std::string garbage : {"SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 200 OK\r\nbroken\r\n\r\n",
                                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"}) {
    Talk talk([&garbage](Session& session, const ReceivedRequest&) {
      session.send(garbage);
      session.close();
    });
    expect_retried(talk, ErrorCode::data_loss);
  }
}

TEST(SocketTransport, RefusesAnEncodingThatItDidNotAskFor) {
  Talk talk([](Session& session, const ReceivedRequest&) { session.respond(200, "x", "Content-Encoding: br\r\n"); });
  EXPECT_EQ(talk.get().error().code, ErrorCode::data_loss);
  EXPECT_EQ(talk.server.requests().size(), 1U);
}

TEST(SocketTransport, BoundsWhatItReads) { // HTTP-5
  HttpWorld::Options options;
  const auto large = page_of(300'000);
  Talk talk([&](Session& session, const ReceivedRequest& request) {
    if (request.target == "/length") {
      session.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    } else if (request.target == "/chunked") {
      session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(large, 10'000));
    } else if (request.target == "/close") {
      session.send("HTTP/1.1 200 OK\r\n\r\n" + large);
      session.close();
    } else if (request.target == "/gzip") {
      session.respond(200, gzip(large), "Content-Encoding: gzip\r\n");
    } else if (request.target == "/headers") {
      std::string flood = "HTTP/1.1 200 OK\r\n";
      for (int i = 0; i < 20'000; ++i) {
        flood += "X-Flood: yes\r\n";
      }
      session.send(flood + "\r\n");
    } else if (request.target == "/long-header") {
      session.send("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n");
    }
  });
  talk.world.bounds.max_body_bytes = 200'000;
  for (const auto* path : {"/length", "/chunked", "/close", "/gzip", "/headers", "/long-header"}) {
    const auto response = talk.get(path);
    ASSERT_FALSE(response.ok()) << path;
    EXPECT_EQ(response.error().code, ErrorCode::out_of_range) << path << ": " << response.error().message;
  }
  EXPECT_EQ(talk.server.requests().size(), 6U) << "asking again would not make it smaller";
}

TEST(SocketTransport, StopsABombByItsRatio) { // HTTP-5
  const auto bomb = gzip(std::string(std::size_t{30} << 20U, 'a'));
  Talk talk(
      [&](Session& session, const ReceivedRequest&) { session.respond(200, bomb, "Content-Encoding: gzip\r\n"); });
  EXPECT_EQ(talk.get().error().code, ErrorCode::out_of_range);
}

TEST(SocketTransport, RefusesEndlessInterimResponses) {
  Talk talk([](Session& session, const ReceivedRequest&) {
    for (int i = 0; i < 100; ++i) {
      session.send("HTTP/1.1 100 Continue\r\n\r\n");
    }
  });
  EXPECT_EQ(talk.get().error().code, ErrorCode::data_loss);
}

// Real time, with waits so short that the tests stay quick and so long that no machine is too slow for them.
struct RealTime {
  SystemClock clock;
  HttpWorld::Options options() {
    HttpWorld::Options out;
    out.clock = &clock;
    out.client.retry.max_attempts = 1;
    return out;
  }
};

TEST(SocketTransport, GivesUpOnAServerThatSaysNothing) { // HTTP-1
  RealTime time;
  Talk talk([](Session& session, const ReceivedRequest&) { session.wait(60s); }, time.options());
  talk.world.timeouts.read = 60ms;
  const auto response = talk.get();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("nothing came for too long"));
}

TEST(SocketTransport, GivesUpOnASlowDrip) { // HTTP-1, HTTP-5: time is a bound too
  RealTime time;
  const auto drip = [](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    session.drip(std::string(1'000'000, 'x'), 1, 2ms);
  };
  Talk total(drip, time.options());
  total.world.timeouts.total = 150ms;
  EXPECT_THAT(total.get().error().message, HasSubstr("longer than the time for one request"));
  auto options = time.options();
  options.sockets.min_bytes_per_second = 1'000'000;
  Talk slow(drip, options);
  slow.world.timeouts.read = 100ms;
  EXPECT_THAT(slow.get().error().message, HasSubstr("too slowly"));
}

TEST(SocketTransport, ObservesTheCallersDeadlineAndCancellation) {
  RealTime time;
  std::atomic<bool> waiting{false};
  Talk talk(
      [&](Session& session, const ReceivedRequest&) {
        waiting = true;
        session.wait(60s);
      },
      time.options());
  talk.world.cancellation.deadline = time.clock.monotonic_now() + 80ms;
  EXPECT_EQ(talk.get().error().code, ErrorCode::deadline_exceeded);
  std::stop_source stop;
  talk.world.cancellation = {.stop = stop.get_token(), .deadline = {}};
  waiting = false;
  const std::jthread canceller([&] {
    waiting.wait(false);
    stop.request_stop();
  });
  const std::jthread waker([&] {
    while (!waiting) {
      std::this_thread::yield();
    }
    waiting.notify_all();
  });
  EXPECT_EQ(talk.get().error().code, ErrorCode::cancelled);
}

TEST(SocketTransport, SaysWhatCannotBeReached) {
  std::string url;
  {
    const ScriptedServer gone([](Session&, const ReceivedRequest&) {});
    url = gone.url();
  }
  HttpWorld world;
  world.allow(url);
  const auto response = world.get(url);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1"));
  EXPECT_THAT(response.error().message, HasSubstr("after 5 attempts"));
}

class ScriptedResolver final : public Resolver {
public:
  Result<std::vector<IpAddress>> resolve(const std::string& host, const Cancellation& /*cancellation*/) override {
    asked.push_back(host);
    std::vector<IpAddress> out;
    out.reserve(answers.size());
    for (const auto& text : answers) {
      out.push_back(*IpAddress::parse(text));
    }
    return out;
  }
  std::vector<std::string> answers;
  std::vector<std::string> asked;
};

TEST(SocketTransport,
     ConnectsOnlyToAddressesThatWereChecked) { // HTTP-5: names that resolve to private addresses, rebinding
  ScriptedResolver resolver;
  HttpWorld::Options options;
  options.resolver = &resolver;
  Talk talk([](Session& session, const ReceivedRequest&) { session.respond(200, "inside"); }, options);
  const auto url = "http://rebind.example:" + std::to_string(talk.server.port()) + "/";
  talk.world.allow(url);
  talk.world.egress.allow_private_addresses = false;
  for (const std::vector<std::string>& answers : {std::vector<std::string>{"127.0.0.1"},
                                                  {"169.254.169.254"},
                                                  {"1.1.1.1", "127.0.0.1"},
                                                  {"::1"},
                                                  {"::ffff:127.0.0.1"}}) {
    resolver.answers = answers;
    const auto response = talk.world.get(url);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, ErrorCode::permission_denied) << response.error().message;
  }
  EXPECT_EQ(talk.server.connections(), 0);
  talk.world.egress.allow_private_addresses = true;
  resolver.answers = {"127.0.0.1"};
  EXPECT_EQ(talk.world.get(url)->body.view(), "inside");
  EXPECT_EQ(talk.server.requests().back().header("host"), "rebind.example:" + std::to_string(talk.server.port()));
  const auto asked = resolver.asked.size();
  talk.world.egress.allow_private_addresses = false;
  EXPECT_FALSE(talk.world.get(url).ok()) << "a kept connection of a laxer connection is not lent out";
  EXPECT_EQ(resolver.asked.size(), asked + 1);
}

TEST(SocketTransport, TriesTheNextAddress) { // HTTP-1
  ScriptedResolver resolver;
  resolver.answers = {"127.0.0.2", "127.0.0.1"}; // nobody listens on the first
  HttpWorld::Options options;
  options.resolver = &resolver;
  Talk talk([](Session& session, const ReceivedRequest&) { session.respond(200, "ok"); }, options);
  const auto url = "http://two.example:" + std::to_string(talk.server.port()) + "/";
  talk.world.allow(url);
  EXPECT_EQ(talk.world.get(url)->attempts, 1);
}

TEST(SocketTransport, GoesThroughAProxy) { // HTTP-1
  ScriptedServer proxy([](Session& session, const ReceivedRequest&) { session.respond(200, "from the proxy"); });
  HttpWorld::Options options;
  options.sockets.proxy.for_http =
      Proxy{.host = "127.0.0.1", .port = proxy.port(), .authorization = Secret("Basic canary")};
  HttpWorld world(options);
  world.allow("http://api.example");
  Request request{
      .url = "http://api.example/a?b=c", .headers = {}, .secret_headers = {}, .body = {}, .safe_to_repeat = {}};
  const auto response = world.send(request);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body.view(), "from the proxy");
  const auto seen = proxy.requests().front();
  EXPECT_EQ(seen.target, "http://api.example/a?b=c");
  EXPECT_EQ(seen.header("host"), "api.example");
  EXPECT_EQ(seen.header("proxy-authorization"), "Basic canary");
}

TEST(SocketTransport, SaysWhenTheProxyRefusesATunnel) { // HTTP-1
  ScriptedServer proxy([](Session& session, const ReceivedRequest&) { session.respond(407); });
  HttpWorld::Options options;
  options.sockets.proxy.for_https = Proxy{.host = "127.0.0.1", .port = proxy.port(), .authorization = {}};
  HttpWorld world(options);
  world.allow("https://api.example");
  const auto response = world.get("https://api.example/");
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("refused the way to api.example:443 with status 407"));
  EXPECT_EQ(proxy.requests().front().method, "CONNECT");
  EXPECT_EQ(proxy.requests().front().target, "api.example:443");
}

TEST(SocketTransport, ServesManyThreadsAtOnce) { // HTTP-1: the pool
  const auto page = page_of(30'000);
  const auto packed = gzip(page);
  Talk talk([&](Session& session, const ReceivedRequest& request) {
    request.number % 50 == 0 ? session.reset() : session.respond(200, packed, "Content-Encoding: gzip\r\n");
  });
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
          const auto response = talk.get();
          ASSERT_TRUE(response.ok()) << response.error().message;
          ASSERT_EQ(response->body.view(), page);
        }
      });
    }
  }
  EXPECT_LE(talk.server.connections(), 4 + 8);
}

TEST(SocketTransport, BoundsTheConnectionsInUse) {
  HttpWorld::Options options;
  options.sockets.max_open = 0;
  Talk talk([](Session& session, const ReceivedRequest&) { session.respond(200); }, options);
  EXPECT_THAT(talk.get().error().message, HasSubstr("connections are open already"));
}

} // namespace
} // namespace dovetail::http

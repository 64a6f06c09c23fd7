// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/server.hpp"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/simulators/github/test_client.hpp"
#include "tests/simulators/wire.hpp"

namespace dovetail::simulators {
namespace {

/// Answers with what a function says.
class Scripted final : public Handler {
public:
  explicit Scripted(std::function<Answer(const SimRequest&)> script) : script_(std::move(script)) {}
  Answer handle(const SimRequest& request) override { return script_(request); }

private:
  const std::function<Answer(const SimRequest&)> script_;
};

Answer text(std::string body, Delivery delivery = {}) {
  Answer answer;
  answer.headers.push_back({"Content-Type", "text/plain"});
  answer.body = std::make_shared<const std::string>(std::move(body));
  answer.delivery = delivery;
  return answer;
}

std::unique_ptr<Server> serve(Handler& handler, Clock& clock, ServerOptions options = {}) {
  Result<std::unique_ptr<Server>> server = Server::start(handler, clock, options);
  EXPECT_TRUE(server.ok());
  return std::move(server).value();
}

class ServerTest : public testing::Test {
protected:
  VirtualClock clock_{Timestamp{std::chrono::seconds{1'767'571'200}}};
};

TEST_F(ServerTest, KeepsAConnectionForSeveralRequests) {
  Scripted handler(
      [](const SimRequest& request) { return text(request.method + " " + request.target + " " + request.body); });
  const auto server = serve(handler, clock_);
  Wire wire(server->port());
  wire.get("/one");
  Wire::Reply reply = wire.read();
  EXPECT_TRUE(reply.head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(reply.head.find("Date: Mon, 05 Jan 2026 00:00:00 GMT\r\n"), std::string::npos);
  EXPECT_EQ(reply.body, "GET /one ");
  wire.send("POST /two HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /three HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(wire.read().body, "POST /two hello");
  EXPECT_EQ(wire.read().body, "GET /three ");
  EXPECT_TRUE(wire.closed());
  EXPECT_EQ(server->accepted_connections(), 1U);
}

TEST_F(ServerTest, SendsNoBodyWhereNoneBelongs) {
  Scripted handler([](const SimRequest& request) {
    Answer answer = text("content");
    answer.status = request.target == "/304" ? 304 : 200;
    return answer;
  });
  const auto server = serve(handler, clock_);
  Wire wire(server->port());
  wire.get("/304");
  const Wire::Reply unchanged = wire.read();
  EXPECT_TRUE(unchanged.head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_EQ(unchanged.head.find("Content-Length"), std::string::npos);
  wire.get("/plain");
  EXPECT_EQ(wire.read().body, "content") << "nothing was left over";
  wire.send("HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n");
  const Wire::Reply head = wire.read();
  EXPECT_NE(head.head.find("Content-Length: 7\r\n"), std::string::npos) << "what a GET would have";
  EXPECT_TRUE(head.body.empty());
}

TEST_F(ServerTest, ActsOutEveryDelivery) {
  const std::string body(100'000, 'x');
  Scripted handler([&](const SimRequest& request) {
    if (request.target == "/before") {
      return text(body, {DeliveryKind::reset_before_headers, 0, {}});
    }
    if (request.target == "/after") {
      return text(body, {DeliveryKind::reset_after_headers, 0, {}});
    }
    if (request.target == "/truncated") {
      return text(body, {DeliveryKind::truncated, 70'000, {}});
    }
    if (request.target == "/oversized") {
      return text("{}", {DeliveryKind::oversized, 3'000'000, {}});
    }
    return text("0123456789", {DeliveryKind::slow_drip, 3, std::chrono::milliseconds{1}});
  });
  const auto server = serve(handler, clock_);
  {
    Wire wire(server->port());
    wire.get("/before");
    const Wire::Reply reply = wire.read();
    EXPECT_TRUE(reply.head.empty());
    EXPECT_TRUE(reply.reset);
  }
  {
    Wire wire(server->port());
    wire.get("/after");
    const Wire::Reply reply = wire.read();
    EXPECT_FALSE(reply.whole);
    EXPECT_TRUE(reply.reset);
    EXPECT_TRUE(reply.body.empty());
  }
  {
    Wire wire(server->port());
    wire.get("/truncated");
    const Wire::Reply reply = wire.read();
    EXPECT_NE(reply.head.find("Content-Length: 100000"), std::string::npos);
    EXPECT_EQ(reply.body.size(), 70'000U);
    EXPECT_FALSE(reply.reset) << "an orderly close";
  }
  Wire wire(server->port());
  wire.get("/oversized");
  Wire::Reply reply = wire.read();
  EXPECT_EQ(reply.body.size(), 3'000'000U);
  EXPECT_EQ(reply.body.substr(0, 3), "{} ");
  wire.get("/drip");
  reply = wire.read();
  EXPECT_EQ(reply.body, "0123456789");
}

TEST_F(ServerTest, RefusesWhatIsNoRequest) {
  Scripted handler([](const SimRequest&) { return text("never"); });
  const auto server = serve(handler, clock_);
  for (const auto& [bytes, status] : {std::pair<const char*, const char*>{"nonsense\r\n\r\n", "400"},
                                      {"GET / HTTP/2.0\r\n\r\n", "400"},
                                      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"},
                                      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "411"},
                                      {"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"},
                                      {"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "413"}}) {
    Wire wire(server->port());
    wire.send(bytes);
    const Wire::Reply reply = wire.read();
    EXPECT_TRUE(reply.head.starts_with(std::string("HTTP/1.1 ") + status)) << bytes << reply.head;
    EXPECT_TRUE(wire.closed());
  }
}

TEST_F(ServerTest, ServesManyConnectionsAtOnceAndStopsWithOpenOnes) {
  std::atomic<int> handled{0};
  Scripted handler([&](const SimRequest& request) {
    ++handled;
    return text(request.target);
  });
  const auto server = serve(handler, clock_, {.max_connections = 4});
  std::vector<std::jthread> clients;
  clients.reserve(12);
  for (int c = 0; c < 12; ++c) {
    clients.emplace_back([&, c] {
      Wire wire(server->port());
      for (int i = 0; i < 50; ++i) {
        const std::string target = "/" + std::to_string(c) + "/" + std::to_string(i);
        wire.get(target);
        EXPECT_EQ(wire.read().body, target);
      }
    });
  }
  clients.clear();
  EXPECT_EQ(handled, 600);
  EXPECT_EQ(server->accepted_connections(), 12U);
  Wire idle(server->port());
  idle.get("/last");
  EXPECT_EQ(idle.read().body, "/last");
  server->stop();
  EXPECT_TRUE(idle.closed());
}

TEST_F(ServerTest, GithubOverHttpIsGithubInProcess) {
  github::SimulatorOptions options = github::small_world();
  github::GithubSimulator simulator(options, clock_);
  const auto server = serve(simulator, clock_);
  const std::string list = "/repositories/7000000000/pulls?state=all&per_page=100";
  std::vector<std::jthread> clients;
  clients.reserve(4);
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&] {
      Wire wire(server->port());
      for (int i = 0; i < 5; ++i) {
        wire.get(list, "User-Agent: x\r\nAuthorization: Bearer test-token\r\n");
        const Wire::Reply reply = wire.read();
        EXPECT_TRUE(reply.whole);
        EXPECT_EQ(reply.body, github::TestClient(simulator).get(list).content());
      }
    });
  }
}

} // namespace
} // namespace dovetail::simulators

// SPDX-License-Identifier: Apache-2.0
#include "core/http/client.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_world.hpp"
#include "tests/support/scripted_server.hpp"

namespace dovetail::http {
namespace {

using namespace std::chrono_literals;
using test::HttpWorld;
using test::ReceivedRequest;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::Not;

TEST(Client, FetchesAPageOverAKeptConnection) { // HTTP-1
  ScriptedServer server([](ScriptedServer::Session& session, const ReceivedRequest& request) {
    session.respond(200, "[" + std::to_string(request.number) + "]",
                    "Content-Type: application/json\r\nETag: \"x\"\r\n");
  });
  HttpWorld world;
  world.allow(server.url());
  for (int i = 1; i <= 3; ++i) {
    const auto response = world.get(server.url("/items?page=2"));
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body.view(), "[" + std::to_string(i) + "]");
    EXPECT_EQ(response->headers.find("etag"), "\"x\"");
    EXPECT_EQ(response->url, server.url("/items?page=2"));
    EXPECT_EQ(response->attempts, 1);
  }
  EXPECT_EQ(server.connections(), 1);
  const auto request = server.requests().front();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/items?page=2");
  EXPECT_EQ(request.header("host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(request.header("accept-encoding"), "gzip");
  EXPECT_THAT(request.header("user-agent"), testing::MatchesRegex("dovetail/[0-9.]+"));
  EXPECT_EQ(request.header("content-length"), "");
}

TEST(Client, SendsBodiesHeadersAndSecrets) {
  ScriptedServer server(
      [](ScriptedServer::Session& session, const ReceivedRequest& request) { session.respond(201, request.body); });
  HttpWorld world;
  world.allow(server.url());
  for (const std::size_t size : {std::size_t{10}, std::size_t{300'000}}) {
    Request request{.method = "POST",
                    .url = server.url("/hooks"),
                    .headers = {},
                    .secret_headers = {},
                    .body = std::string(size, 'b'),
                    .safe_to_repeat = {}};
    ASSERT_TRUE(request.headers.add("Content-Type", "application/json").ok());
    request.secret_headers.push_back({.name = "Authorization", .value = Secret("Bearer canary-1234567")});
    const auto response = world.send(request);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->body.size(), size);
    const auto seen = server.requests().back();
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.header("authorization"), "Bearer canary-1234567");
    EXPECT_EQ(seen.header("content-type"), "application/json");
    EXPECT_EQ(seen.body, request.body);
  }
  EXPECT_THAT(world.logger.text(), Not(HasSubstr("canary")));
}

} // namespace
} // namespace dovetail::http

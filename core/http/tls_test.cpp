// SPDX-License-Identifier: Apache-2.0
// TLS against a real server whose certificate is made at test time.
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Timespan.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/http/socket_transport.hpp"
#include "tests/support/http_world.hpp"
#include "tests/support/scripted_server.hpp"

namespace dovetail::http {
namespace {

using test::HttpWorld;
using test::ReceivedRequest;
using test::ScriptedServer;
using testing::HasSubstr;

// Runs the openssl program; its output is of no interest.
bool run_openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (auto& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A self-signed certificate with its key in a directory of its own.
class Certificate {
public:
  explicit Certificate(const std::string& names, const std::string& days = "2") {
    std::string name = (std::filesystem::temp_directory_path() / "dovetail-tls-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    made_ = run_openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                         "/CN=dovetail test", "-addext", "subjectAltName=" + names, "-days", days, "-keyout", key(),
                         "-out", file()});
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  Certificate(Certificate&&) = delete;
  Certificate& operator=(Certificate&&) = delete;
  ~Certificate() { std::filesystem::remove_all(directory_); }

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string file() const { return directory_ + "/cert.pem"; }
  [[nodiscard]] std::string key() const { return directory_ + "/key.pem"; }

private:
  std::string directory_;
  bool made_ = false;
};

// Answers every request on every connection, one connection after the other, with the same body.
class TlsServer {
public:
  TlsServer(const Certificate& certificate, std::string body)
      : body_(std::move(body)), socket_(Poco::Net::SocketAddress("127.0.0.1", 0), 16, context_for(certificate)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  [[nodiscard]] std::uint16_t port() const { return socket_.address().port(); }
  [[nodiscard]] std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(port()) + "/";
  }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int requests() const { return requests_; }

private:
  static constexpr int slice_us = 20'000;

  static Poco::Net::Context::Ptr context_for(const Certificate& certificate) {
    Poco::Net::Context::Params params;
    params.privateKeyFile = certificate.key();
    params.certificateFile = certificate.file();
    params.verificationMode = Poco::Net::Context::VERIFY_NONE;
    return new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params); // the pointer counts references
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!socket_.poll(Poco::Timespan(0, slice_us), Poco::Net::Socket::SELECT_READ)) {
        continue;
      }
      try {
        auto client = socket_.acceptConnection();
        ++connections_;
        talk(stop, client);
      } catch (
          const Poco::Exception&) { // NOLINT(bugprone-empty-catch): a client that hangs up is what some tests are about
      }
    }
  }

  void talk(const std::stop_token& stop, Poco::Net::StreamSocket& client) {
    std::string input;
    std::array<char, 4096> chunk{};
    while (!stop.stop_requested()) {
      if (!client.poll(Poco::Timespan(0, slice_us), Poco::Net::Socket::SELECT_READ)) {
        if (socket_.poll(Poco::Timespan(0, 0), Poco::Net::Socket::SELECT_READ)) {
          return; // somebody else waits: this one is idle
        }
        continue;
      }
      const int got = client.receiveBytes(chunk.data(), static_cast<int>(chunk.size()));
      if (got <= 0) {
        return;
      }
      input.append(chunk.data(), static_cast<std::size_t>(got));
      if (input.find("\r\n\r\n") != std::string::npos) {
        input.clear();
        ++requests_;
        const auto answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body_.size()) + "\r\n\r\n" + body_;
        for (std::size_t at = 0; at < answer.size();) {
          at += static_cast<std::size_t>(client.sendBytes(answer.data() + at, static_cast<int>(answer.size() - at)));
        }
      }
    }
  }

  std::string body_;
  Poco::Net::SecureServerSocket socket_;
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  std::jthread thread_;
};

HttpWorld::Options trusting(const std::string& file) {
  HttpWorld::Options options;
  options.sockets.extra_ca_file = file;
  return options;
}

class Tls : public testing::Test {
protected:
  void SetUp() override {
    if (!certificate_.made()) {
      GTEST_SKIP() << "The openssl program is not installed: TLS is not tested.";
    }
  }
  const Certificate certificate_{"DNS:localhost,IP:127.0.0.1"};
};

TEST_F(Tls, RefusesACertificateThatNobodyVouchesFor) { // HTTP-1: verified by default
  const TlsServer server(certificate_, "secret page");
  HttpWorld world;
  world.allow(server.url("localhost"));
  const auto response = world.get(server.url("localhost"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::failed_precondition) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr("the certificate of localhost is not trusted"));
  EXPECT_EQ(server.requests(), 0) << "not a byte of the request has left";
  EXPECT_THAT(response.error().message, HasSubstr("after 1 attempt")) << "trying again does not help";
}

TEST_F(Tls, TrustsTheAuthorityThatTheConfigNames) { // HTTP-1
  const std::string page(3'000'000, 'p');
  const TlsServer server(certificate_, page);
  HttpWorld world(trusting(certificate_.file()));
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    world.allow(server.url(host));
    for (int i = 0; i < 3; ++i) {
      const auto response = world.get(server.url(host));
      ASSERT_TRUE(response.ok()) << host << ": " << response.error().message;
      EXPECT_EQ(response->body.view(), page);
    }
  }
  EXPECT_EQ(server.connections(), 2) << "connections are kept under TLS too";
}

TEST_F(Tls, RefusesACertificateForAnotherName) { // HTTP-1
  const Certificate other("DNS:other.example");
  const TlsServer server(other, "page");
  HttpWorld world(trusting(other.file()));
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    world.allow(server.url(host));
    const auto response = world.get(server.url(host));
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, ErrorCode::failed_precondition) << response.error().message;
  }
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(Tls, SaysWhenTheOtherSideDoesNotSpeakIt) {
  ScriptedServer server([](ScriptedServer::Session& session, const ReceivedRequest&) { session.respond(200); });
  HttpWorld::Options options;
  options.client.retry.max_attempts = 1;
  const auto url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  // The server takes the greeting for a request that does not end; it is the patience that ends.
  SystemClock clock;
  options.clock = &clock;
  HttpWorld impatient(options);
  impatient.allow(url);
  impatient.timeouts.connect = std::chrono::milliseconds(100);
  const auto response = impatient.get(url);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::unavailable) << response.error().message;
}

TEST_F(Tls, NamesACaFileThatCannotBeRead) {
  SystemClock clock;
  const auto resolver = make_system_resolver(clock);
  const auto transport = make_socket_transport({.extra_ca_file = "/nowhere/ca.pem", .proxy = {}}, *resolver, clock);
  ASSERT_FALSE(transport.ok());
  EXPECT_EQ(transport.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(transport.error().message, HasSubstr("/nowhere/ca.pem"));
}

TEST_F(Tls, GoesThroughAProxysTunnel) { // HTTP-1
  const TlsServer server(certificate_, "through the tunnel");
  ScriptedServer proxy([&](ScriptedServer::Session& session, const ReceivedRequest& request) {
    EXPECT_EQ(request.method, "CONNECT");
    EXPECT_EQ(request.header("proxy-authorization"), "Basic canary");
    session.send("HTTP/1.1 200 Connection established\r\n\r\n");
    session.relay_to(server.port());
  });
  auto options = trusting(certificate_.file());
  options.sockets.proxy.for_https =
      Proxy{.host = "127.0.0.1", .port = proxy.port(), .authorization = Secret("Basic canary")};
  HttpWorld world(options);
  world.allow(server.url("localhost"));
  const auto response = world.get(server.url("localhost"));
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body.view(), "through the tunnel");
  EXPECT_EQ(proxy.requests().front().target, "localhost:" + std::to_string(server.port()));
}

} // namespace
} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dovetail::simulators {

/// A bare HTTP client for the tests of servers: one connection to 127.0.0.1, blocking, no cleverness that could hide a fault.
class Wire {
public:
  explicit Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0); // NOLINT: the sockets API
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  Wire(Wire&&) = delete;
  Wire& operator=(Wire&&) = delete;

  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void get(const std::string& target, const std::string& headers = "") const {
    send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + "\r\n");
  }

  struct Reply {
    std::string head;
    std::string body;
    bool whole = false; ///< the body has the stated length
    bool reset = false;
  };
  Reply read() {
    Reply reply;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(reply)) {
        return reply;
      }
    }
    reply.head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    const std::size_t mark = reply.head.find("Content-Length: ");
    const std::size_t length = mark == std::string::npos ? 0 : std::stoul(reply.head.substr(mark + 16));
    while (buffer_.size() < length && receive(reply)) {
    }
    reply.whole = buffer_.size() >= length;
    reply.body = buffer_.substr(0, length);
    buffer_.erase(0, reply.body.size());
    return reply;
  }
  bool closed() {
    Reply reply;
    return buffer_.empty() && !receive(reply);
  }

private:
  bool receive(Reply& reply) {
    char chunk[8192];
    const ssize_t got = ::recv(socket_, chunk, sizeof chunk, 0);
    reply.reset = got < 0 && errno == ECONNRESET;
    if (got > 0) {
      buffer_.append(chunk, static_cast<std::size_t>(got));
    }
    return got > 0;
  }

  const int socket_;
  std::string buffer_;
};

} // namespace dovetail::simulators

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cut_proxy.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dovetail::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

constexpr int poll_ms = 50;

} // namespace

CutProxy::CutProxy(std::uint16_t port) : target_(port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 && ::listen(listener_, 16) == 0 &&
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port_ = ntohs(address.sin_port);
  }
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

CutProxy::~CutProxy() {
  acceptor_.request_stop();
  acceptor_.join();
  ::close(listener_);
}

void CutProxy::cut_on(std::string text, Cut cut) {
  text_ = std::move(text);
  cut_ = cut;
  armed_ = true;
}

void CutProxy::accept_all(const std::stop_token& stop) {
  std::vector<std::jthread> servers;
  while (!stop.stop_requested()) {
    pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, poll_ms) > 0) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) {
        servers.emplace_back([this, client] { serve(client); });
      }
    }
  }
}

void CutProxy::serve(int client) const {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(target_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool cutting = false;
  std::array<char, 65536> buffer{};
  while (open) {
    std::array<pollfd, 2> ends = {
        {{.fd = client, .events = POLLIN, .revents = 0}, {.fd = server, .events = POLLIN, .revents = 0}}};
    ::poll(ends.data(), ends.size(), -1);
    for (std::size_t side = 0; side < ends.size() && open; ++side) {
      if (ends[side].revents == 0) {
        continue;
      }
      const ssize_t length = ::recv(ends[side].fd, buffer.data(), buffer.size(), 0);
      open = length > 0;
      if (!open) {
        break;
      }
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(length));
      if (side == 0 && armed_ && bytes.find(text_) != std::string_view::npos) {
        cutting = true;
        armed_ = false;
        open = cut_ == Cut::after;
      } else if (side == 1 && cutting) {
        open = false; // the server has done it; its answer ends here
      }
      open = open && send_all(ends[1 - side].fd, bytes);
    }
  }
  ::close(server);
  ::close(client);
}

} // namespace dovetail::testing

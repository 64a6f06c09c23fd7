// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_server.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dovetail::test {
namespace {

constexpr std::size_t max_head = std::size_t{1} << 20U;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
  });
  return out;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::int64_t thread_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

} // namespace

std::string ReceivedRequest::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [name](const auto& field) { return field.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

void ScriptedServer::Session::send(std::string_view bytes) {
  if (!send_all(socket_, bytes)) {
    closing_ = true;
  }
}

void ScriptedServer::Session::respond(int status, std::string_view body, std::string_view headers) {
  std::string out =
      "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  out += headers;
  out += "\r\n";
  out += body;
  send(out);
}

void ScriptedServer::Session::wait(std::chrono::milliseconds time) {
  std::array<pollfd, 2> entries{
      {{.fd = stop_, .events = POLLIN, .revents = 0}, {.fd = socket_, .events = POLLRDHUP, .revents = 0}}};
  if (::poll(entries.data(), entries.size(), static_cast<int>(time.count())) > 0) {
    closing_ = true;
  }
}

void ScriptedServer::Session::drip(std::string_view bytes, std::size_t piece, std::chrono::milliseconds pause) {
  while (!bytes.empty() && !closing_) {
    const auto part = bytes.substr(0, piece);
    send(part);
    bytes.remove_prefix(part.size());
    wait(pause);
  }
}

void ScriptedServer::Session::relay_to(std::uint16_t port) {
  closing_ = true;
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  bool open = ::connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 16384> chunk{};
  const auto pass = [&chunk](int from, int to) {
    const auto got = ::recv(from, chunk.data(), chunk.size(), 0);
    return got > 0 && send_all(to, {chunk.data(), static_cast<std::size_t>(got)});
  };
  while (open) {
    std::array<pollfd, 3> entries{{{.fd = stop_, .events = POLLIN, .revents = 0},
                                   {.fd = socket_, .events = POLLIN, .revents = 0},
                                   {.fd = other, .events = POLLIN, .revents = 0}}};
    open = ::poll(entries.data(), entries.size(), -1) > 0 && entries[0].revents == 0 &&
           (entries[1].revents == 0 || pass(socket_, other)) && (entries[2].revents == 0 || pass(other, socket_));
  }
  ::close(other);
}

void ScriptedServer::Session::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  closing_ = true;
}

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  std::array<int, 2> ends{-1, -1};
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::pipe(ends.data()) != 0) {
    throw std::runtime_error("The scripted server cannot listen on the loopback interface.");
  }
  port_ = ntohs(address.sin_port);
  stop_read_ = ends[0];
  stop_write_ = ends[1];
  acceptor_ = std::jthread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  ::close(stop_write_); // the other end becomes readable for everyone who waits
  acceptor_.join();
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& client : clients_) {
      ::shutdown(client.socket, SHUT_RDWR);
    }
  }
  clients_.clear(); // joins
  ::close(listener_);
  ::close(stop_read_);
}

std::string ScriptedServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

std::vector<ReceivedRequest> ScriptedServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

std::chrono::nanoseconds ScriptedServer::cpu_time() const { return std::chrono::nanoseconds{cpu_ns_.load()}; }

void ScriptedServer::accept_all() {
  while (true) {
    std::array<pollfd, 2> entries{
        {{.fd = stop_read_, .events = POLLIN, .revents = 0}, {.fd = listener_, .events = POLLIN, .revents = 0}}};
    if (::poll(entries.data(), entries.size(), -1) < 0 || entries[0].revents != 0) {
      return;
    }
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      continue;
    }
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const int connection = ++connections_;
    const std::scoped_lock lock(mutex_);
    auto& client = clients_.emplace_back();
    client.socket = socket;
    client.thread = std::jthread([this, &client, connection] {
      serve(client.socket, connection);
      // The descriptor's number may be given out again only when nobody can shut it down by mistake.
      const std::scoped_lock closing(mutex_);
      ::close(client.socket);
      client.socket = -1;
    });
  }
}

void ScriptedServer::serve(int socket, int connection) {
  std::string input;
  Session session(socket, stop_read_);
  std::int64_t cpu = thread_cpu_ns();
  while (!session.closing_) {
    ReceivedRequest request;
    request.connection = connection;
    if (!read_request(socket, input, request)) {
      break;
    }
    request.number = ++numbers_;
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
    }
    handler_(session, request);
    const auto now = thread_cpu_ns();
    cpu_ns_ += now - cpu;
    cpu = now;
  }
}

bool ScriptedServer::read_request(int socket, std::string& input, ReceivedRequest& request) const {
  std::array<char, 16384> chunk{};
  const auto more = [&] {
    const auto got = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (got <= 0) {
      return false;
    }
    input.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  };
  std::size_t end = 0;
  while ((end = input.find("\r\n\r\n")) == std::string::npos) {
    if (input.size() > max_head || !more()) {
      return false;
    }
  }
  std::string_view head = std::string_view(input).substr(0, end);
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.rfind(' ');
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  head.remove_prefix(std::min(line.size() + 2, head.size()));
  std::size_t length = 0;
  while (!head.empty()) {
    const auto field = head.substr(0, head.find("\r\n"));
    const auto colon = field.find(": ");
    if (colon != std::string_view::npos) {
      request.headers.emplace_back(lower(field.substr(0, colon)), field.substr(colon + 2));
      if (request.headers.back().first == "content-length") {
        length = std::strtoul(request.headers.back().second.c_str(), nullptr, 10);
      }
    }
    head.remove_prefix(std::min(field.size() + 2, head.size()));
  }
  input.erase(0, end + 4);
  while (input.size() < length) {
    if (!more()) {
      return false;
    }
  }
  request.body = input.substr(0, length);
  input.erase(0, length);
  return true;
}

} // namespace dovetail::test

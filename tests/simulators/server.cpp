// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/server.hpp"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tests/simulators/connection.hpp"

namespace dovetail::simulators {
namespace {

Error socket_error(std::string_view what) {
  return unavailable(fmt::format("simulated server: {} failed: {}", what, std::generic_category().message(errno)));
}

} // namespace

/// The accepting thread and one thread for each connection. Thread-safe.
class Server::Listener {
public:
  Listener(int socket, std::uint16_t port, Handler& handler, Clock& clock, ServerOptions options)
      : socket_(socket), port_(port), handler_(handler), clock_(clock), options_(options),
        acceptor_([this](const std::stop_token& stop) { accept_all(stop); }) {}
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Listener(Listener&&) = delete;
  Listener& operator=(Listener&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_.load(); }

  void stop() {
    const std::lock_guard once(stop_mutex_);
    if (stopped_) {
      return;
    }
    stopped_ = true;
    acceptor_.request_stop();
    ::shutdown(socket_, SHUT_RDWR); // wakes accept()
    changed_.notify_all();
    acceptor_.join();
    ::close(socket_);
    {
      const std::lock_guard lock(mutex_);
      for (Peer& peer : peers_) {
        peer.thread.request_stop();
        if (peer.socket >= 0) {
          ::shutdown(peer.socket, SHUT_RDWR); // wakes recv() and send()
        }
      }
    }
    // Threads take mutex_ when they end, so they are joined without it; nobody else touches the list any more.
    peers_.clear();
  }

private:
  struct Peer {
    int socket = -1;
    bool finished = false;
    std::jthread thread;
  };

  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop, [&] { return running_ < options_.max_connections; });
      }
      if (stop.stop_requested()) {
        return;
      }
      const int peer = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) {
        if (errno == EINTR || errno == ECONNABORTED) {
          continue;
        }
        return;
      }
      ++accepted_;
      adopt(peer);
    }
  }

  void adopt(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options_.send_buffer_bytes > 0) {
      ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &options_.send_buffer_bytes, sizeof options_.send_buffer_bytes);
    }
    const std::lock_guard lock(mutex_);
    std::erase_if(peers_, [](const Peer& peer) { return peer.finished; });
    ++running_;
    Peer& peer = peers_.emplace_back();
    peer.socket = socket;
    peer.thread = std::jthread([this, &peer, socket](const std::stop_token& stop) {
      serve_connection(socket, handler_, clock_, options_, stop);
      const std::lock_guard done(mutex_);
      // Closed under the lock: `stop` must not shut down a number that the system has given to somebody else.
      ::close(socket);
      peer.socket = -1;
      peer.finished = true;
      --running_;
      changed_.notify_all();
    });
  }

  const int socket_;
  const std::uint16_t port_;
  Handler& handler_;
  Clock& clock_;
  const ServerOptions options_;
  std::atomic<std::uint64_t> accepted_{0};
  std::mutex stop_mutex_;
  // guarded by stop_mutex_
  bool stopped_ = false;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  // guarded by mutex_
  std::list<Peer> peers_;
  std::size_t running_ = 0;

  std::jthread acceptor_; // last: starts when all else is there
};

Server::Server(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(Handler& handler, Clock& clock, ServerOptions options) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    return socket_error("socket");
  }
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const name =
      reinterpret_cast<sockaddr*>(&address); // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API
  if (::bind(socket, name, sizeof address) != 0 || ::listen(socket, 512) != 0 ||
      ::getsockname(socket, name, &length) != 0) {
    Error error = socket_error(fmt::format("listening on 127.0.0.1:{}", options.port));
    ::close(socket);
    return error;
  }
  return std::unique_ptr<Server>(
      new Server(std::make_unique<Listener>(socket, ntohs(address.sin_port), handler, clock, options)));
}

std::uint16_t Server::port() const noexcept { return listener_->port(); }
std::string Server::base_url() const { return fmt::format("http://127.0.0.1:{}", port()); }
std::uint64_t Server::accepted_connections() const noexcept { return listener_->accepted(); }
void Server::stop() { listener_->stop(); }

} // namespace dovetail::simulators

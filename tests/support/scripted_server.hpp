// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace dovetail::test {

/// One request as it came in.
struct ReceivedRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;
  int connection = 0; ///< the number of the connection, from 1
  int number = 0;     ///< the number of the request on the server, from 1

  /// The first value of that lower-case name; empty when there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A HTTP/1.1 server on a port of its own of the loopback interface, over raw sockets, so that it can also misbehave. It reads requests and gives each
/// to a handler, which writes whatever bytes it likes. Thread-safe; each connection has its thread, ended by the destructor.
class ScriptedServer {
public:
  /// The handler's side of a connection. Only valid during the handler's call.
  class Session {
  public:
    /// Sends the bytes as they are.
    void send(std::string_view bytes);
    /// Sends a well-formed response with Content-Length. `headers` are whole lines, each ending in "\r\n".
    void respond(int status, std::string_view body = "", std::string_view headers = "");
    /// Sends the bytes in pieces of `piece` bytes with a pause after each, until all are sent or the client is gone.
    void drip(std::string_view bytes, std::size_t piece, std::chrono::milliseconds pause);
    /// Waits, but not longer than the server lives or the client stays.
    void wait(std::chrono::milliseconds time);
    /// Passes bytes both ways between the client and a port of the loopback interface until either side ends: a proxy's tunnel.
    void relay_to(std::uint16_t port);
    /// Closes the connection in good order after the handler's return.
    void close() { closing_ = true; }
    /// Resets the connection (RST) at once.
    void reset();

  private:
    friend class ScriptedServer;
    explicit Session(int socket, int stop) : socket_(socket), stop_(stop) {}
    int socket_;
    int stop_;
    bool closing_ = false;
  };

  using Handler = std::function<void(Session&, const ReceivedRequest&)>;

  explicit ScriptedServer(Handler handler);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ScriptedServer(ScriptedServer&&) = delete;
  ScriptedServer& operator=(ScriptedServer&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "http://127.0.0.1:PORT" + path.
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  /// All requests so far.
  [[nodiscard]] std::vector<ReceivedRequest> requests() const;
  [[nodiscard]] int connections() const noexcept { return connections_.load(); }
  /// CPU time that the server's threads have used; for benchmarks that share a process with it.
  [[nodiscard]] std::chrono::nanoseconds cpu_time() const;

private:
  struct Client {
    int socket = -1;
    std::jthread thread;
  };

  void accept_all();
  void serve(int socket, int connection);
  bool read_request(int socket, std::string& input, ReceivedRequest& request) const;

  Handler handler_;
  int listener_ = -1;
  int stop_read_ = -1;
  int stop_write_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> numbers_{0};
  std::atomic<std::int64_t> cpu_ns_{0};
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::vector<ReceivedRequest> requests_;
  std::list<Client> clients_;
  std::jthread acceptor_;
};

} // namespace dovetail::test

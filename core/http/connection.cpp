// SPDX-License-Identifier: Apache-2.0
#include "core/http/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <fmt/format.h>

#include "core/http/pipe_signal_guard.hpp"

namespace dovetail::http {
namespace {

using std::chrono::milliseconds;

// How soon a waiting call notices that it was cancelled.
constexpr milliseconds slice{50};
constexpr std::size_t max_addresses = 4;
constexpr milliseconds shortest_connect{1'000};

Error lost(std::string_view what) { return unavailable(fmt::format("the connection failed: {}", what)); }

// Waits until the socket can be read or written.
Status wait_for(int fd, short events, const Patience& patience, MonotonicTime idle_end) {
  while (true) {
    DOVETAIL_TRY_STATUS(patience.cancellation.check(patience.clock));
    const auto now = patience.clock.monotonic_now();
    const auto end = std::min(idle_end, patience.end);
    if (now >= end) {
      return patience.end <= idle_end ? unavailable("it took longer than the time for one request")
                                      : unavailable("nothing came for too long");
    }
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const auto wait = std::min<std::chrono::nanoseconds>(end - now, slice);
    const int ready = ::poll(&entry, 1, static_cast<int>(std::chrono::ceil<milliseconds>(wait).count()));
    if (ready > 0) {
      return {};
    }
    if (ready < 0 && errno != EINTR) {
      return lost("the socket cannot be polled");
    }
  }
}

bool is_trust_problem(const Poco::Exception& error) {
  return dynamic_cast<const Poco::Net::CertificateValidationException*>(&error) != nullptr ||
         dynamic_cast<const Poco::Net::InvalidCertificateException*>(&error) != nullptr ||
         error.displayText().find("certificate verify failed") != std::string::npos;
}

class PocoConnection final : public Connection {
public:
  PocoConnection(const Poco::Net::StreamSocket& socket, int fd, bool tls) : socket_(socket), fd_(fd), tls_(tls) {}
  PocoConnection(const PocoConnection&) = delete;
  PocoConnection& operator=(const PocoConnection&) = delete;
  PocoConnection(PocoConnection&&) = delete;
  PocoConnection& operator=(PocoConnection&&) = delete;
  // A plain socket closes with its last owner, which may be the TLS socket that was put over it; TLS says goodbye first.
  ~PocoConnection() override {
    if (!tls_) {
      return;
    }
    try {
      const PipeSignalGuard guard;
      socket_.close();
    } catch (const Poco::Exception&) { // NOLINT(bugprone-empty-catch): closing what is already broken
    }
  }

  Result<std::size_t> read_some(char* out, std::size_t size, const Patience& patience) override {
    constexpr std::size_t most = std::size_t{1} << 24U;
    const auto idle_end = patience.clock.monotonic_now() + patience.idle;
    return guarded([&]() -> Result<std::size_t> {
      while (true) {
        const int got = socket_.receiveBytes(out, static_cast<int>(std::min(size, most)));
        if (got >= 0) {
          return static_cast<std::size_t>(got);
        }
        DOVETAIL_TRY_STATUS(wait_for(fd_, wanted(got, POLLIN), patience, idle_end));
      }
    });
  }

  Status write_all(std::string_view bytes, const Patience& patience) override {
    constexpr std::size_t most = std::size_t{1} << 20U;
    return guarded([&]() -> Status {
      auto idle_end = patience.clock.monotonic_now() + patience.idle;
      while (!bytes.empty()) {
        const int sent = socket_.sendBytes(bytes.data(), static_cast<int>(std::min(bytes.size(), most)));
        if (sent > 0) {
          bytes.remove_prefix(static_cast<std::size_t>(sent));
          idle_end = patience.clock.monotonic_now() + patience.idle;
          continue;
        }
        DOVETAIL_TRY_STATUS(wait_for(fd_, wanted(sent, POLLOUT), patience, idle_end));
      }
      return {};
    });
  }

  bool quiet() override {
    // Readable means closed, or bytes that nobody asked for. TLS 1.3 session tickets are read with the first response.
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 0;
  }

  [[nodiscard]] const Poco::Net::StreamSocket& socket() const { return socket_; }
  [[nodiscard]] int fd() const { return fd_; }

private:
  // What a TLS engine waits for need not be what its caller does.
  [[nodiscard]] short wanted(int result, short usual) const {
    if (!tls_) {
      return usual;
    }
    return result == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE ? POLLOUT : POLLIN;
  }

  template <typename Operation> auto guarded(Operation operation) -> decltype(operation()) {
    try {
      return operation();
    } catch (const Poco::Exception& error) {
      return lost(error.displayText());
    }
  }

  Poco::Net::StreamSocket socket_;
  int fd_;
  bool tls_;
};

class PocoConnector final : public Connector {
public:
  explicit PocoConnector(TlsOptions options) : options_(std::move(options)) {}

  /// Reads the certificates of the authorities; a connector that opens no TLS connection needs none.
  Status prepare_tls() {
    const std::scoped_lock lock(mutex_);
    if (context_) {
      return {};
    }
    try {
      Poco::Net::initializeSSL();
      Poco::Net::Context::Params params;
      params.caLocation = options_.extra_ca_file;
      params.loadDefaultCAs = true;
      // Poco leaves the host name of local peers unchecked unless it is strict.
      params.verificationMode = Poco::Net::Context::VERIFY_STRICT;
      params.cipherList = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM";
      Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params));
      context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
      context_ = context;
      return {};
    } catch (const Poco::Exception& error) {
      return failed_precondition(
          fmt::format("TLS cannot be set up (CA file \"{}\"): {}", options_.extra_ca_file, error.displayText()));
    }
  }

  Result<std::unique_ptr<Connection>> open(const std::string& host, std::span<const IpAddress> addresses,
                                           std::uint16_t port, const Patience& patience) override {
    const auto tried = addresses.first(std::min(addresses.size(), max_addresses));
    Error last = unavailable(fmt::format("{} has no address", host));
    for (std::size_t i = 0; i < tried.size(); ++i) {
      const auto now = patience.clock.monotonic_now();
      const auto share = (patience.end - now) / static_cast<std::int64_t>(tried.size() - i);
      const auto end = std::min(patience.end, now + std::max<std::chrono::nanoseconds>(share, shortest_connect));
      auto opened = open_one(tried[i], port, patience, end);
      if (opened.ok() || opened.error().code != ErrorCode::unavailable) {
        return opened;
      }
      last = unavailable(fmt::format("{} ({}, port {}) cannot be reached: {}", host, tried[i].to_string(), port,
                                     opened.error().message));
    }
    return last;
  }

  Result<std::unique_ptr<Connection>> secure(std::unique_ptr<Connection> plain, const std::string& host,
                                             const Patience& patience) override {
    const auto& below = static_cast<const PocoConnection&>(*plain); // open() made it
    const int fd = below.fd();
    DOVETAIL_TRY_STATUS(prepare_tls());
    try {
      auto socket = Poco::Net::SecureStreamSocket::attach(below.socket(), host, context_);
      while (true) {
        const int result = socket.completeHandshake();
        if (result == 1) {
          break;
        }
        const bool write = result == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE;
        DOVETAIL_TRY_STATUS(wait_for(fd, write ? POLLOUT : POLLIN, patience, patience.end));
      }
      socket.verifyPeerCertificate(host);
      return std::unique_ptr<Connection>(std::make_unique<PocoConnection>(socket, fd, true));
    } catch (const Poco::Exception& error) {
      if (is_trust_problem(error)) {
        return failed_precondition(fmt::format(
            "the certificate of {} is not trusted: it is expired, for another name or not issued by a known "
            "authority. For a private authority, give its file in the configuration",
            host));
      }
      return unavailable(fmt::format("no TLS connection to {}: {}", host, error.displayText()));
    }
  }

private:
  static Result<std::unique_ptr<Connection>> open_one(const IpAddress& address, std::uint16_t port,
                                                      const Patience& patience, MonotonicTime end) {
    try {
      Poco::Net::StreamSocket socket;
      const Poco::Net::SocketAddress target(address.to_string(), port);
      socket.connectNB(target);
      const int fd = socket.impl()->sockfd();
      const Patience connecting{
          .clock = patience.clock, .cancellation = patience.cancellation, .end = end, .idle = patience.idle};
      DOVETAIL_TRY_STATUS(wait_for(fd, POLLOUT, connecting, end));
      if (const int code = socket.impl()->socketError(); code != 0) {
        return unavailable(std::generic_category().message(code));
      }
      socket.setNoDelay(true);
      return std::unique_ptr<Connection>(std::make_unique<PocoConnection>(socket, fd, false));
    } catch (const Poco::Exception& error) {
      return unavailable(error.displayText());
    }
  }

  TlsOptions options_;
  std::mutex mutex_;
  // guarded by mutex_; set once
  Poco::Net::Context::Ptr context_;
};

} // namespace

Result<std::unique_ptr<Connector>> make_connector(const TlsOptions& options) {
  if (!options.extra_ca_file.empty() && !std::filesystem::is_regular_file(options.extra_ca_file)) {
    return failed_precondition(fmt::format(
        "The CA file {} cannot be read; give a PEM file, or leave the setting empty.", options.extra_ca_file));
  }
  auto connector = std::make_unique<PocoConnector>(options);
  // What a person configured is checked at once; the system's own authorities when the first TLS connection needs them.
  if (!options.extra_ca_file.empty()) {
    DOVETAIL_TRY_STATUS(connector->prepare_tls());
  }
  return std::unique_ptr<Connector>(std::move(connector));
}

} // namespace dovetail::http

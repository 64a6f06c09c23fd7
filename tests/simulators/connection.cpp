// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <fmt/format.h>

#include "core/base/time.hpp"

namespace dovetail::simulators {
namespace {

constexpr std::size_t most_head_bytes = 64U << 10U;
constexpr std::size_t most_body_bytes = 16U << 20U;

/// Sleeps in a way that a stop request ends at once.
void pause_for(std::chrono::nanoseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
}

std::string_view reason_of(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 301:
    return "Moved Permanently";
  case 302:
    return "Found";
  case 304:
    return "Not Modified";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 429:
    return "Too Many Requests";
  case 500:
    return "Internal Server Error";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return "Status";
  }
}

bool has_body(int status, std::string_view method) {
  return status >= 200 && status != 204 && status != 304 && method != "HEAD";
}

/// The lines of a request's head; false when it is no HTTP/1.x.
bool parse_head(std::string_view head, SimRequest& request) {
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end ||
      !line.substr(target_end + 1).starts_with("HTTP/1.")) {
    return false;
  }
  request.method = line.substr(0, method_end);
  request.target = line.substr(method_end + 1, target_end - method_end - 1);
  std::string_view rest = line_end == std::string_view::npos ? std::string_view() : head.substr(line_end + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view field = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return false;
    }
    std::string_view value = field.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
      value.remove_prefix(1);
    }
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) {
      value.remove_suffix(1);
    }
    request.headers.push_back({std::string(field.substr(0, colon)), std::string(value)});
  }
  return true;
}

class Connection {
public:
  Connection(int socket, Handler& handler, Clock& clock, const ServerOptions& options, const std::stop_token& stop)
      : socket_(socket), handler_(handler), clock_(clock), options_(options), stop_(stop) {}

  void serve() {
    while (!stop_.stop_requested()) {
      SimRequest request;
      if (!read_request(request)) {
        return;
      }
      const Answer answer = handler_.handle(request);
      if (options_.latency.count() > 0) {
        pause_for(options_.latency, stop_);
      }
      const bool wants_close = equal_ignoring_case(request.header("Connection").value_or(""), "close");
      if (!send_answer(request, answer, wants_close) || wants_close) {
        return;
      }
    }
  }

private:
  /// Appends what arrives to `buffer_`; false at the end of the stream, on error and when nothing came in time.
  bool receive() {
    pollfd wait{socket_, POLLIN, 0};
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(options_.idle_timeout).count();
    if (::poll(&wait, 1, static_cast<int>(timeout)) <= 0) {
      return false;
    }
    std::array<char, 16384> chunk{};
    const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) {
      return false;
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  }

  bool read_request(SimRequest& request) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (buffer_.size() > most_head_bytes || !receive()) {
        return false;
      }
    }
    if (!parse_head(std::string_view(buffer_).substr(0, end), request)) {
      refuse(400, "not an HTTP/1.1 request");
      return false;
    }
    buffer_.erase(0, end + 4);
    if (request.header("Transfer-Encoding")) {
      refuse(411, "send a Content-Length instead of a transfer coding");
      return false;
    }
    const std::string_view length_text = request.header("Content-Length").value_or("0");
    std::size_t length = 0;
    const auto parsed = std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    if (parsed.ec != std::errc() || parsed.ptr != length_text.data() + length_text.size() || length > most_body_bytes) {
      refuse(413, "the body's length is not acceptable");
      return false;
    }
    if (length > buffer_.size() && equal_ignoring_case(request.header("Expect").value_or(""), "100-continue") &&
        !send_all("HTTP/1.1 100 Continue\r\n\r\n")) {
      return false;
    }
    while (buffer_.size() < length) {
      if (!receive()) {
        return false;
      }
    }
    request.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return true;
  }

  void refuse(int status, std::string_view why) {
    send_all(
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                    status, reason_of(status), why.size(), why));
  }

  bool send_all(std::string_view first, std::string_view second = {}) {
    while (!first.empty() || !second.empty()) {
      std::array<iovec, 2> parts{};
      // sendmsg takes pointers to mutable bytes but only reads them.
      parts[0] = {const_cast<char*>(first.data()), first.size()};   // NOLINT(cppcoreguidelines-pro-type-const-cast)
      parts[1] = {const_cast<char*>(second.data()), second.size()}; // NOLINT(cppcoreguidelines-pro-type-const-cast)
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = parts.size();
      const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) {
        continue;
      }
      if (sent <= 0) {
        return false;
      }
      const std::size_t from_first = std::min(first.size(), static_cast<std::size_t>(sent));
      first.remove_prefix(from_first);
      second.remove_prefix(static_cast<std::size_t>(sent) - from_first);
    }
    return true;
  }

  /// The next close sends RST instead of FIN.
  void arm_reset() const {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  /// Waits until the peer has taken what was sent (a reset would throw it away unread), or gave up.
  void wait_for_peer() const {
    ::shutdown(socket_, SHUT_WR);
    std::array<char, 1024> rest{};
    pollfd wait{socket_, POLLIN, 0};
    while (!stop_.stop_requested() && ::poll(&wait, 1, 200) > 0 && ::recv(socket_, rest.data(), rest.size(), 0) > 0) {
    }
  }

  [[nodiscard]] std::string head_of(const Answer& answer, std::size_t length, bool body_allowed, bool close) const {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason_of(answer.status));
    for (const Header& header : answer.headers) {
      head += header.name;
      head += ": ";
      head += header.value;
      head += "\r\n";
    }
    if (!answer.header("Date")) {
      head += fmt::format("Date: {}\r\n", format_http_date(clock_.now()));
    }
    if (body_allowed || length > 0) {
      head += fmt::format("Content-Length: {}\r\n", length);
    }
    head += close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
    return head;
  }

  /// False when the connection is over.
  bool send_answer(const SimRequest& request, const Answer& answer, bool close) {
    const Delivery& delivery = answer.delivery;
    if (delivery.kind == DeliveryKind::reset_before_headers) {
      arm_reset();
      return false;
    }
    const bool body_allowed = has_body(answer.status, request.method);
    const std::string_view body = body_allowed ? answer.content() : std::string_view();
    const std::size_t length = delivery.kind == DeliveryKind::oversized && body_allowed ? delivery.bytes
                               : answer.status == 304                                   ? 0
                                                                                        : answer.content().size();
    const std::string head = head_of(answer, length, body_allowed, close);
    switch (delivery.kind) {
    case DeliveryKind::whole:
      return send_all(head, body);
    case DeliveryKind::reset_after_headers:
      // A reset wipes what the peer has not read yet: give it a moment, so that the head is seen more often than not.
      send_all(head);
      pause_for(std::chrono::milliseconds(20), stop_);
      arm_reset();
      return false;
    case DeliveryKind::truncated:
      send_all(head, body.substr(0, delivery.bytes));
      wait_for_peer();
      return false;
    case DeliveryKind::oversized:
      return send_all(head, body) && send_padding(delivery.bytes - std::min(delivery.bytes, body.size()));
    case DeliveryKind::slow_drip:
      return send_all(head) && send_dripping(body, delivery);
    case DeliveryKind::reset_before_headers:
      break;
    }
    return false;
  }

  bool send_padding(std::size_t bytes) {
    static const std::string spaces(64U << 10U, ' ');
    while (bytes > 0 && !stop_.stop_requested()) {
      const std::size_t now = std::min(bytes, spaces.size());
      if (!send_all(std::string_view(spaces).substr(0, now))) {
        return false;
      }
      bytes -= now;
    }
    return bytes == 0;
  }

  bool send_dripping(std::string_view body, const Delivery& delivery) {
    while (!body.empty() && !stop_.stop_requested()) {
      pause_for(delivery.pause, stop_);
      const std::size_t now = std::min(body.size(), delivery.bytes);
      if (!send_all(body.substr(0, now))) {
        return false;
      }
      body.remove_prefix(now);
    }
    return body.empty();
  }

  const int socket_;
  Handler& handler_;
  Clock& clock_;
  const ServerOptions& options_;
  const std::stop_token stop_;
  std::string buffer_;
};

} // namespace

void serve_connection(int socket, Handler& handler, Clock& clock, const ServerOptions& options,
                      const std::stop_token& stop) {
  Connection(socket, handler, clock, options, stop).serve();
}

} // namespace dovetail::simulators

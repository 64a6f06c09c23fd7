// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dovetail::simulators {

struct Header {
  std::string name;
  std::string value;
};

/// The first value under `name` (ASCII case-insensitive); nullopt when there is none.
[[nodiscard]] std::optional<std::string_view> find_header(const std::vector<Header>& headers, std::string_view name);
/// True when two ASCII texts differ in case at most.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;
[[nodiscard]] std::string lower_case(std::string_view text);

/// One request as a simulated provider sees it. `target` is the request target of the request line: path and query, still
/// percent-encoded.
struct SimRequest {
  std::string method = "GET";
  std::string target = {};
  std::vector<Header> headers = {};
  std::string body = {};

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
};

/// How an answer travels. Everything but `whole` is a fault of the line, which only the carrier of the answer (the HTTP
/// server, or a test's in-process transport) can act out.
enum class DeliveryKind : std::uint8_t {
  whole,                ///< as it should be
  reset_before_headers, ///< the connection is reset, nothing was sent
  reset_after_headers,  ///< status and headers arrive, then a reset
  truncated,            ///< `bytes` of the body arrive, then an orderly close
  oversized,            ///< the body goes on with spaces until it has `bytes` bytes
  slow_drip,            ///< the body arrives `bytes` at a time, with `pause` before each piece
};
[[nodiscard]] std::string_view to_string(DeliveryKind kind) noexcept;

struct Delivery {
  DeliveryKind kind = DeliveryKind::whole;
  std::size_t bytes = 0;
  std::chrono::milliseconds pause{0};
};

/// What a simulated provider answers. Content-Length, Connection and Date are the carrier's to add.
struct Answer {
  int status = 200;
  std::vector<Header> headers;
  /// The bytes of the body, with the Content-Encoding already applied; null means empty. Shared because a page is kept and sent
  /// to many.
  std::shared_ptr<const std::string> body;
  Delivery delivery;
  /// Held until the answer has been sent: a simulator counts its running requests by it. May be null.
  std::shared_ptr<void> in_flight;

  [[nodiscard]] std::string_view content() const noexcept {
    return body ? std::string_view(*body) : std::string_view();
  }
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
};

/// A simulated provider. `handle` is called from several threads at once. It does no I/O and never sleeps: time comes from the
/// clock that the simulator was given.
class Handler {
public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  Handler(Handler&&) = delete;
  Handler& operator=(Handler&&) = delete;
  virtual ~Handler() = default;

  [[nodiscard]] virtual Answer handle(const SimRequest& request) = 0;
};

/// A request target taken apart. Names and values are percent-decoded; '+' in the query is a space.
struct Target {
  std::string path;                  ///< before '?', still encoded
  std::vector<std::string> segments; ///< of the path, decoded; a trailing slash gives an empty last one
  std::vector<std::pair<std::string, std::string>> query;
  std::string raw_query; ///< after '?', still encoded

  /// The value of the first parameter of that name; nullopt when absent.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// Takes apart "/a/b?x=1". An absolute form ("http://host/a/b") loses scheme and host.
[[nodiscard]] Target parse_target(std::string_view target);
/// Malformed escapes stay as they are.
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_space);
/// Encodes everything but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

} // namespace dovetail::simulators

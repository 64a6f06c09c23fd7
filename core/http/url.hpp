// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace dovetail::http {

/// Scheme, host and port: what decides whether two URLs belong to the same server (RFC 6454). Scheme and host are lower-case; the host of an
/// IPv6 address is without brackets.
struct Origin {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const Origin&, const Origin&) = default;
  /// "https://api.github.com", the port only where it is not the scheme's own.
  [[nodiscard]] std::string to_string() const;
  /// "api.github.com", "[::1]:8080": the host as it stands in a Host header.
  [[nodiscard]] std::string authority() const;
};

/// An absolute http or https URL (RFC 3986), strictly read: what is not clearly one is refused, for whoever reads it differently may be led to
/// another host. A fragment is dropped. A value type.
class Url {
public:
  /// invalid_argument: no http(s) URL, no host, user information in it (credentials belong in headers), a bad port, control or non-ASCII
  /// characters, a broken percent escape, longer than limits::max_url_bytes. The message never shows the URL's query.
  [[nodiscard]] static Result<Url> parse(std::string_view text);

  [[nodiscard]] const Origin& origin() const noexcept { return origin_; }
  [[nodiscard]] const std::string& scheme() const noexcept { return origin_.scheme; }
  [[nodiscard]] const std::string& host() const noexcept { return origin_.host; }
  [[nodiscard]] std::uint16_t port() const noexcept { return origin_.port; }
  [[nodiscard]] bool is_https() const noexcept { return origin_.scheme == "https"; }
  /// Path and query as they are sent: "/repos/acme?page=2"; begins with '/'.
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// The target up to its '?'.
  [[nodiscard]] std::string_view path() const noexcept;
  [[nodiscard]] std::string to_string() const;
  /// Without the query: for logs and messages.
  [[nodiscard]] std::string to_display() const;

  /// The URL that `reference` (absolute or relative, as in a Location header) means here; RFC 3986 section 5.2.
  [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

  friend bool operator==(const Url&, const Url&) = default;

private:
  Origin origin_;
  std::string target_;
};

/// `text` with everything but letters, digits, '-', '.', '_' and '~' percent-encoded, for use as one query value or path segment.
[[nodiscard]] std::string percent_encode(std::string_view text);

} // namespace dovetail::http

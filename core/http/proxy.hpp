// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/url.hpp"

namespace dovetail::http {

/// A forward proxy, spoken to in plain HTTP.
struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  Secret authorization; ///< the Proxy-Authorization value; empty: none

  friend bool operator==(const Proxy&, const Proxy&) = default;
};

/// Which proxy requests take (HTTP-1). Through a proxy names are resolved by the proxy, so that only the origin and literal addresses
/// are checked on our side. A value type.
struct ProxySettings {
  std::optional<Proxy> for_http;
  std::optional<Proxy> for_https;
  /// Hosts that are reached directly: names (with their subdomains), addresses, or "*".
  std::vector<std::string> direct;

  using Environment = std::function<const char*(const char* name)>;
  /// From HTTPS_PROXY, HTTP_PROXY and NO_PROXY or their lower-case forms, which win. invalid_argument names the variable that is
  /// not usable, never its value.
  [[nodiscard]] static Result<ProxySettings> from_environment(const Environment& get);
  [[nodiscard]] static Result<ProxySettings> from_environment();

  /// The proxy for `url`, or null for a direct connection.
  [[nodiscard]] const Proxy* choose(const Url& url) const;
};

} // namespace dovetail::http

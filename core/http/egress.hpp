// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/http/url.hpp"

namespace dovetail::http {

/// Where a connection's requests may go (HTTP-5): the origins of the manifest's base URLs and of the connection's config, nothing else. A value type.
struct EgressPolicy {
  std::vector<Origin> allowed;
  /// Loopback, private, link-local and the like; for providers inside a company's own network.
  bool allow_private_addresses = false;
  /// http:// URLs; off, for a token must not cross a network in clear.
  bool allow_plain_http = false;

  /// The policy that allows the origins of `base_urls`. An Error of Url::parse for the first that is no URL.
  [[nodiscard]] static Result<EgressPolicy> for_base_urls(std::span<const std::string> base_urls);

  /// permission_denied, naming the host and the setting to change, when a request may not go to `url`. IP addresses in the URL are
  /// judged here, names when they are resolved.
  [[nodiscard]] Status check(const Url& url) const;
};

/// What is said when a host's address is not public and the policy asks for public ones.
[[nodiscard]] Error private_address_refused(const std::string& host, const std::string& address);

} // namespace dovetail::http

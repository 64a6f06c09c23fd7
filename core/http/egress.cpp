// SPDX-License-Identifier: Apache-2.0
#include "core/http/egress.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/http/address.hpp"

namespace dovetail::http {

Result<EgressPolicy> EgressPolicy::for_base_urls(std::span<const std::string> base_urls) {
  EgressPolicy policy;
  for (const auto& text : base_urls) {
    DOVETAIL_TRY(const auto url, Url::parse(text));
    policy.allowed.push_back(url.origin());
  }
  return policy;
}

Status EgressPolicy::check(const Url& url) const {
  if (std::find(allowed.begin(), allowed.end(), url.origin()) == allowed.end()) {
    return permission_denied(
        fmt::format("Requests to {} are not allowed: it is neither a base URL of the provider's manifest nor "
                    "of the connection's config. Add it there if it belongs to the provider.",
                    url.origin().to_string()));
  }
  if (!url.is_https() && !allow_plain_http) {
    return permission_denied(
        fmt::format("Requests to {} are not allowed: it is plain http. Use https, or allow plain http in "
                    "the connection's config.",
                    url.origin().to_string()));
  }
  const auto address = IpAddress::parse(url.host());
  if (address && !address->is_public() && !allow_private_addresses) {
    return private_address_refused(url.host(), address->to_string());
  }
  return {};
}

Error private_address_refused(const std::string& host, const std::string& address) {
  return permission_denied(
      fmt::format("Requests to {} are not allowed: its address {} is not a public one. If the provider "
                  "runs in your own network, allow private addresses in the connection's config.",
                  host, address));
}

} // namespace dovetail::http

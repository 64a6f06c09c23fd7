// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/oauth.hpp"

#include <algorithm>

namespace dovetail::manifest {

std::string_view to_string(OAuthFlow flow) noexcept {
  switch (flow) {
  case OAuthFlow::authorization_code:
    return "authorization_code";
  case OAuthFlow::client_credentials:
    return "client_credentials";
  case OAuthFlow::refresh_token:
    return "refresh_token";
  case OAuthFlow::device_code:
    return "device_code";
  }
  return "";
}

bool OAuth::has(OAuthFlow flow) const noexcept { return std::find(flows.begin(), flows.end(), flow) != flows.end(); }

bool host_fits(const std::vector<std::string>& patterns, std::string_view host) noexcept {
  return std::any_of(patterns.begin(), patterns.end(), [host](std::string_view pattern) {
    if (!pattern.starts_with("*.")) {
      return host == pattern;
    }
    const std::string_view domain = pattern.substr(1);
    return host.size() > domain.size() && host.ends_with(domain);
  });
}

} // namespace dovetail::manifest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/http/egress.hpp"
#include "core/http/transport.hpp"
#include "core/json/document.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/manifest/manifest.hpp"
#include "core/manifest/rate_limits.hpp"

namespace dovetail::manifest {

/// Everything about a connection that follows from its config and the provider's manifest. The manifest must outlive it.
///
/// Besides what the manifest's connectionConfig declares, every config may hold:
///   environment            key of a base URL variant; default: the first
///   auth                   key of an auth method; default: the first
///   rateLimits             object, overrides the manifest's limits
///   overlapSeconds         object: object key -> seconds, overrides the manifest's overlap windows
///   allowPrivateAddresses  true: requests may go to loopback and private networks (HTTP-5)
///   allowPlainHttp         true: http:// base URLs are allowed
struct Connection {
  explicit Connection(json::Document text) : config(std::move(text)) {}

  json::Document config; ///< with the defaults of connectionConfig filled in: what the plugin gets
  std::string environment;
  std::string base_url;      ///< no '/' at its end
  std::string auth_base_url; ///< empty when the provider has no OAuth
  std::string token_url;
  bool pkce = true;
  http::EgressPolicy egress;
  const AuthMethod* auth = nullptr;
  std::string basic_user; ///< the user of basic auth, where the manifest takes it from the config
  std::vector<FixedHeader> headers;
  std::vector<http::SecretHeader> required_headers;
  limits::RateLimits rate_limits;
  std::map<std::string, std::chrono::seconds, std::less<>> overlaps;

  [[nodiscard]] std::chrono::seconds overlap_of(const Object& object) const;
};

/// Checks a config and works out what follows. The Error (invalid_argument; failed_precondition when an environment variable is missing) says
/// everything that is wrong, each with its pointer, and repeats no values: a person may have put a secret in the wrong place.
[[nodiscard]] Result<Connection> resolve_connection(const Manifest& manifest, const json::Value& config,
                                                    const Environment& environment = process_environment());

/// `text` with each "{name}" replaced by the config's member of that name (a text, number or boolean). Error (invalid_argument) when there is none.
[[nodiscard]] Result<std::string> expand_template(std::string_view text, const json::Value& config);
/// The names in a template, in their order. Error (invalid_argument) for a brace without its fellow or a name that is none.
[[nodiscard]] Result<std::vector<std::string>> template_names(std::string_view text);

} // namespace dovetail::manifest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dovetail::manifest {

enum class OAuthFlow : std::uint8_t { authorization_code, client_credentials, refresh_token, device_code };
[[nodiscard]] std::string_view to_string(OAuthFlow flow) noexcept;

/// How a provider says when an access token ends.
enum class TokenExpiry : std::uint8_t {
  expires_in, ///< seconds, in the token answer
  jwt_exp     ///< the access token is a JSON web token with `exp`; `expires_in` counts where that cannot be read
};

/// OAuth 2 as this provider has it. URLs are templates.
struct OAuth {
  std::vector<OAuthFlow> flows;
  std::vector<std::string> scopes;
  std::string scope_separator = " ";
  std::string auth_base_url;
  std::string token_url;
  bool pkce = true;                 ///< S256; off only where the provider cannot
  bool client_secret_basic = false; ///< client credentials in an Authorization header instead of the body
  bool token_request_json = false;  ///< the token request's body is JSON instead of a form
  TokenExpiry expiry = TokenExpiry::expires_in;
  std::chrono::seconds fallback_life{0};    ///< of a token that does not say when it ends; 0: until it is refused
  std::chrono::seconds refresh_before{300}; ///< how long before its end a token is renewed
  /// Errors of the token endpoint that mean "sign in again", besides those of RFC 6749.
  std::vector<std::string> reauth_errors;
  /// Where the token answer names the base URL of the API, a JSON pointer; empty: it does not.
  std::string base_url_pointer;
  /// The hosts that such a base URL may have, "api.acme.example" or "*.acme.example", besides those of the connection.
  std::vector<std::string> base_url_hosts;

  [[nodiscard]] bool has(OAuthFlow flow) const noexcept;
};

/// The names of the secrets that OAuth works with. A connection may have them all; the client's may also come from the environment.
inline constexpr std::string_view client_id_secret = "client_id";
inline constexpr std::string_view client_secret_secret = "client_secret";
inline constexpr std::string_view refresh_token_secret = "refresh_token";
inline constexpr std::string_view access_token_secret = "access_token";
/// What the host keeps of its own: no manifest may declare a secret of this name.
inline constexpr std::string_view token_set_secret = "oauth_tokens";

/// Whether a lower-case host fits one of the patterns: itself, or "*." and a domain that it lies below.
[[nodiscard]] bool host_fits(const std::vector<std::string>& patterns, std::string_view host) noexcept;

} // namespace dovetail::manifest

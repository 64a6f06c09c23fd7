// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace dovetail::oauth {

/// Who is about to renew a connection's tokens, so that no other process does at the same time.
struct RefreshMark {
  std::string holder; ///< an id, new for each refresh
  Timestamp since;    ///< by the holder's clock

  friend bool operator==(const RefreshMark&, const RefreshMark&) = default;
};

/// All that is known of a connection's tokens. It is kept as ONE secret, so that access token, refresh token, end of life and base URL change
/// together or not at all (AUTH-3).
struct TokenSet {
  Secret access_token;                  ///< empty: none yet
  Secret refresh_token;                 ///< empty: it cannot be refreshed
  std::optional<Timestamp> expires_at;  ///< nullopt: not known
  std::optional<Timestamp> obtained_at; ///< nullopt: a person gave it
  std::string base_url;                 ///< as the provider named it, unchecked; empty: it did not
  /// What the tokens came from (seeds_of): when a person gives others, those count.
  std::string seeds;
  std::optional<Timestamp> failing_since; ///< of the first refresh that failed since the last one that worked (AUTH-4)
  std::optional<RefreshMark> refreshing;
};

/// The tokens that a person gave, as a fingerprint without their text. They may both be empty.
[[nodiscard]] std::string seeds_of(const Secret& access_token, const Secret& refresh_token);

/// The form in which a set is stored: a JSON object.
[[nodiscard]] Secret to_secret(const TokenSet& tokens);
/// Errors: data_loss when the text is not such a set; never with a part of it.
[[nodiscard]] Result<TokenSet> parse_token_set(const Secret& text);

/// `exp` of a JSON web token (RFC 7519), whose signature is not looked at; nullopt when the text is none or has no such claim.
[[nodiscard]] std::optional<Timestamp> jwt_expiry(std::string_view token);

/// The string at a JSON pointer as a Secret, leaving no copy behind; empty when no string stands there. Errors: invalid_argument for broken JSON.
[[nodiscard]] Result<Secret> secret_member(std::string_view json_text, std::string_view pointer);

} // namespace dovetail::oauth

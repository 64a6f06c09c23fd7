// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/clock.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/client.hpp"
#include "core/oauth/account.hpp"
#include "core/oauth/token_set.hpp"

namespace dovetail::oauth {

inline constexpr std::size_t max_token_answer_bytes = 256U << 10U;
inline constexpr std::size_t max_token_bytes = 14U << 10U; ///< so that a whole set fits into a secret
/// How long one call to a token endpoint may take, from start to end.
inline constexpr std::chrono::seconds token_call_limit{30};

/// The app in whose name tokens are asked for.
struct ClientIdentity {
  Secret id;
  Secret secret; ///< empty: a public client
};

/// What a call to a token endpoint came to.
struct TokenAnswer {
  enum class Kind : std::uint8_t {
    tokens, ///< `tokens` has what the answer named: what it did not name is empty
    refused, ///< the provider said in so many words that a person must sign in again, or that the app is not known (AUTH-4)
    failed ///< anything else: it may work another time
  };
  Kind kind = Kind::failed;
  TokenSet tokens;
  Error error; ///< refused: unauthenticated; failed: with its retry class
};

/// Asks a token endpoint once: with the refresh token, or by client credentials where that is empty. What comes back is made known to `redactor`
/// before anything else looks at it; no part of it stands in an error but the provider's own error code.
///
/// A refresh is never sent a second time by itself, since the provider may have rotated the token before its answer was lost; and it is never cut short,
/// however much the caller is in a hurry, but for token_call_limit.
[[nodiscard]] TokenAnswer ask_for_tokens(http::Client& client, Redactor& redactor, Clock& clock, const Account& account,
                                         const ClientIdentity& identity, const Secret& refresh_token);

} // namespace dovetail::oauth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/oauth/account.hpp"
#include "core/oauth/refresh.hpp"

namespace dovetail::oauth {

/// What a request to the API needs.
struct AccessToken {
  Secret value;
  std::string base_url; ///< of the API, as the provider named and check_base_url allowed it; empty: it named none
};

/// Access tokens of all connections of this process, renewed before they end or when the API refuses them (AUTH-3). Thread-safe.
///
/// A connection's tokens are one secret (TokenSet) of the SecretBackend. Within the process one thread renews them and the others wait for it. Across
/// processes the right to renew is a mark in that secret, taken by compare-and-set on its version: whoever has it asks the token endpoint, stores
/// what came back, and only then uses it. If a process dies with the mark, another takes over when the lease is over and sends the
/// same refresh token again; tokens that the dead one had got and not stored are lost, which no client can prevent.
///
/// With a read-only backend only the flow client_credentials works, and its tokens live in memory.
class TokenManager {
public:
  /// What `parts` refers to must outlive the manager.
  explicit TokenManager(TokenParts parts, TokenOptions options = {});
  ~TokenManager();
  TokenManager(const TokenManager&) = delete;
  TokenManager& operator=(const TokenManager&) = delete;
  TokenManager(TokenManager&&) = delete;
  TokenManager& operator=(TokenManager&&) = delete;

  /// A token that is good for a while, renewed if need be. Errors: unauthenticated when a person must sign in again, with the words "Admin attention
  /// needed" and why; failed_precondition when secrets are missing (says which and how to give them); permission_denied when the provider
  /// named a base URL that is not allowed; else what kept the refresh from working, after which another try may succeed.
  [[nodiscard]] Result<AccessToken> get(const Account& account, const Cancellation& cancellation);

  /// The same, but what is in memory is first compared with what is stored: for the begin of a piece of work.
  [[nodiscard]] Result<AccessToken> get_stored(const Account& account, const Cancellation& cancellation);

  /// After the API refused `refused`: another token than that, from whoever was first to renew it. Errors as above; unauthenticated also when
  /// it cannot be renewed.
  [[nodiscard]] Result<AccessToken> renew(const Account& account, const Secret& refused,
                                          const Cancellation& cancellation);

private:
  struct Slot;
  struct State;

  [[nodiscard]] Result<AccessToken> run(const Account& account, const TokenWish& wish,
                                        const Cancellation& cancellation);

  std::unique_ptr<State> state_;
};

} // namespace dovetail::oauth

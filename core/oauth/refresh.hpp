// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/client.hpp"
#include "core/manifest/rate_limits.hpp"
#include "core/oauth/account.hpp"
#include "core/oauth/token_store.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::oauth {

/// What tokens are renewed with.
struct TokenParts {
  http::Client& client;
  vault::SecretBackend& secrets;
  Redactor& redactor;
  Logger& logger;
  Clock& clock;
  IdGenerator& ids;
  /// Where the app's id and secret are looked up when the connection has none (SecretSpec::env_key).
  manifest::Environment environment;
};

struct TokenOptions {
  /// A process that took the right to refresh and is not heard of for this long is taken to be dead. Longer than token_call_limit.
  std::chrono::seconds lease{45};
  /// How far the clocks of two machines may lie apart before that is told by waiting instead of by the time in the lease.
  std::chrono::minutes clock_skew{5};
  /// How often a process looks whether another one has done the refresh.
  std::chrono::milliseconds poll{200};
  /// Transient failures for this long end in needs_reauth (AUTH-4).
  std::chrono::hours give_up_after{24};
  /// How long the old token goes on being used, while it lives, after a refresh failed for a while.
  std::chrono::seconds retry_after{30};
  /// Connections whose tokens are kept in memory; the idle ones make room for new ones.
  std::size_t max_accounts = 10'000;
};

/// What is asked for.
struct TokenWish {
  const Secret* refused = nullptr; ///< a token that the API refused: any other than this
  bool stored = false;             ///< what is in memory does not count before it was compared with what is stored
};

/// What a process remembers of a connection's tokens from one refresh to the next.
struct TokenMemory {
  std::optional<TokenSet> tokens; ///< as they were last stored; with a read-only backend, as they were got
  struct Unsaved {
    TokenSet tokens;
    Secret sent; ///< the refresh token that they were got with
  };
  std::optional<Unsaved> unsaved; ///< got, and not stored yet: lost if the process ends now
  Timestamp quiet_until;          ///< until then a living token is used though its time to be renewed has come
  std::string mark;               ///< of our last refresh, should it still stand in the store
};

/// Whether the tokens are good for a while, and whether they are good at all.
[[nodiscard]] bool is_fresh(const Account& account, const TokenSet& tokens, const TokenWish& wish, Timestamp now);
[[nodiscard]] bool is_alive(const TokenSet& tokens, const TokenWish& wish, Timestamp now);

/// One look after a connection's tokens: reads what is stored and renews it where need be, alone among all processes (AUTH-3, AUTH-4). Used by one thread,
/// which has `memory` for itself.
class Refresh {
public:
  Refresh(const TokenParts& parts, const TokenOptions& options, const Account& account, const TokenWish& wish,
          const Cancellation& cancellation, TokenMemory& memory);

  /// Tokens that are stored and alive. Errors: see TokenManager::get.
  [[nodiscard]] Result<TokenSet> run();

private:
  [[nodiscard]] Result<StoredTokens> load();
  [[nodiscard]] Status check_renewable(const TokenSet& tokens) const;
  [[nodiscard]] Result<bool> take_lease(StoredTokens& stored);
  [[nodiscard]] bool is_at_work(const std::optional<RefreshMark>& mark);
  [[nodiscard]] Result<std::optional<TokenSet>> renew(const StoredTokens& stored, const ClientIdentity& identity);
  [[nodiscard]] Result<std::optional<TokenSet>> refused(const StoredTokens& stored, const Error& error);
  [[nodiscard]] Result<std::optional<TokenSet>> failed(const StoredTokens& stored, const Error& error);
  [[nodiscard]] Result<TokenSet> keep(TokenSet fresh, const Secret& sent, std::optional<std::int64_t> version);
  void give_back(const StoredTokens& stored, std::optional<Timestamp> failing_since);
  [[nodiscard]] bool can_refresh(const TokenSet& tokens) const;
  [[nodiscard]] Error attention(std::string_view why) const;
  void log(LogLevel level, std::string_view message, std::string_view detail) const;

  const TokenParts& parts_;
  const TokenOptions& options_;
  const Account& account_;
  const TokenWish& wish_;
  const Cancellation& cancellation_;
  TokenMemory& memory_;
  TokenStore store_;
  std::optional<RefreshMark> watched_; ///< somebody else's
  MonotonicTime watched_since_;
  std::optional<Timestamp> interrupted_; ///< when a refresh began that was never ended
};

} // namespace dovetail::oauth

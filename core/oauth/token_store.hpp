// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/manifest/rate_limits.hpp"
#include "core/oauth/account.hpp"
#include "core/oauth/token_request.hpp"
#include "core/oauth/token_set.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::oauth {

struct StoredTokens {
  TokenSet tokens;
  /// For save(): 0 while nothing is stored; nullopt where what is stored is damaged and may be overwritten.
  std::optional<std::int64_t> version = 0;
};

/// A connection's tokens and its app's credentials in the SecretBackend. Every secret that it hands out is known to the redactor. As
/// thread-safe as the backend.
class TokenStore {
public:
  /// All must outlive the store.
  TokenStore(vault::SecretBackend& secrets, Redactor& redactor, const manifest::Environment& environment,
             const Account& account)
      : secrets_(secrets), redactor_(redactor), environment_(environment), account_(account) {}

  /// What is stored. When a person gave other tokens since (secrets access_token and refresh_token), those instead.
  [[nodiscard]] Result<StoredTokens> load();
  /// Over `version` only, as SecretBackend::save takes it. Errors: aborted when somebody else wrote in between; those of the backend.
  [[nodiscard]] Result<std::int64_t> save(const TokenSet& tokens, std::optional<std::int64_t> version);
  [[nodiscard]] bool read_only() const noexcept { return secrets_.read_only(); }

  /// Errors: failed_precondition when it is neither among the connection's secrets nor in the environment.
  [[nodiscard]] Result<ClientIdentity> client();

private:
  [[nodiscard]] Result<Secret> optional_secret(std::string_view name);
  [[nodiscard]] Result<Secret> app_secret(std::string_view name);
  [[nodiscard]] vault::SecretAddress address(std::string_view name) const;

  vault::SecretBackend& secrets_;
  Redactor& redactor_;
  const manifest::Environment& environment_;
  const Account& account_;
};

} // namespace dovetail::oauth

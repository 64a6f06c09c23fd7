// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/token_store.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace dovetail::oauth {

vault::SecretAddress TokenStore::address(std::string_view name) const {
  return {.tenant = account_.tenant, .connection = account_.connection, .name = std::string(name)};
}

// Empty when there is none.
Result<Secret> TokenStore::optional_secret(std::string_view name) {
  auto loaded = secrets_.load(address(name));
  if (!loaded.ok()) {
    return loaded.error().code == ErrorCode::not_found ? Result<Secret>(Secret()) : std::move(loaded).error();
  }
  redactor_.remember(loaded->secret);
  return std::move(loaded->secret);
}

Result<StoredTokens> TokenStore::load() {
  DOVETAIL_TRY(Secret access_token, optional_secret(account_.auth->secret));
  DOVETAIL_TRY(Secret refresh_token, optional_secret(manifest::refresh_token_secret));
  StoredTokens stored;
  std::string seeds = seeds_of(access_token, refresh_token);
  if (!read_only()) {
    const auto loaded = secrets_.load(address(manifest::token_set_secret));
    if (loaded.ok()) {
      stored.version = loaded->version;
      if (auto tokens = parse_token_set(loaded->secret); tokens.ok()) {
        redactor_.remember(tokens->access_token);
        redactor_.remember(tokens->refresh_token);
        if (tokens->seeds == seeds) {
          stored.tokens = std::move(*tokens);
          return stored;
        }
      }
    } else if (loaded.error().code == ErrorCode::data_loss) {
      // Lost for good: what a person gave may still work, and if not, that is said.
      stored.version = std::nullopt;
    } else if (loaded.error().code != ErrorCode::not_found) {
      return loaded.error();
    }
  }
  TokenSet fresh;
  if (account_.oauth().expiry == manifest::TokenExpiry::jwt_exp) {
    fresh.expires_at = jwt_expiry(access_token.reveal());
  }
  fresh.access_token = std::move(access_token);
  fresh.refresh_token = std::move(refresh_token);
  fresh.seeds = std::move(seeds);
  stored.tokens = std::move(fresh);
  return stored;
}

Result<std::int64_t> TokenStore::save(const TokenSet& tokens, std::optional<std::int64_t> version) {
  return secrets_.save(address(manifest::token_set_secret), to_secret(tokens), version);
}

// The connection's own, else that of the environment, else empty.
Result<Secret> TokenStore::app_secret(std::string_view name) {
  DOVETAIL_TRY(Secret own, optional_secret(name));
  const auto* const spec = account_.provider->find_secret(name);
  if (!own.empty() || spec == nullptr || spec->env_key.empty() || !environment_) {
    return own;
  }
  auto value = environment_(spec->env_key);
  Secret found(value ? std::string_view(*value) : std::string_view());
  if (value) {
    wipe(value->data(), value->size());
  }
  redactor_.remember(found);
  return found;
}

Result<ClientIdentity> TokenStore::client() {
  ClientIdentity identity;
  DOVETAIL_TRY(identity.id, app_secret(manifest::client_id_secret));
  DOVETAIL_TRY(identity.secret, app_secret(manifest::client_secret_secret));
  const auto missing = [this](std::string_view name) {
    const auto* const spec = account_.provider->find_secret(name);
    return failed_precondition(fmt::format(
        "Tokens of {} cannot be renewed: its app's \"{}\" is missing. Give it with `dovetail connection add --replace "
        "--secret-env`{}.",
        account_.describe(), name,
        spec == nullptr || spec->env_key.empty() ? std::string()
                                                 : fmt::format(", or set the variable {}", spec->env_key)));
  };
  if (identity.id.empty()) {
    return missing(manifest::client_id_secret);
  }
  // A provider whose manifest declares one has no public clients.
  if (identity.secret.empty() && account_.provider->find_secret(manifest::client_secret_secret) != nullptr) {
    return missing(manifest::client_secret_secret);
  }
  return identity;
}

} // namespace dovetail::oauth

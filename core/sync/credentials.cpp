// SPDX-License-Identifier: Apache-2.0
#include "core/sync/credentials.hpp"

#include <string>

#include "core/vault/encoding.hpp"

namespace dovetail::sync {
namespace {

/// One load of a connection's secrets.
class Loader {
public:
  Loader(vault::SecretBackend& secrets, TenantId tenant, ConnectionId id, Redactor& redactor)
      : secrets_(secrets), tenant_(tenant), id_(id), redactor_(redactor) {}

  [[nodiscard]] Result<Secret> load(const std::string& name) {
    auto loaded = secrets_.load({.tenant = tenant_, .connection = id_, .name = name});
    if (!loaded.ok()) {
      if (loaded.error().code == ErrorCode::not_found && secrets_.read_only()) {
        // Only the backend knows where it may be put.
        return failed_precondition(loaded.error().message);
      }
      if (loaded.error().code == ErrorCode::not_found) {
        return failed_precondition("The connection has no secret \"" + name +
                                   "\". Give it with `dovetail connection add --replace --secret-env " + name +
                                   "=VARIABLE`.");
      }
      return std::move(loaded).error();
    }
    redactor_.remember(loaded->secret);
    return std::move(loaded->secret);
  }

private:
  vault::SecretBackend& secrets_;
  TenantId tenant_;
  ConnectionId id_;
  Redactor& redactor_;
};

Result<Secret> header_value(const manifest::Connection& connection, Loader& loader) {
  const manifest::AuthMethod& auth = *connection.auth;
  DOVETAIL_TRY(const Secret secret, loader.load(auth.secret));
  if (auth.kind != manifest::AuthKind::basic) {
    return Secret(auth.prefix + std::string(secret.reveal()));
  }
  Secret user(connection.basic_user);
  if (!auth.user_secret.empty()) {
    DOVETAIL_TRY(user, loader.load(auth.user_secret));
  }
  std::string pair = std::string(user.reveal()) + ":" + std::string(secret.reveal());
  std::string value = "Basic " + vault::base64_encode(pair);
  wipe(pair.data(), pair.size());
  return Secret(std::move(value));
}

} // namespace

Result<std::vector<http::SecretHeader>> load_credentials(const manifest::Connection& connection,
                                                         vault::SecretBackend& secrets, TenantId tenant,
                                                         ConnectionId id, Redactor& redactor) {
  std::vector<http::SecretHeader> headers;
  for (const auto& required : connection.required_headers) {
    redactor.remember(required.value);
    headers.push_back({.name = required.name, .value = required.value});
  }
  if (connection.auth == nullptr || connection.auth->kind == manifest::AuthKind::none ||
      connection.auth->kind == manifest::AuthKind::oauth2) {
    return headers;
  }
  Loader loader(secrets, tenant, id, redactor);
  DOVETAIL_TRY(Secret value, header_value(connection, loader));
  redactor.remember(value);
  headers.push_back({.name = connection.auth->header, .value = std::move(value)});
  return headers;
}

} // namespace dovetail::sync

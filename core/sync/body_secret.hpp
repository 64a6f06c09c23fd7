// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/client.hpp"
#include "core/manifest/connection.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::sync {

/// A secret for providers that want it inside the body of a request. The plugin, which never sees it, writes the placeholder
/// "{{secret:<name>}}" in its place, and the host puts the escaped secret there just before it sends. Immutable; safe for concurrent use.
class BodySecret {
public:
  /// `escaped` is what goes into the body, as `escape_for_body` made it.
  BodySecret(std::string_view name, Secret escaped);

  /// Puts the secret into `request`'s body where the placeholder stands; false when it stands nowhere. Errors, before anything is sent:
  /// permission_denied when the request does not go to the origin of `base_url`, invalid_argument when the placeholder stands there more
  /// than once (text from elsewhere may hold it too) or the method is one whose body a redirect would carry to another origin.
  [[nodiscard]] Result<bool> put_into(http::Request& request, std::string_view base_url) const;

  [[nodiscard]] const std::string& placeholder() const noexcept { return placeholder_; }

private:
  std::string placeholder_;
  Secret escaped_;
};

/// What stands in a body for `secret`. Error (failed_precondition) when it holds what cannot be written there at all.
[[nodiscard]] Result<Secret> escape_for_body(const Secret& secret, manifest::BodyEscape escape);

/// The secret that the connection's auth method wants in bodies; nullopt when it wants none. It is made known to `redactor` as it is and as it is
/// written there. Errors as for load_credentials.
[[nodiscard]] Result<std::optional<BodySecret>> load_body_secret(const manifest::Connection& connection,
                                                                 vault::SecretBackend& secrets, TenantId tenant,
                                                                 ConnectionId id, Redactor& redactor);

} // namespace dovetail::sync

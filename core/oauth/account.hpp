// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/http/egress.hpp"
#include "core/manifest/manifest.hpp"

namespace dovetail::oauth {

/// One connection as its tokens need it. A value; the manifest must outlive it.
struct Account {
  TenantId tenant;
  ConnectionId connection;
  std::string tenant_name; ///< for the logs
  std::string connection_name;
  const manifest::Manifest* provider = nullptr; ///< has `oauth`
  const manifest::AuthMethod* auth = nullptr;   ///< of kind oauth2
  std::string token_url;
  /// Where the connection's requests may go. The token call goes to the token URL's origin alone, under the same rules about plain http and private
  /// addresses.
  http::EgressPolicy egress;

  [[nodiscard]] const manifest::OAuth& oauth() const noexcept { return *provider->oauth; }
  /// "the connection main of acme (Provider)"
  [[nodiscard]] std::string describe() const;
};

/// Whether this connection's tokens can be got without anything that a person gave it: by the flow client_credentials, which is used where there is no
/// refresh token.
[[nodiscard]] bool has_client_grant(const Account& account) noexcept;

/// The base URL that a token answer named, without slashes at its end, if requests may go there: the manifest lists its host or it is of one of
/// the connection's own origins, and it is https (or what the connection's config allows). Errors: permission_denied, with what to change.
[[nodiscard]] Result<std::string> check_base_url(const Account& account, const std::string& base_url);

} // namespace dovetail::oauth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/base/ids.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/http/transport.hpp"
#include "core/manifest/connection.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::sync {

/// The headers that authenticate a connection's requests, as its manifest's auth method says, and the required headers; of a method of kind
/// oauth2 the required headers only, as its token may change with every request. Every secret among them is made known to `redactor`. Errors: failed_precondition when a secret is missing (says which and how to give it); those of the backend.
[[nodiscard]] Result<std::vector<http::SecretHeader>> load_credentials(const manifest::Connection& connection,
                                                                       vault::SecretBackend& secrets, TenantId tenant,
                                                                       ConnectionId id, Redactor& redactor);

} // namespace dovetail::sync

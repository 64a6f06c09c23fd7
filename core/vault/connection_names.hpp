// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

namespace dovetail::vault {

/// What people call a tenant and one of its connections; both obey check_name.
struct ConnectionNames {
  std::string tenant;
  std::string connection;
};

/// For backends that people fill by name. Errors: not_found; those of the database. To be called from any thread.
using NamesOf = std::function<Result<ConnectionNames>(TenantId tenant, ConnectionId connection)>;

} // namespace dovetail::vault

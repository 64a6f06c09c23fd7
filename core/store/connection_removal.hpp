// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/store/connection_repository.hpp"

namespace dovetail::store::detail {

/// The work of ConnectionRepository::remove, once the connection is disabled.
[[nodiscard]] Result<ConnectionRemoval> remove_connection(const TenantScope& scope, ConnectionId id,
                                                          RowsOnRemoval rows);

} // namespace dovetail::store::detail

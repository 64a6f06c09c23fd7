// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "core/base/clock.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/simulators/server.hpp"

namespace dovetail::simulators {

/// Serves one accepted connection until the peer leaves, an answer ends it, it idles too long or `stop` is requested.
/// Does not own `socket`: the caller closes it afterwards.
void serve_connection(int socket, Handler& handler, Clock& clock, const ServerOptions& options,
                      const std::stop_token& stop);

} // namespace dovetail::simulators

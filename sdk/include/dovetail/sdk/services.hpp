// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dovetail/abi/http.h"
#include "dovetail/abi/json.h"
#include "dovetail/abi/plugin.h"
#include "dovetail/abi/services.h"
#include "dovetail/sdk/error.hpp"

namespace dovetail::sdk::detail {

/// The host's tables, fetched once per instance. Each is complete as far as this SDK calls into it.
struct Services {
  const dvt_http* http = nullptr;
  const dvt_json* json = nullptr;
  const dvt_log* log = nullptr;
  const dvt_clock* clock = nullptr;
  const dvt_state* state = nullptr;
};

/// One call and the tables to use in it: what a Response or a Json needs to find its way back. Copied freely within the call.
struct Frame {
  const dvt_call* call = nullptr;
  const Services* services = nullptr;
};

/// Fetches the table `id`. `needed` is where the last function that this SDK calls ends: a shorter table is an older host's.
template <typename Table>
[[nodiscard]] Status fetch(const dvt_host* host, std::string_view id, std::size_t needed, const Table*& out) {
  const auto* table = static_cast<const Table*>(host->get_capability(host, slice(id)));
  if (table == nullptr || table->struct_size < needed) {
    return make_error(Code::failed_precondition, "this host does not offer all of " + std::string(id) +
                                                     ", which the plugin needs: upgrade Dovetail");
  }
  out = table;
  return {};
}

[[nodiscard]] inline Result<Services> fetch_services(const dvt_host* host) {
  constexpr std::size_t pointer = sizeof(void (*)());
  Services services;
  DVT_TRY_STATUS(fetch(host, DVT_HTTP_ID, offsetof(dvt_http, release) + pointer, services.http));
  DVT_TRY_STATUS(fetch(host, DVT_JSON_ID, offsetof(dvt_json, release) + pointer, services.json));
  DVT_TRY_STATUS(fetch(host, DVT_LOG_ID, offsetof(dvt_log, write) + pointer, services.log));
  DVT_TRY_STATUS(fetch(host, DVT_CLOCK_ID, offsetof(dvt_clock, now_us) + pointer, services.clock));
  DVT_TRY_STATUS(fetch(host, DVT_STATE_ID, offsetof(dvt_state, get) + pointer, services.state));
  return services;
}

} // namespace dovetail::sdk::detail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "dovetail/abi/action.h"
#include "dovetail/abi/discovery.h"
#include "dovetail/abi/plugin.h"
#include "dovetail/abi/sync.h"

namespace dovetail::plugin {

struct AbiVersion {
  std::uint32_t major = DVT_ABI_MAJOR;
  std::uint32_t minor = DVT_ABI_MINOR;

  friend bool operator==(const AbiVersion&, const AbiVersion&) = default;
};

/// What a plugin says of itself.
struct PluginInfo {
  std::string key;
  std::string version;
  AbiVersion abi;                        ///< built for this major, needs at least this minor
  std::vector<std::string> capabilities; ///< those known to this host, e.g. "dovetail.sync/1"

  friend bool operator==(const PluginInfo&, const PluginInfo&) = default;
};

/// A checked descriptor and its checked tables; they live as long as the process.
struct PluginTables {
  const dvt_plugin_descriptor* descriptor = nullptr;
  // NULL when the plugin has no such capability.
  const dvt_sync* sync = nullptr;
  const dvt_discovery* discovery = nullptr;
  const dvt_action* action = nullptr;
  PluginInfo info;
};

/// Whether a plugin of that ABI and this host fit (CORE-4). The Error (failed_precondition) says who must be upgraded.
[[nodiscard]] Status check_abi(std::string_view plugin, const AbiVersion& wanted, const AbiVersion& host = {});

/// Calls `query` and checks all that it leads to: the descriptor, its texts, its functions, the capability tables. An exception that a
/// plugin throws here is caught. Errors (failed_precondition) name `plugin` and say what to do.
[[nodiscard]] Result<PluginTables> query_plugin(std::string_view plugin, dvt_plugin_query_fn query,
                                                const AbiVersion& host = {});

} // namespace dovetail::plugin

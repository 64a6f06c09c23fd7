// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "core/plugin/slice.hpp"

namespace dovetail::plugin {

namespace {

constexpr std::uint32_t max_struct_size = 4096; ///< no struct of this major comes near; a larger one is garbage
constexpr std::uint64_t max_key_bytes = 63;
constexpr std::uint64_t max_version_bytes = 64;
/// Capabilities that this host only reports: their tables are not looked into.
constexpr std::array<std::string_view, 2> reported_capabilities = {"dovetail.webhook/1", "dovetail.auth/1"};

Error refuse(std::string_view plugin, std::string_view what, std::string_view advice) {
  return failed_precondition(fmt::format("{} {}. {}", plugin, what, advice));
}

constexpr std::string_view rebuild = "Build it again with this Dovetail's SDK, or ask its author to";

bool is_key(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' && std::all_of(text.begin(), text.end(), fits);
}

bool is_version(std::string_view text) {
  const auto fits = [](char c) { return c > ' ' && c < 0x7f; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

/// The table behind `id`, checked: NULL (a missing capability) is fine, a table that lies is not. `smallest` is its size in minor 0.
Result<const void*> fetch_table(std::string_view plugin, const dvt_plugin_descriptor& descriptor, std::string_view id,
                                std::uint32_t smallest) {
  const void* (*const get)(dvt_slice) = descriptor.get_capability; // a type that may throw: see query_plugin
  const void* table = get(to_slice(id));
  if (table != nullptr) {
    const auto size = *static_cast<const std::uint32_t*>(table); // each table begins with its struct_size
    if (size < smallest || size > max_struct_size) {
      return refuse(plugin, fmt::format("says that its table {} has {} bytes, which cannot be", id, size), rebuild);
    }
  }
  return table;
}

Status check_descriptor(std::string_view plugin, const dvt_plugin_descriptor* descriptor, const AbiVersion& host) {
  if (descriptor == nullptr) {
    return refuse(
        plugin, fmt::format("refuses this host (dvt_plugin_query returned NULL for ABI {}.{})", host.major, host.minor),
        "Install a version of the plugin for this Dovetail, or upgrade Dovetail");
  }
  const auto size = descriptor->struct_size;
  const auto head = offsetof(dvt_plugin_descriptor, abi_minor) + sizeof descriptor->abi_minor;
  if (size < head || size > max_struct_size) {
    return refuse(plugin, fmt::format("has a descriptor whose struct_size is {}, which cannot be", size), rebuild);
  }
  DOVETAIL_TRY_STATUS(check_abi(plugin, {descriptor->abi_major, descriptor->abi_minor}, host));
  if (!DVT_HAS(descriptor, dvt_plugin_descriptor, get_capability)) {
    return refuse(plugin, fmt::format("has a descriptor of {} bytes, which is too short for ABI {}", size, host.major),
                  rebuild);
  }
  if (descriptor->key.size > max_key_bytes || !is_key(to_view(descriptor->key)) ||
      descriptor->version.size > max_version_bytes || !is_version(to_view(descriptor->version))) {
    return refuse(plugin, "has a descriptor without a usable key or version",
                  "The key must be 1 to 63 of a-z, 0-9 and '_', the version a semver");
  }
  if (descriptor->create == nullptr || descriptor->destroy == nullptr || descriptor->get_capability == nullptr) {
    return refuse(plugin, "lacks a function that every plugin needs (create, destroy or get_capability is NULL)",
                  rebuild);
  }
  return {};
}

/// Fetches tables one after the other and notes which there are.
class TableReader {
public:
  TableReader(std::string_view plugin, const dvt_plugin_descriptor& descriptor, PluginInfo& info)
      : plugin_(plugin), descriptor_(descriptor), info_(info) {}

  /// A table of which every function is used; `functions` names them for the message.
  template <typename Table, typename... Functions>
  [[nodiscard]] Status read(std::string_view id, const Table*& table, std::string_view functions,
                            Functions Table::*... members) {
    // All members of minor 0 are there, so its size is the least that a table can have.
    DOVETAIL_TRY(const void* found, fetch_table(plugin_, descriptor_, id, sizeof(Table)));
    if (found == nullptr) {
      return {};
    }
    table = static_cast<const Table*>(found);
    if (((table->*members == nullptr) || ...)) {
      return refuse(plugin_, fmt::format("lacks a function of {} ({} is NULL)", id, functions), rebuild);
    }
    info_.capabilities.emplace_back(id);
    return {};
  }
  [[nodiscard]] Status note(std::string_view id) {
    DOVETAIL_TRY(const void* found, fetch_table(plugin_, descriptor_, id, sizeof(std::uint32_t)));
    if (found != nullptr) {
      info_.capabilities.emplace_back(id);
    }
    return {};
  }

private:
  std::string_view plugin_;
  const dvt_plugin_descriptor& descriptor_;
  PluginInfo& info_;
};

// Tables grow at their end: whoever appends a function must keep these sizes as the smallest, see tests/abi/layout.h.
static_assert(sizeof(dvt_sync) == 24 && sizeof(dvt_discovery) == 16 && sizeof(dvt_action) == 16);

Result<PluginTables> read_tables(std::string_view plugin, const dvt_plugin_descriptor& descriptor) {
  PluginTables tables;
  tables.descriptor = &descriptor;
  tables.info.key = to_view(descriptor.key);
  tables.info.version = to_view(descriptor.version);
  tables.info.abi = {descriptor.abi_major, descriptor.abi_minor};
  TableReader reader(plugin, descriptor, tables.info);
  DOVETAIL_TRY_STATUS(reader.read(DVT_SYNC_ID, tables.sync, "read_page or test_connection", &dvt_sync::read_page,
                                  &dvt_sync::test_connection));
  DOVETAIL_TRY_STATUS(reader.read(DVT_DISCOVERY_ID, tables.discovery, "discover", &dvt_discovery::discover));
  DOVETAIL_TRY_STATUS(reader.read(DVT_ACTION_ID, tables.action, "invoke", &dvt_action::invoke));
  for (const auto id : reported_capabilities) {
    DOVETAIL_TRY_STATUS(reader.note(id));
  }
  if (tables.info.capabilities.empty()) {
    return refuse(plugin, "offers no capability that this host knows, such as " DVT_SYNC_ID,
                  "Install a version of the plugin for this Dovetail, or upgrade Dovetail");
  }
  return tables;
}

} // namespace

Status check_abi(std::string_view plugin, const AbiVersion& wanted, const AbiVersion& host) {
  if (wanted.major != host.major) {
    return refuse(plugin,
                  fmt::format("was built for plugin ABI {}, but this Dovetail speaks ABI {}", wanted.major, host.major),
                  wanted.major > host.major ? "Upgrade Dovetail, or install an older version of the plugin"
                                            : "Install a newer version of the plugin");
  }
  if (wanted.minor > host.minor) {
    return refuse(plugin,
                  fmt::format("needs plugin ABI {}.{}, but this Dovetail speaks {}.{}", wanted.major, wanted.minor,
                              host.major, host.minor),
                  "Upgrade Dovetail, or install an older version of the plugin");
  }
  return {};
}

Result<PluginTables> query_plugin(std::string_view plugin, dvt_plugin_query_fn query, const AbiVersion& host) {
  // The ABI forbids to throw. A pointer of a type that may is used all the same, or the compiler would drop the handler.
  using MayThrow = const dvt_plugin_descriptor* (*)(std::uint32_t, std::uint32_t);
  const MayThrow ask = query;
  try {
    const auto* descriptor = ask(host.major, host.minor);
    DOVETAIL_TRY_STATUS(check_descriptor(plugin, descriptor, host));
    return read_tables(plugin, *descriptor);
  } catch (...) {
    return refuse(plugin, "threw an exception when it was asked who it is", "Report it to the plugin's author");
  }
}

} // namespace dovetail::plugin

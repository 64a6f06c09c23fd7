// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/plugin/library.hpp"
#include "core/plugin/plugin_host.hpp"

namespace dovetail::plugin {

/// Immutable once made.
struct Plugin::State {
  Library library;
  PluginTables tables;
  std::string sha256;
  std::filesystem::path file;
  AbiVersion host_abi;
  std::chrono::milliseconds call_timeout;
};

struct Instance::State {
  State(const Plugin::State& owner, const HostServices& given, std::string url)
      : plugin(owner), services(given), base_url(std::move(url)) {}

  const Plugin::State& plugin;
  const HostServices services;
  const std::string base_url;
  dvt_host host{};
  dvt_instance* instance = nullptr;
};

} // namespace dovetail::plugin

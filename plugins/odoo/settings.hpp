// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::odoo {

enum class Protocol : std::uint8_t { json2, xmlrpc };
[[nodiscard]] std::string_view to_string(Protocol protocol) noexcept;
[[nodiscard]] std::optional<Protocol> protocol_from_name(std::string_view name) noexcept;

/// How one object is read; from the manifest's settings, so that another of Odoo's models needs no code.
struct ObjectSpec {
  std::string model; ///< "hr.employee"
  /// A boolean field: records where it is true are left out. Servers that lack the field have no such records.
  std::string without;
  /// A model whose records hold parts of this one's and change without it: what changed there is read again here.
  std::string watched_model;
  std::string watched_field; ///< its many2one that leads here
  /// Fields that many servers lack and nobody need hear of: gone with a version, or switched on by an option of Odoo's.
  std::vector<std::string> optional = {};
};

/// A connection's config, as the manifest's schema describes it, and the manifest's settings.
struct Settings {
  std::string database;
  std::string login;
  std::optional<Protocol> protocol; ///< nullopt: what the server has
  std::string language;             ///< empty: the user's own
  std::vector<std::int64_t> companies;
  std::int64_t batch_size = 200;
  /// A full pass reads only records whose stamp changed, and takes the ids of the others for their being there.
  bool trust_stamps = false;
  std::map<std::string, ObjectSpec, std::less<>> objects;
  /// Fields that later versions of Odoo call by another name: the old one, the new one. A mapping asks for both; a server has one of them.
  std::map<std::string, std::string, std::less<>> renamed;
};

[[nodiscard]] sdk::Result<Settings> read_settings(sdk::Context& context, const sdk::Config& config);

} // namespace dovetail::odoo

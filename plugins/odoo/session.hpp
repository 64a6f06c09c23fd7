// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "client.hpp"
#include "dovetail/sdk/sdk.hpp"
#include "settings.hpp"

namespace dovetail::odoo {

/// How a pass talks to its server: chosen once, kept in the cursor, so that a pass never mixes protocols.
struct Session {
  Protocol protocol = Protocol::xmlrpc;
  Identity identity;

  void write(sdk::JsonWriter& json) const;
  /// nullopt when nothing usable stands below `pointer`.
  [[nodiscard]] static std::optional<Session> read(const sdk::Json& json, std::string_view pointer);
  [[nodiscard]] std::unique_ptr<Client> client(const Settings& settings) const {
    return make_client(protocol, settings, identity);
  }
};

/// What was found out while a session was opened; for people.
struct Findings {
  std::string server_version;
};

/// Chooses by what the config forces, else by what the server has: JSON-2 from Odoo 19 on, where it takes the key; XML-RPC otherwise (also where the
/// secret is a password, which JSON-2 refuses). Signs in. Errors of the last thing that was tried.
[[nodiscard]] sdk::Result<Session> open_session(sdk::Context& context, const Settings& settings, Findings& findings);

} // namespace dovetail::odoo

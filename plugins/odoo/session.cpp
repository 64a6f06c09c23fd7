// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

namespace dovetail::odoo {

using namespace sdk;

namespace {

constexpr int first_with_json2 = 19;

/// GET /web/version, which Odoo has since 19; "" when it has no such page.
Result<std::string> web_version(Context& context) {
  DVT_TRY(const auto response, context.send(Request::get("/web/version").header("Accept", "application/json")));
  if (!response.is_success()) {
    return std::string();
  }
  const auto json = response.json();
  return json.ok() ? std::string(json->string_or("/version", "")) : std::string();
}

Result<std::string> server_version(Context& context) {
  DVT_TRY(auto version, web_version(context));
  if (!version.empty()) {
    return version;
  }
  return xmlrpc_version(context);
}

Result<Session> sign_in(Context& context, const Settings& settings, Protocol protocol) {
  DVT_TRY(const auto identity, make_client(protocol, settings)->identify(context));
  return Session{protocol, identity};
}

} // namespace

void Session::write(JsonWriter& json) const {
  json.open_object().member("protocol", to_string(protocol)).member("uid", identity.uid).close();
}

std::optional<Session> Session::read(const Json& json, std::string_view pointer) {
  const auto protocol = protocol_from_name(json.string_or(std::string(pointer) + "/protocol", ""));
  if (!protocol) {
    return std::nullopt;
  }
  return Session{*protocol, {json.integer_or(std::string(pointer) + "/uid", 0)}};
}

Result<Session> open_session(Context& context, const Settings& settings, Findings& findings) {
  if (settings.protocol) {
    return sign_in(context, settings, *settings.protocol);
  }
  DVT_TRY(findings.server_version, server_version(context));
  if (major_version(findings.server_version) < first_with_json2) {
    return sign_in(context, settings, Protocol::xmlrpc);
  }
  auto session = sign_in(context, settings, Protocol::json2);
  if (session.ok()) {
    return session;
  }
  const auto code = session.error().code;
  const bool may_be_a_password = code == Code::unauthenticated && !settings.login.empty();
  if (code != Code::not_found && !may_be_a_password) {
    return session;
  }
  context.info("JSON-2 is not to be had (" + session.error().message + "); trying XML-RPC");
  auto by_xml = sign_in(context, settings, Protocol::xmlrpc);
  // What is told is the refusal by the protocol that the server prefers, unless only the other one can be meant.
  return by_xml.ok() || code == Code::not_found ? std::move(by_xml) : std::move(session);
}

} // namespace dovetail::odoo

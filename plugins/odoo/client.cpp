// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <charconv>

#include "json2_client.hpp"
#include "xmlrpc_client.hpp"

namespace dovetail::odoo {

using namespace sdk;

std::unique_ptr<Client> make_client(Protocol protocol, const Settings& settings, Identity identity) {
  if (protocol == Protocol::json2) {
    return std::make_unique<Json2Client>(settings);
  }
  return std::make_unique<XmlRpcClient>(settings, identity);
}

int major_version(std::string_view version) noexcept {
  if (const auto tilde = version.find('~'); tilde != std::string_view::npos) {
    version.remove_prefix(tilde + 1);
  }
  int major = 0;
  const auto [end, code] = std::from_chars(version.data(), version.data() + version.size(), major);
  return code == std::errc{} && end != version.data() ? major : 0;
}

std::optional<Timestamp> server_time(const Response& response) {
  const auto date = response.header("Date");
  return date ? parse_http_date(*date) : std::nullopt;
}

} // namespace dovetail::odoo

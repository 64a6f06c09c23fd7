// SPDX-License-Identifier: Apache-2.0
#include "core/sync/body_secret.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/http/url.hpp"

namespace dovetail::sync {
namespace {

/// Appends `c` as it stands in `escape`'s text; false when it cannot stand there.
bool append_escaped(std::string& out, char c, manifest::BodyEscape escape) {
  const auto byte = static_cast<unsigned char>(c);
  if (escape == manifest::BodyEscape::json) {
    if (byte < 0x20U) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return true;
  }
  if (byte < 0x20U || byte == 0x7FU) {
    return false;
  }
  out += c == '&' ? "&amp;" : (c == '<' ? "&lt;" : (c == '>' ? "&gt;" : std::string(1, c)));
  return true;
}

} // namespace

Result<Secret> escape_for_body(const Secret& secret, manifest::BodyEscape escape) {
  constexpr std::size_t longest_escape = 6;
  std::string text;
  // Room at once: a string that grows leaves copies behind that nobody wipes.
  text.reserve(secret.size() * longest_escape);
  bool fits = true;
  for (const char c : secret.reveal()) {
    fits = fits && append_escaped(text, c, escape);
  }
  Secret escaped(std::string_view{text});
  wipe(text.data(), text.size());
  if (!fits) {
    return failed_precondition(
        "The secret holds control characters, which cannot be sent to this provider. Give it again "
        "without line ends.");
  }
  return escaped;
}

BodySecret::BodySecret(std::string_view name, Secret escaped)
    : placeholder_("{{secret:" + std::string(name) + "}}"), escaped_(std::move(escaped)) {}

Result<bool> BodySecret::put_into(http::Request& request, std::string_view base_url) const {
  const auto at = request.body.find(placeholder_);
  if (at == std::string::npos) {
    return false;
  }
  if (request.body.find(placeholder_, at + placeholder_.size()) != std::string::npos) {
    return invalid_argument(fmt::format(
        "The request's body holds {} more than once; only one is replaced, so nothing was sent.", placeholder_));
  }
  // Other methods follow redirects to other origins, and their bodies with them.
  if (request.method != "POST" && request.method != "PUT" && request.method != "PATCH") {
    return invalid_argument(fmt::format("A {} request cannot carry a secret in its body.", request.method));
  }
  DOVETAIL_TRY(const auto url, http::Url::parse(request.url));
  DOVETAIL_TRY(const auto base, http::Url::parse(base_url));
  if (url.origin() != base.origin()) {
    return permission_denied(fmt::format("The request's body holds a secret, which goes to {} alone and not to {}.",
                                         base.origin().to_string(), url.origin().to_string()));
  }
  std::string body;
  body.reserve(request.body.size() + escaped_.size());
  body.append(request.body, 0, at);
  body.append(escaped_.reveal());
  body.append(request.body, at + placeholder_.size());
  request.body = std::move(body);
  return true;
}

Result<std::optional<BodySecret>> load_body_secret(const manifest::Connection& connection,
                                                   vault::SecretBackend& secrets, TenantId tenant, ConnectionId id,
                                                   Redactor& redactor) {
  if (connection.auth == nullptr || !connection.auth->body) {
    return std::optional<BodySecret>();
  }
  const auto& name = connection.auth->secret;
  DOVETAIL_TRY(const auto loaded, secrets.load({.tenant = tenant, .connection = id, .name = name}));
  DOVETAIL_TRY(auto escaped, escape_for_body(loaded.secret, *connection.auth->body));
  redactor.remember(loaded.secret);
  redactor.remember(escaped);
  return std::optional<BodySecret>(BodySecret(name, std::move(escaped)));
}

} // namespace dovetail::sync

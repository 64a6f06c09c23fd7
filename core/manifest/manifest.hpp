// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/http/rate_limit_rules.hpp"
#include "core/json/document.hpp"
#include "core/json/schema.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/manifest/action.hpp"
#include "core/manifest/batch.hpp"
#include "core/manifest/oauth.hpp"
#include "core/manifest/object.hpp"

namespace dovetail::manifest {

/// The one version of the manifest's form that this host knows everything about.
inline constexpr int known_schema_version = 1;

/// The shared object behind a provider.
struct PluginFile {
  std::string file;   ///< a name without a folder, "acme.so"; looked up in the plugin directories
  std::string sha256; ///< 64 lower-case digits; empty: not pinned (development)
  int abi_major = 1;
  int abi_minor = 0;
};

enum class AuthKind : std::uint8_t {
  none,
  bearer, ///< header: prefix + secret, by default "Authorization: Bearer <secret>"
  basic,  ///< header: "Basic " + base64(user ":" secret)
  header, ///< header: prefix + secret, no prefix by default
  oauth2  ///< header: prefix + access token, by default "Authorization: Bearer <token>"; the host renews the token
};

/// How a secret is written where it stands inside a request's body.
enum class BodyEscape : std::uint8_t {
  xml, ///< character data: & < > as entities; control characters cannot stand there at all
  json ///< the inside of a JSON string
};

/// How the host adds credentials to requests to the connection's origin. The plugin never sees them.
struct AuthMethod {
  std::string key;
  std::string label;
  AuthKind kind = AuthKind::none;
  std::string secret;      ///< name of the secret; oauth2: of the access token that a person may give
  std::string user_secret; ///< basic: name of the secret with the user's name; empty: `user` says it
  std::string user;        ///< basic: a template (see expand_template), e.g. "{login}"
  std::string header;
  std::string prefix;
  /// Set: the plugin may write the placeholder of `secret` into a body, where the host puts the secret so escaped (adr/0011).
  std::optional<BodyEscape> body;
};

/// A secret that a connection may have. Its value is in the vault.
struct SecretSpec {
  std::string name;
  std::string label;
  std::string description;
  std::string env_key;   ///< where the CLI may take it from, and where OAuth finds its client; empty: nowhere
  bool required = false; ///< whatever the auth method; the secrets that the chosen method names are needed anyhow
};

/// A header without which the provider answers nothing, and where its value comes from.
struct RequiredHeader {
  std::string name;
  std::string label;
  bool from_environment = false;
  std::string env_key;    ///< from_environment: the variable
  std::string config_key; ///< otherwise: the member of the connection's config
};

/// A header of every request. The value is a template.
struct FixedHeader {
  std::string name;
  std::string value;
};

/// One deployment of the provider: production, sandbox, a region, somebody's own server. URLs are templates.
struct BaseUrlVariant {
  std::string key;
  std::string label;
  std::string base_url;
  std::string auth_base_url;             ///< empty: that of OAuth
  std::string token_url;                 ///< empty: that of OAuth
  std::optional<bool> pkce;              ///< nullopt: that of OAuth
  std::vector<std::string> also_allowed; ///< further origins that requests may go to
};

/// What the host knows of a provider before it loads any code (CORE-3). Immutable; safe for concurrent use; neither copied nor
/// moved, since objects and Values point into it: the Registry owns it.
struct Manifest {
  explicit Manifest(json::Document text) : document(std::move(text)) {}

  json::Document document;    ///< the whole file, unknown keys included
  std::filesystem::path file; ///< where it came from; empty when it was no file
  std::string sha256;         ///< of its bytes, in hexadecimal

  std::string provider_key;
  std::string display_name;
  std::string description;
  std::string documentation_url;
  int schema_version = known_schema_version;
  PluginFile plugin;
  std::vector<AuthMethod> auth; ///< at least one; the first is the default
  std::vector<SecretSpec> secrets;
  std::optional<OAuth> oauth;
  std::vector<RequiredHeader> required_headers;
  std::vector<FixedHeader> headers;
  std::vector<BaseUrlVariant> base_urls; ///< at least one; the first is the default
  limits::RateLimits rate_limits;
  http::RateLimitRules rate_limit_rules;
  json::Value connection_config;                     ///< the JSON Schema of a connection's config
  std::unique_ptr<const json::Schema> config_schema; ///< the same, compiled; never null
  json::Value settings;                              ///< for the plugin, as it stands; missing when there is none
  std::vector<std::string> pii;                      ///< names of fields and headers to redact (HTTP-4)
  std::vector<Object> objects;
  std::vector<Action> actions;
  std::optional<Batch> batch; ///< nullopt: the provider has no batch mode

  [[nodiscard]] json::Value raw() const noexcept { return document.root(); }
  /// nullptr when there is none of that key.
  [[nodiscard]] const Object* find_object(std::string_view key) const noexcept;
  [[nodiscard]] const Action* find_action(std::string_view key) const noexcept;
  [[nodiscard]] const AuthMethod* find_auth(std::string_view key) const noexcept;
  [[nodiscard]] const BaseUrlVariant* find_base_url(std::string_view key) const noexcept;
  [[nodiscard]] const SecretSpec* find_secret(std::string_view name) const noexcept;
};

/// Everything that was found while a manifest was read. Warnings do not keep it from being used.
struct Findings {
  std::vector<json::Problem> errors;
  std::vector<json::Problem> warnings;
};

/// Reads a manifest's text. nullptr when `findings.errors` has something: no JSON, not what manifests/schema/v1/manifest.schema.json asks
/// for, or parts that contradict each other.
[[nodiscard]] std::unique_ptr<Manifest> parse_manifest(std::string_view text, Findings& findings);

} // namespace dovetail::manifest

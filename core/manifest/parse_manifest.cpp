// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/manifest/reader.hpp"
#include "core/vault/crypto.hpp"

namespace dovetail::manifest {
namespace detail {

std::string text_at(const json::Value& value, std::string_view pointer, std::string_view otherwise) {
  return std::string(value.string_or(pointer, otherwise));
}

std::vector<std::string> read_texts(const json::Value& list) {
  std::vector<std::string> texts;
  for (const auto entry : list.elements()) {
    texts.emplace_back(entry.as_string().value_or(""));
  }
  return texts;
}

} // namespace detail

namespace {

using detail::read_texts;
using detail::text_at;
using json::Value;

AuthKind auth_kind(std::string_view name) {
  if (name == "bearer") {
    return AuthKind::bearer;
  }
  if (name == "basic") {
    return AuthKind::basic;
  }
  if (name == "header") {
    return AuthKind::header;
  }
  return name == "oauth2" ? AuthKind::oauth2 : AuthKind::none;
}

std::string_view usual_prefix(AuthKind kind) {
  if (kind == AuthKind::bearer || kind == AuthKind::oauth2) {
    return "Bearer ";
  }
  return kind == AuthKind::basic ? "Basic " : "";
}

AuthMethod read_auth_method(const Value& entry) {
  AuthMethod method;
  const auto kind = entry.string_or("/kind", "none");
  method.kind = auth_kind(kind);
  method.key = text_at(entry, "/key", kind);
  method.label = text_at(entry, "/label", method.key);
  method.secret = text_at(entry, "/secret", method.kind == AuthKind::oauth2 ? access_token_secret : "");
  method.user_secret = text_at(entry, "/userSecret");
  method.user = text_at(entry, "/user");
  method.header = text_at(entry, "/header", method.kind == AuthKind::none ? "" : "Authorization");
  method.prefix = text_at(entry, "/prefix", usual_prefix(method.kind));
  if (const auto escape = entry["body"]["escape"].as_string()) {
    method.body = *escape == "json" ? BodyEscape::json : BodyEscape::xml;
  }
  return method;
}

std::vector<AuthMethod> read_auth(const Value& auth) {
  std::vector<AuthMethod> methods;
  if (auth.is_object()) {
    methods.push_back(read_auth_method(auth));
  }
  for (const auto entry : auth.elements()) {
    methods.push_back(read_auth_method(entry));
  }
  return methods;
}

std::vector<SecretSpec> read_secrets(const Value& list) {
  std::vector<SecretSpec> secrets;
  for (const auto entry : list.elements()) {
    secrets.push_back({.name = text_at(entry, "/name"),
                       .label = text_at(entry, "/label"),
                       .description = text_at(entry, "/description"),
                       .env_key = text_at(entry, "/envKey"),
                       .required = entry.bool_or("/required", false)});
  }
  return secrets;
}

std::optional<OAuth> read_oauth(const Value& entry) {
  if (!entry.exists()) {
    return std::nullopt;
  }
  OAuth oauth;
  for (const auto flow : entry["flows"].elements()) {
    for (const auto known : {OAuthFlow::authorization_code, OAuthFlow::client_credentials, OAuthFlow::refresh_token,
                             OAuthFlow::device_code}) {
      if (flow.as_string() == to_string(known)) {
        oauth.flows.push_back(known);
      }
    }
  }
  oauth.scopes = read_texts(entry["scopes"]);
  oauth.scope_separator = text_at(entry, "/scopeSeparator", " ");
  oauth.auth_base_url = text_at(entry, "/authBaseUrl");
  oauth.token_url = text_at(entry, "/tokenUrl");
  oauth.pkce = entry.bool_or("/pkce", true);
  oauth.client_secret_basic = entry.string_or("/clientAuth", "body") == "basic";
  oauth.token_request_json = entry.string_or("/tokenRequest", "form") == "json";
  oauth.expiry = entry.string_or("/expiry", "expires_in") == "jwt_exp" ? TokenExpiry::jwt_exp : TokenExpiry::expires_in;
  oauth.fallback_life = std::chrono::seconds(entry.int64_or("/fallbackSeconds", 0));
  oauth.refresh_before = std::chrono::seconds(entry.int64_or("/refreshBeforeSeconds", 300));
  oauth.reauth_errors = read_texts(entry["reauthErrors"]);
  oauth.base_url_pointer = text_at(entry, "/baseUrl/from");
  oauth.base_url_hosts = read_texts(entry.at("/baseUrl/allowedHosts"));
  return oauth;
}

std::vector<RequiredHeader> read_required_headers(const Value& list) {
  std::vector<RequiredHeader> headers;
  for (const auto entry : list.elements()) {
    headers.push_back({.name = text_at(entry, "/key"),
                       .label = text_at(entry, "/label"),
                       .from_environment = entry.string_or("/source", "") == "env",
                       .env_key = text_at(entry, "/envKey"),
                       .config_key = text_at(entry, "/configKey", entry.string_or("/key", ""))});
  }
  return headers;
}

std::vector<BaseUrlVariant> read_base_urls(const Value& list) {
  std::vector<BaseUrlVariant> variants;
  for (const auto entry : list.elements()) {
    variants.push_back({.key = text_at(entry, "/key"),
                        .label = text_at(entry, "/label"),
                        .base_url = text_at(entry, "/baseUrl"),
                        .auth_base_url = text_at(entry, "/authBaseUrl"),
                        .token_url = text_at(entry, "/tokenUrl"),
                        .pkce = entry["pkce"].as_bool(),
                        .also_allowed = read_texts(entry["alsoAllowed"])});
  }
  return variants;
}

limits::RateLimits read_rate_limits(const Value& entry) {
  const auto number = [&](std::string_view pointer, std::int64_t otherwise) {
    return static_cast<std::uint32_t>(entry.int64_or(pointer, otherwise));
  };
  return {.requests_per_minute = number("/requestsPerMinute", 0),
          .burst = number("/burst", 1),
          .max_concurrent_per_connection = number("/maxConcurrentPerConnection", 0),
          .global_requests_per_minute = number("/globalRequestsPerMinute", 0)};
}

http::RateLimitRules read_rate_limit_rules(const Value& root) {
  using Wait = http::LimitSign::Wait;
  const auto entry = root["rateLimits"];
  http::RateLimitRules rules;
  rules.limit_header = text_at(entry, "/headers/limit");
  rules.remaining_header = text_at(entry, "/headers/remaining");
  rules.reset_header = text_at(entry, "/headers/reset");
  rules.reset_format = entry.string_or("/headers/resetFormat", "epoch_seconds") == "delta_seconds"
                           ? http::RateLimitRules::ResetFormat::delta_seconds
                           : http::RateLimitRules::ResetFormat::epoch_seconds;
  rules.request_id_header = text_at(root, "/requestIdHeader");
  for (const auto part : entry["signs"].elements()) {
    http::LimitSign sign;
    for (const auto status : part["statuses"].elements()) {
      sign.statuses.push_back(static_cast<int>(status.as_int64().value_or(0)));
    }
    sign.header = text_at(part, "/header");
    sign.header_value = text_at(part, "/headerValue");
    sign.body_contains = text_at(part, "/bodyContains");
    const auto wait = part.string_or("/wait", "fixed");
    sign.wait = wait == "retry_after" ? Wait::retry_after : (wait == "reset" ? Wait::reset : Wait::fixed);
    sign.fixed_wait = std::chrono::seconds(part.int64_or("/seconds", 60));
    rules.signs.push_back(std::move(sign));
  }
  return rules;
}

Action read_action(const Value& entry) {
  Action action;
  action.key = text_at(entry, "/key");
  action.label = text_at(entry, "/label");
  action.description = text_at(entry, "/description");
  action.object = text_at(entry, "/object");
  action.input = entry["input"];
  action.idempotent = entry.bool_or("/idempotent", false);
  action.raw = entry;
  return action;
}

void read_everything(Manifest& manifest) {
  const auto root = manifest.raw();
  manifest.provider_key = text_at(root, "/providerKey");
  manifest.display_name = text_at(root, "/displayName");
  manifest.description = text_at(root, "/description");
  manifest.documentation_url = text_at(root, "/documentationUrl");
  manifest.schema_version = static_cast<int>(root.int64_or("/providerSchemaVersion", known_schema_version));
  manifest.plugin = {.file = text_at(root, "/plugin/file"),
                     .sha256 = text_at(root, "/plugin/sha256"),
                     .abi_major = static_cast<int>(root.int64_or("/plugin/abi/major", 1)),
                     .abi_minor = static_cast<int>(root.int64_or("/plugin/abi/minor", 0))};
  manifest.auth = read_auth(root["auth"]);
  manifest.secrets = read_secrets(root["secrets"]);
  manifest.oauth = read_oauth(root["oauth"]);
  manifest.required_headers = read_required_headers(root["requiredHeaders"]);
  for (const auto [name, value] : root["headers"].members()) {
    manifest.headers.push_back({std::string(name), std::string(value.as_string().value_or(""))});
  }
  manifest.base_urls = read_base_urls(root["baseUrlVariants"]);
  manifest.rate_limits = read_rate_limits(root["rateLimits"]);
  manifest.rate_limit_rules = read_rate_limit_rules(root);
  manifest.connection_config = root["connectionConfig"];
  manifest.settings = root["settings"];
  manifest.pii = read_texts(root["pii"]);
  for (const auto entry : root["objects"].elements()) {
    manifest.objects.push_back(detail::read_object(entry));
  }
  for (const auto entry : root["actions"].elements()) {
    manifest.actions.push_back(read_action(entry));
  }
  if (root["batch"].exists()) {
    manifest.batch = detail::read_batch(root["batch"]);
  }
}

/// The schemas that the manifest itself holds.
void compile_schemas(Manifest& manifest, Findings& findings) {
  const auto compile = [&findings](const Value& schema, std::string pointer) -> std::unique_ptr<const json::Schema> {
    auto compiled = json::Schema::compile(schema);
    if (!compiled.ok()) {
      findings.errors.push_back({std::move(pointer), compiled.error().message});
      return nullptr;
    }
    return std::make_unique<const json::Schema>(std::move(*compiled));
  };
  manifest.config_schema = compile(manifest.connection_config, "/connectionConfig");
  for (std::size_t i = 0; i < manifest.actions.size(); ++i) {
    manifest.actions[i].input_schema = compile(manifest.actions[i].input, fmt::format("/actions/{}/input", i));
  }
  if (manifest.batch) {
    manifest.batch->file_schema = compile(manifest.batch->schema, "/batch/file");
  }
}

/// A misspelt member would otherwise be ignored without a word.
void warn_of_unknown_members(const Value& value, const Value& properties, Findings& findings) {
  for (const auto [name, member] : value.members()) {
    if (!name.starts_with('$') && !name.starts_with("x-") && !properties[name].exists()) {
      findings.warnings.push_back({member.pointer(), "this member is not known to this version and is ignored"});
    }
  }
}

void warn(const Manifest& manifest, const Value& schema, Findings& findings) {
  if (manifest.schema_version != known_schema_version) {
    findings.warnings.push_back(
        {"/providerSchemaVersion", fmt::format("version {} is not known to this host, which reads it as version {}",
                                               manifest.schema_version, known_schema_version)});
  }
  warn_of_unknown_members(manifest.raw(), schema["properties"], findings);
  for (const auto& object : manifest.objects) {
    warn_of_unknown_members(object.raw, schema.at("/definitions/object/properties"), findings);
  }
  for (const auto& action : manifest.actions) {
    warn_of_unknown_members(action.raw, schema.at("/definitions/action/properties"), findings);
  }
}

} // namespace

Result<detail::ManifestSchemas> detail::ManifestSchemas::compile() {
  DOVETAIL_TRY(auto manifest, json::Schema::compile_text(manifest_schema_text));
  DOVETAIL_TRY(auto mapping, json::Schema::compile_text(mapping_schema_text));
  return ManifestSchemas{std::move(manifest), std::move(mapping)};
}

std::unique_ptr<Manifest> parse_manifest(std::string_view text, Findings& findings) {
  const auto schemas = detail::ManifestSchemas::compile();
  if (!schemas.ok()) {
    findings.errors.push_back({"", schemas.error().message});
    return nullptr;
  }
  return detail::parse_manifest(text, *schemas, findings);
}

std::unique_ptr<Manifest> detail::parse_manifest(std::string_view text, const ManifestSchemas& schemas,
                                                 Findings& findings) {
  auto document = json::Document::parse(text, {.max_bytes = limits::max_manifest_bytes});
  if (!document.ok()) {
    findings.errors.push_back({"", document.error().message});
    return nullptr;
  }
  auto problems = schemas.manifest.validate(document->root());
  if (!problems.empty()) {
    findings.errors.insert(findings.errors.end(), std::make_move_iterator(problems.begin()),
                           std::make_move_iterator(problems.end()));
    return nullptr;
  }
  auto manifest = std::make_unique<Manifest>(std::move(*document));
  manifest->sha256 = vault::sha256_hex(text);
  read_everything(*manifest);
  compile_schemas(*manifest, findings);
  detail::check_manifest(*manifest, schemas.mapping, findings);
  if (!findings.errors.empty()) {
    return nullptr;
  }
  warn(*manifest, schemas.manifest.root(), findings);
  return manifest;
}

} // namespace dovetail::manifest

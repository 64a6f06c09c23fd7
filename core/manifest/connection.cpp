// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/limits.hpp"
#include "core/http/url.hpp"
#include "core/json/writer.hpp"
#include "core/manifest/reader.hpp"

namespace dovetail::manifest {
namespace {

using json::Value;

constexpr auto common_settings = std::to_array<std::string_view>(
    {"environment", "auth", "rateLimits", "overlapSeconds", "allowPrivateAddresses", "allowPlainHttp"});

bool is_common(std::string_view name) {
  return std::find(common_settings.begin(), common_settings.end(), name) != common_settings.end();
}

/// The config with the schema's defaults for members that it lacks. A provider may declare a common setting itself, to describe it or
/// give it a default.
Result<json::Document> with_defaults(const Manifest& manifest, const Value& config) {
  json::Writer writer;
  writer.begin_object();
  for (const auto [name, value] : config.members()) {
    writer.member(name, value);
  }
  for (const auto [name, property] : manifest.connection_config["properties"].members()) {
    if (const auto otherwise = property["default"]; otherwise.exists() && !config[name].exists()) {
      writer.member(name, otherwise);
    }
  }
  writer.end_object();
  return json::Document::parse(writer.view(), {.max_bytes = 2 * limits::max_config_bytes});
}

/// What the provider's own schema is to see: it need not know the common settings.
Result<json::Document> without_common(const Manifest& manifest, const Value& config) {
  json::Writer writer;
  writer.begin_object();
  for (const auto [name, value] : config.members()) {
    if (!is_common(name) || manifest.connection_config["properties"][name].exists()) {
      writer.member(name, value);
    }
  }
  writer.end_object();
  return json::Document::parse(writer.view(), {.max_bytes = 2 * limits::max_config_bytes});
}

Status check_config(const Manifest& manifest, const Value& config) {
  static const auto common_schema = json::Schema::compile_text(detail::connection_schema_text);
  if (!common_schema.ok()) {
    return common_schema.error();
  }
  auto problems = common_schema->validate(config, json::ShowValues::no);
  if (config.is_object()) {
    DOVETAIL_TRY(const auto own, without_common(manifest, config));
    for (auto& problem : manifest.config_schema->validate(own.root(), json::ShowValues::no)) {
      problems.push_back(std::move(problem));
    }
  }
  if (problems.empty()) {
    return {};
  }
  std::vector<std::string> lines;
  lines.reserve(problems.size());
  for (const auto& problem : problems) {
    lines.push_back(problem.text());
  }
  return invalid_argument(
      fmt::format("the connection's config does not fit {}: {}", manifest.display_name, fmt::join(lines, "; ")));
}

template <typename List> std::string keys_of(const List& list) {
  std::vector<std::string_view> keys;
  keys.reserve(list.size());
  for (const auto& entry : list) {
    keys.push_back(entry.key);
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

/// A value must not lead the URL elsewhere: within a host or path it may only be what fits there, and only a template that begins with
/// it may take the whole address from the config.
Status check_url_value(std::string_view text, std::string_view name, const Value& config) {
  const auto value = config[name].as_string().value_or("");
  if (text.starts_with(fmt::format("{{{}}}", name)) && value.find("://") != std::string_view::npos) {
    return {};
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == ':' || c == '_' || c == '[' || c == ']';
  };
  if (!std::all_of(value.begin(), value.end(), allowed)) {
    return invalid_argument(
        fmt::format("/{}: only letters, digits and . - : _ may stand in this part of an address", name));
  }
  return {};
}

Result<std::string> expand_url(std::string_view text, const Value& config, bool allow_plain_http) {
  DOVETAIL_TRY(const auto names, template_names(text));
  for (const auto& name : names) {
    DOVETAIL_TRY_STATUS(check_url_value(text, name, config));
  }
  DOVETAIL_TRY(const auto address, expand_template(text, config));
  DOVETAIL_TRY(const auto url, http::Url::parse(address));
  if (url.target().find('?') != std::string::npos || address.find('#') != std::string::npos) {
    return invalid_argument(fmt::format("the address {} must have neither query nor fragment", url.to_display()));
  }
  if (!url.is_https() && !allow_plain_http) {
    return invalid_argument(fmt::format(
        "the address {} is not encrypted: use https, or set \"allowPlainHttp\": true in the connection's config",
        url.to_display()));
  }
  // In the one form that a response's own links can be compared with: people end addresses with '/', or not.
  std::string path;
  for (const char c : url.target()) {
    if (c != '/' || !path.ends_with('/')) {
      path.push_back(c);
    }
  }
  if (path.ends_with('/')) {
    path.pop_back();
  }
  return url.origin().to_string() + path;
}

class Resolver {
public:
  Resolver(const Manifest& manifest, Connection& connection, const Environment& environment)
      : manifest_(manifest), connection_(connection), environment_(environment), config_(connection.config.root()) {}

  Status run() {
    DOVETAIL_TRY_STATUS(addresses());
    DOVETAIL_TRY_STATUS(auth());
    DOVETAIL_TRY_STATUS(headers());
    DOVETAIL_TRY(connection_.rate_limits, override_rate_limits(manifest_.rate_limits, manifest_.provider_key,
                                                               config_["rateLimits"], environment_));
    for (const auto [object, seconds] : config_["overlapSeconds"].members()) {
      if (manifest_.find_object(object) == nullptr) {
        return invalid_argument(fmt::format("/overlapSeconds: \"{}\" is no object of {}; known are {}", object,
                                            manifest_.display_name, keys_of(manifest_.objects)));
      }
      connection_.overlaps[std::string(object)] = std::chrono::seconds(seconds.as_int64().value_or(0));
    }
    return {};
  }

private:
  Status addresses() {
    const auto wanted = config_["environment"].as_string();
    const auto* const variant = wanted ? manifest_.find_base_url(*wanted) : &manifest_.base_urls.front();
    if (variant == nullptr) {
      return invalid_argument(fmt::format("/environment: not known to {}; known are {}", manifest_.display_name,
                                          keys_of(manifest_.base_urls)));
    }
    connection_.environment = variant->key;
    const bool plain = config_.bool_or("/allowPlainHttp", false);
    DOVETAIL_TRY(connection_.base_url, expand_url(variant->base_url, config_, plain));
    std::vector<std::string> allowed{connection_.base_url};
    for (const auto& also : variant->also_allowed) {
      DOVETAIL_TRY(auto address, expand_url(also, config_, plain));
      allowed.push_back(std::move(address));
    }
    DOVETAIL_TRY(connection_.egress, http::EgressPolicy::for_base_urls(allowed));
    connection_.egress.allow_plain_http = plain;
    connection_.egress.allow_private_addresses = config_.bool_or("/allowPrivateAddresses", false);
    if (manifest_.oauth) {
      const auto& oauth = *manifest_.oauth;
      const auto& auth_base_url = variant->auth_base_url.empty() ? oauth.auth_base_url : variant->auth_base_url;
      if (!auth_base_url.empty()) {
        DOVETAIL_TRY(connection_.auth_base_url, expand_url(auth_base_url, config_, plain));
      }
      DOVETAIL_TRY(connection_.token_url,
                   expand_url(variant->token_url.empty() ? oauth.token_url : variant->token_url, config_, plain));
      connection_.pkce = variant->pkce.value_or(oauth.pkce);
    }
    return {};
  }

  Status auth() {
    const auto wanted = config_["auth"].as_string();
    connection_.auth = wanted ? manifest_.find_auth(*wanted) : &manifest_.auth.front();
    if (connection_.auth == nullptr) {
      return invalid_argument(
          fmt::format("/auth: not known to {}; known are {}", manifest_.display_name, keys_of(manifest_.auth)));
    }
    DOVETAIL_TRY(connection_.basic_user, expand_template(connection_.auth->user, config_));
    return {};
  }

  static Status check_header(std::string_view name, std::string_view value) {
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (value.empty() || std::any_of(value.begin(), value.end(), control)) {
      return invalid_argument(fmt::format("the value for the header {} is empty or holds control characters", name));
    }
    return {};
  }

  Status headers() {
    for (const auto& header : manifest_.headers) {
      DOVETAIL_TRY(auto value, expand_template(header.value, config_));
      DOVETAIL_TRY_STATUS(check_header(header.name, value));
      connection_.headers.push_back({header.name, std::move(value)});
    }
    for (const auto& header : manifest_.required_headers) {
      std::string value;
      if (header.from_environment) {
        const auto found = environment_ ? environment_(header.env_key) : std::nullopt;
        if (!found || found->empty()) {
          return failed_precondition(fmt::format("{} needs the header {} ({}): set the environment variable {}",
                                                 manifest_.display_name, header.name, header.label, header.env_key));
        }
        value = *found;
      } else {
        const auto found = config_[std::string_view(header.config_key)];
        if (!found.exists()) {
          return invalid_argument(fmt::format("{} needs the header {} ({}): set \"{}\" in the connection's config",
                                              manifest_.display_name, header.name, header.label, header.config_key));
        }
        value = found.as_string() ? std::string(*found.as_string()) : found.dump();
      }
      DOVETAIL_TRY_STATUS(check_header(header.name, value));
      connection_.required_headers.push_back({header.name, Secret(value)});
      wipe(value.data(), value.size());
    }
    return {};
  }

  const Manifest& manifest_;
  Connection& connection_;
  const Environment& environment_;
  Value config_;
};

} // namespace

std::chrono::seconds Connection::overlap_of(const Object& object) const {
  const auto found = overlaps.find(object.key);
  return found == overlaps.end() ? object.overlap : found->second;
}

Result<Connection> resolve_connection(const Manifest& manifest, const json::Value& config,
                                      const Environment& environment) {
  if (!config.is_object()) {
    return invalid_argument(fmt::format("a connection's config is a JSON object, found {}", to_string(config.kind())));
  }
  if (const auto size = config.dump().size(); size > limits::max_config_bytes) {
    return resource_exhausted(
        fmt::format("the connection's config has {} bytes, at most {} are allowed", size, limits::max_config_bytes));
  }
  DOVETAIL_TRY(auto document, with_defaults(manifest, config));
  DOVETAIL_TRY_STATUS(check_config(manifest, document.root()));
  Connection connection(std::move(document));
  DOVETAIL_TRY_STATUS(Resolver(manifest, connection, environment).run());
  return connection;
}

} // namespace dovetail::manifest

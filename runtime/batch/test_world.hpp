// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/base/redact.hpp"
#include "core/manifest/manifest.hpp"
#include "core/vault/encoding.hpp"
#include "core/vault/fernet_import.hpp"
#include "core/vault/testing/rings.hpp"
#include "runtime/batch/plan.hpp"

namespace dovetail::batch::testing {

/// A provider with a batch mode that uses everything once.
inline constexpr std::string_view acme = R"json({
  "providerKey": "acme", "displayName": "Acme", "providerSchemaVersion": 1,
  "plugin": {"file": "acme.so", "abi": {"major": 1, "minor": 0}},
  "auth": [{"key": "key", "kind": "header", "header": "X-Key", "secret": "token"}, {"key": "app", "kind": "oauth2"}],
  "secrets": [
    {"name": "token", "label": "Token", "envKey": "ACME_KEY"}, {"name": "access_token", "label": "Access"},
    {"name": "refresh_token", "label": "Refresh"}, {"name": "client_id", "label": "App", "envKey": "ACME_APP"},
    {"name": "client_secret", "label": "App's secret", "envKey": "ACME_APP_SECRET"}
  ],
  "oauth": {"flows": ["refresh_token"], "tokenUrl": "https://id.acme.example/token"},
  "requiredHeaders": [],
  "baseUrlVariants": [{"key": "production", "label": "Production", "baseUrl": "https://api.acme.example"}],
  "rateLimits": {},
  "connectionConfig": {
    "type": "object", "additionalProperties": false,
    "properties": {
      "areas": {"type": "array", "items": {"type": "integer"}}, "size": {"type": "integer", "default": 100},
      "columns": {"type": "object", "additionalProperties": {"type": "string", "pattern": "^[a-z_0-9]+$"}}
    }
  },
  "batch": {
    "keyEnv": "ACME_FERNET",
    "file": {
      "type": "object", "required": ["area", "columns"],
      "properties": {
        "api_key": {"type": ["string", "null"]}, "area": {"type": ["integer", "string"]}, "columns": {"type": "object"},
        "token": {"type": "object"}, "more": {}
      }
    },
    "secrets": [
      {"from": "/api_key", "secret": "token", "notGiven": ["OPTIONAL_KEY"]},
      {"from": "/token/access_token", "secret": "access_token"}, {"from": "/token/refresh_token", "secret": "refresh_token"}
    ],
    "settings": [
      {"from": "/area", "to": "areas", "as": "list"}, {"from": "/columns", "to": "columns"}, {"from": "/more", "as": "members"}
    ],
    "auth": [{"when": "/token/refresh_token", "method": "app"}],
    "placeholders": {"equals": ["TBD"], "begins": ["<", "REPLACE", "OPTIONAL"], "contains": ["PLACEHOLDER"]},
    "columns": "/columns", "objects": ["project"]
  },
  "objects": [{
    "key": "project", "label": "Projects", "model": "project", "capabilities": ["list"],
    "fields": [{"pointer": "/id", "type": "integer", "nullable": false, "identifier": true}],
    "mappingSchemaVersion": 1,
    "defaultMapping": {"model": "project", "externalId": "/id", "fields": {"name": "/col_name"}}
  }]
})json";

/// What plans are made from, with an environment of its own.
class PlanWorld {
public:
  PlanWorld() {
    manifest::Findings findings;
    provider = manifest::parse_manifest(acme, findings);
    for (const auto& problem : findings.errors) {
      ADD_FAILURE() << problem.text();
    }
  }

  [[nodiscard]] Result<Plan> plan(std::string_view text, std::string_view name = "north",
                                  const std::filesystem::path& path = "configs/north.json") {
    return make_plan({.provider = *provider, .environment = environment(), .redactor = redactor}, name,
                     {.path = path, .text = Secret(text)});
  }
  [[nodiscard]] manifest::Environment environment() {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }
  [[nodiscard]] std::string sealed(std::string_view text) {
    auto wrapper = vault::seal_fernet_wrapper(Secret(text), Secret(key), Timestamp{}, random);
    EXPECT_TRUE(wrapper.ok());
    return wrapper.ok() ? *wrapper : std::string();
  }

  std::unique_ptr<manifest::Manifest> provider;
  std::map<std::string, std::string, std::less<>> variables;
  Redactor redactor;
  vault::SystemSecureRandom random;
  const std::string key = vault::base64_encode(vault::testing::key_bytes('f'), vault::Base64Form::url);
};

} // namespace dovetail::batch::testing

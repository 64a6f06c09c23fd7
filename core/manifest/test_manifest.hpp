// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/manifest/manifest.hpp"

namespace dovetail::manifest::testing {

/// A manifest that uses everything once.
inline constexpr std::string_view acme = R"json({
  "providerKey": "acme",
  "displayName": "Acme",
  "providerSchemaVersion": 1,
  "plugin": {"file": "acme.so", "sha256": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "abi": {"major": 1, "minor": 2}},
  "auth": [
    {"key": "key", "kind": "header", "secret": "api_key", "header": "X-Api-Key"},
    {"key": "login", "kind": "basic", "secret": "password", "user": "{login}"},
    {"key": "bearer", "kind": "bearer", "secret": "api_key", "body": {"escape": "json"}},
    {"key": "open", "kind": "none"}
  ],
  "secrets": [
    {"name": "api_key", "label": "API key", "envKey": "ACME_KEY", "required": true},
    {"name": "password", "label": "Password"}
  ],
  "oauth": {"flows": ["authorization_code", "refresh_token"], "scopes": ["read"], "authBaseUrl": "https://id.acme.example/authorize",
            "tokenUrl": "https://id.acme.example/token", "clientAuth": "basic"},
  "requiredHeaders": [
    {"key": "X-Company", "label": "Company id", "source": "connection", "configKey": "company"},
    {"key": "X-Partner", "label": "Partner key", "source": "env", "envKey": "ACME_PARTNER"}
  ],
  "headers": {"Accept": "application/json", "X-Version": "{version}"},
  "baseUrlVariants": [
    {"key": "production", "label": "Production", "baseUrl": "https://api.acme.example/v2/"},
    {"key": "sandbox", "label": "Sandbox", "baseUrl": "https://{region}.sandbox.acme.example", "tokenUrl": "https://{region}.sandbox.acme.example/token",
     "pkce": false, "alsoAllowed": ["https://files.acme.example"]},
    {"key": "own", "label": "Own server", "baseUrl": "{address}/api"}
  ],
  "rateLimits": {
    "requestsPerMinute": 60, "burst": 10, "maxConcurrentPerConnection": 2, "globalRequestsPerMinute": 600,
    "headers": {"limit": "X-Limit", "remaining": "X-Left", "reset": "X-Reset", "resetFormat": "delta_seconds"},
    "signs": [
      {"statuses": [403, 429], "header": "Retry-After", "wait": "retry_after"},
      {"statuses": [429], "header": "X-Left", "headerValue": "0", "wait": "reset"},
      {"statuses": [403], "bodyContains": "too fast", "wait": "fixed", "seconds": 90}
    ]
  },
  "requestIdHeader": "X-Request",
  "connectionConfig": {
    "type": "object", "required": ["company"], "additionalProperties": false,
    "properties": {
      "company": {"type": "string"}, "version": {"type": "string", "default": "7"}, "region": {"type": "string", "default": "eu"},
      "login": {"type": "string", "default": "robot"}, "address": {"type": "string"}
    }
  },
  "settings": {"paging": "link"},
  "pii": ["phone"],
  "futureThing": {"kept": true},
  "objects": [
    {
      "key": "project", "label": "Projects", "model": "project", "capabilities": ["list", "delta", "webhooks"],
      "fields": [
        {"pointer": "/id", "type": "integer", "nullable": false, "identifier": true},
        {"pointer": "/name", "type": "text"},
        {"pointer": "/owner/email", "type": "text", "pii": true}
      ],
      "hierarchy": {"parentKey": "/parent_id", "childPredicate": {"from": "/parent_id"}},
      "filters": {"parentOnly": true},
      "deletions": "full_pass", "matchBy": [["number"], ["name", "owner"]], "overlapSeconds": 120,
      "defaults": {"behaviour": "delta", "intervalMinutes": 30, "initialSyncMode": "delta_only_from_now", "deletionPolicy": "ignore", "conflictPolicy": "skip"},
      "mappingSchemaVersion": 3,
      "defaultMapping": {"model": "project", "externalId": "/id", "fields": {"name": "/name"}}
    },
    {
      "key": "task", "label": "Tasks", "model": "task", "capabilities": ["list"],
      "parent": {"object": "project", "mode": "changed", "batch": 5, "fields": {"number": "number"}},
      "fields": [{"pointer": "/id", "type": "text", "identifier": true}],
      "mappingSchemaVersion": 1,
      "defaultMapping": {"model": "task", "externalId": {"concat": ["$page/number", {"const": ":"}, "/id"]}, "fields": {"number": "$page/number"}}
    }
  ],
  "actions": [
    {
      "key": "notify", "label": "Notify somebody", "idempotent": true,
      "input": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "maxLength": 200}}}
    }
  ]
})json";

/// `acme` with the first `from` replaced; fails the test when there is none.
inline std::string acme_with(std::string_view from, std::string_view to) {
  std::string text(acme);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "the manifest of the tests does not hold " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

inline std::unique_ptr<Manifest> parse_good(std::string_view text) {
  Findings findings;
  auto manifest = parse_manifest(text, findings);
  for (const auto& problem : findings.errors) {
    ADD_FAILURE() << problem.text();
  }
  return manifest;
}

} // namespace dovetail::manifest::testing

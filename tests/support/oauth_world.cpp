// SPDX-License-Identifier: Apache-2.0
#include "tests/support/oauth_world.hpp"

#include <stdexcept>

#include "core/vault/key_ring.hpp"

namespace dovetail::test {
namespace {

template <typename T> T must(Result<T> result) {
  if (!result.ok()) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(result).value();
}

} // namespace

std::unique_ptr<manifest::Manifest> oauth_manifest(std::string_view oauth) {
  std::string text = R"json({
    "providerKey": "acme", "displayName": "Acme", "providerSchemaVersion": 1,
    "plugin": {"file": "acme.so", "abi": {"major": 1, "minor": 0}},
    "auth": {"key": "oauth", "kind": "oauth2"},
    "secrets": [
      {"name": "client_id", "label": "Client id", "envKey": "ACME_CLIENT_ID"},
      {"name": "client_secret", "label": "Client secret", "envKey": "ACME_CLIENT_SECRET"},
      {"name": "access_token", "label": "Access token"}, {"name": "refresh_token", "label": "Refresh token"}
    ],
    "requiredHeaders": [],
    "baseUrlVariants": [{"key": "production", "label": "Production", "baseUrl": "https://api.acme.example/v1"}],
    "rateLimits": {}, "connectionConfig": {"type": "object", "properties": {}},
    "objects": [{
      "key": "project", "label": "Projects", "model": "project", "capabilities": ["list"],
      "fields": [{"pointer": "/id", "type": "text", "identifier": true}], "mappingSchemaVersion": 1,
      "defaultMapping": {"model": "project", "externalId": "/id", "fields": {"name": "/name"}}
    }],
    "oauth": {"tokenUrl": "https://id.acme.example/oauth/token")json";
  if (oauth.find("\"flows\"") == std::string_view::npos) {
    text += R"(, "flows": ["refresh_token"])";
  }
  text += (oauth.empty() ? "" : ", ") + std::string(oauth) + "}}";
  manifest::Findings findings;
  auto manifest = manifest::parse_manifest(text, findings);
  if (manifest == nullptr) {
    throw std::runtime_error(findings.errors.front().text());
  }
  return manifest;
}

Result<std::int64_t> HookedBackend::save(const vault::SecretAddress& address, const Secret& secret,
                                         std::optional<std::int64_t> expected_version) {
  if (before_save) {
    DOVETAIL_TRY_STATUS(before_save(++saves_));
  }
  return inner_.save(address, secret, expected_version);
}

TokenProcess::TokenProcess(store::Database& database, Clock& clock, http::HttpTransport& transport,
                           const Secret& ring_text, std::uint64_t seed, oauth::TokenOptions options)
    : random(seed), ids(clock, random), limiter(clock), client({.transport = transport,
                                                                .limiter = limiter,
                                                                .redactor = redactor,
                                                                .logger = logger,
                                                                .clock = clock,
                                                                .random = random}),
      ring(must(vault::KeyRing::parse(ring_text))), vault(ring, secure_random), records(database),
      service(vault, records),
      tokens({.client = client,
              .secrets = backend,
              .redactor = redactor,
              .logger = logger,
              .clock = clock,
              .ids = ids,
              .environment =
                  [this](std::string_view name) {
                    const auto found = environment.find(std::string(name));
                    return found == environment.end() ? std::nullopt : std::optional(found->second);
                  }},
             options) {}

TokenProcess::~TokenProcess() = default;

OAuthWorld::OAuthWorld(store::Dialect dialect, std::string_view oauth,
                       simulators::OAuthEndpointOptions endpoint_options)
    : store(dialect), endpoint(store.clock(), std::move(endpoint_options)), transport(store.clock()),
      provider(oauth_manifest(oauth)) {
  transport.connect(std::string(token_origin), endpoint);
  vault::SystemSecureRandom random;
  ring = must(vault::generate_key(store.clock(), random)).entry;
  account.tenant = store.add_tenant("acme");
  account.connection = store.add_connection(account.tenant, "main", "acme");
  account.tenant_name = "acme";
  account.connection_name = "main";
  account.provider = provider.get();
  account.auth = &provider->auth.front();
  account.token_url = std::string(token_origin) + "/oauth/token";
  account.egress = must(http::EgressPolicy::for_base_urls(std::vector<std::string>{provider->base_urls[0].base_url}));
  give("client_id", "simulated-app");
  give("client_secret", "simulated-app-secret");
}

void OAuthWorld::give(const std::string& name, const std::string& value) {
  const auto process = start();
  must(process->service.save({.tenant = account.tenant, .connection = account.connection, .name = name}, Secret(value),
                             std::nullopt));
}

oauth::StoredTokens OAuthWorld::stored() {
  const auto process = start();
  const manifest::Environment nothing;
  return must(oauth::TokenStore(process->service, process->redactor, nothing, account).load());
}

std::unique_ptr<TokenProcess> OAuthWorld::start(oauth::TokenOptions options) {
  return std::make_unique<TokenProcess>(store.database(), store.clock(), transport, ring, ++started_, options);
}

void OAuthWorld::fail_next(int times, int status, const std::string& body) {
  endpoint.fail_next(times, {.status = status, .body = body, .delivery = {}, .headers = {}});
}

} // namespace dovetail::test

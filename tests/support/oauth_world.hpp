// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/http/client.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/manifest/manifest.hpp"
#include "core/oauth/token_manager.hpp"
#include "core/store/secret_records.hpp"
#include "core/vault/secret_service.hpp"
#include "tests/simulators/oauth_endpoint.hpp"
#include "tests/support/http_world.hpp"
#include "tests/support/simulated_transport.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::test {

/// A backend that can fail, be read-only, and tell who writes. Thread-safe but for setting it up.
class HookedBackend final : public vault::SecretBackend {
public:
  explicit HookedBackend(vault::SecretBackend& inner) : inner_(inner) {}

  [[nodiscard]] Result<vault::LoadedSecret> load(const vault::SecretAddress& address) override {
    return inner_.load(address);
  }
  [[nodiscard]] Result<std::int64_t> save(const vault::SecretAddress& address, const Secret& secret,
                                          std::optional<std::int64_t> expected_version) override;
  [[nodiscard]] Result<bool> remove(const vault::SecretAddress& address) override { return inner_.remove(address); }
  [[nodiscard]] Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) override {
    return inner_.names(tenant, connection);
  }
  [[nodiscard]] bool read_only() const noexcept override { return is_read_only; }

  bool is_read_only = false;
  /// Asked before each save with its number, from 1; an Error fails the save.
  std::function<Status(int)> before_save;

private:
  vault::SecretBackend& inner_;
  std::atomic<int> saves_{0};
};

/// What one process has: its own client, vault and tokens over a database that others may share.
class TokenProcess {
public:
  TokenProcess(store::Database& database, Clock& clock, http::HttpTransport& transport, const Secret& ring,
               std::uint64_t seed, oauth::TokenOptions options = {});
  ~TokenProcess();
  TokenProcess(const TokenProcess&) = delete;
  TokenProcess& operator=(const TokenProcess&) = delete;
  TokenProcess(TokenProcess&&) = delete;
  TokenProcess& operator=(TokenProcess&&) = delete;

  SeededRandom random;
  IdGenerator ids;
  Redactor redactor;
  MemoryLogger logger{redactor};
  limits::RateLimiter limiter;
  http::Client client;
  vault::KeyRing ring;
  vault::SystemSecureRandom secure_random;
  vault::Vault vault;
  store::StoredSecretRecords records;
  vault::SecretService service;
  HookedBackend backend{service};
  std::map<std::string, std::string> environment;
  oauth::TokenManager tokens;
};

/// A connection to a simulated provider whose tokens come from a simulated token endpoint, in virtual time.
class OAuthWorld {
public:
  static constexpr std::string_view token_origin = "https://id.acme.example";

  /// `oauth` are further members of the manifest's `oauth`, e.g. R"("expiry": "jwt_exp")".
  explicit OAuthWorld(store::Dialect dialect, std::string_view oauth = "",
                      simulators::OAuthEndpointOptions endpoint_options = {});

  /// A secret of the connection, as a person gives it.
  void give(const std::string& name, const std::string& value);
  /// What is stored of the tokens.
  [[nodiscard]] oauth::StoredTokens stored();
  [[nodiscard]] std::unique_ptr<TokenProcess> start(oauth::TokenOptions options = {});
  void fail_next(int times, int status, const std::string& body = "the service is not there");

  testing::TestStore store;
  simulators::OAuthEndpoint endpoint;
  SimulatedTransport transport;
  Secret ring;
  std::unique_ptr<manifest::Manifest> provider;
  oauth::Account account;

private:
  std::uint64_t started_ = 0;
};

/// The manifest of the tests' provider, with further members of its `oauth`.
[[nodiscard]] std::unique_ptr<manifest::Manifest> oauth_manifest(std::string_view oauth);

} // namespace dovetail::test

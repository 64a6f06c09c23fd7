// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/vault.hpp"

namespace dovetail::vault {

struct LoadedSecret {
  Secret secret;
  /// To be given to the next save() as `expected_version`.
  std::int64_t version = 0;
};

/// Where a connection's secrets are kept (VAULT-6). The built-in one is SecretService; who uses secrets knows this interface only.
/// Implementations are thread-safe. Errors name the secret, never its value.
class SecretBackend {
public:
  SecretBackend() = default;
  SecretBackend(const SecretBackend&) = delete;
  SecretBackend& operator=(const SecretBackend&) = delete;
  SecretBackend(SecretBackend&&) = delete;
  SecretBackend& operator=(SecretBackend&&) = delete;
  virtual ~SecretBackend() = default;

  /// Errors: not_found; failed_precondition when it is sealed with a key that is not there; data_loss when it was altered.
  [[nodiscard]] virtual Result<LoadedSecret> load(const SecretAddress& address) = 0;

  /// Returns the new version once the secret is durable. `expected_version`: nullopt saves in any case, 0 only when there is no such secret,
  /// any other number only over that version. Errors: aborted when that is not so; invalid_argument when the secret is empty
  /// or longer than limits::max_secret_bytes; unimplemented where the backend is read-only.
  [[nodiscard]] virtual Result<std::int64_t> save(const SecretAddress& address, const Secret& secret,
                                                  std::optional<std::int64_t> expected_version) = 0;

  /// False when there was none.
  [[nodiscard]] virtual Result<bool> remove(const SecretAddress& address) = 0;

  /// Whether save() and remove() always fail: who would lose something by that must ask first.
  [[nodiscard]] virtual bool read_only() const noexcept { return false; }

  /// The names of one connection's secrets, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) = 0;
};

} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/secret_records.hpp"
#include "core/vault/vault.hpp"

namespace dovetail::vault {

struct VaultStartOptions {
  /// Secrets will be needed: a missing ring is an error even while none is stored (VAULT-3).
  bool integrations_enabled = true;
  /// Go on although stored secrets are sealed with keys that the ring lacks: for `vault status` and for storing lost secrets
  /// anew. Such secrets still do not open.
  bool tolerate_missing_keys = false;
};

/// The value of DOVETAIL_VAULT_KEYS, nullopt when it is not set; and takes it out of the environment, its bytes overwritten, so that neither
/// a child process nor /proc/<pid>/environ has the keys afterwards (VAULT-4). To be called once, before the program starts
/// threads.
[[nodiscard]] std::optional<Secret> take_ring_text_from_environment();

/// What every program does before it touches a secret (VAULT-3): parses `ring_text` (the value of DOVETAIL_VAULT_KEYS; nullopt when it is
/// not set), checks the canary of each key, and that each key which seals a stored secret is there. A pointer to nothing when
/// no ring is set and none is needed. Errors: invalid_argument (malformed ring), failed_precondition (missing key; key of
/// the same id with other bytes), with what to do. `random` must outlive the vault.
[[nodiscard]] Result<std::unique_ptr<Vault>> start_vault(const std::optional<Secret>& ring_text, SecretRecords& records,
                                                         SecureRandom& random, const VaultStartOptions& options);

/// Checks the canary of each key of the vault, and writes it where it is missing. A key without a canary must open a secret that is
/// sealed with its id, if there is one, before it gets a canary. Several processes may do this at once.
[[nodiscard]] Status check_canaries(const Vault& vault, SecretRecords& records);

} // namespace dovetail::vault

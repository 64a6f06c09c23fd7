// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/key_ring.hpp"

namespace dovetail::vault {

/// Where a secret belongs: it opens there and nowhere else. `name` obeys check_name (base/ids.hpp), e.g. "access_token".
struct SecretAddress {
  TenantId tenant;
  ConnectionId connection;
  std::string name;

  friend auto operator<=>(const SecretAddress&, const SecretAddress&) = default;
};

inline constexpr std::size_t max_secret_name_length = 63;

/// invalid_argument unless tenant and connection are valid and the name obeys check_name.
[[nodiscard]] Status check_address(const SecretAddress& address);

/// A secret as it is stored. `bytes` is, in this order,
///
///     1 byte    version of this layout: 1
///     12 bytes  nonce, random
///     n bytes   ciphertext, as long as the secret
///     16 bytes  tag
///
/// from AES-256-GCM (NIST SP 800-38D) with the key HKDF-SHA-256(ring key, "dovetail/vault/1/seal") and this associated data,
/// numbers big-endian, each text preceded by its length in 4 bytes:
///
///     text "dovetail/vault/1/secret", text key_id, tenant (8 bytes), connection (8 bytes), text name
///
/// so that no two addresses, keys or layouts share associated data (VAULT-1).
struct SealedSecret {
  std::string key_id;
  std::string bytes;

  friend bool operator==(const SealedSecret&, const SealedSecret&) = default;
};

inline constexpr std::size_t sealed_overhead_bytes = 1 + 12 + 16;
inline constexpr std::size_t max_sealed_bytes = limits::max_secret_bytes + sealed_overhead_bytes;

/// Seals and opens secrets with a key ring. Thread-safe.
///
/// Nonces are 96 random bits, asked from the kernel for each seal: nothing in the process could repeat after a fork or a
/// restored snapshot. NIST SP 800-38D section 8.3 bounds random nonces to 2^32 seals a key (a repeat then has a chance under
/// 2^-32): 100,000 connections that each store a token every hour reach it after 4.9 years. Rotate yearly (docs/operate/key-rotation.md).
class Vault {
public:
  /// Keeps the ring's keys, not the ring; `random` must outlive the vault.
  Vault(const KeyRing& ring, SecureRandom& random);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;
  Vault(Vault&&) noexcept;
  Vault& operator=(Vault&&) noexcept;

  /// Seals with the newest key. Errors: invalid_argument (address, or more than limits::max_secret_bytes), internal (no
  /// randomness).
  [[nodiscard]] Result<SealedSecret> seal(const SecretAddress& address, const Secret& secret) const;

  /// Opens with the key that `sealed` names (VAULT-2). Errors: failed_precondition when the ring lacks that key; data_loss when
  /// the bytes were altered, cut, or sealed for another address: one message for all of these.
  [[nodiscard]] Result<Secret> open(const SecretAddress& address, const SealedSecret& sealed) const;

  [[nodiscard]] const std::string& primary_key_id() const noexcept;
  /// Newest first.
  [[nodiscard]] const std::vector<std::string>& key_ids() const noexcept;
  [[nodiscard]] bool has_key(std::string_view key_id) const noexcept;

  /// A canary is a known text sealed with one key; kept in the database, it shows later whether a ring's key of that id is
  /// still the same key (VAULT-3). It cannot be mistaken for a secret: its associated data is
  /// text "dovetail/vault/1/canary", text key_id. Errors: not_found when the ring lacks the key.
  [[nodiscard]] Result<SealedSecret> seal_canary(std::string_view key_id) const;
  /// failed_precondition when the ring's key of that id is another one than sealed the canary, or is missing.
  [[nodiscard]] Status check_canary(const SealedSecret& canary) const;

  /// 32 bytes for another use than sealing, e.g. signing a login's state: each (key, purpose) yields an independent key. Derive
  /// with each of key_ids() to verify, with the newest to sign. Errors: not_found when the ring lacks the key.
  [[nodiscard]] Result<Secret> derive_key(std::string_view key_id, std::string_view purpose) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace dovetail::vault

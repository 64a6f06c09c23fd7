// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/crypto.hpp"

namespace dovetail::vault {

inline constexpr std::string_view keys_variable = "DOVETAIL_VAULT_KEYS";
inline constexpr std::size_t vault_key_bytes = 32;
inline constexpr std::size_t max_vault_keys = 32;
inline constexpr std::size_t max_key_id_length = 32;

/// True for 1 to 32 characters of A-Z, a-z, 0-9, '.', '_' and '-'.
[[nodiscard]] bool is_key_id(std::string_view id) noexcept;

/// The keys that secrets are sealed with (VAULT-1). Its text, the value of DOVETAIL_VAULT_KEYS, is
///
///     ring  = entry *( 1*( "," / white space ) entry )
///     entry = key_id ":" base64(32 bytes)                     RFC 4648 section 4, padded: 44 characters
///
/// The first entry is the newest key: it seals. The others open what they once sealed. At most 32 entries.
/// Immutable after parse, so safe for concurrent use.
class KeyRing {
public:
  struct Key {
    std::string id;
    Secret bytes;
  };

  /// Errors are invalid_argument and name the entry by its number. They never repeat text of the entry, which may be key
  /// material that was put in the wrong place. Refused: no entry or too many, a malformed id, base64 or length, an id or a
  /// key that occurs twice, and a key of one repeated byte (a placeholder that was left in).
  [[nodiscard]] static Result<KeyRing> parse(const Secret& text);

  /// The newest.
  [[nodiscard]] const Key& primary() const noexcept { return keys_.front(); }
  /// Newest first; never empty.
  [[nodiscard]] const std::vector<Key>& keys() const noexcept { return keys_; }
  /// nullptr when the ring has no such key; else lives as long as the ring.
  [[nodiscard]] const Key* find(std::string_view id) const noexcept;

private:
  explicit KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {}
  std::vector<Key> keys_;
};

/// A new key as `vault keygen` prints it.
struct GeneratedKey {
  std::string id; ///< day of creation and 32 random bits: "2026-01-05-9f3c01ab"
  Secret entry;   ///< "id:base64", to be put first in the ring
};
[[nodiscard]] Result<GeneratedKey> generate_key(const Clock& clock, SecureRandom& random);

} // namespace dovetail::vault

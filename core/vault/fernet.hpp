// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/crypto.hpp"

/// Fernet tokens, version 0x80 (github.com/fernet/spec, Spec.md), to take over what other systems encrypted (VAULT-5). Nothing of
/// ours is stored in this form.
namespace dovetail::vault {

inline constexpr std::size_t fernet_iv_bytes = 16;
inline constexpr std::size_t max_fernet_keys = 32;
/// A token around a secret of the largest size: version, time, IV, padded ciphertext, tag; in base64.
inline constexpr std::size_t max_fernet_token_bytes = (limits::max_secret_bytes + 16 + 57 + 2) / 3 * 4;
/// How far a token's time may lie in the future where times are checked. The spec leaves the figure open; the known
/// implementations use this one.
inline constexpr std::chrono::seconds max_fernet_clock_skew{60};

/// A signing and an encryption key of 128 bits each. Immutable.
class FernetKey {
public:
  /// Reads base64url with padding, 44 characters. Errors: invalid_argument, never with text of the key.
  [[nodiscard]] static Result<FernetKey> parse(const Secret& text);
  /// One or more keys separated by commas or white space, as a MultiFernet's list.
  [[nodiscard]] static Result<std::vector<FernetKey>> parse_list(const Secret& text);

  [[nodiscard]] const Secret& signing() const noexcept { return signing_; }
  [[nodiscard]] const Secret& encryption() const noexcept { return encryption_; }

private:
  FernetKey(Secret signing, Secret encryption) : signing_(std::move(signing)), encryption_(std::move(encryption)) {}
  Secret signing_;
  Secret encryption_;
};

/// When a token is valid.
struct FernetValidity {
  Timestamp now;
  std::chrono::seconds ttl; ///< a token that is older is expired
};

/// What `token` holds, with the first of `keys` that signed it. `validity`: nullopt for data at rest, whose age means nothing; else the
/// token must be younger than the ttl and not more than max_fernet_clock_skew ahead of `now`. Errors: invalid_argument (no
/// token, too long, another version); unauthenticated (none of the keys signed it, or it was altered); deadline_exceeded (expired);
/// out_of_range (from the future); data_loss (signed, but its content cannot be decrypted).
[[nodiscard]] Result<Secret> fernet_decrypt(std::string_view token, std::span<const FernetKey> keys,
                                            const std::optional<FernetValidity>& validity);

/// A token of this instant with a fresh random IV. Errors: invalid_argument (longer than limits::max_secret_bytes, or a time
/// before 1970), internal.
[[nodiscard]] Result<std::string> fernet_encrypt(const Secret& message, const FernetKey& key, Timestamp now,
                                                 SecureRandom& random);
/// The same with a given IV, which must never be used twice with a key: for published vectors.
[[nodiscard]] Result<std::string> fernet_encrypt_with_iv(const Secret& message, const FernetKey& key, Timestamp now,
                                                         const std::array<std::uint8_t, fernet_iv_bytes>& iv);

/// Opens the `payload` of a wrapper {"_encrypted": true, "payload": "..."}: a token at rest, white space around it ignored.
/// `keys_text` is what FernetKey::parse_list reads. The result is the wrapped text, most often a JSON object.
[[nodiscard]] Result<Secret> open_fernet_payload(std::string_view payload, const Secret& keys_text);

} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/crypto.hpp"

namespace dovetail::vault {

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, under one key. Thread-safe: a small pool of
/// keyed ciphers, so that a call pays for no key schedule and threads rarely meet. The vault's building block; whoever
/// wants to keep a secret uses Vault, which never repeats a nonce.
class Aes256Gcm {
public:
  static constexpr std::size_t key_bytes = 32;
  static constexpr std::size_t nonce_bytes = vault::nonce_bytes;
  static constexpr std::size_t tag_bytes = 16;

  /// Precondition: `key` has key_bytes.
  explicit Aes256Gcm(const Secret& key);
  ~Aes256Gcm();
  Aes256Gcm(const Aes256Gcm&) = delete;
  Aes256Gcm& operator=(const Aes256Gcm&) = delete;
  Aes256Gcm(Aes256Gcm&&) noexcept;
  Aes256Gcm& operator=(Aes256Gcm&&) noexcept;

  /// Appends ciphertext and tag to `out`. Errors: internal; then `out` may hold a part of the ciphertext.
  [[nodiscard]] Status seal(std::span<const std::uint8_t, nonce_bytes> nonce,
                            std::span<const std::uint8_t> associated_data, std::string_view plaintext,
                            std::string& out) const;

  /// The plaintext of ciphertext and tag; nullopt when the tag does not fit or is cut. Errors: internal.
  [[nodiscard]] Result<std::optional<Secret>> open(std::span<const std::uint8_t, nonce_bytes> nonce,
                                                   std::span<const std::uint8_t> associated_data,
                                                   std::string_view sealed) const;

private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

/// Hashes, message authentication and key-grade randomness for all of core, so that Botan stays inside this module.
namespace dovetail::vault {

inline constexpr std::size_t nonce_bytes = 12; ///< of AES-GCM
inline constexpr std::size_t sha256_bytes = 32;
using Sha256Digest = std::array<std::uint8_t, sha256_bytes>;

/// SHA-256 (FIPS 180-4) over bytes that arrive in parts. Not thread-safe.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  /// The digest of everything since construction or the last finish().
  [[nodiscard]] Sha256Digest finish();

private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);
/// 64 lower-case digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
/// The digest of a regular file, read in parts. Errors: not_found or permission_denied when it cannot be opened, invalid_argument when
/// it is no regular file, out_of_range when it holds more than `max_bytes`, data_loss when reading fails midway.
[[nodiscard]] Result<std::string> sha256_hex_of_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// HMAC-SHA-256 (RFC 2104), 32 bytes. Any key length.
[[nodiscard]] Sha256Digest hmac_sha256(const Secret& key, std::string_view message);
/// True when `tag` is the whole 32-byte HMAC of `message`; a tag of any other length is refused, so a truncated one proves nothing.
/// Compares in constant time.
[[nodiscard]] bool hmac_sha256_verify(const Secret& key, std::string_view message, std::string_view tag);

/// HKDF-SHA-256 (RFC 5869) with an empty salt: an independent key of `bytes` (1 to 8160) for each `purpose`.
[[nodiscard]] Secret hkdf_sha256(const Secret& key, std::string_view purpose, std::size_t bytes);

/// Compares in time that depends on the lengths only.
[[nodiscard]] bool constant_time_equal(std::string_view left, std::string_view right) noexcept;

/// A digest as the byte string that the functions here take.
[[nodiscard]] inline std::string_view as_bytes(const Sha256Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()}; // NOLINT(*-reinterpret-cast)
}

/// Randomness fit for keys, nonces and tokens. Implementations are thread-safe.
class SecureRandom {
public:
  SecureRandom() = default;
  SecureRandom(const SecureRandom&) = delete;
  SecureRandom& operator=(const SecureRandom&) = delete;
  SecureRandom(SecureRandom&&) = delete;
  SecureRandom& operator=(SecureRandom&&) = delete;
  virtual ~SecureRandom() = default;

  /// Fills all of `out` or fails with `internal`; never fills a part.
  [[nodiscard]] virtual Status fill(std::span<std::uint8_t> out) = 0;
  /// `bytes` random bytes.
  [[nodiscard]] Result<Secret> secret(std::size_t bytes);
  /// A value that never comes twice and that nobody can foresee. No secret: it stands beside what is sealed. Errors: those of fill().
  [[nodiscard]] virtual Status nonce(std::span<std::uint8_t, nonce_bytes> out) { return fill(out); }
};

/// The kernel's generator, asked on each call. Nothing secret is kept in the process, so neither fork() nor a resumed snapshot of a
/// virtual machine can make two processes draw the same bytes. Nonces are drawn some at a time, which halves what a seal costs, into memory that
/// is empty in a forked process; each is mixed with the time of its use, which a copied machine does not share.
class SystemSecureRandom final : public SecureRandom {
public:
  SystemSecureRandom();
  ~SystemSecureRandom() override;
  SystemSecureRandom(const SystemSecureRandom&) = delete;
  SystemSecureRandom& operator=(const SystemSecureRandom&) = delete;
  SystemSecureRandom(SystemSecureRandom&&) = delete;
  SystemSecureRandom& operator=(SystemSecureRandom&&) = delete;

  [[nodiscard]] Status fill(std::span<std::uint8_t> out) override;
  [[nodiscard]] Status nonce(std::span<std::uint8_t, nonce_bytes> out) override;

private:
  struct Drawn;

  std::mutex mutex_;
  // guarded by mutex_
  Drawn* drawn_ = nullptr; ///< null where the system has no such memory: then each nonce is asked for
};

} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#include "core/vault/aes_gcm.hpp"

#include <array>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include <botan/aead.h>
#include <botan/exceptn.h>

#include "core/vault/botan_bytes.hpp"

namespace dovetail::vault {
namespace {

constexpr std::size_t ciphers_per_key = 8;

/// One keyed cipher for each direction, and the buffer that they work in.
struct alignas(64) Cipher {
  std::mutex mutex;
  // guarded by mutex
  std::unique_ptr<Botan::AEAD_Mode> seal;
  std::unique_ptr<Botan::AEAD_Mode> open;
  Botan::secure_vector<std::uint8_t> buffer;
};

/// Clears the buffer on every way out, so that no plaintext waits in it for the next call.
class BufferWiper {
public:
  explicit BufferWiper(Botan::secure_vector<std::uint8_t>& buffer) noexcept : buffer_(buffer) {}
  ~BufferWiper() {
    wipe(buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  BufferWiper(const BufferWiper&) = delete;
  BufferWiper& operator=(const BufferWiper&) = delete;
  BufferWiper(BufferWiper&&) = delete;
  BufferWiper& operator=(BufferWiper&&) = delete;

private:
  Botan::secure_vector<std::uint8_t>& buffer_;
};

std::unique_ptr<Botan::AEAD_Mode> keyed_cipher(Botan::Cipher_Dir direction, const Secret& key) {
  auto cipher = Botan::AEAD_Mode::create_or_throw("AES-256/GCM(16)", direction);
  cipher->set_key(unsigned_bytes(key.reveal()), key.size());
  return cipher;
}

Error cipher_failed(const std::exception& problem) {
  return internal(std::string("AES-256-GCM failed: ") + problem.what());
}

} // namespace

struct Aes256Gcm::Pool {
  explicit Pool(const Secret& cipher_key) : key(cipher_key) {}

  /// A cipher that is free, or the thread's own when all are busy; locked.
  std::pair<Cipher&, std::unique_lock<std::mutex>> acquire() {
    const std::size_t own = std::hash<std::thread::id>{}(std::this_thread::get_id());
    for (std::size_t i = 0; i < ciphers_per_key; ++i) {
      Cipher& cipher = ciphers[(own + i) % ciphers_per_key];
      std::unique_lock lock(cipher.mutex, std::try_to_lock);
      if (lock.owns_lock()) {
        return {cipher, std::move(lock)};
      }
    }
    Cipher& cipher = ciphers[own % ciphers_per_key];
    return {cipher, std::unique_lock(cipher.mutex)};
  }

  const Secret key;
  std::array<Cipher, ciphers_per_key> ciphers;
};

Aes256Gcm::Aes256Gcm(const Secret& key) : pool_(std::make_unique<Pool>(key)) {}
Aes256Gcm::~Aes256Gcm() = default;
Aes256Gcm::Aes256Gcm(Aes256Gcm&&) noexcept = default;
Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&&) noexcept = default;

Status Aes256Gcm::seal(std::span<const std::uint8_t, nonce_bytes> nonce, std::span<const std::uint8_t> associated_data,
                       std::string_view plaintext, std::string& out) const {
  try {
    const auto [cipher, lock] = pool_->acquire();
    if (!cipher.seal) {
      cipher.seal = keyed_cipher(Botan::ENCRYPTION, pool_->key);
    }
    const BufferWiper wiper(cipher.buffer);
    cipher.buffer.reserve(plaintext.size() + tag_bytes);
    cipher.buffer.assign(unsigned_bytes(plaintext), unsigned_bytes(plaintext) + plaintext.size());
    cipher.seal->set_associated_data(associated_data.data(), associated_data.size());
    cipher.seal->start(nonce.data(), nonce.size());
    cipher.seal->finish(cipher.buffer);
    out.append(byte_view(cipher.buffer));
    return {};
  } catch (const std::exception& problem) {
    return cipher_failed(problem);
  }
}

Result<std::optional<Secret>> Aes256Gcm::open(std::span<const std::uint8_t, nonce_bytes> nonce,
                                              std::span<const std::uint8_t> associated_data,
                                              std::string_view sealed) const {
  if (sealed.size() < tag_bytes) {
    return std::optional<Secret>();
  }
  try {
    const auto [cipher, lock] = pool_->acquire();
    if (!cipher.open) {
      cipher.open = keyed_cipher(Botan::DECRYPTION, pool_->key);
    }
    const BufferWiper wiper(cipher.buffer);
    cipher.buffer.assign(unsigned_bytes(sealed), unsigned_bytes(sealed) + sealed.size());
    cipher.open->set_associated_data(associated_data.data(), associated_data.size());
    cipher.open->start(nonce.data(), nonce.size());
    try {
      cipher.open->finish(cipher.buffer);
    } catch (const Botan::Invalid_Authentication_Tag&) {
      cipher.open->reset();
      return std::optional<Secret>();
    }
    return std::optional<Secret>(byte_view(cipher.buffer));
  } catch (const std::exception& problem) {
    return cipher_failed(problem);
  }
}

} // namespace dovetail::vault

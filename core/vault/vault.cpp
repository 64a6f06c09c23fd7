// SPDX-License-Identifier: Apache-2.0
#include "core/vault/vault.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include <botan/aead.h>
#include <botan/exceptn.h>

#include "core/vault/botan_bytes.hpp"

namespace dovetail::vault {
namespace {

constexpr char layout_version = 1;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
static_assert(sealed_overhead_bytes == 1 + nonce_bytes + tag_bytes);

constexpr std::string_view seal_purpose = "dovetail/vault/1/seal";
constexpr std::string_view derive_purpose_prefix = "dovetail/vault/1/derive/";
constexpr std::string_view secret_label = "dovetail/vault/1/secret";
constexpr std::string_view canary_label = "dovetail/vault/1/canary";
constexpr std::string_view canary_text = "dovetail vault canary";

constexpr std::size_t ciphers_per_key = 8;

/// The associated data: fixed memory, since every part has a bound.
class AssociatedData {
public:
  AssociatedData& text(std::string_view value) noexcept {
    number(value.size(), 4);
    std::copy(value.begin(), value.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += value.size();
    return *this;
  }
  AssociatedData& id(std::int64_t value) noexcept { return number(static_cast<std::uint64_t>(value), 8); }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {buffer_.data(), size_}; }

private:
  AssociatedData& number(std::uint64_t value, std::size_t width) noexcept {
    for (std::size_t i = width; i-- > 0;) {
      buffer_[size_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return *this;
  }

  static constexpr std::size_t max_name_bytes = 63;
  static constexpr std::size_t capacity = 4 + secret_label.size() + 4 + max_key_id_length + 8 + 8 + 4 + max_name_bytes;
  std::array<std::uint8_t, capacity> buffer_;
  std::size_t size_ = 0;
};

AssociatedData data_of(const SecretAddress& address, std::string_view key_id) noexcept {
  AssociatedData data;
  data.text(secret_label).text(key_id).id(address.tenant.value).id(address.connection.value).text(address.name);
  return data;
}

AssociatedData data_of_canary(std::string_view key_id) noexcept {
  AssociatedData data;
  data.text(canary_label).text(key_id);
  return data;
}

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

struct VaultKey {
  explicit VaultKey(const KeyRing::Key& key)
      : id(key.id), ring_key(key.bytes), sealing_key(hkdf_sha256(key.bytes, seal_purpose, vault_key_bytes)) {}

  std::string id;
  Secret ring_key;
  Secret sealing_key;
  std::array<Cipher, ciphers_per_key> ciphers;

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
};

/// Throws what Botan throws.
std::string seal_bytes(VaultKey& key, const AssociatedData& data, std::span<const std::uint8_t, nonce_bytes> nonce,
                       std::string_view secret) {
  const auto [cipher, lock] = key.acquire();
  if (!cipher.seal) {
    cipher.seal = keyed_cipher(Botan::ENCRYPTION, key.sealing_key);
  }
  const BufferWiper wiper(cipher.buffer);
  cipher.buffer.reserve(secret.size() + tag_bytes);
  cipher.buffer.assign(secret.begin(), secret.end());
  cipher.seal->set_associated_data(data.bytes().data(), data.bytes().size());
  cipher.seal->start(nonce.data(), nonce.size());
  cipher.seal->finish(cipher.buffer);
  std::string sealed;
  sealed.reserve(1 + nonce.size() + cipher.buffer.size());
  sealed.push_back(layout_version);
  sealed.append(nonce.begin(), nonce.end());
  sealed.append(byte_view(cipher.buffer));
  return sealed;
}

/// nullopt when the tag does not fit. Throws what else Botan throws.
std::optional<Secret> open_bytes(VaultKey& key, const AssociatedData& data, std::string_view sealed) {
  if (sealed.size() < sealed_overhead_bytes || sealed.size() > max_sealed_bytes || sealed.front() != layout_version) {
    return std::nullopt;
  }
  const std::string_view nonce = sealed.substr(1, nonce_bytes);
  const std::string_view body = sealed.substr(1 + nonce_bytes);
  const auto [cipher, lock] = key.acquire();
  if (!cipher.open) {
    cipher.open = keyed_cipher(Botan::DECRYPTION, key.sealing_key);
  }
  const BufferWiper wiper(cipher.buffer);
  cipher.buffer.assign(body.begin(), body.end());
  cipher.open->set_associated_data(data.bytes().data(), data.bytes().size());
  cipher.open->start(unsigned_bytes(nonce), nonce.size());
  try {
    cipher.open->finish(cipher.buffer);
  } catch (const Botan::Invalid_Authentication_Tag&) {
    cipher.open->reset();
    return std::nullopt;
  }
  return Secret(byte_view(cipher.buffer));
}

std::string place_of(const SecretAddress& address) {
  return "secret \"" + address.name + "\" of connection " + std::to_string(address.connection.value) + " (tenant " +
         std::to_string(address.tenant.value) + ")";
}

Error unknown_key(std::string_view what, std::string_view key_id) {
  return failed_precondition("The " + std::string(what) + " is sealed with key \"" + std::string(key_id) +
                             "\", which " + std::string(keys_variable) +
                             " does not hold; add that key again behind the newest one, or store the secret anew.");
}

Error cipher_failed(const std::exception& problem) {
  return internal(std::string("The vault's cipher failed: ") + problem.what());
}

} // namespace

Status check_address(const SecretAddress& address) {
  if (!address.tenant.valid() || !address.connection.valid()) {
    return invalid_argument("A secret belongs to one tenant and one connection; the address of \"" + address.name +
                            "\" lacks one of them.");
  }
  return check_name("secret", address.name);
}

struct Vault::State {
  State(const KeyRing& ring, SecureRandom& generator) : random(generator) {
    for (const auto& key : ring.keys()) {
      keys.push_back(std::make_unique<VaultKey>(key));
      ids.push_back(key.id);
    }
  }

  [[nodiscard]] VaultKey* find(std::string_view id) const noexcept {
    const auto found = std::find_if(keys.begin(), keys.end(), [id](const auto& key) { return key->id == id; });
    return found == keys.end() ? nullptr : found->get();
  }

  Result<SealedSecret> seal(VaultKey& key, const AssociatedData& data, std::string_view secret) const {
    std::array<std::uint8_t, nonce_bytes> nonce{};
    DOVETAIL_TRY_STATUS(random.fill(nonce));
    try {
      return SealedSecret{key.id, seal_bytes(key, data, nonce, secret)};
    } catch (const std::exception& problem) {
      return cipher_failed(problem);
    }
  }

  SecureRandom& random;
  std::vector<std::unique_ptr<VaultKey>> keys;
  std::vector<std::string> ids;
};

Vault::Vault(KeyRing ring, SecureRandom& random) : state_(std::make_unique<State>(ring, random)) {}
Vault::~Vault() = default;
Vault::Vault(Vault&&) noexcept = default;
Vault& Vault::operator=(Vault&&) noexcept = default;

Result<SealedSecret> Vault::seal(const SecretAddress& address, const Secret& secret) const {
  DOVETAIL_TRY_STATUS(check_address(address));
  if (secret.size() > limits::max_secret_bytes) {
    return invalid_argument("The " + place_of(address) + " has " + std::to_string(secret.size()) +
                            " bytes; a secret may have at most " + std::to_string(limits::max_secret_bytes) + ".");
  }
  VaultKey& key = *state_->keys.front();
  return state_->seal(key, data_of(address, key.id), secret.reveal());
}

Result<Secret> Vault::open(const SecretAddress& address, const SealedSecret& sealed) const {
  DOVETAIL_TRY_STATUS(check_address(address));
  VaultKey* key = state_->find(sealed.key_id);
  if (key == nullptr && is_key_id(sealed.key_id)) {
    return unknown_key(place_of(address), sealed.key_id);
  }
  try {
    if (key != nullptr) {
      if (auto secret = open_bytes(*key, data_of(address, key->id), sealed.bytes)) {
        return std::move(*secret);
      }
    }
  } catch (const std::exception& problem) {
    return cipher_failed(problem);
  }
  return data_loss("The stored " + place_of(address) +
                   " does not open: it was altered, or was not sealed for this place. Store the secret anew.");
}

const std::string& Vault::primary_key_id() const noexcept { return state_->ids.front(); }
const std::vector<std::string>& Vault::key_ids() const noexcept { return state_->ids; }
bool Vault::has_key(std::string_view key_id) const noexcept { return state_->find(key_id) != nullptr; }

Result<SealedSecret> Vault::seal_canary(std::string_view key_id) const {
  VaultKey* key = state_->find(key_id);
  if (key == nullptr) {
    return not_found(std::string(keys_variable) + " holds no key \"" + std::string(key_id) + "\".");
  }
  return state_->seal(*key, data_of_canary(key->id), canary_text);
}

Status Vault::check_canary(const SealedSecret& canary) const {
  VaultKey* key = state_->find(canary.key_id);
  if (key == nullptr) {
    return failed_precondition(std::string(keys_variable) + " holds no key \"" + canary.key_id + "\".");
  }
  try {
    const auto text = open_bytes(*key, data_of_canary(key->id), canary.bytes);
    if (text && constant_time_equal(text->reveal(), canary_text)) {
      return {};
    }
  } catch (const std::exception& problem) {
    return cipher_failed(problem);
  }
  return failed_precondition(
      "The key \"" + key->id + "\" in " + std::string(keys_variable) +
      " is not the key that this database knows under that id. Put the right key back, or give the new "
      "key an id of its own.");
}

Result<Secret> Vault::derive_key(std::string_view key_id, std::string_view purpose) const {
  const VaultKey* key = state_->find(key_id);
  if (key == nullptr) {
    return not_found(std::string(keys_variable) + " holds no key \"" + std::string(key_id) + "\".");
  }
  try {
    return hkdf_sha256(key->ring_key, std::string(derive_purpose_prefix).append(purpose), vault_key_bytes);
  } catch (const std::exception& problem) {
    return cipher_failed(problem);
  }
}

} // namespace dovetail::vault

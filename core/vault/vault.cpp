// SPDX-License-Identifier: Apache-2.0
#include "core/vault/vault.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "core/vault/aes_gcm.hpp"

namespace dovetail::vault {
namespace {

constexpr char layout_version = 1;
static_assert(sealed_overhead_bytes == 1 + Aes256Gcm::nonce_bytes + Aes256Gcm::tag_bytes);

constexpr std::string_view seal_purpose = "dovetail/vault/1/seal";
constexpr std::string_view derive_purpose_prefix = "dovetail/vault/1/derive/";
constexpr std::string_view secret_label = "dovetail/vault/1/secret";
constexpr std::string_view canary_label = "dovetail/vault/1/canary";
constexpr std::string_view canary_text = "dovetail vault canary";

/// The associated data: fixed memory, since every part has a bound.
class AssociatedData {
public:
  AssociatedData& text(std::string_view value) noexcept {
    const std::uint32_t length = __builtin_bswap32(static_cast<std::uint32_t>(value.size()));
    append(&length, sizeof length);
    append(value.data(), value.size());
    return *this;
  }
  AssociatedData& id(std::int64_t value) noexcept {
    const std::uint64_t number = __builtin_bswap64(static_cast<std::uint64_t>(value));
    append(&number, sizeof number);
    return *this;
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {buffer_.data(), size_}; }

private:
  // Numbers are big-endian.
  static_assert(std::endian::native == std::endian::little);
  void append(const void* bytes, std::size_t size) noexcept {
    if (size != 0) {
      std::memcpy(buffer_.data() + size_, bytes, size);
      size_ += size;
    }
  }

  static constexpr std::size_t capacity =
      4 + secret_label.size() + 4 + max_key_id_length + 8 + 8 + 4 + max_secret_name_length;
  std::array<std::uint8_t, capacity> buffer_; // of which size_ bytes are written
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

struct VaultKey {
  explicit VaultKey(const KeyRing::Key& key)
      : id(key.id), ring_key(key.bytes), cipher(hkdf_sha256(key.bytes, seal_purpose, Aes256Gcm::key_bytes)) {}

  std::string id;
  Secret ring_key;
  Aes256Gcm cipher;
};

/// nullopt when the bytes are no seal of this layout or their tag does not fit.
Result<std::optional<Secret>> open_bytes(const VaultKey& key, const AssociatedData& data, std::string_view sealed) {
  if (sealed.size() < sealed_overhead_bytes || sealed.size() > max_sealed_bytes || sealed.front() != layout_version) {
    return std::optional<Secret>();
  }
  std::array<std::uint8_t, Aes256Gcm::nonce_bytes> nonce{};
  std::copy_n(sealed.begin() + 1, nonce.size(), nonce.begin());
  return key.cipher.open(nonce, data.bytes(), sealed.substr(1 + nonce.size()));
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

} // namespace

Status check_address(const SecretAddress& address) {
  if (!address.tenant.valid() || !address.connection.valid()) {
    return invalid_argument("A secret belongs to one tenant and one connection; the address of \"" + address.name +
                            "\" lacks one of them.");
  }
  // The buffer of the associated data counts on this bound, whatever check_name allows.
  if (address.name.size() > max_secret_name_length) {
    return invalid_argument("A secret's name has at most " + std::to_string(max_secret_name_length) + " characters.");
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

  [[nodiscard]] const VaultKey* find(std::string_view id) const noexcept {
    const auto found = std::find_if(keys.begin(), keys.end(), [id](const auto& key) { return key->id == id; });
    return found == keys.end() ? nullptr : found->get();
  }

  Result<SealedSecret> seal(const VaultKey& key, const AssociatedData& data, std::string_view secret) const {
    std::array<std::uint8_t, Aes256Gcm::nonce_bytes> nonce{};
    DOVETAIL_TRY_STATUS(random.nonce(nonce));
    SealedSecret sealed{key.id, {}};
    sealed.bytes.reserve(secret.size() + sealed_overhead_bytes);
    sealed.bytes.push_back(layout_version);
    sealed.bytes.append(reinterpret_cast<const char*>(nonce.data()), nonce.size()); // NOLINT(*-reinterpret-cast)
    DOVETAIL_TRY_STATUS(key.cipher.seal(nonce, data.bytes(), secret, sealed.bytes));
    return sealed;
  }

  SecureRandom& random;
  std::vector<std::unique_ptr<VaultKey>> keys;
  std::vector<std::string> ids;
};

Vault::Vault(const KeyRing& ring, SecureRandom& random) : state_(std::make_unique<State>(ring, random)) {}
Vault::~Vault() = default;
Vault::Vault(Vault&&) noexcept = default;
Vault& Vault::operator=(Vault&&) noexcept = default;

Result<SealedSecret> Vault::seal(const SecretAddress& address, const Secret& secret) const {
  DOVETAIL_TRY_STATUS(check_address(address));
  if (secret.size() > limits::max_secret_bytes) {
    return invalid_argument("The " + place_of(address) + " has " + std::to_string(secret.size()) +
                            " bytes; a secret may have at most " + std::to_string(limits::max_secret_bytes) + ".");
  }
  const VaultKey& key = *state_->keys.front();
  return state_->seal(key, data_of(address, key.id), secret.reveal());
}

Result<Secret> Vault::open(const SecretAddress& address, const SealedSecret& sealed) const {
  DOVETAIL_TRY_STATUS(check_address(address));
  const VaultKey* key = state_->find(sealed.key_id);
  if (key == nullptr && is_key_id(sealed.key_id)) {
    return unknown_key(place_of(address), sealed.key_id);
  }
  if (key != nullptr) {
    DOVETAIL_TRY(auto secret, open_bytes(*key, data_of(address, key->id), sealed.bytes));
    if (secret) {
      return std::move(*secret);
    }
  }
  return data_loss("The stored " + place_of(address) +
                   " does not open: it was altered, or was not sealed for this place. Store the secret anew.");
}

const std::string& Vault::primary_key_id() const noexcept { return state_->ids.front(); }
const std::vector<std::string>& Vault::key_ids() const noexcept { return state_->ids; }
bool Vault::has_key(std::string_view key_id) const noexcept { return state_->find(key_id) != nullptr; }

Result<SealedSecret> Vault::seal_canary(std::string_view key_id) const {
  const VaultKey* key = state_->find(key_id);
  if (key == nullptr) {
    return not_found(std::string(keys_variable) + " holds no key \"" + std::string(key_id) + "\".");
  }
  return state_->seal(*key, data_of_canary(key->id), canary_text);
}

Status Vault::check_canary(const SealedSecret& canary) const {
  const VaultKey* key = state_->find(canary.key_id);
  if (key == nullptr) {
    return failed_precondition(std::string(keys_variable) + " holds no key \"" + canary.key_id + "\".");
  }
  DOVETAIL_TRY(const auto text, open_bytes(*key, data_of_canary(key->id), canary.bytes));
  if (text && constant_time_equal(text->reveal(), canary_text)) {
    return {};
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
  return hkdf_sha256(key->ring_key, std::string(derive_purpose_prefix).append(purpose), vault_key_bytes);
}

} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#include "core/vault/key_ring.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/time.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::vault {
namespace {

constexpr std::string_view separators = ", \t\r\n";
constexpr std::string_view how_to_get_a_key = "`dovetail vault keygen` prints a usable entry.";
// An entry is at most 77 characters; the rest is room for the separators that a person may type.
constexpr std::size_t max_ring_text_bytes = 8U << 10U;
constexpr std::size_t key_id_random_bytes = 4;
constexpr std::size_t iso8601_date_length = 10;

std::string entry_name(std::size_t index) {
  return std::string(keys_variable) + ", entry " + std::to_string(index + 1) + ": ";
}

Result<KeyRing::Key> parse_entry(std::string_view entry, std::size_t index) {
  const std::size_t colon = entry.find(':');
  if (colon == std::string_view::npos) {
    return invalid_argument(entry_name(index) + "there is no ':' between key id and key. " +
                            std::string(how_to_get_a_key));
  }
  const std::string_view id = entry.substr(0, colon);
  if (!is_key_id(id)) {
    return invalid_argument(entry_name(index) +
                            "the key id before the ':' must be 1 to 32 characters of A-Z, a-z, 0-9, '.', '_' "
                            "and '-'. " +
                            std::string(how_to_get_a_key));
  }
  auto bytes = base64_decode_secret(entry.substr(colon + 1));
  if (!bytes) {
    return invalid_argument(entry_name(index) +
                            "the key after the ':' is not base64 (A-Z, a-z, 0-9, '+', '/', padded with '='). " +
                            std::string(how_to_get_a_key));
  }
  if (bytes->size() != vault_key_bytes) {
    return invalid_argument(entry_name(index) + "the key has " + std::to_string(bytes->size()) +
                            " bytes and must have " + std::to_string(vault_key_bytes) + ". " +
                            std::string(how_to_get_a_key));
  }
  const std::string_view key = bytes->reveal();
  if (key.find_first_not_of(key.front()) == std::string_view::npos) {
    return invalid_argument(entry_name(index) + "the key is one byte repeated, a placeholder. " +
                            std::string(how_to_get_a_key));
  }
  return KeyRing::Key{std::string(id), std::move(*bytes)};
}

Status check_unique(const std::vector<KeyRing::Key>& keys, const KeyRing::Key& added) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].id == added.id) {
      return invalid_argument(entry_name(keys.size()) + "the key id \"" + added.id + "\" is already that of entry " +
                              std::to_string(i + 1) + "; each key needs an id of its own.");
    }
    if (keys[i].bytes == added.bytes) {
      return invalid_argument(entry_name(keys.size()) + "this key is the same as that of entry " +
                              std::to_string(i + 1) + "; a new id needs a new key. " + std::string(how_to_get_a_key));
    }
  }
  return {};
}

} // namespace

bool is_key_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= max_key_id_length && std::all_of(id.begin(), id.end(), [](char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           letter == '.' || letter == '_' || letter == '-';
  });
}

Result<KeyRing> KeyRing::parse(const Secret& text) {
  if (text.size() > max_ring_text_bytes) {
    return invalid_argument(std::string(keys_variable) + " has more than " + std::to_string(max_ring_text_bytes) +
                            " characters; give at most " + std::to_string(max_vault_keys) +
                            " entries of key_id:base64.");
  }
  std::vector<Key> keys;
  std::string_view rest = text.reveal();
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
    if (rest.empty()) {
      break;
    }
    if (keys.size() == max_vault_keys) {
      return invalid_argument(std::string(keys_variable) + " has more than " + std::to_string(max_vault_keys) +
                              " entries; rotate (`dovetail vault rotate`) and retire the old keys.");
    }
    const std::string_view entry = rest.substr(0, rest.find_first_of(separators));
    rest.remove_prefix(entry.size());
    DOVETAIL_TRY(auto key, parse_entry(entry, keys.size()));
    DOVETAIL_TRY_STATUS(check_unique(keys, key));
    keys.push_back(std::move(key));
  }
  if (keys.empty()) {
    return invalid_argument(std::string(keys_variable) +
                            " holds no key; set it to key_id:base64 entries, newest first. " +
                            std::string(how_to_get_a_key));
  }
  return KeyRing(std::move(keys));
}

const KeyRing::Key* KeyRing::find(std::string_view id) const noexcept {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [id](const Key& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

Result<GeneratedKey> generate_key(const Clock& clock, SecureRandom& random) {
  DOVETAIL_TRY(const Secret suffix, random.secret(key_id_random_bytes));
  DOVETAIL_TRY(const Secret bytes, random.secret(vault_key_bytes));
  GeneratedKey key;
  key.id = format_iso8601(clock.now()).substr(0, iso8601_date_length) + "-" + hex_encode(suffix.reveal());
  const Secret encoded = base64_encode_secret(bytes);
  std::string entry;
  entry.reserve(key.id.size() + 1 + encoded.size());
  entry.append(key.id).append(":").append(encoded.reveal());
  key.entry = Secret(std::string_view(entry));
  wipe(entry.data(), entry.size());
  return key;
}

} // namespace dovetail::vault

// SPDX-License-Identifier: Apache-2.0
#include "core/vault/fernet.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <utility>

#include <botan/cipher_mode.h>
#include <botan/exceptn.h>

#include "core/vault/botan_bytes.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::vault {
namespace {

constexpr char fernet_version = '\x80';
constexpr std::size_t half_key_bytes = 16;
constexpr std::size_t time_bytes = 8;
constexpr std::size_t block_bytes = 16;
constexpr std::size_t header_bytes = 1 + time_bytes + fernet_iv_bytes;
constexpr std::size_t max_keys_text_bytes = 4U << 10U;
constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view separators = ", \t\r\n";

/// A token's parts: views into the decoded bytes.
struct Parts {
  std::string_view signed_part;
  std::uint64_t seconds = 0;
  std::string_view iv;
  std::string_view ciphertext;
  std::string_view tag;
};

Result<Parts> split(std::string_view bytes) {
  if (bytes.size() < header_bytes + sha256_bytes) {
    return invalid_argument("This is no Fernet token: it is too short.");
  }
  if (bytes.front() != fernet_version) {
    return invalid_argument("This is no Fernet token of version 0x80, the only one that exists.");
  }
  Parts parts;
  parts.signed_part = bytes.substr(0, bytes.size() - sha256_bytes);
  parts.tag = bytes.substr(parts.signed_part.size());
  for (const char byte : bytes.substr(1, time_bytes)) {
    parts.seconds = (parts.seconds << 8U) | static_cast<unsigned char>(byte);
  }
  parts.iv = bytes.substr(1 + time_bytes, fernet_iv_bytes);
  parts.ciphertext = parts.signed_part.substr(header_bytes);
  return parts;
}

Status check_time(std::uint64_t seconds, const FernetValidity& validity) {
  const auto now = std::chrono::floor<std::chrono::seconds>(validity.now.time_since_epoch());
  constexpr auto latest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 4);
  const std::chrono::seconds made(static_cast<std::int64_t>(std::min(seconds, latest)));
  if (made > now + max_fernet_clock_skew) {
    return out_of_range("The Fernet token was made in the future; check the clocks of both machines.");
  }
  if (now - made > validity.ttl) {
    return deadline_exceeded("The Fernet token has expired; ask for a new one.");
  }
  return {};
}

std::unique_ptr<Botan::Cipher_Mode> cbc(Botan::Cipher_Dir direction, const FernetKey& key) {
  auto cipher = Botan::Cipher_Mode::create_or_throw("AES-128/CBC/PKCS7", direction);
  cipher->set_key(unsigned_bytes(key.encryption().reveal()), key.encryption().size());
  return cipher;
}

Result<Secret> decrypt(const Parts& parts, const FernetKey& key) {
  Error damaged =
      data_loss("The Fernet token is signed by this key, but its content cannot be decrypted; whoever made it "
                "must make it again.");
  if (parts.ciphertext.empty() || parts.ciphertext.size() % block_bytes != 0) {
    return damaged;
  }
  try {
    const auto cipher = cbc(Botan::DECRYPTION, key);
    Botan::secure_vector<std::uint8_t> buffer(parts.ciphertext.begin(), parts.ciphertext.end());
    cipher->start(unsigned_bytes(parts.iv), parts.iv.size());
    cipher->finish(buffer);
    return Secret(byte_view(buffer));
  } catch (const Botan::Decoding_Error&) {
    return damaged;
  } catch (const std::exception& problem) {
    return internal(std::string("Decrypting a Fernet token failed: ") + problem.what());
  }
}

} // namespace

Result<FernetKey> FernetKey::parse(const Secret& text) {
  const auto bytes = base64_decode_secret(text.reveal(), Base64Form::url);
  if (!bytes || bytes->size() != 2 * half_key_bytes) {
    return invalid_argument(
        "The Fernet key is not 32 bytes in base64url: 44 characters of A-Z, a-z, 0-9, '-', '_', the last '='.");
  }
  return FernetKey(Secret(bytes->reveal().substr(0, half_key_bytes)), Secret(bytes->reveal().substr(half_key_bytes)));
}

Result<std::vector<FernetKey>> FernetKey::parse_list(const Secret& text) {
  if (text.size() > max_keys_text_bytes) {
    return invalid_argument("The list of Fernet keys has more than " + std::to_string(max_keys_text_bytes) +
                            " characters; give the keys only, separated by commas.");
  }
  std::vector<FernetKey> keys;
  std::string_view rest = text.reveal();
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
    if (rest.empty()) {
      break;
    }
    if (keys.size() == max_fernet_keys) {
      return invalid_argument("There are more than " + std::to_string(max_fernet_keys) + " Fernet keys; give fewer.");
    }
    const std::string_view part = rest.substr(0, rest.find_first_of(separators));
    rest.remove_prefix(part.size());
    auto key = parse(Secret(part));
    if (!key.ok()) {
      return key.error().in("Fernet key " + std::to_string(keys.size() + 1));
    }
    keys.push_back(std::move(key).value());
  }
  if (keys.empty()) {
    return invalid_argument("There is no Fernet key; give the one that encrypted the data.");
  }
  return keys;
}

Result<Secret> fernet_decrypt(std::string_view token, std::span<const FernetKey> keys,
                              const std::optional<FernetValidity>& validity) {
  if (token.size() > max_fernet_token_bytes) {
    return invalid_argument("The Fernet token has " + std::to_string(token.size()) + " characters; at most " +
                            std::to_string(max_fernet_token_bytes) + " can be read.");
  }
  const auto bytes = base64_decode(token, Base64Form::url);
  if (!bytes) {
    return invalid_argument("This is no Fernet token: it is not base64url with padding.");
  }
  DOVETAIL_TRY(const Parts parts, split(*bytes));
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const FernetKey& each) {
    return hmac_sha256_verify(each.signing(), parts.signed_part, parts.tag);
  });
  if (key == keys.end()) {
    return unauthenticated(
        "The Fernet token was not made with this key, or was altered; give the key that encrypted it.");
  }
  if (validity) {
    DOVETAIL_TRY_STATUS(check_time(parts.seconds, *validity));
  }
  return decrypt(parts, *key);
}

Result<std::string> fernet_encrypt(const Secret& message, const FernetKey& key, Timestamp now, SecureRandom& random) {
  std::array<std::uint8_t, fernet_iv_bytes> iv{};
  DOVETAIL_TRY_STATUS(random.fill(iv));
  return fernet_encrypt_with_iv(message, key, now, iv);
}

Result<std::string> fernet_encrypt_with_iv(const Secret& message, const FernetKey& key, Timestamp now,
                                           const std::array<std::uint8_t, fernet_iv_bytes>& iv) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  if (message.size() > limits::max_secret_bytes || seconds < 0) {
    return invalid_argument("A Fernet token holds at most " + std::to_string(limits::max_secret_bytes) +
                            " bytes and a time since 1970.");
  }
  try {
    const auto cipher = cbc(Botan::ENCRYPTION, key);
    Botan::secure_vector<std::uint8_t> buffer(message.reveal().begin(), message.reveal().end());
    cipher->start(iv.data(), iv.size());
    cipher->finish(buffer);
    std::string token(1, fernet_version);
    for (std::size_t i = time_bytes; i-- > 0;) {
      token.push_back(static_cast<char>(static_cast<std::uint64_t>(seconds) >> (8 * i)));
    }
    token.append(iv.begin(), iv.end());
    token.append(byte_view(buffer));
    token.append(as_bytes(hmac_sha256(key.signing(), token)));
    return base64_encode(token, Base64Form::url);
  } catch (const std::exception& problem) {
    return internal(std::string("Making a Fernet token failed: ") + problem.what());
  }
}

Result<Secret> open_fernet_payload(std::string_view payload, const Secret& keys_text) {
  DOVETAIL_TRY(const auto keys, FernetKey::parse_list(keys_text));
  const std::size_t first = std::min(payload.find_first_not_of(white_space), payload.size());
  payload.remove_prefix(first);
  payload.remove_suffix(payload.size() - (payload.find_last_not_of(white_space) + 1));
  return fernet_decrypt(payload, keys, std::nullopt);
}

} // namespace dovetail::vault

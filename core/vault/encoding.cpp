// SPDX-License-Identifier: Apache-2.0
#include "core/vault/encoding.hpp"

#include <cstddef>
#include <cstdint>

namespace dovetail::vault {
namespace {

constexpr std::size_t group_bytes = 3;
constexpr std::size_t group_characters = 4;
constexpr std::uint32_t six_bits = 0x3FU;

struct Symbols {
  std::uint32_t value_62;
  std::uint32_t value_63;
};

constexpr Symbols symbols_of(Base64Form form) noexcept {
  return form == Base64Form::standard ? Symbols{'+', '/'} : Symbols{'-', '_'};
}

/// All ones when low <= value <= high, else 0. No branch and no table: which of them a look-up touches would tell, through
/// the caches, about the key that is being read.
constexpr std::uint32_t in_range(std::uint32_t value, std::uint32_t low, std::uint32_t high) noexcept {
  return (((value - low) | (high - value)) >> 31U) - 1U;
}

constexpr char character_of(std::uint32_t value, Symbols symbols) noexcept {
  const std::uint32_t character =
      (in_range(value, 0, 25) & (value + 'A')) | (in_range(value, 26, 51) & (value - 26 + 'a')) |
      (in_range(value, 52, 61) & (value - 52 + '0')) | (in_range(value, 62, 62) & symbols.value_62) |
      (in_range(value, 63, 63) & symbols.value_63);
  return static_cast<char>(character);
}

/// 0 to 63; all ones when the character is not of the alphabet.
constexpr std::uint32_t value_of(char letter, Symbols symbols) noexcept {
  const std::uint32_t character = static_cast<unsigned char>(letter);
  const std::uint32_t value_plus_one = (in_range(character, 'A', 'Z') & (character - 'A' + 1)) |
                                       (in_range(character, 'a', 'z') & (character - 'a' + 27)) |
                                       (in_range(character, '0', '9') & (character - '0' + 53)) |
                                       (in_range(character, symbols.value_62, symbols.value_62) & 63U) |
                                       (in_range(character, symbols.value_63, symbols.value_63) & 64U);
  return value_plus_one - 1U;
}

/// The characters of the text that carry bits: `text` without its padding. nullopt when the padding is not as `form` wants it.
std::optional<std::string_view> without_padding(std::string_view text, Base64Form form) noexcept {
  if (form == Base64Form::url_unpadded) {
    return text;
  }
  if (text.size() % group_characters != 0) {
    return std::nullopt;
  }
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) {
    text.remove_suffix(1);
  }
  return text;
}

/// Appends to `out`, which has the room, so that no reallocation leaves a copy behind.
bool decode_to(std::string& out, std::string_view text, Symbols symbols) {
  const std::size_t tail = text.size() % group_characters;
  if (tail == 1) {
    return false;
  }
  std::uint32_t invalid = 0;
  std::uint32_t bits = 0;
  std::uint32_t bit_count = 0;
  for (const char letter : text) {
    const std::uint32_t value = value_of(letter, symbols);
    invalid |= value >> 31U;
    bits = (bits << 6U) | (value & six_bits);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      out.push_back(static_cast<char>((bits >> bit_count) & 0xFFU));
    }
  }
  const std::uint32_t unused = bits & ((1U << bit_count) - 1U);
  return invalid == 0 && unused == 0;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char letter) noexcept {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  if (letter >= 'a' && letter <= 'f') {
    return letter - 'a' + 10;
  }
  if (letter >= 'A' && letter <= 'F') {
    return letter - 'A' + 10;
  }
  return -1;
}

} // namespace

std::string base64_encode(std::string_view bytes, Base64Form form) {
  const Symbols symbols = symbols_of(form);
  std::string text;
  text.reserve((bytes.size() + group_bytes - 1) / group_bytes * group_characters);
  std::uint32_t bits = 0;
  std::uint32_t bit_count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    bit_count += 8;
    while (bit_count >= 6) {
      bit_count -= 6;
      text.push_back(character_of((bits >> bit_count) & six_bits, symbols));
    }
  }
  if (bit_count != 0) {
    text.push_back(character_of((bits << (6 - bit_count)) & six_bits, symbols));
  }
  while (form != Base64Form::url_unpadded && text.size() % group_characters != 0) {
    text.push_back('=');
  }
  return text;
}

Secret base64_encode_secret(const Secret& bytes, Base64Form form) {
  std::string text = base64_encode(bytes.reveal(), form);
  Secret secret{std::string_view(text)};
  wipe(text.data(), text.size());
  return secret;
}

std::optional<std::string> base64_decode(std::string_view text, Base64Form form) {
  const auto characters = without_padding(text, form);
  if (!characters) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(characters->size() / group_characters * group_bytes + group_bytes);
  if (!decode_to(bytes, *characters, symbols_of(form))) {
    wipe(bytes.data(), bytes.size());
    return std::nullopt;
  }
  return bytes;
}

std::optional<Secret> base64_decode_secret(std::string_view text, Base64Form form) {
  auto bytes = base64_decode(text, form);
  if (!bytes) {
    return std::nullopt;
  }
  Secret secret{std::string_view(*bytes)};
  wipe(bytes->data(), bytes->size());
  return secret;
}

std::string hex_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back(hex_digits[value >> 4U]);
    text.push_back(hex_digits[value & 0xFU]);
  }
  return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

} // namespace dovetail::vault

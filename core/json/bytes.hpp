// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace dovetail::json::detail {

[[nodiscard]] inline bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
[[nodiscard]] inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] inline const char* skip_space(const char* p, const char* end) noexcept {
  while (p != end && is_space(*p)) {
    ++p;
  }
  return p;
}

/// -1 when `c` is no hexadecimal digit.
[[nodiscard]] inline int hex_digit(char c) noexcept {
  if (is_digit(c)) {
    return c - '0';
  }
  const auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The 16 bits of four hexadecimal digits, -1 when there are none. Reads at most up to `end`.
[[nodiscard]] inline int hex_four(const char* p, const char* end) noexcept {
  if (end - p < 4) {
    return -1;
  }
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(p[i]);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/// A mask with the top bit of each byte of `word` set that is '"', '\\', below 0x20 or above 0x7f; bytes behind the first such
/// one may be set wrongly (a borrow may run into them), the lowest set one is always right on a little-endian machine.
[[nodiscard]] inline std::uint64_t special_bytes(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t tops = 0x8080808080808080U;
  const std::uint64_t quotes = word ^ (ones * '"');
  const std::uint64_t backslashes = word ^ (ones * '\\');
  const auto zero = [](std::uint64_t x) { return (x - ones) & ~x; };
  return (zero(quotes) | zero(backslashes) | ((word - ones * 0x20) & ~word) | word) & tops;
}

/// The first byte at or behind `p` that a JSON string does not hold as itself (see special_bytes), or `end`.
[[nodiscard]] inline const char* skip_plain(const char* p, const char* end) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - p >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      const std::uint64_t mask = special_bytes(word);
      if (mask != 0) {
        return p + std::countr_zero(mask) / 8;
      }
      p += 8;
    }
  }
  while (p != end) {
    const auto c = static_cast<unsigned char>(*p);
    if (c == '"' || c == '\\' || c < 0x20 || c > 0x7f) {
      break;
    }
    ++p;
  }
  return p;
}

/// The first quote or backslash at or behind `p`, or `end`.
[[nodiscard]] inline const char* skip_to_quote(const char* p, const char* end) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const auto zero = [](std::uint64_t x) { return (x - ones) & ~x & (ones << 7U); };
    while (end - p >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      const std::uint64_t mask = zero(word ^ (ones * '"')) | zero(word ^ (ones * '\\'));
      if (mask != 0) {
        return p + std::countr_zero(mask) / 8;
      }
      p += 8;
    }
  }
  while (p != end && *p != '"' && *p != '\\') {
    ++p;
  }
  return p;
}

/// The length of the well-formed UTF-8 character at `p` (Unicode 15, table 3-7), 0 when there is none.
[[nodiscard]] inline int utf8_length(const char* p, const char* end) noexcept {
  const auto byte = [&](int i) -> unsigned { return p + i < end ? static_cast<unsigned char>(p[i]) : 0U; };
  const auto tail = [&](int i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return p < end ? 1 : 0;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return tail(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = first == 0xE0 ? byte(1) >= 0xA0 && byte(1) <= 0xBF
                                      : (first == 0xED ? byte(1) >= 0x80 && byte(1) <= 0x9F : tail(1));
    return second && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = first == 0xF0 ? byte(1) >= 0x90 && byte(1) <= 0xBF
                                      : (first == 0xF4 ? byte(1) >= 0x80 && byte(1) <= 0x8F : tail(1));
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// Writes `code_point` (at most 0x10FFFF) as UTF-8 to `out` and returns the place behind it.
[[nodiscard]] inline char* put_utf8(std::uint32_t code_point, char* out) noexcept {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    put(0xE0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3FU));
    put(0x80U | ((code_point >> 6U) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
  return out;
}

} // namespace dovetail::json::detail

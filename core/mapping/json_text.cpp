// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/json_text.hpp"

#include <cstring>

#include "core/json/bytes.hpp"
#include "core/json/check.hpp"

namespace dovetail::mapping {
namespace {

using Type = RawValue::Type;

/// The characters that stand behind a backslash for one other; 0 for those that do not.
char simple_escape(char letter) {
  switch (letter) {
  case '"':
  case '\\':
  case '/':
    return letter;
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return 0;
  }
}

/// Reads "XXXX" or "XXXX\uXXXX" behind "\u"; false when that names no character.
bool take_code_point(const char*& p, const char* end, std::uint32_t& code_point) {
  const int first = json::detail::hex_four(p, end);
  if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF)) {
    return false;
  }
  p += 4;
  code_point = static_cast<std::uint32_t>(first);
  if (first < 0xD800 || first > 0xDBFF) {
    return true;
  }
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
    return false;
  }
  const int second = json::detail::hex_four(p + 2, end);
  if (second < 0xDC00 || second > 0xDFFF) {
    return false;
  }
  p += 6;
  code_point = 0x10000U + ((static_cast<std::uint32_t>(first) - 0xD800U) << 10U) +
               (static_cast<std::uint32_t>(second) - 0xDC00U);
  return true;
}

/// Whether an escape for U+0000 stands in valid JSON.
bool has_nul_escape(std::string_view text) {
  constexpr std::string_view escape = "\\u0000";
  for (auto at = text.find(escape); at != std::string_view::npos; at = text.find(escape, at + escape.size())) {
    std::size_t before = 0; // backslashes; an even number of them are escaped ones
    while (before < at && text[at - before - 1] == '\\') {
      ++before;
    }
    if (before % 2 == 0) {
      return true;
    }
  }
  return false;
}

/// `source` without the white space between its tokens. `first` is where the first one stands.
std::string_view without_space(std::string_view source, std::size_t first, TextArena& arena) {
  char* const begin = arena.allocate(source.size());
  std::memcpy(begin, source.data(), first);
  char* out = begin + first;
  bool in_string = false;
  for (std::size_t i = first; i < source.size(); ++i) {
    const char letter = source[i];
    if (in_string && letter == '\\') {
      *out++ = letter;
      *out++ = source[++i];
      continue;
    }
    in_string = in_string != (letter == '"');
    if (in_string || !json::detail::is_space(letter)) {
      *out++ = letter;
    }
  }
  return {begin, static_cast<std::size_t>(out - begin)};
}

/// The place of the first white space between tokens.
std::size_t find_space(std::string_view source) {
  bool in_string = false;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char letter = source[i];
    if (in_string) {
      i += letter == '\\' ? 1 : 0;
      in_string = letter != '"';
    } else if (letter == '"') {
      in_string = true;
    } else if (json::detail::is_space(letter)) {
      return i;
    }
  }
  return std::string_view::npos;
}

} // namespace

bool unescape(const char* begin, const char*& p, const char* end, TextArena& arena, RawValue& out) {
  // What is unescaped is never longer than its source; its end is not known yet, so a bound is: the next quote that a
  // backslash does not stand before.
  const char* close = p;
  while (close < end && *close != '"') {
    close += *close == '\\' ? 2 : 1;
  }
  if (close >= end) {
    return false;
  }
  char* const text = arena.allocate(static_cast<std::size_t>(close - begin) + limits::json_padding);
  std::memcpy(text, begin, static_cast<std::size_t>(p - begin));
  char* to = text + (p - begin);
  bool nul = false;
  while (p < close) {
    const char letter = *p++;
    if (letter != '\\') {
      if (static_cast<unsigned char>(letter) < 0x20) {
        return false;
      }
      *to++ = letter;
      continue;
    }
    const char kind = *p++;
    if (kind != 'u') {
      const char simple = simple_escape(kind);
      if (simple == 0) {
        return false;
      }
      *to++ = simple;
      continue;
    }
    std::uint32_t code_point = 0;
    if (!take_code_point(p, close, code_point)) {
      return false;
    }
    nul = nul || code_point == 0;
    to = json::detail::put_utf8(code_point, to);
  }
  p = close + 1;
  std::memset(to, 0, limits::json_padding - 1); // an embedded document is read with the same care as a page
  out = {nul ? Type::nul_text : Type::string, {text, static_cast<std::size_t>(to - text)}};
  return true;
}

const char* number_end(const char* p, const char* end) noexcept {
  const auto digits = [&p, end] {
    const char* const begin = p;
    while (p < end && json::detail::is_digit(*p)) {
      ++p;
    }
    return p != begin;
  };
  if (p < end && *p == '-') {
    ++p;
  }
  if (p < end && *p == '0') {
    ++p;
  } else if (!digits()) {
    return nullptr;
  }
  if (p < end && *p == '.') {
    ++p;
    if (!digits()) {
      return nullptr;
    }
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) {
      ++p;
    }
    if (!digits()) {
      return nullptr;
    }
  }
  return p;
}

RawValue checked_json(std::string_view source, std::size_t max_depth, TextArena& arena) {
  if (!json::check(source, max_depth).ok()) {
    return {};
  }
  const std::size_t space = find_space(source);
  const std::string_view compact = space == std::string_view::npos ? source : without_space(source, space, arena);
  return {has_nul_escape(compact) ? Type::nul_json : Type::json, compact};
}

bool is_utf8(const char* p, const char* end) noexcept {
  while (p < end) {
    const int length = json::detail::utf8_length(p, end);
    if (length == 0) {
      return false;
    }
    p += length;
  }
  return true;
}

} // namespace dovetail::mapping

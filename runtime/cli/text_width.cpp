// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/text_width.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace dovetail::cli {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The UTF-8 character at text[0] (RFC 3629: no overlong forms, no surrogates).
Character decode(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(0);
  if (lead < 0x80U) {
    return {lead, 1, true};
  }
  const std::size_t size = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < size) {
    return {};
  }
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U) {
      return {};
    }
    code = (code << 6U) | (byte(at) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = code >= least[size] && code <= 0x10FFFFU && (code < 0xD800U || code > 0xDFFFU);
  return valid ? Character{code, size, true} : Character{};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t size> bool in(const std::array<Range, size>& ranges, char32_t code) noexcept {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const Range& range) { return code >= range.first && code <= range.last; });
}

// Unicode 15: what a terminal acts on instead of showing it (C0, DEL, C1), and the marks that reorder text (UAX 9).
constexpr std::array<Range, 5> acting{
    {{0x00, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}}};
constexpr std::array<Range, 9> combining{{{0x0300, 0x036F},
                                          {0x0483, 0x0489},
                                          {0x0591, 0x05BD},
                                          {0x064B, 0x065F},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x200B, 0x200D},
                                          {0x20D0, 0x20FF},
                                          {0xFE00, 0xFE0F}}};
// UAX 11: Wide and Fullwidth, in coarse blocks.
constexpr std::array<Range, 11> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF}}};

std::size_t width_of(const Character& character) noexcept {
  if (in(combining, character.code)) {
    return 0;
  }
  return in(wide, character.code) || character.code >= 0x20000U ? 2 : 1;
}

// The bytes of `text` that take at most `width` columns.
std::size_t bytes_within(std::string_view text, std::size_t width) noexcept {
  std::size_t taken = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const Character character = decode(text.substr(at));
    taken += width_of(character);
    if (taken > width) {
      break;
    }
    at += character.bytes;
  }
  return at;
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = decode(text);
    if (character.valid && (character.code == '\n' || character.code == '\r' || character.code == '\t')) {
      out += ' ';
    } else if (!character.valid || in(acting, character.code)) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = decode(text);
    width += width_of(character);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string clipped(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) {
    return std::string(text);
  }
  if (width == 0) {
    return {};
  }
  return std::string(text.substr(0, bytes_within(text, width - 1))) + "\xE2\x80\xA6";
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t room = std::max<std::size_t>(width, 1);
  while (display_width(text) > room) {
    const std::size_t fits = std::max<std::size_t>(bytes_within(text, room), decode(text).bytes);
    // A space right behind what fits ends the line as well.
    const std::size_t space = text.substr(0, fits + 1).rfind(' ');
    const std::size_t cut = space == std::string_view::npos || space == 0 ? fits : space;
    out.append(text.substr(0, cut)).append("\n").append(indent, ' ');
    text.remove_prefix(cut);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    room = width > indent ? width - indent : 1;
  }
  return out.append(text);
}

} // namespace dovetail::cli

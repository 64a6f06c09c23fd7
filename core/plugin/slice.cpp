// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/slice.hpp"

#include <algorithm>

namespace dovetail::plugin {

namespace {

/// The length of the well-formed UTF-8 sequence (Unicode, table 3-7) that `text` begins with; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80U) {
    return 1;
  }
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0U && second < 0xA0U) || (lead == 0xF0U && second < 0x90U);
  const bool beyond = (lead == 0xEDU && second > 0x9FU) || (lead == 0xF4U && second > 0x8FU);
  return overlong || beyond ? 0 : length;
}

} // namespace

std::string clean_text(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    const std::string_view piece = length == 0                                ? replacement
                                   : length == 1 && (c < 0x20U || c == 0x7FU) ? " "
                                                                              : text.substr(0, length);
    if (out.size() + piece.size() > max_bytes) {
      break;
    }
    out += piece;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

} // namespace dovetail::plugin

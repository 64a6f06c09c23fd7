// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "core/json/bytes.hpp"
#include "core/json/scan.hpp"

namespace dovetail::json {

Result<std::string_view> unescape(std::string_view raw, std::string& scratch) {
  assert(raw.size() >= 2 && raw.front() == '"' && raw.back() == '"');
  const auto text = raw.substr(1, raw.size() - 2);
  const auto first = text.find('\\');
  if (first == std::string_view::npos) {
    return text;
  }
  scratch.resize(text.size()); // an escape is never shorter than the character that it names
  char* out = std::copy_n(text.data(), first, scratch.data());
  const char* p = text.data() + first;
  const char* const end = text.data() + text.size();
  while (p != end) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    constexpr std::string_view names = "\"\\/bfnrtu";
    constexpr std::string_view characters = "\"\\/\b\f\n\r\t";
    const auto which = end - p < 2 ? std::string_view::npos : names.find(p[1]);
    if (which < characters.size()) {
      *out++ = characters[which];
      p += 2;
      continue;
    }
    int unit = which == characters.size() ? detail::hex_four(p + 2, end) : -1;
    p += 6;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      const int low = unit >= 0 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? detail::hex_four(p + 2, end) : -1;
      unit = low >= 0xDC00 && low <= 0xDFFF ? 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00) : -1;
      p += 6;
    }
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) {
      return invalid_argument("a broken escape in a JSON string");
    }
    out = detail::put_utf8(static_cast<std::uint32_t>(unit), out);
  }
  scratch.resize(static_cast<std::size_t>(out - scratch.data()));
  return std::string_view(scratch);
}

} // namespace dovetail::json

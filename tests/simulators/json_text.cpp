// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/json_text.hpp"

#include <charconv>

namespace dovetail::simulators {

void JsonText::separate() {
  if (comma_) {
    text_.push_back(',');
  }
  comma_ = true;
}

JsonText& JsonText::open(char bracket) {
  separate();
  text_.push_back(bracket);
  comma_ = false;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  text_.push_back(bracket);
  comma_ = true;
  return *this;
}

JsonText& JsonText::name(std::string_view name) {
  separate();
  text_.push_back('"');
  text_.append(name);
  text_.append("\":");
  comma_ = false;
  return *this;
}

JsonText& JsonText::raw(std::string_view json) {
  separate();
  text_.append(json);
  return *this;
}

JsonText& JsonText::joined(std::initializer_list<std::string_view> parts) {
  separate();
  text_.push_back('"');
  for (const std::string_view part : parts) {
    text_.append(part);
  }
  text_.push_back('"');
  return *this;
}

JsonText& JsonText::integer(std::int64_t number) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  text_.append(digits, end.ptr);
  return *this;
}

void JsonText::escape(unsigned code) {
  static constexpr std::string_view alphabet = "0123456789abcdef";
  text_.append("\\u");
  for (unsigned shift = 16; shift > 0;) {
    shift -= 4;
    text_.push_back(alphabet[(code >> shift) & 15U]);
  }
}

JsonText& JsonText::value(std::string_view text) {
  separate();
  text_.push_back('"');
  for (const char c : text) {
    switch (c) {
    case '"':
    case '\\':
      text_.push_back('\\');
      text_.push_back(c);
      break;
    case '\n':
      text_.append("\\n");
      break;
    case '\r':
      text_.append("\\r");
      break;
    case '\t':
      text_.append("\\t");
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20U) {
        escape(static_cast<unsigned char>(c));
      } else {
        text_.push_back(c);
      }
    }
  }
  text_.push_back('"');
  return *this;
}

JsonText& JsonText::ascii(std::string_view text) {
  separate();
  text_.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80U ? 1 : lead < 0xe0U ? 2 : lead < 0xf0U ? 3 : 4;
    unsigned code = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      code = (code << 6U) | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    }
    i += length;
    if (code >= 0x10000U) {
      code -= 0x10000U;
      escape(0xd800U + (code >> 10U));
      escape(0xdc00U + (code & 0x3ffU));
    } else if (code < 0x20U || code >= 0x7fU || code == '"' || code == '\\' || code == '<' || code == '>' ||
               code == '&') {
      escape(code);
    } else {
      text_.push_back(static_cast<char>(code));
    }
  }
  text_.push_back('"');
  return *this;
}

} // namespace dovetail::simulators

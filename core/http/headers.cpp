// SPDX-License-Identifier: Apache-2.0
#include "core/http/headers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

char lower(char letter) noexcept { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; }

bool is_token_letter(char letter) noexcept {
  return (letter >= '0' && letter <= '9') || (lower(letter) >= 'a' && lower(letter) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(letter) != std::string_view::npos;
}

bool is_field_letter(char letter) noexcept {
  const auto byte = static_cast<unsigned char>(letter);
  return byte == '\t' || (byte >= 0x20U && byte != 0x7FU);
}

} // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_letter);
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Status Headers::add(std::string_view name, std::string_view value) {
  if (!is_token(name)) {
    return invalid_argument("A header name may hold only letters, digits and !#$%&'*+-.^_`|~.");
  }
  value = trim(value);
  if (!std::all_of(value.begin(), value.end(), is_field_letter)) {
    return invalid_argument(fmt::format("The value of header {} holds a control character.", name.substr(0, 64)));
  }
  const std::size_t bytes = bytes_ + name.size() + value.size();
  if (fields_.size() >= limits::max_headers || bytes > limits::max_header_bytes) {
    return out_of_range(fmt::format("Header {} is one too many: a message has at most {} headers of {} bytes together.",
                                    name.substr(0, 64), limits::max_headers, limits::max_header_bytes));
  }
  fields_.push_back(Header{.name = std::string(name), .value = std::string(value)});
  bytes_ = bytes;
  return {};
}

Status Headers::set(std::string_view name, std::string_view value) {
  const std::string kept_name(name); // both may be views into what is removed
  const std::string kept_value(value);
  remove(kept_name);
  return add(kept_name, kept_value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Header& field) {
    if (!equals_ignoring_case(field.name, name)) {
      return false;
    }
    bytes_ -= field.name.size() + field.value.size();
    return true;
  });
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [name](const Header& field) { return equals_ignoring_case(field.name, name); });
  if (found == fields_.end()) {
    return std::nullopt;
  }
  return found->value;
}

std::string Headers::join(std::string_view name) const {
  std::string out;
  for (const auto& field : fields_) {
    if (equals_ignoring_case(field.name, name)) {
      out += out.empty() ? "" : ", ";
      out += field.value;
    }
  }
  return out;
}

} // namespace dovetail::http

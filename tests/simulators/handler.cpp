// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/handler.hpp"

#include <algorithm>

namespace dovetail::simulators {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char folded = lower(c);
  return folded >= 'a' && folded <= 'f' ? folded - 'a' + 10 : -1;
}

template <typename Each> void split(std::string_view text, char separator, Each each) {
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find(separator, start);
    each(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) {
      return;
    }
    start = end + 1;
  }
}

} // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

std::string lower_case(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  return folded;
}

std::optional<std::string_view> find_header(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::string_view to_string(DeliveryKind kind) noexcept {
  switch (kind) {
  case DeliveryKind::whole:
    return "whole";
  case DeliveryKind::reset_before_headers:
    return "reset_before_headers";
  case DeliveryKind::reset_after_headers:
    return "reset_after_headers";
  case DeliveryKind::truncated:
    return "truncated";
  case DeliveryKind::oversized:
    return "oversized";
  case DeliveryKind::slow_drip:
    return "slow_drip";
  }
  return "unknown";
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

Target parse_target(std::string_view target) {
  if (const std::size_t scheme = target.find("://");
      scheme != std::string_view::npos && target.find('/') == scheme + 1) {
    const std::size_t path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  Target parsed;
  const std::size_t mark = target.find('?');
  parsed.path = target.substr(0, mark);
  std::string_view path = parsed.path;
  if (!path.empty() && path.front() == '/') {
    path.remove_prefix(1);
  }
  split(path, '/', [&](std::string_view segment) { parsed.segments.push_back(percent_decode(segment, false)); });
  if (mark == std::string_view::npos) {
    return parsed;
  }
  parsed.raw_query = target.substr(mark + 1);
  split(parsed.raw_query, '&', [&](std::string_view pair) {
    if (pair.empty()) {
      return;
    }
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    parsed.query.emplace_back(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
  });
  return parsed;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4U]);
      encoded.push_back(digits[byte & 15U]);
    }
  }
  return encoded;
}

} // namespace dovetail::simulators

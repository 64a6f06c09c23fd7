// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact_patterns.hpp"

#include <algorithm>
#include <cstring>

namespace dovetail::redaction {
namespace {

constexpr std::size_t first_filter_words = 1024;

std::uint64_t window_at(const char* bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, PatternSet::shortest);
  return value;
}

std::uint64_t mix(std::uint64_t value) noexcept {
  value *= 0x9E3779B97F4A7C15U;
  return value ^ (value >> 29U);
}

int hex_digit(char letter) noexcept {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Reads `count` hex digits at `at`; -1 when they are not there.
int hex_number(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (at + count > text.size()) {
    return -1;
  }
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(Decoded& out, int code_point, std::size_t origin) {
  const auto put = [&](int byte) {
    out.text += static_cast<char>(byte);
    out.origin.push_back(origin);
  };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

// Undoes the JSON escape at text[at] == '\\'; returns how many bytes it took.
std::size_t decode_json_escape(std::string_view text, std::size_t at, Decoded& out) {
  if (at + 1 >= text.size()) {
    append_utf8(out, '\\', at);
    return 1;
  }
  const char kind = text[at + 1];
  if (kind == 'u') {
    const int code_point = hex_number(text, at + 2, 4);
    if (code_point >= 0) {
      append_utf8(out, code_point, at);
      return 6;
    }
  }
  constexpr std::string_view letters = "nrtbf";
  constexpr std::string_view meanings = "\n\r\t\b\f";
  const auto found = letters.find(kind);
  out.text += found == std::string_view::npos ? kind : meanings[found];
  out.origin.push_back(at);
  return 2;
}

std::string base64_tail(std::string_view value, std::size_t alignment, std::string_view alphabet) {
  // Prefixing `alignment` unknown bytes shifts the bits; only characters made of the value's own bits are kept.
  const std::size_t first = (alignment * 8 + 5) / 6;
  const std::size_t last = (alignment + value.size()) * 8 / 6;
  std::string out;
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t bit = i * 6 - alignment * 8;
    const auto high = static_cast<unsigned char>(value[bit / 8]);
    const auto low = bit / 8 + 1 < value.size() ? static_cast<unsigned char>(value[bit / 8 + 1]) : 0U;
    const unsigned pair = (static_cast<unsigned>(high) << 8U) | static_cast<unsigned>(low);
    out += alphabet[(pair >> (10U - bit % 8)) & 0x3FU];
  }
  return out;
}

void add_pieces(std::string_view value, std::vector<std::string>& out) {
  if (value.size() < PatternSet::shortest) {
    return;
  }
  std::size_t at = 0;
  for (; at + PatternSet::piece_size <= value.size(); at += PatternSet::piece_size) {
    out.emplace_back(value.substr(at, PatternSet::piece_size));
  }
  if (at < value.size()) {
    // The rest, reaching back into the piece before where it would be too short to be told apart from ordinary text.
    const std::size_t size = std::min(value.size(), std::max(value.size() - at, PatternSet::piece_size / 2));
    out.emplace_back(value.substr(value.size() - size));
  }
}

} // namespace

PatternSet::PatternSet() : filter_(first_filter_words) {}

void PatternSet::mark(std::uint64_t window) {
  const std::uint64_t bit = mix(window) & (filter_.size() * 64 - 1);
  filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

bool PatternSet::maybe(std::uint64_t window) const noexcept {
  const std::uint64_t bit = mix(window) & (filter_.size() * 64 - 1);
  return ((filter_[bit / 64] >> (bit % 64)) & 1U) != 0;
}

bool PatternSet::contains(std::string_view pattern) const {
  for (std::size_t at = 0; at + shortest <= pattern.size(); ++at) {
    const auto found = buckets_.find(window_at(pattern.data() + at));
    if (found != buckets_.end() && std::any_of(found->second.begin(), found->second.end(),
                                               [&](const Pattern& entry) { return entry.bytes.reveal() == pattern; })) {
      return true;
    }
  }
  return false;
}

void PatternSet::add(std::string_view pattern) {
  if (contains(pattern)) {
    return;
  }
  // Tokens of a provider begin alike and end at random, so the last free window is taken.
  std::size_t best = pattern.size() - shortest;
  for (std::size_t at = best;; --at) {
    const auto found = buckets_.find(window_at(pattern.data() + at));
    if (found == buckets_.end() || found->second.empty()) {
      best = at;
      break;
    }
    if (at == 0) {
      break;
    }
  }
  const std::uint64_t window = window_at(pattern.data() + best);
  auto& bucket = buckets_[window];
  if (bucket.size() == bucket_limit) {
    bucket.erase(bucket.begin());
    --count_;
  }
  bucket.push_back(Pattern{.bytes = Secret(pattern), .window = best});
  ++count_;
  if (count_ * 16 > filter_.size() * 64) {
    filter_.assign(filter_.size() * 4, 0);
    for (const auto& entry : buckets_) {
      mark(entry.first);
    }
  } else {
    mark(window);
  }
}

void PatternSet::find(std::string_view text, std::vector<Span>& out) const {
  if (count_ == 0 || text.size() < shortest) {
    return;
  }
  for (std::size_t at = 0; at + shortest <= text.size(); ++at) {
    const std::uint64_t window = window_at(text.data() + at);
    if (!maybe(window)) {
      continue;
    }
    const auto found = buckets_.find(window);
    if (found == buckets_.end()) {
      continue;
    }
    for (const auto& entry : found->second) {
      const auto bytes = entry.bytes.reveal();
      if (at >= entry.window && text.substr(at - entry.window, bytes.size()) == bytes) {
        out.push_back(Span{.begin = at - entry.window, .end = at - entry.window + bytes.size(), .quote = false});
      }
    }
  }
}

Decoded decode_escapes(std::string_view text) {
  Decoded out;
  out.text.reserve(text.size());
  out.origin.reserve(text.size() + 1);
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '\\') {
      at += decode_json_escape(text, at, out);
      continue;
    }
    const int byte = text[at] == '%' ? hex_number(text, at + 1, 2) : -1;
    out.text += byte >= 0 ? static_cast<char>(byte) : text[at];
    out.origin.push_back(at);
    at += byte >= 0 ? 3 : 1;
  }
  out.origin.push_back(text.size());
  return out;
}

std::vector<std::string> disguises(std::string_view value) {
  constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::vector<std::string> out;
  add_pieces(value, out);
  if (value.find(' ') != std::string_view::npos) {
    std::string plus(value);
    std::replace(plus.begin(), plus.end(), ' ', '+');
    add_pieces(plus, out);
  }
  for (std::size_t alignment = 0; alignment < 3; ++alignment) {
    const auto plain = base64_tail(value, alignment, standard);
    add_pieces(plain, out);
    const auto other = base64_tail(value, alignment, url_safe);
    if (other != plain) {
      add_pieces(other, out);
    }
  }
  return out;
}

} // namespace dovetail::redaction

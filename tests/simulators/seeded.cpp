// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/seeded.hpp"

#include <cstring>

namespace dovetail::simulators {

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  // Four lanes, so that a page of megabytes costs less to tag than to send.
  constexpr std::uint64_t factor = 0x9fb21c651e98df25ULL;
  std::uint64_t lanes[4] = {mix(seed), mix(seed + 1), mix(seed + 2), mix(seed + 3)};
  std::size_t at = 0;
  for (; at + 32 <= text.size(); at += 32) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at + lane * 8, sizeof word);
      lanes[lane] = (lanes[lane] ^ word) * factor;
      lanes[lane] ^= lanes[lane] >> 29U;
    }
  }
  std::uint64_t hash = mix(text.size());
  for (; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, text.size() - at < 8 ? text.size() - at : 8);
    hash = mix(hash ^ word);
  }
  for (const std::uint64_t lane : lanes) {
    hash = mix(hash ^ lane);
  }
  return hash;
}

std::string hex_text(std::uint64_t key, std::size_t digits) {
  static constexpr std::string_view alphabet = "0123456789abcdef";
  std::string text;
  text.reserve(digits);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) {
      word = mix(key + i);
    }
    text.push_back(alphabet[(word >> ((i % 16) * 4)) & 15U]);
  }
  return text;
}

} // namespace dovetail::simulators

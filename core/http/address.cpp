// SPDX-License-Identifier: Apache-2.0
#include "core/http/address.hpp"

#include <algorithm>
#include <cstddef>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace dovetail::http {
namespace {

constexpr std::size_t v4_offset = 12;
constexpr std::array<std::uint8_t, v4_offset> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
// RFC 6052
constexpr std::array<std::uint8_t, v4_offset> nat64_prefix{0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0};

struct Block {
  std::array<std::uint8_t, 4> prefix;
  unsigned bits;
};

// IANA IPv4 special-purpose address registry, plus multicast.
constexpr std::array<Block, 15> not_public_v4{{
    {{0, 0, 0, 0}, 8},
    {{10, 0, 0, 0}, 8},
    {{100, 64, 0, 0}, 10},
    {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16},
    {{172, 16, 0, 0}, 12},
    {{192, 0, 0, 0}, 24},
    {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24},
    {{192, 168, 0, 0}, 16},
    {{198, 18, 0, 0}, 15},
    {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24},
    {{224, 0, 0, 0}, 4},
    {{240, 0, 0, 0}, 4},
}};

// Of the global unicast block 2000::/3: protocol assignments with Teredo (2001::/23), documentation, 6to4.
constexpr std::array<Block, 4> not_public_v6{{
    {{0x20, 0x01, 0x00, 0x00}, 23},
    {{0x20, 0x01, 0x0D, 0xB8}, 32},
    {{0x20, 0x02, 0x00, 0x00}, 16},
    {{0x3F, 0xFF, 0x00, 0x00}, 20},
}};

bool is_in(const std::uint8_t* bytes, const Block& block) noexcept {
  unsigned left = block.bits;
  for (std::size_t i = 0; i < block.prefix.size() && left > 0; ++i) {
    const unsigned taken = std::min(left, 8U);
    const auto mask = static_cast<std::uint8_t>(0xFFU << (8U - taken));
    if ((bytes[i] & mask) != (block.prefix[i] & mask)) {
      return false;
    }
    left -= taken;
  }
  return true;
}

bool is_public_v4(const std::uint8_t* bytes) noexcept {
  return std::none_of(not_public_v4.begin(), not_public_v4.end(),
                      [bytes](const Block& block) { return is_in(bytes, block); });
}

} // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) noexcept {
  IpAddress out;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), out.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), out.bytes_.begin() + v4_offset);
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text.substr(0, INET6_ADDRSTRLEN));
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, copy.c_str(), four.data()) == 1) {
    return v4(four);
  }
  IpAddress out;
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes_.data()) == 1) {
    return out;
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes_.begin());
}

bool IpAddress::is_public() const noexcept {
  if (is_v4() || std::equal(nat64_prefix.begin(), nat64_prefix.end(), bytes_.begin())) {
    return is_public_v4(bytes_.data() + v4_offset);
  }
  const bool global_unicast = (bytes_[0] & 0xE0U) == 0x20U;
  return global_unicast && std::none_of(not_public_v6.begin(), not_public_v6.end(),
                                        [this](const Block& block) { return is_in(bytes_.data(), block); });
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes_.data() + v4_offset, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

} // namespace dovetail::http

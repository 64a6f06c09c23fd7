// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dovetail::http {

/// An IPv4 or IPv6 address; IPv4 is kept in its mapped form (::ffff:a.b.c.d). A value type.
class IpAddress {
public:
  using Bytes = std::array<std::uint8_t, 16>;

  IpAddress() = default;
  explicit IpAddress(const Bytes& bytes) : bytes_(bytes) {}
  [[nodiscard]] static IpAddress v4(std::array<std::uint8_t, 4> bytes) noexcept;
  /// Dotted quad or RFC 4291 text, without brackets and zone; nothing else (no octal, hex or short forms).
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const noexcept;
  [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
  /// Whether the address is one of the public internet's: not loopback, private (RFC 1918), link-local (cloud metadata services), unique
  /// local, carrier-grade NAT, multicast, documentation, benchmark, reserved or unspecified (IANA special-purpose registries). Addresses that
  /// embed an IPv4 address (mapped, NAT64) are judged by it; other tunnels are not public.
  [[nodiscard]] bool is_public() const noexcept;
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

private:
  Bytes bytes_{};
};

} // namespace dovetail::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dovetail::simulators {

/// Spreads the bits of a number (the finaliser of splitmix64): a bijection, the same on every platform.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

/// One number out of several: the key of a generated thing. The order of the parts counts.
template <typename... Parts> [[nodiscard]] constexpr std::uint64_t key_of(std::uint64_t seed, Parts... parts) noexcept {
  std::uint64_t key = mix(seed);
  ((key = mix(key ^ static_cast<std::uint64_t>(parts))), ...);
  return key;
}

/// A hash of text for content tags and for keys; good distribution, no security.
[[nodiscard]] std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) noexcept;
/// `digits` lower-case hexadecimal digits that follow from `key` (at most 64).
[[nodiscard]] std::string hex_text(std::uint64_t key, std::size_t digits);

/// A stream of choices that follows from one key. A thing generated from its own key is the same whenever, and in whatever
/// order, it is asked for. A value; not thread-safe.
class Seeded {
public:
  explicit Seeded(std::uint64_t key) noexcept : state_(key) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix(state_);
  }
  /// In [0, bound); 0 when bound is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return bound == 0 ? 0 : next() % bound; }
  /// In [low, high].
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  /// In [0, 1).
  [[nodiscard]] double unit() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  [[nodiscard]] bool chance(double probability) noexcept { return unit() < probability; }
  template <typename T, std::size_t N> [[nodiscard]] const T& pick(const T (&choices)[N]) noexcept {
    return choices[below(N)];
  }

private:
  std::uint64_t state_;
};

} // namespace dovetail::simulators

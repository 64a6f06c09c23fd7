// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace dovetail::generators {

/// Random numbers and words that are the same on every machine (splitmix64, https://prng.di.unimi.it/splitmix64.c).
class SeededText {
public:
  explicit SeededText(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }
  /// 0 to bound - 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  std::string_view boolean() { return chance(50) ? "true" : "false"; }

  /// One word in a hundred is not ASCII.
  std::string_view word() {
    if (chance(1)) {
      return chance(50) ? "façade" : "Straße";
    }
    static constexpr std::array<std::string_view, 30> words{
        "harbour", "bridge",  "survey", "design", "review",  "tower",    "garden", "report", "library", "station",
        "phase",   "concept", "detail", "energy", "drawing", "contract", "permit", "soil",   "north",   "update",
        "module",  "parser",  "cache",  "index",  "release", "rollback", "mill",   "road",   "school",  "storage"};
    return words.at(below(words.size()));
  }
  std::string words(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += i == 0 ? "" : " ";
      text += word();
    }
    return text;
  }
  std::string hex(std::size_t digits) {
    std::string text;
    while (text.size() < digits) {
      text += fmt::format("{:016x}", next());
    }
    text.resize(digits);
    return text;
  }
  std::string guid() { return fmt::format("{}-{}-4{}-8{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12)); }
  /// "2026-03-01T12:34:56"
  std::string instant() {
    return fmt::format("20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}", 20 + below(7), 1 + below(12), 1 + below(28), below(24),
                       below(60), below(60));
  }
  std::string day() { return instant().substr(0, 10); }

private:
  std::uint64_t state_;
};

} // namespace dovetail::generators

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <random>

namespace dovetail {

/// Randomness for jitter, ids and simulations; never for keys or nonces (those come from the vault's generator).
/// Implementations are thread-safe.
class Random {
public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  Random(Random&&) = delete;
  Random& operator=(Random&&) = delete;
  virtual ~Random() = default;

  [[nodiscard]] virtual std::uint64_t next() = 0;
  /// A number in [0, bound); 0 when bound is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// A number in [0, 1).
  [[nodiscard]] double unit();
};

/// Seeded from the operating system.
class SystemRandom final : public Random {
public:
  SystemRandom();
  [[nodiscard]] std::uint64_t next() override;

private:
  std::mutex mutex_;
  // guarded by mutex_
  std::mt19937_64 engine_;
};

/// The same seed yields the same sequence on every platform.
class SeededRandom final : public Random {
public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] std::uint64_t next() override;

private:
  std::mutex mutex_;
  // guarded by mutex_
  std::mt19937_64 engine_;
};

} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "core/base/random.hpp"

namespace dovetail {
namespace {

__extension__ using Uint128 = unsigned __int128;

std::mt19937_64 seeded_engine() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

} // namespace

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) {
    return 0;
  }
  // Lemire's multiply-shift; the bias of at most bound/2^64 does not matter for jitter.
  return static_cast<std::uint64_t>((static_cast<Uint128>(next()) * bound) >> 64U);
}

double Random::unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

SystemRandom::SystemRandom() : engine_(seeded_engine()) {}

std::uint64_t SystemRandom::next() {
  const std::scoped_lock lock(mutex_);
  return engine_();
}

std::uint64_t SeededRandom::next() {
  const std::scoped_lock lock(mutex_);
  return engine_();
}

} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0

// What sealing and opening one secret costs. Aim: at most 1 us to seal 200 bytes, nonce from the kernel included.

#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "core/vault/vault.hpp"

namespace dovetail::vault {
namespace {

struct World {
  SystemSecureRandom random;
  std::unique_ptr<Vault> vault;
  const SecretAddress address{TenantId{4711}, ConnectionId{815}, "access_token"};

  World() {
    const SystemClock clock;
    const auto key = generate_key(clock, random);
    auto ring = KeyRing::parse(key->entry);
    vault = std::make_unique<Vault>(*ring, random);
  }
};

World& world() {
  static World world;
  return world;
}

Secret secret_of(const benchmark::State& state) {
  return Secret(std::string(static_cast<std::size_t>(state.range(0)), 's'));
}

void seal_secret(benchmark::State& state) {
  const Secret secret = secret_of(state);
  for ([[maybe_unused]] auto _ : state) {
    auto sealed = world().vault->seal(world().address, secret);
    if (!sealed.ok()) {
      state.SkipWithError("seal failed");
      break;
    }
    benchmark::DoNotOptimize(sealed);
  }
}

void open_secret(benchmark::State& state) {
  const auto sealed = world().vault->seal(world().address, secret_of(state));
  for ([[maybe_unused]] auto _ : state) {
    auto opened = world().vault->open(world().address, *sealed);
    if (!opened.ok()) {
      state.SkipWithError("open failed");
      break;
    }
    benchmark::DoNotOptimize(opened);
  }
}

BENCHMARK(seal_secret)->Name("vault/seal")->Arg(200)->Arg(4096)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(open_secret)->Name("vault/open")->Arg(200)->Arg(4096)->Threads(1)->Threads(2)->UseRealTime();

} // namespace
} // namespace dovetail::vault

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0

// What sealing and opening one secret costs. Floor: at most 1 us to seal 200 bytes, nonce included.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "benchmarks/floors.hpp"
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

/// Whether 200 bytes are sealed in time.
bool floor_holds() {
  constexpr double floor_ns = 1000;
  constexpr int rounds = 300;
  constexpr std::size_t calls = 1'000;
  const Secret secret(std::string(200, 's'));
  std::vector<double> costs;
  costs.reserve(rounds);
  for (int round = 0; round < rounds; ++round) {
    costs.push_back(benchmarks::seconds_of_one(calls, [&secret] {
      const auto sealed = world().vault->seal(world().address, secret);
      benchmark::DoNotOptimize(&sealed);
    }));
  }
  const double nanoseconds = benchmarks::median(costs) * 1e9;
  std::printf("vault: sealing 200 bytes takes %.0f ns (at most %.0f)\n", nanoseconds, floor_ns);
  return nanoseconds <= floor_ns;
}

} // namespace
} // namespace dovetail::vault

// With --check-floors the floor alone is measured, and the exit status tells whether it holds.
int main(int argc, char** argv) {
  if (dovetail::benchmarks::take_check_floors(argc, argv)) {
    return dovetail::vault::floor_holds() ? 0 : 1;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

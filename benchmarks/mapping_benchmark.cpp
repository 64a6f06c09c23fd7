// SPDX-License-Identifier: Apache-2.0
// The question: how fast does a compiled mapping run over pages, against RapidJSON and simdjson doing the same mapping? See README.md.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "benchmarks/generators/pages.hpp"
#include "benchmarks/simdjson_mapper.hpp"
#include "core/mapping/page_mapper.hpp"
#include "core/mapping/rapidjson_mapper.hpp"

namespace dovetail {
namespace {

using generators::Shape;

constexpr std::size_t bytes_per_shape = 200U << 20U;
constexpr int repetitions = 9;

enum class Engine : std::uint8_t { best, sse2, portable, rapidjson, simdjson };
constexpr std::array<std::string_view, 5> engine_names{"dovetail", "dovetail_sse2", "dovetail_portable", "rapidjson",
                                                       "simdjson"};

struct Goal {
  double floor;
  double aim;
};
Goal goal_of(Shape shape) {
  constexpr std::array<Goal, 5> goals{{{2.5, 5.0}, {1.6, 1.8}, {1.5, 1.7}, {1.6, 1.8}, {1.5, 1.7}}};
  return goals.at(static_cast<std::size_t>(shape));
}

/// The pages of one shape, and the buffer from which all engines read them one after the other, as a runner does.
struct World {
  Shape shape;
  mapping::CompiledMapping compiled;
  std::vector<std::string> pages;
  std::vector<char> buffer;

  mapping::PaddedBytes load(std::size_t page) {
    const std::string& text = pages[page];
    std::memcpy(buffer.data(), text.data(), text.size());
    std::memset(buffer.data() + text.size(), 0, limits::json_padding);
    return {buffer.data(), text.size()};
  }
};

mapping::CompiledMapping compile_for(Shape shape) {
  const auto document = json::Document::parse(generators::mapping_json(shape, DVT_MANIFESTS));
  const auto parsed = mapping::Mapping::parse(document.value().root());
  if (!parsed.ok()) {
    fmt::print(stderr, "mapping_benchmark: {}\n", parsed.error().message);
    std::exit(2);
  }
  auto compiled = mapping::compile(*parsed, generators::make_model(shape, DVT_MANIFESTS));
  if (!compiled.ok()) {
    fmt::print(stderr, "mapping_benchmark: {}\n", compiled.error().message);
    std::exit(2);
  }
  return std::move(compiled).value();
}

World make_world(Shape shape) {
  World world{shape, compile_for(shape), {}, {}};
  std::size_t total = 0;
  std::size_t largest = 0;
  for (std::uint64_t seed = 1; total < bytes_per_shape; ++seed) {
    world.pages.push_back(generators::make_page(shape, seed));
    total += world.pages.back().size();
    largest = std::max(largest, world.pages.back().size());
  }
  world.buffer.resize(largest + limits::json_padding);
  fmt::print("{}: {} pages of {} KB\n", generators::to_string(shape), world.pages.size(),
             world.pages.front().size() / 1000);
  return world;
}

/// The processor's time that this thread has had: mapping waits for nothing, and other work on the machine does not count.
std::chrono::nanoseconds thread_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// One engine; RapidJSON in situ is a case of its own because it destroys the page.
class Runner {
public:
  Runner(const World& world, Engine engine) : pointer_(generators::records_pointer(world.shape)) {
    switch (engine) {
    case Engine::best:
      mapper_ = mapping::make_page_mapper(world.compiled);
      break;
    case Engine::sse2:
      mapper_ = mapping::make_trie_mapper(world.compiled, mapping::Kernel::sse2);
      break;
    case Engine::portable:
      mapper_ = mapping::make_trie_mapper(world.compiled, mapping::Kernel::portable);
      break;
    case Engine::rapidjson:
      in_situ_ = mapping::make_in_situ_mapper(world.compiled.program(), nullptr);
      break;
    case Engine::simdjson:
      mapper_ = mapping::make_simdjson_mapper(world.compiled);
      break;
    }
  }

  [[nodiscard]] bool available() const noexcept { return mapper_ != nullptr || in_situ_ != nullptr; }

  Result<mapping::PageStats> map(World& world, std::size_t page, mapping::PageRows& rows,
                                 std::chrono::nanoseconds& spent) {
    const mapping::PaddedBytes bytes = world.load(page);
    const auto begin = thread_time();
    auto stats = in_situ_ != nullptr ? in_situ_->map_in_situ(world.buffer.data(),
                                                             {world.pages[page].data(), bytes.size}, pointer_, {}, rows)
                                     : mapper_->map(bytes, pointer_, {}, rows);
    spent = thread_time() - begin;
    return stats;
  }

private:
  std::string_view pointer_;
  std::unique_ptr<mapping::PageMapper> mapper_;
  std::unique_ptr<mapping::RapidJsonMapper> in_situ_;
};

/// All engines must give the same rows, or their times mean nothing.
bool engines_agree(World& world) {
  std::optional<std::vector<std::uint64_t>> expected;
  for (std::size_t i = 0; i < engine_names.size(); ++i) {
    Runner runner(world, static_cast<Engine>(i));
    if (!runner.available()) {
      continue;
    }
    mapping::PageRows rows;
    std::chrono::nanoseconds spent{};
    const auto stats = runner.map(world, 0, rows, spent);
    if (!stats.ok()) {
      fmt::print(stderr, "mapping_benchmark: {}: {}\n", engine_names.at(i), stats.error().message);
      return false;
    }
    std::vector<std::uint64_t> hashes;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      hashes.push_back(rows.header(row).content_hash);
      hashes.push_back(rows.header(row).external_id_hash);
    }
    if (!stats->errors.empty() || hashes.empty() || (expected && *expected != hashes)) {
      fmt::print(stderr, "mapping_benchmark: {} maps {} pages differently\n", engine_names.at(i),
                 generators::to_string(world.shape));
      return false;
    }
    expected = hashes;
  }
  return true;
}

void run_engine(benchmark::State& state, World& world, Engine engine) {
  Runner runner(world, engine);
  mapping::PageRows rows;
  std::size_t page = 0;
  std::int64_t bytes = 0;
  for (auto unused : state) {
    (void)unused;
    std::chrono::nanoseconds spent{};
    const auto stats = runner.map(world, page, rows, spent);
    if (!stats.ok()) {
      state.SkipWithError("a page was refused");
      break;
    }
    state.SetIterationTime(std::chrono::duration<double>(spent).count());
    bytes += static_cast<std::int64_t>(world.pages[page].size());
    page = (page + 1) % world.pages.size();
  }
  state.SetBytesProcessed(bytes);
}

/// Prints as usual and keeps every repetition's speed.
class Collector final : public benchmark::ConsoleReporter {
public:
  Collector() : ConsoleReporter(OO_None) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto speed = run.counters.find("bytes_per_second");
      if (run.run_type == Run::RT_Iteration && !run.error_occurred && speed != run.counters.end()) {
        speeds_[run.run_name.function_name].push_back(speed->second.value / 1e6);
      }
    }
  }
  bool ReportContext(const Context& /*context*/) override { return true; }

  /// MB/s; 0 when it was not run.
  [[nodiscard]] double median(const std::string& name) {
    auto& all = speeds_[name];
    if (all.empty()) {
      return 0;
    }
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
  }

private:
  std::map<std::string, std::vector<double>> speeds_;
};

std::string benchmark_name(Shape shape, Engine engine) {
  return fmt::format("{}_{}", generators::to_string(shape), engine_names.at(static_cast<std::size_t>(engine)));
}

} // namespace
} // namespace dovetail

int main(int argc, char** argv) {
  using namespace dovetail;
  bool check_floors = false;
  std::string_view only; // --shape=NAME
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    if (std::strcmp(argv[i], "--check-floors") == 0) {
      check_floors = true;
    } else if (std::strncmp(argv[i], "--shape=", 8) == 0) {
      only = argv[i] + 8;
    } else {
      arguments.push_back(argv[i]);
    }
  }
  // The machine's speed drifts: the engines take turns, and medians are compared.
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, interleave.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) {
    return 2;
  }
  Collector collector;
  std::string table;
  bool floors_hold = true;
  for (const Shape shape : generators::all_shapes) {
    if (!only.empty() && only != generators::to_string(shape)) {
      continue;
    }
    World world = make_world(shape);
    if (!engines_agree(world)) {
      return 1;
    }
    for (std::size_t i = 0; i < engine_names.size(); ++i) {
      const auto engine = static_cast<Engine>(i);
      if (Runner(world, engine).available()) {
        benchmark::RegisterBenchmark(benchmark_name(shape, engine).c_str(),
                                     [&world, engine](benchmark::State& state) { run_engine(state, world, engine); })
            ->Iterations(static_cast<benchmark::IterationCount>(world.pages.size()))
            ->Repetitions(repetitions)
            ->UseManualTime();
      }
    }
    benchmark::RunSpecifiedBenchmarks(&collector);
    benchmark::ClearRegisteredBenchmarks();
    std::array<double, engine_names.size()> speed{};
    for (std::size_t i = 0; i < engine_names.size(); ++i) {
      speed.at(i) = collector.median(benchmark_name(shape, static_cast<Engine>(i)));
    }
    const Goal goal = goal_of(shape);
    const double ratio = speed[0] / speed[3];
    const bool holds = ratio >= goal.floor;
    floors_hold = floors_hold && holds;
    table += fmt::format(
        "{:14} {:>9.0f} {:>9.0f} {:>9.0f} {:>10.0f} {:>9.0f} {:>9.2f}x {:>9.2f}x {:>6.1f}x {:>5.1f}x  {}\n",
        generators::to_string(shape), speed[0], speed[1], speed[2], speed[3], speed[4], ratio, speed[0] / speed[4],
        goal.floor, goal.aim, !holds ? "FLOOR MISSED" : (ratio >= goal.aim ? "aim reached" : "floor holds"));
  }
  fmt::print(
      "\nMapping, MB/s (median of {}), kernel {}\n{:14} {:>9} {:>9} {:>9} {:>10} {:>9} {:>10} {:>10} {:>7} {:>6}\n{}",
      repetitions, mapping::to_string(mapping::best_kernel()), "pages", "dovetail", "sse2", "portable", "rapidjson",
      "simdjson", "/rapidjson", "/simdjson", "floor", "aim", table);
  benchmark::Shutdown();
  return check_floors && !floors_hold ? 1 : 0;
}

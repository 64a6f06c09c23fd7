// SPDX-License-Identifier: Apache-2.0

// What a call into a plugin costs, in process: through the table of a loaded shared object, against the same function called directly.
// Floor: at most 2 ns more. Beside it, what the host puts around each read_page: the frame, its checks, the page sink.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "core/plugin/library.hpp"
#include "core/plugin/plugin_host.hpp"

namespace dovetail::plugin {
namespace {

/// Does what fixtures/quick_plugin.cpp does, in this program.
[[gnu::noinline]] dvt_code direct_read_page(dvt_instance* instance, const dvt_call*, const dvt_read_request* request,
                                            const dvt_page_sink*) noexcept {
  benchmark::DoNotOptimize(instance);
  return request->flags == 0 ? DVT_OK : DVT_INVALID_ARGUMENT;
}

void call_directly(benchmark::State& state) {
  dvt_read_request request{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(request);
    auto code = direct_read_page(nullptr, nullptr, &request, nullptr);
    benchmark::DoNotOptimize(code);
  }
}

std::filesystem::path quick_plugin() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / ".." / DVT_QUICK_PLUGIN;
}

void call_through_the_abi(benchmark::State& state) {
  const auto library = Library::open("quick", quick_plugin());
  const auto tables = library.ok() ? query_plugin("quick", library->query()) : Result<PluginTables>(library.error());
  if (!tables.ok()) {
    state.SkipWithError(tables.error().message.c_str());
    return;
  }
  const dvt_sync* const table = tables->sync;
  dvt_read_request request{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(request);
    auto code = table->read_page(nullptr, nullptr, &request, nullptr);
    benchmark::DoNotOptimize(code);
  }
}

class NoService final : public HttpService, public StateReader {
public:
  [[nodiscard]] Result<std::shared_ptr<const HttpResponse>> send(const HttpRequest&, const Cancellation&) override {
    return unavailable("no network");
  }
  [[nodiscard]] Result<std::string> get(std::string_view) override { return std::string(); }
};

class Swallow final : public PageSink {
public:
  [[nodiscard]] Status records(PageRecords records) override {
    benchmark::DoNotOptimize(records);
    return {};
  }
  [[nodiscard]] Result<bool> unchanged(std::string_view) override { return true; }
  [[nodiscard]] Status set_state(std::string_view, std::string_view) override { return {}; }
  [[nodiscard]] Status finish(const PageEnd& end) override {
    benchmark::DoNotOptimize(&end);
    return {};
  }
};

/// A whole page: the host's frame around it, one records() of bytes with a constant, finish().
void read_an_empty_page(benchmark::State& state) {
  const auto folder = std::filesystem::temp_directory_path() / "dovetail-call-benchmark";
  PluginHost host(
      {.folder = folder,
       .probe = {.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dovetail-plugin-host"}});
  const auto plugin = host.load({.key = "quick", .file = quick_plugin()});
  if (!plugin.ok()) {
    state.SkipWithError(plugin.error().message.c_str());
    return;
  }
  NoService nothing;
  SystemClock clock;
  const auto logger = make_null_logger();
  const Redactor redactor;
  auto instance = (*plugin)->create_instance({}, {nothing, nothing, clock, *logger, redactor, {}});
  Swallow sink;
  for (auto _ : state) {
    auto status = (*instance)->read_page({.object = "x", .full = true}, sink, {});
    if (!status.ok()) {
      state.SkipWithError(status.error().message.c_str());
      break;
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

BENCHMARK(call_directly);
BENCHMARK(call_through_the_abi);
BENCHMARK(read_an_empty_page);

} // namespace
} // namespace dovetail::plugin

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0

// What a call into a plugin costs, in process: through the table of a loaded shared object, against the same function called directly.
// Floor: at most 2 ns more. Beside it, what the host puts around each read_page (the frame, its checks, the page sink) and around a request that the
// plugin sends in it; floor: at most 2 us together, with a host that has the answer at hand.

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/limits.hpp"
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
  for ([[maybe_unused]] auto _ : state) {
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
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(request);
    auto code = table->read_page(nullptr, nullptr, &request, nullptr);
    benchmark::DoNotOptimize(code);
  }
}

class Answer final : public HttpResponse {
public:
  [[nodiscard]] int status() const noexcept override { return 200; }
  [[nodiscard]] std::optional<std::string_view> header(std::string_view) const noexcept override {
    return "<https://api.acme.example/things?page=3>; rel=\"next\"";
  }
  [[nodiscard]] std::string_view url() const noexcept override { return "https://api.acme.example/things?page=2"; }
  [[nodiscard]] std::string_view bytes() const noexcept override { return {padded.data(), 4}; }

private:
  static constexpr std::array<char, 4 + limits::json_padding> padded{'[', '{', '}', ']'};
};

/// Has the answer at hand, so that what is left is the way to it.
class ReadyService final : public HttpService, public StateReader {
public:
  [[nodiscard]] Result<std::shared_ptr<const HttpResponse>> send(const HttpRequest& request,
                                                                 const Cancellation&) override {
    benchmark::DoNotOptimize(&request);
    return answer_;
  }
  [[nodiscard]] Result<std::string> get(std::string_view) override { return std::string(); }

private:
  std::shared_ptr<const HttpResponse> answer_ = std::make_shared<Answer>();
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

/// A whole page: the host's frame around it, one records() with a constant, finish(). With the object "request" also a request by way of the host, and
/// what the plugin looks up in the answer.
void read_a_page(benchmark::State& state, std::string_view object) {
  const auto folder = std::filesystem::temp_directory_path() / "dovetail-call-benchmark";
  PluginHost host(
      {.folder = folder,
       .probe = {.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dovetail-plugin-host"}});
  const auto plugin = host.load({.key = "quick", .file = quick_plugin()});
  if (!plugin.ok()) {
    state.SkipWithError(plugin.error().message.c_str());
    return;
  }
  ReadyService ready;
  SystemClock clock;
  const auto logger = make_null_logger();
  const Redactor redactor;
  auto instance = (*plugin)->create_instance({}, {ready, ready, clock, *logger, redactor, {}});
  Swallow sink;
  for ([[maybe_unused]] auto _ : state) {
    auto status = (*instance)->read_page({.object = object, .full = true}, sink, {});
    if (!status.ok()) {
      state.SkipWithError(status.error().message.c_str());
      break;
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

// The fastest of several repetitions is what the code costs; the others are what else the machine did.
constexpr int repetitions = 7;
BENCHMARK(call_directly)->Name("plugin/call_directly")->Repetitions(repetitions);
BENCHMARK(call_through_the_abi)->Name("plugin/call_through_the_abi")->Repetitions(repetitions);
BENCHMARK_CAPTURE(read_a_page, empty, "empty")->Name("plugin/read_a_page")->Repetitions(repetitions);
BENCHMARK_CAPTURE(read_a_page, request, "request")->Name("plugin/read_a_page_with_a_request")->Repetitions(repetitions);

/// Prints as usual and keeps the fastest time of each benchmark.
class FastestReporter final : public benchmark::ConsoleReporter {
public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
        auto& best = fastest_.try_emplace(run.run_name.function_name, std::numeric_limits<double>::max()).first->second;
        best = std::min(best, run.GetAdjustedCPUTime());
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }
  /// In ns; infinite when it did not run.
  [[nodiscard]] double fastest(const std::string& name) const {
    const auto found = fastest_.find(name);
    return found == fastest_.end() ? std::numeric_limits<double>::infinity() : found->second;
  }

private:
  std::map<std::string, double> fastest_;
};

int run(int count, char** arguments) {
  constexpr double most_ns = 2.0;
  constexpr double most_request_ns = 2000.0;
  bool check_floors = false;
  std::vector<char*> rest;
  for (int i = 0; i < count; ++i) {
    if (std::string_view(arguments[i]) == "--check-floors") {
      check_floors = true;
    } else {
      rest.push_back(arguments[i]);
    }
  }
  int rest_count = static_cast<int>(rest.size());
  rest.push_back(nullptr);
  benchmark::Initialize(&rest_count, rest.data());
  if (benchmark::ReportUnrecognizedArguments(rest_count, rest.data())) {
    return 2;
  }
  FastestReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  const double direct = reporter.fastest("plugin/call_directly");
  const double through = reporter.fastest("plugin/call_through_the_abi");
  const bool holds = through - direct <= most_ns;
  std::printf("\na call through the ABI takes %.2f ns, a direct one %.2f ns: %.2f ns more (floor: at most %.1f): %s\n",
              through, direct, through - direct, most_ns, holds ? "holds" : "MISSED");
  const double page = reporter.fastest("plugin/read_a_page");
  const double with_request = reporter.fastest("plugin/read_a_page_with_a_request");
  const bool request_holds = with_request <= most_request_ns;
  std::printf("a page takes %.0f ns beside what it does, with a request %.0f ns (floor: at most %.0f): %s\n", page,
              with_request, most_request_ns, request_holds ? "holds" : "MISSED");
  return check_floors && !(holds && request_holds) ? 1 : 0;
}

} // namespace
} // namespace dovetail::plugin

int main(int count, char** arguments) { return dovetail::plugin::run(count, arguments); }

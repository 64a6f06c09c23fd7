// SPDX-License-Identifier: Apache-2.0

// What fetching a gzip page costs, against libcurl doing the same. CPU time of the fetching thread per decoded megabyte, from one
// server in the process; the server's own threads do not count. Floor: libcurl takes 1.5 times as much; aim: 2 times.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <libdeflate.h>

#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/http/client.hpp"
#include "core/http/resolver.hpp"
#include "core/http/socket_transport.hpp"
#include "tests/support/scripted_server.hpp"

namespace dovetail::http {
namespace {

constexpr double floor_ratio = 1.5;
constexpr double aimed_ratio = 2.0;
constexpr double megabyte = 1e6;

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::string hex(Random& random, int letters) {
  std::string out;
  for (int i = 0; i < letters; ++i) {
    out += "0123456789abcdef"[random.below(16)];
  }
  return out;
}

// A page of list items with the many URLs, hashes, times and few words that real APIs send.
std::string make_page(std::size_t size) {
  SeededRandom random(2026);
  constexpr std::array<std::string_view, 12> words{"retry", "uploads", "on",   "the",  "parser", "fix",
                                                   "a",     "crash",   "when", "list", "empty",  "cache"};
  const auto text = [&](std::uint64_t count) {
    std::string joined;
    for (std::uint64_t i = 0; i < count; ++i) {
      joined += words[random.below(words.size())];
      joined += ' ';
    }
    return joined;
  };
  std::string out = "[";
  while (out.size() < size) {
    const auto url = fmt::format("https://api.example.com/repos/acme/widgets/pulls/{}", random.below(9'000));
    out +=
        fmt::format(R"({}{{"id":{},"url":"{}","comments_url":"{}/comments","statuses_url":"{}/statuses/{}",)",
                    out.size() > 1 ? "," : "", 900'000'000 + random.below(90'000'000), url, url, url, hex(random, 40));
    out += fmt::format(R"("node_id":"PR_{}","title":"{}",)", hex(random, 16), text(4 + random.below(6)));
    out += fmt::format(R"("user":{{"login":"user{}","id":{},"type":"User","site_admin":false}},"body":"{}",)",
                       random.below(300), random.below(1'000'000), text(random.below(120)));
    out += fmt::format(
        R"("created_at":"2026-0{}-1{}T0{}:30:00Z","merged_at":null,"head":{{"sha":"{}"}},"base":{{"sha":"{}"}}}})",
        1 + random.below(9), random.below(10), random.below(10), hex(random, 40), hex(random, 40));
  }
  return out + "]";
}

std::string gzip(const std::string& text) {
  constexpr int level = 6;
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(level), libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size()));
  return out;
}

// The server, and the page that it serves to everyone.
struct Source {
  explicit Source(std::size_t size)
      : page(make_page(size)), packed(gzip(page)),
        server([this](test::ScriptedServer::Session& session, const test::ReceivedRequest&) {
          session.respond(200, packed, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
        }) {}
  std::string page;
  std::string packed;
  test::ScriptedServer server;
};

class OurFetch {
public:
  explicit OurFetch(const Source& source) : url_(source.server.url("/pulls?page=1")) {
    transport_ = std::move(make_socket_transport({.extra_ca_file = {}, .proxy = {}}, *resolver_, clock_)).value();
    client_ = std::make_unique<Client>(Client::Parts{.transport = *transport_,
                                                     .limiter = limiter_,
                                                     .redactor = redactor_,
                                                     .logger = *logger_,
                                                     .clock = clock_,
                                                     .random = random_});
    egress_.allowed.push_back(Url::parse(url_)->origin());
    egress_.allow_plain_http = true;
    egress_.allow_private_addresses = true;
  }

  // The size of the page; 0 when it did not come.
  std::size_t run(std::string_view expected = {}) {
    const auto response =
        client_->send({.url = url_, .headers = {}, .secret_headers = {}, .body = {}, .safe_to_repeat = {}},
                      {.egress = egress_,
                       .limiter_key = {.provider = "acme", .tenant = {1}, .connection = {1}},
                       .cancellation = {},
                       .rate_limit_rules = nullptr,
                       .identity = {},
                       .timeouts = {},
                       .bounds = {},
                       .request_id = {}});
    if (!response.ok() || (!expected.empty() && response->body.view() != expected)) {
      return 0;
    }
    return response->body.size();
  }

private:
  SystemClock clock_;
  SystemRandom random_;
  Redactor redactor_;
  std::unique_ptr<Logger> logger_ = make_null_logger();
  limits::RateLimiter limiter_{clock_};
  std::unique_ptr<Resolver> resolver_ = make_system_resolver(clock_);
  std::unique_ptr<HttpTransport> transport_;
  std::unique_ptr<Client> client_;
  EgressPolicy egress_;
  std::string url_;
};

class CurlFetch {
public:
  explicit CurlFetch(const Source& source) : handle_(curl_easy_init()) {
    body_.reserve(source.page.size() + 1);
    curl_easy_setopt(handle_, CURLOPT_URL, source.server.url("/pulls?page=1").c_str());
    curl_easy_setopt(handle_, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(handle_, CURLOPT_PROXY, "");
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &CurlFetch::append);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &body_);
    // As large as libcurl lets its receive buffer be.
    curl_easy_setopt(handle_, CURLOPT_BUFFERSIZE, 512L * 1024L);
  }
  CurlFetch(const CurlFetch&) = delete;
  CurlFetch& operator=(const CurlFetch&) = delete;
  CurlFetch(CurlFetch&&) = delete;
  CurlFetch& operator=(CurlFetch&&) = delete;
  ~CurlFetch() { curl_easy_cleanup(handle_); }

  std::size_t run(std::string_view expected = {}) {
    body_.clear();
    if (curl_easy_perform(handle_) != CURLE_OK || (!expected.empty() && body_ != expected)) {
      return 0;
    }
    return body_.size();
  }

private:
  static std::size_t append(const char* data, std::size_t size, std::size_t count, void* body) {
    static_cast<std::string*>(body)->append(data, size * count);
    return size * count;
  }
  CURL* handle_;
  std::string body_;
};

template <typename Fetch> void fetch_page(benchmark::State& state) {
  const Source source(static_cast<std::size_t>(state.range(0)));
  Fetch fetch(source);
  if (fetch.run(source.page) != source.page.size()) {
    state.SkipWithError("the page did not come as it is");
    return;
  }
  for ([[maybe_unused]] auto _ : state) {
    const double begin = thread_cpu_seconds();
    benchmark::DoNotOptimize(fetch.run());
    state.SetIterationTime(thread_cpu_seconds() - begin);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

BENCHMARK(fetch_page<OurFetch>)->Name("fetch/dovetail")->Arg(100'000)->Arg(1'000'000)->UseManualTime();
BENCHMARK(fetch_page<CurlFetch>)->Name("fetch/libcurl")->Arg(100'000)->Arg(1'000'000)->UseManualTime();

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Turns about, so that whatever else the machine does hits both alike.
double compare(std::size_t size) {
  constexpr int rounds = 41;
  constexpr int pages_a_round = 10;
  const Source source(size);
  OurFetch ours(source);
  CurlFetch curl(source);
  if (ours.run(source.page) == 0 || curl.run(source.page) == 0) {
    std::fprintf(stderr, "fetch: a page did not come as it is\n");
    return 0;
  }
  const double megabytes = pages_a_round * static_cast<double>(source.page.size()) / megabyte;
  const auto cost = [megabytes](auto& fetch) {
    const double begin = thread_cpu_seconds();
    for (int page = 0; page < pages_a_round; ++page) {
      benchmark::DoNotOptimize(fetch.run());
    }
    return (thread_cpu_seconds() - begin) / megabytes;
  };
  std::vector<double> our_costs;
  std::vector<double> curl_costs;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    our_costs.push_back(cost(ours));
    curl_costs.push_back(cost(curl));
    ratios.push_back(curl_costs.back() / our_costs.back());
  }
  const double ratio = median(ratios);
  std::printf(
      "fetch with gzip, %.1f MB pages (%.1fx packed): dovetail %.0f us/MB, libcurl %.0f us/MB of CPU: ratio %.2f "
      "(floor %.1f, aim %.1f)\n",
      static_cast<double>(source.page.size()) / megabyte,
      static_cast<double>(source.page.size()) / static_cast<double>(source.packed.size()), median(our_costs) * 1e6,
      median(curl_costs) * 1e6, ratio, floor_ratio, aimed_ratio);
  return ratio;
}

} // namespace
} // namespace dovetail::http

// Without --check-floors: Google Benchmark's own run besides.
int main(int argc, char** argv) {
  const auto* const flag = std::find_if(
      argv + 1, argv + argc, [](const char* argument) { return std::strcmp(argument, "--check-floors") == 0; });
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (flag == argv + argc) {
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
  }
  const double small = dovetail::http::compare(100'000);
  const double large = dovetail::http::compare(1'000'000);
  curl_global_cleanup();
  return std::min(small, large) >= dovetail::http::floor_ratio ? 0 : 1;
}

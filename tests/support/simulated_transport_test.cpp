// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simulated_transport.hpp"

#include <gtest/gtest.h>

#include "tests/simulators/github/simulator.hpp"
#include "tests/support/http_world.hpp"

namespace dovetail::test {
namespace {

using simulators::github::FaultKind;
using simulators::github::GithubSimulator;
using simulators::github::SimulatorOptions;

constexpr const char* base = "https://api.example.test";
constexpr const char* list =
    "https://api.example.test/repositories/7000000000/pulls?state=all&sort=updated&direction=desc&per_page=10";

SimulatorOptions options() {
  SimulatorOptions options;
  options.world.organisations = {{.login = "acme", .repositories = 2, .pull_requests = 60}};
  options.tokens = {{.token = "secret-token"}};
  options.api_base = base;
  return options;
}

/// A client over a simulator, in virtual time.
class Simulation {
public:
  explicit Simulation(const SimulatorOptions& wish) : github(wish, clock) {
    transport.connect(base, github);
    world.allow(base);
  }

  Result<http::Response> get(const std::string& url) {
    http::Request request;
    request.url = url;
    request.secret_headers.push_back({"Authorization", Secret("Bearer secret-token")});
    return world.send(request);
  }

  /// The bodies of all pages; gives a failed request up after 20 tries.
  std::vector<std::string> walk() {
    std::vector<std::string> pages;
    std::string url = list;
    for (int failures = 0; !url.empty() && failures < 20;) {
      const Result<http::Response> response = get(url);
      if (!response.ok() || response->status != 200) {
        ++failures;
        clock.advance(std::chrono::seconds{5});
        continue;
      }
      failures = 0;
      pages.emplace_back(response->body.view());
      const std::string_view link = response->headers.find("Link").value_or("");
      const std::size_t next = link.find(">; rel=\"next\"");
      url = next == std::string_view::npos
                ? ""
                : std::string(link.substr(link.rfind('<', next) + 1, next - link.rfind('<', next) - 1));
    }
    EXPECT_TRUE(url.empty()) << "gave up at " << url;
    return pages;
  }

  VirtualClock clock{Timestamp{std::chrono::seconds{1'800'000'000}}};
  GithubSimulator github;
  SimulatedTransport transport{clock};
  HttpWorld world{
      HttpWorld::Options{.sockets = {}, .client = {}, .limiter = {}, .transport = &transport, .clock = &clock}};
};

TEST(SimulatedTransport, CarriesRequestsAndAnswersWithoutASocket) {
  Simulation simulation(options());
  const Result<http::Response> response = simulation.get("https://api.example.test/user");
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(response->headers.contains("ETag"));
  EXPECT_LT(response->wire_bytes, response->body.size()) << "compressed on the way";
  EXPECT_EQ(simulation.transport.requests(), 1U);
  EXPECT_TRUE(simulation.transport.foreign_origins().empty());
}

TEST(SimulatedTransport, RefusesOriginsThatNobodyStandsFor) {
  Simulation simulation(options());
  simulation.world.allow("https://elsewhere.example.net");
  EXPECT_EQ(simulation.get("https://elsewhere.example.net/x").error().code, ErrorCode::unavailable);
  EXPECT_FALSE(simulation.transport.foreign_origins().empty());
}

TEST(SimulatedTransport, EveryDeliveryBecomesTheErrorOfTheWire) {
  for (const auto& [kind, code] : {std::pair{FaultKind::reset_before_headers, ErrorCode::unavailable},
                                   {FaultKind::reset_after_headers, ErrorCode::unavailable},
                                   {FaultKind::truncated_body, ErrorCode::unavailable},
                                   {FaultKind::oversized_body, ErrorCode::out_of_range},
                                   {FaultKind::corrupt_gzip, ErrorCode::data_loss}}) {
    SCOPED_TRACE(simulators::to_string(kind));
    SimulatorOptions wish = options();
    wish.faults.script = {{.kind = kind, .target = "/pulls", .times = 100}};
    Simulation simulation(wish);
    const Result<http::Response> response = simulation.get(list);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, code) << response.error().message;
  }
}

TEST(SimulatedTransport, AStormOfFaultsInVirtualTimeEndsInTheSamePages) {
  const std::vector<std::string> calm = Simulation(options()).walk();
  EXPECT_GT(calm.size(), 4U);
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    SimulatorOptions wish = options();
    wish.faults.seed = seed;
    wish.faults.probabilities = {
        {FaultKind::bad_gateway, 0.1},    {FaultKind::unavailable, 0.1},         {FaultKind::reset_before_headers, 0.1},
        {FaultKind::truncated_body, 0.1}, {FaultKind::rate_limit_seconds, 0.05}, {FaultKind::rate_limit_date, 0.05},
        {FaultKind::slow_drip, 0.1}};
    Simulation simulation(wish);
    EXPECT_EQ(simulation.walk(), calm);
    EXPECT_TRUE(simulation.transport.foreign_origins().empty());
  }
}

} // namespace
} // namespace dovetail::test

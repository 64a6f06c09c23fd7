// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "tests/simulators/arrival.hpp"
#include "tests/simulators/github/configuration.hpp"
#include "tests/simulators/github/test_client.hpp"
#include "tests/simulators/gzip.hpp"

// Faults happen when and how the plan says, and the same plan fails the same way.
namespace dovetail::simulators::github {
namespace {

const Timestamp noon{std::chrono::seconds{1'800'000'000}};
constexpr std::string_view list = "/repositories/7000000000/pulls?state=all&sort=updated&direction=desc&per_page=10";

class FaultyService : public testing::Test {
protected:
  Answer with_fault(FaultKind kind, std::vector<Header> headers = {}) {
    SimulatorOptions options = small_world();
    options.faults.script = {{.kind = kind, .target = "/pulls"}};
    simulator_ = std::make_unique<GithubSimulator>(options, clock_);
    Answer answer = TestClient(*simulator_).get(std::string(list), std::move(headers));
    EXPECT_EQ(simulator_->statistics().faults[static_cast<std::size_t>(kind)], 1U);
    return answer;
  }
  Answer again() { return TestClient(*simulator_).get(std::string(list)); }

  VirtualClock clock_{noon};
  std::unique_ptr<GithubSimulator> simulator_;
};

TEST_F(FaultyService, RefusalsSayHowLongToWaitInBothForms) {
  Answer answer = with_fault(FaultKind::rate_limit_seconds);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.header("Retry-After"), "2");
  EXPECT_EQ(again().status, 200) << "scripted once";
  clock_.advance(std::chrono::milliseconds{400});
  answer = with_fault(FaultKind::rate_limit_date);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(parse_http_date(answer.header("Retry-After").value()), noon + std::chrono::seconds{3})
      << "rounded up to whole seconds";
  answer = with_fault(FaultKind::secondary_limit);
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(answer.header("Retry-After"));
  answer = with_fault(FaultKind::secondary_limit_bare);
  EXPECT_EQ(answer.status, 403);
  EXPECT_FALSE(answer.header("Retry-After"));
  EXPECT_NE(answer.content().find("secondary rate limit"), std::string_view::npos);
  answer = with_fault(FaultKind::primary_limit);
  EXPECT_EQ(answer.header("X-RateLimit-Remaining"), "0");
  EXPECT_EQ(answer.header("X-RateLimit-Reset"), "1800000003");
  answer = with_fault(FaultKind::forbidden);
  EXPECT_EQ(answer.status, 403);
  EXPECT_FALSE(answer.header("Retry-After"));
  EXPECT_EQ(answer.content().find("rate limit"), std::string_view::npos);
}

TEST_F(FaultyService, ServerErrorsComeAsJsonAndAsHtml) {
  for (const auto& [kind, status, html] : {std::tuple{FaultKind::server_error, 500, false},
                                           {FaultKind::bad_gateway, 502, false},
                                           {FaultKind::unavailable, 503, true},
                                           {FaultKind::gateway_timeout, 504, true}}) {
    const Answer answer = with_fault(kind);
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.header("Content-Type").value().starts_with("text/html"), html);
  }
}

TEST_F(FaultyService, BadAnswersAreBadInTheirOwnWay) {
  Answer answer = with_fault(FaultKind::wrong_content_type);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/html; charset=utf-8");
  answer = with_fault(FaultKind::invalid_json, {{"Accept-Encoding", "gzip"}});
  rapidjson::Document document;
  EXPECT_TRUE(document.Parse(answer.content().data(), answer.content().size()).HasParseError());
  EXPECT_FALSE(answer.header("Content-Encoding"));
  answer = with_fault(FaultKind::corrupt_gzip, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(answer.header("Content-Encoding"), "gzip");
  EXPECT_TRUE(gunzip(answer.content(), 64U << 20U).empty());
  answer = with_fault(FaultKind::foreign_redirect);
  EXPECT_EQ(answer.status, 302);
  EXPECT_TRUE(answer.header("Location").value().starts_with("https://elsewhere.example.net/"));
  answer = with_fault(FaultKind::oversized_body);
  EXPECT_EQ(answer.delivery.kind, DeliveryKind::oversized);
  EXPECT_EQ(arrive(answer, 32U << 20U).outcome, Arrival::Outcome::too_large);
  answer = with_fault(FaultKind::truncated_body);
  EXPECT_EQ(arrive(answer, 32U << 20U).outcome, Arrival::Outcome::cut_short);
  answer = with_fault(FaultKind::reset_before_headers);
  EXPECT_EQ(arrive(answer, 32U << 20U).status, 0);
  EXPECT_EQ(simulator_->statistics().with_status(0), 1U);
  answer = with_fault(FaultKind::reset_after_headers);
  EXPECT_EQ(arrive(answer, 32U << 20U).status, 200);
  EXPECT_EQ(arrive(answer, 32U << 20U).outcome, Arrival::Outcome::connection_reset);
  answer = with_fault(FaultKind::slow_drip);
  EXPECT_EQ(arrive(answer, 32U << 20U).body, again().content());
  EXPECT_GT(arrive(answer, 32U << 20U).took.count(), 0);
}

TEST_F(FaultyService, ScriptHitsExactlyTheNamedRequests) {
  SimulatorOptions options = small_world();
  options.faults.script = {{.kind = FaultKind::bad_gateway, .target = "/members", .nth = 2, .times = 2},
                           {.kind = FaultKind::server_error, .target = "/user", .nth = 1}};
  GithubSimulator simulator(options, clock_);
  TestClient client(simulator);
  std::vector<int> statuses(5);
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    statuses[i] = client.get("/orgs/acme/members?page=" + std::to_string(i + 1)).status;
  }
  EXPECT_EQ(statuses, (std::vector<int>{200, 502, 502, 200, 200}));
  EXPECT_EQ(client.get("/user").status, 500);
  EXPECT_EQ(client.get("/user").status, 200);
}

TEST_F(FaultyService, DataThatMovesWhilePagingGivesARowTwice) {
  SimulatorOptions options = small_world();
  options.faults.script = {{.kind = FaultKind::data_moves, .target = "page=2"}};
  GithubSimulator simulator(options, clock_);
  TestClient client(simulator);
  const std::vector<rapidjson::Document> rows = client.walk(std::string(list));
  std::map<int, int> seen;
  for (const rapidjson::Document& row : rows) {
    ++seen[row["number"].GetInt()];
  }
  EXPECT_GT(rows.size(), seen.size()) << "a row was pushed from page 1 to page 2";
  const std::vector<rapidjson::Document> next_pass = client.walk(std::string(list));
  EXPECT_EQ(static_cast<int>(next_pass.size()), simulator.with_world([](const World& world) {
    return world.pull_count({0, 0});
  })) << "the next pass finds all";
}

std::vector<int> statuses_of(std::uint64_t seed, bool reversed) {
  SimulatorOptions options = small_world();
  options.faults.seed = seed;
  options.faults.probabilities = {
      {FaultKind::bad_gateway, 0.2}, {FaultKind::rate_limit_seconds, 0.1}, {FaultKind::truncated_body, 0.1}};
  VirtualClock clock(noon);
  GithubSimulator simulator(options, clock);
  TestClient client(simulator);
  std::vector<int> statuses(200);
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const std::size_t which = reversed ? statuses.size() - 1 - i : i;
    const Answer answer = client.get("/orgs/acme/members?per_page=1&page=" + std::to_string(which));
    statuses[which] = answer.status + (answer.delivery.kind == DeliveryKind::truncated ? 1000 : 0);
  }
  return statuses;
}

TEST(Faults, SameSeedFailsTheSameRequestsInAnyOrder) {
  EXPECT_EQ(statuses_of(1, false), statuses_of(1, false));
  EXPECT_EQ(statuses_of(1, false), statuses_of(1, true)) << "what runs beside a request does not decide about it";
  EXPECT_NE(statuses_of(1, false), statuses_of(2, false));
  const std::vector<int> statuses = statuses_of(1, false);
  const auto count = [&](int status) { return std::count(statuses.begin(), statuses.end(), status); };
  EXPECT_NEAR(static_cast<double>(count(502)), 40, 20);
  EXPECT_NEAR(static_cast<double>(count(429)), 20, 14);
  EXPECT_NEAR(static_cast<double>(count(1200)), 20, 14);
}

TEST(Faults, ChanceLetsARetryingClientThrough) {
  Faults faults({.probabilities = {{FaultKind::bad_gateway, 1.0}}, .most_in_a_row = 3});
  for (int round = 0; round < 4; ++round) {
    EXPECT_TRUE(faults.next("/x"));
    EXPECT_TRUE(faults.next("/x"));
    EXPECT_TRUE(faults.next("/x"));
    EXPECT_FALSE(faults.next("/x"));
  }
}

TEST(Configuration, ReadsWhatItDocumentsAndRefusesTheRest) {
  const Result<SimulatorOptions> options = options_from_json(R"({"seed": 7, "epoch": "2026-01-05T00:00:00Z",
      "organisations": [{"login": "acme", "members": 5, "pull_requests": 90, "reviews_per_pull": 0.5}],
      "tokens": [{"token": "t1", "organisations": ["acme"]}], "limits": {"primary": 100, "window": 60},
      "faults": {"seed": 3, "probabilities": {"bad_gateway": 0.01},
                 "script": [{"kind": "slow_drip", "target": "/pulls", "nth": 2, "retry_after": 9}]}})");
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->world.seed, 7U);
  EXPECT_EQ(options->world.organisations.at(0).pull_requests, 90);
  EXPECT_EQ(options->world.organisations.at(0).repositories, 4) << "the default";
  EXPECT_EQ(options->tokens.at(0).organisations.at(0), "acme");
  EXPECT_EQ(options->limits.window.count(), 60);
  EXPECT_EQ(options->faults.probabilities.at(FaultKind::bad_gateway), 0.01);
  EXPECT_EQ(options->faults.script.at(0).kind, FaultKind::slow_drip);
  EXPECT_EQ(options->faults.script.at(0).retry_after, std::chrono::seconds{9});
  for (const char* wrong :
       {"", "[]", R"({"sed": 7})", R"({"seed": -1})", R"({"seed": "7"})",
        R"({"organisations": [{"login": "a", "members": 1e3}]})", R"({"organisations": [{"members": 1}]})",
        R"({"epoch": "yesterday"})", R"({"faults": {"script": [{"kind": "flood"}]}})",
        R"({"faults": {"probabilities": {"bad_gateway": 0.7, "unavailable": 0.7}}})", R"({"limits": 3})",
        R"({"tokens": ["t"]})"}) {
    const Result<SimulatorOptions> refused = options_from_json(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << wrong;
  }
  const SimulatorOptions demo = demonstration();
  EXPECT_TRUE(World::check(demo.world).ok());
  EXPECT_EQ(demo.tokens.size(), 3U);
}

TEST(Control, DrivesTheSimulatorFromOutside) {
  VirtualClock clock(noon);
  GithubSimulator simulator(small_world(), clock);
  TestClient client(simulator);
  const auto post = [&](const std::string& what, const std::string& body) {
    return simulator.handle({.method = "POST", .target = "/__sim__/" + what, .body = body});
  };
  EXPECT_EQ(client.get("/user").status, 200);
  EXPECT_EQ(client.get("/nowhere").status, 404);
  const rapidjson::Document statistics = TestClient::parse(simulator.handle({.target = "/__sim__/statistics"}));
  EXPECT_EQ(statistics["total"].GetInt(), 2);
  EXPECT_EQ(statistics["requests"]["account"]["200"].GetInt(), 1);
  EXPECT_STREQ(statistics["undescribed"][0].GetString(), "GET /nowhere");
  EXPECT_EQ(post("reset", "").status, 200);
  EXPECT_EQ(simulator.statistics().total(), 0U);
  const rapidjson::Document done =
      TestClient::parse(post("mutate", R"({"seed": 5, "new_pulls": 2, "organisation": 0})"));
  EXPECT_EQ(done["new_pulls"].GetInt(), 2);
  EXPECT_EQ(post("mutate", R"({"organisation": 99})").status, 400);
  EXPECT_EQ(post("mutate", "{").status, 400);
  EXPECT_EQ(post("faults", R"({"script": [{"kind": "server_error", "target": "/user"}]})").status, 200);
  EXPECT_EQ(client.get("/user").status, 500);
  EXPECT_EQ(post("limits", R"({"primary": 1})").status, 200);
  EXPECT_EQ(client.get("/user").status, 200);
  EXPECT_EQ(client.get("/user").status, 403);
  EXPECT_EQ(post("sing", "").status, 404);
  SimulatorOptions closed = small_world();
  closed.control = false;
  GithubSimulator plain(closed, clock);
  EXPECT_EQ(plain.handle({.method = "POST", .target = "/__sim__/reset"}).status, 403)
      << "no such path, and no User-Agent";
}

} // namespace
} // namespace dovetail::simulators::github

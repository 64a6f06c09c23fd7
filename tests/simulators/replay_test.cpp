// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/replay.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

namespace dovetail::simulators {
namespace {

SimRequest get(const std::string& target, std::vector<Header> headers = {}) {
  headers.push_back({"Host", "127.0.0.1:1"});
  return {.target = target, .headers = std::move(headers)};
}

Exchange exchange(const std::string& target, const std::string& body, std::vector<Header> headers = {}) {
  return {.target = target, .headers = std::move(headers), .body = body};
}

TEST(Replay, MatchesTheQueryInAnyOrderAndEncoding) {
  Replay replay({exchange("/a?state=closed&page=2&label=x%20y", "[1]"), exchange("/a?state=closed", "[2]")});
  EXPECT_EQ(replay.handle(get("/a?label=x+y&page=2&state=closed")).content(), "[1]");
  EXPECT_EQ(replay.handle(get("/a?state=closed")).content(), "[2]");
  EXPECT_EQ(replay.handle(get("/a")).status, 404);
  EXPECT_EQ(replay.unmatched(), std::vector<std::string>{"GET /a"});
  EXPECT_EQ(replay.served(), 2U);
}

TEST(Replay, ServesRepeatedRequestsInRecordedOrderAndThenTheLastAgain) {
  Replay replay({exchange("/a", "1"), exchange("/b", "x"), exchange("/a", "2")});
  EXPECT_EQ(replay.handle(get("/a")).content(), "1");
  EXPECT_EQ(replay.handle(get("/a")).content(), "2");
  EXPECT_EQ(replay.handle(get("/a")).content(), "2");
  replay.rewind();
  EXPECT_EQ(replay.handle(get("/a")).content(), "1");
}

TEST(Replay, DropsWhatDescribedTheOldWireAndTurnsLinks) {
  const std::vector<Header> headers = {
      {"Content-Encoding", "gzip"},
      {"transfer-encoding", "chunked"},
      {"Content-Length", "9999"},
      {"Link", "<https://api.github.com/r/1?page=2>; rel=\"next\", <https://api.github.com.evil.test/>; rel=\"x\""},
      {"Location", "https://api.github.com/repositories/7"}};
  Replay turned({exchange("/a", "[]", headers)});
  const Answer answer = turned.handle(get("/a"));
  EXPECT_FALSE(answer.header("Content-Encoding"));
  EXPECT_FALSE(answer.header("Transfer-Encoding"));
  EXPECT_FALSE(answer.header("Content-Length"));
  EXPECT_EQ(answer.header("Link"),
            "<http://127.0.0.1:1/r/1?page=2>; rel=\"next\", <https://api.github.com.evil.test/>; rel=\"x\"");
  EXPECT_EQ(answer.header("Location"), "http://127.0.0.1:1/repositories/7");
  Replay kept({exchange("/a", "[]", headers)}, {.rewrite_links = false});
  EXPECT_EQ(kept.handle(get("/a")).header("Location"), "https://api.github.com/repositories/7");
}

TEST(Replay, AnswersConditionalRequestsByRecordedTagAndKeepsRecorded304ForThem) {
  Exchange unchanged = exchange("/a", "");
  unchanged.status = 304;
  Replay replay({unchanged, exchange("/a", "[1]", {{"etag", "W/\"5\""}})});
  EXPECT_EQ(replay.handle(get("/a")).status, 200) << "the recorded 304 is not for a plain request";
  const Answer answer = replay.handle(get("/a", {{"If-None-Match", "W/\"5\""}}));
  EXPECT_EQ(answer.status, 304);
  EXPECT_TRUE(answer.content().empty());
  replay.rewind();
  EXPECT_EQ(replay.handle(get("/a", {{"If-None-Match", "\"other\""}})).status, 304) << "recorded so";
}

TEST(Replay, CanIgnoreParametersAndFallBackToThePath) {
  Replay strict({exchange("/a?page=2", "[2]")}, {.ignored_parameters = {"per_page"}});
  EXPECT_EQ(strict.handle(get("/a?per_page=100&page=2")).content(), "[2]");
  EXPECT_EQ(strict.handle(get("/a?per_page=100")).status, 404);
  Replay loose({exchange("/a?page=2", "[2]")}, {.fall_back_to_path = true});
  EXPECT_EQ(loose.handle(get("/a?sort=updated")).content(), "[2]");
}

TEST(Replay, RefusesFilesThatAreNoRecordings) {
  const std::string file = testing::TempDir() + "replay_test.jsonl";
  FILE* out = std::fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr);
  std::fputs(
      "{\"scenario\":\"one\",\"method\":\"GET\",\"path\":\"/x\",\"status\":200,\"headers\":[],\"body\":\"\"}\n{}\n",
      out);
  std::fclose(out);
  EXPECT_EQ(load_recordings(file).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(load_recordings(file, {"one"}).ok());
  EXPECT_EQ(load_recordings(file, {"two"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(load_recordings(file + ".absent").error().code, ErrorCode::not_found);
  std::filesystem::remove(file);
}

class RecordedTraffic : public testing::Test {
protected:
  void SetUp() override {
    const char* source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    folder_ = std::string(source == nullptr ? "." : source) + "/../shared/recordings/github/";
    if (!std::filesystem::exists(folder_ + "pygithub.jsonl")) {
      GTEST_SKIP() << "the recordings are not here: " << folder_;
    }
  }
  std::string folder_;
};

TEST_F(RecordedTraffic, EveryLineLoadsAndIsFoundAgain) {
  for (const auto& [name, lines] :
       {std::pair<const char*, std::size_t>{"pygithub.jsonl", 864}, {"octokit-rb.jsonl", 225}}) {
    SCOPED_TRACE(name);
    Result<std::vector<Exchange>> all = load_recordings(folder_ + name);
    ASSERT_TRUE(all.ok()) << all.error().message;
    EXPECT_EQ(all->size(), lines);
    std::map<std::string, std::vector<Exchange>> by_scenario;
    for (const Exchange& one : *all) {
      by_scenario[one.scenario].push_back(one);
    }
    for (const auto& [scenario, exchanges] : by_scenario) {
      Replay replay(exchanges, {.rewrite_links = false, .conditional = false});
      for (const Exchange& one : exchanges) {
        SimRequest request{.method = one.method, .target = one.target, .headers = one.request_headers};
        if (one.status == 304) {
          request.headers.push_back({"If-None-Match", "recorded"});
        }
        const Answer answer = replay.handle(request);
        EXPECT_EQ(answer.status, one.status) << scenario << " " << one.target;
        EXPECT_EQ(answer.content(), one.status == 304 ? "" : one.body) << scenario << " " << one.target;
      }
      EXPECT_TRUE(replay.unmatched().empty());
    }
  }
}

TEST_F(RecordedTraffic, ARealChainOfPagesCanBeWalked) {
  Result<std::vector<Exchange>> exchanges =
      load_recordings(folder_ + "pygithub.jsonl", {"PaginatedList.testCustomPerPage"});
  ASSERT_TRUE(exchanges.ok()) << exchanges.error().message;
  std::string target;
  for (const Exchange& one : *exchanges) {
    if (one.target.find("/issues") != std::string::npos) {
      target = one.target;
      break;
    }
  }
  Replay replay(std::move(exchanges).value(), {.base = "http://127.0.0.1:1"});
  std::size_t rows = 0;
  std::size_t pages = 0;
  while (!target.empty()) {
    const Answer answer = replay.handle(get(target));
    ASSERT_EQ(answer.status, 200) << target;
    rapidjson::Document page;
    page.Parse(answer.content().data(), answer.content().size());
    ASSERT_TRUE(page.IsArray());
    rows += page.Size();
    ++pages;
    const std::string_view link = answer.header("Link").value_or("");
    const std::size_t next = link.find(">; rel=\"next\"");
    target.clear();
    if (next != std::string_view::npos) {
      const std::size_t start = link.rfind('<', next) + 1;
      ASSERT_TRUE(link.substr(start).starts_with("http://127.0.0.1:1/"));
      target = link.substr(start + 18, next - start - 18);
    }
  }
  EXPECT_EQ(pages, 5U);
  EXPECT_EQ(rows, 456U);
}

} // namespace
} // namespace dovetail::simulators

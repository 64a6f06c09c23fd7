// SPDX-License-Identifier: Apache-2.0
#include "dovetail/testing/fake_host.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dovetail/sdk/sdk.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto first_page = "/teams/red%20team/users?per_page=2";

class SamplePlugin : public ::testing::Test {
protected:
  void SetUp() override {
    const auto made = host_.create(R"({"team":"red team"})");
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  void TearDown() override {
    EXPECT_THAT(host_.http().problems(), IsEmpty());
    EXPECT_THAT(host_.http().unused(), IsEmpty());
  }
  FakeHost host_{&dvt_plugin_query};
};

TEST_F(SamplePlugin, SaysWhoItIs) {
  EXPECT_EQ(sdk::detail::view(host_.descriptor()->key), "sample");
  EXPECT_EQ(sdk::detail::view(host_.descriptor()->version), "1.2.3");
}

TEST_F(SamplePlugin, FollowsTheLinkHeaderAndKeepsETags) {
  host_.http()
      .get(first_page)
      .with_header("accept", "application/json")
      .without_header("If-None-Match")
      .reply(200, R"({"users":[{"id":1},{"id":2}]})",
             {{"Link",
               R"(<https://api.example.com/teams/red%20team/users?page=2&a=1,2;3>; title="a, b"; rel="last next")"},
              {"etag", "\"v1\""}});
  host_.http()
      .get("https://api.example.com/teams/red%20team/users?page=2&a=1,2;3")
      .reply(200, R"({"users":[{"id":3}]})");
  const auto pages = host_.read_all({.object = "user"});
  ASSERT_EQ(pages.size(), 2U);
  ASSERT_TRUE(pages[1].status.ok()) << pages[1].status.error().message;
  EXPECT_THAT(pages[0].all_records(), ElementsAre(R"({"id":1})", R"({"id":2})"));
  EXPECT_THAT(pages[1].all_records(), ElementsAre(R"({"id":3})"));
  EXPECT_TRUE(pages[1].exhausted);
  EXPECT_EQ(pages[1].high_water, std::nullopt);
  EXPECT_EQ(pages[0].leaked_handles + pages[1].leaked_handles, 0U);
  EXPECT_EQ(host_.state().at(std::string("etag:") + first_page), "\"v1\"");
}

TEST_F(SamplePlugin, SendsTheETagAndTellsThatNothingChanged) {
  host_.state()[std::string("etag:") + first_page] = "\"v1\"";
  host_.known_page_keys().insert(first_page);
  host_.http().get(first_page).with_header("If-None-Match", "\"v1\"").reply(304);
  const auto page = host_.read_page({.object = "user"});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.unchanged, ElementsAre(first_page));
  EXPECT_THAT(page.records, IsEmpty());
}

TEST_F(SamplePlugin, SendsNoETagWhenThePastIsNotTrusted) {
  host_.state()[std::string("etag:") + first_page] = "\"v1\"";
  host_.http().get(first_page).without_header("If-None-Match").reply(200, R"({"users":[]})");
  EXPECT_TRUE(host_.read_page({.object = "user", .full = true, .fresh = true}).status.ok());
}

TEST_F(SamplePlugin, GivesParentsIdsAsConstantsAndLogsWhatIsGone) {
  host_.http().get("/users/ann/tasks?since=2026-01-05T08%3A00%3A00Z").reply(200, R"([{"id":7},{"id":8}])");
  host_.http().get("/users/b%2Fb/tasks?since=2026-01-05T08%3A00%3A00Z").reply(404);
  const auto page =
      host_.read_page({.object = "task",
                       .since = host_.now() - std::chrono::hours(1),
                       .parents = R"([{"external_id":"1","login":"ann"},{"external_id":"2","login":"b/b"}])"});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  ASSERT_EQ(page.records.size(), 1U);
  EXPECT_EQ(page.high_water, host_.now());
  EXPECT_EQ(page.records[0].constants, R"({"user_id":"1"})");
  EXPECT_THAT(page.records[0].records, ElementsAre(R"({"id":7})", R"({"id":8})"));
  ASSERT_EQ(page.logs.size(), 1U);
  EXPECT_THAT(page.logs[0].message, HasSubstr("b/b is gone"));
}

TEST_F(SamplePlugin, TurnsAStatusIntoAnErrorThatSaysWhatToDo) {
  host_.http().get(first_page).reply(401, R"({"message":"Bad credentials"})", {{"X-Request-Id", "r-1"}});
  const auto page = host_.read_page({.object = "user"});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::unauthenticated);
  EXPECT_EQ(page.status.error().http_status, 401);
  EXPECT_EQ(page.status.error().provider_request_id, "r-1");
  EXPECT_THAT(page.status.error().message, HasSubstr("red team"));
  EXPECT_THAT(page.status.error().message, HasSubstr("Bad credentials"));
  EXPECT_THAT(page.status.error().message, HasSubstr("connect again"));
}

TEST_F(SamplePlugin, PassesAHostErrorOnAsItIs) {
  auto limited = sdk::make_error(sdk::Code::resource_exhausted, "limit reached", sdk::Retry::rate_limited);
  limited.retry_after = std::chrono::seconds(30);
  host_.http().get(first_page).fail(limited);
  const auto page = host_.read_page({.object = "user"});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::resource_exhausted);
  EXPECT_EQ(page.status.error().retry, sdk::Retry::rate_limited);
  EXPECT_EQ(page.status.error().retry_after, std::chrono::seconds(30));
  EXPECT_EQ(page.status.error().message, "limit reached");
}

TEST_F(SamplePlugin, EndsWhenTheCallIsCancelled) {
  host_.cancel();
  const auto page = host_.read_page({.object = "user"});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::cancelled);
}

TEST_F(SamplePlugin, EndsAtTheDeadline) {
  host_.set_call_timeout(std::chrono::microseconds(0));
  const auto page = host_.read_page({.object = "user"});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::deadline_exceeded);
}

TEST_F(SamplePlugin, NamesItsObjectsWhenAskedForAnother) {
  const auto page = host_.read_page({.object = "invoice"});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::unimplemented);
  EXPECT_THAT(page.status.error().message, HasSubstr("user, task"));
}

TEST_F(SamplePlugin, TestsItsConnection) {
  host_.http().get("/me").reply(200, R"({"login":"ann"})");
  const auto test = host_.test_connection();
  ASSERT_TRUE(test.status.ok()) << test.status.error().message;
  EXPECT_EQ(test.findings, R"({"user":"ann"})");
}

TEST_F(SamplePlugin, StopsAfterAsManyPagesAsTheTestAllows) {
  host_.http().set_handler([](const SentRequest& sent) {
    return Reply{.body = R"({"users":[]})", .headers = {{"Link", "<" + sent.url + "x>; rel=next"}}};
  });
  const auto pages = host_.read_all({.object = "user"}, 5);
  ASSERT_EQ(pages.size(), 5U);
  EXPECT_EQ(pages.back().status.error().code, sdk::Code::out_of_range);
}

TEST(FakeHost, ReportsAFailedConstruction) {
  FakeHost host(&dvt_plugin_query);
  const auto made = host.create(R"({"team":7})");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, sdk::Code::invalid_argument);
  EXPECT_THAT(made.error().message, HasSubstr("/team"));
}

TEST(FakeHost, RefusesARequestThatNobodyExpects) {
  FakeHost host(&dvt_plugin_query);
  ASSERT_TRUE(host.create(R"({"team":"x"})").ok());
  host.http().get("/other").reply(200);
  const auto page = host.read_page({.object = "user"});
  ASSERT_FALSE(page.status.ok());
  EXPECT_THAT(host.http().problems(), ElementsAre(HasSubstr("expected GET /other")));
  EXPECT_THAT(host.http().unused(), ElementsAre("GET /other"));
}

/// Plugins that break one rule each, over the SDK where it lets them and below it where it does not.
struct Rude final : sdk::Provider {
  explicit Rude(const sdk::Config&) {}
  sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override {
    const auto what = request.object;
    if (what == "throws") {
      throw std::runtime_error("boom");
    }
    if (what == "throws a number") {
      throw 7; // NOLINT(hicpp-exception-baseclass): what it is for
    }
    if (what == "visitor throws") {
      DVT_TRY(const auto json, context.parse("[1]"));
      return json.for_each("", {""}, [](const sdk::JsonElement&) { throw std::runtime_error("in the visitor"); });
    }
    if (what == "no finish") {
      return {};
    }
    if (what == "twice") {
      static_cast<void>(page.exhausted());
    }
    if (what == "same cursor") {
      return page.next(request.cursor.empty() ? "1" : request.cursor);
    }
    if (what == "late records") {
      static_cast<void>(page.exhausted());
      static_cast<void>(page.records_json("[]"));
      return {};
    }
    if (what == "nested constants") {
      static_cast<void>(page.records_json("[]", {.constants = R"({"a":[1]})"}));
    }
    return page.exhausted();
  }
  sdk::Status test_connection(sdk::Context&, sdk::Report& report) override {
    report.tell("{not json");
    return {};
  }
};

const dvt_plugin_descriptor* rude(std::uint32_t, std::uint32_t) noexcept {
  static constexpr auto descriptor = sdk::detail::describe<Rude>("rude", "1.0.0");
  return &descriptor;
}

TEST(FakeHost, HoldsThePluginToTheRules) {
  FakeHost host(&rude);
  ASSERT_TRUE(host.create().ok());
  const auto message = [&](const char* object, std::string cursor = {}) {
    const auto page = host.read_page({.object = object, .cursor = std::move(cursor)});
    EXPECT_FALSE(page.status.ok()) << object;
    EXPECT_EQ(page.status.error().code, sdk::Code::internal) << object;
    return page.status.error().message;
  };
  EXPECT_THAT(message("throws"), HasSubstr("boom"));
  EXPECT_THAT(message("throws a number"), HasSubstr("no std::exception"));
  EXPECT_THAT(message("visitor throws"), HasSubstr("in the visitor"));
  EXPECT_THAT(message("no finish"), HasSubstr("without finish()"));
  EXPECT_THAT(message("twice"), HasSubstr("finish() twice"));
  EXPECT_THAT(message("same cursor", "1"), HasSubstr("does not move on"));
  EXPECT_THAT(message("late records"), HasSubstr("records() after finish()"));
  EXPECT_THAT(message("nested constants"), HasSubstr("scalars"));
  EXPECT_THAT(host.test_connection().status.error().message, HasSubstr("findings are not JSON"));
}

} // namespace
} // namespace dovetail::testing

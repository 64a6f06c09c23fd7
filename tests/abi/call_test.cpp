// SPDX-License-Identifier: Apache-2.0
// CORE-1, CORE-5: a call into a plugin end to end, and what becomes of one that breaks the ABI's rules.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/abi/plugin_world.hpp"

namespace dovetail::plugin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Called : public ::testing::Test {
protected:
  void start(std::string_view key, std::string_view config) {
    const auto plugin = world_.load(key, key);
    ASSERT_TRUE(plugin.ok()) << plugin.error().message;
    auto made =
        (*plugin)->create_instance({.config = config, .base_url = "https://api.example.com/v3"}, world_.services());
    ASSERT_TRUE(made.ok()) << made.error().message;
    instance_ = std::move(*made);
  }
  [[nodiscard]] Status read(const ReadPageRequest& request, const Cancellation& cancellation = {}) {
    sink_ = std::make_unique<RecordingSink>();
    sink_->knows_pages = knows_pages_;
    sink_->refusal = refusal_;
    return instance_->read_page(request, *sink_, cancellation);
  }
  PluginWorld world_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<RecordingSink> sink_;
  bool knows_pages_ = false;
  std::optional<Error> refusal_;
};

class SamplePlugin : public Called {
protected:
  void SetUp() override { start("sample", R"({"team":"red"})"); }
  static constexpr auto first_page = "https://api.example.com/v3/teams/red/users?per_page=2";
  static constexpr auto first_key = "/teams/red/users?per_page=2";
};

TEST_F(SamplePlugin, GivesARecordsPageOutOfTheBodyThatStaysInTheCore) {
  world_.http.script.get(first_page)
      .with_header("Accept", "application/json")
      .reply(200, R"({"users":[{"id":1}]})", {{"ETag", "v1"}, {"Link", R"(</teams/red/users?page=2>; rel="next")"}});
  const auto status = read({.object = "user"});
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(sink_->pages.size(), 1U);
  EXPECT_EQ(sink_->pages[0].body->bytes(), R"({"users":[{"id":1}]})");
  EXPECT_EQ(sink_->pages[0].pointer, "/users");
  EXPECT_EQ(sink_->pages[0].page_key, first_key);
  EXPECT_EQ(sink_->states,
            (std::vector<std::pair<std::string, std::string>>{{std::string("etag:") + first_key, "v1"}}));
  EXPECT_EQ(sink_->end->next_cursor, R"({"next":"/teams/red/users?page=2"})");
  EXPECT_FALSE(sink_->end->exhausted);
  // The padding that the JSON engines read is there.
  const auto bytes = sink_->pages[0].body->bytes();
  EXPECT_EQ(std::string_view(bytes.data() + bytes.size(), limits::json_padding),
            std::string(limits::json_padding, '\0'));
}

TEST_F(SamplePlugin, GoesOnFromItsCursor) {
  world_.http.script.get("https://api.example.com/v3/teams/red/users?page=2").reply(200, R"({"users":[]})");
  const auto status = read({.object = "user", .cursor = R"({"next":"\/teams\/red\/users?page=2"})"});
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_TRUE(sink_->end->exhausted);
  EXPECT_EQ(sink_->end->high_water, std::nullopt);
}

TEST_F(SamplePlugin, AsksForThePageAnewWhenTheHostDoesNotKnowWhatStands) {
  world_.state.values = {{std::string("etag:") + first_key, "v1"}};
  world_.http.script.get(first_page).with_header("If-None-Match", "v1").reply(304);
  world_.http.script.get(first_page).with_header("If-None-Match", "v1").reply(304);
  knows_pages_ = true;
  EXPECT_TRUE(read({.object = "user"}).ok());
  EXPECT_THAT(sink_->stands, ::testing::ElementsAre(first_key));
  knows_pages_ = false;
  EXPECT_FALSE(read({.object = "user"}).ok()); // a 304 without what it stands for is an error of the sample's
}

TEST_F(SamplePlugin, SeesNoStateInAFreshRead) {
  world_.state.values = {{std::string("etag:") + first_key, "v1"}};
  world_.http.script.get(first_page).without_header("If-None-Match").reply(200, R"({"users":[]})");
  EXPECT_TRUE(read({.object = "user", .full = true, .fresh = true}).ok());
}

TEST_F(SamplePlugin, ReadsParentsAndGivesTypedConstants) {
  world_.http.script.get("https://api.example.com/v3/users/ann/tasks").reply(200, "[{}]");
  world_.http.script.get("https://api.example.com/v3/users/b%C3%A9/tasks").reply(404);
  const auto status = read(
      {.object = "task", .parents = R"([{"external_id":"17","login":"ann"},{"login":"b\u00e9","external_id":"18"}])"});
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(sink_->pages.size(), 1U);
  EXPECT_EQ(sink_->end->high_water, world_.clock.now());
  ASSERT_EQ(sink_->pages[0].constants.size(), 1U);
  EXPECT_EQ(sink_->pages[0].constants[0].name, "user_id");
  EXPECT_EQ(sink_->pages[0].constants[0].kind, json::Kind::string);
  EXPECT_EQ(sink_->pages[0].constants[0].text, "17");
  ASSERT_EQ(world_.logger.entries.size(), 1U);
  EXPECT_EQ(world_.logger.entries[0].tenant, "acme");
  EXPECT_EQ(world_.logger.entries[0].level, LogLevel::info);
}

TEST_F(SamplePlugin, ReturnsTheHostsErrorsWithTheirRetryClass) {
  auto limited = sdk::make_error(sdk::Code::resource_exhausted, "limit reached", sdk::Retry::rate_limited);
  limited.retry_after = std::chrono::seconds(42);
  limited.http_status = 403;
  world_.http.script.get(first_page).fail(limited);
  const auto status = read({.object = "user"});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(status.error().retry, RetryClass::rate_limited);
  EXPECT_EQ(status.error().retry_after, std::chrono::seconds(42));
  EXPECT_EQ(status.error().http_status, 403);
  EXPECT_EQ(status.error().message, "limit reached");
}

TEST_F(SamplePlugin, IsToldThatAnAnswerIsNoJson) {
  world_.http.script.get("https://api.example.com/v3/me").reply(200, "<html>");
  const auto test = instance_->test_connection({});
  ASSERT_FALSE(test.status.ok());
  EXPECT_THAT(test.status.error().message, HasSubstr("no JSON"));
}

TEST_F(SamplePlugin, TestsItsConnectionWithFindingsThatHoldNoSecret) {
  world_.redactor.remember(Secret("hunter2secret"));
  world_.http.script.get("https://api.example.com/v3/me").reply(200, R"({"login":"ann hunter2secret"})");
  const auto test = instance_->test_connection({});
  ASSERT_TRUE(test.status.ok()) << test.status.error().message;
  EXPECT_THAT(test.findings, AllOf(HasSubstr("ann"), Not(HasSubstr("hunter2secret"))));
}

TEST_F(SamplePlugin, EndsWhenItIsStoppedOrLate) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(read({.object = "user"}, {stop.get_token(), {}}).error().code, ErrorCode::cancelled);
  EXPECT_EQ(read({.object = "user"}, {{}, world_.clock.monotonic_now()}).error().code, ErrorCode::deadline_exceeded);
}

TEST_F(SamplePlugin, FailsAsItsSinkDoes) {
  world_.http.script.get(first_page).reply(200, R"({"users":[]})");
  refusal_ = data_loss("the page cannot be kept");
  const auto status = read({.object = "user"});
  EXPECT_EQ(status.error().code, ErrorCode::data_loss);
  EXPECT_EQ(status.error().message, "the page cannot be kept");
}

TEST_F(SamplePlugin, IsMadeForEachConnectionWithItsOwnConfig) {
  const auto plugin = world_.load("sample", "sample");
  auto other =
      (*plugin)->create_instance({.config = R"({"team":"blue"})", .base_url = "https://b.example"}, world_.services());
  ASSERT_TRUE(other.ok());
  world_.http.script.get("https://b.example/teams/blue/users?per_page=2").reply(200, R"({"users":[]})");
  RecordingSink sink;
  EXPECT_TRUE((*other)->read_page({.object = "user"}, sink, {}).ok());
  const auto refused = (*plugin)->create_instance({.config = "{}"}, world_.services());
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("/team"));
}

class RudePlugin : public Called {
protected:
  void SetUp() override {
    world_.redactor.remember(Secret("hunter2secret"));
    start("rude", "{}");
    world_.http.script.set_handler([](const testing::SentRequest&) { return testing::Reply{.body = "[]"}; });
  }
};

struct Rule {
  const char* breaks;
  const char* says;
};

class BrokenRule : public RudePlugin, public ::testing::WithParamInterface<Rule> {};

TEST_P(BrokenRule, FailsThePageAndNamesTheRule) {
  const auto status = read({.object = GetParam().breaks});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::internal);
  EXPECT_EQ(status.error().retry, RetryClass::never);
  EXPECT_THAT(status.error().message,
              AllOf(HasSubstr("The plugin rude broke a rule of the plugin ABI"), HasSubstr(GetParam().says),
                    HasSubstr("author"), Not(HasSubstr("hunter2secret"))));
}

INSTANTIATE_TEST_SUITE_P(
    Core4, BrokenRule,
    ::testing::Values(
        Rule{"throws", "read_page threw an exception (boom"}, Rule{"throws a number", "read_page threw an exception"},
        Rule{"visitor throws", "a visitor that throws"}, Rule{"no finish", "without sink.finish"},
        Rule{"finish twice", "sink.finish after sink.finish"},
        Rule{"records after finish", "sink.records after sink.finish"},
        Rule{"made-up response", "a response that this call does not hold"},
        Rule{"released response", "http.status of a response that this call does not hold"},
        Rule{"released twice", "http.release of a response that this call does not hold"},
        Rule{"response as document", "json.at of a document that this call does not hold"},
        Rule{"short request", "shorter than ABI 1.0"}, Rule{"too many headers", "18446744073709551615 headers"},
        Rule{"response and bytes", "either a response or bytes"},
        Rule{"neither response nor bytes", "either a response or bytes"}, Rule{"unknown flags", "flags 0x40"},
        Rule{"broken pointer", "sink.records: "}, Rule{"nested constants", "\"a\" is no scalar"},
        Rule{"too many records", "more than 256 times"}, Rule{"long state key", "a key of 2000 bytes"},
        Rule{"long cursor", "a cursor of 20002 bytes"}, Rule{"cursor is no JSON", "a cursor that is no JSON"},
        Rule{"copied sink", "a sink that is not this call's"}),
    [](const auto& test) {
      std::string name = test.param.breaks;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
      return name;
    });

TEST_F(RudePlugin, CannotUseAResponseOfAnEarlierCall) {
  EXPECT_TRUE(read({.object = "kept response"}).ok());
  EXPECT_THAT(read({.object = "kept response"}).error().message, HasSubstr("a response that this call does not hold"));
}

TEST_F(RudePlugin, CannotCallTheHostFromAnotherThreadOrWithACopiedCall) {
  EXPECT_EQ(read({.object = "another thread"}).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(read({.object = "copied call"}).error().code, ErrorCode::failed_precondition);
}

TEST_F(RudePlugin, MayFailWithACodeThatDoesNotExist) {
  const auto status = read({.object = "unknown code"});
  EXPECT_EQ(status.error().code, ErrorCode::unknown);
  EXPECT_THAT(status.error().message, AllOf(HasSubstr("without saying why"), HasSubstr("the code 77")));
}

TEST_F(RudePlugin, MayFailSilently) {
  const auto status = read({.object = "silent failure"});
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
  EXPECT_THAT(status.error().message, HasSubstr("The plugin rude failed without saying why"));
}

TEST_F(RudePlugin, HasWhatItSaysCutCleanedAndRedacted) {
  const auto status = read({.object = "loud failure"});
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
  EXPECT_EQ(status.error().retry, RetryClass::never);
  EXPECT_EQ(status.error().retry_after, limits::max_retry_after);
  EXPECT_EQ(status.error().http_status, 0);
  EXPECT_THAT(status.error().message, AllOf(HasSubstr("first \xEF\xBF\xBDsecond"), Not(HasSubstr("hunter2secret"))));
  EXPECT_LE(status.error().message.size(), limits::max_error_message_bytes + 64);
}

TEST_F(RudePlugin, CannotFloodTheLog) {
  EXPECT_TRUE(read({.object = "many log lines"}).ok());
  EXPECT_EQ(world_.logger.entries.size(), 1001U);
  EXPECT_EQ(world_.logger.entries[0].level, LogLevel::error);
  EXPECT_THAT(world_.logger.entries[0].message, Not(HasSubstr("hunter2secret")));
  EXPECT_THAT(world_.logger.entries[1000].message, HasSubstr("the rest is dropped"));
}

TEST_F(RudePlugin, CannotHoardMemory) {
  const auto status = read({.object = "hoards documents"});
  EXPECT_EQ(status.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(status.error().message, HasSubstr("has to end its page earlier"));
}

TEST_F(RudePlugin, CannotFillAPageBeyondItsBoundWithBodiesThatItLetGo) {
  world_.http.script.set_handler(
      [](const testing::SentRequest&) { return testing::Reply{.body = std::string(std::size_t{30} << 20U, ' ')}; });
  const auto status = read({.object = "hoards records"});
  EXPECT_EQ(status.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(status.error().message, HasSubstr("has to end its page earlier"));
  EXPECT_EQ(world_.http.script.requests().size(), 3U);
}

TEST_F(RudePlugin, CannotStandStill) {
  EXPECT_TRUE(read({.object = "same cursor"}).ok());
  EXPECT_THAT(read({.object = "same cursor", .cursor = "1"}).error().message, HasSubstr("would never end"));
}

TEST_F(RudePlugin, CannotGoRoundInCirclesOrOnForEver) {
  const auto read_on = [&](std::string_view object, std::uint64_t max_pages) {
    CursorGuard guard(max_pages);
    std::string cursor;
    for (int page = 0; page < 1000; ++page) {
      const auto status = read({.object = object, .cursor = cursor});
      EXPECT_TRUE(status.ok());
      cursor = sink_->end->next_cursor;
      if (auto bounded = guard.next(cursor); !bounded.ok()) {
        return bounded.error();
      }
    }
    return internal("it was not noticed");
  };
  EXPECT_THAT(read_on("circle", 1000).message, HasSubstr("goes round in circles"));
  EXPECT_THAT(read_on("endless", 500).message, HasSubstr("not exhausted after 500 pages"));
}

TEST_F(RudePlugin, IsHeldToTheRulesOfATestToo) {
  const auto test = instance_->test_connection({});
  EXPECT_THAT(test.status.error().message, HasSubstr("one that is no JSON"));
  EXPECT_THAT(test.findings, IsEmpty());
}

TEST_F(RudePlugin, MaySendNothingWhileItsInstanceIsMade) {
  const auto plugin = world_.load("rude", "rude");
  const auto made = (*plugin)->create_instance({.config = R"({"early":true})"}, world_.services());
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("http.send while the instance is made"));
}

TEST_F(RudePlugin, MayThrowWhenItsInstanceEnds) {
  instance_.reset();
  ASSERT_EQ(world_.logger.entries.size(), 1U);
  EXPECT_THAT(world_.logger.entries[0].message, HasSubstr("threw an exception when its instance was ended"));
}

TEST(BrokenPlugins, ThatFailToMakeAnInstance) {
  PluginWorld world;
  auto plugin = world.load("broken", "fixture_throw_in_create");
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_THAT((*plugin)->create_instance({}, world.services()).error().message,
              HasSubstr("create threw an exception (no instance today)"));
  PluginWorld other;
  plugin = other.load("broken", "fixture_no_instance");
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_THAT((*plugin)->create_instance({}, other.services()).error().message,
              HasSubstr("succeeded without an instance"));
}

TEST(CursorGuard, LetsALongReadPass) {
  CursorGuard guard;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(guard.next(std::to_string(i)).ok());
  }
}

} // namespace
} // namespace dovetail::plugin

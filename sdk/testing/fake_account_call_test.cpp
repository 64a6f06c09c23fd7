// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dovetail/sdk/sdk.hpp"
#include "dovetail/testing/fake_host.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SampleAccount : public ::testing::Test {
protected:
  void SetUp() override {
    const auto made = host_.create(R"({"team":"red"})");
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  void TearDown() override {
    EXPECT_THAT(host_.http().problems(), IsEmpty());
    EXPECT_THAT(host_.http().unused(), IsEmpty());
  }
  FakeHost host_{&dvt_plugin_query};
};

TEST_F(SampleAccount, DiscoversTheFieldsOfTheTeam) {
  host_.http()
      .get("/teams/red/fields?of=user")
      .reply(200,
             R"({"fields":[{"id":"c1","title":"Colour","kind":"choice","choices":[{"value":"r","label":"Red"}]}]})");
  const auto found = host_.discover("user");
  ASSERT_TRUE(found.status.ok()) << found.status.error().message;
  ASSERT_EQ(found.fields.size(), 1U);
  EXPECT_EQ(found.fields[0].key, "c1");
  EXPECT_EQ(found.fields[0].label, "Colour");
  EXPECT_EQ(found.fields[0].options, R"([{"value":"r","label":"Red"}])");
}

TEST_F(SampleAccount, CreatesATaskUnderTheKeyThatItWasGiven) {
  host_.http()
      .post("/tasks")
      .with_header("Idempotency-Key", "order-7")
      .with_body(R"({"title":"Call back"})")
      .reply(201, R"({"id":41})");
  const auto done =
      host_.invoke({.action = "create_task", .input = R"({"title":"Call back"})", .idempotency_key = "order-7"});
  ASSERT_TRUE(done.status.ok()) << done.status.error().message;
  EXPECT_EQ(done.output, R"({"id":41})");
}

TEST_F(SampleAccount, SaysWhatTheProviderRefused) {
  host_.http().post("/tasks").reply(422, R"({"message":"title is missing"})");
  const auto done = host_.invoke({.action = "create_task"});
  ASSERT_FALSE(done.status.ok());
  EXPECT_EQ(done.status.error().code, sdk::Code::invalid_argument);
  EXPECT_THAT(done.status.error().message, HasSubstr("title is missing"));
  EXPECT_EQ(host_.invoke({.action = "delete_all"}).status.error().code, sdk::Code::unimplemented);
}

/// Breaks one rule a call; the object or action names which.
class Rude final : public sdk::Provider, public sdk::Discovery, public sdk::Actions {
public:
  explicit Rude(const sdk::Config&) {}
  sdk::Status read_page(sdk::Context&, const sdk::ReadRequest&, sdk::Page& page) override { return page.exhausted(); }
  sdk::Status test_connection(sdk::Context&, sdk::Report&) override { return {}; }
  sdk::Status discover(sdk::Context&, std::string_view what, sdk::Fields& fields) override {
    if (what == "twice") {
      static_cast<void>(fields.add({.key = "k", .source = "/k"}));
    }
    static_cast<void>(fields.add({.key = what == "no key" ? "" : "k",
                                  .source = what == "no source" ? "k" : "/k",
                                  .options = what == "options" ? R"([{"label":"a"}])" : ""}));
    return {};
  }
  sdk::Status invoke(sdk::Context&, const sdk::ActionRequest& request, sdk::ActionResult& result) override {
    if (request.action == "throws") {
      throw std::runtime_error("boom");
    }
    if (request.action != "no output") {
      static_cast<void>(result.output(request.action == "array" ? "[]" : "{}"));
    }
    if (request.action == "twice") {
      static_cast<void>(result.output("{}"));
    }
    return {};
  }
};

const dvt_plugin_descriptor* rude(std::uint32_t, std::uint32_t) noexcept {
  static constexpr auto descriptor = sdk::detail::describe<Rude>("rude", "1.0.0");
  return &descriptor;
}

TEST(FakeHost, HoldsDiscoveryAndActionsToTheRules) {
  FakeHost host(&rude);
  ASSERT_TRUE(host.create().ok());
  EXPECT_TRUE(host.discover("good").status.ok());
  const auto discovery = [&](const char* what) { return host.discover(what).status.error().message; };
  EXPECT_THAT(discovery("no key"), HasSubstr("a key of 1 to 256 bytes"));
  EXPECT_THAT(discovery("no source"), HasSubstr("a source that is a JSON pointer"));
  EXPECT_THAT(discovery("options"), HasSubstr("options that are a JSON array"));
  EXPECT_THAT(discovery("twice"), HasSubstr("twice for the key \"k\""));
  EXPECT_TRUE(host.invoke({.action = "good"}).status.ok());
  const auto action = [&](const char* what) { return host.invoke({.action = what}).status.error().message; };
  EXPECT_THAT(action("no output"), HasSubstr("without output()"));
  EXPECT_THAT(action("array"), HasSubstr("needs a JSON object"));
  EXPECT_THAT(action("twice"), HasSubstr("output() twice"));
  EXPECT_THAT(action("throws"), HasSubstr("boom"));
}

/// A provider that only reads.
class Plain final : public sdk::Provider {
public:
  explicit Plain(const sdk::Config&) {}
  sdk::Status read_page(sdk::Context&, const sdk::ReadRequest&, sdk::Page& page) override { return page.exhausted(); }
  sdk::Status test_connection(sdk::Context&, sdk::Report&) override { return {}; }
};

TEST(Sdk, OffersACapabilityOnlyIfTheProviderHasIt) {
  constexpr auto offers = [](const dvt_plugin_descriptor& plugin, std::string_view id) {
    return plugin.get_capability(sdk::detail::slice(id)) != nullptr;
  };
  constexpr auto plain = sdk::detail::describe<Plain>("plain", "1.0.0");
  EXPECT_TRUE(offers(plain, DVT_SYNC_ID));
  EXPECT_FALSE(offers(plain, DVT_DISCOVERY_ID));
  EXPECT_FALSE(offers(plain, DVT_ACTION_ID));
  constexpr auto able = sdk::detail::describe<Rude>("rude", "1.0.0");
  EXPECT_TRUE(offers(able, DVT_DISCOVERY_ID));
  EXPECT_TRUE(offers(able, DVT_ACTION_ID));
}

} // namespace
} // namespace dovetail::testing

// SPDX-License-Identifier: Apache-2.0
// The version matrix of ABI 1: what an older side and a newer side make of each other.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dovetail/testing/fake_host.hpp"
#include "tests/abi/plugin_world.hpp"

namespace dovetail::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint16_t later_minor = 5; // what fixtures/newer_plugin.cpp was made for

std::unique_ptr<testing::FakeHost> open(std::string_view name) {
  auto host = testing::FakeHost::open(fixture(name).string());
  return host.ok() ? std::move(*host) : nullptr;
}

TEST(OldPluginNewHost, IgnoresWhatTheHostAddedToItsStructs) {
  const auto host = open("sample");
  ASSERT_NE(host, nullptr);
  host->pretend_minor(later_minor);
  ASSERT_TRUE(host->create(R"({"team":"red"})").ok());
  host->http().get("/teams/red/users?per_page=2").reply(200, R"({"users":[{"id":1}]})", {{"ETag", "v1"}});
  const auto page = host->read_page({.object = "user"});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.all_records(), ElementsAre(R"({"id":1})"));
  EXPECT_EQ(page.state.size(), 1U);
  host->http().get("/me").reply(200, R"({"login":"ann"})");
  EXPECT_TRUE(host->test_connection().status.ok());
  host->http().get("/teams/red/fields?of=user").reply(200, R"({"fields":[{"id":"c1"}]})");
  EXPECT_EQ(host->discover("user").fields.size(), 1U);
  host->http().post("/tasks").reply(201, R"({"id":7})");
  EXPECT_EQ(host->invoke({.action = "create_task"}).output, R"({"id":7})");
}

TEST(OldPluginNewHost, IsAskedForNoCapabilityThatItLacks) {
  PluginWorld world;
  const auto plugin = world.load("quick", "quick"); // as built before discovery and actions
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_THAT((*plugin)->info().capabilities, ElementsAre(DVT_SYNC_ID));
  auto made = (*plugin)->create_instance({.base_url = "https://a.example"}, world.services());
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto discovered = (*made)->discover("user", {});
  ASSERT_FALSE(discovered.ok());
  EXPECT_EQ(discovered.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(discovered.error().message, HasSubstr("lacks dovetail.discovery/1"));
  const auto invoked = (*made)->invoke({.action = "a", .input = "{}", .idempotency_key = "k"}, {});
  ASSERT_FALSE(invoked.ok());
  EXPECT_THAT(invoked.error().message, HasSubstr("lacks dovetail.action/1"));
}

TEST(OldPluginNewHost, IsLoadedByAHostOfALaterMinor) {
  PluginWorld world(std::chrono::seconds(60), {1, later_minor});
  const auto plugin = world.load("sample", "sample");
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_EQ((*plugin)->info().abi, (AbiVersion{1, 0}));
}

TEST(NewPluginOldHost, IsRefusedWhenItNeedsALaterMinor) {
  PluginWorld world;
  EXPECT_THAT(world.load("broken", "fixture_newer_minor").error().message, HasSubstr("needs plugin ABI 1.3"));
}

TEST(NewPluginOldHost, OffersWhatTheHostKnowsAndHasItsLongerStructsCut) {
  PluginWorld world;
  const auto plugin = world.load("newer", "newer");
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_EQ((*plugin)->info().abi, (AbiVersion{1, 0}));
  auto made = (*plugin)->create_instance({.base_url = "https://a.example"}, world.services());
  ASSERT_TRUE(made.ok()) << made.error().message;
  world.http.script.get("https://a.example/x").reply(200, "[{}]");
  RecordingSink sink;
  const auto status = (*made)->read_page({.object = "any"}, sink, {});
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(sink.pages.size(), 1U);
  EXPECT_TRUE(sink.end->exhausted);
  const auto fields = (*made)->discover("any", {});
  ASSERT_TRUE(fields.ok()) << fields.error().message;
  ASSERT_EQ(fields->size(), 1U);
  EXPECT_EQ(fields->front().key, "colour");
  const auto invoked = (*made)->invoke({.action = "any", .input = "{}", .idempotency_key = "k"}, {});
  EXPECT_TRUE(invoked.ok()) << invoked.error().message;
}

TEST(NewPluginNewHost, UseTheLaterMinor) {
  PluginWorld world(std::chrono::seconds(60), {1, later_minor});
  const auto plugin = world.load("newer", "newer");
  ASSERT_TRUE(plugin.ok()) << plugin.error().message;
  EXPECT_EQ((*plugin)->info().abi, (AbiVersion{1, later_minor}));
}

TEST(AnyPluginOtherMajor, IsRefused) {
  PluginWorld world(std::chrono::seconds(60), {2, 0});
  EXPECT_THAT(world.load("sample", "sample").error().message, HasSubstr("Install a newer version of the plugin"));
}

} // namespace
} // namespace dovetail::plugin

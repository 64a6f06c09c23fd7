// SPDX-License-Identifier: Apache-2.0
// CORE-1, CORE-4: discovery and actions end to end, and what becomes of plugins that break their rules.
#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/abi/plugin_world.hpp"

namespace dovetail::plugin {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AccountCall : public ::testing::Test {
protected:
  void start(std::string_view key, std::string_view config) {
    const auto plugin = world_.load(key, key);
    ASSERT_TRUE(plugin.ok()) << plugin.error().message;
    EXPECT_THAT((*plugin)->info().capabilities, ElementsAre(DVT_SYNC_ID, DVT_DISCOVERY_ID, DVT_ACTION_ID));
    auto made =
        (*plugin)->create_instance({.config = config, .base_url = "https://api.example.com"}, world_.services());
    ASSERT_TRUE(made.ok()) << made.error().message;
    instance_ = std::move(*made);
  }
  [[nodiscard]] Result<std::string> invoke(std::string_view action, std::string_view input = "{}",
                                           std::string_view key = "key-1", const Cancellation& cancellation = {}) {
    return instance_->invoke({.action = action, .input = input, .idempotency_key = key}, cancellation);
  }
  PluginWorld world_;
  std::unique_ptr<Instance> instance_;
};

class SampleAccount : public AccountCall {
protected:
  void SetUp() override { start("sample", R"({"team":"red"})"); }
  static constexpr auto fields_of_user = "https://api.example.com/teams/red/fields?of=user";
};

TEST_F(SampleAccount, TellsTheFieldsThatOnlyTheAccountKnows) {
  world_.http.script.get(fields_of_user).reply(200, R"({"fields":[{"id":"c/1","title":"Colour","kind":"choice",
                     "choices":[{"value":"r","label":"Red"},{"value":2}]},{"id":"size","title":"","kind":"number"}]})");
  const auto fields = instance_->discover("user", {});
  ASSERT_TRUE(fields.ok()) << fields.error().message;
  ASSERT_EQ(fields->size(), 2U);
  const auto& colour = fields->at(0);
  EXPECT_EQ(colour.key, "c/1");
  EXPECT_EQ(colour.source, "/custom/c~11");
  EXPECT_EQ(colour.label, "Colour");
  EXPECT_EQ(colour.type, "text");
  EXPECT_EQ(colour.provider_type, "choice");
  EXPECT_TRUE(colour.nullable && !colour.identifier && !colour.read_only);
  ASSERT_EQ(colour.options.size(), 2U);
  EXPECT_EQ(colour.options[0].value, "\"r\"");
  EXPECT_EQ(colour.options[0].label, "Red");
  EXPECT_EQ(colour.options[1].value, "2");
  EXPECT_EQ(fields->at(1).type, "real");
}

TEST_F(SampleAccount, DiscoversNothingWhenTheProviderRefuses) {
  world_.http.script.get(fields_of_user).reply(403, R"({"message":"no admin"})");
  const auto fields = instance_->discover("user", {});
  ASSERT_FALSE(fields.ok());
  EXPECT_EQ(fields.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(fields.error().message, HasSubstr("no admin"));
}

TEST_F(SampleAccount, SendsTheIdempotencyKeyAndTellsWhatCameOfIt) {
  world_.http.script.post("https://api.example.com/tasks")
      .with_header("Idempotency-Key", "order-7")
      .with_body(R"({"title":"a"})")
      .reply(201, R"({"id":41})");
  const auto output = invoke("create_task", R"({"title":"a"})", "order-7");
  ASSERT_TRUE(output.ok()) << output.error().message;
  EXPECT_EQ(*output, R"({"id":41})");
  EXPECT_EQ(invoke("delete_all").error().code, ErrorCode::unimplemented);
}

TEST_F(SampleAccount, EndsWhenItIsStoppedOrLate) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(instance_->discover("user", {stop.get_token(), {}}).error().code, ErrorCode::cancelled);
  EXPECT_EQ(instance_->discover("user", {{}, world_.clock.monotonic_now()}).error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(invoke("create_task", "{}", "k", {stop.get_token(), {}}).error().code, ErrorCode::cancelled);
  EXPECT_EQ(invoke("create_task", "{}", "k", {{}, world_.clock.monotonic_now()}).error().code,
            ErrorCode::deadline_exceeded);
}

TEST_F(SampleAccount, TakesNoKeyThatIsNone) {
  for (const auto& key : {std::string(), std::string("a b"), std::string("a\n"), std::string(129, 'k')}) {
    const auto output = invoke("create_task", "{}", key);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, ErrorCode::invalid_argument);
  }
  const std::string long_input = R"({"a":")" + std::string(ActionLimits::input_bytes, 'x') + "\"}";
  EXPECT_EQ(invoke("create_task", long_input).error().code, ErrorCode::invalid_argument);
}

class RudeAccount : public AccountCall {
protected:
  void SetUp() override {
    world_.redactor.remember(Secret("hunter2secret"));
    start("rude", "{}");
  }
};

struct Rule {
  const char* breaks;
  const char* says;
};

std::string name_of(const ::testing::TestParamInfo<Rule>& test) {
  std::string name = test.param.breaks;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

void expect_broken_rule(const Error& error, const Rule& rule) {
  EXPECT_EQ(error.code, ErrorCode::internal);
  EXPECT_EQ(error.retry, RetryClass::never);
  EXPECT_THAT(error.message, AllOf(HasSubstr("The plugin rude broke a rule of the plugin ABI"), HasSubstr(rule.says),
                                   HasSubstr("author"), Not(HasSubstr("hunter2secret"))));
}

class BrokenDiscovery : public RudeAccount, public ::testing::WithParamInterface<Rule> {};

TEST_P(BrokenDiscovery, FailsAndNamesTheRule) {
  const auto fields = instance_->discover(GetParam().breaks, {});
  ASSERT_FALSE(fields.ok());
  expect_broken_rule(fields.error(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Core4, BrokenDiscovery,
    ::testing::Values(Rule{"discover throws", "discover threw an exception (no fields"}, Rule{"no field key", "no key"},
                      Rule{"long field key", "a key that is longer than 256"},
                      Rule{"field key with a line break", "control characters"}, Rule{"no source", "0 bytes"},
                      Rule{"source is a scalar", "neither a JSON pointer nor a JSON object"},
                      Rule{"source is no JSON", "sink.field: "}, Rule{"broken source pointer", "sink.field: "},
                      Rule{"long label", "a label of 2000 bytes"}, Rule{"unknown type", "the type \"colour\""},
                      Rule{"unknown field flags", "flags 0x40"}, Rule{"short field", "shorter than ABI 1.0"},
                      Rule{"options are no array", "no array of at most 1000"},
                      Rule{"option is no scalar", "without a scalar \"value\""},
                      Rule{"too many options", "no array of at most 1000"},
                      Rule{"same field twice", "the key \"k\" of one scope twice"},
                      Rule{"copied field sink", "a sink that is not this call's"},
                      Rule{"too many fields", "more than 10000 times"},
                      Rule{"too many bytes of fields", "more than 4 MiB"}),
    name_of);

class BrokenAction : public RudeAccount, public ::testing::WithParamInterface<Rule> {};

TEST_P(BrokenAction, FailsAndNamesTheRule) {
  const auto output = invoke(GetParam().breaks);
  ASSERT_FALSE(output.ok());
  expect_broken_rule(output.error(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Core4, BrokenAction,
                         ::testing::Values(Rule{"invoke throws", "invoke threw an exception (no action"},
                                           Rule{"no output", "invoke succeeded without sink.output"},
                                           Rule{"output twice", "sink.output twice"},
                                           Rule{"output is an array", "no JSON object"},
                                           Rule{"output is no JSON", "no JSON object"},
                                           Rule{"long output", "of at most 65536"},
                                           Rule{"copied action sink", "a sink that is not this call's"}),
                         name_of);

TEST_F(RudeAccount, HasSecretsBlankedInWhatItTells) {
  const auto output = invoke("tells a secret");
  ASSERT_TRUE(output.ok()) << output.error().message;
  EXPECT_THAT(*output, Not(HasSubstr("hunter2secret")));
}

TEST_F(RudeAccount, MayFailAfterItToldAnOutputWhichThenDoesNotCount) {
  EXPECT_EQ(invoke("fails after output").error().code, ErrorCode::unavailable);
  EXPECT_EQ(instance_->discover("silent failure", {}).error().code, ErrorCode::unavailable);
}

} // namespace
} // namespace dovetail::plugin

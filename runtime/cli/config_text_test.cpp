// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/config_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::cli {
namespace {

std::string config_of(const std::vector<std::string>& settings) {
  ConfigText config;
  for (const std::string& setting : settings) {
    const Status status = config.add_setting(setting);
    EXPECT_TRUE(status.ok()) << setting;
  }
  return config.json();
}

TEST(ConfigText, TakesJsonAsJsonAndAllElseAsText) {
  EXPECT_EQ(config_of({"a=true", "b=12", "c=[\"x\"]", "d=plain words", "e=2022-11-28", "f=\"12\"", "g="}),
            R"({"a":true,"b":12,"c":["x"],"d":"plain words","e":"2022-11-28","f":"12","g":""})");
}

TEST(ConfigText, KeepsEqualsSignsInTheValue) { EXPECT_EQ(config_of({"a=b=c"}), R"({"a":"b=c"})"); }

TEST(ConfigText, SetsMembersOfMembersByDottedKeys) {
  EXPECT_EQ(config_of({"limits.perMinute=0", "limits.burst=5"}), R"({"limits":{"burst":5,"perMinute":0}})");
}

TEST(ConfigText, LaterSettingsCountMore) {
  ConfigText config;
  ASSERT_TRUE(config.add_object(R"({"a":1,"limits":{"x":1}})").ok());
  ASSERT_TRUE(config.add_setting("a=2").ok());
  ASSERT_TRUE(config.add_setting("limits.y=2").ok());
  config.set_text("environment", "sandbox");
  EXPECT_EQ(config.json(), R"({"a":2,"environment":"sandbox","limits":{"x":1,"y":2}})");
}

TEST(ConfigText, RefusesWhatIsNoSettingWithoutRepeatingIt) {
  ConfigText config;
  for (const char* const setting : {"canary-8f3a", ".canary-8f3a=1", "a..b=canary-8f3a", "=canary-8f3a"}) {
    const Status status = config.add_setting(setting);
    ASSERT_FALSE(status.ok()) << setting;
    EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(status.error().message, testing::Not(testing::HasSubstr("canary")));
  }
}

TEST(ConfigText, RefusesAFileThatIsNoObject) {
  ConfigText config;
  EXPECT_FALSE(config.add_object("[1]").ok());
  EXPECT_FALSE(config.add_object("{").ok());
}

} // namespace
} // namespace dovetail::cli

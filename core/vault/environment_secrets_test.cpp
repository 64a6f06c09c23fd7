// SPDX-License-Identifier: Apache-2.0
// VAULT-6
#include "core/vault/environment_secrets.hpp"

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace dovetail::vault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SecretVariable, NamesTenantConnectionAndSecret) {
  EXPECT_EQ(*secret_variable({.tenant = "acme", .connection = "main"}, "api_key"),
            "DOVETAIL_SECRET__ACME__MAIN__API_KEY");
  EXPECT_EQ(*secret_variable({.tenant = "a-b_c", .connection = "7"}, "token"), "DOVETAIL_SECRET__A_DB_UC__7__TOKEN");
  EXPECT_EQ(secret_variable({.tenant = "a", .connection = "b"}, "a-b").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(secret_variable({.tenant = "a", .connection = "b"}, "").error().code, ErrorCode::invalid_argument);
}

// TEN-1: no name can reach into another connection's variables.
TEST(SecretVariable, IsAnotherForEachConnectionAndSecret) {
  const std::vector<std::string> names = {"a",  "a_",  "a__",  "a-",  "a_u", "au",  "a_d",  "a-_",  "a_-", "a_ub",
                                          "ab", "a_b", "a__b", "a-b", "adb", "aub", "a_db", "a__u", "u",   "d"};
  std::set<std::string> seen;
  for (const auto& tenant : names) {
    for (const auto& connection : names) {
      for (const char* secret : {"a", "a_b", "ub", "_a", "__a", "u__a"}) {
        EXPECT_TRUE(seen.insert(*secret_variable({.tenant = tenant, .connection = connection}, secret)).second)
            << tenant << " " << connection << " " << secret;
      }
    }
  }
}

class EnvironmentSecretsTest : public ::testing::Test {
protected:
  EnvironmentSecrets secrets_{
      {{"DOVETAIL_SECRET__ACME__MAIN__API_KEY", Secret("hunter2-hunter2")},
       {"DOVETAIL_SECRET__ACME__MAIN__TOKEN", Secret("hunter3-hunter3")},
       {"DOVETAIL_SECRET__ACME__MAINE__TOKEN", Secret("of another")},
       {"DOVETAIL_SECRET__ACME__MAIN__LONG", Secret(std::string(limits::max_secret_bytes + 1, 'x'))}},
      [](TenantId, ConnectionId) -> Result<ConnectionNames> {
        return ConnectionNames{.tenant = "acme", .connection = "main"};
      }};
  const SecretAddress address_{TenantId{1}, ConnectionId{2}, "api_key"};
};

TEST_F(EnvironmentSecretsTest, LoadsAndLists) {
  EXPECT_EQ(secrets_.load(address_)->secret.reveal(), "hunter2-hunter2");
  EXPECT_THAT(*secrets_.names(TenantId{1}, ConnectionId{2}), ElementsAre("api_key", "long", "token"));
  const auto missing = secrets_.load({TenantId{1}, ConnectionId{2}, "other"});
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("DOVETAIL_SECRET__ACME__MAIN__OTHER"));
  EXPECT_EQ(secrets_.load({TenantId{1}, ConnectionId{2}, "long"}).error().code, ErrorCode::out_of_range);
}

TEST_F(EnvironmentSecretsTest, CannotBeChangedFromHere) {
  EXPECT_TRUE(secrets_.read_only());
  const auto saved = secrets_.save(address_, Secret("new-new-new"), std::nullopt);
  EXPECT_EQ(saved.error().code, ErrorCode::unimplemented);
  EXPECT_THAT(saved.error().message, HasSubstr("DOVETAIL_SECRET__ACME__MAIN__API_KEY"));
  EXPECT_THAT(saved.error().message, Not(HasSubstr("hunter2")));
  EXPECT_EQ(secrets_.remove(address_).error().code, ErrorCode::unimplemented);
}

TEST(TakeSecretVariables, TakesThemOutOfTheEnvironment) {
  // NOLINTBEGIN(concurrency-mt-unsafe): no thread runs
  ASSERT_EQ(::setenv("DOVETAIL_SECRET__ACME__MAIN__TOKEN", "hunter2=hunter2", 1), 0);
  ASSERT_EQ(::setenv("DOVETAIL_SECRET__ACME__MAIN__EMPTY", "", 1), 0);
  ASSERT_EQ(::setenv("DOVETAIL_SECRETS", "kept", 1), 0);
  const char* const place = std::getenv("DOVETAIL_SECRET__ACME__MAIN__TOKEN");
  const auto taken = take_secret_variables_from_environment();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken.begin()->second.reveal(), "hunter2=hunter2");
  EXPECT_EQ(std::getenv("DOVETAIL_SECRET__ACME__MAIN__TOKEN"), nullptr);
  EXPECT_EQ(std::getenv("DOVETAIL_SECRET__ACME__MAIN__EMPTY"), nullptr);
  EXPECT_STREQ(std::getenv("DOVETAIL_SECRETS"), "kept");
  EXPECT_EQ(*place, '\0') << "the bytes are overwritten where they stood";
  ::unsetenv("DOVETAIL_SECRETS");
  // NOLINTEND(concurrency-mt-unsafe)
}

} // namespace
} // namespace dovetail::vault

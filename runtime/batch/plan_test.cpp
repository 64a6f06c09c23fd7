// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/plan.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/batch/test_world.hpp"

namespace dovetail::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using testing::PlanWorld;

constexpr std::string_view good =
    R"({"api_key": "hunter2-key", "area": 7, "columns": {"name": "text_1"}, "more": {"size": 5}, "note": 1})";

std::string report_of(const Plan& plan) {
  json::Writer writer;
  writer.begin_object();
  write_plan(writer, plan);
  writer.end_object();
  return std::string(writer.view());
}

TEST(BatchPlan_SYNC15, AnAccountFileBecomesAConnection) {
  PlanWorld world;
  const auto plan = world.plan(good);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->tenant, "north");
  EXPECT_EQ(plan->connection, "acme");
  EXPECT_EQ(plan->config, R"({"areas":[7],"columns":{"name":"text_1"},"size":5})");
  ASSERT_EQ(plan->secrets.size(), 1U);
  EXPECT_EQ(plan->secrets[0].name, "token");
  EXPECT_EQ(plan->secrets[0].value.reveal(), "hunter2-key");
  EXPECT_THAT(plan->missing, IsEmpty());
  EXPECT_THAT(plan->columns, ElementsAre(Pair("name", "text_1")));
  EXPECT_THAT(plan->ignored, ElementsAre("note"));
  EXPECT_FALSE(plan->encrypted);
  EXPECT_FALSE(plan->renews_tokens());
}

TEST(BatchPlan_SYNC12, TheReportTellsWhatWouldBeDoneWithoutSecrets) {
  PlanWorld world;
  const auto plan = world.plan(good);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const std::string text = report_of(*plan);
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  const auto report = json::Document::parse(text);
  ASSERT_TRUE(report.ok()) << text;
  const auto root = report->root();
  EXPECT_EQ(root.at("/connection/tenant").as_string(), "north");
  EXPECT_EQ(root.at("/connection/base_url").as_string(), "https://api.acme.example");
  EXPECT_EQ(root.at("/settings/size").as_int64(), 5);
  EXPECT_EQ(root.at("/secrets/0/at").as_string(), "/api_key");
  EXPECT_EQ(root.at("/operations/2/operation").as_string(), "store_secret");
  EXPECT_EQ(root.at("/operations/3/object").as_string(), "project");
  EXPECT_EQ(root.at("/operations/3/columns/name").as_string(), "text_1");
  EXPECT_EQ(root.at("/operations/3/fields/name").as_string(), "/col_name");
  EXPECT_EQ(root["operations"].size(), 4U);
}

TEST(BatchPlan_SYNC15, SecretsComeFromTheEnvironmentWhereTheFileHasNone) {
  PlanWorld world;
  for (const std::string_view text : {R"({"area": 7, "columns": {}})", R"({"api_key": null, "area": 7, "columns": {}})",
                                      R"({"api_key": "OPTIONAL_KEY", "area": 7, "columns": {}})"}) {
    world.variables.clear();
    const auto without = world.plan(text);
    ASSERT_TRUE(without.ok()) << without.error().message;
    ASSERT_EQ(without->missing.size(), 1U);
    EXPECT_THAT(without->missing[0].advice, HasSubstr("the file at /api_key, or set the variable ACME_KEY"));
    EXPECT_THAT(report_of(*without), HasSubstr("\"missing\""));
    world.variables["ACME_KEY"] = "from-the-environment";
    const auto with = world.plan(text);
    ASSERT_TRUE(with.ok()) << with.error().message;
    EXPECT_THAT(with->missing, IsEmpty());
    ASSERT_EQ(with->secrets.size(), 1U);
    EXPECT_EQ(with->secrets[0].variable, "ACME_KEY");
    EXPECT_EQ(with->secrets[0].value.reveal(), "from-the-environment");
  }
}

TEST(BatchPlan_SYNC15, ARefreshTokenChoosesTheWayOfSigningIn) {
  PlanWorld world;
  const auto plan = world.plan(
      R"({"area": 7, "columns": {}, "token": {"access_token": "at-1234567", "refresh_token": "rt-1234567"}})");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_TRUE(plan->renews_tokens());
  EXPECT_EQ(plan->secrets.size(), 2U);
  ASSERT_EQ(plan->missing.size(), 2U) << "who renews needs the app's id and secret";
  EXPECT_EQ(plan->missing[0].name, "client_id");
  EXPECT_THAT(plan->missing[0].advice, HasSubstr("ACME_APP"));
  world.variables = {{"ACME_APP", "app"}, {"ACME_APP_SECRET", "secret-of-app"}};
  EXPECT_THAT(world.plan(R"({"area": 7, "columns": {}, "token": {"refresh_token": "rt-1234567"}})")->missing,
              IsEmpty());
}

TEST(BatchPlan_VAULT5, EncryptedFilesAreOpenedWithTheKeyOfTheEnvironment) {
  PlanWorld world;
  const std::string wrapper = world.sealed(good);
  const auto locked = world.plan(wrapper);
  ASSERT_FALSE(locked.ok());
  EXPECT_EQ(locked.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(locked.error().message, HasSubstr("ACME_FERNET is not set"));
  world.variables["ACME_FERNET"] = vault::base64_encode(vault::testing::key_bytes('x'), vault::Base64Form::url);
  EXPECT_THAT(world.plan(wrapper).error().message, HasSubstr("does not decrypt (is the key in ACME_FERNET"));
  world.variables["ACME_FERNET"] = world.key;
  const auto plan = world.plan(wrapper);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_TRUE(plan->encrypted);
  EXPECT_EQ(plan->opened.reveal(), good);
  EXPECT_EQ(plan->stored.reveal(), wrapper);
  EXPECT_THAT(world.plan(world.sealed("[1]")).error().message, HasSubstr("what was decrypted"));
}

TEST(BatchPlan_SYNC15, WhatIsWrongWithAFileIsToldWithoutItsValues) {
  struct Case {
    std::string_view text;
    std::string_view complaint;
  };
  const Case cases[] = {
      {R"({"area": 7, )", "line 1, column"},
      {"", "the text is empty"},
      {R"(["hunter2"])", "must hold a JSON object"},
      {R"({"area": 7, "area": 8, "columns": {}})", "twice"},
      {R"({"columns": {}, "api_key": "hunter2"})", "area"},
      {R"({"area": {}, "columns": {}})", "/area: expected"},
      {R"({"area": "hunter2", "columns": {}})", "its settings do not fit Acme"},
      {R"({"area": 7, "columns": {"name": "HUNTER2 hunter2"}})", "/columns/name"},
      {R"({"area": 7, "columns": {}, "more": {"colour": "hunter2"}})", "colour"},
      {R"({"area": 7, "columns": {}, "more": [1]})", "/more: expected an object"},
      {R"({"area": 7, "columns": {}, "token": {"refresh_token": 5}})", "/token/refresh_token: expected a text"},
      {R"({"_encrypted": true, "payload": "hunter2"})", "ACME_FERNET is not set"},
      {R"({"area": 7, "columns": {"name": "<hunter2>", "risk": "TBD"}})",
       "placeholders stand at /columns/name; /columns/risk"},
      {R"({"area": 7, "columns": {}, "more": {"list": ["a", "my PLACEHOLDER"]}})",
       "placeholders stand at /more/list/1"},
      {R"({"area": 7, "columns": {}, "api_key": "REPLACE_ME"})", "placeholders stand at /api_key"},
      {R"({"area": 7, "columns": {"name": "OPTIONAL_KEY"}})", "placeholders stand at /columns/name"},
  };
  PlanWorld world;
  for (const auto& [text, complaint] : cases) {
    const auto plan = world.plan(text);
    ASSERT_FALSE(plan.ok()) << text;
    EXPECT_THAT(plan.error().message, HasSubstr(complaint)) << text;
    EXPECT_THAT(plan.error().message, Not(HasSubstr("hunter2"))) << text;
  }
}

TEST(BatchPlan_SYNC15, AByteOrderMarkDoesNotMatter) {
  PlanWorld world;
  const auto plan = world.plan("\xef\xbb\xbf" + std::string(good));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->opened.reveal(), good);
}

TEST(BatchPlan_SYNC15, TheFilesNameMustBeATenants) {
  PlanWorld world;
  EXPECT_THAT(world.plan(good, "North East").error().message, HasSubstr("the file's name is the tenant's"));
  EXPECT_FALSE(world.plan(good, "").ok());
}

TEST(BatchPlan_SYNC15, OnlySomeOfManyProblemsAreTold) {
  PlanWorld world;
  std::string text = R"({"area": 7, "columns": {)";
  for (int i = 0; i < 30; ++i) {
    text += (i > 0 ? ", " : "") + ("\"c" + std::to_string(i)) + R"(": "TBD")";
  }
  EXPECT_THAT(world.plan(text + "}}").error().message, HasSubstr("and 20 more"));
}

} // namespace
} // namespace dovetail::batch

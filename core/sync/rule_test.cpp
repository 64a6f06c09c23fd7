// SPDX-License-Identifier: Apache-2.0
// SYNC-1: what a rule may say, and what it means.
#include "core/sync/rule.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/manifest/test_manifest.hpp"

namespace dovetail::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RuleTest : public ::testing::Test {
protected:
  RuleTest() {
    project_.name = "project";
    project_.fields = {{"name", model::FieldType::text, "", false},
                       {"owner", model::FieldType::text, "", false},
                       {"client", model::FieldType::text, "", false},
                       {"client_source", model::FieldType::text, "", false},
                       {"client_state", model::FieldType::text, "", false}};
    project_.policies = {{.field = "client",
                          .source = "client_source",
                          .state = "client_state",
                          .otherwise = model::PolicyKind::preserve_local,
                          .rule_key = "clientSyncPolicy",
                          .aliases = {{"follow_acme", model::PolicyKind::follow_source}}}};
    task_.name = "task";
    task_.fields = {{"number", model::FieldType::text, "", false}};
  }
  [[nodiscard]] RulePlace place(const char* object = "project") const {
    return {.provider = manifest_.get(),
            .object = manifest_->find_object(object),
            .model = std::string_view(object) == "project" ? &project_ : &task_};
  }
  [[nodiscard]] std::vector<std::string> problems(std::string_view body, const char* object = "project") const {
    const auto document = json::Document::parse(body);
    EXPECT_TRUE(document.ok()) << body;
    std::vector<std::string> texts;
    if (document.ok()) {
      for (const auto& problem : check_rule(document->root(), place(object))) {
        texts.push_back(problem.text());
      }
    }
    return texts;
  }
  [[nodiscard]] ObjectRule rule(std::string_view body, const char* object = "project") const {
    EXPECT_THAT(problems(body, object), IsEmpty());
    return read_rule(json::Document::parse(body)->root(), place(object));
  }

  std::unique_ptr<manifest::Manifest> manifest_ = manifest::testing::parse_good(manifest::testing::acme_with(
      R"({"pointer": "/owner/email")",
      R"({"pointer": "/open", "type": "boolean"}, {"pointer": "/rate", "type": "real"}, {"pointer": "/due", "type": "date"},
         {"pointer": "/tags", "type": "json"}, {"pointer": "/owner/email")"));
  model::Model project_;
  model::Model task_;
};

TEST_F(RuleTest, WithoutARuleTheManifestCounts_SYNC_1) {
  const auto rule = default_rule(*manifest_->find_object("project"));
  EXPECT_TRUE(rule.enabled);
  EXPECT_FALSE(rule.full);
  EXPECT_EQ(rule.conflict, store::ConflictPolicy::skip);
  EXPECT_EQ(rule.deletion, store::DeletionPolicy::ignore);
  EXPECT_EQ(rule.initial_mode, InitialSyncMode::delta_only_from_now);
  EXPECT_EQ(rule.signature, 0U);
  EXPECT_FALSE(default_rule(*manifest_->find_object("task")).full) << "it is read below parents that changed";
}

TEST_F(RuleTest, SaysEverythingOnce_SYNC_1) {
  const auto read = rule(R"({"object":"project","enabled":false,"fields":["/id","/name"],
    "filters":{"/name":["a","b"],"/open":true,"/owner/email":null},"cron":"0 3 * * mon-fri","behaviour":"delta","conflictPolicy":"upsert",
    "autoCreateUnmatched":false,"deletionPolicy":"soft_delete","includeSubprojects":false,"initialSyncMode":"delta_only_after_date",
    "initialSyncSince":"2026-01-31","clientSyncPolicy":"follow_acme","onStaleMapping":"run_valid","dryRun":true})");
  EXPECT_FALSE(read.enabled);
  EXPECT_TRUE(read.dry_run);
  EXPECT_THAT(read.fields, ElementsAre("/id", "/name"));
  ASSERT_EQ(read.filters.size(), 3U);
  EXPECT_EQ(read.filters_json, R"({"/name":["a","b"],"/open":[true],"/owner/email":[null]})");
  EXPECT_EQ(read.conflict, store::ConflictPolicy::upsert);
  EXPECT_FALSE(read.create_unmatched);
  EXPECT_EQ(read.deletion, store::DeletionPolicy::soft_delete);
  EXPECT_EQ(read.initial_mode, InitialSyncMode::delta_only_after_date);
  EXPECT_EQ(read.initial_since, parse_iso8601("2026-01-31T00:00:00Z"));
  EXPECT_EQ(read.policies.at("client"), model::PolicyKind::follow_source);
  EXPECT_EQ(read.on_stale_mapping, StaleMapping::run_valid);
  EXPECT_NE(read.signature, 0U);
  EXPECT_TRUE(rule(R"({"behaviour":"full","initialSyncMode":"full_once"})").full);
  EXPECT_EQ(rule(R"({"fieldPolicies":{"client":"write_once"}})").policies.at("client"), model::PolicyKind::write_once);
}

TEST_F(RuleTest, TheSignatureChangesWithWhatRecordsAreTreatedBy_SYNC_8) {
  EXPECT_EQ(rule("{}").signature, 0U);
  EXPECT_EQ(rule(R"({"intervalMinutes":5,"dryRun":true,"clientSyncPolicy":"write_once"})").signature, 0U);
  const auto one = rule(R"({"filters":{"/name":"a"}})").signature;
  EXPECT_NE(one, rule(R"({"filters":{"/name":"b"}})").signature);
  EXPECT_EQ(one, rule(R"({"dryRun":false,"filters":{"/name":"a"}})").signature);
}

TEST_F(RuleTest, NamesThePointerOfWhatTheSchemaRefuses_SYNC_1) {
  EXPECT_THAT(problems(R"({"filter":{}})"), ElementsAre(HasSubstr("filter")));
  EXPECT_THAT(problems(R"({"intervalMinutes":0})"), ElementsAre(HasSubstr("/intervalMinutes: ")));
  EXPECT_THAT(problems(R"({"deletionPolicy":"delete"})"), ElementsAre(HasSubstr("/deletionPolicy: ")));
  EXPECT_THAT(problems(R"({"fields":["name"]})"), ElementsAre(HasSubstr("/fields/0: ")));
  EXPECT_THAT(problems(R"({"filters":{"/name":{"a":1}}})"), ElementsAre(HasSubstr("/filters/~1name: ")));
  EXPECT_THAT(problems(R"([])"), ElementsAre(HasSubstr("(document)")));
  EXPECT_EQ(problems(R"({"dryRun":1,"enabled":"yes","fields":[]})").size(), 3U) << "all at once";
}

TEST_F(RuleTest, ChecksAgainstTheManifest_SYNC_1) {
  EXPECT_THAT(problems(R"({"object":"task"})"), ElementsAre(HasSubstr("/object: is \"task\"")));
  EXPECT_THAT(problems(R"({"fields":["/id","/nothing"]})"),
              ElementsAre(HasSubstr("/fields/1: \"/nothing\" is no field of \"project\"")));
  EXPECT_THAT(problems(R"({"fields":["/id"]})"), ElementsAre(HasSubstr("/fields: no field of the local model")));
  EXPECT_THAT(problems(R"({"filters":{"/nothing":1}})"), ElementsAre(HasSubstr("/filters/~1nothing: ")));
  EXPECT_THAT(problems(R"({"filters":{"/name":["a",1]}})"), ElementsAre(HasSubstr("/filters/~1name/1: 1 is no text")));
  EXPECT_THAT(problems(R"({"filters":{"/open":"yes"}})"), ElementsAre(HasSubstr("is no boolean")));
  EXPECT_THAT(problems(R"({"filters":{"/id":1.5}})"), ElementsAre(HasSubstr("is no integer")));
  EXPECT_THAT(problems(R"({"filters":{"/due":"soon"}})"), ElementsAre(HasSubstr("is no date")));
  EXPECT_THAT(problems(R"({"filters":{"/tags":"a"}})"), ElementsAre(HasSubstr("cannot be compared")));
  EXPECT_THAT(problems(R"({"filters":{"/due":"2026-01-31","/rate":1,"/id":7}})"), IsEmpty());
  EXPECT_THAT(problems(R"({"behaviour":"delta"})", "task"),
              ElementsAre(HasSubstr("/behaviour: \"delta\" is not possible")));
  EXPECT_THAT(problems(R"({"includeSubprojects":true})"),
              ElementsAre(HasSubstr("/includeSubprojects: can only be false")));
  EXPECT_THAT(problems(R"({"includeSubprojects":true})", "task"), IsEmpty()) << "its manifest has no parents only";
}

TEST_F(RuleTest, ChecksWhenItIsDue_SYNC_1) {
  EXPECT_THAT(problems(R"({"cron":"61 * * * *"})"), ElementsAre(HasSubstr("/cron: \"61\" is no minute")));
  EXPECT_THAT(problems(R"({"cron":"@daily","intervalMinutes":5})"), ElementsAre(HasSubstr("/cron: a rule has either")));
}

TEST_F(RuleTest, ChecksHowTheFirstReadBegins_SYNC_8) {
  EXPECT_THAT(problems(R"({"initialSyncMode":"delta_only_after_date"})"),
              ElementsAre(HasSubstr("\"initialSyncSince\" is missing")));
  EXPECT_THAT(problems(R"({"initialSyncMode":"delta_only_after_date","initialSyncSince":"2026-02-30"})"),
              ElementsAre(HasSubstr("/initialSyncSince: \"2026-02-30\" is no date")));
  EXPECT_THAT(problems(R"({"initialSyncMode":"full_once","initialSyncSince":"2026-01-31"})"),
              ElementsAre(HasSubstr("/initialSyncSince: only counts with")));
  EXPECT_THAT(problems(R"({"initialSyncMode":"delta_only_from_now"})", "task"),
              ElementsAre(HasSubstr("/initialSyncMode: needs a delta")));
  EXPECT_THAT(problems(R"({"initialSyncMode":"delta_only_from_now","behaviour":"full"})"),
              ElementsAre(HasSubstr("/initialSyncMode: contradicts")));
}

TEST_F(RuleTest, ChecksThePoliciesOfLocalFields_SYNC_1) {
  EXPECT_THAT(problems(R"({"fieldPolicies":{"name":"write_once"}})"),
              ElementsAre(HasSubstr("/fieldPolicies/name: no policy can be chosen for \"name\" of the model "
                                    "\"project\": there is one for client")));
  EXPECT_THAT(problems(R"({"fieldPolicies":{"client":"follow_globex"}})"),
              ElementsAre(HasSubstr("expected one of preserve_local, follow_source, write_once, follow_acme")));
  EXPECT_THAT(problems(R"({"clientSyncPolicy":"sometimes"})"),
              ElementsAre(HasSubstr("/clientSyncPolicy: expected one of")));
  EXPECT_THAT(problems(R"({"ownerSyncPolicy":"write_once"})"), ElementsAre(HasSubstr("/ownerSyncPolicy: the model")));
  EXPECT_THAT(problems(R"({"clientSyncPolicy":"write_once"})", "task"), ElementsAre(HasSubstr("it has none")));
  EXPECT_THAT(problems(R"({"clientSyncPolicy":"write_once","fieldPolicies":{"client":"follow_acme"}})"),
              ElementsAre(HasSubstr("/clientSyncPolicy: says another policy")));
  EXPECT_THAT(problems(R"({"clientSyncPolicy":"follow_acme","fieldPolicies":{"client":"follow_source"}})"), IsEmpty());
}

TEST_F(RuleTest, AStoredRuleThatNoLongerFitsSaysWhatToDo) {
  store::RuleRecord record;
  record.object = "project";
  record.revision = 4;
  record.enabled = false;
  record.body = R"({"fields":["/gone"]})";
  const auto broken = read_rule(record, place());
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().message, HasSubstr("/fields/0: \"/gone\" is no field"));
  EXPECT_THAT(broken.error().message, HasSubstr("dovetail rule set"));
  record.body = stored_rule_body(json::Document::parse(R"({"enabled":true,"dryRun":true,"behaviour":"full"})")->root());
  EXPECT_EQ(record.body, R"({"behaviour":"full","dryRun":true})");
  const auto good = read_rule(record, place());
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_FALSE(good->enabled) << "the record says so";
  EXPECT_EQ(good->revision, 4);
}

} // namespace
} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "core/store/job_repository.hpp"
#include "core/sync/object_sync.hpp"
#include "core/sync/scripted_pages.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::sync::testing_world {

/// One object with a delta, whose model has a field of ours, read from a script into a real store.
class OneObjectTest : public dovetail::testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main", "acme");
    model_.name = "thing";
    model_.label = "Thing";
    for (const auto* name : {"name", "kind", "client_source", "client", "client_state"}) {
      model_.fields.push_back({name, model::FieldType::text, "", false});
    }
    model_.policies = {{.field = "client",
                        .source = "client_source",
                        .state = "client_state",
                        .otherwise = model::PolicyKind::preserve_local,
                        .rule_key = "clientSyncPolicy",
                        .aliases = {}}};
    tables_.push_back({.model = &model_, .match_by = {{"name"}}});
    ASSERT_TRUE(store::ensure_tables(database(), tables_).ok());
    object_.key = "thing";
    object_.model = "thing";
    object_.capabilities.list = true;
    object_.capabilities.delta = true;
    object_.deletions = manifest::Deletions::full_pass;
    object_.defaults.behaviour = manifest::Behaviour::delta;
    object_.default_mapping = mapping_.root();
    for (const auto* pointer : {"/id", "/name", "/kind", "/client"}) {
      object_.fields.push_back(
          {.pointer = pointer, .label = {}, .type = "text", .nullable = true, .identifier = false, .pii = false});
    }
    manifest_.provider_key = "acme";
  }

  /// Syncs the object by `rule`, a rule's JSON; without one by its manifest. The script answers with `answers`.
  ObjectReport sync(std::vector<Result<FetchedPage>> answers, std::string_view rule = "", SyncOptions options = {}) {
    ObjectTask task;
    task.tenant = tenant_;
    task.connection = connection_;
    task.manifest = &manifest_;
    task.object = &object_;
    task.model = &model_;
    task.tables = tables_;
    if (!rule.empty()) {
      store::RuleRecord record;
      record.object = "thing";
      record.revision = 3;
      record.body = rule;
      auto read = read_rule(record, {.provider = &manifest_, .object = &object_, .model = &model_});
      EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
      if (read.ok()) {
        task.rule = *read;
      }
    }
    task.make_source = [this](JobId /*job*/) -> Result<std::unique_ptr<PageSource>> {
      return std::unique_ptr<PageSource>(std::make_unique<ScriptedSource>(script_));
    };
    options.prefetch = false;
    script_.answers.assign(std::make_move_iterator(answers.begin()), std::make_move_iterator(answers.end()));
    script_.asked.clear();
    ObjectReport report;
    ObjectSync({database(), store().ids(), store().clock(), store().logger(), redactor_}, {.keep_lease = false})
        .run(task, options, {}, nullptr, report);
    store().clock().advance(std::chrono::minutes(1));
    return report;
  }
  [[nodiscard]] std::string value(const std::string& expression, const std::string& id) {
    return store().raw("SELECT " + expression + " FROM thing WHERE external_id = '" + id + "'");
  }
  [[nodiscard]] std::string count(const std::string& where = "state = 'active'") {
    return store().raw("SELECT count(*) FROM thing WHERE " + where);
  }

  TenantId tenant_;
  ConnectionId connection_;
  Redactor redactor_;
  model::Model model_;
  std::vector<store::TableSpec> tables_;
  json::Document mapping_ = *json::Document::parse(
      R"({"model":"thing","externalId":"/id","inactiveWhen":{"from":"/gone","equals":true},)"
      R"("fields":{"name":"/name","kind":"/kind","client_source":"/client","client":"/client"}})");
  manifest::Manifest manifest_{*json::Document::parse("{}")};
  manifest::Object object_;
  Script script_;
};

} // namespace dovetail::sync::testing_world

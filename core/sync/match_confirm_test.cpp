// SPDX-License-Identifier: Apache-2.0
// SYNC-13: from the look at provider and rows to the sync that updates what was linked.
#include "core/sync/match_confirm.hpp"

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plugin/owned_body.hpp"
#include "core/store/job_repository.hpp"
#include "core/sync/object_sync.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::sync {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A provider with one page.
class OnePage final : public PageSource {
public:
  explicit OnePage(std::string records) : records_(std::move(records)) {}
  Result<FetchedPage> fetch(const PageRequest& /*request*/, const Cancellation& /*cancellation*/) override {
    FetchedPage page;
    page.records.push_back(
        {.body = std::make_shared<plugin::OwnedBody>(records_), .pointer = {}, .constants = {}, .page_key = {}});
    page.exhausted = true;
    page.requests = 1;
    return page;
  }

  [[nodiscard]] Exchanges exchanges() const override { return {.requests = 1}; }

private:
  std::string records_;
};

class MatchConfirmTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main");
    model_.name = "project";
    model_.label = "Project";
    model_.fields = {{"code", model::FieldType::text, "", false},
                     {"name", model::FieldType::text, "", false},
                     {"client", model::FieldType::text, "", false}};
    object_.key = "project";
    object_.model = "project";
    object_.capabilities.list = true;
    object_.match_by = {{"code"}, {"name", "client"}};
    object_.default_mapping = mapping_.root();
    tables_ = {{.model = &model_, .match_by = object_.match_by}};
    ASSERT_TRUE(store::ensure_tables(database(), tables_).ok());
    manifest_.provider_key = "acme";
    fields_ = match_fields(object_.match_by);
  }

  void add_row(std::int64_t id, const std::string& code, const std::string& name, const std::string& client) {
    (void)store().raw(fmt::format(
        "INSERT INTO project (tenant_id, id, provider, connection_id, external_id, code, name, client, content_hash, "
        "state, created_at, updated_at) VALUES ({}, {}, '', 0, '', nullif('{}', ''), '{}', '{}', 0, 'active', "
        "'2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z')",
        tenant_.value, id, code, name, client));
  }

  [[nodiscard]] ObjectTask task() {
    ObjectTask made;
    made.tenant = tenant_;
    made.connection = connection_;
    made.manifest = &manifest_;
    made.object = &object_;
    made.model = &model_;
    made.tables = tables_;
    made.make_source = [this](JobId /*job*/) -> Result<std::unique_ptr<PageSource>> {
      return std::unique_ptr<PageSource>(std::make_unique<OnePage>(records_));
    };
    return made;
  }
  ObjectReport run(const ObjectTask& task, SyncOptions options = {}) {
    options.prefetch = false;
    ObjectReport report;
    ObjectSync({database(), store().ids(), store().clock(), store().logger(), redactor_}, {.keep_lease = false})
        .run(task, options, {}, nullptr, report);
    EXPECT_FALSE(report.error) << report.error->message;
    return report;
  }

  /// As SyncService does it.
  MatchReview review() {
    const auto links = store::read_links({database(), tenant_}, connection_, "project");
    EXPECT_TRUE(links.ok());
    std::unordered_set<std::string> linked_records;
    std::unordered_set<std::int64_t> linked_rows;
    for (const auto& link : *links) {
      linked_records.insert(link.external_id);
      linked_rows.insert(link.row.value);
    }
    MatchReview made;
    made.subject = {"acme", "main", "project", "project"};
    made.fields = fields_;
    MatchRecords records(model_, fields_, linked_records);
    auto dry = task();
    DryRunParents parents;
    dry.dry_run_parents = &parents;
    dry.mapped = &records;
    (void)run(dry, {.full = true, .dry_run = true});
    made.records = records.take();
    made.linked = records.linked();
    auto rows = read_match_rows({database(), tenant_}, model_, fields_, linked_rows);
    EXPECT_TRUE(rows.ok());
    made.rows = *rows;
    made.suggestions = suggest_matches(made.fields.rules, made.records, made.rows);
    return made;
  }
  Result<MatchSummary> confirm(const MatchReview& review) {
    const auto decision = read_match_file(to_json(review, store().clock().now()));
    EXPECT_TRUE(decision.ok()) << decision.error().message;
    return confirm_decision(target(), *decision);
  }
  MatchTarget target() { return {{database(), tenant_}, store().ids(), connection_, "acme", object_, model_}; }
  std::string raw(const std::string& sql) { return store().raw(sql); }

  TenantId tenant_;
  ConnectionId connection_;
  Redactor redactor_;
  model::Model model_;
  json::Document mapping_ = *json::Document::parse(
      R"({"model":"project","externalId":"/id","fields":{"code":"/code","name":"/name","client":"/client"}})");
  manifest::Object object_;
  manifest::Manifest manifest_{*json::Document::parse("{}")};
  std::vector<store::TableSpec> tables_;
  MatchFields fields_;
  std::string records_ = R"([{"id":"r1","code":"P-1","name":"Bridge","client":"Acme"},
                             {"id":"r2","code":"P-2","name":"QUAY","client":"acme"},
                             {"id":"r3","code":"P-3","name":"Dam","client":"Acme"}])";
};
DOVETAIL_BOTH_DIALECTS(MatchConfirmTest);

TEST_P(MatchConfirmTest, TheSyncBehindAConfirmationUpdatesTheLinkedRows_SYNC_13) {
  add_row(1, "p-1", "Old name", "Acme");
  add_row(2, "", "Quay", "ACME");
  const MatchReview found = review();
  EXPECT_EQ(found.count(MatchStatus::matched), 2U);
  EXPECT_EQ(found.count(MatchStatus::unmatched), 1U);
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "0") << "looking writes nothing";
  EXPECT_EQ(raw("SELECT count(*) FROM job"), "0");

  const auto summary = confirm(found);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->matched, 2U);
  EXPECT_EQ(summary->changed, 0U);
  EXPECT_EQ(summary->skipped, 1U);
  const auto job = store::JobRepository({database(), tenant_}, store().ids()).get(summary->job);
  EXPECT_EQ((*job)->kind, "match");
  EXPECT_EQ((*job)->state, store::JobState::succeeded);
  EXPECT_EQ((*job)->counters.updated, 2);

  const auto report = run(task());
  EXPECT_EQ(report.counts.updated, 2);
  EXPECT_EQ(report.counts.created, 1);
  EXPECT_EQ(raw("SELECT count(*) FROM project"), "3");
  EXPECT_EQ(raw("SELECT name FROM project WHERE id = 1"), "Bridge");
  EXPECT_EQ(raw("SELECT code FROM project WHERE id = 2"), "P-2");
}

TEST_P(MatchConfirmTest, AFieldOfOursIsComparedWithTheProvidersValueOfIt_SYNC_13) {
  model_.policies.emplace_back();
  model_.policies.back().field = "client";
  model_.policies.back().source = "code";
  mapping_ =
      *json::Document::parse(R"({"model":"project","externalId":"/id","fields":{"code":"/client","name":"/name"}})");
  object_.default_mapping = mapping_.root();
  MatchRecords records(model_, fields_, {});
  const auto mapping = mapping::Mapping::parse(mapping_.root());
  ASSERT_TRUE(mapping.ok());
  const auto compiled = mapping::compile(*mapping, model_);
  ASSERT_TRUE(compiled.ok());
  PageMapping pages(*compiled, redactor_);
  SyncCounts lost;
  auto page = OnePage(records_).fetch({}, {});
  ASSERT_TRUE(page.ok() && pages.map(page->records, lost).ok());
  ASSERT_TRUE(records.page(pages).ok());
  const auto found = records.take();
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].values[2], "Acme") << "the rules' third field is the client";
}

TEST_P(MatchConfirmTest, TheNextReviewLeavesOutWhatIsLinked_SYNC_13) {
  add_row(1, "P-1", "a", "b");
  ASSERT_TRUE(confirm(review()).ok());
  const MatchReview again = review();
  EXPECT_EQ(again.linked, 1U);
  EXPECT_THAT(again.records, SizeIs(2));
  EXPECT_THAT(again.rows, IsEmpty());
}

TEST_P(MatchConfirmTest, AConfirmationAfterASyncThatDidNotTakeTheRecordsHasThemReadAnew_SYNC_13) {
  (void)run(task());
  (void)raw("DELETE FROM external_link");
  (void)raw("DELETE FROM project");
  add_row(1, "P-1", "a", "b");
  ASSERT_TRUE(confirm(review()).ok());
  EXPECT_EQ(run(task()).counts.updated, 1);
  EXPECT_EQ(raw("SELECT name FROM project WHERE id = 1"), "Bridge");
}

TEST_P(MatchConfirmTest, ConflictsAreLeftToAPerson_SYNC_13) {
  add_row(1, "P-1", "a", "b");
  add_row(2, "p-1", "c", "d");
  MatchReview found = review();
  EXPECT_EQ(found.count(MatchStatus::conflict), 1U);
  EXPECT_EQ(confirm(found)->skipped, 3U);
  const auto summary =
      confirm_decision(target(), {.subject = found.subject, .pairs = {{"r1", RowId{2}}}, .changed = 1, .skipped = 2});
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->changed, 1U);
  EXPECT_EQ(summary->matched, 0U);
}

TEST_P(MatchConfirmTest, ARefusalEndsTheJobAndGivesTheObjectBack_SYNC_13) {
  const auto refused = confirm_decision(
      target(),
      {.subject = {"acme", "main", "project", "project"}, .pairs = {{"r1", RowId{77}}}, .changed = 0, .skipped = 0});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_EQ(raw("SELECT state FROM job"), "failed");
  EXPECT_EQ(run(task()).counts.created, 3) << "nobody holds the object";
}

TEST_P(MatchConfirmTest, WaitsForNoSyncThatIsRunning_SYNC_9) {
  add_row(1, "P-1", "a", "b");
  const MatchReview found = review();
  const auto lease =
      store::ObjectLeases({database(), tenant_}).acquire(connection_, "project", JobId{5}, std::chrono::minutes(1));
  ASSERT_TRUE(lease.ok());
  const auto refused = confirm(found);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::already_exists);
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "0");
}

TEST_P(MatchConfirmTest, RefusesAFileOfAnotherObject_SYNC_13) {
  const auto refused = confirm_decision(target(), {.subject = {"acme", "main", "client", "client"}, .pairs = {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("\"client\""));
}

TEST_P(MatchConfirmTest, AnotherTenantsRowsCannotBeLinked_TEN_1) {
  const TenantId other = store().add_tenant("other");
  add_row(1, "P-1", "a", "b");
  (void)raw(fmt::format("UPDATE project SET tenant_id = {}", other.value));
  EXPECT_THAT(review().rows, IsEmpty());
  const auto refused =
      confirm_decision(target(), {.subject = {"acme", "main", "project", "project"}, .pairs = {{"r1", RowId{1}}}});
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
}

} // namespace
} // namespace dovetail::sync

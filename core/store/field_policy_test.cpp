// SPDX-License-Identifier: Apache-2.0
// SYNC-1: fields that are ours beside the provider's value.
#include "core/store/field_policy.hpp"

#include <functional>
#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests
using model::PolicyKind;
using ::testing::HasSubstr;

class FieldPolicyTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    catalog_.match("deal", {{"name", "client"}});
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main", "acme");
  }

  ObjectWorld world(PolicyKind kind) {
    ObjectWorld made{store(), catalog_, tenant_, connection_, "deals", "deal"};
    open(made, kind);
    return made;
  }
  static void open(ObjectWorld& deals, PolicyKind kind) {
    ObjectTarget target = deals.target();
    target.policies["client"] = kind;
    deals.open(std::move(target));
  }
  static Record deal(std::string id, Cell client, const char* name = "a deal") {
    return {std::move(id), {Cell::text(name), client}, false, std::nullopt};
  }
  static void write(ObjectWorld& deals, const std::vector<Record>& records) {
    const auto outcome = deals.write(records);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  }
  std::int64_t apply(const ObjectWorld& deals, PolicyKind kind) {
    const auto corrected = apply_policies(database(), {.tenant = deals.tenant,
                                                       .connection = deals.connection,
                                                       .object = deals.object,
                                                       .model = &deals.model,
                                                       .fields = {"client"},
                                                       .choices = {{"client", kind}},
                                                       .job = deals.job,
                                                       .fence = deals.fence});
    EXPECT_TRUE(corrected.ok()) << corrected.error().message;
    return corrected.ok() ? *corrected : -1;
  }
  /// "local|source|state" of a deal; null reads as "-".
  std::string row(std::string_view id) {
    return store().raw(fmt::format("SELECT coalesce(client, '-') || '|' || coalesce(source_client, '-') || '|' || "
                                   "coalesce(client_state, '-') FROM deal WHERE external_id = '{}'",
                                   id));
  }
  void change(std::string_view id, const std::string& client) {
    std::ignore = store().raw(fmt::format("UPDATE deal SET client = {} WHERE external_id = '{}'", client, id));
  }

  Catalog catalog_{{deal_model()}};
  TenantId tenant_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(FieldPolicyTest);

// Three deals: 1 diverges, 2 stays equal, 3 is emptied; then the source changes.
void diverge(const std::function<void(std::string_view, const std::string&)>& change) {
  change("1", "'ours'");
  change("3", "''");
}

TEST_P(FieldPolicyTest, PreserveLocalFollowsUntilTheLocalValueDiverges_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A")), deal("3", Cell::text("A"))});
  EXPECT_EQ(row("1"), "A|A|preserve_local:in_sync");
  diverge([this](auto id, const auto& value) { change(id, value); });
  write(deals, {deal("1", Cell::text("B")), deal("2", Cell::text("B")), deal("3", Cell::text("B"))});
  EXPECT_EQ(row("1"), "ours|B|preserve_local:diverged");
  EXPECT_EQ(row("2"), "B|B|preserve_local:in_sync");
  EXPECT_EQ(row("3"), "B|B|preserve_local:in_sync");
  write(deals, {deal("1", Cell::text("ours")), deal("2", Cell()), deal("3", Cell::text("C"))});
  EXPECT_EQ(row("1"), "ours|ours|preserve_local:in_sync") << "what became equal again follows again";
  EXPECT_EQ(row("2"), "-|-|preserve_local:in_sync");
  write(deals, {deal("1", Cell::text("D")), deal("2", Cell::text("E"))});
  EXPECT_EQ(row("1"), "D|D|preserve_local:in_sync");
  EXPECT_EQ(row("2"), "E|E|preserve_local:in_sync");
}

TEST_P(FieldPolicyTest, PreserveLocalKeepsAValueThatDivergedWhenTheSourceGoesNull_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  write(deals, {deal("1", Cell::text("A"))});
  change("1", "'ours'");
  write(deals, {deal("1", Cell())});
  EXPECT_EQ(row("1"), "ours|-|preserve_local:diverged");
}

TEST_P(FieldPolicyTest, FollowSourceCopiesWhateverWasWrittenHere_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::follow_source);
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A")), deal("3", Cell::text("A"))});
  diverge([this](auto id, const auto& value) { change(id, value); });
  write(deals, {deal("1", Cell::text("B")), deal("2", Cell::text("B")), deal("3", Cell())});
  EXPECT_EQ(row("1"), "B|B|follow_source:in_sync");
  EXPECT_EQ(row("2"), "B|B|follow_source:in_sync");
  EXPECT_EQ(row("3"), "-|-|follow_source:in_sync");
}

TEST_P(FieldPolicyTest, FollowSourceRestoresWhatOnlyChangedHere_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::follow_source);
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A")), deal("3", Cell::text("A"))});
  diverge([this](auto id, const auto& value) { change(id, value); });
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A")), deal("3", Cell::text("A"))});
  EXPECT_EQ(row("1"), "ours|A|follow_source:in_sync") << "the record did not change, so its row was not written";
  EXPECT_EQ(apply(deals, PolicyKind::follow_source), 2);
  EXPECT_EQ(row("1"), "A|A|follow_source:in_sync");
  EXPECT_EQ(row("3"), "A|A|follow_source:in_sync");
  EXPECT_EQ(apply(deals, PolicyKind::follow_source), 0);
}

TEST_P(FieldPolicyTest, WriteOnceTakesTheFirstValueOnly_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::write_once);
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A")), deal("3", Cell::text("A"))});
  EXPECT_EQ(row("2"), "A|A|write_once:in_sync");
  diverge([this](auto id, const auto& value) { change(id, value); });
  write(deals, {deal("1", Cell::text("B")), deal("2", Cell::text("B")), deal("3", Cell::text("B"))});
  EXPECT_EQ(row("1"), "ours|B|write_once:diverged");
  EXPECT_EQ(row("2"), "A|B|write_once:diverged");
  EXPECT_EQ(row("3"), "|B|write_once:diverged") << "emptied here on purpose";
  EXPECT_EQ(apply(deals, PolicyKind::write_once), 0);
}

TEST_P(FieldPolicyTest, WriteOnceWaitsForAFirstValue_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::write_once);
  write(deals, {deal("1", Cell()), deal("2", Cell())});
  EXPECT_EQ(row("1"), "-|-|write_once:waiting");
  change("2", "'ours'");
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A"))});
  EXPECT_EQ(row("1"), "A|A|write_once:in_sync");
  EXPECT_EQ(row("2"), "ours|A|write_once:diverged");
  write(deals, {deal("1", Cell::text("B"))});
  EXPECT_EQ(row("1"), "A|B|write_once:diverged");
}

TEST_P(FieldPolicyTest, AnotherPolicyReachesRowsWhoseRecordsDoNotChange_SYNC_1) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A"))});
  change("1", "'ours'");
  EXPECT_EQ(apply(deals, PolicyKind::preserve_local), 1) << "a divergence that nobody has noted yet";
  EXPECT_EQ(row("1"), "ours|A|preserve_local:diverged");
  EXPECT_EQ(apply(deals, PolicyKind::write_once), 2);
  EXPECT_EQ(row("1"), "ours|A|write_once:diverged") << "it was imported before, so nothing is copied";
  EXPECT_EQ(apply(deals, PolicyKind::follow_source), 2);
  EXPECT_EQ(row("1"), "A|A|follow_source:in_sync");
}

TEST_P(FieldPolicyTest, ARowThatWasThereBeforeKeepsItsValueOrTakesTheProviders_SYNC_1) {
  const auto insert = [this](int id, std::string_view name) {
    const std::string now = "2026-01-05T09:00:00.000Z";
    std::ignore = store().raw(fmt::format(
        "INSERT INTO deal (tenant_id, id, provider, connection_id, external_id, name, source_client, client, "
        "content_hash, state, "
        "created_at, updated_at) VALUES ({}, {}, 'acme', {}, '{}', '{}', NULL, 'Globex', 0, 'active', '{}', '{}')",
        tenant_.value, id, connection_.value, name, name, now, now));
  };
  insert(1, "kept");
  insert(2, "once");
  for (const auto kind : {PolicyKind::preserve_local, PolicyKind::write_once}) {
    ObjectWorld deals = world(kind);
    ObjectTarget target = deals.target();
    target.policies["client"] = kind;
    target.match_by = {{"name"}};
    deals.open(std::move(target));
    const char* name = kind == PolicyKind::preserve_local ? "kept" : "once";
    const auto outcome = deals.write({deal(name, Cell::text("GLOBEX Inc"), name)});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->matched, 1);
  }
  EXPECT_EQ(row("kept"), "Globex|GLOBEX Inc|preserve_local:diverged");
  EXPECT_EQ(row("once"), "GLOBEX Inc|GLOBEX Inc|write_once:in_sync");
}

TEST_P(FieldPolicyTest, MatchesTheProvidersValueAgainstOurs_SYNC_5) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  write(deals, {deal("1", Cell::text("A"), "roof")});
  change("1", "'ours'");
  ObjectWorld other{store(), catalog_, tenant_, store().add_connection(tenant_, "other", "acme"), "deals", "deal"};
  ObjectTarget target = other.target();
  target.match_by = {{"name", "client"}};
  other.open(std::move(target));
  const auto outcome = other.write({deal("x", Cell::text("OURS"), "Roof"), deal("y", Cell::text("A"), "roof")});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->matched, 1);
  EXPECT_EQ(outcome->counters.created, 1);
}

TEST_P(FieldPolicyTest, LeavesRowsAloneThatAreNotActiveOrOfAnotherObject_SYNC_7) {
  ObjectWorld deals = world(PolicyKind::follow_source);
  write(deals, {deal("1", Cell::text("A")), deal("2", Cell::text("A"))});
  write(deals, {{"1", {Cell::text("a deal"), Cell::text("A")}, true, std::nullopt}});
  ObjectWorld others{store(), catalog_, tenant_, connection_, "others", "deal"};
  write(others, {deal("3", Cell::text("A"))});
  for (const auto* id : {"1", "2", "3"}) {
    change(id, "'ours'");
  }
  EXPECT_EQ(apply(deals, PolicyKind::follow_source), 1);
  EXPECT_THAT(row("1"), HasSubstr("ours|"));
  EXPECT_THAT(row("2"), HasSubstr("A|"));
  EXPECT_THAT(row("3"), HasSubstr("ours|"));
}

TEST_P(FieldPolicyTest, CorrectsMoreRowsThanOneTransactionTakes) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  std::vector<Record> records;
  for (int i = 0; i < 5'003; ++i) {
    records.push_back(deal(std::to_string(i), Cell::text("A")));
  }
  write(deals, records);
  EXPECT_EQ(apply(deals, PolicyKind::follow_source), 5'003);
  EXPECT_EQ(store().raw("SELECT count(*) FROM deal WHERE client_state = 'follow_source:in_sync'"), "5003");
}

TEST_P(FieldPolicyTest, AValueThatNoDatabaseHoldsIsRepairedAndCountedOnce_SYNC_3) {
  for (const auto kind : {PolicyKind::preserve_local, PolicyKind::follow_source, PolicyKind::write_once}) {
    ObjectWorld deals = world(kind);
    const std::string id(to_string(kind));
    const auto outcome = deals.write({deal(id, Cell::text("a\xFF"))});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->repaired, 1);
    EXPECT_EQ(row(id), "a\uFFFD|a\uFFFD|" + id + ":in_sync");
  }
}

TEST_P(FieldPolicyTest, StopsWithoutTheLease_SYNC_9) {
  ObjectWorld deals = world(PolicyKind::follow_source);
  write(deals, {deal("1", Cell::text("A"))});
  change("1", "'ours'");
  const JobId stalled = deals.job;
  const std::int64_t fence = deals.fence;
  deals.begin_job();
  const auto corrected = apply_policies(database(), {.tenant = tenant_,
                                                     .connection = connection_,
                                                     .object = "deals",
                                                     .model = &deals.model,
                                                     .fields = {"client"},
                                                     .choices = {{"client", PolicyKind::follow_source}},
                                                     .job = stalled,
                                                     .fence = fence});
  ASSERT_FALSE(corrected.ok());
  EXPECT_EQ(corrected.error().code, ErrorCode::aborted);
  EXPECT_THAT(row("1"), HasSubstr("ours|"));
}

TEST_P(FieldPolicyTest, RefusesAMappingThatFillsWhatIsOurs) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  ObjectTarget target = deals.target();
  target.columns.push_back(2);
  const auto made = PageWriter::make(database(), store().ids(), std::move(target));
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("\"client\""));
}

// Without the source there is nothing to follow: the field is one like all others.
TEST_P(FieldPolicyTest, AFieldWhoseSourceIsNotMappedIsAnOrdinaryOne) {
  ObjectWorld deals = world(PolicyKind::preserve_local);
  ObjectTarget target = deals.target();
  target.columns = {0, 2};
  deals.open(std::move(target));
  mapping::PageRows rows;
  const std::vector<std::uint16_t> columns{0, 2};
  rows.reset(columns);
  const auto cells =
      rows.append({.external_id = "1", .source_updated_at = {}, .external_id_hash = 1, .content_hash = 2});
  cells[1] = Cell::text("mapped");
  PageWrite page = deals.page();
  const std::vector<RecordBatch> batches{{&rows, ""}};
  page.batches = batches;
  const auto outcome = deals.writer().write(page);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(row("1"), "mapped|-|-");
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer.hpp"

#include <optional>
#include <chrono>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"
#include "core/store/rule_repository.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

class PageWriterTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    catalog_.match("person", {{"number"}, {"email"}});
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main", "acme");
  }

  ObjectWorld world(std::string_view object = "samples", std::string_view model = "sample") {
    return {store(), catalog_, tenant_, connection_, object, model};
  }
  std::string raw(const std::string& sql) { return store().raw(sql); }

  Catalog catalog_{{sample_model(), change_model(), verdict_model(), person_model()}};
  TenantId tenant_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(PageWriterTest);

Record sample(std::string id, std::string_view title, std::int64_t number = 1) {
  return {std::move(id),
          {Cell::text(title), Cell::integer(number), Cell::real(0.5), Cell::boolean(true),
           instant("2026-01-05T09:00:00.123Z"), Cell::date(20'458), Cell::json(R"({"a":[1,2]})")},
          false,
          at("2026-01-05T10:00:00Z")};
}

void expect(const Result<PageOutcome>& outcome, PageCounters counters) {
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  const PageCounters& got = outcome->counters;
  EXPECT_EQ(got.fetched, counters.fetched) << "fetched";
  EXPECT_EQ(got.created, counters.created) << "created";
  EXPECT_EQ(got.updated, counters.updated) << "updated";
  EXPECT_EQ(got.unchanged, counters.unchanged) << "unchanged";
  EXPECT_EQ(got.skipped, counters.skipped) << "skipped";
  EXPECT_EQ(got.failed, counters.failed) << "failed";
  EXPECT_EQ(got.conflicts, counters.conflicts) << "conflicts";
  EXPECT_EQ(got.fetched, got.created + got.updated + got.unchanged + got.skipped + got.failed);
}

TEST_P(PageWriterTest, CountsWhatItMadeChangedAndLeft) { // SYNC-5
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one"), sample("2", "two"), sample("3", "three")}), {.fetched = 3, .created = 3});
  expect(samples.write({sample("1", "one"), sample("2", "zwei"), sample("4", "four")}),
         {.fetched = 3, .created = 1, .updated = 1, .unchanged = 1});
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "4");
  EXPECT_EQ(raw("SELECT title FROM sample WHERE external_id = '2'"), "zwei");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "4");
  EXPECT_EQ(
      raw(fmt::format("SELECT fetched * 1000 + created * 100 + updated * 10 + unchanged FROM job WHERE job_id = {}",
                      samples.job.value)),
      "6411");
  EXPECT_EQ(raw("SELECT pass_pages FROM sync_state"), "2");
}

TEST_P(PageWriterTest, ChangesNothingWhenAPageIsWrittenAgain) { // SYNC-4: the answer to the commit was lost
  ObjectWorld samples = world();
  const PageWrite page = samples.page();
  expect(samples.write(page, {sample("1", "one"), sample("2", "two")}), {.fetched = 2, .created = 2});
  const std::string job = raw("SELECT fetched * 10 + created FROM job");
  const auto again = samples.write(page, {sample("1", "one"), sample("2", "two")});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->already_written);
  EXPECT_EQ(again->counters, PageCounters());
  EXPECT_EQ(raw("SELECT fetched * 10 + created FROM job"), job);
  EXPECT_EQ(raw("SELECT pass_pages FROM sync_state"), "1");
}

TEST_P(PageWriterTest, RefusesAPageThatIsNotTheNext) {
  ObjectWorld samples = world();
  PageWrite page = samples.page();
  page.pass_pages = 2;
  const auto ahead = samples.write(page, {sample("1", "one")});
  ASSERT_FALSE(ahead.ok());
  EXPECT_EQ(ahead.error().code, ErrorCode::aborted);
  EXPECT_EQ(ahead.error().retry, RetryClass::never);
  page = samples.page();
  page.pass_id += 1;
  const auto other = samples.write(page, {sample("1", "one")});
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, ::testing::HasSubstr(std::to_string(samples.pass_id)));
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "0");
}

TEST_P(PageWriterTest, WritesNothingForAJobThatLostItsLease) { // SYNC-9
  ObjectWorld samples = world();
  const PageWrite stale = samples.page();
  samples.begin_job();
  const auto outcome = samples.write(stale, {sample("1", "one")});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::aborted);
  EXPECT_THAT(outcome.error().message, ::testing::HasSubstr(fmt::format("job {} has taken over", samples.job.value)));
  PageWrite older = samples.page();
  older.fence -= 1;
  EXPECT_FALSE(samples.write(older, {sample("1", "one")}).ok());
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "0");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "0");
  EXPECT_EQ(raw("SELECT pass_pages FROM sync_state"), "0");
}

TEST_P(PageWriterTest, WritesNothingForAJobThatHasEnded) {
  ObjectWorld samples = world();
  std::ignore = raw("UPDATE job SET state = 'cancelled'");
  const auto outcome = samples.write({sample("1", "one")});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::aborted);
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "0");
}

TEST_P(PageWriterTest, WritesAThousandRowsAndThenTheFiftyThatChanged) {
  ObjectWorld samples = world();
  std::vector<Record> records;
  for (int i = 0; i < 1000; ++i) {
    records.push_back(sample(std::to_string(i), "title", i));
  }
  expect(samples.write(records), {.fetched = 1000, .created = 1000});
  for (std::size_t i = 0; i < records.size(); i += 20) {
    records[i].cells[1] = Cell::integer(-1);
  }
  expect(samples.write(records), {.fetched = 1000, .updated = 50, .unchanged = 950});
  EXPECT_EQ(raw("SELECT count(*) FROM sample WHERE number = -1"), "50");
  expect(samples.write(records), {.fetched = 1000, .unchanged = 1000});
}

TEST_P(PageWriterTest, TakesTheLastOfRecordsWithTheSameId) {
  ObjectWorld samples = world();
  const auto outcome = samples.write({sample("1", "old"), sample("2", "two"), sample("1", "new")});
  expect(outcome, {.fetched = 3, .created = 2, .skipped = 1});
  EXPECT_EQ(outcome->duplicates, 1);
  EXPECT_EQ(raw("SELECT title FROM sample WHERE external_id = '1'"), "new");
}

TEST_P(PageWriterTest, AddsWhatTheEngineCounted) {
  ObjectWorld samples = world();
  PageWrite page = samples.page();
  page.counted = {.fetched = 2, .failed = 2, .requests = 3, .not_modified = 1};
  expect(samples.write(page, {sample("1", "one")}), {.fetched = 3, .created = 1, .failed = 2});
  EXPECT_EQ(raw("SELECT requests * 10 + not_modified FROM job"), "31");
  EXPECT_EQ(raw("SELECT failed FROM job"), "2");
}

TEST_P(PageWriterTest, KeepsTwoTenantsWithTheSameIdsApart) { // TEN-1
  const TenantId other = store().add_tenant("umbra");
  const ConnectionId connection = store().add_connection(other, "main", "acme");
  ObjectWorld ours = world();
  ObjectWorld theirs{store(), catalog_, other, connection, "samples", "sample"};
  expect(ours.write({sample("1", "ours")}), {.fetched = 1, .created = 1});
  expect(theirs.write({sample("1", "theirs")}), {.fetched = 1, .created = 1});
  expect(ours.write({sample("1", "ours again")}), {.fetched = 1, .updated = 1});
  expect(theirs.write({sample("1", "theirs")}), {.fetched = 1, .unchanged = 1});
  EXPECT_EQ(raw(fmt::format("SELECT title FROM sample WHERE tenant_id = {}", tenant_.value)), "ours again");
  EXPECT_EQ(raw(fmt::format("SELECT title FROM sample WHERE tenant_id = {}", other.value)), "theirs");
}

TEST_P(PageWriterTest, KeepsTwoConnectionsAndObjectsApart) {
  ObjectWorld ours = world();
  ObjectWorld second = world("more_samples");
  ObjectWorld elsewhere{store(),   catalog_, tenant_, store().add_connection(tenant_, "second", "acme"),
                        "samples", "sample"};
  for (ObjectWorld* each : {&ours, &second, &elsewhere}) {
    expect(each->write({sample("1", each->object)}), {.fetched = 1, .created = 1});
  }
  EXPECT_EQ(raw("SELECT count(*) FROM sample WHERE external_id = '1'"), "3");
}

TEST_P(PageWriterTest, KeepsPositionMarksAndPluginStateWithThePage) { // SYNC-8
  ObjectWorld samples = world();
  const std::vector<StateEntry> states{{"etag /a", "W/\"1\""}, {"etag /b", std::string("\0\x01\xFF", 3)}};
  const std::vector<ParentMark> marks{{"7", at("2026-01-02T00:00:00Z")}, {"8", at("2026-01-03T00:00:00Z")}};
  PageWrite page = samples.page();
  page.position = R"({"page":2})";
  page.high_water = at("2026-01-01T00:00:00Z");
  page.states = states;
  page.parent_marks = marks;
  expect(samples.write(page, {}), {});
  EXPECT_EQ(raw("SELECT position FROM sync_state WHERE parent_id = ''"), R"({"page":2})");
  EXPECT_EQ(raw("SELECT count(*) FROM sync_state WHERE parent_id = '8' AND high_water = '2026-01-03T00:00:00.000Z'"),
            "1");
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "2");
  EXPECT_EQ(raw("SELECT length(value) FROM plugin_state WHERE key = 'etag /b'"), "3");

  const std::vector<StateEntry> removed{{"etag /a", ""}};
  page = samples.page();
  page.states = removed;
  expect(samples.write(page, {}), {});
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "1");
  EXPECT_EQ(raw("SELECT count(*) FROM sync_state WHERE parent_id = '' AND position IS NULL AND high_water = "
                "'2026-01-01T00:00:00.000Z'"),
            "1");
}

TEST_P(PageWriterTest, TakesAPageThatIsUnchangedOnlyWhenItWasWritten) {
  ObjectWorld samples = world();
  const std::vector<std::string> keys{"/a?page=1"};
  PageWrite page = samples.page();
  page.unchanged_page_keys = keys;
  auto known = samples.writer().known_page(keys[0]);
  ASSERT_TRUE(known.ok());
  EXPECT_FALSE(*known);
  const auto refused = samples.write(page, {sample("9", "nine")});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "0");

  expect(samples.write({sample("1", "one")}, keys[0]), {.fetched = 1, .created = 1});
  known = samples.writer().known_page(keys[0]);
  ASSERT_TRUE(known.ok());
  EXPECT_TRUE(*known);
  samples.begin_pass();
  page = samples.page();
  page.unchanged_page_keys = keys;
  expect(samples.write(page, {}), {});
  EXPECT_EQ(raw(fmt::format("SELECT count(*) FROM page_state WHERE page_key = '/a?page=1' AND pass_id = {}",
                            samples.pass_id)),
            "1");
}

TEST_P(PageWriterTest, QueuesChildrenOfChangedParentsAndTakesOffWhatWasRead) {
  ObjectWorld samples = world();
  ObjectTarget target = samples.target();
  target.child_objects = {"parts", "notes"};
  samples.open(target);
  expect(samples.write({sample("1", "one"), sample("2", "two")}), {.fetched = 2, .created = 2});
  EXPECT_EQ(raw("SELECT count(*) FROM pending_parent"), "4");
  const std::string seen = raw("SELECT version FROM pending_parent WHERE object = 'parts' AND external_id = '1'");
  expect(samples.write({sample("1", "changed"), sample("2", "two")}), {.fetched = 2, .updated = 1, .unchanged = 1});

  // The children of 1 were read as the parent stood before; 2 has not changed meanwhile.
  ObjectWorld parts = world("parts", "verdict");
  const std::string version = raw("SELECT version FROM pending_parent WHERE object = 'parts' AND external_id = '2'");
  const std::vector<ConsumedParent> consumed{{"1", std::stoll(seen)}, {"2", std::stoll(version)}};
  PageWrite page = parts.page();
  page.consumed = consumed;
  expect(parts.write(page, {}), {});
  EXPECT_EQ(raw("SELECT external_id FROM pending_parent WHERE object = 'parts'"), "1");
  EXPECT_EQ(raw("SELECT count(*) FROM pending_parent WHERE object = 'notes'"), "2");
}

TEST_P(PageWriterTest, QueuesNoChildrenOfParentsThatAreGone) {
  ObjectWorld samples = world();
  ObjectTarget target = samples.target();
  target.child_objects = {"parts"};
  samples.open(target);
  Record gone = sample("1", "one");
  gone.inactive = true;
  expect(samples.write({gone}), {.fetched = 1, .created = 1});
  EXPECT_EQ(raw("SELECT count(*) FROM pending_parent"), "0");
}

TEST_P(PageWriterTest, FreezesRowsThatTheProviderMarksAndThawsThem) { // SYNC-7
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one")}), {.fetched = 1, .created = 1});
  Record gone = sample("1", "last words");
  gone.inactive = true;
  expect(samples.write({gone}), {.fetched = 1, .updated = 1});
  EXPECT_EQ(raw("SELECT state FROM sample"), "inactive");
  EXPECT_EQ(raw("SELECT state FROM external_link"), "inactive");
  EXPECT_EQ(raw("SELECT title FROM sample"), "last words");
  gone.cells[0] = Cell::text("edited while archived");
  expect(samples.write({gone}), {.fetched = 1, .unchanged = 1});
  EXPECT_EQ(raw("SELECT title FROM sample"), "last words");
  expect(samples.write({sample("1", "back")}), {.fetched = 1, .updated = 1});
  EXPECT_EQ(raw("SELECT title FROM sample WHERE state = 'active'"), "back");
}

TEST_P(PageWriterTest, KeepsTheFieldsOfARowWhoseRecordSaysOnlyThatItIsGone) { // SYNC-7
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one")}), {.fetched = 1, .created = 1});
  Record gone = sample("1", "");
  gone.cells[0] = Cell();
  gone.gone = true;
  Record unknown = gone;
  unknown.external_id = "2";
  expect(samples.write({gone, unknown}), {.fetched = 2, .updated = 1, .skipped = 1});
  EXPECT_EQ(raw("SELECT state || ' ' || title FROM sample"), "inactive one");
  EXPECT_EQ(raw("SELECT state FROM external_link"), "inactive");
  expect(samples.write({gone}), {.fetched = 1, .unchanged = 1});
  expect(samples.write({sample("1", "one")}), {.fetched = 1, .updated = 1});
  EXPECT_EQ(raw("SELECT state || ' ' || title FROM sample"), "active one");
  ObjectTarget target = samples.target();
  target.deletion = DeletionPolicy::ignore;
  samples.open(target);
  expect(samples.write({gone}), {.fetched = 1, .unchanged = 1});
  EXPECT_EQ(raw("SELECT state || ' ' || title FROM sample"), "active one");
}

TEST_P(PageWriterTest, FollowsTheDeletionPolicyForTheProvidersMark) {
  ObjectWorld samples = world();
  Record gone = sample("1", "one");
  gone.inactive = true;
  ObjectTarget target = samples.target();
  target.deletion = DeletionPolicy::ignore;
  samples.open(target);
  expect(samples.write({gone}), {.fetched = 1, .created = 1});
  EXPECT_EQ(raw("SELECT state FROM sample"), "active");
  target.deletion = DeletionPolicy::soft_delete;
  samples.open(target);
  expect(samples.write({gone}), {.fetched = 1, .updated = 1});
  EXPECT_EQ(raw("SELECT state FROM sample"), "deleted");
  EXPECT_EQ(raw("SELECT state FROM external_link"), "deleted");
}

TEST_P(PageWriterTest, LeavesExistingRowsAloneWhereTheRuleSaysSo) { // SYNC-1: conflict policy skip
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one")}), {.fetched = 1, .created = 1});
  ObjectTarget target = samples.target();
  target.conflict = ConflictPolicy::skip;
  samples.open(target);
  expect(samples.write({sample("1", "changed"), sample("2", "two")}), {.fetched = 2, .created = 1, .skipped = 1});
  EXPECT_EQ(raw("SELECT title FROM sample WHERE external_id = '1'"), "one");
  samples.open(samples.target());
  expect(samples.write({sample("1", "changed")}), {.fetched = 1, .updated = 1});
}

TEST_P(PageWriterTest, MakesNoRowsWhereTheRuleSaysSo) {
  ObjectWorld samples = world();
  ObjectTarget target = samples.target();
  target.create_unmatched = false;
  samples.open(target);
  expect(samples.write({sample("1", "one")}), {.fetched = 1, .skipped = 1});
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "0");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "0");
  // SYNC-13: they wait for a person, each once, until they are linked.
  store().clock().advance(std::chrono::minutes(1));
  const auto again = samples.write({sample("1", "one"), sample("2", "two")});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->unmatched, 2);
  const TenantScope mine{database(), samples.tenant};
  const auto waiting = unmatched_records(mine, samples.connection, samples.object);
  ASSERT_TRUE(waiting.ok()) << waiting.error().message;
  EXPECT_THAT(*waiting, ::testing::ElementsAre("1", "2"));
  EXPECT_THAT(*unmatched_records(mine, samples.connection, samples.object, "1", 5), ::testing::ElementsAre("2"));
  EXPECT_THAT(*unmatched_records({database(), store().add_tenant("globex")}, samples.connection, samples.object),
              ::testing::IsEmpty());
  samples.open(samples.target());
  expect(samples.write({sample("1", "one")}), {.fetched = 1, .created = 1});
  EXPECT_THAT(*unmatched_records(mine, samples.connection, samples.object), ::testing::ElementsAre("2"));
}

TEST_P(PageWriterTest, BringsBackARowThatSomebodyDeletedByHand) {
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one"), sample("2", "two")}), {.fetched = 2, .created = 2});
  const std::string id = raw("SELECT id FROM sample WHERE external_id = '1'");
  std::ignore = raw("DELETE FROM sample WHERE external_id = '1'");
  expect(samples.write({sample("1", "changed"), sample("2", "changed")}), {.fetched = 2, .updated = 2});
  EXPECT_EQ(raw("SELECT id FROM sample WHERE external_id = '1' AND title = 'changed'"), id);
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "2");
}

TEST_P(PageWriterTest, DrawsAnotherIdWhenAnotherProcessDrewTheSame) {
  VirtualClock clock(store().clock().now());
  SeededRandom one(7);
  SeededRandom two(7);
  IdGenerator first(clock, one);
  IdGenerator second(clock, two);
  ObjectWorld samples = world();
  ObjectWorld more = world("more_samples");
  auto ours = PageWriter::make(database(), first, samples.target());
  auto theirs = PageWriter::make(database(), second, more.target());
  ASSERT_TRUE(ours.ok() && theirs.ok());
  mapping::PageRows rows;
  fill(rows, samples.model, {sample("1", "ours")});
  const std::vector<RecordBatch> batches{{&rows, ""}};
  PageWrite page = samples.page();
  page.batches = batches;
  const auto before = ours->write(page);
  ASSERT_TRUE(before.ok()) << before.error().message;
  page = more.page();
  page.batches = batches;
  const auto outcome = theirs->write(page);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->counters.created, 1);
  EXPECT_EQ(raw("SELECT count(DISTINCT id) FROM sample"), "2");
}

TEST_P(PageWriterTest, CountsARowThatTheDatabaseRefusesAndWritesTheOthers) { // design 8.11
  if (store().dialect() == Dialect::sqlite) {
    std::ignore = raw(
        "CREATE TRIGGER refuse BEFORE INSERT ON sample WHEN NEW.title = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END");
  } else {
    std::ignore = raw("ALTER TABLE sample ADD CONSTRAINT refuse CHECK (title <> 'bad')");
  }
  ObjectWorld samples = world();
  const auto outcome =
      samples.write({sample("1", "good"), sample("2", "bad"), sample("3", "good"), sample("4", "bad")});
  expect(outcome, {.fetched = 4, .created = 2, .failed = 2});
  ASSERT_EQ(outcome->problems.size(), 2U);
  EXPECT_EQ(outcome->problems[0].external_id, "2");
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "2");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "2");
  EXPECT_EQ(raw("SELECT failed FROM job"), "2");
}

TEST_P(PageWriterTest, PreviewsWithoutWriting) { // SYNC-12
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one"), sample("2", "two")}), {.fetched = 2, .created = 2});
  expect(samples.preview({sample("1", "one"), sample("2", "changed"), sample("3", "three"), sample("", "no id")}),
         {.fetched = 4, .created = 1, .updated = 1, .unchanged = 1, .failed = 1});
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "2");
  EXPECT_EQ(raw("SELECT count(*) FROM sample WHERE title = 'changed'"), "0");
  EXPECT_EQ(raw("SELECT fetched FROM job"), "2");
  EXPECT_EQ(raw("SELECT pass_pages FROM sync_state"), "1");
}

TEST_P(PageWriterTest, RefusesPagesBeyondItsBounds) {
  ObjectWorld samples = world();
  PageWrite page = samples.page();
  const std::vector<StateEntry> states{{std::string(2000, 'k'), "v"}};
  page.states = states;
  EXPECT_EQ(samples.write(page, {}).error().code, ErrorCode::invalid_argument);
  const auto reserved = samples.write(samples.page(), {}, "\x01pass");
  ASSERT_FALSE(reserved.ok());
  EXPECT_EQ(reserved.error().code, ErrorCode::invalid_argument);
  std::vector<Record> many;
  for (int i = 0; i < 10'001; ++i) {
    many.push_back({std::to_string(i), {}, false, std::nullopt});
  }
  EXPECT_EQ(samples.write(many).error().code, ErrorCode::invalid_argument);
  ObjectTarget narrow = samples.target();
  narrow.columns = {0, 1};
  samples.open(narrow);
  EXPECT_EQ(samples.write({sample("1", "one")}).error().code, ErrorCode::invalid_argument);
}

TEST_P(PageWriterTest, LeavesFieldsThatTheMappingDoesNotFill) {
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one", 42)}), {.fetched = 1, .created = 1});
  ObjectTarget narrow = samples.target();
  narrow.columns = {0};
  auto writer = PageWriter::make(database(), store().ids(), narrow);
  ASSERT_TRUE(writer.ok());
  mapping::PageRows rows;
  rows.reset(narrow.columns);
  mapping::RowHeader header;
  header.external_id = "1";
  header.external_id_hash = mapping::hash_text("1");
  header.content_hash = 1;
  rows.append(header)[0] = Cell::text("renamed");
  const std::vector<RecordBatch> batches{{&rows, ""}};
  PageWrite page = samples.page();
  page.batches = batches;
  ASSERT_TRUE(writer->write(page).ok());
  EXPECT_EQ(raw("SELECT number FROM sample WHERE title = 'renamed'"), "42");
}

class PageMatchTest : public PageWriterTest {
protected:
  Record person(std::string id, std::optional<std::int64_t> number, std::optional<std::string_view> email,
                std::string_view name) {
    return {std::move(id),
            {number ? Cell::integer(*number) : Cell(), email ? Cell::text(*email) : Cell(), Cell::text(name)},
            false,
            std::nullopt};
  }
  ObjectWorld people(std::string_view connection_name) {
    ObjectWorld world{store(),  catalog_, tenant_, store().add_connection(tenant_, connection_name, "acme"),
                      "people", "person"};
    ObjectTarget target = world.target();
    target.match_by = {{"number"}, {"email"}};
    world.open(target);
    return world;
  }
};
DOVETAIL_BOTH_DIALECTS(PageMatchTest);

TEST_P(PageMatchTest, LinksRecordsToTheRowThatEqualsThem) { // PROV-GITHUB: members by number, then e-mail
  ObjectWorld hr = people("hr");
  expect(hr.write({person("a", 1, "Ann@Example.org", "Ann"), person("b", std::nullopt, "bob@example.org", "Bob"),
                   person("c", 3, std::nullopt, "Cy")}),
         {.fetched = 3, .created = 3});
  ObjectWorld forge = people("forge");
  const auto outcome =
      forge.write({person("x", 1, "other@example.org", "ann"), person("y", 9, "BOB@example.ORG", "bob"),
                   person("z", 4, "new@example.org", "new"), person("w", std::nullopt, "", "nobody")});
  expect(outcome, {.fetched = 4, .created = 2, .updated = 2});
  EXPECT_EQ(outcome->matched, 2);
  EXPECT_EQ(raw("SELECT count(*) FROM person"), "5");
  EXPECT_EQ(raw("SELECT name FROM person WHERE external_id = 'a'"), "ann")
      << "the row keeps who made it and takes the new values";
  EXPECT_EQ(raw("SELECT count(*) FROM external_link AS l JOIN person AS p ON p.id = l.row_id WHERE l.external_id = 'y' "
                "AND p.external_id = 'b'"),
            "1");
  expect(forge.write({person("x", 1, "other@example.org", "ann")}), {.fetched = 1, .unchanged = 1});
}

TEST_P(PageMatchTest, MakesARowOfItsOwnWhenSeveralMatch) {
  ObjectWorld hr = people("hr");
  expect(hr.write({person("a", std::nullopt, "shared@example.org", "A"),
                   person("b", std::nullopt, "shared@example.org", "B")}),
         {.fetched = 2, .created = 2});
  ObjectWorld forge = people("forge");
  expect(forge.write({person("x", 7, "shared@example.org", "X")}), {.fetched = 1, .created = 1, .conflicts = 1});
  EXPECT_EQ(raw("SELECT count(*) FROM person"), "3");
}

TEST_P(PageMatchTest, GivesARowToOneRecordOfTheObjectOnly) {
  ObjectWorld hr = people("hr");
  expect(hr.write({person("a", 1, "ann@example.org", "Ann")}), {.fetched = 1, .created = 1});
  ObjectWorld forge = people("forge");
  expect(forge.write(
             {person("x", std::nullopt, "ann@example.org", "X"), person("y", std::nullopt, "ann@example.org", "Y")}),
         {.fetched = 2, .created = 1, .updated = 1});
  expect(forge.write({person("z", std::nullopt, "ann@example.org", "Z")}),
         {.fetched = 1, .created = 1}); // y's row alone is left, and x's is taken
  EXPECT_EQ(raw("SELECT count(DISTINCT row_id) FROM external_link WHERE external_id IN ('x', 'y', 'z')"), "3");
}

TEST_P(PageMatchTest, NeverMatchesAnotherTenantsRow) { // TEN-1
  ObjectWorld hr = people("hr");
  expect(hr.write({person("a", 1, "ann@example.org", "Ann")}), {.fetched = 1, .created = 1});
  const TenantId other = store().add_tenant("umbra");
  ObjectWorld theirs{store(), catalog_, other, store().add_connection(other, "forge", "acme"), "people", "person"};
  ObjectTarget target = theirs.target();
  target.match_by = {{"number"}};
  theirs.open(target);
  expect(theirs.write({person("x", 1, "ann@example.org", "Eve")}), {.fetched = 1, .created = 1});
  EXPECT_EQ(raw("SELECT name FROM person WHERE external_id = 'a'"), "Ann");
}

TEST_P(PageMatchTest, OnlyLinksWhereExistingRowsAreLeftAlone) {
  ObjectWorld hr = people("hr");
  expect(hr.write({person("a", 1, "ann@example.org", "Ann")}), {.fetched = 1, .created = 1});
  ObjectWorld forge = people("forge");
  ObjectTarget target = forge.target();
  target.match_by = {{"number"}};
  target.conflict = ConflictPolicy::skip;
  forge.open(target);
  const auto outcome = forge.write({person("x", 1, "x@example.org", "X")});
  expect(outcome, {.fetched = 1, .skipped = 1});
  EXPECT_EQ(outcome->matched, 1);
  EXPECT_EQ(raw("SELECT name FROM person"), "Ann");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "2");
}

TEST_P(PageMatchTest, SaysWhenARuleNamesAFieldThatIsNotMapped) {
  ObjectWorld forge = people("forge");
  ObjectTarget target = forge.target();
  target.columns = {2};
  target.match_by = {{"email"}};
  const auto made = PageWriter::make(database(), store().ids(), target);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
}

} // namespace
} // namespace dovetail::store

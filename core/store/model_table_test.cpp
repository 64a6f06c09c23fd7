// SPDX-License-Identifier: Apache-2.0
#include "core/store/model_table.hpp"

#include <string>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

class ModelTableTest : public testing::StoreTest {
protected:
  Status ensure(const Catalog& catalog) { return ensure_tables(database(), catalog.tables()); }
  std::string raw(const std::string& sql) { return store().raw(sql); }
  void expect_made(const Catalog& catalog) {
    const Status made = ensure(catalog);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  void expect_refused(const Catalog& catalog, std::string_view why) {
    const Status made = ensure(catalog);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::failed_precondition);
    EXPECT_THAT(made.error().message, ::testing::HasSubstr(std::string(why)));
  }
  std::string type_of(const std::string& column) {
    return store().dialect() == Dialect::sqlite
               ? raw(fmt::format("SELECT type FROM pragma_table_xinfo('sample') WHERE name = '{}'", column))
               : raw(fmt::format("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = "
                                 "'sample'::regclass AND attname = '{}'",
                                 column));
  }
  std::string indexes(const std::string& table) {
    return store().dialect() == Dialect::sqlite
               ? raw(fmt::format(
                     "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = '{}' AND sql IS NOT NULL",
                     table))
               : raw(fmt::format(
                     "SELECT count(*) FROM pg_indexes WHERE tablename = '{}' AND indexname NOT LIKE '%pkey'", table));
  }
};
DOVETAIL_BOTH_DIALECTS(ModelTableTest);

TEST_P(ModelTableTest, HasATypedColumnForEachField) {
  const Catalog catalog{{sample_model()}};
  expect_made(catalog);
  const bool sqlite = store().dialect() == Dialect::sqlite;
  EXPECT_EQ(type_of("title"), sqlite ? "TEXT" : "text");
  EXPECT_EQ(type_of("number"), sqlite ? "INTEGER" : "bigint");
  EXPECT_EQ(type_of("weight"), sqlite ? "REAL" : "double precision");
  EXPECT_EQ(type_of("open"), sqlite ? "INTEGER" : "boolean");
  EXPECT_EQ(type_of("made_at"), sqlite ? "TEXT" : "timestamp with time zone");
  EXPECT_EQ(type_of("due"), sqlite ? "TEXT" : "date");
  EXPECT_EQ(type_of("extra"), sqlite ? "TEXT" : "jsonb");
  EXPECT_EQ(type_of("tenant_id"), sqlite ? "INTEGER" : "bigint");
  EXPECT_EQ(type_of("source_updated_at"), sqlite ? "TEXT" : "timestamp with time zone");
  EXPECT_EQ(raw("SELECT version FROM model_version WHERE model = 'sample'"), "1");
}

TEST_P(ModelTableTest, StaysAsItIsWhenNothingChanged) {
  const Catalog catalog{{sample_model(), change_model(), verdict_model()}};
  expect_made(catalog);
  const std::string applied = raw("SELECT max(applied_at) FROM model_version");
  store().clock().advance(std::chrono::hours(1));
  expect_made(catalog);
  EXPECT_EQ(raw("SELECT max(applied_at) FROM model_version"), applied);
}

TEST_P(ModelTableTest, GrowsByFieldsAndIndexesAndKeepsItsRows) {
  const Catalog before{{sample_model()}};
  expect_made(before);
  const TenantId tenant = store().add_tenant("acme");
  ObjectWorld world{store(), before, tenant, store().add_connection(tenant, "main", "acme"), "samples", "sample"};
  ASSERT_TRUE(world.write({{"1", {Cell::text("kept")}, false, std::nullopt}}).ok());
  Model model = sample_model();
  model.version = 2;
  model.fields.push_back({"color", FieldType::text, "", false});
  model.indexes.push_back({"color", "number"});
  const Catalog after{{model}};
  const std::string indexes_before = indexes("sample");
  expect_made(after);
  EXPECT_EQ(raw("SELECT title FROM sample WHERE color IS NULL"), "kept");
  EXPECT_EQ(std::stoi(indexes("sample")), std::stoi(indexes_before) + 1);
  EXPECT_EQ(raw("SELECT version FROM model_version WHERE model = 'sample'"), "2");
  expect_refused(before, "version 2");
}

TEST_P(ModelTableTest, RefusesToLoseOrChangeAField) {
  expect_made(Catalog{{sample_model()}});
  Model model = sample_model();
  model.fields.erase(model.fields.begin());
  expect_refused(Catalog{{model}}, "no longer has the field \"title\"");
  model = sample_model();
  model.fields[1].type = FieldType::text;
  expect_refused(Catalog{{model}}, "\"number\" was integer and is now declared as text");
  EXPECT_EQ(type_of("number"), store().dialect() == Dialect::sqlite ? "INTEGER" : "bigint");
}

TEST_P(ModelTableTest, RefusesTheNameOfAnotherTable) {
  Model model = sample_model();
  model.name = "job";
  expect_refused(Catalog{{model}}, "another one of that name");
  std::ignore = raw("CREATE TABLE sample (x INTEGER)");
  expect_refused(Catalog{{sample_model()}}, "another one of that name");
  EXPECT_EQ(raw("SELECT count(*) FROM model_version"), "0");
}

TEST_P(ModelTableTest, BuildsDerivedColumnsAnewWhenTheirRuleChanges) {
  const Catalog before{{change_model(), verdict_model()}};
  expect_made(before);
  const TenantId tenant = store().add_tenant("acme");
  const ConnectionId connection = store().add_connection(tenant, "main", "acme");
  ObjectWorld changes{store(), before, tenant, connection, "changes", "change"};
  ObjectWorld verdicts{store(), before, tenant, connection, "verdicts", "verdict"};
  ASSERT_TRUE(changes
                  .write({{"1",
                           {Cell::integer(1), Cell::integer(7), instant("2026-01-01T00:00:00Z"),
                            instant("2026-01-01T00:01:00Z")},
                           false,
                           std::nullopt}})
                  .ok());
  const auto verdict = [](std::string id, std::string_view kind, std::string_view at) {
    return Record{std::move(id),
                  {Cell::integer(1), Cell::integer(8), Cell::text(kind), Cell::text("APPROVED"), instant(at)},
                  false,
                  std::nullopt};
  };
  ASSERT_TRUE(
      verdicts.write({verdict("a", "Bot", "2026-01-01T00:00:10Z"), verdict("b", "User", "2026-01-01T00:00:20Z")}).ok());
  EXPECT_EQ(raw("SELECT review_time_seconds FROM change"), "20");

  Model with_bots = change_model();
  with_bots.derived[1].where.pop_back();
  std::swap(with_bots.derived[0].from, with_bots.derived[0].to);
  const Catalog after{{with_bots, verdict_model()}};
  expect_made(after);
  EXPECT_EQ(raw("SELECT review_time_seconds FROM change"), "10");
  EXPECT_EQ(raw("SELECT cycle_time_seconds FROM change"), "-60");

  Model without = change_model();
  without.derived.clear();
  expect_made(Catalog{{without, verdict_model()}});
  EXPECT_EQ(raw("SELECT external_id FROM change"), "1");
  expect_made(before);
  EXPECT_EQ(raw("SELECT review_time_seconds FROM change"), "20");
}

TEST_P(ModelTableTest, IsMadeOnceByProgramsThatStartTogether) {
  const Catalog catalog{{sample_model(), change_model(), verdict_model(), person_model()}};
  const auto other = store().open_another();
  Status first;
  Status second;
  std::thread one([&] { first = ensure_tables(database(), catalog.tables()); });
  std::thread two([&] { second = ensure_tables(*other, catalog.tables()); });
  one.join();
  two.join();
  EXPECT_TRUE(first.ok()) << first.error().message;
  EXPECT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(raw("SELECT count(*) FROM model_version"), "4");
}

TEST_P(ModelTableTest, ShowsATenantItsOwnRowsOnly) { // TEN-1: the database's own enforcement
  if (store().dialect() == Dialect::sqlite) {
    GTEST_SKIP() << "SQLite has no row-level security: its repositories name the tenant";
  }
  const Catalog catalog{{sample_model()}};
  expect_made(catalog);
  const TenantId ours = store().add_tenant("acme");
  const TenantId theirs = store().add_tenant("umbra");
  for (const TenantId tenant : {ours, theirs}) {
    ObjectWorld world{store(), catalog, tenant, store().add_connection(tenant, "main", "acme"), "samples", "sample"};
    ASSERT_TRUE(world.write({{"1", {Cell::text("x")}, false, std::nullopt}}).ok());
  }
  const auto seen = database().with_read(ours, [](ReadSession& session) -> Result<std::string> {
    DOVETAIL_TRY(const auto row, detail::Query(session, "SELECT count(*) FROM sample", "counting").row(1));
    return row->text(0);
  });
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(*seen, "1");
  const Status foreign = database().with_write(ours, [&](Transaction& transaction) {
    return detail::Query(transaction, "UPDATE sample SET tenant_id = $1", "moving rows").bind(theirs).execute_only();
  });
  EXPECT_FALSE(foreign.ok());
}

TEST(ModelTableRules, RefuseNamesThatCannotStandInSql) {
  for (const std::string name : {"", "Sample", "a b", "a\"b", "1a", "sqlite_x", "pg_x", "a;drop"}) {
    Model model = sample_model();
    model.name = name;
    EXPECT_FALSE(check_tables(Catalog{{model}}.tables()).ok()) << name;
    model = sample_model();
    model.fields[0].name = name;
    EXPECT_FALSE(check_tables(Catalog{{model}}.tables()).ok()) << name;
  }
  for (const std::string own : {"tenant_id", "id", "state", "content_hash", "updated_at"}) {
    Model model = sample_model();
    model.fields[0].name = own;
    EXPECT_FALSE(check_tables(Catalog{{model}}.tables()).ok()) << own;
  }
  Model twice = sample_model();
  twice.fields.push_back(twice.fields[0]);
  EXPECT_FALSE(check_tables(Catalog{{twice}}.tables()).ok());
  Model index = sample_model();
  index.indexes.push_back({"nope"});
  EXPECT_FALSE(check_tables(Catalog{{index}}.tables()).ok());
  EXPECT_FALSE(check_tables(Catalog{{sample_model(), sample_model()}}.tables()).ok());
}

TEST(ModelTableRules, KeepLongIndexNamesApart) {
  Model model;
  model.name = std::string(48, 'm');
  model.fields = {{std::string(48, 'a'), FieldType::text, "", false},
                  {std::string(47, 'a') + "b", FieldType::text, "", false}};
  model.indexes = {{model.fields[0].name}, {model.fields[1].name}};
  const Catalog catalog{{model}};
  const auto statements = create_statements(catalog.tables()[0], catalog.tables(), Dialect::postgresql);
  ASSERT_EQ(statements.size(), 3U);
  const auto name = [](const std::string& sql) { return sql.substr(27, sql.find(" ON ") - 27); };
  EXPECT_NE(name(statements[1]), name(statements[2]));
  EXPECT_LE(name(statements[1]).size(), 65U); // with its quotes
}

TEST(ModelTableRules, QuoteWhateverComes) {
  EXPECT_EQ(quoted("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(sql_literal("a'b"), "'a''b'");
}

} // namespace
} // namespace dovetail::store

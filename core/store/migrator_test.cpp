// SPDX-License-Identifier: Apache-2.0
#include "core/store/migrator.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/store/query.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/test_postgres.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MigratorTest : public testing::StoreTest {
protected:
  /// Opens the store's database as another process does.
  Result<std::unique_ptr<Database>> open(bool migrate = true) {
    return Database::open({.location = store().location(), .migrate = migrate}, store().clock(), store().random(),
                          store().logger());
  }
};
DOVETAIL_BOTH_DIALECTS(MigratorTest);

TEST(BuiltInMigrations, AreNumberedWithoutGapsAndAlikeInBothDialects) {
  const auto sqlite = built_in_migrations(Dialect::sqlite);
  const auto postgresql = built_in_migrations(Dialect::postgresql);
  ASSERT_EQ(sqlite.size(), postgresql.size());
  for (std::size_t index = 0; index < sqlite.size(); ++index) {
    EXPECT_EQ(sqlite[index].version, static_cast<int>(index) + 1);
    EXPECT_EQ(sqlite[index].name, postgresql[index].name);
    EXPECT_THAT(sqlite[index].checksum, SizeIs(64));
    EXPECT_NE(sqlite[index].checksum, postgresql[index].checksum);
    EXPECT_THAT(sqlite[index].sql, HasSubstr("SPDX-License-Identifier"));
  }
}

TEST_P(MigratorTest, AFreshDatabaseIsUpToDateAndStaysSo) {
  const auto status = database().check_migrations();
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_THAT(status->missing, IsEmpty());
  EXPECT_EQ(status->applied.size(), built_in_migrations(GetParam()).size());
  const auto again = database().migrate();
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->applied_now, 0U);
}

TEST_P(MigratorTest, EveryTableOfOursIsReserved) {
  const std::string tables = store().raw(
      GetParam() == Dialect::sqlite
          ? "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
          : "SELECT string_agg(table_name, ',') FROM information_schema.tables WHERE table_schema = current_schema()");
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < tables.size(); ++count) {
    const std::size_t end = std::min(tables.find(',', begin), tables.size());
    EXPECT_TRUE(is_reserved_table(tables.substr(begin, end - begin))) << tables.substr(begin, end - begin);
    begin = end + 1;
  }
  EXPECT_GT(count, 15U);
  EXPECT_FALSE(is_reserved_table("pull_request"));
}

TEST_P(MigratorTest, AChangedMigrationIsRefused) {
  (void)store().raw("UPDATE schema_migration SET checksum = 'x' WHERE version = 1");
  const auto opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(opened.error().message, HasSubstr("0001_initial"));
  EXPECT_THAT(opened.error().message, HasSubstr("checksum"));
}

TEST_P(MigratorTest, ANewerDatabaseIsRefused) {
  (void)store().raw(
      "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (9001, '9001_future', 'x',"
      " '2026-01-05T09:00:00.000Z')");
  const auto opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(opened.error().message, HasSubstr("9001_future"));
  EXPECT_THAT(opened.error().message, HasSubstr("newer version"));
}

// A migration that breaks half-way leaves nothing behind.
TEST_P(MigratorTest, AMigrationIsAppliedWhollyOrNotAtAll) {
  const auto known = built_in_migrations(GetParam());
  std::vector<Migration> broken(known.begin(), known.end());
  const int version = static_cast<int>(broken.size()) + 1;
  broken.push_back(
      {version, "9999_broken", "c", "CREATE TABLE half (a INTEGER); INSERT INTO no_such_table VALUES (1);"});
  const auto apply = [&] {
    return database().with_schema_change([&](Transaction& transaction) {
      return detail::apply_next_migration(transaction, broken, store().clock().now());
    });
  };
  ASSERT_FALSE(apply().ok());
  EXPECT_THAT(apply().error().message, HasSubstr("9999_broken"));
  broken.back().sql = "CREATE TABLE half (a INTEGER);";
  const auto applied = apply();
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_TRUE(*applied);
  EXPECT_FALSE(*apply());
  EXPECT_EQ(store().raw("SELECT count(*) FROM half"), "0");
}

class EmptyDatabaseTest : public ::testing::TestWithParam<Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "PostgreSQL 15 is not installed";
    }
    if (GetParam() == Dialect::sqlite) {
      location_ = (folder_.path() / "empty.db").string();
    } else {
      auto& server = testing::TestPostgres::shared();
      ASSERT_TRUE(server.execute("postgres", "DROP DATABASE IF EXISTS empty").ok());
      ASSERT_TRUE(server.execute("postgres", "CREATE DATABASE empty").ok());
      location_ = server.url("empty");
    }
  }
  void TearDown() override {
    if (GetParam() == Dialect::postgresql && testing::TestPostgres::installed()) {
      EXPECT_TRUE(
          testing::TestPostgres::shared().execute("postgres", "DROP DATABASE IF EXISTS empty WITH (FORCE)").ok());
    }
  }
  Result<std::unique_ptr<Database>> open(bool migrate) {
    return Database::open({.location = location_, .migrate = migrate}, clock_, random_, *logger_);
  }

  testing::TemporaryFolder folder_;
  std::string location_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Logger> logger_ = make_null_logger();
};
DOVETAIL_BOTH_DIALECTS(EmptyDatabaseTest);

TEST_P(EmptyDatabaseTest, ProcessesThatStartAtOnceMigrateItOnce) {
  std::vector<std::unique_ptr<testing::ForkedChild>> children;
  children.reserve(4);
  for (int index = 0; index < 4; ++index) {
    children.push_back(std::make_unique<testing::ForkedChild>([&](const testing::ForkedChild::Tell& tell) {
      const auto opened = open(true);
      tell(opened.ok() ? "opened" : opened.error().message);
      return 0;
    }));
  }
  for (const auto& child : children) {
    EXPECT_EQ(child->hear(), "opened");
  }
  const auto database = open(false);
  ASSERT_TRUE(database.ok()) << database.error().message;
  const auto status = (*database)->check_migrations();
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(status->applied.size(), built_in_migrations(GetParam()).size());
  EXPECT_THAT(status->missing, IsEmpty());
}

TEST_P(EmptyDatabaseTest, ACheckChangesNothing) {
  const auto database = open(false);
  ASSERT_TRUE(database.ok()) << database.error().message;
  const auto status = (*database)->check_migrations();
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_THAT(status->applied, IsEmpty());
  EXPECT_EQ(status->missing.size(), built_in_migrations(GetParam()).size());
  const auto migrated = (*database)->migrate();
  ASSERT_TRUE(migrated.ok()) << migrated.error().message;
  EXPECT_EQ(migrated->applied_now, migrated->applied.size());
}

TEST_P(EmptyDatabaseTest, AnotherProgramsSqliteFileIsRefused) {
  if (GetParam() != Dialect::sqlite) {
    GTEST_SKIP() << "a PostgreSQL schema may hold tables of others";
  }
  auto database = open(false);
  ASSERT_TRUE(database.ok()) << database.error().message;
  ASSERT_TRUE((*database)
                  ->with_schema_change([](Transaction& transaction) {
                    return detail::Query(transaction, "CREATE TABLE bookmarks (url TEXT)", "preparing").execute_only();
                  })
                  .ok());
  database->reset();
  const auto opened = open(true);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(opened.error().message, HasSubstr("another program"));
}

} // namespace
} // namespace dovetail::store

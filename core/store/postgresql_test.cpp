// SPDX-License-Identifier: Apache-2.0
// What only a server has: row-level security, roles, lost connections, deadlocks.
#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/store/database.hpp"
#include "core/store/query.hpp"
#include "core/store/upsert_postgres_pipeline.hpp"
#include "tests/support/cut_proxy.hpp"
#include "tests/support/test_postgres.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Sql;
using ::testing::AllOf;
using testing::CutProxy;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestPostgres;

class PostgresqlTest : public ::testing::Test {
protected:
  void SetUp() override {
    if (!TestPostgres::installed()) {
      GTEST_SKIP() << "PostgreSQL 15 is not installed";
    }
    store_ = std::make_unique<testing::TestStore>(Dialect::postgresql);
    acme_ = store_->add_tenant("acme");
    globex_ = store_->add_tenant("globex");
    name_ = store_->location().substr(store_->location().rfind('/') + 1);
  }
  Database& database() { return store_->database(); }
  Result<std::unique_ptr<Database>> open(const std::string& url) {
    return Database::open({.location = url}, store_->clock(), store_->random(), store_->logger());
  }
  static TestPostgres& server() { return TestPostgres::shared(); }
  std::string raw(const std::string& sql) { return store_->raw(sql); }

  /// SQL as the runtime runs it, for a tenant; the first value.
  Result<std::string> as(TenantId tenant, const std::string& sql) {
    return database().with_write(tenant, [&](Transaction& transaction) -> Result<std::string> {
      DOVETAIL_TRY(const auto rows, Query(transaction, Sql(std::string_view(sql)), "trying").rows(1));
      return rows.empty() ? std::string() : rows.front().text(0);
    });
  }
  static Status note(Transaction& transaction, const std::string& key) {
    return Query(transaction, "INSERT INTO plugin_state VALUES ($1, 1, 'o', $2, '')", "noting")
        .bind(transaction.tenant())
        .bind(key)
        .execute_only();
  }

  std::unique_ptr<testing::TestStore> store_;
  TenantId acme_;
  TenantId globex_;
  std::string name_;
};

// TEN-1
TEST_F(PostgresqlTest, EveryTableWithATenantHasRowLevelSecurity) {
  EXPECT_EQ(
      raw("SELECT coalesce(string_agg(c.relname, ' '), '') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
          " WHERE c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' AND NOT c.relrowsecurity"
          " AND c.relnamespace = current_schema()::regnamespace"),
      "");
  // Each of those tables has the policy, not merely some.
  EXPECT_EQ(
      raw("SELECT coalesce(string_agg(c.relname, ' '), '') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
          " WHERE c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' AND c.relnamespace = "
          "current_schema()::regnamespace"
          " AND NOT EXISTS (SELECT 1 FROM pg_policies p WHERE p.schemaname = current_schema() AND p.tablename = "
          "c.relname"
          " AND p.policyname = 'dovetail_tenant')"),
      "");
  EXPECT_EQ(raw("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
                " WHERE r.rolname IN ('dovetail_runtime', 'dovetail_operator')"),
            "0");
}

// TEN-1: not by mistake of a repository, but whatever the SQL says.
TEST_F(PostgresqlTest, RawSqlOfATenantReachesNoRowOfAnother) {
  ASSERT_TRUE(store_->add_connection(acme_, "main").valid());
  const ConnectionId theirs = store_->add_connection(globex_, "main");
  EXPECT_EQ(raw("SELECT count(*) FROM connection"), "2");
  EXPECT_EQ(*as(acme_, "SELECT count(*) FROM connection"), "1");
  EXPECT_EQ(*as(acme_, "SELECT count(*) FROM connection WHERE connection_id = " + std::to_string(theirs.value)), "0");
  EXPECT_EQ(*as(acme_, "SELECT string_agg(name, ',') FROM tenant"), "acme");
  EXPECT_EQ(*as(acme_, "WITH gone AS (DELETE FROM connection RETURNING 1) SELECT count(*) FROM gone"), "1");
  EXPECT_EQ(*as(acme_, "WITH changed AS (UPDATE connection SET name = 'x' RETURNING 1) SELECT count(*) FROM changed"),
            "0");
  EXPECT_EQ(raw("SELECT name FROM connection"), "main");
  const std::string insert =
      "INSERT INTO plugin_state VALUES (" + std::to_string(globex_.value) + ", 1, 'o', 'k', '') RETURNING 1";
  const auto planted = as(acme_, insert);
  ASSERT_FALSE(planted.ok());
  EXPECT_EQ(planted.error().code, ErrorCode::permission_denied);
  EXPECT_EQ(*as(globex_, insert), "1");
}

TEST_F(PostgresqlTest, WithoutATenantThereAreNoRows) {
  ASSERT_TRUE(store_->add_connection(acme_, "main").valid());
  // The setting reads '' in a session that once had it and NULL in one that never had.
  EXPECT_EQ(raw("BEGIN; SET LOCAL ROLE dovetail_runtime; SELECT count(*) FROM connection"), "0");
  EXPECT_EQ(raw("BEGIN; SET LOCAL dovetail.tenant_id = 5; COMMIT; BEGIN; SET LOCAL ROLE dovetail_runtime;"
                "SELECT count(*) FROM connection"),
            "0");
}

TEST_F(PostgresqlTest, NeitherTheRuntimeNorTheOperatorMayChangeTheSchemaOrWhatIsNotTheirs) {
  for (const char* sql :
       {"DROP TABLE connection", "ALTER TABLE connection DISABLE ROW LEVEL SECURITY", "CREATE TABLE mine (a bigint)",
        "SELECT * FROM vault_canary", "SELECT * FROM limiter_snapshot", "DELETE FROM schema_migration",
        "SELECT dovetail_protect_table('connection')"}) {
    const auto tried = as(acme_, sql);
    ASSERT_FALSE(tried.ok()) << sql;
    EXPECT_EQ(tried.error().code, ErrorCode::permission_denied) << sql << ": " << tried.error().message;
  }
  for (const char* sql : {"SELECT * FROM plugin_state", "SELECT * FROM external_link",
                          "UPDATE connection SET name = 'x'", "DELETE FROM tenant", "UPDATE secret SET key_id = 'x'"}) {
    const Status tried = database().with_operator_write(
        [&](Transaction& transaction) { return Query(transaction, Sql(sql), "trying").execute_only(); });
    ASSERT_FALSE(tried.ok()) << sql;
    EXPECT_EQ(tried.error().code, ErrorCode::permission_denied) << sql;
  }
}

TEST_F(PostgresqlTest, ATableMadeLaterIsProtectedToo) {
  ASSERT_TRUE(database()
                  .with_schema_change([](Transaction& transaction) -> Status {
                    DOVETAIL_TRY_STATUS(
                        Query(transaction, "CREATE TABLE \"Odd name\" (tenant_id bigint, a bigint)", "creating")
                            .execute_only());
                    DOVETAIL_TRY_STATUS(protect_table(transaction, "Odd name"));
                    return protect_table(transaction, "Odd name");
                  })
                  .ok());
  EXPECT_TRUE(as(acme_, "INSERT INTO \"Odd name\" VALUES (" + std::to_string(acme_.value) + ", 1) RETURNING 1").ok());
  EXPECT_EQ(*as(globex_, "SELECT count(*) FROM \"Odd name\""), "0");
  EXPECT_EQ(*as(acme_, "SELECT count(*) FROM \"Odd name\""), "1");
}

class PostgresqlRolesTest : public PostgresqlTest {
protected:
  void SetUp() override {
    PostgresqlTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    user_ = name_ + "_user";
    ASSERT_TRUE(server().execute("postgres", "CREATE ROLE " + user_ + " LOGIN PASSWORD 'pass-word-1'").ok());
    ASSERT_TRUE(server().execute("postgres", "CREATE DATABASE " + name_ + "_owned OWNER " + user_).ok());
  }
  void TearDown() override {
    if (!user_.empty()) {
      EXPECT_TRUE(server().execute("postgres", "DROP DATABASE " + name_ + "_owned WITH (FORCE)").ok());
      EXPECT_TRUE(server().execute("postgres", "DROP ROLE " + user_).ok());
    }
  }
  std::string url(const std::string& database) { return server().url(database, user_, "pass-word-1", server().port()); }

  std::string user_;
};

TEST_F(PostgresqlRolesTest, AnOwnerWhoMayNotMakeRolesIsToldWhatToRun) {
  const auto refused = open(url(name_ + "_owned"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("GRANT dovetail_runtime, dovetail_operator TO"), Not(HasSubstr("pass-word-1"))));
  ASSERT_TRUE(server().execute("postgres", "GRANT dovetail_runtime, dovetail_operator TO " + user_).ok());
  const auto opened = open(url(name_ + "_owned"));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
}

TEST_F(PostgresqlRolesTest, AnOwnerWhoMayMakeRolesNeedsNoHelp) {
  ASSERT_TRUE(server().execute("postgres", "ALTER ROLE " + user_ + " CREATEROLE").ok());
  const auto opened = open(url(name_ + "_owned"));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
}

TEST_F(PostgresqlRolesTest, TheRuntimeNeedsNoOwnershipOnceTheSchemaIsThere) {
  ASSERT_TRUE(server().execute("postgres", "GRANT dovetail_runtime, dovetail_operator TO " + user_).ok());
  const auto opened = open(url(name_));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_TRUE((*opened)->with_write(acme_, [](Transaction& transaction) { return note(transaction, "a"); }).ok());
  ASSERT_TRUE(server().execute(name_ + "_owned", "ALTER DATABASE " + name_ + "_owned OWNER TO postgres").ok());
  const auto early = open(url(name_ + "_owned"));
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(early.error().message, HasSubstr("dovetail db migrate"));
}

class PostgresqlConnectionTest : public PostgresqlTest {
protected:
  void SetUp() override {
    PostgresqlTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    proxy_ = std::make_unique<CutProxy>(server().port());
    auto opened = open(server().url(name_, "postgres", server().password(), proxy_->port()));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    through_proxy_ = std::move(opened).value();
  }
  void TearDown() override {
    through_proxy_.reset();
    proxy_.reset();
  }
  /// Writes one note through the proxy and counts how often the function ran.
  Status note_through_proxy() {
    return through_proxy_->with_write(acme_, [&](Transaction& transaction) {
      ++runs_;
      return note(transaction, "k");
    });
  }

  std::unique_ptr<CutProxy> proxy_;
  std::unique_ptr<Database> through_proxy_;
  int runs_ = 0;
};

// Design 8.3: an unknown commit is re-read, not assumed.
TEST_F(PostgresqlConnectionTest, ACommitWhoseAnswerIsLostIsReportedAsUnknownAndNotRepeated) {
  proxy_->cut_on("COMMIT", CutProxy::Cut::after);
  const Status status = note_through_proxy();
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(is_unknown_commit(status.error())) << status.error().message;
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "1");
}

TEST_F(PostgresqlConnectionTest, ACommitThatNeverArrivedIsJustAsUnknown) {
  proxy_->cut_on("COMMIT", CutProxy::Cut::before);
  const Status status = note_through_proxy();
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(is_unknown_commit(status.error())) << status.error().message;
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "0");
  EXPECT_TRUE(note_through_proxy().ok());
}

TEST_F(PostgresqlConnectionTest, AConnectionLostBeforeTheCommitIsReplacedAndTheWorkDoneAgain) {
  for (const char* text : {"INSERT INTO plugin_state", "SET LOCAL ROLE"}) {
    ASSERT_TRUE(raw("DELETE FROM plugin_state").empty());
    runs_ = 0;
    proxy_->cut_on(text, CutProxy::Cut::after);
    const Status status = note_through_proxy();
    EXPECT_TRUE(proxy_->has_cut());
    EXPECT_TRUE(status.ok()) << status.error().message;
    EXPECT_LE(runs_, 2);
    EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "1");
  }
}

TEST_F(PostgresqlConnectionTest, AServerThatThrewEverybodyOutIsJoinedAgain) {
  ASSERT_TRUE(note_through_proxy().ok());
  (void)raw("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '" + name_ +
            "' AND pid <> pg_backend_pid()");
  ASSERT_TRUE(raw("DELETE FROM plugin_state").empty());
  EXPECT_TRUE(note_through_proxy().ok());
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "1");
}

/// What a statement says that is the first to be sent in its transaction.
Result<std::string> first_of_pipeline(ReadSession& session, std::string_view sql) {
  std::string answer;
  detail::PostgresPipeline pipeline(session);
  pipeline.send(sql, {}, "asking", [&answer](const ::pg_result* result) -> Status {
    answer = detail::read_text(result, 0, 0);
    return {};
  });
  DOVETAIL_TRY_STATUS(pipeline.sync());
  return answer;
}
constexpr std::string_view who_asks = "SELECT current_user || ' ' || current_setting('dovetail.tenant_id') || ' ' || "
                                      "current_setting('transaction_read_only')";

TEST_F(PostgresqlTest, TEN_1_WhatIsSentFirstBeginsTheTenantsTransaction) {
  const std::string id = std::to_string(acme_.value);
  for (int i = 0; i < 2; ++i) { // the second time all is prepared
    const auto writer = database().with_write(acme_, [](Transaction& transaction) -> Result<std::string> {
      DOVETAIL_TRY(std::string asked, first_of_pipeline(transaction, who_asks));
      DOVETAIL_TRY_STATUS(note(transaction, "a"));
      return asked;
    });
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    EXPECT_EQ(*writer, "dovetail_runtime " + id + " off");
    EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "1");
    ASSERT_TRUE(raw("DELETE FROM plugin_state").empty());
    const auto reader = database().with_read(
        acme_, [](ReadSession& session) -> Result<std::string> { return first_of_pipeline(session, who_asks); });
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    EXPECT_EQ(*reader, "dovetail_runtime " + id + " on");
  }
}

TEST_F(PostgresqlTest, TEN_1_AFailureOfWhatIsSentFirstLeavesNothingBehind) {
  const auto failed = database().with_write(acme_, [](Transaction& transaction) -> Status {
    EXPECT_FALSE(first_of_pipeline(transaction, "SELECT 1 / 0").ok());
    EXPECT_FALSE(note(transaction, "a").ok()); // neither outside of the transaction nor as its owner
    return {};
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "0");
  EXPECT_TRUE(database().with_write(acme_, [](Transaction& transaction) { return note(transaction, "a"); }).ok());
}

TEST_F(PostgresqlTest, ATransactionThatSendsNothingEndsAsItsFunctionSays) {
  EXPECT_TRUE(database().with_write(acme_, [](Transaction&) { return Status(); }).ok());
  const Status failed = database().with_write(acme_, [](Transaction&) { return Status(not_found("nothing here")); });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "nothing here");
  EXPECT_TRUE(database().with_write(acme_, [](Transaction& transaction) { return note(transaction, "a"); }).ok());
}

TEST_F(PostgresqlConnectionTest, AConnectionLostWithWhatIsSentFirstIsReplacedAndTheWorkDoneAgain) {
  proxy_->cut_on("set_config('role'", CutProxy::Cut::after);
  const Status status = through_proxy_->with_write(acme_, [&](Transaction& transaction) -> Status {
    ++runs_;
    DOVETAIL_TRY([[maybe_unused]] const auto asked, first_of_pipeline(transaction, who_asks));
    return note(transaction, "k");
  });
  EXPECT_TRUE(proxy_->has_cut());
  EXPECT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(runs_, 2);
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "1");
}

TEST_F(PostgresqlTest, ADeadlockIsRunAgain) {
  for (const char* key : {"one", "two"}) {
    ASSERT_TRUE(database().with_write(acme_, [&](Transaction& transaction) { return note(transaction, key); }).ok());
  }
  (void)raw("ALTER DATABASE " + name_ + " SET deadlock_timeout = '10ms'");
  store_->reopen();
  std::atomic<int> runs{0};
  std::barrier both(2);
  const auto touch = [&](Transaction& transaction, const char* key) {
    return Query(transaction, "UPDATE plugin_state SET value = '' WHERE tenant_id = $1 AND key = $2", "touching")
        .bind(acme_)
        .bind(key)
        .execute_only();
  };
  const auto in_order = [&](const char* first, const char* second) {
    bool met = false;
    const Status status = database().with_write(acme_, [&](Transaction& transaction) -> Status {
      ++runs;
      DOVETAIL_TRY_STATUS(touch(transaction, first));
      if (!std::exchange(met, true)) {
        both.arrive_and_wait();
      }
      return touch(transaction, second);
    });
    EXPECT_TRUE(status.ok()) << status.error().message;
  };
  {
    std::jthread one(in_order, "one", "two");
    std::jthread two(in_order, "two", "one");
  }
  EXPECT_GE(runs, 3);
}

TEST_F(PostgresqlTest, AnErrorThatIsIgnoredCommitsNothing) {
  const Status status = database().with_write(acme_, [&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(note(transaction, "a"));
    const Status ignored = note(transaction, "a");
    EXPECT_FALSE(ignored.ok());
    return {};
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::internal);
  EXPECT_EQ(raw("SELECT count(*) FROM plugin_state"), "0");
}

TEST_F(PostgresqlTest, ManyFailuresLeaveNoStatementsBehindForEver) {
  for (int index = 0; index < 100; ++index) {
    EXPECT_FALSE(database()
                     .with_write(acme_,
                                 [](Transaction& transaction) -> Status {
                                   return Query(transaction, "INSERT INTO plugin_state VALUES ($1, 1, 'o', NULL, '')",
                                                "failing")
                                       .bind(transaction.tenant())
                                       .execute_only();
                                 })
                     .ok());
  }
  const auto left = as(acme_, "SELECT count(*) FROM pg_prepared_statements");
  ASSERT_TRUE(left.ok());
  EXPECT_LT(std::stoi(*left), 50);
}

// VAULT-4: the password of the URL is told to nobody.
TEST_F(PostgresqlTest, ThePasswordIsInNoMessage) {
  EXPECT_THAT(database().description(),
              AllOf(Not(HasSubstr(server().password())), HasSubstr("postgres@127.0.0.1"), HasSubstr(name_)));
  const std::string wrong = "hunter2-canary";
  const std::string port = std::to_string(server().port());
  for (const std::string& url :
       {server().url(name_, "postgres", wrong, server().port()),
        server().url("nowhere", "postgres", server().password(), server().port()),
        server().url(name_, "postgres", wrong, 1),
        "postgresql://postgres:" + wrong + "@127.0.0.1:" + port + "/x?nonsense=" + wrong,
        "postgresql://postgres:" + wrong + "@[::1:" + port, "postgresql://postgres:" + wrong + "%zz@localhost/x",
        "postgresql://postgres:" + wrong + "%20spaced@127.0.0.1:" + port + "/" + name_,
        "postgresql://127.0.0.1:" + port + "/" + name_ + "?user=postgres&password=" + wrong}) {
    const auto opened = open(url);
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.error().message, AllOf(Not(HasSubstr(wrong)), Not(HasSubstr(server().password()))));
    EXPECT_FALSE(opened.error().message.empty());
  }
  EXPECT_EQ(open(server().url(name_, "postgres", wrong, server().port())).error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(open(server().url("nowhere")).error().code, ErrorCode::not_found);
  EXPECT_EQ(open(server().url(name_, "postgres", wrong, 1)).error().code, ErrorCode::unavailable);
}

TEST_F(PostgresqlTest, APasswordMayHoldWhatConnectionStringsTakeForThemselves) {
  ASSERT_TRUE(
      server().execute("postgres", "CREATE ROLE " + name_ + "_odd SUPERUSER LOGIN PASSWORD 'it''s \\=#?@/'").ok());
  const auto opened = open(server().url(name_, name_ + "_odd", "it%27s%20%5C%3D%23%3F%40%2F", server().port()));
  EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(opened.error().message, HasSubstr("white space"));
  ASSERT_TRUE(server().execute("postgres", "ALTER ROLE " + name_ + "_odd PASSWORD 'it''s\\=#?@/'").ok());
  const auto again = open(server().url(name_, name_ + "_odd", "it%27s%5C%3D%23%3F%40%2F", server().port()));
  EXPECT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(server().execute("postgres", "DROP ROLE " + name_ + "_odd").ok());
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/database.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <latch>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <unistd.h>

#include "core/base/time.hpp"
#include "core/store/query.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using ::testing::HasSubstr;
using ::testing::Not;

class DatabaseTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (!IsSkipped()) {
      tenant_ = store().add_tenant("acme");
    }
  }
  /// A write that can be counted.
  static Status note(Transaction& transaction, const std::string& key) {
    return Query(transaction, "INSERT INTO plugin_state VALUES ($1, 1, 'o', $2, '')", "noting")
        .bind(transaction.tenant())
        .bind(key)
        .execute_only();
  }
  Status note(const std::string& key) {
    return database().with_write(tenant_, [&](Transaction& transaction) { return note(transaction, key); });
  }
  std::string notes() { return store().raw("SELECT count(*) FROM plugin_state"); }

  TenantId tenant_;
};
DOVETAIL_BOTH_DIALECTS(DatabaseTest);

TEST_P(DatabaseTest, KeepsWhatAFunctionThatSucceedsWrote) {
  ASSERT_TRUE(note("a").ok());
  store().reopen();
  EXPECT_EQ(notes(), "1");
}

TEST_P(DatabaseTest, KeepsNothingOfAFunctionThatFailsOrThrows) {
  Status status = database().with_write(tenant_, [&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(note(transaction, "a"));
    return invalid_argument("no");
  });
  EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
  status = database().with_write(tenant_, [&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(note(transaction, "b"));
    throw std::runtime_error("boom");
  });
  EXPECT_EQ(status.error().code, ErrorCode::internal);
  EXPECT_THAT(status.error().message, HasSubstr("boom"));
  EXPECT_EQ(notes(), "0");
  EXPECT_TRUE(note("c").ok());
  EXPECT_EQ(notes(), "1");
}

TEST_P(DatabaseTest, AFunctionsResultComesBack) {
  const auto written = database().with_write(tenant_, [&](Transaction& transaction) -> Result<std::string> {
    DOVETAIL_TRY_STATUS(note(transaction, "a"));
    return std::string("done");
  });
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, "done");
}

TEST_P(DatabaseTest, ASavepointUndoesItsOwnWorkOnly) {
  const Status status = database().with_write(tenant_, [&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(note(transaction, "kept"));
    const Status first = transaction.savepoint([&]() -> Status {
      DOVETAIL_TRY_STATUS(note(transaction, "undone"));
      // A statement that fails, too: PostgreSQL goes on only from a savepoint.
      return note(transaction, "kept");
    });
    EXPECT_EQ(first.error().code, ErrorCode::already_exists);
    Status second = transaction.savepoint([&]() -> Status {
      DOVETAIL_TRY_STATUS(note(transaction, "kept as well"));
      return transaction.savepoint([&]() -> Status { throw std::runtime_error("inner"); }).ok() ? internal("no error")
                                                                                                : Status();
    });
    return second;
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(notes(), "2");
  EXPECT_EQ(store().raw("SELECT count(*) FROM plugin_state WHERE key = 'undone'"), "0");
}

TEST_P(DatabaseTest, SaysWhatWentWrongWithoutTellingValues) {
  ASSERT_TRUE(note("hunter2-secret").ok());
  const Status twice = note("hunter2-secret");
  EXPECT_EQ(twice.error().code, ErrorCode::already_exists);
  EXPECT_THAT(twice.error().message, HasSubstr("noting"));
  EXPECT_THAT(twice.error().message, Not(HasSubstr("hunter2")));
  const auto run = [&](const char* sql, const std::string& value) {
    return database().with_write(tenant_, [&](Transaction& transaction) -> Status {
      return Query(transaction, detail::Sql(sql), "trying").bind(value).execute_only();
    });
  };
  EXPECT_EQ(run("UPDATE plugin_state SET object = NULL WHERE key = $1", "hunter2-secret").error().code,
            ErrorCode::failed_precondition);
  const Status missing = run("SELECT * FROM no_such_table WHERE a = $1", "hunter2-secret");
  EXPECT_EQ(missing.error().code, ErrorCode::internal);
  EXPECT_THAT(missing.error().message, HasSubstr("no_such_table"));
  EXPECT_THAT(missing.error().message, Not(HasSubstr("hunter2")));
  if (GetParam() == Dialect::postgresql) {
    const Status misfit =
        run("UPDATE plugin_state SET connection_id = CAST(CAST($1 AS text) AS bigint)", "hunter2-secret");
    EXPECT_EQ(misfit.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(misfit.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST_P(DatabaseTest, AReaderCannotWrite) {
  const Status status = database().with_read(tenant_, [&](ReadSession& session) {
    return Query(session, "DELETE FROM plugin_state", "deleting").execute_only();
  });
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(database().with_read(tenant_, [](ReadSession&) { return Status(); }).ok());
}

TEST_P(DatabaseTest, AReaderSeesOnlyWhatIsCommitted) {
  std::latch written(1);
  std::latch looked(1);
  std::jthread writer([&] {
    EXPECT_TRUE(database()
                    .with_write(tenant_,
                                [&](Transaction& transaction) -> Status {
                                  DOVETAIL_TRY_STATUS(note(transaction, "a"));
                                  written.count_down();
                                  looked.wait();
                                  return {};
                                })
                    .ok());
  });
  const auto count = [&] {
    return *database().with_read(tenant_, [&](ReadSession& session) -> Result<std::int64_t> {
      DOVETAIL_TRY(const auto row, Query(session, "SELECT count(*) FROM plugin_state", "counting").row(1));
      return row->integer(0);
    });
  };
  written.wait();
  EXPECT_EQ(count(), 0);
  looked.count_down();
  writer.join();
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseTest, EveryKindOfValueComesBackAsItWas) {
  const std::string text = "it's \"quoted\", \\ naïve, 日本, $1 ? %s {}\n\t";
  const std::string bytes("\0\x01\xff\xfe'\"\\", 7);
  const Timestamp instant = *parse_iso8601("1999-12-31T23:59:59.999Z");
  const char* number = GetParam() == Dialect::sqlite ? "INTEGER" : "bigint";
  (void)store().raw(std::string("CREATE TABLE sample (a ") + number + ", b text, c " +
                    (GetParam() == Dialect::sqlite ? "BLOB, d TEXT, e INTEGER" : "bytea, d timestamptz, e boolean") +
                    ")");
  const auto insert = [&](auto fill) {
    return database().with_schema_change([&](Transaction& transaction) {
      Query query(transaction, "INSERT INTO sample (a, b, c, d, e) VALUES ($1, $2, $3, $4, $5)", "inserting");
      fill(query);
      return query.execute_only();
    });
  };
  for (const std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    (void)store().raw("DELETE FROM sample");
    ASSERT_TRUE(insert([&](Query& query) {
                  query.bind(value).bind(text).bind_bytes(bytes).bind(instant).bind(value == 0);
                }).ok());
    ASSERT_TRUE(database()
                    .with_schema_change([&](Transaction& transaction) -> Status {
                      const auto row = Query(transaction, "SELECT a, b, c, d, e FROM sample", "reading").row(5, {2});
                      EXPECT_EQ(*(*row)->integer(0), value);
                      EXPECT_EQ((*row)->text(1), text);
                      EXPECT_EQ((*row)->text(2), bytes);
                      EXPECT_EQ(*(*row)->timestamp(3), instant);
                      EXPECT_EQ(*(*row)->boolean(4), value == 0);
                      return {};
                    })
                    .ok());
  }
  (void)store().raw("DELETE FROM sample");
  const std::optional<std::int64_t> none;
  ASSERT_TRUE(insert([&](Query& query) { query.bind(none).bind("").bind_bytes("").bind_null().bind_null(); }).ok());
  ASSERT_TRUE(database()
                  .with_schema_change([&](Transaction& transaction) -> Status {
                    const auto row = Query(transaction, "SELECT a, b, c, d, e FROM sample", "reading").row(5, {2});
                    EXPECT_TRUE((*row)->is_null(0));
                    EXPECT_FALSE((*row)->is_null(1));
                    EXPECT_EQ((*row)->text(1), "");
                    EXPECT_FALSE((*row)->is_null(2));
                    EXPECT_FALSE((*row)->optional_timestamp(3)->has_value());
                    EXPECT_EQ((*row)->integer(0).error().code, ErrorCode::data_loss);
                    EXPECT_EQ((*row)->timestamp(1).error().code, ErrorCode::data_loss);
                    EXPECT_EQ((*row)->boolean(1).error().code, ErrorCode::data_loss);
                    return {};
                  })
                  .ok());
}

TEST_P(DatabaseTest, AWriteInsideAWriteIsAMistakeThatIsSaid) {
  const Status status = database().with_write(tenant_, [&](Transaction&) { return note("inner"); });
  EXPECT_EQ(status.error().code, ErrorCode::internal);
  EXPECT_TRUE(note("after").ok());
}

TEST_P(DatabaseTest, ManyWritersGetAllTheirWorkDoneAndFailAlone) {
  constexpr int writers = 8;
  constexpr int writes = 25;
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(writers);
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&, writer] {
        for (int index = 0; index < writes; ++index) {
          const std::string key = std::to_string(writer) + "/" + std::to_string(index);
          const Status status = database().with_write(tenant_, [&](Transaction& transaction) -> Status {
            DOVETAIL_TRY_STATUS(note(transaction, key));
            return index % 5 == 0 ? Status(invalid_argument("undo")) : Status();
          });
          failed += status.ok() ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(failed, writers * writes / 5);
  EXPECT_EQ(notes(), std::to_string(writers * writes * 4 / 5));
}

TEST_P(DatabaseTest, PutOffCommitsAreDurableTogetherWhenTheyAreSettled) {
  DeferredCommit commit;
  const auto note_later = [&](const std::string& key) {
    return database().with_deferred_write(tenant_, commit,
                                          [&](Transaction& transaction) { return note(transaction, key); });
  };
  ASSERT_TRUE(note_later("a").ok());
  ASSERT_TRUE(note_later("b").ok());
  EXPECT_EQ(commit.outstanding(), GetParam() == Dialect::sqlite);
  EXPECT_EQ(notes(), GetParam() == Dialect::sqlite ? "0" : "2") << "a reader sees only what is committed";
  ASSERT_TRUE(database().settle(commit).ok());
  EXPECT_FALSE(commit.outstanding());
  store().reopen();
  EXPECT_EQ(notes(), "2");
  EXPECT_TRUE(database().settle(commit).ok()) << "nothing is outstanding any more";
}

TEST_P(DatabaseTest, PutOffCommitsFailTogetherAndSayIt) {
  DeferredCommit commit;
  const auto later = [&](const auto& work) { return database().with_deferred_write(tenant_, commit, work); };
  ASSERT_TRUE(later([&](Transaction& transaction) { return note(transaction, "a"); }).ok());
  const Status failed = later([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(note(transaction, "b"));
    return invalid_argument("no");
  });
  EXPECT_EQ(failed.error().code, ErrorCode::invalid_argument);
  const Status settled = database().settle(commit);
  if (GetParam() == Dialect::postgresql) {
    EXPECT_TRUE(settled.ok());
    EXPECT_EQ(notes(), "1");
    return;
  }
  EXPECT_EQ(settled.error().code, ErrorCode::aborted);
  EXPECT_EQ(settled.error().retry, RetryClass::never);
  EXPECT_EQ(notes(), "0");
  ASSERT_TRUE(note("c").ok()) << "the writer is free again";
  EXPECT_EQ(notes(), "1");
}

TEST_P(DatabaseTest, AnotherThreadsWriteMakesPutOffCommitsDurableWithItsOwn) {
  DeferredCommit commit;
  const auto note_later = [&](const std::string& key) {
    return database().with_deferred_write(tenant_, commit,
                                          [&](Transaction& transaction) { return note(transaction, key); });
  };
  ASSERT_TRUE(note_later("a").ok());
  std::thread([&] {
    EXPECT_TRUE(note("b").ok());
    EXPECT_EQ(
        database().with_write(tenant_, [](Transaction&) -> Status { return invalid_argument("no"); }).error().code,
        ErrorCode::invalid_argument);
  }).join();
  EXPECT_EQ(notes(), "2");
  ASSERT_TRUE(note_later("c").ok());
  EXPECT_EQ(commit.overtaken(), GetParam() == Dialect::sqlite ? 1U : 0U);
  std::thread([&] {
    EXPECT_EQ(database()
                  .with_write(tenant_,
                              [&](Transaction& transaction) -> Status {
                                DOVETAIL_TRY_STATUS(note(transaction, "undone"));
                                return invalid_argument("no");
                              })
                  .error()
                  .code,
              ErrorCode::invalid_argument);
  }).join();
  EXPECT_TRUE(database().settle(commit).ok()) << "another's failure undoes its own work only";
  EXPECT_EQ(notes(), "3");
}

TEST_P(DatabaseTest, AttachmentsStayWithTheirConnectionAndGoBeforeIt) {
  struct Counter final : ConnectionAttachment {
    explicit Counter(std::shared_ptr<std::atomic<int>> gone) : gone_(std::move(gone)) {}
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;
    Counter(Counter&&) = delete;
    Counter& operator=(Counter&&) = delete;
    ~Counter() override { ++*gone_; }
    std::shared_ptr<std::atomic<int>> gone_;
    int uses = 0;
  };
  // The last of them goes with the store, after this function.
  const auto gone = std::make_shared<std::atomic<int>>(0);
  const auto use = [&] {
    return *database().with_write(tenant_, [&](Transaction& transaction) -> Result<int> {
      EXPECT_EQ(transaction.sqlite() != nullptr, GetParam() == Dialect::sqlite);
      EXPECT_EQ(transaction.postgresql() != nullptr, GetParam() == Dialect::postgresql);
      return ++transaction.attachment<Counter>("counter", [&] { return std::make_unique<Counter>(gone); }).uses;
    });
  };
  EXPECT_EQ(use(), 1);
  EXPECT_EQ(use(), 2);
  EXPECT_EQ(*gone, 0);
  store().reopen();
  EXPECT_EQ(*gone, 1);
  EXPECT_EQ(use(), 1);
}

TEST_P(DatabaseTest, ATenantsTransactionNeedsATenant) {
  EXPECT_EQ(database().with_read(TenantId{}, [](ReadSession&) { return Status(); }).error().code,
            ErrorCode::invalid_argument);
}

// SYNC-4: what a process had not committed when it was killed is gone, what it had is there, and others can go on at once.
TEST_P(DatabaseTest, AProcessKilledInsideATransactionLeavesNothingBehind) {
  testing::ForkedChild child([&](const testing::ForkedChild::Tell& tell) {
    const auto own = store().open_another();
    const Status first =
        own->with_write(tenant_, [&](Transaction& transaction) { return note(transaction, "committed"); });
    const Status second = own->with_write(tenant_, [&](Transaction& transaction) -> Status {
      DOVETAIL_TRY_STATUS(note(transaction, "lost"));
      tell(first.ok() ? "written" : "failed");
      ::pause();
      return {};
    });
    return second.ok() ? 0 : 1;
  });
  EXPECT_EQ(child.hear(), "written");
  EXPECT_EQ(notes(), "1");
  child.kill();
  EXPECT_TRUE(note("next").ok());
  store().reopen();
  EXPECT_EQ(store().raw("SELECT count(*) FROM plugin_state WHERE key IN ('committed', 'next')"), "2");
  EXPECT_EQ(notes(), "2");
}

TEST_P(DatabaseTest, TwoProcessesWriteInTurns) {
  const auto other = store().open_another();
  for (int index = 0; index < 10; ++index) {
    ASSERT_TRUE(note("mine " + std::to_string(index)).ok());
    const Status theirs = other->with_write(
        tenant_, [&](Transaction& transaction) { return note(transaction, "theirs " + std::to_string(index)); });
    ASSERT_TRUE(theirs.ok()) << theirs.error().message;
  }
  EXPECT_EQ(notes(), "20");
}

TEST_P(DatabaseTest, ConnectionsAreBoundedAndWhoWaitsTooLongIsTold) {
  testing::TestStore small(GetParam(), {.location = {},
                                        .max_readers = 2,
                                        .max_sessions = 2,
                                        .wait_limit = std::chrono::milliseconds(30),
                                        .max_attempts = 1});
  const TenantId tenant = small.add_tenant("acme");
  std::latch inside(2);
  std::latch done(1);
  std::vector<std::jthread> holders;
  holders.reserve(2);
  for (int index = 0; index < 2; ++index) {
    holders.emplace_back([&] {
      EXPECT_TRUE(small.database()
                      .with_read(tenant,
                                 [&](ReadSession&) {
                                   inside.count_down();
                                   done.wait();
                                   return Status();
                                 })
                      .ok());
    });
  }
  inside.wait();
  const Status third = small.database().with_read(tenant, [](ReadSession&) { return Status(); });
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(third.error().message, HasSubstr("2 database connections"));
  done.count_down();
  holders.clear();
  EXPECT_TRUE(small.database().with_read(tenant, [](ReadSession&) { return Status(); }).ok());
}

TEST_P(DatabaseTest, OnlyOneDaemonWorksOnAnSqliteFile) {
  auto lock = database().acquire_exclusive_daemon_lock();
  ASSERT_TRUE(lock.ok()) << lock.error().message;
  const auto other = store().open_another();
  const auto second = other->acquire_exclusive_daemon_lock();
  if (GetParam() == Dialect::postgresql) {
    EXPECT_TRUE(second.ok());
    return;
  }
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_TRUE(note("a command line tool may write all the same").ok());
  { const DaemonLock released = std::move(*lock); }
  EXPECT_TRUE(other->acquire_exclusive_daemon_lock().ok());
}

class SqliteFileTest : public ::testing::Test {};

TEST_F(SqliteFileTest, IsItsOwnersOnlyFromTheBeginning) {
  testing::TestStore store(Dialect::sqlite);
  (void)store.add_tenant("acme");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(store.location()).parent_path())) {
    const auto permissions = entry.status().permissions();
    EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 3); // the database, its log and its index at least
}

TEST_F(SqliteFileTest, MakesTheFolderThatIsMissing) {
  const testing::TemporaryFolder folder;
  SystemClock clock;
  SystemRandom random;
  const auto logger = make_null_logger();
  const auto path = folder.path() / "a" / "b" / "odd ?#%41 name.db";
  const auto database = Database::open({.location = path.string()}, clock, random, *logger);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(std::filesystem::status(path.parent_path()).permissions(), std::filesystem::perms::owner_all);
  EXPECT_EQ((*database)->description(), path.string());
}

TEST_F(SqliteFileTest, RefusesWhatIsNoDatabase) {
  const testing::TemporaryFolder folder;
  SystemClock clock;
  SystemRandom random;
  const auto logger = make_null_logger();
  const auto open = [&](const std::string& location) {
    return Database::open({.location = location}, clock, random, *logger).error();
  };
  EXPECT_EQ(open("").code, ErrorCode::invalid_argument);
  EXPECT_EQ(open(":memory:").code, ErrorCode::invalid_argument);
  EXPECT_EQ(open("mysql://somewhere/db").code, ErrorCode::invalid_argument);
  const auto text = folder.path() / "text";
  {
    std::ofstream file(text);
    for (int line = 0; line < 100; ++line) {
      file << "This is a text and no database.\n";
    }
  }
  EXPECT_EQ(open(text.string()).code, ErrorCode::data_loss);
  EXPECT_EQ(open((text / "below").string()).code, ErrorCode::unavailable);
}

TEST_F(SqliteFileTest, FlushesOnceForSeveralWritersThatCameTogether) {
  testing::TestStore store(Dialect::sqlite);
  const TenantId tenant = store.add_tenant("acme");
  std::atomic<int> commits{0};
  ASSERT_TRUE(store.database()
                  .with_write(tenant,
                              [&](Transaction& transaction) {
                                sqlite3_commit_hook(
                                    transaction.sqlite(),
                                    [](void* counter) {
                                      ++*static_cast<std::atomic<int>*>(counter);
                                      return 0;
                                    },
                                    &commits);
                                return Status();
                              })
                  .ok());
  constexpr int writers = 8;
  constexpr int writes = 25;
  // On a busy machine the writers of one round may never meet.
  constexpr int rounds = 20;
  int done = 0;
  bool shared = false;
  for (int round = 0; round < rounds && !shared; ++round) {
    commits = 0;
    std::atomic<int> arrived{0};
    {
      std::vector<std::jthread> threads;
      threads.reserve(writers);
      for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer, round] {
          for (int index = 0; index < writes; ++index) {
            const std::string key = std::to_string(round) + "/" + std::to_string(writer) + "/" + std::to_string(index);
            arrived += index == 0 ? 1 : 0;
            const Status status = store.database().with_write(tenant, [&](Transaction& transaction) {
              // Whoever is first keeps the others waiting: without that a quick disk might never let two meet.
              while (arrived < writers) {
                std::this_thread::yield();
              }
              return Query(transaction, "INSERT INTO plugin_state VALUES ($1, 1, 'o', $2, '')", "noting")
                  .bind(tenant)
                  .bind(key)
                  .execute_only();
            });
            EXPECT_TRUE(status.ok());
          }
        });
      }
    }
    EXPECT_GT(commits, 0);
    shared = commits < writers * writes;
    done += writers * writes;
  }
  EXPECT_TRUE(shared);
  EXPECT_EQ(store.raw("SELECT count(*) FROM plugin_state"), std::to_string(done));
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/sqlite_log_vfs.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>

#include <sys/resource.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/support/test_store.hpp"

namespace dovetail::store::detail {
namespace {

/// A connection as a program has it, with our VFS or the default one.
class Connection {
public:
  Connection(const std::filesystem::path& file, const char* vfs) {
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs), SQLITE_OK);
    // Few pages of cache: a transaction writes to the log long before it commits.
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = 10; PRAGMA wal_autocheckpoint = 0");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;
  ~Connection() { sqlite3_close(handle_); }

  [[nodiscard]] int try_to(const std::string& sql) {
    return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  void run(const std::string& sql) { EXPECT_EQ(try_to(sql), SQLITE_OK) << sql << ": " << sqlite3_errmsg(handle_); }
  /// The first column of the first row.
  [[nodiscard]] std::string ask(const std::string& sql) {
    ::sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(handle_);
    std::string answer;
    if (sqlite3_step(statement) == SQLITE_ROW) {
      const auto* const text = sqlite3_column_text(statement, 0);
      answer = text == nullptr ? "" : reinterpret_cast<const char*>(text); // NOLINT(*-reinterpret-cast)
    }
    sqlite3_finalize(statement);
    return answer;
  }

private:
  ::sqlite3* handle_ = nullptr;
};

class SqliteLogVfsTest : public ::testing::Test {
protected:
  std::unique_ptr<Connection> ours() { return std::make_unique<Connection>(file_, sqlite_log_vfs()); }
  std::unique_ptr<Connection> others() { return std::make_unique<Connection>(file_, nullptr); }

  static std::string rows(int from, int count, const char* text) {
    return fmt::format("WITH RECURSIVE n(id) AS (SELECT {} UNION ALL SELECT id + 1 FROM n WHERE id < {}) "
                       "INSERT INTO thing SELECT id, '{}' || hex(randomblob(400)) FROM n",
                       from, from + count - 1, text);
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "a.db";
};

constexpr const char* table = "CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT)";
constexpr const char* count = "SELECT count(*) FROM thing";

TEST_F(SqliteLogVfsTest, IsThere) { ASSERT_NE(sqlite_log_vfs(), nullptr); }

/// Calls of write() that this process has made.
std::int64_t writes_of_this_process() {
  std::ifstream counters("/proc/self/io");
  std::string name;
  std::int64_t value = 0;
  while (counters >> name >> value) {
    if (name == "syscw:") {
      return value;
    }
  }
  return -1;
}

TEST_F(SqliteLogVfsTest, WritesALargeCommitInFewPieces) {
  if (writes_of_this_process() < 0) {
    GTEST_SKIP() << "/proc/self/io is not there";
  }
  const auto writes_with = [&](const std::unique_ptr<Connection>& connection, int from) {
    connection->run("PRAGMA cache_size = 10000");
    const std::int64_t before = writes_of_this_process();
    connection->run(rows(from, 2000, "a")); // 400 pages of the database and more
    return writes_of_this_process() - before;
  };
  const auto ours = this->ours();
  ours->run(table);
  const std::int64_t few = writes_with(ours, 1);
  const std::int64_t many = writes_with(others(), 10'001);
  EXPECT_GT(many, 800);
  EXPECT_LT(few, many / 10);
}

TEST_F(SqliteLogVfsTest, OthersSeeACommitWholeAndNothingBefore) {
  const auto ours = this->ours();
  ours->run(table);
  const auto others = this->others();
  ours->run("BEGIN");
  ours->run(rows(1, 3000, "a"));
  EXPECT_EQ(others->ask(count), "0");
  EXPECT_EQ(ours->ask(count), "3000") << "what is not written yet can be read";
  ours->run("COMMIT");
  EXPECT_EQ(others->ask(count), "3000");
  EXPECT_EQ(others->ask("PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteLogVfsTest, WhatIsRolledBackIsNotWrittenOverWhatAnotherCommits) {
  const auto ours = this->ours();
  ours->run(table);
  const auto others = this->others();
  ours->run("BEGIN");
  ours->run(rows(1, 3000, "undone"));
  ours->run("ROLLBACK");
  others->run(rows(1, 3000, "theirs"));
  EXPECT_EQ(ours->ask("SELECT count(*) FROM thing WHERE text LIKE 'theirs%'"), "3000");
  ours->run(rows(3001, 1000, "ours"));
  EXPECT_EQ(others->ask(count), "4000");
  for (const auto& connection : {this->ours(), this->others()}) {
    EXPECT_EQ(connection->ask("PRAGMA integrity_check"), "ok");
  }
}

/// No file may grow beyond `bytes` while it lives: what a full disk does.
class FileSizeLimit {
public:
  explicit FileSizeLimit(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  FileSizeLimit(FileSizeLimit&&) = delete;
  FileSizeLimit& operator=(FileSizeLimit&&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(SqliteLogVfsTest, AFailureToWriteIsToldAndLosesNothingElse) {
  const auto ours = this->ours();
  ours->run(table);
  ours->run(rows(1, 100, "before"));
  struct Case {
    int cache_pages;
    int rows;
    std::uintmax_t room;
  };
  // Fails while the transaction writes, while it commits, and with the very last piece.
  for (const Case& each : {Case{10, 3000, 300'000}, Case{10'000, 3000, 300'000}, Case{10'000, 20, 1000}}) {
    ours->run(fmt::format("PRAGMA cache_size = {}", each.cache_pages));
    {
      EXPECT_EQ(ours->ask("PRAGMA wal_checkpoint(TRUNCATE)"), "0");
      const FileSizeLimit limit(each.room);
      const int code = ours->try_to("BEGIN; " + rows(101, each.rows, "lost") + "; COMMIT");
      EXPECT_TRUE((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_FULL) << code;
      static_cast<void>(ours->try_to("ROLLBACK")); // SQLite may have done so itself
      EXPECT_EQ(ours->ask(count), "100");
    }
    ours->run(rows(101, 10, "after"));
    EXPECT_EQ(others()->ask(count), "110");
    EXPECT_EQ(ours->ask("PRAGMA integrity_check"), "ok");
    ours->run("DELETE FROM thing WHERE id > 100");
  }
}

// Ours and another program in turns, as they come; a map says what has to be there.
TEST_F(SqliteLogVfsTest, HoldsWhatAMapHoldsWhateverIsDone) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](unsigned bound) { return static_cast<int>(random() % bound); };
    std::filesystem::remove(file_);
    auto ours = this->ours();
    ours->run(table);
    auto others = this->others();
    std::map<int, std::string> expected;
    for (int step = 0; step < 60; ++step) {
      Connection& writer = below(4) == 0 ? *others : *ours;
      auto changed = expected;
      writer.run("BEGIN IMMEDIATE");
      for (int change = below(300); change >= 0; --change) {
        const int id = below(2000);
        if (below(4) == 0) {
          writer.run(fmt::format("DELETE FROM thing WHERE id = {}", id));
          changed.erase(id);
          continue;
        }
        const std::string text(static_cast<std::size_t>(below(900)), static_cast<char>('a' + below(26)));
        writer.run(fmt::format("INSERT OR REPLACE INTO thing VALUES ({}, '{}')", id, text));
        changed[id] = text;
      }
      const bool kept = below(3) != 0;
      writer.run(kept ? "COMMIT" : "ROLLBACK");
      expected = kept ? changed : expected;
      switch (below(12)) {
      case 0:
        writer.run("PRAGMA wal_checkpoint(TRUNCATE)");
        break;
      case 1:
        ours.reset();
        ours = this->ours();
        break;
      default:
        break;
      }
      ASSERT_EQ(others->ask(count), std::to_string(expected.size())) << "seed " << seed << ", step " << step;
    }
    for (const auto& [id, text] : expected) {
      ASSERT_EQ(ours->ask(fmt::format("SELECT text FROM thing WHERE id = {}", id)), text) << "seed " << seed;
    }
    EXPECT_EQ(others->ask("PRAGMA integrity_check"), "ok") << "seed " << seed;
  }
}

} // namespace
} // namespace dovetail::store::detail

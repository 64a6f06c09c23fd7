// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/store/database.hpp"
#include "tests/support/test_postgres.hpp"

namespace dovetail::testing {

/// A folder of its own that goes with the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&&) = delete;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// A fresh, empty database of one dialect, its schema up to date, on a clock that only the test moves; gone with the object.
class TestStore {
public:
  explicit TestStore(store::Dialect dialect, store::DatabaseOptions options = {});
  ~TestStore();
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;
  TestStore(TestStore&&) = delete;
  TestStore& operator=(TestStore&&) = delete;

  /// Whether this machine can make one (PostgreSQL may be missing).
  [[nodiscard]] static bool available(store::Dialect dialect);

  [[nodiscard]] store::Database& database() noexcept { return *database_; }
  [[nodiscard]] VirtualClock& clock() noexcept { return clock_; }
  [[nodiscard]] SeededRandom& random() noexcept { return random_; }
  [[nodiscard]] IdGenerator& ids() noexcept { return ids_; }
  [[nodiscard]] Logger& logger() noexcept { return *logger_; }
  [[nodiscard]] store::Dialect dialect() const noexcept { return dialect_; }
  /// The path or URL: for another Database on it, as another process would open one.
  [[nodiscard]] const std::string& location() const noexcept { return options_.location; }
  [[nodiscard]] std::unique_ptr<store::Database> open_another();
  /// Closes the database and opens it again, as a restart does.
  void reopen();

  [[nodiscard]] TenantId add_tenant(std::string_view name);
  [[nodiscard]] ConnectionId add_connection(TenantId tenant, std::string_view name,
                                            std::string_view provider = "github");

  /// One value of SQL run on the bare database, whatever its transactions and tenants: for looking behind the store's back. Empty for
  /// null and for no row.
  [[nodiscard]] std::string raw(const std::string& sql);
  /// Waits until no transaction that has written to `table` is open any more. A process that was killed may have left its COMMIT with
  /// PostgreSQL, whose own process works on it all the same; an SQLite transaction ends with its process.
  void wait_for_writers(std::string_view table);

private:
  const store::Dialect dialect_;
  VirtualClock clock_;
  SeededRandom random_{20260105};
  IdGenerator ids_{clock_, random_};
  std::unique_ptr<Logger> logger_ = make_null_logger();
  TemporaryFolder folder_;
  store::DatabaseOptions options_;
  std::string postgresql_name_;
  std::mutex behind_mutex_;
  std::optional<TestPostgres::Session> behind_; ///< of raw(); guarded by behind_mutex_
  std::unique_ptr<store::Database> database_;
};

/// A fixture for tests that hold under both dialects: TEST_P(MyStoreTest, ...) with DOVETAIL_BOTH_DIALECTS(MyStoreTest). `store` is fresh
/// for each test.
class StoreTest : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override;
  void TearDown() override { store_.reset(); }
  [[nodiscard]] TestStore& store() noexcept { return *store_; }
  [[nodiscard]] store::Database& database() noexcept { return store_->database(); }

private:
  std::unique_ptr<TestStore> store_;
};

[[nodiscard]] std::string dialect_name(const ::testing::TestParamInfo<store::Dialect>& info);

} // namespace dovetail::testing

#define DOVETAIL_BOTH_DIALECTS(suite)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(                                                                                            \
      On, suite, ::testing::Values(::dovetail::store::Dialect::sqlite, ::dovetail::store::Dialect::postgresql),        \
      ::dovetail::testing::dialect_name)

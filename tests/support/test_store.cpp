// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_store.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <stdlib.h>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/store/query.hpp"

namespace dovetail::testing {
namespace {

constexpr std::string_view template_database = "dovetail_template";

template <typename T> T checked(Result<T> result) {
  if (!result.ok()) {
    throw std::runtime_error("setting a test up: " + result.error().message);
  }
  return std::move(result).value();
}

void checked(const Status& status) {
  if (!status.ok()) {
    throw std::runtime_error("setting a test up: " + status.error().message);
  }
}

Timestamp start_of_tests() { return *parse_iso8601("2026-01-05T09:00:00Z"); }

/// The migrated database that fresh ones are copied from, which is much faster than migrating each.
void make_template(TestPostgres& server) {
  static const bool made = [&server] {
    checked(server.execute("postgres", "CREATE DATABASE " + std::string(template_database)));
    SystemClock clock;
    SeededRandom random(1);
    const auto logger = make_null_logger();
    checked(store::Database::open({.location = server.url(template_database)}, clock, random, *logger));
    return true;
  }();
  (void)made;
}

} // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "dovetail-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder");
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestStore::TestStore(store::Dialect dialect, store::DatabaseOptions options)
    : dialect_(dialect), clock_(start_of_tests()), options_(std::move(options)) {
  if (dialect == store::Dialect::sqlite) {
    options_.location = (folder_.path() / "dovetail.db").string();
  } else {
    static std::atomic<int> number{0};
    TestPostgres& server = TestPostgres::shared();
    make_template(server);
    postgresql_name_ = "test_" + std::to_string(++number);
    checked(server.execute("postgres",
                           "CREATE DATABASE " + postgresql_name_ + " TEMPLATE " + std::string(template_database)));
    options_.location = server.url(postgresql_name_);
    behind_.emplace(server, postgresql_name_);
  }
  database_ = open_another();
}

TestStore::~TestStore() {
  database_.reset();
  behind_.reset();
  if (!postgresql_name_.empty()) {
    const auto dropped =
        TestPostgres::shared().execute("postgres", "DROP DATABASE " + postgresql_name_ + " WITH (FORCE)");
    if (!dropped.ok()) {
      std::fprintf(stderr, "%s\n", dropped.error().message.c_str());
    }
  }
}

bool TestStore::available(store::Dialect dialect) {
  return dialect == store::Dialect::sqlite || TestPostgres::installed();
}

std::unique_ptr<store::Database> TestStore::open_another() {
  return checked(store::Database::open(options_, clock_, random_, *logger_));
}

void TestStore::reopen() {
  database_.reset();
  database_ = open_another();
}

TenantId TestStore::add_tenant(std::string_view name) {
  const TenantId tenant{ids_.next()};
  checked(database_->with_operator_write([&](store::Transaction& transaction) -> Status {
    return store::detail::Query(transaction, "INSERT INTO tenant (tenant_id, name, created_at) VALUES ($1, $2, $3)",
                                "adding a tenant")
        .bind(tenant)
        .bind(name)
        .bind(clock_.now())
        .execute_only();
  }));
  return tenant;
}

ConnectionId TestStore::add_connection(TenantId tenant, std::string_view name, std::string_view provider) {
  const ConnectionId connection{ids_.next()};
  checked(database_->with_write(tenant, [&](store::Transaction& transaction) -> Status {
    return store::detail::Query(
               transaction,
               "INSERT INTO connection (tenant_id, connection_id, name, provider, config, base_url_variant, account_id,"
               " environment, status, status_reason, status_since, revision, created_at, updated_at)"
               " VALUES ($1, $2, $3, $4, '{}', '', '', '', 'active', '', $5, 1, $5, $5)",
               "adding a connection")
        .bind(tenant)
        .bind(connection)
        .bind(name)
        .bind(provider)
        .bind(clock_.now())
        .execute_only();
  }));
  return connection;
}

std::string TestStore::raw(const std::string& sql) {
  if (dialect_ == store::Dialect::postgresql) {
    const std::lock_guard lock(behind_mutex_);
    return checked(behind_->execute(sql));
  }
  const store::detail::Sql statement{std::string_view(sql)};
  if (!sql.starts_with("SELECT")) {
    checked(database_->with_schema_change([&](store::Transaction& transaction) {
      return store::detail::Query(transaction, statement, "working behind the store").execute_only();
    }));
    return {};
  }
  return checked(database_->with_operator_read([&](store::ReadSession& session) -> Result<std::string> {
    DOVETAIL_TRY(const auto rows, store::detail::Query(session, statement, "looking behind the store").rows(1));
    return rows.empty() ? std::string() : rows.front().text(0);
  }));
}

void TestStore::wait_for_writers(std::string_view table) {
  if (dialect_ == store::Dialect::postgresql) {
    (void)raw(fmt::format("DO $body$ BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; END $body$", table));
  }
}

void StoreTest::SetUp() {
  if (!TestStore::available(GetParam())) {
    GTEST_SKIP() << "PostgreSQL 15 is not installed";
  }
  store_ = std::make_unique<TestStore>(GetParam());
}

std::string dialect_name(const ::testing::TestParamInfo<store::Dialect>& info) {
  return info.param == store::Dialect::sqlite ? "SQLite" : "PostgreSQL";
}

} // namespace dovetail::testing

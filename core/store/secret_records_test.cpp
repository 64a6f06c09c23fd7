// SPDX-License-Identifier: Apache-2.0
#include "core/store/secret_records.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/store/query.hpp"
#include "core/vault/testing/secret_records_contract.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

class StoreWorld final : public vault::testing::SecretRecordsWorld {
public:
  explicit StoreWorld(Dialect dialect) : store_(dialect) {}
  vault::SecretRecords& records() override { return records_; }
  void ensure_connection(TenantId tenant, ConnectionId connection) override {
    const auto made = store_.database().with_operator_write([&](Transaction& transaction) {
      return detail::Query(
                 transaction,
                 "INSERT INTO tenant (tenant_id, name, created_at) VALUES ($1, $2, '2026-01-05T09:00:00.000Z')"
                 " ON CONFLICT DO NOTHING",
                 "adding a tenant")
          .bind(tenant)
          .bind("tenant-" + std::to_string(tenant.value))
          .execute_only();
    });
    ASSERT_TRUE(made.ok()) << made.error().message;
    const auto connected = store_.database().with_write(tenant, [&](Transaction& transaction) {
      return detail::Query(
                 transaction,
                 "INSERT INTO connection (tenant_id, connection_id, name, provider, config, base_url_variant,"
                 " account_id, environment, status, status_reason, status_since, revision, created_at, updated_at)"
                 " VALUES ($1, $2, $3, 'p', '{}', '', '', '', 'active', '', '2026-01-05T09:00:00.000Z', 1,"
                 " '2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z') ON CONFLICT DO NOTHING",
                 "adding a connection")
          .bind(tenant)
          .bind(connection)
          .bind("connection-" + std::to_string(connection.value))
          .execute_only();
    });
    ASSERT_TRUE(connected.ok()) << connected.error().message;
  }

private:
  testing::TestStore store_;
  StoredSecretRecords records_{store_.database()};
};

std::vector<vault::testing::MakeSecretRecordsWorld> worlds() {
  std::vector<vault::testing::MakeSecretRecordsWorld> result;
  for (const Dialect dialect : {Dialect::sqlite, Dialect::postgresql}) {
    if (testing::TestStore::available(dialect)) {
      result.emplace_back([dialect] { return std::make_unique<StoreWorld>(dialect); });
    }
  }
  return result;
}

} // namespace
} // namespace dovetail::store

namespace dovetail::vault::testing {
namespace {
INSTANTIATE_TEST_SUITE_P(InTheStore, SecretRecordsContract, ::testing::ValuesIn(store::worlds()));
} // namespace
} // namespace dovetail::vault::testing

namespace dovetail::store {
namespace {

class StoredSecretRecordsTest : public testing::StoreTest {};
DOVETAIL_BOTH_DIALECTS(StoredSecretRecordsTest);

TEST_P(StoredSecretRecordsTest, ASecretNeedsItsConnection) {
  const TenantId tenant = store().add_tenant("acme");
  StoredSecretRecords records(database());
  const auto put = records.put({tenant, ConnectionId{77}, "token"}, {"k1", "x"}, std::nullopt);
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().code, ErrorCode::failed_precondition);
}

// TEN-1: a connection id of another tenant is of no use.
TEST_P(StoredSecretRecordsTest, ATenantCannotStoreASecretUnderAnothersConnection) {
  const TenantId acme = store().add_tenant("acme");
  const TenantId globex = store().add_tenant("globex");
  const ConnectionId theirs = store().add_connection(globex, "theirs");
  StoredSecretRecords records(database());
  EXPECT_EQ(records.put({acme, theirs, "token"}, {"k1", "x"}, std::nullopt).error().code,
            ErrorCode::failed_precondition);
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/database.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/store/query.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using detail::Query;

class DatabaseTest : public testing::StoreTest {};
DOVETAIL_BOTH_DIALECTS(DatabaseTest);

TEST_P(DatabaseTest, KeepsWhatAFunctionThatSucceedsWrote) {
  const TenantId tenant = store().add_tenant("acme");
  store().reopen();
  EXPECT_EQ(store().raw("SELECT name FROM tenant"), "acme");
  EXPECT_TRUE(tenant.valid());
}

TEST_P(DatabaseTest, KeepsNothingOfAFunctionThatFails) {
  const Status status = database().with_operator_write([&](Transaction& transaction) -> Status {
    DOVETAIL_TRY_STATUS(
        Query(transaction, "INSERT INTO tenant (tenant_id, name, created_at) VALUES (1, 'a', $1)", "adding")
            .bind(store().clock().now())
            .execute_only());
    return invalid_argument("no");
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store().raw("SELECT count(*) FROM tenant"), "0");
}

} // namespace
} // namespace dovetail::store

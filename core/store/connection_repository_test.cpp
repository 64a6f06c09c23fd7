// SPDX-License-Identifier: Apache-2.0
// TEN-1, AUTH-4, AUTH-6
#include "core/store/connection_repository.hpp"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/store/object_lease.hpp"
#include "core/store/query.hpp"
#include "core/store/secret_records.hpp"
#include "core/store/sync_state_repository.hpp"
#include "core/store/tenant_repository.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TenantRepositoryTest : public testing::StoreTest {};
DOVETAIL_BOTH_DIALECTS(TenantRepositoryTest);

TEST_P(TenantRepositoryTest, AddsFindsAndListsInPages) {
  TenantRepository tenants(database(), store().ids());
  for (const char* name : {"globex", "acme", "initech", "a-b", "a_b", "ab"}) {
    const auto added = tenants.add(name);
    ASSERT_TRUE(added.ok()) << added.error().message;
    EXPECT_EQ((*tenants.find(name))->id, added->id);
    EXPECT_EQ((*tenants.find(name))->created_at, added->created_at);
    EXPECT_EQ((*tenants.get(added->id))->name, name);
  }
  EXPECT_FALSE(tenants.get(TenantId{99})->has_value());
  EXPECT_EQ(tenants.add("acme").error().code, ErrorCode::already_exists);
  EXPECT_EQ(tenants.add("Acme Inc").error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(tenants.find("umbrella")->has_value());
  const auto names = [&](std::string_view after, std::size_t limit) {
    std::vector<std::string> found;
    const auto listed = tenants.list(after, limit);
    EXPECT_TRUE(listed.ok()) << listed.error().message;
    for (const TenantRecord& tenant : *listed) {
      found.push_back(tenant.name);
    }
    return found;
  };
  EXPECT_THAT(names("", 1000), ElementsAre("a-b", "a_b", "ab", "acme", "globex", "initech"));
  EXPECT_THAT(names("a_b", 2), ElementsAre("ab", "acme"));
  EXPECT_EQ(tenants.list("", 0).error().code, ErrorCode::invalid_argument);
}

class ConnectionRepositoryTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    acme_ = store().add_tenant("acme");
    globex_ = store().add_tenant("globex");
  }
  ConnectionRepository connections() { return {{database(), acme_}, store().ids()}; }
  ConnectionRepository foreign_connections() { return {{database(), globex_}, store().ids()}; }
  static ConnectionSettings settings(std::string name) {
    return {.name = std::move(name), .provider = "github", .config = R"({"organizations":["acme"]})"};
  }
  ConnectionRecord added(const ConnectionSettings& wanted) {
    auto record = connections().add(wanted);
    EXPECT_TRUE(record.ok()) << record.error().message;
    return record.ok() ? *record : ConnectionRecord{};
  }

  TenantId acme_;
  TenantId globex_;
};
DOVETAIL_BOTH_DIALECTS(ConnectionRepositoryTest);

TEST_P(ConnectionRepositoryTest, GivesBackWhatWasAdded) {
  ConnectionSettings wanted = settings("main");
  wanted.config = R"({"note":"naïve ' \" \\ text"})";
  wanted.base_url_variant = "enterprise";
  wanted.account_id = "org-1";
  wanted.environment = "production";
  const ConnectionRecord record = added(wanted);
  for (const auto& found : {connections().get(record.id), connections().find("main")}) {
    ASSERT_TRUE(found.ok() && found->has_value());
    const ConnectionRecord& read = **found;
    EXPECT_EQ(read.id, record.id);
    EXPECT_EQ(read.settings.config, wanted.config);
    EXPECT_EQ(read.settings.base_url_variant, "enterprise");
    EXPECT_EQ(read.settings.account_id, "org-1");
    EXPECT_EQ(read.settings.environment, "production");
    EXPECT_EQ(read.status, ConnectionStatus::active);
    EXPECT_EQ(read.revision, 1);
    EXPECT_EQ(read.created_at, record.created_at);
  }
}

TEST_P(ConnectionRepositoryTest, NamesAreUniqueInATenantOnly) {
  EXPECT_TRUE(added(settings("main")).id.valid());
  const auto twice = connections().add(settings("main"));
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, ErrorCode::already_exists);
  EXPECT_THAT(twice.error().message, HasSubstr("\"main\""));
  EXPECT_TRUE(foreign_connections().add(settings("main")).ok());
}

// AUTH-6
TEST_P(ConnectionRepositoryTest, AnAccountIsConnectedOnceUnlessTheOtherIsDisabled) {
  ConnectionSettings one = settings("one");
  one.account_id = "org-1";
  ConnectionSettings two = settings("two");
  two.account_id = "org-1";
  const ConnectionRecord first = added(one);
  const auto second = connections().add(two);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_THAT(second.error().message, HasSubstr("org-1"));
  EXPECT_TRUE(foreign_connections().add(two).ok());
  ASSERT_TRUE(connections().set_status(first.id, ConnectionStatus::disabled, "paused").ok());
  EXPECT_TRUE(added(two).id.valid());
  EXPECT_EQ(connections().set_status(first.id, ConnectionStatus::active, "").error().code, ErrorCode::already_exists);
}

TEST_P(ConnectionRepositoryTest, BoundsAreKept) {
  EXPECT_EQ(connections().add(settings("Not A Name")).error().code, ErrorCode::invalid_argument);
  ConnectionSettings large = settings("large");
  large.config = std::string(limits::max_config_bytes + 1, ' ');
  EXPECT_EQ(connections().add(large).error().code, ErrorCode::invalid_argument);
  large = settings("large");
  large.provider = "";
  EXPECT_EQ(connections().add(large).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(connections().list("", "", 0).error().code, ErrorCode::invalid_argument);
}

TEST_P(ConnectionRepositoryTest, ListsByNameThroughTheProvider) {
  added(settings("b"));
  ConnectionSettings other = settings("c");
  other.provider = "rest";
  added(other);
  added(settings("a"));
  const auto names = [](const Result<std::vector<ConnectionRecord>>& listed) {
    EXPECT_TRUE(listed.ok()) << listed.error().message;
    std::vector<std::string> found;
    for (const ConnectionRecord& one : *listed) {
      found.push_back(one.settings.name);
    }
    return found;
  };
  EXPECT_THAT(names(connections().list()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(connections().list("github")), ElementsAre("a", "b"));
  EXPECT_THAT(names(connections().list("", "a", 1)), ElementsAre("b"));
}

TEST_P(ConnectionRepositoryTest, AnUpdateNamesTheRevisionThatItSaw) {
  const ConnectionRecord record = added(settings("main"));
  added(settings("other"));
  ConnectionSettings changed = settings("renamed");
  changed.config = "{}";
  const auto revision = connections().update(record.id, record.revision, changed);
  ASSERT_TRUE(revision.ok()) << revision.error().message;
  EXPECT_EQ(*revision, 2);
  EXPECT_EQ((*connections().get(record.id))->settings.name, "renamed");
  EXPECT_EQ((*connections().get(record.id))->settings.config, "{}");
  EXPECT_EQ(connections().update(record.id, record.revision, changed).error().code, ErrorCode::aborted);
  EXPECT_EQ(connections().update(record.id, 2, settings("other")).error().code, ErrorCode::already_exists);
  changed.provider = "rest";
  EXPECT_EQ(connections().update(record.id, 2, changed).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(connections().update(ConnectionId{99}, 1, settings("x")).error().code, ErrorCode::not_found);
}

// AUTH-4
TEST_P(ConnectionRepositoryTest, TheStatusKeepsSinceWhen) {
  const ConnectionRecord record = added(settings("main"));
  store().clock().advance(minutes(1));
  ASSERT_TRUE(connections().set_status(record.id, ConnectionStatus::needs_reauth, "the token was revoked").ok());
  const Timestamp since = store().clock().now();
  store().clock().advance(minutes(1));
  ASSERT_TRUE(connections().set_status(record.id, ConnectionStatus::needs_reauth, "still").ok());
  const auto found = connections().get(record.id);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->status, ConnectionStatus::needs_reauth);
  EXPECT_EQ((*found)->status_reason, "still");
  EXPECT_EQ((*found)->status_since, since);
  EXPECT_EQ(connections().set_status(ConnectionId{99}, ConnectionStatus::active, "").error().code,
            ErrorCode::not_found);
}

// AUTH-4: a job that ends late changes nothing that a person decided.
TEST_P(ConnectionRepositoryTest, OnlyAnActiveOneCanBeMadeToSignIn) {
  const ConnectionRecord record = added(settings("main"));
  EXPECT_TRUE(*connections().require_sign_in(record.id, "the token was revoked"));
  EXPECT_EQ((*connections().get(record.id))->status, ConnectionStatus::needs_reauth);
  EXPECT_EQ((*connections().get(record.id))->status_reason, "the token was revoked");
  EXPECT_FALSE(*connections().require_sign_in(record.id, "again"));
  EXPECT_EQ((*connections().get(record.id))->status_reason, "the token was revoked");
  ASSERT_TRUE(connections().set_status(record.id, ConnectionStatus::disabled, "paused").ok());
  EXPECT_FALSE(*connections().require_sign_in(record.id, "late"));
  EXPECT_EQ((*connections().get(record.id))->status, ConnectionStatus::disabled);
  EXPECT_EQ(connections().require_sign_in(ConnectionId{99}, "").error().code, ErrorCode::not_found);
}

class ConnectionRemovalTest : public ConnectionRepositoryTest {
protected:
  void SetUp() override {
    ConnectionRepositoryTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const char* number = GetParam() == Dialect::sqlite ? "INTEGER" : "bigint";
    (void)store().raw(std::string("CREATE TABLE \"widget\" (tenant_id ") + number + ", connection_id " + number +
                      ", id " + number + ")");
    (void)store().raw("INSERT INTO model_version (model, version, definition, applied_at) VALUES ('widget', 1, '{}', "
                      "'2026-01-05T09:00:00.000Z')");
    const Status guarded =
        database().with_schema_change([](Transaction& transaction) { return protect_table(transaction, "widget"); });
    ASSERT_TRUE(guarded.ok()) << guarded.error().message;
    mine_ = added(settings("mine")).id;
    sibling_ = added(settings("sibling")).id;
    theirs_ = foreign_connections().add(settings("theirs"))->id;
    for (const auto& [tenant, connection] :
         {std::pair(acme_, mine_), std::pair(acme_, sibling_), std::pair(globex_, theirs_)}) {
      fill(tenant, connection);
    }
  }
  void fill(TenantId tenant, ConnectionId connection) {
    ASSERT_TRUE(StoredSecretRecords(database()).put({tenant, connection, "token"}, {"k1", "x"}, std::nullopt).ok());
    const auto lease = ObjectLeases({database(), tenant}).acquire(connection, "member", JobId{1}, minutes(1));
    ASSERT_TRUE(lease.ok()) << lease.error().message;
    ASSERT_TRUE(SyncStateRepository({database(), tenant}).begin_pass(*lease, PassMode::full, "m").ok());
    ASSERT_TRUE(ObjectLeases({database(), tenant}).release(*lease).ok());
    const std::string ids = std::to_string(tenant.value) + ", " + std::to_string(connection.value);
    for (int row = 0; row < 3; ++row) {
      (void)store().raw("INSERT INTO widget VALUES (" + ids + ", " + std::to_string(row) + ")");
      (void)store().raw("INSERT INTO external_link (tenant_id, connection_id, object, external_id, external_hash, "
                        "model, row_id, content_hash,"
                        " state, pass_id, first_seen_at, last_changed_at) VALUES (" +
                        ids + ", 'member', '" + std::to_string(row) +
                        "', 1, 'widget', 1, 1, 'active', 1, '2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z')");
    }
    (void)store().raw("INSERT INTO pending_parent VALUES (" + ids + ", 'review', '1', 1)");
    (void)store().raw("INSERT INTO page_state VALUES (" + ids + ", 'member', 'p', 1, '')");
    (void)store().raw("INSERT INTO plugin_state VALUES (" + ids + ", 'member', 'k', '')");
  }
  std::string rows_left(const std::string& table, ConnectionId connection) {
    return store().raw("SELECT count(*) FROM " + table + " WHERE connection_id = " + std::to_string(connection.value));
  }

  ConnectionId mine_;
  ConnectionId sibling_;
  ConnectionId theirs_;
};
DOVETAIL_BOTH_DIALECTS(ConnectionRemovalTest);

TEST_P(ConnectionRemovalTest, TakesEverythingOfTheConnectionAndNothingElse) {
  const auto removal = connections().remove(mine_, RowsOnRemoval::remove);
  ASSERT_TRUE(removal.ok()) << removal.error().message;
  EXPECT_EQ(removal->links, 3);
  EXPECT_EQ(removal->rows, 3);
  for (const char* table : {"connection", "secret", "sync_state", "plugin_state", "page_state", "pending_parent",
                            "object_lease", "external_link", "widget"}) {
    EXPECT_EQ(rows_left(table, mine_), "0") << table;
    EXPECT_NE(rows_left(table, sibling_), "0") << table;
    EXPECT_NE(rows_left(table, theirs_), "0") << table;
  }
  EXPECT_EQ(connections().remove(mine_, RowsOnRemoval::remove).error().code, ErrorCode::not_found);
}

TEST_P(ConnectionRemovalTest, KeepsTheRowsWhereAsked) {
  const auto removal = connections().remove(mine_, RowsOnRemoval::keep);
  ASSERT_TRUE(removal.ok()) << removal.error().message;
  EXPECT_EQ(removal->rows, 0);
  EXPECT_EQ(rows_left("widget", mine_), "3");
  EXPECT_EQ(rows_left("external_link", mine_), "0");
}

TEST_P(ConnectionRemovalTest, WaitsForItsJobs) {
  const auto lease = ObjectLeases({database(), acme_}).acquire(mine_, "member", JobId{5}, minutes(1));
  ASSERT_TRUE(lease.ok());
  const auto refused = connections().remove(mine_, RowsOnRemoval::remove);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(rows_left("widget", mine_), "3");
  ASSERT_TRUE(ObjectLeases({database(), acme_}).release(*lease).ok());
  EXPECT_TRUE(connections().remove(mine_, RowsOnRemoval::remove).ok());
}

// TEN-1
TEST_P(ConnectionRemovalTest, AnotherTenantCannotSeeOrTouchAConnection) {
  ConnectionRepository foreign = foreign_connections();
  EXPECT_FALSE(foreign.get(mine_)->has_value());
  EXPECT_FALSE(foreign.find("mine")->has_value());
  EXPECT_THAT(*foreign.list(), SizeIs(1));
  EXPECT_EQ(foreign.update(mine_, 1, settings("stolen")).error().code, ErrorCode::not_found);
  EXPECT_EQ(foreign.set_status(mine_, ConnectionStatus::disabled, "x").error().code, ErrorCode::not_found);
  EXPECT_EQ(foreign.remove(mine_, RowsOnRemoval::remove).error().code, ErrorCode::not_found);
  EXPECT_EQ(rows_left("widget", mine_), "3");
  EXPECT_EQ((*connections().get(mine_))->settings.name, "mine");
  EXPECT_EQ((*connections().get(mine_))->status, ConnectionStatus::active);
}

} // namespace
} // namespace dovetail::store

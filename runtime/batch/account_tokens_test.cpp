// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/account_tokens.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/manifest/oauth.hpp"
#include "core/oauth/token_set.hpp"
#include "core/vault/secret_service.hpp"
#include "core/vault/testing/memory_secret_records.hpp"
#include "runtime/batch/test_world.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::batch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(WithTextAt, ReplacesAndAddsWithoutTouchingTheRest) {
  const auto at = [](std::string_view json, std::string_view pointer, std::string_view text) {
    const auto result = with_text_at(Secret(json), pointer, Secret(text));
    return result.ok() ? std::string(result->reveal()) : "error: " + result.error().message;
  };
  EXPECT_EQ(at("{ \"a\" : 1.50,\n \"t\": {\"r\":\"old\"} }", "/t/r", "n\"ew"),
            "{ \"a\" : 1.50,\n \"t\": {\"r\":\"n\\\"ew\"} }");
  EXPECT_EQ(at(R"({"t": {"r": null, "x": []}})", "/t/r", "new"), R"({"t": {"r": "new", "x": []}})");
  EXPECT_EQ(at(R"({"t": {"r": "1"}})", "/t/a", "2"), R"({"t": {"a": "2", "r": "1"}})");
  EXPECT_EQ(at(R"({"t": {}})", "/t/a~1b", "2"), R"({"t": {"a/b": "2"}})");
  EXPECT_EQ(at(R"({})", "/a", "2"), R"({"a": "2"})");
  EXPECT_THAT(at(R"({"t": 7})", "/t/a", "2"), HasSubstr("error: /t"));
  EXPECT_THAT(at(R"({})", "/t/a", "2"), HasSubstr("error: /t"));
}

class AccountTokensTest : public ::testing::Test {
protected:
  static constexpr TenantId tenant{1};
  static constexpr ConnectionId connection{2};

  AccountTokensTest() {
    world_.variables = {{"ACME_FERNET", world_.key}, {"ACME_APP", "app"}, {"ACME_APP_SECRET", "secret-of-app"}};
  }

  static std::string file_text(const std::string& access_token, const std::string& refresh_token) {
    return R"({"area": 7, "columns": {}, "token": {"access_token": ")" + access_token + R"(", "refresh_token": ")" +
           refresh_token + R"("}})";
  }
  void put_file(const std::string& text) { std::ofstream(file_, std::ios::binary) << text; }
  [[nodiscard]] std::string file() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::string secret(std::string_view name) {
    const auto loaded = service_.load({tenant, connection, std::string(name)});
    return loaded.ok() ? std::string(loaded->secret.reveal()) : std::string();
  }
  /// As the token manager does it after a refresh.
  void renew(const std::string& access_token, const std::string& refresh_token) {
    oauth::TokenSet set;
    set.access_token = Secret(access_token);
    set.refresh_token = Secret(refresh_token);
    set.seeds = oauth::seeds_of(Secret(secret("access_token")), Secret(secret("refresh_token")));
    ASSERT_TRUE(
        service_
            .save({tenant, connection, std::string(manifest::token_set_secret)}, oauth::to_secret(set), std::nullopt)
            .ok());
  }

  struct Run {
    Result<bool> taken;
    Result<bool> written;
  };
  /// One batch run, in whose middle `during` happens.
  template <typename During> Run run(const During& during) {
    auto plan = world_.plan(file(), "north", file_);
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    const auto environment = world_.environment();
    const AccountTokens::Parts parts{
        .secrets = service_, .redactor = world_.redactor, .random = world_.random, .environment = environment};
    AccountTokens tokens(parts, *plan, tenant, connection);
    auto taken = tokens.take_from_file();
    during();
    auto written = tokens.write_back(Timestamp(std::chrono::seconds(1'767'571'200)));
    return {std::move(taken), std::move(written)};
  }
  Run run() {
    return run([] {});
  }

  testing::PlanWorld world_;
  const dovetail::testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "north.json";
  vault::Vault vault_ = vault::testing::vault_of(vault::testing::ring_entry("k1", 'a'), world_.random);
  vault::testing::MemorySecretRecords records_;
  vault::SecretService service_{vault_, records_};
};

TEST_F(AccountTokensTest, SYNC15_RenewedTokensGoBackIntoTheFile) {
  put_file(file_text("at-old-1", "rt-old-1"));
  const auto first = run([this] { renew("at-new-2", "rt-new-2"); });
  ASSERT_TRUE(first.taken.ok() && first.written.ok());
  EXPECT_TRUE(*first.taken);
  EXPECT_TRUE(*first.written);
  EXPECT_EQ(file(), file_text("at-new-2", "rt-new-2"));
  const auto second = run();
  EXPECT_FALSE(*second.taken) << "what was written is no news";
  EXPECT_FALSE(*second.written);
  EXPECT_EQ(secret("refresh_token"), "rt-old-1");
}

TEST_F(AccountTokensTest, SYNC15_WhatWasRenewedElsewhereSurvivesTheFile) {
  put_file(file_text("at-old-1", "rt-old-1"));
  ASSERT_TRUE(*run([this] { renew("at-new-2", "rt-new-2"); }).written);
  renew("at-new-3", "rt-new-3");
  const auto next = run();
  EXPECT_FALSE(*next.taken) << "the file's pair has ended at the provider";
  EXPECT_TRUE(*next.written);
  EXPECT_EQ(file(), file_text("at-new-3", "rt-new-3"));
}

TEST_F(AccountTokensTest, SYNC15_ARunThatWasKilledBeforeTheFileWasWrittenIsMadeUpFor) {
  put_file(file_text("at-old-1", "rt-old-1"));
  ASSERT_TRUE(*run([this] { renew("at-new-2", "rt-new-2"); }).written);
  put_file(file_text("at-old-1", "rt-old-1"));
  const auto next = run();
  EXPECT_FALSE(*next.taken);
  EXPECT_TRUE(*next.written);
  EXPECT_EQ(file(), file_text("at-new-2", "rt-new-2"));
  // The same when the killed run was a later one: its file holds what the one before wrote.
  ASSERT_TRUE(*run([this] { renew("at-new-3", "rt-new-3"); }).written);
  put_file(file_text("at-new-2", "rt-new-2"));
  const auto last = run();
  EXPECT_FALSE(*last.taken);
  EXPECT_EQ(file(), file_text("at-new-3", "rt-new-3"));
}

TEST_F(AccountTokensTest, SYNC15_TokensThatAPersonPutThereCount) {
  put_file(file_text("at-old-1", "rt-old-1"));
  ASSERT_TRUE(*run([this] { renew("at-new-2", "rt-new-2"); }).written);
  put_file(R"({"area": 7, "columns": {}, "token": {"refresh_token": "rt-person"}})");
  const auto next = run();
  EXPECT_TRUE(*next.taken);
  EXPECT_FALSE(*next.written) << "what was renewed belongs to the earlier sign-in";
  EXPECT_EQ(secret("refresh_token"), "rt-person");
  EXPECT_EQ(secret("access_token"), "");
  const auto renewed = run([this] { renew("at-new-4", "rt-new-4"); });
  EXPECT_FALSE(*renewed.taken);
  EXPECT_TRUE(*renewed.written);
  EXPECT_EQ(file(),
            R"({"area": 7, "columns": {}, "token": {"access_token": "at-new-4", "refresh_token": "rt-new-4"}})");
}

TEST_F(AccountTokensTest, SYNC15_VAULT5_AnEncryptedFileIsEncryptedAgain) {
  put_file(world_.sealed(file_text("at-old-1", "rt-old-1")));
  ASSERT_TRUE(*run([this] { renew("at-new-2", "rt-new-2"); }).written);
  EXPECT_THAT(file(), HasSubstr("\"_encrypted\": true"));
  EXPECT_THAT(file(), Not(HasSubstr("new-2")));
  const auto opened = vault::open_fernet_wrapper(file(), Secret(world_.key));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->reveal(), file_text("at-new-2", "rt-new-2"));
}

TEST_F(AccountTokensTest, SYNC15_AFileThatSomebodyChangedMeanwhileIsLeftAlone) {
  put_file(file_text("at-old-1", "rt-old-1"));
  const auto changed = run([this] {
    renew("at-new-2", "rt-new-2");
    put_file(file_text("at-person", "rt-person"));
  });
  ASSERT_FALSE(changed.written.ok());
  EXPECT_EQ(changed.written.error().code, ErrorCode::aborted);
  EXPECT_EQ(file(), file_text("at-person", "rt-person"));
  EXPECT_TRUE(*run().taken);
}

TEST_F(AccountTokensTest, SYNC15_WithoutTokensInTheFileNothingIsWritten) {
  put_file(R"({"api_key": "hunter2-key", "area": 7, "columns": {}})");
  const std::string before = file();
  const auto done = run([this] { renew("at-new-2", "rt-new-2"); });
  EXPECT_FALSE(*done.taken);
  EXPECT_FALSE(*done.written);
  EXPECT_EQ(file(), before);
}

} // namespace
} // namespace dovetail::batch

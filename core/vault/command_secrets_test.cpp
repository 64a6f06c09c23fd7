// SPDX-License-Identifier: Apache-2.0
// VAULT-6: secrets that a real program keeps.
#include "core/vault/command_secrets.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/limits.hpp"
#include "core/json/document.hpp"

namespace dovetail::vault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandSecretsTest : public ::testing::Test {
protected:
  void SetUp() override {
    const char* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
    script_ = std::filesystem::path(source == nullptr ? "." : source) / "tests/support/secret_command.py";
    script_ = std::filesystem::absolute(script_);
    ASSERT_TRUE(std::filesystem::exists(script_)) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
    folder_ = std::filesystem::path(::testing::TempDir()) / ("dovetail_command_secrets." + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  CommandSecrets secrets(const std::string& fault = "", std::chrono::milliseconds deadline = std::chrono::seconds(60)) {
    Command command{
        .words = {script_.string(), folder_.string()}, .variables = {"PATH=/usr/bin:/bin"}, .deadline = deadline};
    if (!fault.empty()) {
      command.words.push_back(fault);
    }
    return {std::move(command), [](TenantId tenant, ConnectionId) -> Result<ConnectionNames> {
              if (tenant.value == 9) {
                return not_found("there is no such tenant");
              }
              return ConnectionNames{.tenant = "acme", .connection = "main"};
            }};
  }
  Error load_error(const std::string& fault, std::chrono::milliseconds deadline = std::chrono::seconds(60)) {
    auto backend = secrets(fault, deadline);
    const auto loaded = backend.load(address_);
    EXPECT_FALSE(loaded.ok()) << fault;
    return loaded.ok() ? Error{} : loaded.error();
  }

  std::filesystem::path script_;
  std::filesystem::path folder_;
  const SecretAddress address_{TenantId{1}, ConnectionId{2}, "token"};
};

TEST_F(CommandSecretsTest, LoadsWhatWasSaved) {
  auto backend = secrets();
  EXPECT_EQ(backend.load(address_).error().code, ErrorCode::not_found);
  const std::string odd = "quote \" backslash \\ line\n tab\t \xE2\x82\xAC end";
  const auto version = backend.save(address_, Secret(odd), std::nullopt);
  ASSERT_TRUE(version.ok()) << version.error().message;
  const auto loaded = backend.load(address_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->secret.reveal(), odd);
  EXPECT_EQ(loaded->version, *version);
  EXPECT_FALSE(backend.read_only());
}

// AUTH-3 builds on this.
TEST_F(CommandSecretsTest, ComparesVersions) {
  auto backend = secrets();
  EXPECT_EQ(backend.save(address_, Secret("a"), 1).error().code, ErrorCode::aborted);
  const auto first = backend.save(address_, Secret("a"), 0);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(backend.save(address_, Secret("b"), 0).error().code, ErrorCode::aborted);
  const auto second = backend.save(address_, Secret("b"), *first);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(backend.save(address_, Secret("c"), *first).error().code, ErrorCode::aborted);
  EXPECT_EQ(backend.load(address_)->secret.reveal(), "b");
}

TEST_F(CommandSecretsTest, OfManyWhoSaveOverOneVersionOneSucceeds) {
  auto backend = secrets();
  const auto first = backend.save(address_, Secret("a"), 0);
  ASSERT_TRUE(first.ok());
  constexpr int count = 4;
  std::latch begin(count);
  std::atomic<int> succeeded{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        succeeded += backend.save(address_, Secret("b"), *first).ok() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(succeeded.load(), 1);
}

TEST_F(CommandSecretsTest, RemovesAndLists) {
  auto backend = secrets();
  const SecretAddress other{TenantId{1}, ConnectionId{2}, "api_key"};
  EXPECT_FALSE(*backend.remove(address_));
  ASSERT_TRUE(backend.save(address_, Secret("a"), 0).ok());
  ASSERT_TRUE(backend.save(other, Secret("b"), 0).ok());
  EXPECT_THAT(*backend.names(TenantId{1}, ConnectionId{2}), ElementsAre("api_key", "token"));
  EXPECT_TRUE(backend.names(TenantId{1}, ConnectionId{3})->empty());
  EXPECT_TRUE(*backend.remove(other));
  EXPECT_FALSE(*backend.remove(other));
  EXPECT_THAT(*backend.names(TenantId{1}, ConnectionId{2}), ElementsAre("token"));
}

TEST_F(CommandSecretsTest, RefusesWhatIsOutOfBounds) {
  auto backend = secrets();
  EXPECT_EQ(backend.save(address_, Secret(), 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(backend.save(address_, Secret(std::string(limits::max_secret_bytes + 1, 'x')), 0).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(backend.save(address_, Secret(std::string(limits::max_secret_bytes, '\n')), 0).ok());
  EXPECT_EQ(backend.load(address_)->secret.size(), limits::max_secret_bytes);
  EXPECT_EQ(backend.load({TenantId{1}, ConnectionId{2}, "No Name"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(backend.load({TenantId{9}, ConnectionId{2}, "token"}).error().code, ErrorCode::not_found);
}

TEST_F(CommandSecretsTest, ItsExitStatusIsTheError) {
  for (const auto code :
       {ErrorCode::invalid_argument, ErrorCode::not_found, ErrorCode::permission_denied, ErrorCode::failed_precondition,
        ErrorCode::aborted, ErrorCode::unimplemented, ErrorCode::unavailable, ErrorCode::data_loss}) {
    const Error error = load_error("status=" + std::to_string(100 + static_cast<int>(code)));
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.retry, code == ErrorCode::unavailable ? RetryClass::transient : RetryClass::never);
    EXPECT_THAT(error.message, HasSubstr("\"token\" for acme/main"));
    EXPECT_THAT(error.message, Not(HasSubstr("planted"))) << "its standard error may hold anything";
  }
  EXPECT_EQ(load_error("status=116").code, ErrorCode::permission_denied) << "unauthenticated is the provider's word";
  EXPECT_EQ(load_error("status=1").code, ErrorCode::internal);
  EXPECT_EQ(load_error("status=100").code, ErrorCode::internal);
  EXPECT_EQ(load_error("status=117").code, ErrorCode::internal);
}

TEST_F(CommandSecretsTest, AProgramThatMisbehavesIsNoMoreThanAnError) {
  const Error garbage = load_error("garbage");
  EXPECT_EQ(garbage.code, ErrorCode::internal);
  EXPECT_THAT(garbage.message, Not(HasSubstr("planted")));
  EXPECT_EQ(load_error("flood").code, ErrorCode::out_of_range);
  EXPECT_EQ(load_error("die").code, ErrorCode::unavailable);
  const Error late = load_error("hang", std::chrono::milliseconds(300));
  EXPECT_EQ(late.code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(late.retry, RetryClass::transient);
  auto mute = secrets("mute");
  EXPECT_EQ(mute.load(address_)->secret.reveal(), "mute");
}

// VAULT-4
TEST_F(CommandSecretsTest, NoSecretStandsInItsArgumentsOrEnvironment) {
  ASSERT_EQ(::setenv("DOVETAIL_PLANTED", "planted-secret", 1), 0); // NOLINT(concurrency-mt-unsafe): no thread runs
  auto backend = secrets("environment");
  const auto loaded = backend.load(address_);
  ::unsetenv("DOVETAIL_PLANTED"); // NOLINT(concurrency-mt-unsafe): as above
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const auto seen = json::Document::parse(loaded->secret.reveal());
  ASSERT_TRUE(seen.ok());
  EXPECT_FALSE(seen->root()[std::size_t{0}]["DOVETAIL_PLANTED"].exists());
  EXPECT_EQ(seen->root()[1].dump(), R"([")" + folder_.string() + R"(","environment","load"])");
  EXPECT_EQ(seen->root()[2].dump(), "[0,1,2]") << "no other open file is inherited";
  const auto saved = backend.save(address_, Secret("planted-secret"), std::nullopt);
  EXPECT_TRUE(saved.ok());
}

} // namespace
} // namespace dovetail::vault

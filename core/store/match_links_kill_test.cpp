// SPDX-License-Identifier: Apache-2.0
// SYNC-13: a confirmation of matches is all there or not at all, whenever its process is killed.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/store/match_links.hpp"
#include "core/store/model_table.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::store {
namespace {

constexpr std::int64_t rows = 12'000; // more than one statement takes
constexpr std::chrono::minutes lease_time{10};

// What the child is told.
constexpr const char* location_variable = "DOVETAIL_MATCH_KILL_LOCATION";
constexpr const char* world_variable = "DOVETAIL_MATCH_KILL_WORLD";

model::Model thing() {
  model::Model model;
  model.name = "thing";
  model.label = "Thing";
  model.fields = {{"code", model::FieldType::text, "", false}};
  return model;
}

/// Runs in a process of its own: says that it begins, and confirms all rows at once.
TEST(MatchLinksKillChild, DISABLED_ConfirmsUntilItIsKilled) {
  const char* const location = std::getenv(location_variable); // NOLINT(concurrency-mt-unsafe)
  const char* const text = std::getenv(world_variable);        // NOLINT(concurrency-mt-unsafe)
  ASSERT_TRUE(location != nullptr && text != nullptr);
  std::int64_t tenant = 0;
  ObjectLease lease;
  lease.object = "thing";
  int pipe = -1;
  ASSERT_EQ(std::sscanf(text, "%ld %ld %ld %ld %d", &tenant, &lease.connection.value, &lease.job.value, // NOLINT
                        &lease.fence, &pipe),
            5);
  SystemClock clock;
  SystemRandom random;
  const auto logger = make_null_logger();
  DatabaseOptions options;
  options.location = location;
  options.migrate = false;
  const auto database = Database::open(options, clock, random, *logger);
  ASSERT_TRUE(database.ok()) << database.error().message;
  std::vector<MatchPair> pairs;
  for (std::int64_t id = 1; id <= rows; ++id) {
    pairs.push_back({fmt::format("x{}", id), RowId{id}});
  }
  ASSERT_EQ(::write(pipe, "b", 1), 1);
  const Status confirmed = confirm_matches({**database, TenantId{tenant}}, lease, thing(), pairs);
  ASSERT_TRUE(confirmed.ok()) << confirmed.error().message;
}

class MatchLinksKillTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const std::vector<TableSpec> tables{{.model = &model_, .match_by = {}}};
    ASSERT_TRUE(ensure_tables(database(), tables).ok());
    tenant_ = store().add_tenant("acme");
    const ConnectionId connection = store().add_connection(tenant_, "main");
    lease_ = *ObjectLeases({database(), tenant_}).acquire(connection, "thing", JobId{1}, lease_time);
    const std::string numbers =
        GetParam() == Dialect::sqlite
            ? fmt::format("WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {})", rows)
            : fmt::format("WITH n AS (SELECT generate_series(1, {}) AS id)", rows);
    (void)store().raw(
        fmt::format("INSERT INTO thing (tenant_id, id, provider, connection_id, external_id, content_hash, "
                    "state, created_at, updated_at) {} SELECT {}, id, '', 0, '', 0, 'active', "
                    "'2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z' FROM n",
                    numbers, tenant_.value));
  }

  /// Kills the child `grace` turns after it began, or lets it end. True when it had ended by itself.
  bool run_child(std::optional<std::uint64_t> grace) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    const std::string told =
        fmt::format("{} {} {} {} {}", tenant_.value, lease_.connection.value, lease_.job.value, lease_.fence, ends[1]);
    EXPECT_EQ(::setenv(location_variable, store().location().c_str(), 1), 0); // NOLINT(concurrency-mt-unsafe)
    EXPECT_EQ(::setenv(world_variable, told.c_str(), 1), 0);                  // NOLINT(concurrency-mt-unsafe)
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1 /* O_WRONLY */, 0);
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=MatchLinksKillChild.*";
    std::string disabled = "--gtest_also_run_disabled_tests";
    char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    char said = 0;
    EXPECT_EQ(::read(ends[0], &said, 1), 1);
    if (grace.has_value()) {
      for (std::uint64_t turn = 0; turn < *grace; ++turn) {
        sink_ = sink_ + turn;
      }
      ::kill(child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) == -1 && errno == EINTR) {
    }
    ::close(ends[0]);
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << "the child failed by itself";
    return WIFEXITED(status);
  }

  std::string count_links() {
    store().wait_for_writers("external_link");
    return store().raw("SELECT count(*) FROM external_link");
  }

  model::Model model_ = thing();
  TenantId tenant_;
  ObjectLease lease_;
  volatile std::uint64_t sink_ = 0;
};
DOVETAIL_BOTH_DIALECTS(MatchLinksKillTest);

TEST_P(MatchLinksKillTest, LeavesAllLinksOrNoneAtWhateverInstantItIsKilled_SYNC_13) {
  std::uint64_t grace = 0;
  for (int round = 0; round < 10; ++round) {
    const bool ended = run_child(grace);
    const std::string links = count_links();
    ASSERT_TRUE(links == "0" || links == std::to_string(rows)) << links << " after " << grace << " turns";
    ASSERT_TRUE(!ended || links != "0");
    if (links != "0") {
      (void)store().raw("DELETE FROM external_link");
    }
    grace = grace * 2 + store().random().below(3'000'000);
    grace = std::min<std::uint64_t>(grace, 400'000'000);
  }
  (void)store().raw("DELETE FROM external_link");
  EXPECT_TRUE(run_child(std::nullopt));
  EXPECT_EQ(store().raw("SELECT count(*) FROM external_link"), std::to_string(rows));
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

constexpr std::int64_t pages = 60;
constexpr std::int64_t records_per_page = 25;
constexpr std::int64_t changed_per_page = 5; // of the page before, read again with other values

// What the child is told, one number after the other.
constexpr const char* location_variable = "DOVETAIL_KILL_TEST_LOCATION";
constexpr const char* world_variable = "DOVETAIL_KILL_TEST_WORLD";

class ChildWorld {
public:
  std::int64_t tenant = 0;
  std::int64_t connection = 0;
  std::int64_t job = 0;
  std::int64_t fence = 0;
  std::int64_t pass = 0;
  int pipe = -1;

  [[nodiscard]] std::string text() const {
    return fmt::format("{} {} {} {} {} {}", tenant, connection, job, fence, pass, pipe);
  }
  static ChildWorld parse(const char* text) {
    ChildWorld world;
    EXPECT_EQ(std::sscanf(text, "%ld %ld %ld %ld %ld %d", &world.tenant, &world.connection, &world.job, &world.fence,
                          &world.pass, // NOLINT(cert-err34-c)
                          &world.pipe),
              6);
    return world;
  }
};

std::vector<Record> records_of(std::int64_t page) {
  std::vector<Record> records;
  for (std::int64_t i = 0; i < records_per_page; ++i) {
    records.push_back(
        {std::to_string(page * records_per_page + i), {Cell::text("new"), Cell::integer(page)}, false, std::nullopt});
  }
  for (std::int64_t i = 0; page > 0 && i < changed_per_page; ++i) {
    records.push_back({std::to_string((page - 1) * records_per_page + i),
                       {Cell::text("changed"), Cell::integer(page)},
                       false,
                       std::nullopt});
  }
  return records;
}

/// Runs in a process of its own: goes on from the stored page and says each page that is durable.
TEST(PageWriterKillChild, DISABLED_WritesPagesUntilItIsKilled) {
  const char* const location = std::getenv(location_variable);
  const char* const text = std::getenv(world_variable);
  ASSERT_TRUE(location != nullptr && text != nullptr);
  const ChildWorld told = ChildWorld::parse(text);
  SystemClock clock;
  SystemRandom random;
  IdGenerator ids(clock, random);
  const auto logger = make_null_logger();
  DatabaseOptions options;
  options.location = location;
  options.migrate = false;
  auto database = Database::open(options, clock, random, *logger);
  ASSERT_TRUE(database.ok()) << database.error().message;

  const Catalog catalog{{sample_model()}};
  ObjectTarget target;
  target.tenant = TenantId{told.tenant};
  target.connection = ConnectionId{told.connection};
  target.provider = "acme";
  target.object = "samples";
  target.model = &catalog.model("sample");
  target.models = catalog.tables();
  target.columns = {0, 1, 2, 3, 4, 5, 6};
  auto writer = PageWriter::make(**database, ids, target);
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  const auto done = (*database)->with_read(target.tenant, [&](ReadSession& session) -> Result<std::int64_t> {
    DOVETAIL_TRY(const auto row,
                 detail::Query(session, "SELECT pass_pages FROM sync_state WHERE parent_id = ''", "resuming").row(1));
    return row->integer(0);
  });
  ASSERT_TRUE(done.ok()) << done.error().message;
  for (std::int64_t number = *done; number < pages; ++number) {
    mapping::PageRows rows;
    fill(rows, *target.model, records_of(number));
    const std::vector<RecordBatch> batches{{&rows, fmt::format("/{}", number)}};
    PageWrite page;
    page.job = JobId{told.job};
    page.fence = told.fence;
    page.pass_id = told.pass;
    page.pass_pages = number;
    page.full_pass = true;
    page.batches = batches;
    page.position = std::to_string(number + 1);
    page.counted.requests = 1;
    const auto outcome = writer->write(page);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_FALSE(outcome->already_written);
    ASSERT_EQ(::write(told.pipe, "p", 1), 1);
  }
}

class PageWriterKillTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    const TenantId tenant = store().add_tenant("acme");
    world_ = std::make_unique<ObjectWorld>(store(), catalog_, tenant, store().add_connection(tenant, "main", "acme"),
                                           "samples", "sample");
    if (GetParam() == Dialect::postgresql) {
      // A COMMIT takes a while, so that some of the kills meet one that is on its way.
      (void)raw("CREATE FUNCTION take_a_while() RETURNS trigger LANGUAGE plpgsql AS "
                "$body$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $body$");
      (void)raw("CREATE CONSTRAINT TRIGGER commit_takes_a_while AFTER INSERT OR UPDATE ON sync_state "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_a_while()");
    }
  }
  void TearDown() override {
    world_.reset();
    testing::StoreTest::TearDown();
  }

  /// Starts a child, lets it say `lives` pages and spends `grace` turns more, then kills it. True when it had ended by itself.
  bool run_child(std::int64_t lives, std::uint64_t grace) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    ChildWorld told{world_->tenant.value, world_->connection.value, world_->job.value,
                    world_->fence,        world_->pass_id,          ends[1]};
    EXPECT_EQ(::setenv(location_variable, store().location().c_str(), 1), 0);
    EXPECT_EQ(::setenv(world_variable, told.text().c_str(), 1), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1 /* O_WRONLY */, 0);
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=PageWriterKillChild.*";
    std::string disabled = "--gtest_also_run_disabled_tests";
    char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    char said = 0;
    std::int64_t count = 0;
    while (count < lives && ::read(ends[0], &said, 1) == 1) {
      ++count;
    }
    for (std::uint64_t turn = 0; turn < grace; ++turn) {
      sink_ = sink_ + turn;
    }
    ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) == -1 && errno == EINTR) {
    }
    ::close(ends[0]);
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << "the child failed by itself";
    return WIFEXITED(status);
  }

  void expect_whole_pages() {
    store().wait_for_writers("sync_state");
    const std::int64_t done = std::stoll(raw("SELECT pass_pages FROM sync_state"));
    const std::int64_t created = done * records_per_page;
    const std::int64_t updated = std::max<std::int64_t>(0, done - 1) * changed_per_page;
    EXPECT_EQ(raw("SELECT count(*) FROM sample"), std::to_string(created));
    EXPECT_EQ(raw("SELECT count(*) FROM external_link"), std::to_string(created));
    EXPECT_EQ(raw("SELECT count(*) FROM sample WHERE title = 'changed'"), std::to_string(updated));
    EXPECT_EQ(raw("SELECT count(*) FROM external_link AS l JOIN sample AS s ON s.tenant_id = l.tenant_id AND s.id = "
                  "l.row_id AND "
                  "s.content_hash = l.content_hash"),
              std::to_string(created));
    EXPECT_EQ(raw("SELECT created FROM job"), std::to_string(created));
    EXPECT_EQ(raw("SELECT updated FROM job"), std::to_string(updated));
    EXPECT_EQ(raw("SELECT requests FROM job"), std::to_string(done));
    EXPECT_EQ(raw("SELECT count(*) FROM page_state"), std::to_string(done));
    EXPECT_EQ(raw("SELECT coalesce(position, '0') FROM sync_state"), std::to_string(done));
  }
  std::string raw(const std::string& sql) { return store().raw(sql); }

  Catalog catalog_{{sample_model()}};
  std::unique_ptr<ObjectWorld> world_;
  volatile std::uint64_t sink_ = 0;
};
DOVETAIL_BOTH_DIALECTS(PageWriterKillTest);

TEST_P(PageWriterKillTest, LeavesWholePagesAtWhateverInstantItIsKilled) { // SYNC-4
  bool ended = false;
  for (int round = 0; round < 12 && !ended; ++round) {
    ended = run_child(static_cast<std::int64_t>(store().random().below(6)), store().random().below(30'000'000));
    expect_whole_pages();
  }
  while (!ended) {
    ended = run_child(pages + 1, 0);
  }
  expect_whole_pages();
  EXPECT_EQ(raw("SELECT pass_pages FROM sync_state"), std::to_string(pages));
}

} // namespace
} // namespace dovetail::store

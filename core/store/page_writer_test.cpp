// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer.hpp"

#include <limits>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

class PageWriterTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    connection_ = store().add_connection(tenant_, "main", "acme");
  }

  ObjectWorld world(std::string_view object = "samples", std::string_view model = "sample") {
    return {store(), catalog_, tenant_, connection_, object, model};
  }
  std::string raw(const std::string& sql) { return store().raw(sql); }

  Catalog catalog_{{sample_model(), change_model(), verdict_model(), person_model()}};
  TenantId tenant_;
  ConnectionId connection_;
};
DOVETAIL_BOTH_DIALECTS(PageWriterTest);

Record sample(std::string id, std::string_view title, std::int64_t number = 1) {
  return {std::move(id),
          {Cell::text(title), Cell::integer(number), Cell::real(0.5), Cell::boolean(true),
           instant("2026-01-05T09:00:00.123Z"), Cell::date(20'458), Cell::json(R"({"a":[1,2]})")},
          false,
          at("2026-01-05T10:00:00Z")};
}

void expect(const Result<PageOutcome>& outcome, PageCounters counters) {
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  const PageCounters& got = outcome->counters;
  EXPECT_EQ(got.fetched, counters.fetched) << "fetched";
  EXPECT_EQ(got.created, counters.created) << "created";
  EXPECT_EQ(got.updated, counters.updated) << "updated";
  EXPECT_EQ(got.unchanged, counters.unchanged) << "unchanged";
  EXPECT_EQ(got.skipped, counters.skipped) << "skipped";
  EXPECT_EQ(got.failed, counters.failed) << "failed";
  EXPECT_EQ(got.conflicts, counters.conflicts) << "conflicts";
  EXPECT_EQ(got.fetched, got.created + got.updated + got.unchanged + got.skipped + got.failed);
}

TEST_P(PageWriterTest, CountsWhatItMadeChangedAndLeft) { // SYNC-5
  ObjectWorld samples = world();
  expect(samples.write({sample("1", "one"), sample("2", "two"), sample("3", "three")}), {.fetched = 3, .created = 3});
  expect(samples.write({sample("1", "one"), sample("2", "zwei"), sample("4", "four")}),
         {.fetched = 3, .created = 1, .updated = 1, .unchanged = 1});
  EXPECT_EQ(raw("SELECT count(*) FROM sample"), "4");
  EXPECT_EQ(raw("SELECT title FROM sample WHERE external_id = '2'"), "zwei");
  EXPECT_EQ(raw("SELECT count(*) FROM external_link"), "4");
  EXPECT_EQ(
      raw(fmt::format("SELECT fetched * 1000 + created * 100 + updated * 10 + unchanged FROM job WHERE job_id = {}",
                      samples.job.value)),
      "6411");
  EXPECT_EQ(raw("SELECT pass_pages FROM sync_state"), "2");
}

} // namespace
} // namespace dovetail::store

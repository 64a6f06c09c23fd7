// SPDX-License-Identifier: Apache-2.0
#include "core/store/record_query.hpp"

#include <map>
#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests

class RecordQueryTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    ObjectWorld world{store(), catalog_, tenant_, store().add_connection(tenant_, "main", "acme"), "samples", "sample"};
    std::vector<Record> records;
    for (std::int64_t i = 0; i < 300; ++i) {
      records.push_back({fmt::format("s{}", i),
                         {i % 2 == 0 ? Cell::text("even") : Cell::text("odd"), Cell::integer(i),
                          Cell::real(static_cast<double>(i) / 2), Cell::boolean(i % 3 == 0),
                          Cell::timestamp(i * 1'000'000), Cell::date(i), i % 5 == 0 ? Cell() : Cell::json("{}")},
                         i == 299,
                         std::nullopt});
    }
    const auto outcome = world.write(records);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  }

  RecordQuery query(std::vector<RecordFilter> where = {}) {
    RecordQuery query;
    query.model = &catalog_.model("sample");
    query.columns = {"external_id"};
    query.where = std::move(where);
    return query;
  }
  Result<std::vector<std::string>> read(const RecordQuery& query) {
    std::vector<std::string> ids;
    DOVETAIL_TRY_STATUS(read_records({database(), tenant_}, query, [&](const RecordView& row) -> Status {
      ids.emplace_back(row.values[0].as_text());
      last_ = row.id;
      return {};
    }));
    return ids;
  }
  std::size_t count(std::vector<RecordFilter> where) {
    const auto ids = read(query(std::move(where)));
    EXPECT_TRUE(ids.ok()) << ids.error().message;
    return ids.ok() ? ids->size() : 0;
  }

  Catalog catalog_{{sample_model()}};
  TenantId tenant_;
  RowId last_;
};
DOVETAIL_BOTH_DIALECTS(RecordQueryTest);

TEST_P(RecordQueryTest, ReadsActiveRowsInTheOrderTheyWereMade) {
  const auto ids = read(query());
  ASSERT_TRUE(ids.ok());
  ASSERT_EQ(ids->size(), 299U);
  EXPECT_EQ(ids->front(), "s0");
  EXPECT_EQ(ids->back(), "s298");
  RecordQuery all = query();
  all.include_inactive = true;
  EXPECT_EQ(read(all)->size(), 300U);
}

TEST_P(RecordQueryTest, FiltersByTheTypeOfTheColumn) {
  EXPECT_EQ(count({{"title", "even"}}), 150U);
  EXPECT_EQ(count({{"title", "Even"}}), 0U);
  EXPECT_EQ(count({{"number", "42"}}), 1U);
  EXPECT_EQ(count({{"weight", "10.5"}}), 1U);
  EXPECT_EQ(count({{"open", "true"}}), 100U);
  EXPECT_EQ(count({{"open", "true"}, {"title", "even"}}), 50U);
  EXPECT_EQ(count({{"made_at", "1970-01-01T00:00:07Z"}}), 1U);
  EXPECT_EQ(count({{"made_at", "1970-01-01T01:00:07+01:00"}}), 1U);
  EXPECT_EQ(count({{"due", "1970-01-08"}}), 1U);
  EXPECT_EQ(count({{"extra", std::nullopt}}), 60U);
  EXPECT_EQ(count({{"external_id", "s7"}}), 1U);
  EXPECT_EQ(count({{"state", "active"}}), 299U);
  EXPECT_EQ(count({{"title", "'; DROP TABLE sample; --"}}), 0U);
  EXPECT_EQ(count({}), 299U);
}

TEST_P(RecordQueryTest, GoesOnBehindARow) {
  RecordQuery first = query();
  first.limit = 100;
  const auto head = read(first);
  ASSERT_TRUE(head.ok());
  ASSERT_EQ(head->size(), 100U);
  RecordQuery next = query();
  next.after = last_;
  const auto tail = read(next);
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(tail->size(), 199U);
  EXPECT_EQ(tail->front(), "s100");
  first.limit = 0;
  EXPECT_EQ(read(first)->size(), 0U);
}

TEST_P(RecordQueryTest, YieldsAllColumnsWhenNoneAreNamed) {
  RecordQuery all = query({{"number", "7"}});
  all.columns.clear();
  const auto columns = record_columns(*all.model);
  std::map<std::string, Cell> row;
  std::string provider;
  const Status status = read_records({database(), tenant_}, all, [&](const RecordView& view) -> Status {
    EXPECT_EQ(view.values.size(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row[columns[i].name] = view.values[i];
    }
    provider = std::string(row["provider"].as_text());
    return {};
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(provider, "acme");
  EXPECT_EQ(row["number"].as_integer(), 7);
  EXPECT_EQ(row["made_at"].as_integer(), 7'000'000);
  EXPECT_EQ(row["created_at"].kind(), Cell::Kind::timestamp);
  EXPECT_FALSE(row.contains("tenant_id"));
}

TEST_P(RecordQueryTest, SaysWhatColumnsThereAre) {
  const auto unknown = read(query({{"nope", "1"}}));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(unknown.error().message,
              ::testing::AllOf(::testing::HasSubstr("\"nope\""), ::testing::HasSubstr("title, number, weight")));
  RecordQuery column = query();
  column.columns = {"tenant_id"};
  EXPECT_FALSE(read(column).ok());
}

TEST_P(RecordQueryTest, SaysWhatAColumnHolds) {
  for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{{"number", "4x"},
                                                                                     {"number", ""},
                                                                                     {"open", "1"},
                                                                                     {"due", "today"},
                                                                                     {"due", "2026-01-05T00:00:00Z"},
                                                                                     {"made_at", "soon"},
                                                                                     {"extra", "{}"},
                                                                                     {"weight", "heavy"},
                                                                                     {"title", "\xFF"}}) {
    const auto refused = read(query({{field, value}}));
    ASSERT_FALSE(refused.ok()) << field;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused.error().message, ::testing::HasSubstr(field));
  }
}

TEST_P(RecordQueryTest, EndsWithTheVisitorsError) {
  int seen = 0;
  const Status status = read_records({database(), tenant_}, query(), [&seen](const RecordView&) -> Status {
    return ++seen == 3 ? Status(cancelled("enough")) : Status();
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::cancelled);
  EXPECT_EQ(seen, 3);
}

TEST_P(RecordQueryTest, SeesNoOtherTenantsRows) { // TEN-1
  const TenantId other = store().add_tenant("umbra");
  std::size_t seen = 0;
  const Status status = read_records({database(), other}, query(), [&seen](const RecordView&) -> Status {
    ++seen;
    return {};
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(seen, 0U);
}

TEST_P(RecordQueryTest, RefusesAValueThatSomebodyElseWrote) {
  if (store().dialect() == Dialect::postgresql) {
    std::ignore = store().raw("UPDATE sample SET made_at = 'infinity' WHERE external_id = 's1'");
  } else {
    std::ignore = store().raw("UPDATE sample SET made_at = 'yesterday' WHERE external_id = 's1'");
  }
  RecordQuery all = query();
  all.columns = {"external_id", "made_at"};
  const auto refused = read(all);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::data_loss);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("made_at"));
}

} // namespace
} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer_text.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/store/page_writer_test_world.hpp"
#include "core/store/record_query.hpp"

namespace dovetail::store {
namespace {

using namespace testing_world; // NOLINT(google-build-using-namespace): the vocabulary of these tests
using namespace std::string_literals;

class PageValuesTest : public testing::StoreTest {
protected:
  void SetUp() override {
    testing::StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    const Status made = ensure_tables(database(), catalog_.tables());
    ASSERT_TRUE(made.ok()) << made.error().message;
    tenant_ = store().add_tenant("acme");
    world_ = std::make_unique<ObjectWorld>(store(), catalog_, tenant_, store().add_connection(tenant_, "main", "acme"),
                                           "samples", "sample");
  }
  void TearDown() override {
    world_.reset();
    testing::StoreTest::TearDown();
  }

  PageOutcome write(const std::vector<Record>& records) {
    auto outcome = world_->write(records);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    return outcome.ok() ? *outcome : PageOutcome();
  }

  /// The declared fields of the row of this external id, as they come back.
  std::vector<std::string> read(std::string_view external_id) {
    RecordQuery query;
    query.model = &catalog_.model("sample");
    for (const Field& field : query.model->fields) {
      query.columns.push_back(field.name);
    }
    query.where = {{"external_id", std::string(external_id)}};
    query.include_inactive = true;
    std::vector<std::string> values;
    const Status status = read_records({database(), tenant_}, query, [&](const RecordView& row) -> Status {
      for (const Cell& cell : row.values) {
        values.push_back(shown(cell));
      }
      return {};
    });
    EXPECT_TRUE(status.ok()) << status.error().message;
    return values;
  }
  static std::string shown(const Cell& cell) {
    switch (cell.kind()) {
    case Cell::Kind::null:
      return "null";
    case Cell::Kind::text:
    case Cell::Kind::json:
      return std::string(cell.as_text());
    case Cell::Kind::real:
      return fmt::format("{}", cell.as_real());
    case Cell::Kind::boolean:
      return cell.as_boolean() ? "true" : "false";
    default:
      return std::to_string(cell.as_integer());
    }
  }

  Catalog catalog_{{sample_model()}};
  TenantId tenant_;
  std::unique_ptr<ObjectWorld> world_;
};
DOVETAIL_BOTH_DIALECTS(PageValuesTest);

Record with(std::string id, std::vector<Cell> cells) { return {std::move(id), std::move(cells), false, std::nullopt}; }

TEST_P(PageValuesTest, ComeBackAsTheyWereInEveryType) {
  const PageOutcome outcome = write(
      {with("1", {Cell::text("Grüße, 世界 🎉"), Cell::integer(42), Cell::real(-0.1), Cell::boolean(false),
                  instant("2026-01-05T09:00:00.123Z"), Cell::date(-719'162), Cell::json(R"({"a": "\ud83c\udf89"})")}),
       with("2", {Cell(), Cell(), Cell(), Cell(), Cell(), Cell(), Cell()}),
       with("3", {Cell::text(""), Cell::integer(0), Cell::real(0), Cell::boolean(true), Cell::timestamp(0),
                  Cell::date(0), Cell::json("null")})});
  EXPECT_EQ(outcome.counters.created, 3);
  EXPECT_EQ(outcome.repaired, 0);
  const bool sqlite = store().dialect() == Dialect::sqlite;
  EXPECT_EQ(read("1"), (std::vector<std::string>{"Grüße, 世界 🎉", "42", "-0.1", "false", "1767603600123000", "-719162",
                                                 sqlite ? R"({"a": "\ud83c\udf89"})" : R"({"a": "🎉"})"}));
  EXPECT_EQ(read("2"), std::vector<std::string>(7, "null"));
  EXPECT_EQ(read("3"), (std::vector<std::string>{"", "0", "0", "true", "0", "0", "null"}));
}

TEST_P(PageValuesTest, KeepExtremes) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const PageOutcome outcome =
      write({with("1", {Cell::text("a"), Cell::integer(least), Cell::real(std::numeric_limits<double>::max()), Cell(),
                        instant("0001-01-01T00:00:00Z"), Cell::date(-719'162), Cell()}),
             with("2", {Cell::text("b"), Cell::integer(most), Cell::real(std::numeric_limits<double>::denorm_min()),
                        Cell(), instant("9999-12-31T23:59:59.999Z"), Cell::date(2'932'896), Cell()}),
             with("3", {Cell::text("c"), Cell::integer(1), Cell::real(std::numeric_limits<double>::infinity()), Cell(),
                        Cell(), Cell(), Cell()})});
  EXPECT_EQ(outcome.counters.created, 3);
  EXPECT_EQ(outcome.repaired, 0);
  EXPECT_EQ(read("1")[1], std::to_string(least));
  EXPECT_EQ(read("1")[2], fmt::format("{}", std::numeric_limits<double>::max()));
  EXPECT_EQ(read("1")[4], "-62135596800000000");
  EXPECT_EQ(read("2")[1], std::to_string(most));
  EXPECT_EQ(read("2")[2], fmt::format("{}", std::numeric_limits<double>::denorm_min()));
  EXPECT_EQ(read("2")[4], "253402300799999000");
  EXPECT_EQ(read("2")[5], "2932896");
  EXPECT_EQ(read("3")[2], "inf");
}

TEST_P(PageValuesTest, AreNullAndCountedWhenNoDatabaseHoldsThem) {
  const PageOutcome outcome =
      write({with("1", {Cell(), Cell(), Cell::real(std::numeric_limits<double>::quiet_NaN()), Cell(),
                        Cell::timestamp(std::numeric_limits<std::int64_t>::max()),
                        Cell::date(std::numeric_limits<std::int64_t>::min()), Cell()}),
             with("2", {Cell(), Cell(), Cell(), Cell(), Cell::timestamp(-62'135'596'800'000'001), Cell::date(2'932'897),
                        Cell()})});
  EXPECT_EQ(outcome.counters.created, 2);
  EXPECT_EQ(outcome.repaired, 5);
  EXPECT_EQ(read("1"), std::vector<std::string>(7, "null"));
  EXPECT_EQ(read("2"), std::vector<std::string>(7, "null"));
}

TEST_P(PageValuesTest, AreCutToTheMillisecondOnBothDatabases) {
  EXPECT_EQ(write({with("1", {Cell(), Cell(), Cell(), Cell(), Cell::timestamp(1'999), Cell(), Cell()}),
                   with("2", {Cell(), Cell(), Cell(), Cell(), Cell::timestamp(-1), Cell(), Cell()})})
                .repaired,
            0);
  EXPECT_EQ(read("1")[4], "1000");
  EXPECT_EQ(read("2")[4], "-1000");
}

TEST_P(PageValuesTest, HaveReplacementsForWhatIsNoText) {
  const std::string nul = "a\0b"s;
  const std::string broken = "\xC3("s + "\xED\xA0\x80" + "z\xFF";
  const std::string json = R"({"k\u0000": "\ud800x\udc00\u00e9", "n": "\\u0000"})";
  const PageOutcome outcome =
      write({with("1", {Cell::text(nul), Cell(), Cell(), Cell(), Cell(), Cell(), Cell::json(json)}),
             with("2", {Cell::text(broken), Cell(), Cell(), Cell(), Cell(), Cell(), Cell()})});
  EXPECT_EQ(outcome.counters.created, 2);
  EXPECT_EQ(outcome.repaired, 3);
  EXPECT_EQ(read("1")[0], "a\uFFFDb");
  EXPECT_EQ(read("2")[0], "\uFFFD(\uFFFD\uFFFD\uFFFDz\uFFFD");
  EXPECT_EQ(read("1")[6], store().dialect() == Dialect::sqlite
                              ? R"({"k\ufffd": "\ufffdx\ufffd\u00e9", "n": "\\u0000"})"
                              : "{\"n\": \"\\\\u0000\", \"k\uFFFD\": \"\uFFFDx\uFFFDé\"}");
}

TEST_P(PageValuesTest, MayBeAsLongAsAPage) {
  const std::string megabytes(8U << 20U, 'x');
  std::string unsuitable(3U << 20U, 'y');
  for (std::size_t i = 0; i < unsuitable.size(); i += 2) {
    unsuitable[i] = '\0';
  }
  EXPECT_EQ(write({with("1", {Cell::text(megabytes)}), with("2", {Cell::text(unsuitable)})}).counters.created, 2);
  EXPECT_EQ(read("1")[0].size(), megabytes.size());
  EXPECT_EQ(read("2")[0].size(), unsuitable.size() / 2 * 4);
}

TEST_P(PageValuesTest, NeedAnIdThatFits) {
  const std::string longest(512, 'i');
  const PageOutcome outcome =
      write({with("", {}), with("a\0b"s, {}), with("\xFF"s, {}), with(std::string(513, 'i'), {}), with(longest, {})});
  EXPECT_EQ(outcome.counters.fetched, 5);
  EXPECT_EQ(outcome.counters.failed, 4);
  EXPECT_EQ(outcome.counters.created, 1);
  EXPECT_EQ(outcome.problems.size(), 3U);
  EXPECT_LE(outcome.problems.back().external_id.size(), 120U);
}

TEST_P(PageValuesTest, ThatOnlyOneDatabaseRefusesFailTheirRowAlone) {
  const PageOutcome outcome =
      write({with("1", {Cell::text("one")}),
             with("2", {Cell(), Cell(), Cell(), Cell(), Cell(), Cell(), Cell::json("[1e999999]")}),
             with("3", {Cell::text("three")})});
  EXPECT_EQ(outcome.counters.failed, store().dialect() == Dialect::sqlite ? 0 : 1);
  EXPECT_EQ(store().raw("SELECT count(*) FROM sample WHERE title IN ('one', 'three')"), "2");
}

TEST(StorableText, IsToldFromOtherBytes) {
  for (const std::string& good :
       {""s, "plain"s, "é"s, "€uro"s, "🎉🎉🎉🎉"s, "\xF4\x8F\xBF\xBF"s, "\x7F"s, "exactly8"s, "exactly8é"s}) {
    EXPECT_TRUE(is_storable_text(good)) << good;
  }
  for (const std::string& bad :
       {"\0"s, "12345678\0"s, "1234567\0"s, "\x80"s, "\xC0\x80"s, "\xE0\x80\x80"s, "\xED\xBF\xBF"s, "\xF0\x80\x80\x80"s,
        "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xE2\x82"s, "\xC3"s, "12345678\xFF"s}) {
    EXPECT_FALSE(is_storable_text(bad)) << ::testing::PrintToString(bad);
  }
}

TEST(StorableText, IsWhatComesOutOfEveryRepair) {
  std::mt19937 random(20260105); // NOLINT(cert-msc51-cpp): the same every time
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const std::size_t size = random() % 24;
    for (std::size_t i = 0; i < size; ++i) {
      constexpr std::string_view alphabet("\\u0000dD8cCfF\"\x00\xC3\xA9\xED\xA0\xF0\x9F\x8E\x89\xFF", 25);
      text += alphabet[random() % alphabet.size()];
    }
    RepairedTexts repaired;
    Cell cell = Cell::text(text);
    EXPECT_EQ(make_storable(cell, repaired), !is_storable_text(text));
    EXPECT_TRUE(is_storable_text(cell.as_text())) << ::testing::PrintToString(text);
    cell = Cell::json(text);
    EXPECT_EQ(make_storable(cell, repaired), !is_storable_json(text));
    EXPECT_TRUE(is_storable_json(cell.as_text())) << ::testing::PrintToString(text);
  }
}

} // namespace
} // namespace dovetail::store

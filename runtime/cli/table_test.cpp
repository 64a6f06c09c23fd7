// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/table.hpp"

#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

const std::vector<Column> columns{{"name"}, {"open_pulls", true}, {"note"}};

std::string written(Format format, const std::vector<std::vector<Cell>>& rows, const TableStyle& style = {}) {
  std::ostringstream out;
  const auto writer = make_row_writer(format, columns, out, style);
  for (const auto& row : rows) {
    writer->row(row);
  }
  writer->finish();
  return out.str();
}

TEST(Table, AlignsTextToTheLeftAndNumbersToTheRight) {
  EXPECT_EQ(written(Format::table, {{"api", std::int64_t{7}, "x"}, {"website", std::int64_t{1234}, nullptr}}),
            "name     open pulls  note\n"
            "api               7  x\n"
            "website        1234  \n");
}

TEST(Table, ClipsTheWidestTextUntilTheLineFitsAndNeverANumber) {
  const std::string text =
      written(Format::table, {{"a", std::int64_t{123456789}, std::string(200, 'n')}}, {.width = 40});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), 40U) << line;
  }
  EXPECT_THAT(text, testing::HasSubstr("123456789"));
  EXPECT_THAT(text, testing::HasSubstr("n\xE2\x80\xA6"));
}

TEST(Table, KeepsForeignTextFromMovingTheCursor) {
  EXPECT_THAT(written(Format::table, {{"evil\x1b[2Jname\n", std::int64_t{0}, ""}}),
              testing::Not(testing::HasSubstr("\x1b")));
}

TEST(Table, ShowsItsHeadingWithoutRows) { EXPECT_EQ(written(Format::table, {}), "name  open pulls  note\n"); }

TEST(Table, GoesOnAfterTheRowsThatDecidedOnTheWidths) {
  std::vector<std::vector<Cell>> rows(table_sample_rows + 1, {"n", std::int64_t{1}, ""});
  rows.back()[0] = "a name that came too late";
  const std::string text = written(Format::table, rows);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(rows.size() + 1));
  EXPECT_THAT(text, testing::HasSubstr("a n\xE2\x80\xA6"));
}

TEST(JsonRows, AreOneArrayThatReadsBackAsWhatWasWritten) {
  const std::string text =
      written(Format::json, {{"quote \" and \n line", std::int64_t{9007199254740993}, RawJson{R"({"a":[1]})"}},
                             {nullptr, 0.1, true}});
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document.ok()) << text;
  const json::Value rows = document->root();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.at("/0/name").as_string(), "quote \" and \n line");
  EXPECT_EQ(rows.at("/0/open_pulls").as_int64(), 9007199254740993);
  EXPECT_EQ(rows.at("/0/note/a/0").as_int64(), 1);
  EXPECT_TRUE(rows.at("/1/name").is_null());
  EXPECT_EQ(rows.at("/1/open_pulls").as_double(), 0.1);
  EXPECT_EQ(rows.at("/1/note").as_bool(), true);
}

TEST(JsonRows, WithoutRowsAreAnEmptyArray) { EXPECT_EQ(written(Format::json, {}), "[]\n"); }

TEST(JsonRows, StayJsonWhateverTheBytes) {
  const std::string text = written(Format::json, {{"\xFF\x01", std::numeric_limits<double>::quiet_NaN(), ""}});
  EXPECT_TRUE(json::Document::parse(text).ok()) << text;
}

TEST(JsonLines, HaveOneObjectALine) {
  const std::string text = written(Format::jsonl, {{"a\nb", std::int64_t{1}, ""}, {"c", std::int64_t{2}, ""}});
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(json::Document::parse(line).ok()) << line;
  }
  EXPECT_EQ(count, 2);
}

TEST(Csv, QuotesWhatRfc4180SaysAndTellsNullFromEmpty) {
  EXPECT_EQ(
      written(Format::csv,
              {{"a,b", std::int64_t{-1}, "say \"hi\""}, {"two\nlines", 2.5, nullptr}, {"", std::int64_t{0}, "plain"}}),
      "name,open_pulls,note\r\n"
      "\"a,b\",-1,\"say \"\"hi\"\"\"\r\n"
      "\"two\nlines\",2.5,\r\n"
      "\"\",0,plain\r\n");
}

TEST(Csv, HasItsHeadingWithoutRows) { EXPECT_EQ(written(Format::csv, {}), "name,open_pulls,note\r\n"); }

TEST(FormatName, KnowsTheFourFormsAndNoOther) {
  EXPECT_EQ(format_from_name("jsonl"), Format::jsonl);
  EXPECT_EQ(format_from_name("JSON"), std::nullopt);
  EXPECT_EQ(format_from_name(""), std::nullopt);
}

} // namespace
} // namespace dovetail::cli

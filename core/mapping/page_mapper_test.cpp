// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/page_mapper.hpp"

#include <gmock/gmock.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/mapping/hash.hpp"
#include "core/mapping/test_world.hpp"

namespace dovetail::mapping {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// One engine on one kernel.
struct Engine {
  EngineKind kind = EngineKind::trie;
  Kernel kernel = Kernel::portable;
};

std::string name_of(const testing::TestParamInfo<Engine>& info) {
  return info.param.kind == EngineKind::trie ? "trie_" + std::string(to_string(info.param.kernel)) : "rapidjson";
}

CompiledMapping compiled(std::string_view mapping) {
  auto document = json::Document::parse(mapping);
  EXPECT_TRUE(document.ok()) << document.error().message;
  auto parsed = Mapping::parse(document->root());
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  auto made = compile(*parsed, thing_model());
  EXPECT_TRUE(made.ok()) << made.error().message;
  return std::move(made).value();
}

CompiledMapping with_fields(std::string_view fields) {
  return compiled(R"({"model": "thing", "externalId": "/id", "fields": {)" + std::string(fields) + "}}");
}

/// A cell as people would write it.
std::string shown(const Cell& cell) {
  switch (cell.kind()) {
  case Cell::Kind::null:
    return "null";
  case Cell::Kind::integer:
    return std::to_string(cell.as_integer());
  case Cell::Kind::real:
    return std::to_string(cell.as_real());
  case Cell::Kind::boolean:
    return cell.as_boolean() ? "true" : "false";
  case Cell::Kind::timestamp:
    return format_iso8601(cell.as_timestamp());
  case Cell::Kind::date:
    return "day " + std::to_string(cell.as_integer());
  case Cell::Kind::text:
    return fmt::format("'{}'", cell.as_text());
  case Cell::Kind::json:
    return "json " + std::string(cell.as_text());
  }
  return "?";
}

class PageMapperTest : public testing::TestWithParam<Engine> {
protected:
  Result<PageStats> map(const CompiledMapping& mapping, std::string_view text, std::string_view pointer = "",
                        std::span<const Constant> constants = {}) {
    page_ = std::make_unique<Page>(text);
    const Engine engine = GetParam();
    auto mapper = engine.kind == EngineKind::trie ? make_trie_mapper(mapping, engine.kernel, &redactor_)
                                                  : make_page_mapper(mapping, engine.kind, &redactor_);
    return mapper->map(page_->bytes(), pointer, constants, rows_);
  }

  /// The rows of a page that must map, each as its cells.
  std::vector<std::string> rows(const CompiledMapping& mapping, std::string_view text, std::string_view pointer = "",
                                std::span<const Constant> constants = {}) {
    auto stats = map(mapping, text, pointer, constants);
    EXPECT_TRUE(stats.ok()) << stats.error().message;
    if (stats.ok()) {
      stats_ = std::move(stats).value();
    }
    std::vector<std::string> shown_rows;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      std::string row;
      for (const Cell& cell : rows_.row(i)) {
        row += row.empty() ? "" : " ";
        row += shown(cell);
      }
      shown_rows.push_back(row);
    }
    return shown_rows;
  }

  /// The one cell of the one row of a mapping with one field.
  std::string cell(std::string_view field, std::string_view record) {
    const auto all = rows(with_fields(field), record);
    return all.size() == 1 ? all.front() : std::to_string(all.size()) + " rows";
  }

  Redactor redactor_;
  std::unique_ptr<Page> page_;
  PageRows rows_;
  PageStats stats_;
};

TEST_P(PageMapperTest, MapsNestedPathsAndKeepsThePagesOrder) {
  const auto mapping = with_fields(R"("number": "/number", "name": "/user/login")");
  EXPECT_THAT(
      rows(
          mapping,
          R"([{"id": 1, "number": 7, "user": {"login": "ann", "id": 3}}, {"user":{"x":[{}],"login":"bob"},"id":"2"}])"),
      ElementsAre("'ann' 7", "'bob' null"));
  EXPECT_EQ(rows_.header(0).external_id, "1");
  EXPECT_EQ(rows_.header(1).external_id, "2");
  EXPECT_EQ(rows_.header(0).external_id_hash, hash_text("1"));
  EXPECT_EQ(stats_.records, 2U);
  EXPECT_EQ(stats_.rows, 2U);
  EXPECT_THAT(stats_.errors, IsEmpty());
}

TEST_P(PageMapperTest, FindsTheRecordsAtAPointer) {
  const auto mapping = with_fields(R"("number": "/n")");
  EXPECT_THAT(rows(mapping, R"({"a": [0, {"b/c": [{"id":1,"n":5},{"id":2,"n":6}], "z": {}}], "d": 1})", "/a/1/b~1c"),
              ElementsAre("5", "6"));
  EXPECT_THAT(rows(mapping, R"({"data": {"id":1,"n":5}})", "/data"), ElementsAre("5"));
  EXPECT_THAT(rows(mapping, R"({"data": null})", "/data"), IsEmpty());
  EXPECT_THAT(rows(mapping, R"([])"), IsEmpty());
  EXPECT_THAT(map(mapping, R"({"data": 5})", "/data").error().message, HasSubstr("no records stand at \"/data\""));
  EXPECT_THAT(map(mapping, R"({"data": []})", "/dat").error().message, HasSubstr("no records stand at \"/dat\""));
  EXPECT_THAT(map(mapping, R"({"data": []})", "data").error().message, HasSubstr("no JSON pointer"));
}

TEST_P(PageMapperTest, Sync3ConvertsEveryType) {
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1,"v":"x"})"), "'x'");
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1,"v":1.50})"), "'1.50'");
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1,"v":true})"), "'true'");
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1,"v":null})"), "null");
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1})"), "null");
  EXPECT_EQ(cell(R"("number": "/v")", R"({"id":1,"v":9223372036854775807})"), "9223372036854775807");
  EXPECT_EQ(cell(R"("number": "/v")", R"({"id":1,"v":"-9223372036854775808"})"), "-9223372036854775808");
  EXPECT_EQ(cell(R"("number": "/v")", R"({"id":1,"v":1.2e1})"), "12");
  EXPECT_EQ(cell(R"("amount": "/v")", R"({"id":1,"v":"2.5"})"), "2.500000");
  EXPECT_EQ(cell(R"("flag": "/v")", R"({"id":1,"v":false})"), "false");
  EXPECT_EQ(cell(R"("flag": "/v")", R"({"id":1,"v":1})"), "true");
  EXPECT_EQ(cell(R"("flag": "/v")", R"({"id":1,"v":"true"})"), "true");
  EXPECT_EQ(cell(R"("created_at": "/v")", R"({"id":1,"v":"2026-01-05T09:00:00+08:00"})"), "2026-01-05T01:00:00.000Z");
  EXPECT_EQ(cell(R"("created_at": {"from": "/v", "format": "epoch_s"})", R"({"id":1,"v":1767574800})"),
            "2026-01-05T01:00:00.000Z");
  EXPECT_EQ(cell(R"("created_at": {"from": "/v", "format": "epoch_ms"})", R"({"id":1,"v":"1767574800123"})"),
            "2026-01-05T01:00:00.123Z");
  EXPECT_EQ(cell(R"("due": "/v")", R"({"id":1,"v":"1970-01-11"})"), "day 10");
  EXPECT_EQ(cell(R"("due": "/v")", R"({"id":1,"v":"1970-01-11T23:00:00-05:00"})"), "day 10");
  EXPECT_EQ(cell(R"("labels": "/v")", R"({"id":1,"v": [ {"a" : "x y\n"} , 1.0 ] })"), R"(json [{"a":"x y\n"},1.0])");
  EXPECT_EQ(cell(R"("labels": "/v")", R"({"id":1,"v":"t\u00e4xt"})"), R"(json "t\u00e4xt")");
  EXPECT_EQ(cell(R"("labels": "")", R"({"id" : 1})"), R"(json {"id":1})");
  EXPECT_EQ(cell(R"("labels": {"const": "a\"b"})", R"({"id":1})"), R"(json "a\"b")");
}

TEST_P(PageMapperTest, Sync3ValuesThatDoNotConvertAreNullCountedAndSampledAndThePageGoesOn) {
  const auto mapping = with_fields(R"("number": "/v", "name": "/w")");
  const auto mapped =
      rows(mapping, R"([{"id":1,"v":"x1"},{"id":2,"v":9223372036854775808,"w":"ok"},{"id":3,"v":{"a":1}},
    {"id":4,"v":1.5},{"id":5,"v":5}])");
  EXPECT_THAT(mapped, ElementsAre("null null", "'ok' null", "null null", "null null", "null 5"));
  ASSERT_EQ(stats_.errors.size(), 1U);
  EXPECT_EQ(stats_.errors[0].field, "number");
  EXPECT_EQ(stats_.errors[0].count, 4U);
  EXPECT_THAT(stats_.errors[0].samples,
              ElementsAre("no whole number: x1", "the number does not fit 64 bits: 9223372036854775808",
                          R"(an object stands where a single value is wanted: {"a":1})"));
}

TEST_P(PageMapperTest, Http4SamplesShowNoPersonalDataAndNoSecret) {
  redactor_.remember(Secret("hunter2hunter2"));
  rows(with_fields(R"("birthday": "/b", "number": "/n")"), R"({"id":1,"b":"never 1970","n":"my hunter2hunter2"})");
  ASSERT_EQ(stats_.errors.size(), 2U);
  for (const FieldErrors& errors : stats_.errors) {
    ASSERT_EQ(errors.samples.size(), 1U);
    EXPECT_THAT(errors.samples[0], HasSubstr("[redacted]"));
    EXPECT_EQ(errors.samples[0].find("1970"), std::string::npos);
    EXPECT_EQ(errors.samples[0].find("hunter2"), std::string::npos);
  }
}

TEST_P(PageMapperTest, SamplesAreCutBetweenCharacters) {
  std::string umlauts;
  for (int i = 0; i < 100; ++i) {
    umlauts += "ä";
  }
  rows(with_fields(R"("number": "/n")"), R"({"id":1,"n":")" + umlauts + "\"}");
  ASSERT_EQ(stats_.errors.size(), 1U);
  const std::string& sample = stats_.errors[0].samples.at(0);
  EXPECT_LE(sample.size(), max_sample_bytes);
  EXPECT_TRUE(json::Document::parse("\"" + sample + "\"").ok());
}

TEST_P(PageMapperTest, Sync3FindsElementsByKeyInWhateverOrderTheirMembersStand) {
  const auto mapping = with_fields(R"(
    "name": {"find": {"in": "/columns", "where": "/id", "equals": "status"}, "take": "/text"},
    "other": {"find": {"in": "/columns", "where": "/id", "equals": "status"}, "take": "/column/title"},
    "due": {"find": {"in": "/columns", "where": "/id", "equals": "date4"}, "take": "/value", "embedded": "/date"},
    "number": {"find": {"in": "/columns", "where": "/type", "equals": "num"}, "take": "/text"})");
  EXPECT_THAT(rows(mapping, R"([
    {"id":1,"columns":[{"id":"x","text":"X"},{"id":"status","text":"Done","column":{"title":"State"}},
      {"text":null,"value":"{\"date\":\"1970-01-03\",\"t\":null}","id":"date4"},{"text":"12","id":"n","type":"num"}]},
    {"columns":[{"text":"7","type":"num","id":"status"},{"id":"status","text":"second"},5,null,[]],"id":2},
    {"id":3,"columns":{"id":"status","text":"no array"}},
    {"id":4}])"),
              ElementsAre("'Done' 12 day 2 'State'", "'7' 7 null null", "null null null null", "null null null null"));
  EXPECT_THAT(stats_.errors, IsEmpty());
}

TEST_P(PageMapperTest, Sync3ReadsEmbeddedJson) {
  const auto mapping =
      with_fields(R"("name": {"from": "/v", "embedded": "/a/1"}, "labels": {"from": "/v", "embedded": ""})");
  EXPECT_THAT(
      rows(
          mapping,
          R"([{"id":1,"v":"{\"a\": [0,\"\\u00e9\\n\"]}"},{"id":2,"v":"[1]"},{"id":3,"v":""},{"id":4,"v":null},{"id":5,"v":"null"}])"),
      ElementsAre("'é\n' json {\"a\":[0,\"\\u00e9\\n\"]}", "null json [1]", "null null", "null null", "null null"));
  EXPECT_THAT(stats_.errors, IsEmpty());
  EXPECT_THAT(rows(mapping, R"([{"id":1,"v":"{\"a\": [0,\"x\"}"},{"id":2,"v":7},{"id":3,"v":{"a":1}}])"),
              ElementsAre("null null", "null null", "null null"));
  ASSERT_EQ(stats_.errors.size(), 2U);
  EXPECT_EQ(stats_.errors[0].count, 3U);
  EXPECT_THAT(stats_.errors[0].samples[0], HasSubstr("not the JSON document that it should hold"));
}

TEST_P(PageMapperTest, Sync3MapsEnumsConstantsConcatenationsAndFirstOf) {
  const auto mapping = with_fields(R"(
    "state": {"from": "/s", "enum": {"o": "open", "1": "one", "true": "yes"}, "default": "unknown"},
    "number": {"from": "/s", "enum": {"o": 10}},
    "flag": {"const": true},
    "name": {"concat": ["/a", {"const": "/"}, "/b"]},
    "email": {"firstOf": ["/e", "/f/0", {"const": "none"}]},
    "other": "$page/repository", "count": "$page/count")");
  const std::vector<Constant> constants{{"count", Scalar::Kind::number, "42"},
                                        {"repository", Scalar::Kind::string, "acme/app"}};
  EXPECT_THAT(
      rows(
          mapping,
          R"([{"id":1,"s":"o","a":"x","b":2,"e":null,"f":["g"]},{"id":2,"s":1,"a":"x"},{"id":3,"s":true,"e":"h"},{"id":4}])",
          "", constants),
      ElementsAre("'x/2' 10 true 'open' 'g' 'acme/app' 42", "null null true 'one' 'none' 'acme/app' 42",
                  "null null true 'yes' 'h' 'acme/app' 42", "null null true null 'none' 'acme/app' 42"));
  ASSERT_EQ(stats_.errors.size(), 1U);
  EXPECT_EQ(stats_.errors[0].field, "number");
  EXPECT_EQ(stats_.errors[0].count, 2U);
}

TEST_P(PageMapperTest, CountsNullsRecordsWithoutIdAndDuplicatesOfWhichTheLastStands) {
  const auto mapping = with_fields(R"("number": "/n")");
  EXPECT_THAT(
      rows(mapping, R"([null,{"id":"a","n":1},{"n":2},{"id":""},{"id":"b","n":3},5,{"id":"a","n":4},{"id":{}}])"),
      ElementsAre("4", "3"));
  EXPECT_EQ(stats_.records, 8U);
  EXPECT_EQ(stats_.rows, 2U);
  EXPECT_EQ(stats_.null_rows, 1U);
  EXPECT_EQ(stats_.failed, 4U);
  EXPECT_EQ(stats_.duplicates, 1U);
  const auto long_id = "{\"id\":\"" + std::string(limits::max_external_id_bytes + 1, 'x') + "\"}";
  EXPECT_THAT(rows(mapping, long_id), IsEmpty());
  EXPECT_EQ(stats_.failed, 1U);
}

TEST_P(PageMapperTest, FindsAllDuplicatesOfALargePage) {
  std::string text = "[";
  for (int i = 0; i < 3000; ++i) {
    text += (i == 0 ? "{\"id\":" : ",{\"id\":") + std::to_string(i % 1700) + ",\"n\":" + std::to_string(i) + "}";
  }
  const auto mapped = rows(with_fields(R"("number": "/n")"), text + "]");
  EXPECT_EQ(mapped.size(), 1700U);
  EXPECT_EQ(stats_.duplicates, 1300U);
  EXPECT_EQ(mapped[0], "1700");
  EXPECT_EQ(mapped[1699], "1699");
}

TEST_P(PageMapperTest, Sync3KeepsWhatAnEnumLacksWhereTheMappingSaysSo) {
  const std::string field = R"("state": {"from": "/v", "enum": {"0": "active"}, "keepUnknown": true})";
  EXPECT_EQ(cell(field, R"({"id":1,"v":0})"), "'active'");
  EXPECT_EQ(cell(field, R"({"id":1,"v":"7"})"), "'7'");
  EXPECT_EQ(cell(field, R"({"id":1,"v":7})"), "'7'");
  EXPECT_EQ(cell(field, R"({"id":1})"), "null");
  EXPECT_THAT(stats_.errors, IsEmpty());
  EXPECT_EQ(cell(R"("number": {"from": "/v", "enum": {"x": 5}, "keepUnknown": true})", R"({"id":1,"v":"y"})"), "null");
  EXPECT_THAT(stats_.errors, SizeIs(1)) << "what is kept must fit the column";
}

TEST_P(PageMapperTest, Sync7MarksInactiveRecords) {
  const auto mapping = compiled(
      R"({"model": "thing", "externalId": "/id", "sourceUpdatedAt": "/u", "inactiveWhen": {"from": "/state", "in": ["archived", "deleted", null]}, "fields": {"name": "/n"}})");
  rows(mapping, R"([{"id":1,"state":"archived"},{"id":2,"state":"active","u":"2026-01-05T09:00:00Z"},{"id":3}])");
  EXPECT_TRUE(rows_.header(0).inactive);
  EXPECT_FALSE(rows_.header(1).inactive);
  EXPECT_TRUE(rows_.header(2).inactive);
  EXPECT_EQ(rows_.header(1).source_updated_at, parse_iso8601("2026-01-05T09:00:00Z"));
  EXPECT_FALSE(rows_.header(0).source_updated_at.has_value());
}

TEST_P(PageMapperTest, Sync7TellsRecordsThatSayOnlyThatTheyAreGone) {
  const auto mapping = compiled(
      R"({"model": "thing", "externalId": "/id", "goneWhen": {"from": "$page/repository", "equals": "deleted"}, "fields": {"name": "/n"}})");
  rows(mapping, R"([{"id":1},{"id":2,"n":"x"}])");
  ASSERT_EQ(rows_.size(), 2U);
  EXPECT_FALSE(rows_.header(0).gone);
  const std::vector<Constant> constants{{"repository", Scalar::Kind::string, "deleted"}};
  rows(mapping, R"([{"id":1}])", "", constants);
  ASSERT_EQ(rows_.size(), 1U);
  EXPECT_TRUE(rows_.header(0).gone);
}

TEST_P(PageMapperTest, Sync6LeavesChildrenOutAndCountsThem) {
  const auto document = json::Document::parse(R"({"from": "/level", "equals": [1, 2, "sub"]})");
  const auto spec = json::Document::parse(R"({"model": "thing", "externalId": "/id", "fields": {"name": "/n"}})");
  auto with_parents = Mapping::parse(spec->root());
  ASSERT_TRUE(with_parents->leave_out_children("/up/id", document->root()).ok());
  const auto mapping = compile(*with_parents, thing_model());
  ASSERT_TRUE(mapping.ok());
  const auto lines = rows(*mapping, R"([{"id":1,"up":{"id":null},"level":0,"n":"a"},{"id":2,"up":{"id":"1"},"n":"b"},
    {"id":3,"up":{"id":""},"n":"c"},{"id":4,"level":2},{"id":5,"level":"2","n":"e"},{"level":"sub"},{"id":7,"up":{"id":{}}},{"n":"no id"},null])");
  EXPECT_THAT(lines, SizeIs(3));
  EXPECT_EQ(rows_.header(0).external_id, "1");
  EXPECT_EQ(rows_.header(1).external_id, "3");
  EXPECT_EQ(rows_.header(2).external_id, "5");
  EXPECT_EQ(stats_.children, 4U);
  EXPECT_EQ(stats_.failed, 1U) << "a child without an id is no loss";
  EXPECT_EQ(stats_.records, stats_.rows + stats_.null_rows + stats_.failed + stats_.duplicates + stats_.children);
  const auto plain = compile(*Mapping::parse(spec->root()), thing_model());
  EXPECT_NE(mapping->signature(), plain->signature()) << "another choice of records is another mapping";
  EXPECT_THAT(mapping->source_paths(), ElementsAre("/id", "/level", "/n", "/up/id"));
}

TEST_P(PageMapperTest, TheContentHashFollowsTheCellsAndNothingElse) {
  const auto mapping = with_fields(R"("name": "/a", "other": "/b", "number": "/n", "labels": "/l")");
  rows(mapping,
       R"([{"id":1,"a":"xy","b":"z","n":1},{"id":2,"b":"z","a":"xy","n":1,"c":[]},{"id":3,"a":"x","b":"yz","n":1},
    {"id":4,"a":"xy","b":"z","n":null},{"id":5,"a":"xy","b":"z","n":1,"l":{ }},{"id":6,"a":"xy","b":"z","n":1,"l":{}}])");
  ASSERT_EQ(rows_.size(), 6U);
  EXPECT_EQ(rows_.header(0).content_hash, rows_.header(1).content_hash);
  EXPECT_NE(rows_.header(0).content_hash, rows_.header(2).content_hash);
  EXPECT_NE(rows_.header(0).content_hash, rows_.header(3).content_hash);
  EXPECT_NE(rows_.header(0).content_hash, rows_.header(4).content_hash);
  EXPECT_EQ(rows_.header(4).content_hash, rows_.header(5).content_hash);
}

TEST_P(PageMapperTest, OfMembersWithOneNameTheFirstCounts) {
  EXPECT_EQ(cell(R"("name": "/v/a")", R"({"id":1,"v":{"a":"first","a":"second"},"v":{"a":"third"}})"), "'first'");
  EXPECT_EQ(cell(R"("name": "/v/a")", R"({"id":1,"v":{},"v":{"a":"third"}})"), "null");
}

TEST_P(PageMapperTest, NamesMatchHoweverTheyAreEscaped) {
  EXPECT_EQ(cell(R"("name": "/a b")", R"({"id":1,"\u0061\u0020b":"x"})"), "'x'");
  EXPECT_EQ(cell(R"("name": "/~1~0")", R"({"id":1,"\/~":"x"})"), "'x'");
  EXPECT_EQ(cell(R"("name": "/")", R"({"id":1,"":"x"})"), "'x'");
  const std::string long_name(300, 'n');
  EXPECT_EQ(
      cell("\"name\": \"/" + long_name + "1\"", "{\"id\":1,\"" + long_name + "2\":\"x\",\"" + long_name + "1\":\"y\"}"),
      "'y'");
}

TEST_P(PageMapperTest, StringsAreUnescaped) {
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1,"v":"a\"\\\/\b\f\n\r\té\ud83d\ude00z"})"), "'a\"\\/\b\f\n\r\té😀z'");
  EXPECT_EQ(cell(R"("name": "/v")", R"({"id":1,"v":"nul \u0000"})"), "null");
  EXPECT_THAT(stats_.errors.at(0).samples.at(0), HasSubstr("U+0000"));
  EXPECT_EQ(cell(R"("labels": "/v")", R"({"id":1,"v":["nul \u0000"]})"), "null");
  EXPECT_EQ(cell(R"("labels": "/v")", R"({"id":1,"v":["no nul \\u0000"]})"), R"(json ["no nul \\u0000"])");
}

TEST_P(PageMapperTest, BrokenPagesAreRefused) {
  const auto mapping = with_fields(R"("name": "/v", "labels": "/l", "other": "/o/p")");
  const std::vector<std::string> broken{"",
                                        " ",
                                        "{",
                                        "[",
                                        R"([{"id":1})",
                                        R"([{"id":1}]])",
                                        R"([{"id":1}] x)",
                                        R"([{"id":1,}])",
                                        R"([{"id":1},])",
                                        R"([{"id" 1}])",
                                        R"([{"id":01}])",
                                        R"([{"id":1.}])",
                                        R"([{"id":-}])",
                                        R"([{"id":1e}])",
                                        R"([{"id":tru}])",
                                        R"([{id:1}])",
                                        R"([{"id":'1'}])",
                                        R"([{"v":"\x"}])",
                                        R"([{"v":"\u12g4"}])",
                                        R"([{"v":"\ud800"}])",
                                        R"([{"v":"\udc00"}])",
                                        R"([{"v":"\ud800\u0041"}])",
                                        "[{\"v\":\"a\nb\"}]",
                                        "[{\"v\x01\":1}]",
                                        R"([{"v":"abc)",
                                        R"([{"v":"abc\)",
                                        R"([{"l":[1,}]}])",
                                        R"([{"l":{"a":tru}}])",
                                        R"([{"z":[1,2}])",
                                        R"([{"z":"abc}])",
                                        R"([{"o":{"p":1],"id":1}])",
                                        "[{\"v\":\"\xff\"}]",
                                        "[{\"z\":\"\xc3\"}]",
                                        "[{\"z\":\"\xed\xa0\x80\"}]",
                                        "[{\"id\":1}]\xff",
                                        R"(["a" "b"])",
                                        R"([1 2])",
                                        R"({"id":1 "v":2})",
                                        "\xef\xbb\xbf[]",
                                        "nul",
                                        "[nul]",
                                        "<html>",
                                        R"([{"id":1}}])"};
  for (const std::string& text : broken) {
    const auto stats = map(mapping, text);
    EXPECT_FALSE(stats.ok()) << text;
    EXPECT_EQ(rows_.size(), 0U);
    if (!stats.ok()) {
      EXPECT_EQ(stats.error().code, ErrorCode::invalid_argument) << text;
    }
  }
}

TEST_P(PageMapperTest, Http5DepthIsBounded) {
  const auto mapping = with_fields(R"("name": "/v", "labels": "/l")");
  const auto nested = [](std::string_view before, std::size_t levels, std::string_view behind) {
    return std::string(before) + std::string(levels, '[') + std::string(levels, ']') + std::string(behind);
  };
  for (const std::string_view name : {"v", "l", "z"}) {
    const std::string before = "[{\"id\":1,\"" + std::string(name) + "\":";
    EXPECT_TRUE(map(mapping, nested(before, limits::max_json_depth - 2, "}]")).ok()) << name;
    const auto stats = map(mapping, nested(before, limits::max_json_depth - 1, "}]"));
    ASSERT_FALSE(stats.ok()) << name;
  }
}

TEST_P(PageMapperTest, TooManyRecordsAreRefused) {
  std::string text = "[";
  for (std::size_t i = 0; i <= limits::max_records_per_page; ++i) {
    text += i == 0 ? "{}" : ",{}";
  }
  const auto stats = map(with_fields(R"("name": "/v")"), text + "]");
  ASSERT_FALSE(stats.ok());
  EXPECT_EQ(stats.error().code, ErrorCode::resource_exhausted);
}

TEST_P(PageMapperTest, WhiteSpaceMayStandBetweenAllTokens) {
  const auto mapping = with_fields(R"("number": "/n", "name": "/o/v")");
  EXPECT_THAT(
      rows(mapping,
           "\n\t [ \r\n{ \"id\" : 1 ,\n\"n\"\t:\t5 , \"z\" : [ 1 , { } ] , \"o\" : { \"v\" : \"x\" } } , null ] \n"),
      ElementsAre("'x' 5"));
}

std::vector<Engine> all_engines() {
  std::vector<Engine> engines{{EngineKind::rapidjson, Kernel::portable}};
  for (const Kernel kernel : {Kernel::portable, Kernel::sse2, Kernel::avx2}) {
    if (kernel <= best_kernel()) {
      engines.push_back({EngineKind::trie, kernel});
    }
  }
  return engines;
}

INSTANTIATE_TEST_SUITE_P(Engines, PageMapperTest, testing::ValuesIn(all_engines()), name_of);

} // namespace
} // namespace dovetail::mapping

// SPDX-License-Identifier: Apache-2.0
// SYNC-1: what a rule makes of a mapping, and the filters that are checked here.
#include "core/sync/rule_mapping.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/json/document.hpp"

namespace dovetail::sync {
namespace {

using mapping::Cell;
using mapping::Scalar;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

mapping::Mapping parse(std::string_view text) {
  const auto document = json::Document::parse(text);
  EXPECT_TRUE(document.ok()) << text;
  auto mapping = mapping::Mapping::parse(document->root());
  EXPECT_TRUE(mapping.ok()) << mapping.error().message;
  return *mapping;
}

std::vector<std::string> names(const mapping::Mapping& mapping) {
  std::vector<std::string> fields;
  for (const auto& field : mapping.fields) {
    fields.push_back(field.field);
  }
  return fields;
}

constexpr std::string_view things = R"({"model":"thing","externalId":"/id","fields":{
  "name":"/name","owner":"/owner/name","both":{"concat":["/name","/code"]},"either":{"firstOf":["/name",{"const":"none"}]},
  "board":"$page/board","kind":{"from":"/kind","enum":{"a":"A","b":"B","c":"B"},"default":"other"}}})";

TEST(SelectFields, KeepsWhatIsReadFromTheSelectionAlone) {
  const std::vector<std::string> selected{"/name", "/owner"};
  EXPECT_THAT(names(select_fields(parse(things), selected, {})), ElementsAre("name", "owner", "either", "board"));
  const std::vector<std::string> always{"kind"};
  EXPECT_THAT(names(select_fields(parse(things), selected, always)),
              ElementsAre("name", "owner", "either", "board", "kind"));
  EXPECT_EQ(select_fields(parse(things), {}, {}).fields.size(), 6U) << "no selection";
  const std::vector<std::string> prefix{"/nam"};
  EXPECT_THAT(names(select_fields(parse(things), prefix, {})), ElementsAre("board"))
      << "a name that begins alike is another one";
}

TEST(DropLocalFields, TakesOutWhatIsOursWhereItsSourceIsMapped) {
  model::Model model;
  model.policies = {
      {.field = "name", .source = "owner", .state = "kind", .otherwise = {}, .rule_key = {}, .aliases = {}},
      {.field = "both", .source = "nothing", .state = "board", .otherwise = {}, .rule_key = {}, .aliases = {}}};
  auto mapping = parse(things);
  EXPECT_THAT(drop_local_fields(mapping, model), ElementsAre("name"));
  EXPECT_THAT(names(mapping), ElementsAre("owner", "both", "either", "board"));
}

class RowFilterTest : public ::testing::Test {
protected:
  RowFilterTest() {
    const auto add = [this](const char* name, model::FieldType type) {
      model_.fields.push_back({name, type, "", false});
    };
    add("text", model::FieldType::text);
    add("number", model::FieldType::integer);
    add("rate", model::FieldType::real);
    add("open", model::FieldType::boolean);
    add("at", model::FieldType::timestamp);
    add("due", model::FieldType::date);
    add("kind", model::FieldType::text);
  }
  [[nodiscard]] RowFilter filter(std::vector<RuleFilter> filters) const {
    return {filters, mapping_, model_, columns_};
  }
  static RuleFilter on(const char* pointer, Scalar::Kind kind, std::vector<std::string> values) {
    RuleFilter made{.pointer = pointer, .values = {}};
    for (auto& value : values) {
      made.values.push_back({.kind = kind, .text = std::move(value)});
    }
    return made;
  }
  [[nodiscard]] static std::vector<Cell> cells() {
    return {Cell::text("a"),
            Cell::integer(9007199254740993),
            Cell::real(1.5),
            Cell::boolean(true),
            Cell::timestamp(parse_iso8601("2026-01-31T09:00:00Z")->time_since_epoch().count()),
            Cell::date(20'484),
            Cell::text("A")};
  }

  model::Model model_;
  mapping::Mapping mapping_ =
      parse(R"({"model":"thing","externalId":"/id","fields":{"text":"/text","number":"/number","rate":"/rate",
    "open":"/open","at":"/at","due":"/due","kind":{"from":"/kind","enum":{"a":"A","b":"B","c":"B"},"default":"other"}}})");
  std::vector<std::uint16_t> columns_{0, 1, 2, 3, 4, 5, 6};
};

TEST_F(RowFilterTest, ComparesEveryTypeAsItIs_SYNC_1) {
  using Kind = Scalar::Kind;
  const auto wants = [this](const RuleFilter& one) { return filter({one}).wants(cells()); };
  EXPECT_TRUE(wants(on("/text", Kind::string, {"b", "a"})));
  EXPECT_FALSE(wants(on("/text", Kind::string, {"A"})));
  EXPECT_FALSE(wants(on("/text", Kind::null, {""})));
  EXPECT_TRUE(wants(on("/number", Kind::number, {"9007199254740993"})));
  EXPECT_FALSE(wants(on("/number", Kind::number, {"9007199254740992"}))) << "the same as a double";
  EXPECT_TRUE(wants(on("/rate", Kind::number, {"1.50"})));
  EXPECT_TRUE(wants(on("/open", Kind::boolean, {"true"})));
  EXPECT_FALSE(wants(on("/open", Kind::boolean, {"false"})));
  EXPECT_TRUE(wants(on("/at", Kind::string, {"2026-01-31T10:00:00+01:00"})));
  EXPECT_TRUE(wants(on("/due", Kind::string, {"2026-01-31"})));
  EXPECT_FALSE(wants(on("/due", Kind::string, {"2026-02-01"})));
  EXPECT_FALSE(filter({on("/text", Kind::string, {"a"}), on("/open", Kind::boolean, {"false"})}).wants(cells()))
      << "all must hold";
  std::vector<Cell> empty(7);
  EXPECT_TRUE(filter({on("/text", Kind::null, {""})}).wants(empty));
  EXPECT_FALSE(filter({on("/number", Kind::number, {"0"})}).wants(empty));
}

TEST_F(RowFilterTest, TranslatesEnumsWhereTheyTellEnough_SYNC_1) {
  using Kind = Scalar::Kind;
  EXPECT_TRUE(filter({on("/kind", Kind::string, {"a"})}).wants(cells()));
  const auto both = filter({on("/kind", Kind::string, {"b", "c"})});
  EXPECT_TRUE(both.checks_anything());
  EXPECT_FALSE(both.wants(cells()));
  for (const auto* vague : {"b", "unknown"}) {
    const auto unchecked = filter({on("/kind", Kind::string, {vague})});
    EXPECT_FALSE(unchecked.checks_anything()) << vague;
    EXPECT_THAT(unchecked.unchecked(), ElementsAre("/kind"));
    EXPECT_TRUE(unchecked.wants(cells())) << "the provider's business";
  }
}

TEST_F(RowFilterTest, SaysWhatItCannotCheck) {
  const auto none = filter({on("/elsewhere", Scalar::Kind::string, {"a"})});
  EXPECT_THAT(none.unchecked(), ElementsAre("/elsewhere"));
  columns_ = {1};
  EXPECT_THAT(filter({on("/text", Scalar::Kind::string, {"a"})}).unchecked(), ElementsAre("/text")) << "no cell of it";
  EXPECT_THAT(RowFilter().unchecked(), IsEmpty());
}

} // namespace
} // namespace dovetail::sync

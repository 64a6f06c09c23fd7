// SPDX-License-Identifier: Apache-2.0
// SYNC-2
#include "core/mapping/override.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::mapping {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* default_mapping =
    R"({"model":"thing","externalId":"/id","sourceUpdatedAt":"/at","fields":{"name":"/name","size":"/size"}})";

Result<std::string> apply(std::string_view change) {
  const auto standing = json::Document::parse(default_mapping);
  const auto document = json::Document::parse(change);
  EXPECT_TRUE(standing.ok() && document.ok());
  return apply_override(standing->root(), document->root());
}

TEST(Override, ReplacesAddsAndTakesOutSingleFields_SYNC_2) {
  EXPECT_EQ(
      *apply(R"({"fields":{"name":"/title","notes":{"const":"x"},"size":null}})"),
      R"({"model":"thing","externalId":"/id","sourceUpdatedAt":"/at","fields":{"name":"/title","notes":{"const":"x"}}})");
  EXPECT_EQ(*apply(R"({"sourceUpdatedAt":null,"inactiveWhen":{"from":"/gone","equals":true},"$comment":"why"})"),
            R"({"model":"thing","externalId":"/id","inactiveWhen":{"from":"/gone","equals":true},)"
            R"("fields":{"name":"/name","size":"/size"}})");
  EXPECT_EQ(*apply("{}"), default_mapping);
}

TEST(Override, LosesNothingThatADefaultMappingMayHave_SYNC_2) {
  const auto whole = json::Document::parse(
      R"({"model":"thing","externalId":"/id","sourceUpdatedAt":"/at","inactiveWhen":{"from":"/archived","equals":true},)"
      R"("goneWhen":{"from":"/gone","equals":true},"fields":{"name":{"from":"/kind","enum":{"a":"b"},"keepUnknown":true}}})");
  const auto nothing = json::Document::parse("{}");
  ASSERT_TRUE(whole.ok() && nothing.ok());
  EXPECT_EQ(*apply_override(whole->root(), nothing->root()), whole->root().dump());
}

TEST(Override, RefusesWhatItCannotChangeAndNamesIt) {
  EXPECT_THAT(apply(R"({"externalId":"/key"})").error().message, HasSubstr("\"/externalId\""));
  EXPECT_THAT(apply(R"({"model":"other"})").error().message, HasSubstr("\"/model\""));
  EXPECT_THAT(apply(R"({"field":{}})").error().message, HasSubstr("\"/field\""));
  EXPECT_THAT(apply(R"({"fields":[]})").error().message, HasSubstr("\"/fields\""));
  EXPECT_THAT(apply("[]").error().message, HasSubstr("JSON object"));
}

TEST(Override, KeepsPointersForTheMessagesOfTheReader) {
  const auto merged = apply(R"({"fields":{"notes":{"from":"title"}}})");
  ASSERT_TRUE(merged.ok());
  const auto document = json::Document::parse(*merged);
  const auto mapping = Mapping::parse(document->root());
  ASSERT_FALSE(mapping.ok());
  EXPECT_THAT(mapping.error().message, HasSubstr("\"/fields/notes/from\""));
}

TEST(SourcePlaces, AreThoseOfEveryPart) {
  const auto source = parse_source(
      R"({"firstOf":["/a",{"find":{"in":"/columns","where":"/id","equals":"status"},"take":"/text"},{"const":1},"$page/x"]})");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_THAT(places_of(*source), ElementsAre(SourcePlace{"/a", "", ""}, SourcePlace{"/columns", "/id", "status"}));
  EXPECT_THAT(places_of(*parse_source("$page/x")), IsEmpty());
  EXPECT_EQ(places_of(*source)[1].text(), "the element of /columns whose /id is \"status\"");
}

TEST(SourcePlaces, AreRefusedWhereASourceIsNone) {
  EXPECT_FALSE(parse_source("status").ok());
  EXPECT_FALSE(parse_source("{").ok());
  EXPECT_FALSE(parse_source(R"({"find":{}})").ok());
}

} // namespace
} // namespace dovetail::mapping

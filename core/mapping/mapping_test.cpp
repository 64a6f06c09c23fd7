// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mapping/test_world.hpp"

namespace dovetail::mapping {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<CompiledMapping> compile_text(std::string_view text) {
  DOVETAIL_TRY(const auto document, json::Document::parse(text));
  DOVETAIL_TRY(const auto mapping, Mapping::parse(document.root()));
  return compile(mapping, thing_model());
}

std::string error_of(std::string_view text) {
  const auto compiled = compile_text(text);
  return compiled.ok() ? "no error" : compiled.error().message;
}

std::string with_field(std::string_view field) {
  return R"({"model": "thing", "externalId": "/id", "fields": {)" + std::string(field) + "}}";
}

TEST(Mapping, Sync3CompilesTheFormOfTheReference) {
  const auto compiled = compile_text(R"({
    "model": "thing", "externalId": {"concat": ["$page/repository_id", {"const": ":"}, "/id"]},
    "sourceUpdatedAt": "/updated_at", "inactiveWhen": {"from": "/archived", "equals": true},
    "fields": {
      "name": {"firstOf": ["/name", "/commit/author/name"]},
      "number": "/number",
      "state": {"from": "/state", "enum": {"open": "open", "closed": "done"}, "default": "unknown"},
      "due": {"find": {"in": "/columns", "where": "/id", "equals": "date4"}, "take": "/value", "embedded": "/date"},
      "labels": {"from": "/labels"}}})");
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  EXPECT_THAT(compiled->source_paths(), ElementsAre("/archived", "/columns", "/commit/author/name", "/id", "/labels",
                                                    "/name", "/number", "/state", "/updated_at"));
}

TEST(Mapping, ColumnsFollowTheModelWhateverTheOrderInTheMapping) {
  const auto one = compile_text(with_field(R"("name": "/n", "number": "/m")"));
  const auto two = compile_text(with_field(R"("number": "/m", "name": "/n")"));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_TRUE(std::is_sorted(one->columns().begin(), one->columns().end()));
  EXPECT_EQ(one->signature(), two->signature());
}

TEST(Mapping, TheSignatureChangesWithWhateverChangesTheRows) {
  const std::vector<std::string> fields{
      R"("name": "/n")",
      R"("name": "/m")",
      R"("state": "/n")",
      R"("name": {"from": "/n", "embedded": "/a"})",
      R"("name": {"from": "/n", "enum": {"a": "b"}})",
      R"("name": {"from": "/n", "enum": {"a": "c"}})",
      R"("name": {"from": "/n", "enum": {"a": "b"}, "default": "b"})",
      R"("name": {"from": "/n", "enum": {"a": "b"}, "keepUnknown": true})",
      R"("name": {"concat": ["/n"]})",
      R"("name": {"firstOf": ["/n"]})",
      R"("name": {"const": "/n"})",
      R"("name": "$page/n")",
      R"("created_at": {"from": "/n", "format": "epoch_s"})",
      R"("created_at": {"from": "/n", "format": "epoch_ms"})",
      R"("name": {"find": {"in": "/n", "where": "/a", "equals": "b"}, "take": "/c"})"};
  std::set<std::uint64_t> signatures;
  for (const std::string& field : fields) {
    const auto compiled = compile_text(with_field(field));
    ASSERT_TRUE(compiled.ok()) << field << compiled.error().message;
    EXPECT_TRUE(signatures.insert(compiled->signature()).second) << field;
  }
}

TEST(Mapping, TheSignatureIsTheSameInEveryProcess) {
  const auto compiled = compile_text(with_field(R"("name": "/n")"));
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(compiled->signature(),
            5210920431353983822U); // stored in databases: raise semantics_version when it has to change
}

TEST(Mapping, ErrorsNameThePlaceAndWhatMayStandThere) {
  EXPECT_THAT(error_of("[]"), HasSubstr("a mapping must be an object"));
  EXPECT_THAT(error_of(R"({"model": "thing", "fields": {"name": "/n"}})"), HasSubstr("\"externalId\" is missing"));
  EXPECT_THAT(error_of(R"({"model": "other", "externalId": "/id", "fields": {"name": "/n"}})"),
              HasSubstr("for the model \"other\", not for \"thing\""));
  EXPECT_THAT(error_of(with_field(R"("nmae": "/n")")), HasSubstr("has no field \"nmae\": use one of"));
  EXPECT_THAT(error_of(with_field(R"("age": "/n")")), HasSubstr("computed by the store"));
  EXPECT_THAT(error_of(with_field(R"("name": "n")")), HasSubstr("\"/fields/name\": \"n\" is no JSON pointer"));
  EXPECT_THAT(error_of(with_field(R"("name": "/a~2")")), HasSubstr("no JSON pointer"));
  EXPECT_THAT(error_of(with_field(R"("name": 5)")), HasSubstr("\"/fields/name\": must be a JSON pointer"));
  EXPECT_THAT(error_of(with_field(R"("name": {"form": "/n"})")), HasSubstr("\"/fields/name/form\": not known here"));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "const": 1})")), HasSubstr("one of \"from\""));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "default": 1})")), HasSubstr("needs an \"enum\""));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "keepUnknown": true})")),
              HasSubstr("goes with an \"enum\""));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "enum": {"a": "b"}, "default": 1, "keepUnknown": true})")),
              HasSubstr("has no \"default\""));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "enum": {"a": "b"}, "keepUnknown": 1})")),
              HasSubstr("/keepUnknown\": must be true or false"));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "take": "/x"})")), HasSubstr("goes with \"find\""));
  EXPECT_THAT(error_of(with_field(R"("name": {"const": "x", "embedded": "/x"})")), HasSubstr("/embedded\": goes with"));
  EXPECT_THAT(error_of(with_field(R"("name": {"find": {"in": "/a", "where": "/b"}, "take": "/x"})")),
              HasSubstr("\"equals\" is missing"));
  EXPECT_THAT(error_of(with_field(R"("name": "$page/")")), HasSubstr("constant's name"));
  EXPECT_THAT(error_of(with_field(R"("name": {"concat": []})")), HasSubstr("1 to 32 sources"));
  EXPECT_THAT(error_of(with_field(R"("created_at": {"from": "/n", "format": "epoch"})")), HasSubstr("epoch_ms"));
  EXPECT_THAT(error_of(with_field(R"("name": {"from": "/n", "format": "epoch_s"})")), HasSubstr("is for timestamps"));
  EXPECT_THAT(error_of(with_field(R"("number": {"const": "x"})")), HasSubstr("does not fit the column's type integer"));
  EXPECT_THAT(error_of(with_field(R"("number": {"from": "/n", "enum": {"a": "x"}})")),
              HasSubstr("field \"number\": the enum's value \"x\" does not fit"));
  EXPECT_THAT(error_of(with_field(R"("labels": {"concat": ["/a", "/b"]})")),
              HasSubstr("json column cannot be concatenated"));
  EXPECT_THAT(
      error_of(R"({"model": "thing", "externalId": "/id", "fields": {"name": "/n"}, "inactiveWhen": {"from": "/a"}})"),
      HasSubstr("\"/inactiveWhen\": needs one of"));
  EXPECT_THAT(
      error_of(
          R"({"model": "thing", "externalId": "/id", "fields": {"name": "/n"}, "goneWhen": {"from": "/a", "present": false}})"),
      HasSubstr("\"/goneWhen/present\": can only be true: to be gone"));
}

TEST(Mapping, WhatMakesARecordAChildIsChecked_SYNC_6) {
  const auto error_of_predicate = [](const std::string& predicate, std::string_view parent_key = "/parent") {
    const auto document = json::Document::parse(predicate);
    const Status status = Mapping().leave_out_children(parent_key, document->root());
    return status.ok() ? std::string() : status.error().message;
  };
  EXPECT_EQ(error_of_predicate(R"({"from": "/level", "equals": [1, null, "x"]})"), "");
  EXPECT_EQ(error_of_predicate(R"({"from": "/level"})"), "");
  EXPECT_THAT(error_of_predicate(R"({"from": "/level", "equals": []})"),
              HasSubstr("\"/equals\": must be an array of 1"));
  EXPECT_THAT(error_of_predicate(R"({"from": "/level", "is": 1})"), HasSubstr("\"/is\": not known here"));
  EXPECT_THAT(error_of_predicate(R"({"equals": 1})"), HasSubstr("\"from\" is missing"));
  EXPECT_THAT(error_of_predicate(R"({"from": "level"})"), HasSubstr("no JSON pointer"));
  EXPECT_NE(error_of_predicate(R"({"from": "/level"})", "parent"), "");
}

TEST(Mapping, BoundsAreKept) {
  std::string deep;
  for (int i = 0; i < 33; ++i) {
    deep += "/a";
  }
  EXPECT_THAT(error_of(with_field("\"name\": \"" + deep + "\"")), HasSubstr("at most 32"));
  std::string many;
  for (int i = 0; i < 257; ++i) {
    many += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\": \"/n\"";
  }
  EXPECT_THAT(error_of(with_field(many)), HasSubstr("1 to 256 fields"));
  EXPECT_THAT(error_of(with_field("\"name\": {\"const\": \"" + std::string(5000, 'x') + "\"}")),
              HasSubstr("longer than 4096 bytes"));
  EXPECT_THAT(error_of(with_field("\"name\": {\"from\": \"/" + std::string(1024, 'x') + "\"}")),
              HasSubstr("longer than 1024 bytes"));
  EXPECT_THAT(error_of(with_field(
                  R"("name": {"firstOf": [{"firstOf": [{"firstOf": [{"firstOf": [{"firstOf": ["/a"]}]}]}]}]})")),
              HasSubstr("nested more than 4 deep"));
}

} // namespace
} // namespace dovetail::mapping

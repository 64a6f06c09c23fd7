// SPDX-License-Identifier: Apache-2.0
// SYNC-13
#include "core/sync/match_file.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/json/document.hpp"

namespace dovetail::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MatchReview review() {
  MatchReview made;
  made.subject = {"acme", "main", "project", "project"};
  made.fields = match_fields({{"code"}, {"name", "client"}});
  made.records = {
      {"r1", {"P-1", "Bridge", "Acme"}}, {"r2", {"P-2", "Quay", "Acme"}}, {"r3", {std::nullopt, "Dam", "Acme"}}};
  made.rows = {{"11", {"p-1", "Old bridge", std::nullopt}},
               {"12", {"P-2", "Quay", "Acme"}},
               {"13", {"P-2", "Quay", "Acme"}},
               {"14", {"P-9", "Else", "Acme"}}};
  made.suggestions = suggest_matches(made.fields.rules, made.records, made.rows);
  made.linked = 4;
  return made;
}

json::Document document() { return *json::Document::parse(to_json(review(), *parse_iso8601("2026-01-05T09:00:00Z"))); }

TEST(MatchFields, NameEachFieldOnce) {
  const MatchFields fields = match_fields({{"code"}, {"name", "client"}, {"code", "client"}});
  EXPECT_THAT(fields.names, ElementsAre("code", "name", "client"));
  EXPECT_THAT(fields.rules, ElementsAre(ElementsAre(0), ElementsAre(1, 2), ElementsAre(0, 2)));
}

TEST(MatchFile, SaysWhatWasFoundInAStableOrder_SYNC_13) {
  const json::Document file = document();
  const json::Value root = file.root();
  EXPECT_EQ(root["form"].as_string(), match_file_form);
  EXPECT_EQ(root.at("/summary").dump(), R"({"matched":1,"conflict":1,"unmatched":1,"linked":4,"rows":4})");
  EXPECT_EQ(root.at("/records/0").dump(),
            R"({"externalId":"r1","status":"matched","rowId":"11","suggestedRowId":"11",)"
            R"("record":{"code":"P-1","name":"Bridge","client":"Acme"},"rule":["code"],)"
            R"("candidates":[{"rowId":"11","row":{"code":"p-1","name":"Old bridge","client":null}}]})");
  EXPECT_EQ(root.at("/records/1/status").as_string(), "conflict");
  EXPECT_TRUE(root.at("/records/1/rowId").is_null());
  EXPECT_EQ(root.at("/records/1/candidates").size(), 2U);
  EXPECT_EQ(root.at("/records/2/status").as_string(), "unmatched");
  EXPECT_EQ(root.at("/otherRows").dump(), R"([{"rowId":"14","row":{"code":"P-9","name":"Else","client":"Acme"}}])");
}

TEST(MatchFile, IsReadAsItWasWritten_SYNC_13) {
  const auto decision = read_match_file(document().root().dump());
  ASSERT_TRUE(decision.ok()) << decision.error().message;
  EXPECT_EQ(decision->subject.connection, "main");
  EXPECT_THAT(decision->pairs, ElementsAre(store::MatchPair{"r1", RowId{11}}));
  EXPECT_EQ(decision->changed, 0U);
  EXPECT_EQ(decision->skipped, 2U);
}

std::string with_records(const std::string& records) {
  return R"({"form":"dovetail.matching/1","tenant":"acme","connection":"main","object":"project","model":"project","records":)" +
         records + "}";
}

TEST(MatchFile, TellsWhatAPersonChose_SYNC_13) {
  const auto decision = read_match_file(with_records(
      R"([{"externalId":"r1","rowId":"14","suggestedRowId":"11"},{"externalId":"r2","rowId":12},{"externalId":"r3","rowId":"15","suggestedRowId":"15"},)"
      R"({"externalId":"r4","rowId":null,"suggestedRowId":"16"}])"));
  ASSERT_TRUE(decision.ok()) << decision.error().message;
  EXPECT_THAT(decision->pairs, ElementsAre(store::MatchPair{"r1", RowId{14}}, store::MatchPair{"r2", RowId{12}},
                                           store::MatchPair{"r3", RowId{15}}));
  EXPECT_EQ(decision->changed, 2U);
  EXPECT_EQ(decision->skipped, 1U);
}

TEST(MatchFile, RefusesWhatItDoesNotUnderstandAndNamesThePlace) {
  const auto message = [](const std::string& text) {
    const auto read = read_match_file(text);
    EXPECT_FALSE(read.ok()) << text;
    return read.ok() ? std::string() : read.error().message;
  };
  EXPECT_THAT(message("{}"), HasSubstr("/form"));
  EXPECT_THAT(message(R"({"form":"dovetail.matching/1"})"), HasSubstr("/tenant"));
  EXPECT_THAT(message(with_records("{}")), HasSubstr("/records"));
  EXPECT_THAT(message(with_records(R"([{"rowId":1}])")), HasSubstr("/records/0"));
  EXPECT_THAT(message(with_records(R"([{"externalId":"a"}])")), HasSubstr("rowId"));
  EXPECT_THAT(message(with_records(R"([{"externalId":"a","rowId":"x1"}])")), HasSubstr("/records/0/rowId"));
  EXPECT_THAT(message(with_records(R"([{"externalId":"a","rowId":-1}])")), HasSubstr("/records/0/rowId"));
  EXPECT_THAT(message(with_records(R"([{"externalId":"a","rowId":1.5}])")), HasSubstr("/records/0/rowId"));
}

} // namespace
} // namespace dovetail::sync

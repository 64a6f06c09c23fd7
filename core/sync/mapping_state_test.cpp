// SPDX-License-Identifier: Apache-2.0
// SYNC-2
#include "core/sync/mapping_state.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace dovetail::sync {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// A column of a board: an element of the array /columns.
AccountField column(std::string key, std::string label, std::string type = "text", std::string scope = "board 1") {
  AccountField field;
  field.scope = std::move(scope);
  field.label = std::move(label);
  field.type = std::move(type);
  field.source = R"({"find":{"in":"/columns","where":"/id","equals":")" + key + R"("},"take":"/text"})";
  field.key = std::move(key);
  return field;
}

AccountFields fields(std::vector<AccountField> of) {
  auto made = make_account_fields(std::move(of));
  EXPECT_TRUE(made.ok());
  return made.ok() ? std::move(*made) : AccountFields();
}

class MappingStateTest : public ::testing::Test {
protected:
  MappingStateTest() {
    object.key = "item";
    object.model = "ticket";
    object.mapping_schema_version = 2;
    object.field_signature_hash = "now";
    add_field("/id", "integer");
    add_field("/name", "text");
    add_field("/owner/id", "integer");
    add_field("/columns", "json");
    object.default_mapping = document.root();
    model.name = "ticket";
    for (const char* const name : {"title", "status", "owner", "notes"}) {
      model.fields.push_back({name, model::FieldType::text, "", false});
    }
    model.fields.push_back({"count", model::FieldType::integer, "", false});
  }

  void add_field(std::string pointer, std::string type) {
    manifest::ObjectField& field = object.fields.emplace_back();
    field.pointer = std::move(pointer);
    field.type = std::move(type);
  }
  [[nodiscard]] MappingState judge(const std::optional<store::MappingOverride>& change,
                                   const std::optional<AccountFields>& accepted = {},
                                   const std::optional<AccountFields>& current = {}) const {
    auto state = judge_mapping(object, change, accepted, current);
    EXPECT_TRUE(state.ok()) << state.error().message;
    return state.ok() ? std::move(*state) : MappingState();
  }
  static store::MappingOverride override_of(std::string body, int version = 2, std::string signature = "now") {
    return {.object = "item",
            .body = std::move(body),
            .mapping_schema_version = version,
            .field_signature_hash = std::move(signature),
            .revision = 1};
  }
  static std::vector<std::string> names(const MappingState& state) {
    std::vector<std::string> found;
    for (const auto& field : state.valid.fields) {
      found.push_back(field.field);
    }
    return found;
  }
  [[nodiscard]] Status check(std::string_view change, const std::optional<AccountFields>& current = {}) const {
    const auto parsed = json::Document::parse(change);
    EXPECT_TRUE(parsed.ok());
    return check_override(object, model, parsed->root(), current);
  }

  json::Document document =
      *json::Document::parse(R"({"model":"ticket","externalId":"/id","fields":{"title":"/name",)"
                             R"("status":{"find":{"in":"/columns","where":"/id","equals":"status"},"take":"/text"}}})");
  manifest::Object object;
  model::Model model;
  AccountFields board = fields({column("status", "Status"), column("date", "Due", "date")});
};

TEST_F(MappingStateTest, TheDefaultAloneIsNeverStaleAgainstItsOwnManifest_SYNC_2) {
  const auto state = judge(std::nullopt);
  EXPECT_FALSE(state.stale());
  EXPECT_FALSE(state.overridden);
  EXPECT_THAT(names(state), ElementsAre("title", "status"));
}

TEST_F(MappingStateTest, AnOverrideOfTheSameVersionAndFieldsIsInOrder_SYNC_2) {
  const auto state = judge(override_of(R"({"fields":{"owner":"/owner/id","title":null}})"));
  EXPECT_FALSE(state.stale());
  EXPECT_THAT(names(state), ElementsAre("status", "owner"));
}

TEST_F(MappingStateTest, AnotherVersionOfTheMappingMakesAnOverrideStale_SYNC_2) {
  const auto state = judge(override_of(R"({"fields":{"owner":"/owner/id"}})", 1));
  EXPECT_TRUE(state.stale());
  EXPECT_TRUE(state.other_version);
  EXPECT_FALSE(state.other_signature);
  EXPECT_THAT(names(state), ElementsAre("title", "status", "owner")) << "all of it can still be read";
  EXPECT_THAT(state.message(), AllOf(StartsWith("Mappings out of date: "), HasSubstr("version 1"), HasSubstr("2"),
                                     HasSubstr("mapping set")));
}

TEST_F(MappingStateTest, FieldsThatTheProviderLostAreLeftOutOfAStaleMapping_SYNC_2) {
  const auto state = judge(override_of(R"({"fields":{"owner":"/owner/login","notes":"/name"}})", 2, "before"));
  EXPECT_TRUE(state.other_signature);
  EXPECT_THAT(names(state), ElementsAre("title", "status", "notes"));
  ASSERT_THAT(state.fields, SizeIs(1));
  EXPECT_EQ(state.fields[0].kind, StaleField::Kind::missing);
  EXPECT_THAT(state.message(), AllOf(HasSubstr("\"owner\""), HasSubstr("/owner/login")));
}

TEST_F(MappingStateTest, WithoutAnyFieldLeftNothingCanBeRead_SYNC_2) {
  const auto state = judge(override_of(R"({"fields":{"title":"/gone","status":null}})", 2, "before"));
  EXPECT_TRUE(state.unusable);
  EXPECT_THAT(names(state), IsEmpty());
}

TEST_F(MappingStateTest, WithoutTheMarkOfArchivedRecordsNothingIsRead_SYNC_7) {
  const auto state = judge(override_of(R"({"inactiveWhen":{"from":"/gone","equals":true}})", 2, "before"));
  EXPECT_TRUE(state.unusable) << "they would all come back";
  ASSERT_THAT(state.fields, SizeIs(1));
  EXPECT_EQ(state.fields[0].field, "inactiveWhen");
}

TEST_F(MappingStateTest, WithoutAFieldThatRecordsAreMatchedByNothingIsRead_SYNC_13) {
  object.match_by = {{"owner"}, {"title", "status"}};
  EXPECT_TRUE(judge(std::nullopt, board, fields({column("date", "Due", "date")})).unusable);
  EXPECT_THAT(check(R"({"fields":{"status":null}})").error().message,
              HasSubstr("\"/fields/status\": cannot be left out"));
  EXPECT_TRUE(check(R"({"fields":{"status":"/name"}})").ok());
}

TEST_F(MappingStateTest, AMarkOfWhatIsGoneIsReadAndJudgedToo_SYNC_7) {
  EXPECT_TRUE(judge(override_of(R"({"goneWhen":{"from":"/gone","equals":true}})", 2, "before")).unusable);
  EXPECT_FALSE(check(R"({"goneWhen":{"from":"/gone","equals":true}})").ok());
  EXPECT_TRUE(judge(override_of(R"({"goneWhen":{"from":"/name","equals":"gone"}})")).valid.gone_when.has_value());
}

TEST_F(MappingStateTest, ATitleCannotMoveTheCursor) {
  const auto state = judge(std::nullopt, board, fields({column("status", "\x1b[2J\n"), column("date", "Due", "date")}));
  EXPECT_THAT(state.message(), AllOf(HasSubstr(R"("\u001b[2J\n")"), Not(HasSubstr("\x1b")), Not(HasSubstr("\n"))));
}

TEST_F(MappingStateTest, TheAccountsFieldsAreAcceptedTheFirstTime_SYNC_2) {
  const auto state = judge(std::nullopt, std::nullopt, board);
  EXPECT_FALSE(state.stale());
  ASSERT_TRUE(state.to_accept);
  EXPECT_FALSE(judge(std::nullopt, board, board).to_accept) << "nothing is new";
}

TEST_F(MappingStateTest, ADeletedColumnMakesTheDefaultStaleAndIsLeftOut_SYNC_2) {
  const auto state = judge(std::nullopt, board, fields({column("date", "Due", "date"), column("status7", "Status")}));
  ASSERT_THAT(state.fields, SizeIs(1));
  EXPECT_EQ(state.fields[0].kind, StaleField::Kind::missing);
  EXPECT_THAT(names(state), ElementsAre("title"));
  EXPECT_THAT(state.message(), AllOf(HasSubstr("\"status\" reads \"Status\" (status) of board 1, which is gone"),
                                     HasSubstr("\"Status\" (status7) of board 1 has its title")));
  EXPECT_FALSE(state.to_accept);
}

TEST_F(MappingStateTest, ARetypedColumnMakesItStaleAndIsLeftOut_SYNC_2) {
  const auto state =
      judge(std::nullopt, board, fields({column("status", "Status", "integer"), column("date", "Due", "date")}));
  ASSERT_THAT(state.fields, SizeIs(1));
  EXPECT_EQ(state.fields[0].kind, StaleField::Kind::retyped);
  EXPECT_THAT(state.message(), HasSubstr("was text and is now integer"));
  EXPECT_THAT(names(state), ElementsAre("title"));
}

TEST_F(MappingStateTest, ARenamedColumnMakesItStaleAndCanStillBeRead_SYNC_2) {
  const auto state = judge(std::nullopt, board, fields({column("status", "Stage"), column("date", "Due", "date")}));
  ASSERT_THAT(state.fields, SizeIs(1));
  EXPECT_EQ(state.fields[0].kind, StaleField::Kind::renamed);
  EXPECT_THAT(state.message(), HasSubstr("is now called \"Stage\""));
  EXPECT_THAT(names(state), ElementsAre("title", "status"));
}

TEST_F(MappingStateTest, ColumnsThatNoMappingReadsMayChange_SYNC_2) {
  const auto state = judge(std::nullopt, board, fields({column("status", "Status"), column("new", "New")}));
  EXPECT_FALSE(state.stale());
  ASSERT_TRUE(state.to_accept);
  EXPECT_THAT(*state.to_accept, SizeIs(2));
}

TEST_F(MappingStateTest, AColumnThatOneOfTwoBoardsLostIsStillReadOfTheOther_SYNC_2) {
  const auto two =
      fields({column("status", "Status"), column("date", "Due"), column("status", "Status", "text", "board 2")});
  const auto state =
      judge(std::nullopt, two, fields({column("date", "Due"), column("status", "Status", "text", "board 2")}));
  ASSERT_THAT(state.fields, SizeIs(1));
  EXPECT_THAT(state.fields[0].what, HasSubstr("board 1"));
  EXPECT_THAT(names(state), ElementsAre("title", "status"));
  // A board that is no longer read at all took its items along.
  EXPECT_FALSE(judge(std::nullopt, two, fields({column("status", "Status", "text", "board 2")})).stale());
}

TEST_F(MappingStateTest, AFieldAtAPointerIsReadWithAllThatIsInIt) {
  AccountField custom;
  custom.key = "x_region";
  custom.label = "Region";
  custom.type = "json";
  custom.source = "/x_region";
  const auto before = fields({custom});
  add_field("/x_region", "json");
  const auto change = override_of(R"({"fields":{"notes":"/x_region/name","owner":"/x_regional"}})");
  AccountField other = custom;
  other.key = "x_other";
  other.source = "/x_other";
  EXPECT_THAT(names(judge(change, before, fields({other}))), ElementsAre("title", "status", "owner"));
}

TEST_F(MappingStateTest, AMessageIsBounded) {
  std::vector<AccountField> many;
  std::string body = R"({"fields":{)";
  for (int i = 0; i < 200; ++i) {
    const std::string name = "c" + std::to_string(i);
    many.push_back(column(name, std::string(300, 'x')));
    body += std::string(i == 0 ? "" : ",") + "\"" + name + "\":" + many.back().source;
  }
  const auto state = judge(override_of(body + "}}"), fields(many), fields({column("other", "Other")}));
  EXPECT_THAT(state.fields, SizeIs(200));
  EXPECT_LE(state.message().size(), limits::max_error_message_bytes);
  EXPECT_THAT(state.message(), HasSubstr("mapping accept"));
}

TEST_F(MappingStateTest, AnOverrideIsCheckedAndThePointerNamed_SYNC_2) {
  EXPECT_TRUE(
      check(R"({"fields":{"owner":"/owner/id","title":null,"notes":"$page/board","status":"/columns/0/text"}})").ok());
  const auto message = [&](std::string_view change) {
    const Status checked = check(change);
    EXPECT_FALSE(checked.ok()) << change;
    return checked.ok() ? std::string() : checked.error().message;
  };
  EXPECT_THAT(message(R"({"fields":{"colour":"/name"}})"), AllOf(HasSubstr("\"/fields/colour\""), HasSubstr("ticket")));
  EXPECT_THAT(message(R"({"fields":{"colour":null}})"), HasSubstr("\"/fields/colour\""));
  EXPECT_THAT(message(R"({"fields":{"notes":"/nme"}})"), AllOf(HasSubstr("\"/fields/notes\""), HasSubstr("/nme")));
  EXPECT_THAT(message(R"({"fields":{"notes":{"concat":["/name","/nme"]}}})"), HasSubstr("/nme"));
  EXPECT_THAT(message(R"({"fields":{"notes":{"from":5}}})"), HasSubstr("\"/fields/notes/from\""));
  EXPECT_THAT(message(R"({"fields":{"count":{"const":"many"}}})"), HasSubstr("\"/fields/count\""));
  EXPECT_THAT(message(R"({"sourceUpdatedAt":"/changed"})"), HasSubstr("\"/sourceUpdatedAt\""));
  EXPECT_THAT(message(R"({"fields":{"title":null,"status":null}})"), HasSubstr("\"/fields\""));
}

TEST_F(MappingStateTest, AnOverrideMayReadTheAccountsOwnFieldsAndNoOthers_SYNC_2) {
  const auto reads = [](const std::string& key) {
    return R"({"fields":{"notes":{"find":{"in":"/columns","where":"/id","equals":")" + key + R"("},"take":"/text"}}})";
  };
  EXPECT_TRUE(check(reads("date"), board).ok());
  const Status unknown = check(reads("dte"), board);
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, AllOf(HasSubstr("\"/fields/notes\""), HasSubstr("\"dte\"")));
  EXPECT_TRUE(check(reads("dte")).ok()) << "where the account is not asked, the manifest's word counts";
}

TEST(AccountFieldsTest, SurviveBeingStored) {
  const auto board = fields({column("status", "Status"), column("date", "Due", "date", "")});
  const auto again = account_fields_from_json(to_json(board));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(to_json(*again), to_json(board));
  EXPECT_EQ((*again)[1].places, board[1].places);
  EXPECT_EQ(account_fields_from_json("[{").error().code, ErrorCode::data_loss);
  EXPECT_EQ(account_fields_from_json(R"([{"key":"a","source":"b"}])").error().code, ErrorCode::data_loss);
}

TEST(StaleMappingTest, HasNames) {
  for (const auto choice : {StaleMapping::block, StaleMapping::run_valid}) {
    EXPECT_EQ(stale_mapping_from_name(to_string(choice)), choice);
  }
  EXPECT_FALSE(stale_mapping_from_name("ignore"));
}

} // namespace
} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#include "core/model/registry.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/model/identifiers.hpp"

namespace dovetail::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

std::vector<std::string> complaints(std::string_view text) {
  const auto document = json::Document::parse(text);
  EXPECT_TRUE(document.ok()) << (document.ok() ? "" : document.error().message);
  std::vector<json::Problem> problems;
  if (document.ok()) {
    const auto model = parse_model(document->root(), problems);
    EXPECT_TRUE(!problems.empty() || !model.name.empty());
  }
  std::vector<std::string> texts;
  texts.reserve(problems.size());
  for (const auto& problem : problems) {
    texts.push_back(problem.text());
  }
  return texts;
}

TEST(Model, ReadsFieldsDerivedFieldsAndIndexes) {
  const auto document = json::Document::parse(R"({"name":"task","label":"Task","version":3,
    "fields":[{"name":"number","type":"integer"},{"name":"begun_at","type":"timestamp"},{"name":"done_at","type":"timestamp"},
              {"name":"owner_email","type":"text","pii":true,"description":"Whose"}],
    "derived":[{"name":"seconds","secondsBetween":{"from":"begun_at","to":"done_at"}},
               {"name":"first_note_at","type":"timestamp","minOf":{"model":"note","field":"written_at","theirKey":"task_number","ourKey":"number",
                "where":[{"field":"author","notEqualsField":"owner_email"},{"field":"kind","equals":"note"},{"field":"gone_at","isNull":true}]}},
               {"name":"reaction_seconds","secondsBetween":{"from":"begun_at","to":"first_note_at"}}],
    "indexes":[["number"],["owner_email","done_at"]]})");
  ASSERT_TRUE(document.ok()) << document.error().message;
  std::vector<json::Problem> problems;
  const auto model = parse_model(document->root(), problems);
  ASSERT_THAT(problems, IsEmpty());
  EXPECT_EQ(model.name, "task");
  EXPECT_EQ(model.version, 3);
  ASSERT_EQ(model.fields.size(), 4U);
  EXPECT_EQ(model.index_of("done_at"), 2U);
  EXPECT_EQ(model.index_of("seconds"), std::nullopt);
  EXPECT_EQ(model.find("number")->type, FieldType::integer);
  EXPECT_TRUE(model.fields[3].pii);
  ASSERT_EQ(model.derived.size(), 3U);
  EXPECT_EQ(model.derived[0].field.type, FieldType::integer);
  EXPECT_EQ(model.derived[1].kind, DerivedField::Kind::min_of);
  EXPECT_EQ(model.derived[1].key, "number");
  ASSERT_EQ(model.derived[1].where.size(), 3U);
  EXPECT_EQ(model.derived[1].where[0].kind, Condition::Kind::not_equals_field);
  EXPECT_EQ(model.derived[1].where[1].value, "note");
  EXPECT_EQ(model.derived[1].where[2].kind, Condition::Kind::is_null);
  EXPECT_EQ(model.derived[2].to, "first_note_at");
  EXPECT_THAT(model.indexes, ElementsAre(ElementsAre("number"), ElementsAre("owner_email", "done_at")));
}

struct Bad {
  std::string_view text;
  std::string_view complaint;
};

TEST(Model, SaysWhatIsWrongAndWhere) {
  const Bad cases[] = {
      {R"([])", "(document): expected object"},
      {R"({"label":"T","fields":[]})", "(document): the member \"name\" is missing"},
      {R"({"name":"Task","label":"T","fields":[{"name":"a","type":"text"}]})", "/name: expected a snake_case name"},
      {R"({"name":"select","label":"T","fields":[{"name":"a","type":"text"}]})", "/name: \"select\" is a word of SQL"},
      {R"({"name":"a_name_of_more_than_forty_eight_characters_altogether","label":"T","fields":[{"name":"a","type":"text"}]})",
       "/name: expected a snake_case name"},
      {R"({"name":"t","label":"T","fields":[]})", "/fields: array should contain no fewer than 1"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"string"}]})",
       "/fields/0/type: expected \"text\", \"integer\""},
      {R"({"name":"t","label":"T","fields":[{"name":"a"}]})", "/fields/0: the member \"type\" is missing"},
      {R"({"name":"t","label":"T","fields":[{"name":"a b; drop table x","type":"text"}]})",
       "/fields/0/name: expected a snake_case name"},
      {R"({"name":"t","label":"T","fields":[{"name":"state","type":"text"}]})",
       "/fields/0/name: every table has a column \"state\" already"},
      {R"({"name":"t","label":"T","fields":[{"name":"order","type":"text"}]})",
       "/fields/0/name: \"order\" is a word of SQL"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"text"},{"name":"a","type":"text"}]})",
       "/fields/1/name: the field \"a\" is declared twice"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"text"}],"indexes":[["b"]]})",
       "/indexes/0/0: \"b\" is no field"},
      {R"({"name":"t","label":"T","version":0,"fields":[{"name":"a","type":"text"}]})",
       "/version: expected number greater than or equal to 1"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"text"}],"derived":[{"name":"d"}]})",
       "/derived/0: a derived field has either"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"text"}],"derived":[{"name":"d","secondsBetween":{"from":"a","to":"b"}}]})",
       "/derived/0/secondsBetween/from: \"a\" is of type text, expected timestamp"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"timestamp"}],"derived":[{"name":"d","type":"real","secondsBetween":{"from":"a","to":"a"}}]})",
       "/derived/0/type: secondsBetween yields an integer"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"integer"}],"derived":[{"name":"d","minOf":{"model":"o","field":"f","theirKey":"k","ourKey":"x"}}]})",
       "/derived/0: minOf needs a \"type\""},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"integer"}],"derived":[{"name":"d","type":"integer","minOf":{"model":"o","field":"f","theirKey":"k","ourKey":"a","where":[{"field":"z"}]}}]})",
       "/derived/0/minOf/where/0: a condition has one of"},
      {R"({"name":"t","label":"T","fields":[{"name":"a","type":"timestamp"}],"derived":[{"name":"a","secondsBetween":{"from":"a","to":"a"}}]})",
       "/derived/0/name: the field \"a\" is declared twice"},
  };
  for (const auto& [text, complaint] : cases) {
    const auto texts = complaints(text);
    ASSERT_FALSE(texts.empty()) << text;
    EXPECT_THAT(texts.front(), HasSubstr(complaint)) << text;
  }
}

TEST(Model, TypesHaveNames) {
  for (const auto* name : {"text", "integer", "real", "boolean", "timestamp", "date", "json"}) {
    const auto type = field_type_from_name(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(to_string(*type), name);
  }
  EXPECT_EQ(field_type_from_name("string"), std::nullopt);
}

TEST(Model, IdentifiersAreSafeInSql) {
  for (const auto* good : {"a", "pull_request", "x9", "commit"}) {
    EXPECT_TRUE(is_identifier(good) && !is_sql_keyword(good)) << good;
  }
  for (const auto* bad : {"", "_a", "a_", "a__b", "9a", "A", "a-b", "a\"b", "a b", "\xC3\xA9"}) {
    EXPECT_FALSE(is_identifier(bad)) << bad;
  }
  EXPECT_FALSE(is_identifier(std::string(49, 'a')));
  EXPECT_TRUE(is_sql_keyword("user") && is_sql_keyword("add") && is_sql_keyword("with"));
}

class Models : public testing::Test {
protected:
  Models() : directory_(fs::path(testing::TempDir()) / ("dovetail_models_" + std::to_string(::getpid()))) {
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(const std::string& name, std::string_view text) const { std::ofstream(directory_ / name) << text; }

  fs::path directory_;
};

TEST(Model, ReadsPolicies_SYNC_1) {
  const auto document = json::Document::parse(R"({"name":"deal","label":"Deal",
    "fields":[{"name":"client","type":"text"},{"name":"theirs","type":"text"},{"name":"state_of","type":"text"}],
    "policies":[{"field":"client","source":"theirs","state":"state_of","default":"write_once","ruleKey":"clientSyncPolicy",
                 "aliases":{"follow_acme":"follow_source"}}]})");
  ASSERT_TRUE(document.ok()) << document.error().message;
  std::vector<json::Problem> problems;
  const auto model = parse_model(document->root(), problems);
  ASSERT_THAT(problems, IsEmpty());
  const auto* const policy = model.find_policy("client");
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->source, "theirs");
  EXPECT_EQ(policy->otherwise, PolicyKind::write_once);
  EXPECT_EQ(policy->kind_from_name("follow_acme"), PolicyKind::follow_source);
  EXPECT_EQ(policy->kind_from_name("preserve_local"), PolicyKind::preserve_local);
  EXPECT_EQ(policy->kind_from_name("sometimes"), std::nullopt);
  EXPECT_EQ(model.find_policy("theirs"), nullptr);
}

TEST(Model, RefusesPoliciesThatCannotWork_SYNC_1) {
  const auto with = [](std::string_view policies) {
    return complaints(
        std::string(R"({"name":"deal","label":"Deal","fields":[{"name":"a","type":"text"},{"name":"b","type":"text"},
      {"name":"c","type":"text"},{"name":"d","type":"text"},{"name":"e","type":"text"},{"name":"n","type":"integer"}],"policies":)") +
        std::string(policies) + "}");
  };
  EXPECT_THAT(with(R"([{"field":"a","source":"b","state":"c"},{"field":"d","source":"b","state":"e"}])"), IsEmpty())
      << "two may follow one source";
  EXPECT_THAT(with(R"([{"field":"a","source":"n","state":"x"}])"),
              ElementsAre(HasSubstr("/policies/0/source: \"n\" is of type integer, expected text"),
                          HasSubstr("/policies/0/state: \"x\" is no field")));
  EXPECT_THAT(with(R"([{"field":"a","source":"a","state":"c"}])"), ElementsAre(HasSubstr("three different fields")));
  EXPECT_THAT(with(R"([{"field":"a","source":"b","state":"c"},{"field":"b","source":"d","state":"e"}])"),
              ElementsAre(HasSubstr("/policies/1/field: \"b\" belongs to another policy")));
  EXPECT_THAT(with(R"([{"field":"a","source":"b","state":"c"},{"field":"d","source":"a","state":"e"}])"),
              ElementsAre(HasSubstr("/policies/1/source: \"a\" belongs to another policy")));
  EXPECT_THAT(with(R"([{"field":"a","source":"b","state":"c","default":"never"}])"),
              ElementsAre(HasSubstr("/policies/0/default")));
  EXPECT_THAT(with(R"([{"field":"a","source":"b","state":"c","ruleKey":"dryRun"}])"),
              ElementsAre(HasSubstr("ends in SyncPolicy")));
}

TEST_F(Models, AMinOfCannotLookAtWhatIsLocal_SYNC_1) {
  write("deal.json",
        R"({"name":"deal","label":"D","fields":[{"name":"client","type":"text"},{"name":"theirs","type":"text"},
    {"name":"state_of","type":"text"},{"name":"at","type":"timestamp"}],"policies":[{"field":"client","source":"theirs","state":"state_of"}]})");
  write("person.json", R"({"name":"person","label":"P","fields":[{"name":"name","type":"text"}],
    "derived":[{"name":"first_at","type":"timestamp","minOf":{"model":"deal","field":"at","theirKey":"client","ourKey":"name"}}]})");
  const auto registry = ModelRegistry::load({directory_});
  ASSERT_TRUE(registry.ok());
  EXPECT_THAT(registry->errors(), ElementsAre(HasSubstr("looks at a field of \"deal\" that a policy makes local")));
}

TEST_F(Models, ABadFileIsNamedAndTheOthersStillLoad) {
  write("good.json", R"({"name":"good","label":"G","fields":[{"name":"a","type":"text"}]})");
  write("bad.json", R"({"name":"bad","label":"B","fields":[{"name":"a","type":"txt"}]})");
  write("broken.json", "{\n\"name\": }");
  write("same.json", R"({"name":"good","label":"G","fields":[{"name":"b","type":"text"}]})");
  const auto registry = ModelRegistry::load({directory_});
  ASSERT_TRUE(registry.ok());
  EXPECT_NE(registry->find("good")->find("a"), nullptr);
  EXPECT_EQ(registry->find("bad"), nullptr);
  EXPECT_THAT(registry->errors(),
              ElementsAre(HasSubstr("bad.json: /fields/0/type: expected"), HasSubstr("broken.json: line 2, column 9"),
                          HasSubstr("same.json: /name: good.json declares the model \"good\" already")));
}

TEST_F(Models, ALinkToWhatIsNotThereIsAnError) {
  const auto with = [](std::string_view name, std::string_view of) {
    return std::string(R"({"name":")") + std::string(name) +
           R"(","label":"L","fields":[{"name":"k","type":"integer"},{"name":"t","type":"timestamp"}],
      "derived":[{"name":"d","type":"timestamp","minOf":{"model":")" +
           std::string(of) + R"(","field":"t","theirKey":"k","ourKey":"k"}}]})";
  };
  write("a.json", with("a", "b"));
  write("b.json", with("b", "c"));
  write("d.json", R"({"name":"d","label":"D","fields":[{"name":"k","type":"integer"},{"name":"t","type":"text"}]})");
  write("e.json", with("e", "d"));
  write("f.json", with("f", "f"));
  const auto registry = ModelRegistry::load({directory_});
  ASSERT_TRUE(registry.ok());
  EXPECT_EQ(registry->all().size(), 2U);
  EXPECT_NE(registry->find("f"), nullptr);
  EXPECT_THAT(registry->errors(),
              testing::UnorderedElementsAre(
                  HasSubstr("b.json: /derived/0 (\"d\"): there is no model \"c\""),
                  HasSubstr("a.json: /derived/0 (\"d\"): there is no model \"b\""),
                  HasSubstr("e.json: /derived/0 (\"d\"): is declared as timestamp, but d.t is of type text")));
}

TEST_F(Models, ALaterDirectoryReplacesAModel) {
  write("a.json", R"({"name":"a","label":"First","fields":[{"name":"x","type":"text"}]})");
  const auto later = directory_ / "later";
  fs::create_directories(later);
  std::ofstream(later / "mine.json") << R"({"name":"a","label":"Second","fields":[{"name":"y","type":"text"}]})";
  const auto registry = ModelRegistry::load({directory_, later});
  ASSERT_TRUE(registry.ok());
  EXPECT_THAT(registry->errors(), IsEmpty());
  EXPECT_EQ(registry->find("a")->label, "Second");
}

TEST_F(Models, AMissingDirectoryIsAnError) {
  EXPECT_EQ(ModelRegistry::load({directory_ / "none"}).error().code, ErrorCode::not_found);
}

TEST(ShippedModels, AreGood) {
  const auto* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
  ASSERT_NE(source, nullptr) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
  const auto registry = ModelRegistry::load({fs::path(source) / "manifests" / "models"});
  ASSERT_TRUE(registry.ok()) << registry.error().message;
  EXPECT_THAT(registry->errors(), IsEmpty());
  for (const auto* name :
       {"member", "repository", "pull_request", "review", "commit", "pull_request_commit", "project"}) {
    EXPECT_NE(registry->find(name), nullptr) << name;
  }
}

} // namespace
} // namespace dovetail::model

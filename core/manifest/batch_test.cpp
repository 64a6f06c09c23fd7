// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/batch.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/manifest/test_manifest.hpp"

namespace dovetail::manifest {
namespace {

using testing::acme;
using testing::acme_with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::parse_good;

constexpr std::string_view anchor = "\"pii\": [\"phone\"],";
constexpr std::string_view batch_section = R"("batch": {
    "keyEnv": "ACME_FERNET",
    "file": {"type": "object", "required": ["company"], "properties": {"company": {"type": "string"}, "areas": {}}},
    "secrets": [{"from": "/key", "secret": "api_key", "notGiven": ["NONE"]}],
    "settings": [{"from": "/company", "to": "company"}, {"from": "/area", "to": "region", "as": "list"}, {"from": "/more", "as": "members"}],
    "auth": [{"when": "/login", "method": "login"}],
    "placeholders": {"equals": ["TBD"], "begins": ["<"], "contains": ["PLACEHOLDER"]},
    "columns": "/columns",
    "objects": ["project", "task"]
  },)";

std::string with_batch(std::string_view from = "", std::string_view to = "") {
  std::string section(batch_section);
  if (!from.empty()) {
    const auto at = section.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    section.replace(at, from.size(), to);
  }
  return acme_with(anchor, std::string(anchor) + section);
}

TEST(Batch_SYNC15, SaysHowAnAccountFileIsRead) {
  const auto manifest = parse_good(with_batch());
  ASSERT_NE(manifest, nullptr);
  ASSERT_TRUE(manifest->batch.has_value());
  const Batch& batch = *manifest->batch;
  EXPECT_EQ(batch.key_variable, "ACME_FERNET");
  ASSERT_EQ(batch.secrets.size(), 1U);
  EXPECT_EQ(batch.secrets[0].from, "/key");
  EXPECT_EQ(batch.secrets[0].secret, "api_key");
  EXPECT_THAT(batch.secrets[0].not_given, ElementsAre("NONE"));
  ASSERT_EQ(batch.settings.size(), 3U);
  EXPECT_EQ(batch.settings[0].form, BatchForm::value);
  EXPECT_EQ(batch.settings[1].form, BatchForm::list);
  EXPECT_EQ(batch.settings[1].to, "region");
  EXPECT_EQ(batch.settings[2].form, BatchForm::members);
  ASSERT_EQ(batch.auth.size(), 1U);
  EXPECT_EQ(batch.auth[0].method, "login");
  EXPECT_EQ(batch.columns, "/columns");
  EXPECT_THAT(batch.objects, ElementsAre("project", "task"));
  ASSERT_NE(batch.file_schema, nullptr);
  const auto file = json::Document::parse(R"({"company": 7})");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(batch.file_schema->validate(file->root()).size(), 1U);
}

TEST(Batch_SYNC15, IsOptional) { EXPECT_FALSE(parse_good(acme)->batch.has_value()); }

TEST(Batch_SYNC15, KnowsPlaceholdersByCase) {
  const Placeholders texts{.equals = {"TBD"}, .begins = {"<"}, .contains = {"REPLACE"}};
  EXPECT_TRUE(texts.match("TBD"));
  EXPECT_TRUE(texts.match("<column>"));
  EXPECT_TRUE(texts.match("col_REPLACE_ME"));
  EXPECT_FALSE(texts.match("TBD2"));
  EXPECT_FALSE(texts.match("tbd"));
  EXPECT_FALSE(texts.match("a<"));
  EXPECT_FALSE(texts.match("replacement"));
  EXPECT_FALSE(texts.match(""));
}

TEST(Batch_SYNC15, PartsThatContradictEachOtherAreTold) {
  struct Case {
    std::string_view from;
    std::string_view to;
    std::string_view complaint;
  };
  const Case cases[] = {
      {"\"secret\": \"api_key\"", "\"secret\": \"nobody\"", "/batch/secrets/0/secret: \"nobody\" is not among"},
      {"\"to\": \"company\"", "\"to\": \"firm\"", "/batch/settings/0/to: \"firm\" is not among the properties"},
      {", \"to\": \"company\"", "", "/batch/settings/0: the member \"to\" is missing"},
      {"\"method\": \"login\"", "\"method\": \"magic\"", "/batch/auth/0/method: \"magic\" is no way of signing in"},
      {"\"task\"]", "\"errand\"]", "/batch/objects/1: \"errand\" is no object"},
      {"[\"project\", \"task\"]", "[\"task\"]", "/batch/objects/0: \"task\" is read below \"project\""},
      {"[\"project\", \"task\"]", "[]", "/batch/objects"},
      {"\"/key\"", "\"key\"", "/batch/secrets/0/from: expected a JSON pointer to a member"},
      {"\"/key\"", "\"\"", "/batch/secrets/0/from: expected a JSON pointer to a member"},
      {"{\"type\": \"object\", \"required\"", "{\"required\"", "/batch/file: an account file is a JSON object"},
      {"{\"type\": \"string\"}", "{\"type\": 7}", "/batch/file"},
      {"\"as\": \"list\"", "\"as\": \"heap\"", "/batch/settings/1/as"},
      {"\"ACME_FERNET\"", "\"acme fernet\"", "/batch/keyEnv"},
  };
  for (const auto& [from, to, complaint] : cases) {
    Findings findings;
    EXPECT_EQ(parse_manifest(with_batch(from, to), findings), nullptr) << from << " -> " << to;
    ASSERT_FALSE(findings.errors.empty()) << from << " -> " << to;
    EXPECT_THAT(findings.errors.front().text(), HasSubstr(complaint)) << from << " -> " << to;
  }
}

TEST(Batch_SYNC15, NoManifestMayDeclareItsOwnSecret) {
  Findings findings;
  EXPECT_EQ(parse_manifest(acme_with("\"name\": \"password\"", "\"name\": \"batch_tokens\""), findings), nullptr);
  ASSERT_FALSE(findings.errors.empty());
  EXPECT_THAT(findings.errors.front().text(), HasSubstr("/secrets/1/name: the host keeps"));
}

} // namespace
} // namespace dovetail::manifest

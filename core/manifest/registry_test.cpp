// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/registry.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/manifest/connection.hpp"
#include "core/manifest/test_manifest.hpp"
#include "core/mapping/mapping.hpp"
#include "core/model/registry.hpp"

namespace dovetail::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class ManifestRegistry : public ::testing::Test {
protected:
  ManifestRegistry()
      : directory_(fs::path(::testing::TempDir()) / ("dovetail_manifests_" + std::to_string(::getpid()))) {
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(const std::string& name, std::string_view text) const { std::ofstream(directory_ / name) << text; }

  fs::path directory_;
};

// CORE-2
TEST_F(ManifestRegistry, AMalformedManifestIsToldAndTheOthersStillLoad) {
  write("a_broken.json", "{");
  write("b_wrong.json", testing::acme_with("\"burst\": 10", "\"burst\": 0"));
  write("c_good.json", testing::acme);
  write("d_other.json", testing::acme_with("\"providerKey\": \"acme\"", "\"providerKey\": \"other\""));
  fs::create_directories(directory_ / "e_folder.json");
  const auto registry = Registry::load({directory_});
  ASSERT_TRUE(registry.ok()) << registry.error().message;
  ASSERT_EQ(registry->all().size(), 2U);
  EXPECT_EQ(registry->find("acme")->file, directory_ / "c_good.json");
  EXPECT_NE(registry->find("other"), nullptr);
  EXPECT_EQ(registry->find("none"), nullptr);
  ASSERT_EQ(registry->errors().size(), 3U);
  EXPECT_EQ(registry->errors()[0].text(),
            (directory_ / "a_broken.json").string() + ": line 1, column 2: expected a member's name in double quotes");
  EXPECT_EQ(registry->errors()[1].pointer, "/rateLimits/burst");
  EXPECT_EQ(registry->errors()[1].file, directory_ / "b_wrong.json");
  EXPECT_THAT(registry->errors()[2].reason, HasSubstr("not a regular file"));
}

TEST_F(ManifestRegistry, OneKeyOneProvider) {
  write("a.json", testing::acme);
  write("b.json", testing::acme);
  const auto later = directory_ / "later";
  fs::create_directories(later);
  std::ofstream(later / "mine.json") << testing::acme_with("\"displayName\": \"Acme\"", "\"displayName\": \"My Acme\"");
  const auto registry = Registry::load({directory_, later});
  ASSERT_TRUE(registry.ok());
  ASSERT_EQ(registry->errors().size(), 1U);
  EXPECT_THAT(registry->errors()[0].text(), HasSubstr("b.json: /providerKey: a.json is the provider \"acme\" already"));
  EXPECT_EQ(registry->find("acme")->display_name, "My Acme");
  std::vector<std::string> warnings;
  for (const auto& warning : registry->warnings()) {
    warnings.push_back(warning.text());
  }
  EXPECT_THAT(warnings, ::testing::Contains(HasSubstr("replaces the provider of")));
}

TEST_F(ManifestRegistry, BoundsTheFiles) {
  EXPECT_EQ(Registry::load({directory_ / "none"}).error().code, ErrorCode::not_found);
  for (std::size_t i = 0; i <= max_manifests; ++i) {
    write(std::to_string(i) + ".json", "{}");
  }
  EXPECT_EQ(Registry::load({directory_}).error().code, ErrorCode::resource_exhausted);
}

class ShippedManifests : public ::testing::Test {
protected:
  void SetUp() override {
    const auto* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
    ASSERT_NE(source, nullptr) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
    folder_ = fs::path(source) / "manifests";
  }
  fs::path folder_;
};

/// Calls `use` for each pointer and page constant that a mapping takes values from.
void for_each_source(const json::Value& source, const std::function<void(std::string_view)>& use) {
  if (const auto text = source.as_string()) {
    use(*text);
  }
  if (const auto text = source["from"].as_string()) {
    use(*text);
  }
  for (const auto* const parts : {"concat", "firstOf"}) {
    for (const auto part : source[std::string_view(parts)].elements()) {
      for_each_source(part, use);
    }
  }
}

TEST_F(ShippedManifests, AreGoodAndFitTheModels) {
  const auto registry = Registry::load({folder_});
  const auto models = model::ModelRegistry::load({folder_ / "models"});
  ASSERT_TRUE(registry.ok() && models.ok());
  for (const auto& notice : registry->errors()) {
    ADD_FAILURE() << notice.text();
  }
  for (const auto& notice : registry->warnings()) {
    ADD_FAILURE() << notice.text();
  }
  ASSERT_FALSE(registry->all().empty());
  for (const auto* const manifest : registry->all()) {
    for (const auto& object : manifest->objects) {
      const auto* const model = models->find(object.model);
      ASSERT_NE(model, nullptr) << manifest->provider_key << "/" << object.key;
      const auto declared = [&](std::string_view source) {
        EXPECT_TRUE(source.starts_with("$page/") || object.find_field(source) != nullptr)
            << manifest->provider_key << "/" << object.key << ": " << source << " is mapped but no field of the object";
      };
      for (const auto [field, source] : object.default_mapping["fields"].members()) {
        const auto* const column = model->find(field);
        EXPECT_NE(column, nullptr) << object.key << ": the model " << model->name << " has no field " << field;
        for_each_source(source, declared);
        if (const auto* const from = object.find_field(source.as_string().value_or(""));
            from != nullptr && column != nullptr) {
          // A text takes whole numbers as they are written: ids, where one model serves several providers.
          const bool widened = from->type == "integer" && column->type == model::FieldType::text;
          EXPECT_TRUE(widened || from->type == to_string(column->type))
              << object.key << "." << field << ": " << from->type;
          EXPECT_EQ(from->pii, column->pii) << object.key << "." << field;
        }
      }
      const auto mapping = mapping::Mapping::parse(object.default_mapping);
      ASSERT_TRUE(mapping.ok()) << object.key << ": " << mapping.error().message;
      const auto compiled = mapping::compile(*mapping, *model);
      EXPECT_TRUE(compiled.ok()) << object.key << ": " << compiled.error().message;
      for_each_source(object.default_mapping["externalId"], declared);
      for_each_source(object.default_mapping["sourceUpdatedAt"], declared);
      for_each_source(object.default_mapping["inactiveWhen"], declared);
      for (const auto& rule : object.match_by) {
        for (const auto& field : rule) {
          EXPECT_NE(model->find(field), nullptr) << object.key << ": matchBy " << field;
        }
      }
      if (object.parent) {
        const auto* const parent_model = models->find(manifest->find_object(object.parent->object)->model);
        for (const auto& [name, field] : object.parent->fields) {
          EXPECT_NE(parent_model->find(field), nullptr) << object.key << ": parent field " << field;
        }
      }
    }
  }
}

// PROV-GITHUB
TEST_F(ShippedManifests, GithubIsReachedWhereTheConfigSays) {
  const auto registry = Registry::load({folder_});
  ASSERT_TRUE(registry.ok());
  const auto* const github = registry->find("github");
  ASSERT_NE(github, nullptr);
  std::vector<std::string> keys;
  keys.reserve(github->objects.size());
  for (const auto& object : github->objects) {
    keys.push_back(object.key);
  }
  EXPECT_THAT(keys, ElementsAre("member", "repository", "pull_request", "review", "commit", "pull_request_commit"));
  const auto resolve = [&](std::string_view config) {
    const auto document = json::Document::parse(config);
    return resolve_connection(*github, document->root(), [](std::string_view) { return std::nullopt; });
  };
  const auto base_url = [&](std::string_view config) {
    const auto connection = resolve(config);
    return connection.ok() ? connection->base_url : connection.error().message;
  };
  EXPECT_EQ(base_url(R"({"organization":"acme"})"), "https://api.github.com");
  EXPECT_EQ(
      base_url(R"({"organization":"acme","environment":"enterprise_server","hostname":"github.acme.example:8443"})"),
      "https://github.acme.example:8443/api/v3");
  EXPECT_EQ(base_url(R"({"organization":"acme","environment":"data_residency","subdomain":"octo"})"),
            "https://api.octo.ghe.com");
  EXPECT_EQ(
      base_url(
          R"({"organization":"acme","environment":"custom","baseUrl":"http://127.0.0.1:9000","allowPlainHttp":true})"),
      "http://127.0.0.1:9000");
  EXPECT_THAT(base_url(R"({"organization":"acme","environment":"enterprise_server"})"),
              HasSubstr("the member \"hostname\" is missing"));
  EXPECT_THAT(base_url(R"({"organization":"acme/x"})"), HasSubstr("/organization: expected an organisation's handle"));
  EXPECT_THAT(base_url(R"({"organisation":"acme"})"), HasSubstr("the member \"organisation\" is not known here"));
  const auto connection = resolve(
      R"({"organization":"acme","repositories":["widgets","acme/gears","7001"],"apiVersion":"2026-03-10","auth":"anonymous"})");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->auth->kind, AuthKind::none);
  EXPECT_EQ(connection->headers[1].name, "X-GitHub-Api-Version");
  EXPECT_EQ(connection->headers[1].value, "2026-03-10");
}

} // namespace
} // namespace dovetail::manifest

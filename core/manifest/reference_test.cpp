// SPDX-License-Identifier: Apache-2.0
// The examples of docs/reference/manifest.md are what they say they are.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/json/file.hpp"
#include "core/manifest/connection.hpp"
#include "core/manifest/registry.hpp"
#include "core/manifest/test_manifest.hpp"
#include "core/model/registry.hpp"

namespace dovetail::manifest {
namespace {

std::vector<std::string> json_blocks(std::string_view text) {
  constexpr std::string_view opener = "```json\n";
  std::vector<std::string> blocks;
  for (auto at = text.find(opener); at != std::string_view::npos; at = text.find(opener, at)) {
    at += opener.size();
    const auto end = text.find("```", at);
    blocks.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return blocks;
}

TEST(ManifestReference, ItsExamplesAreGood) {
  const auto* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
  ASSERT_NE(source, nullptr) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
  const std::filesystem::path folder(source);
  const auto text = json::read_file(folder / "docs" / "reference" / "manifest.md");
  const auto registry = Registry::load({folder / "manifests"});
  ASSERT_TRUE(text.ok() && registry.ok());
  int manifests = 0;
  int models = 0;
  int configs = 0;
  for (const auto& block : json_blocks(*text)) {
    const auto fragment = block.starts_with('{') ? block : "{" + block + "}";
    const auto document = json::Document::parse(fragment);
    ASSERT_TRUE(document.ok()) << document.error().message << "\n" << block;
    const auto root = document->root();
    if (root["providerKey"].exists()) {
      EXPECT_NE(testing::parse_good(block), nullptr);
      ++manifests;
    } else if (root["fields"].is_array()) {
      std::vector<json::Problem> problems;
      const auto model = model::parse_model(root, problems);
      EXPECT_TRUE(problems.empty()) << model.name << ": " << problems.front().text();
      ++models;
    } else if (root["organization"].exists()) {
      const auto connection = resolve_connection(*registry->find("github"), root);
      EXPECT_TRUE(connection.ok()) << connection.error().message;
      ++configs;
    }
  }
  EXPECT_EQ(manifests, 1);
  EXPECT_EQ(models, 1);
  EXPECT_EQ(configs, 1);
}

} // namespace
} // namespace dovetail::manifest

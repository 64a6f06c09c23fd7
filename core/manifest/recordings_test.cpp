// SPDX-License-Identifier: Apache-2.0
// The shipped mappings over answers that GitHub really gave (PROV-GITHUB, SYNC-3): every field converts.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/json/document.hpp"
#include "core/json/scan.hpp"
#include "core/manifest/registry.hpp"
#include "core/mapping/page_mapper.hpp"
#include "core/model/registry.hpp"

namespace dovetail::manifest {
namespace {

namespace fs = std::filesystem;

/// The parts of a path between its slashes, without the query and an Enterprise Server's prefix.
std::vector<std::string_view> segments_of(std::string_view path) {
  constexpr std::string_view prefix = "/api/v3";
  path = path.substr(0, path.find('?'));
  if (path.starts_with(prefix)) {
    path.remove_prefix(prefix.size());
  }
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    const auto end = std::min(path.find('/', 1), path.size());
    segments.push_back(path.substr(1, end - 1));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_made_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// Which object a recorded path lists, or shows one record of; "" for all others.
std::string_view object_of(std::string_view path) {
  constexpr std::string_view digits = "0123456789";
  const auto parts = segments_of(path);
  const auto count = parts.size();
  if (count == 3 && parts[0] == "orgs") {
    return parts[2] == "members" ? "member" : (parts[2] == "repos" ? "repository" : "");
  }
  if (count < 4 || parts[0] != "repos") {
    return "";
  }
  if (parts[3] == "commits") {
    const bool one = count == 5 && parts[4].size() == 40 && is_made_of(parts[4], "0123456789abcdef");
    return count == 4 || one ? "commit" : "";
  }
  if (parts[3] != "pulls" || (count > 4 && !is_made_of(parts[4], digits))) {
    return "";
  }
  if (count <= 5) {
    return "pull_request";
  }
  if (parts[5] == "reviews" && (count == 6 || (count == 7 && is_made_of(parts[6], digits)))) {
    return "review";
  }
  return parts[5] == "commits" && count == 6 ? "pull_request_commit" : "";
}

class Recordings : public ::testing::Test {
protected:
  void SetUp() override {
    const auto* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
    ASSERT_NE(source, nullptr) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
    folder_ = fs::path(source).parent_path() / "shared" / "recordings" / "github";
    if (!fs::exists(folder_)) {
      GTEST_SKIP() << "no recordings beside the project";
    }
    auto registry = Registry::load({fs::path(source) / "manifests"});
    auto models = model::ModelRegistry::load({fs::path(source) / "manifests" / "models"});
    ASSERT_TRUE(registry.ok() && models.ok());
    for (const auto& object : registry->find("github")->objects) {
      const auto spec = mapping::Mapping::parse(object.default_mapping);
      ASSERT_TRUE(spec.ok()) << spec.error().message;
      auto compiled = mapping::compile(*spec, *models->find(object.model));
      ASSERT_TRUE(compiled.ok()) << compiled.error().message;
      mappings_.emplace(object.key, std::move(*compiled));
    }
  }

  /// Maps one answer and counts its rows.
  void map(const std::string& object, std::string body, const std::string& where) {
    static constexpr mapping::Constant constants[] = {
        {"role", json_string, "member"},
        {"repository_id", json_string, "7001"},
        {"repository_full_name", json_string, "acme/widgets"},
        {"pull_request_id", json_string, "9001"},
        {"pull_request_number", mapping::Scalar::Kind::number, "41"},
    };
    const auto size = body.size();
    body.resize(size + limits::json_padding, ' ');
    mapping::PageRows rows;
    const auto mapper = mapping::make_page_mapper(mappings_.at(object));
    const auto stats = mapper->map({body.data(), size}, "", constants, rows);
    ASSERT_TRUE(stats.ok()) << where << ": " << stats.error().message;
    EXPECT_EQ(stats->failed, 0U) << where;
    for (const auto& field : stats->errors) {
      errors_.push_back(where + " " + object + "." + field.field);
    }
    rows_[object] += stats->rows;
  }

  static constexpr auto json_string = mapping::Scalar::Kind::string;
  fs::path folder_;
  std::map<std::string, mapping::CompiledMapping> mappings_;
  std::map<std::string, std::uint64_t> rows_;
  std::vector<std::string> errors_;
};

TEST_F(Recordings, EveryFieldOfEveryRecordConverts) {
  for (const auto* const name : {"pygithub.jsonl", "octokit-rb.jsonl"}) {
    std::ifstream file(folder_ / name);
    ASSERT_TRUE(file) << name;
    for (std::string line; std::getline(file, line);) {
      const auto document = json::Document::parse(line, {.max_bytes = limits::max_page_bytes});
      ASSERT_TRUE(document.ok()) << document.error().message;
      const auto root = document->root();
      const auto object = std::string(object_of(root.string_or("/path", "")));
      const std::string body(root.string_or("/body", ""));
      const auto shape = json::find_at(body, "");
      if (root["method"].as_string() != "GET" || root["status"].as_int64() != 200 || object.empty() || !shape.ok()) {
        continue;
      }
      const bool one_record = shape->kind == json::Kind::object;
      if (one_record &&
          !json::find_at(body, object == "commit" || object == "pull_request_commit" ? "/sha" : "/id")->raw.data()) {
        continue;
      }
      map(object, body,
          std::string(name) + " " + std::string(root.string_or("/scenario", "")) + "#" +
              std::to_string(root.int64_or("/seq", 0)));
    }
  }
  for (const auto& [object, compiled] : mappings_) {
    EXPECT_GT(rows_[object], 0U) << "no recorded " << object;
  }
  EXPECT_GE(rows_["pull_request"], 30U);
  // The recorder of one answer put a placeholder into the middle of a time.
  const std::string spoiled =
      "octokit-rb.jsonl Octokit_Client_Reviews/_pull_request_reviews/returns_a_list_of_all_pull_request_reviews#1";
  EXPECT_THAT(errors_,
              ::testing::UnorderedElementsAre(spoiled + " review.sourceUpdatedAt", spoiled + " review.submitted_at"));
}

} // namespace
} // namespace dovetail::manifest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "tests/simulators/github/simulator.hpp"

/// A naive reader of a simulator for its own tests: asks in process, reads with a plain DOM, follows links.
namespace dovetail::simulators::github {

inline constexpr std::string_view test_base = "https://api.example.test";
inline constexpr const char* test_token = "test-token";

inline SimulatorOptions small_world(std::uint64_t seed = 1) {
  SimulatorOptions options;
  options.world.seed = seed;
  OrganisationOptions acme;
  acme.login = "acme";
  acme.members = 35;
  acme.outsiders = 4;
  acme.repositories = 5;
  acme.pull_requests = 160;
  acme.commits_per_repository = 75;
  OrganisationOptions other = acme;
  other.login = "other-org";
  other.pull_requests = 20;
  options.world.organisations = {acme, other};
  options.tokens = {{test_token, "", {"acme"}}, {"other-token", "", {"other-org"}}};
  options.api_base = test_base;
  return options;
}

class TestClient {
public:
  explicit TestClient(Handler& handler, std::string token = test_token) : handler_(handler), token_(std::move(token)) {}

  Answer get(const std::string& target, std::vector<Header> headers = {}) {
    SimRequest request;
    request.target = target;
    request.headers = std::move(headers);
    request.headers.push_back({"User-Agent", "test"});
    request.headers.push_back({"Authorization", "Bearer " + token_});
    return handler_.handle(request);
  }

  static rapidjson::Document parse(const Answer& answer) {
    rapidjson::Document document;
    document.Parse(answer.content().data(), answer.content().size());
    EXPECT_FALSE(document.HasParseError()) << answer.content().substr(0, 200);
    return document;
  }

  /// The target of the link of that relation, without the base; empty when there is none.
  static std::string link(const Answer& answer, std::string_view relation) {
    const std::string_view text = answer.header("Link").value_or("");
    const std::size_t mark = text.find("; rel=\"" + std::string(relation) + "\"");
    if (mark == std::string_view::npos) {
      return {};
    }
    const std::size_t start = text.rfind('<', mark);
    std::string_view url = text.substr(start + 1, mark - start - 2);
    EXPECT_TRUE(url.starts_with(test_base)) << url;
    return std::string(url.substr(test_base.size()));
  }

  /// All rows of a list, page by page.
  std::vector<rapidjson::Document> walk(std::string target) {
    std::vector<rapidjson::Document> rows;
    while (!target.empty()) {
      const Answer answer = get(target);
      EXPECT_EQ(answer.status, 200) << target;
      const rapidjson::Document page = parse(answer);
      if (answer.status != 200 || !page.IsArray()) {
        break;
      }
      for (const auto& row : page.GetArray()) {
        rows.emplace_back().CopyFrom(row, rows.back().GetAllocator());
      }
      target = link(answer, "next");
    }
    return rows;
  }

private:
  Handler& handler_;
  const std::string token_;
};

} // namespace dovetail::simulators::github

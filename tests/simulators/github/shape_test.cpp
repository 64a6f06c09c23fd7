// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "tests/simulators/github/test_client.hpp"
#include "tests/simulators/replay.hpp"

// The simulated answers have the keys and the types of recorded ones.
namespace dovetail::simulators::github {
namespace {

const char* type_name(const rapidjson::Value& value) {
  return value.IsNull()     ? "null"
         : value.IsBool()   ? "boolean"
         : value.IsNumber() ? "number"
         : value.IsString() ? "string"
         : value.IsArray()  ? "array"
                            : "object";
}

/// Where `real` has something that `simulated` lacks or holds in another type. null goes with every type.
void compare(const rapidjson::Value& real, const rapidjson::Value& simulated, const std::string& where,
             std::set<std::string>& out) {
  if (real.IsNull() || simulated.IsNull()) {
    return;
  }
  if (real.GetType() != simulated.GetType() && !(real.IsBool() && simulated.IsBool())) {
    out.insert(where + ": " + type_name(real) + " became " + type_name(simulated));
  } else if (real.IsObject()) {
    for (const auto& member : real.GetObject()) {
      const std::string place = where + "/" + member.name.GetString();
      const auto found = simulated.FindMember(member.name);
      if (found == simulated.MemberEnd()) {
        out.insert(place + ": missing");
      } else {
        compare(member.value, found->value, place, out);
      }
    }
  } else if (real.IsArray() && real.Size() > 0 && simulated.Size() > 0) {
    compare(real[0], simulated[0], where + "/0", out);
  }
}

class RecordedShapes : public testing::Test {
protected:
  void SetUp() override {
    const char* source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    file_ = std::string(source == nullptr ? "." : source) + "/../shared/recordings/github/pygithub.jsonl";
    if (!std::filesystem::exists(file_)) {
      GTEST_SKIP() << "the recordings are not here: " << file_;
    }
  }

  /// The recorded body at that place.
  rapidjson::Document recorded(const std::string& scenario, std::int64_t sequence) const {
    const Result<std::vector<Exchange>> exchanges = load_recordings(file_, {scenario});
    EXPECT_TRUE(exchanges.ok());
    const auto found = std::find_if(exchanges->begin(), exchanges->end(),
                                    [&](const Exchange& exchange) { return exchange.sequence == sequence; });
    EXPECT_NE(found, exchanges->end());
    rapidjson::Document document;
    document.Parse(found->body.data(), found->body.size());
    EXPECT_TRUE(document.IsObject() || document.IsArray()) << scenario << "#" << sequence;
    return document;
  }

  /// Compares with several simulated answers, because optional parts are null in some of them.
  std::set<std::string> missing(const rapidjson::Document& real, const std::vector<std::string>& targets) {
    std::set<std::string> problems;
    for (const std::string& target : targets) {
      const Answer answer = client_.get(target);
      EXPECT_EQ(answer.status, 200) << target;
      compare(real, TestClient::parse(answer), "", problems);
    }
    return problems;
  }

  static SimulatorOptions options() {
    SimulatorOptions options = small_world(3);
    options.limits = {.primary = 0, .points_per_minute = 0, .concurrent = 0};
    return options;
  }

  std::vector<std::string> pulls(const std::string& suffix) const {
    std::vector<std::string> targets(25);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      targets[i] = "/repositories/7000000000/pulls/" + std::to_string(pull_number(static_cast<int>(i))) + suffix;
    }
    return targets;
  }

  VirtualClock clock_{Timestamp{std::chrono::seconds{1'800'000'000}}};
  GithubSimulator simulator_{options(), clock_};
  TestClient client_{simulator_};
  std::string file_;
};

using Problems = std::set<std::string>;

TEST_F(RecordedShapes, PullRequestsAreComplete) {
  EXPECT_EQ(missing(recorded("CompletableGithubObjectWithPaginatedProperty.testPullCommitsFiles", 5), pulls("")),
            Problems{});
}

TEST_F(RecordedShapes, ListedPullRequestsLackExactlyTheDetails) {
  rapidjson::Document real;
  const rapidjson::Document detail = recorded("CompletableGithubObjectWithPaginatedProperty.testPullCommitsFiles", 5);
  real.SetArray();
  real.PushBack(rapidjson::Value(detail, real.GetAllocator()), real.GetAllocator());
  const Problems expected = {
      "/0/additions: missing", "/0/changed_files: missing",   "/0/comments: missing",
      "/0/commits: missing",   "/0/deletions: missing",       "/0/maintainer_can_modify: missing",
      "/0/mergeable: missing", "/0/mergeable_state: missing", "/0/merged: missing",
      "/0/merged_by: missing", "/0/rebaseable: missing",      "/0/review_comments: missing"};
  EXPECT_EQ(missing(real, {"/repositories/7000000000/pulls?state=all&per_page=100"}), expected);
}

TEST_F(RecordedShapes, CommitsAreComplete) {
  const rapidjson::Document real = recorded("CompletableGithubObjectWithPaginatedProperty.testPullCommitsFiles", 1);
  EXPECT_EQ(missing(real, pulls("/commits")), Problems{});
  EXPECT_EQ(missing(real, {"/repositories/7000000000/commits?per_page=100"}), Problems{});
}

TEST_F(RecordedShapes, ReviewsAreCompleteButForPendingOnes) {
  const rapidjson::Document real = recorded("PullRequestReview.testAttributes", 1);
  for (const std::string& target : pulls("/reviews")) {
    const rapidjson::Document page = TestClient::parse(client_.get(target));
    for (const auto& review : page.GetArray()) {
      Problems problems;
      compare(real[0], review, "", problems);
      const bool pending = std::string_view(review["state"].GetString()) == "PENDING";
      EXPECT_EQ(problems, pending ? Problems{"/submitted_at: missing"} : Problems{});
    }
  }
}

TEST_F(RecordedShapes, UsersAndRepositoriesAreComplete) {
  const std::string login = simulator_.with_world([](const World& world) { return world.user({0, 1}).login; });
  EXPECT_EQ(missing(recorded("NamedUser.setUp", 1), {"/users/" + login}), Problems{});
  EXPECT_EQ(missing(recorded("NamedUser.testGetOrganizationMembership", 2), {"/orgs/acme/memberships/" + login}),
            Problems{});
  EXPECT_EQ(missing(recorded("Repository.setUp", 1), {"/repositories/7000000000", "/repositories/7000000001"}),
            Problems{"/security_and_analysis: missing"});
}

} // namespace
} // namespace dovetail::simulators::github

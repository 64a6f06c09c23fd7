// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/simulators/github/test_client.hpp"
#include "tests/simulators/github/truth.hpp"

// The simulated GitHub read from outside, page by page, against what the world says of itself.
namespace dovetail::simulators::github {
namespace {

const Timestamp noon{std::chrono::seconds{1'800'000'000}};

std::string text(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd()) {
    return "(absent)";
  }
  if (found->value.IsNull()) {
    return "(null)";
  }
  if (found->value.IsString()) {
    return {found->value.GetString(), found->value.GetStringLength()};
  }
  return found->value.IsInt64() ? std::to_string(found->value.GetInt64()) : found->value.IsTrue() ? "true" : "false";
}

std::string text(const std::optional<std::string>& value) { return value.value_or("(null)"); }
std::string text(const std::optional<sys_seconds>& value) { return value ? format_instant(*value) : "(null)"; }
const char* text(bool value) { return value ? "true" : "false"; }
std::string user_id(const rapidjson::Value& object, const char* name) {
  return object[name].IsNull() ? "(null)" : text(object[name], "id");
}

/// Everything that a sync keeps, as sorted lines: two ways to the same lines are compared.
using Lines = std::multiset<std::string>;

template <typename... Parts> std::string line(const Parts&... parts) {
  std::string joined;
  ((joined += std::string(parts) + " | "), ...);
  return joined;
}

struct Crawl {
  Lines members, repositories, pulls, reviews, pull_commits, commits;
};

std::int64_t seconds_of(const std::string& instant) { return parse_instant(instant)->time_since_epoch().count(); }

/// Section 10 of the fact sheet, once more and from the JSON alone.
std::string review_time(const rapidjson::Value& pull, const std::vector<rapidjson::Document>& reviews) {
  std::optional<std::int64_t> best;
  for (const rapidjson::Document& review : reviews) {
    if (text(review, "state") == "PENDING" || !review.HasMember("submitted_at") || review["user"].IsNull() ||
        text(review["user"], "type") == "Bot" || user_id(review, "user") == user_id(pull, "user")) {
      continue;
    }
    const std::int64_t waited = seconds_of(text(review, "submitted_at")) - seconds_of(text(pull, "created_at"));
    best = best ? std::min(*best, waited) : waited;
  }
  return best ? std::to_string(*best) : "(null)";
}

std::string commit_line(const std::string& scope, const rapidjson::Value& row) {
  const rapidjson::Value& commit = row["commit"];
  std::string parents;
  for (const auto& parent : row["parents"].GetArray()) {
    parents += text(parent, "sha");
  }
  return line(scope, text(row, "sha"), text(commit, "message"), text(commit["author"], "name"),
              text(commit["author"], "email"), text(commit["author"], "date"), text(commit["committer"], "date"),
              user_id(row, "author"), parents);
}

void crawl_pull(TestClient& client, const std::string& repository, const std::string& path,
                const rapidjson::Value& pull, Crawl& crawl) {
  const std::string number = text(pull, "number");
  const std::string scope = repository + "#" + number;
  const std::string below = path + "/pulls/" + number;
  const std::vector<rapidjson::Document> reviews = client.walk(below + "/reviews?per_page=2");
  for (const rapidjson::Document& review : reviews) {
    crawl.reviews.insert(line(repository, text(pull, "id"), text(review, "id"), user_id(review, "user"),
                              text(review, "state"), text(review, "submitted_at"), text(review, "commit_id"),
                              text(review, "body")));
  }
  for (const rapidjson::Document& commit : client.walk(below + "/commits?per_page=100")) {
    crawl.pull_commits.insert(commit_line(scope, commit));
  }
  const std::string merged = text(pull, "merged_at");
  const std::string cycle =
      merged == "(null)" ? merged : std::to_string(seconds_of(merged) - seconds_of(text(pull, "created_at")));
  crawl.pulls.insert(line(repository, text(pull, "id"), number, text(pull, "title"), text(pull, "body"),
                          text(pull, "state"), text(pull, "draft"), text(pull, "locked"), text(pull, "created_at"),
                          text(pull, "updated_at"), text(pull, "closed_at"), merged, user_id(pull, "user"),
                          text(pull, "author_association"), text(pull["base"], "ref"), text(pull["base"], "sha"),
                          text(pull["head"], "ref"), text(pull["head"], "sha"), cycle, review_time(pull, reviews)));
}

Crawl crawl(TestClient& client, const std::string& organisation) {
  Crawl found;
  for (const char* role : {"admin", "member"}) {
    for (const rapidjson::Document& member :
         client.walk("/orgs/" + organisation + "/members?per_page=7&role=" + role)) {
      const rapidjson::Document user = TestClient::parse(client.get("/users/" + text(member, "login")));
      found.members.insert(
          line(text(member, "id"), text(member, "login"), role, text(user, "email"), text(user, "name")));
    }
  }
  for (const rapidjson::Document& repository : client.walk("/orgs/" + organisation + "/repos?per_page=2")) {
    const std::string id = text(repository, "id");
    found.repositories.insert(line(id, text(repository, "full_name"), text(repository, "description"),
                                   text(repository, "private"), text(repository, "fork"), text(repository, "archived"),
                                   text(repository, "visibility"), text(repository, "default_branch"),
                                   text(repository, "language"), text(repository, "created_at"),
                                   text(repository, "updated_at"), text(repository, "pushed_at")));
    const std::string path = "/repos/" + text(repository, "full_name");
    for (const rapidjson::Document& pull :
         client.walk(path + "/pulls?state=all&sort=updated&direction=desc&per_page=9")) {
      crawl_pull(client, id, path, pull, found);
    }
    if (client.get(path + "/commits").status == 409) {
      continue;
    }
    for (const rapidjson::Document& commit : client.walk(path + "/commits?per_page=11")) {
      found.commits.insert(commit_line(id, commit));
    }
  }
  return found;
}

std::string commit_line(const std::string& scope, const CommitTruth& truth) {
  std::string parents;
  for (const std::string& parent : truth.commit.parents) {
    parents += parent;
  }
  const Commit& commit = truth.commit;
  return line(scope, commit.sha, commit.message, commit.author.name, commit.author.email,
              format_instant(commit.author.date), format_instant(commit.committer.date),
              truth.author ? std::to_string(truth.author->id) : "(null)", parents);
}

Crawl expected(const Truth& truth) {
  Crawl lines;
  const auto number = [](const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "(null)";
  };
  const auto id_of = [](const std::optional<User>& user) {
    return user ? std::to_string(user->id) : std::string("(null)");
  };
  for (const Member& member : truth.members) {
    lines.members.insert(line(std::to_string(member.user.id), member.user.login, to_string(member.role),
                              text(member.user.email), text(member.user.name)));
  }
  for (const Repository& one : truth.repositories) {
    lines.repositories.insert(line(std::to_string(one.id), one.full_name(), text(one.description), text(one.is_private),
                                   text(one.fork), text(one.archived), one.visibility, one.default_branch,
                                   text(one.language), format_instant(one.created_at), format_instant(one.updated_at),
                                   text(one.pushed_at)));
  }
  for (const PullTruth& one : truth.pulls) {
    const Pull& pull = one.pull;
    lines.pulls.insert(line(std::to_string(one.repository_id), std::to_string(pull.id), std::to_string(pull.number),
                            pull.title, text(pull.body), pull.state(), text(pull.draft), text(pull.locked),
                            format_instant(pull.created_at), format_instant(pull.updated_at), text(pull.closed_at),
                            text(pull.merged_at), id_of(one.author), pull.author_association, pull.base_ref,
                            pull.base_sha, pull.head_ref, pull.head_sha, number(one.cycle_time_seconds),
                            number(one.review_time_seconds)));
  }
  for (const ReviewTruth& one : truth.reviews) {
    const Review& review = one.review;
    lines.reviews.insert(line(std::to_string(one.repository_id), std::to_string(one.pull_id), std::to_string(review.id),
                              id_of(one.user), to_string(review.state),
                              review.submitted_at ? format_instant(*review.submitted_at) : "(absent)",
                              text(review.commit_id), review.body));
  }
  for (const CommitTruth& one : truth.pull_commits) {
    lines.pull_commits.insert(
        commit_line(std::to_string(one.repository_id) + "#" + std::to_string(one.pull_number), one));
  }
  for (const CommitTruth& one : truth.commits) {
    lines.commits.insert(commit_line(std::to_string(one.repository_id), one));
  }
  return lines;
}

void expect_equal(const Crawl& left, const Crawl& right) {
  EXPECT_EQ(left.members, right.members);
  EXPECT_EQ(left.repositories, right.repositories);
  EXPECT_EQ(left.pulls, right.pulls);
  EXPECT_EQ(left.reviews, right.reviews);
  EXPECT_EQ(left.pull_commits, right.pull_commits);
  EXPECT_EQ(left.commits, right.commits);
}

SimulatorOptions unlimited(std::uint64_t seed) {
  SimulatorOptions options = small_world(seed);
  options.limits = {.primary = 0, .points_per_minute = 0, .concurrent = 0};
  return options;
}

TEST(SimulatedGithub, FullCrawlFindsExactlyWhatTheWorldHolds) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    VirtualClock clock(noon);
    GithubSimulator simulator(unlimited(seed), clock);
    TestClient client(simulator);
    const Crawl found = crawl(client, "acme");
    EXPECT_EQ(found.members.size(), 35U);
    EXPECT_EQ(found.repositories.size(), 5U);
    EXPECT_EQ(found.pulls.size(), 160U);
    EXPECT_EQ(found.commits.size(), 4U * 75U);
    expect_equal(found, expected(simulator.with_world([](const World& world) { return truth_of(world, 0); })));
    EXPECT_TRUE(simulator.undescribed_requests().empty());
  }
}

TEST(SimulatedGithub, CrawlAfterMutationsFindsTheChangedWorld) {
  VirtualClock clock(noon);
  GithubSimulator simulator(unlimited(4), clock);
  TestClient client(simulator);
  MutationCounts counts;
  counts.new_pulls = 8;
  counts.updated_pulls = 9;
  counts.merged_pulls = 4;
  counts.closed_pulls = 2;
  counts.new_reviews = 12;
  counts.dismissed_reviews = 3;
  counts.new_pull_commits = 5;
  counts.new_commits = 7;
  counts.renamed_repositories = 1;
  counts.renamed_members = 2;
  counts.added_members = 3;
  counts.removed_members = 4;
  counts.archived_repositories = 1;
  counts.organisation = 0;
  for (std::uint64_t pass = 0; pass < 3; ++pass) {
    SCOPED_TRACE(pass);
    const MutationCounts done = simulator.mutate(pass, counts);
    EXPECT_EQ(done.new_pulls, 8);
    EXPECT_EQ(done.new_reviews, 12);
    EXPECT_EQ(done.new_commits, 7);
    const Crawl found = crawl(client, "acme");
    EXPECT_EQ(found.pulls.size(), 160U + 8U * (pass + 1));
    expect_equal(found, expected(simulator.with_world([](const World& world) { return truth_of(world, 0); })));
  }
  counts = MutationCounts{.deleted_repositories = 1, .organisation = 0};
  EXPECT_EQ(simulator.mutate(9, counts).deleted_repositories, 1);
  const Crawl found = crawl(client, "acme");
  EXPECT_EQ(found.repositories.size(), 4U);
  expect_equal(found, expected(simulator.with_world([](const World& world) { return truth_of(world, 0); })));
}

TEST(SimulatedGithub, SameSeedAndMutationsGiveTheSameBytes) {
  VirtualClock clock(noon);
  GithubSimulator first(unlimited(5), clock);
  GithubSimulator second(unlimited(5), clock);
  GithubSimulator different(unlimited(6), clock);
  const MutationCounts counts{.new_pulls = 3, .merged_pulls = 2, .new_reviews = 4};
  first.mutate(77, counts);
  second.mutate(77, counts);
  TestClient one(first);
  TestClient two(second);
  TestClient three(different);
  const std::string list = "/repositories/7000000000/pulls?state=all&sort=updated&direction=desc&per_page=100";
  EXPECT_EQ(one.get(list).content(), two.get(list).content());
  EXPECT_NE(one.get(list).content(), three.get(list).content());
}

} // namespace
} // namespace dovetail::simulators::github

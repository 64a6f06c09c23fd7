// SPDX-License-Identifier: Apache-2.0
// PROV-GITHUB: what github.so asks for and what it makes of the answers.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dovetail/sdk/sdk.hpp"
#include "dovetail/testing/fake_host.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr auto admins = "/orgs/acme/members?role=admin&per_page=100";
constexpr auto members = "/orgs/acme/members?role=member&per_page=100";
constexpr auto pulls = "/repos/acme/widgets/pulls?state=all&sort=updated&direction=desc&per_page=100";
constexpr auto widgets = R"([{"external_id":"7001","full_name":"acme/widgets"}])";

std::string link_next(const std::string& address) { return "<https://api.example.com" + address + R"(>; rel="next")"; }

class Github : public ::testing::Test {
protected:
  void create(const std::string& config = R"({"organization":"acme","memberProfiles":false})") {
    const auto made = host_.create(config);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  void TearDown() override {
    EXPECT_THAT(host_.http().problems(), IsEmpty());
    EXPECT_THAT(host_.http().unused(), IsEmpty());
  }
  FakeHost host_{&dvt_plugin_query};
};

TEST_F(Github, ListsMembersOncePerRoleBecauseTheListDoesNotTellIt) {
  create();
  host_.http().get(admins).reply(200, R"([{"id":1,"login":"mira"}])");
  host_.http().get(members).reply(200, R"([{"id":2,"login":"ben"}])");
  const auto pages = host_.read_all({.object = "member", .full = true});
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_EQ(pages[0].records.at(0).constants, R"({"role":"admin"})");
  EXPECT_EQ(pages[1].records.at(0).constants, R"({"role":"member"})");
  EXPECT_TRUE(pages[1].exhausted);
}

TEST_F(Github, ReadsProfilesForNameAndAddressAndAsksForThemConditionally) {
  create(R"({"organization":"acme"})");
  host_.http().get(admins).reply(200, R"([{"id":1,"login":"mira"},{"id":3,"login":"gone"}])", {{"ETag", "\"l1\""}});
  host_.http()
      .get("/users/mira")
      .reply(200, R"({"id":1,"login":"mira","email":"mira@acme.example"})", {{"ETag", "W/\"u1\""}});
  host_.http().get("/users/gone").reply(404, R"({"message":"Not Found"})");
  host_.http().get(members).reply(200, "[]");
  auto pages = host_.read_all({.object = "member", .full = true});
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  std::vector<std::string> records;
  for (const auto& page : pages) {
    for (const auto& record : page.all_records()) {
      records.push_back(record);
    }
  }
  // The list has the one whose profile is hidden, so that it counts as seen.
  EXPECT_THAT(records,
              ElementsAre(R"({"id":1,"login":"mira","email":"mira@acme.example"})", R"({"id":3,"login":"gone"})"));

  host_.http().get(admins).with_header("If-None-Match", "\"l1\"").reply(304);
  host_.http().get("/users/mira").with_header("If-None-Match", "W/\"u1\"").reply(304);
  host_.http().get("/users/gone").reply(404, R"({"message":"Not Found"})");
  host_.http().get(members).reply(200, "[]");
  pages = host_.read_all({.object = "member", .full = true});
  std::vector<std::string> unchanged;
  for (const auto& page : pages) {
    unchanged.insert(unchanged.end(), page.unchanged.begin(), page.unchanged.end());
  }
  EXPECT_THAT(unchanged, ElementsAre(R"(/users/mira {"role":"admin"})"));
}

TEST_F(Github, LetsStandWhatItReadOfAMemberWhoseProfileIsGoneNow_SYNC_7) {
  create(R"({"organization":"acme"})");
  const auto list = [this] {
    host_.http().get(admins).reply(200, R"([{"id":3,"login":"ben"}])");
    host_.http().get(members).reply(200, "[]");
  };
  host_.http().allow_any_order();
  list();
  host_.http().get("/users/ben").reply(200, R"({"id":3,"login":"ben","email":"ben@acme.example"})");
  ASSERT_TRUE(host_.read_all({.object = "member", .full = true}).back().exhausted);
  list();
  host_.http().get("/users/ben").reply(404, R"({"message":"Not Found"})");
  const auto pages = host_.read_all({.object = "member", .full = true});
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  EXPECT_THAT(pages.at(1).unchanged, ElementsAre(R"(/users/ben {"role":"admin"})"));
  EXPECT_THAT(pages.at(1).all_records(), IsEmpty()) << "the list knows no address";
}

TEST_F(Github, ReadsAProfileAnewWhenTheRoleOfAMemberChanged) {
  create(R"({"organization":"acme"})");
  host_.http().get(admins).reply(200, "[]");
  host_.http().get(members).reply(200, R"([{"id":1,"login":"mira"}])");
  host_.http().get("/users/mira").reply(200, R"({"id":1})", {{"ETag", "\"u1\""}});
  ASSERT_TRUE(host_.read_all({.object = "member", .full = true}).back().exhausted);
  host_.http().get(admins).reply(200, R"([{"id":1,"login":"mira"}])");
  host_.http().get("/users/mira").without_header("If-None-Match").reply(200, R"({"id":1})", {{"ETag", "\"u1\""}});
  host_.http().get(members).reply(200, "[]");
  EXPECT_TRUE(host_.read_all({.object = "member", .full = true}).back().exhausted);
}

TEST_F(Github, GoesOnBehindAnUnchangedPageOfAFullListAndReadsItWhenTheHostForgotIt) {
  create();
  const std::string first = "/orgs/acme/repos?type=all&sort=full_name&direction=asc&per_page=100";
  const std::string second = "/organizations/9/repos?page=2";
  host_.http().get(first).reply(200, R"([{"id":1}])", {{"ETag", "\"a\""}, {"Link", link_next(second)}});
  host_.http().get(second).reply(200, R"([{"id":2}])", {{"ETag", "\"b\""}});
  ASSERT_THAT(host_.read_all({.object = "repository", .full = true}), SizeIs(2));
  host_.http().get(first).with_header("If-None-Match", "\"a\"").reply(304);
  host_.http().get(second).with_header("If-None-Match", "\"b\"").reply(304);
  const auto again = host_.read_all({.object = "repository", .full = true});
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_THAT(again[1].unchanged, ElementsAre(second));
  host_.known_page_keys().clear();
  host_.http().get(first).with_header("If-None-Match", "\"a\"").reply(304);
  host_.http().get(first).without_header("If-None-Match").reply(200, R"([{"id":1}])", {{"ETag", "\"a\""}});
  EXPECT_THAT(host_.read_all({.object = "repository", .full = true}).back().all_records(), SizeIs(1));
}

TEST_F(Github, FindsThePageThatIsNewBehindAnUnchangedFullOne) {
  create();
  const std::string first = "/orgs/acme/repos?type=all&sort=full_name&direction=asc&per_page=100";
  const std::string second = "/organizations/9/repos?page=2";
  std::string hundred = "[0";
  for (int i = 1; i < 100; ++i) {
    hundred += "," + std::to_string(i);
  }
  hundred += "]";
  host_.http().get(first).reply(200, hundred, {{"ETag", "\"a\""}});
  const auto once = host_.read_all({.object = "repository", .full = true});
  ASSERT_TRUE(once.back().exhausted) << once.back().status.error().message;
  // The 304 says what follows now.
  host_.http().get(first).with_header("If-None-Match", "\"a\"").reply(304, "", {{"Link", link_next(second)}});
  host_.http().get(second).reply(200, "[100]");
  ASSERT_THAT(host_.read_all({.object = "repository", .full = true}), SizeIs(2));
  // It says nothing: only reading the page can tell.
  host_.http().get(first).with_header("If-None-Match", "\"a\"").reply(304);
  host_.http()
      .get(first)
      .without_header("If-None-Match")
      .reply(200, hundred, {{"ETag", "\"a\""}, {"Link", link_next(second)}});
  host_.http().get(second).reply(200, "[100,101]");
  EXPECT_THAT(host_.read_all({.object = "repository", .full = true}), SizeIs(2));
}

TEST_F(Github, StopsADeltaOfPullRequestsBehindTheFirstRowThatIsOlder_SYNC_8) {
  create();
  const std::string second = "/repositories/7001/pulls?page=2";
  host_.http().get(pulls).reply(
      200, R"([{"id":3,"updated_at":"2026-01-09T00:00:00Z"},{"id":2,"updated_at":"2026-01-08T00:00:00Z"}])",
      {{"ETag", "\"p\""}, {"Link", link_next(second)}});
  host_.http().get(second).reply(200, R"([{"id":1,"updated_at":"2026-01-01T00:00:00Z"}])",
                                 {{"Link", link_next("/repositories/7001/pulls?page=3")}});
  const auto pages = host_.read_all(
      {.object = "pull_request", .since = sdk::parse_iso8601("2026-01-05T00:00:00Z"), .parents = widgets});
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_THAT(pages[0].state, IsEmpty()) << "an ETag kept before the last page would hide the rest after a crash";
  EXPECT_THAT(pages[1].state, ElementsAre(Pair("pulls:7001", "\"p\"")));
  EXPECT_EQ(pages[1].high_water, sdk::parse_iso8601("2026-01-09T00:00:00Z"));
  EXPECT_EQ(pages[0].records.at(0).constants, R"({"repository_id":"7001","repository_full_name":"acme/widgets"})");
}

TEST_F(Github, FindsNothingNewInARepositoryWhoseFirstPageIsUnchanged) {
  create();
  host_.state()["pulls:7001"] = "\"p\"";
  host_.http().get(pulls).with_header("If-None-Match", "\"p\"").reply(304);
  const auto page = host_.read_page(
      {.object = "pull_request", .since = sdk::parse_iso8601("2026-01-05T00:00:00Z"), .parents = widgets});
  ASSERT_TRUE(page.status.ok());
  EXPECT_TRUE(page.exhausted);
  EXPECT_FALSE(page.high_water);
}

TEST_F(Github, DoesNotTrustAnETagWhereTheMarkIsGone) {
  create();
  host_.state()["pulls:7001"] = "\"p\"";
  host_.http().get(pulls).without_header("If-None-Match").reply(200, "[]");
  const auto page = host_.read_page({.object = "pull_request", .parents = widgets});
  ASSERT_TRUE(page.exhausted);
  EXPECT_EQ(page.high_water, sdk::Timestamp{}) << "an empty repository was read to its end";
}

TEST_F(Github, SkipsWhatIsNotTrackedWithoutARequest) {
  create(R"({"organization":"acme","repositories":["gadgets","acme/gizmos",7003]})");
  EXPECT_TRUE(host_.read_page({.object = "pull_request", .parents = widgets}).exhausted);
  EXPECT_TRUE(host_.read_page({.object = "commit", .parents = widgets}).exhausted);
  for (const auto* parent :
       {R"([{"external_id":"7003","full_name":"acme/x"}])", R"([{"external_id":"1","full_name":"acme/Gizmos"}])",
        R"([{"external_id":"2","full_name":"acme/gadgets"}])"}) {
    host_.http().set_handler([](const SentRequest&) { return Reply{.body = "[]"}; });
    EXPECT_EQ(host_.read_page({.object = "pull_request", .parents = parent}).requests, 1U) << parent;
  }
}

TEST_F(Github, LetsOneRepositoryThatCannotBeReadNotHoldUpTheOthers) {
  create();
  for (const int status : {403, 404, 451}) {
    host_.http().get(pulls).reply(status, R"({"message":"no"})");
    const auto page = host_.read_page({.object = "pull_request", .parents = widgets});
    EXPECT_TRUE(page.exhausted) << status;
    EXPECT_FALSE(page.high_water) << "what was not read has no mark";
    ASSERT_THAT(page.logs, SizeIs(1));
    EXPECT_EQ(page.logs[0].level, sdk::LogLevel::warning);
  }
  host_.http().get(pulls).reply(401, R"({"message":"Bad credentials"})", {{"X-GitHub-Request-Id", "AB:12"}});
  const auto refused = host_.read_page({.object = "pull_request", .parents = widgets});
  ASSERT_FALSE(refused.status.ok());
  EXPECT_EQ(refused.status.error().code, sdk::Code::unauthenticated);
  EXPECT_EQ(refused.status.error().provider_request_id, "AB:12");
}

TEST_F(Github, TakesAPullRequestThatIsGoneForReadButNotOneThatItMayNotSee) {
  create();
  const PageRequest request = {
      .object = "review",
      .parents = R"([{"external_id":"901","repository_id":"7001","repository_full_name":"acme/widgets","number":1}])"};
  const std::string reviews = "/repos/acme/widgets/pulls/1/reviews?per_page=100";
  for (const int status : {404, 410, 451}) {
    host_.http().get(reviews).reply(status, R"({"message":"no"})");
    const auto page = host_.read_page(request);
    EXPECT_TRUE(page.exhausted) << status;
    ASSERT_THAT(page.logs, SizeIs(1));
    EXPECT_EQ(page.logs[0].level, sdk::LogLevel::warning);
    EXPECT_THAT(page.logs[0].message, HasSubstr("acme/widgets#1"));
  }
  host_.http().get(reviews).reply(403, R"({"message":"Resource not accessible by personal access token"})");
  const auto refused = host_.read_page(request);
  EXPECT_FALSE(refused.exhausted) << "it would pass for read";
  EXPECT_EQ(refused.status.error().code, sdk::Code::permission_denied);
  EXPECT_THAT(refused.status.error().message, HasSubstr("acme/widgets#1"));
}

TEST_F(Github, RefusesANextPageOnAForeignHost) {
  create();
  host_.http().get(pulls).reply(200, "[]", {{"Link", R"(<https://evil.example/pulls?page=2>; rel="next")"}});
  const auto page = host_.read_page({.object = "pull_request", .parents = widgets});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::permission_denied);
  EXPECT_THAT(page.status.error().message, HasSubstr("evil.example"));
}

TEST_F(Github, TakesAnHtmlPageUnderStatus200AsAPassingFault) {
  create();
  host_.http().get(pulls).reply(200, "<html>Unicorn!</html>");
  const auto page = host_.read_page({.object = "pull_request", .parents = widgets});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().retry, sdk::Retry::transient);
}

TEST_F(Github, ReadsReviewsOfSeveralPullRequestsInOnePageAndResumesAmongThem) {
  create();
  std::string parents = "[";
  for (int i = 1; i <= 30; ++i) {
    parents += (i > 1 ? "," : "") + std::string(R"({"external_id":")") + std::to_string(900 + i) +
               R"(","repository_id":7001,"repository_full_name":"acme/widgets","number":)" + std::to_string(i) + "}";
  }
  parents += "]";
  host_.http().set_handler([](const SentRequest& request) -> std::optional<Reply> {
    // The second pull request's reviews take two pages.
    if (request.url == "/repos/acme/widgets/pulls/2/reviews?per_page=100") {
      return Reply{.body = R"([{"id":1}])",
                   .headers = {{"Link", link_next("/repositories/7001/pulls/2/reviews?page=2")}}};
    }
    return Reply{.body = R"([{"id":2}])"};
  });
  const auto pages = host_.read_all({.object = "review", .parents = parents});
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_EQ(pages[0].requests, 20U);
  EXPECT_EQ(pages[0].requests + pages[1].requests, 31U);
  EXPECT_THAT(pages[0].records.at(1).constants, HasSubstr(R"("pull_request_id":"902","pull_request_number":2)"));
  EXPECT_EQ(pages[0].records.at(2).constants, pages[0].records.at(1).constants);
  EXPECT_TRUE(pages[1].exhausted);
}

TEST_F(Github, EndsThePageWhereTheHostHoldsNoMoreBodiesAndGoesOnThere) {
  create();
  const std::string parents =
      R"([{"external_id":"901","repository_id":7001,"repository_full_name":"acme/widgets","number":1},)"
      R"({"external_id":"902","repository_id":7001,"repository_full_name":"acme/widgets","number":2}])";
  const std::string second = "/repos/acme/widgets/pulls/2/reviews?per_page=100";
  host_.http().get("/repos/acme/widgets/pulls/1/reviews?per_page=100").reply(200, R"([{"id":1}])");
  host_.http().get(second).fail(sdk::make_error(sdk::Code::resource_exhausted, "more than 64 MiB"));
  const auto page = host_.read_page({.object = "review", .parents = parents});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.all_records(), ElementsAre(R"({"id":1})"));
  ASSERT_FALSE(page.exhausted);
  host_.http().get(second).reply(200, R"([{"id":2}])");
  const auto rest = host_.read_page({.object = "review", .cursor = page.next_cursor, .parents = parents});
  EXPECT_THAT(rest.all_records(), ElementsAre(R"({"id":2})"));
  EXPECT_TRUE(rest.exhausted);
  // A single answer that does not fit fits no page.
  host_.http().get(second).fail(sdk::make_error(sdk::Code::resource_exhausted, "more than 64 MiB"));
  EXPECT_FALSE(host_.read_page({.object = "review", .cursor = page.next_cursor, .parents = parents}).status.ok());
}

TEST_F(Github, ReadsCommitsSinceTheMarkAndTreatsAnEmptyRepositoryAsNoRows) {
  create();
  host_.set_now(*sdk::parse_iso8601("2026-03-01T00:00:00Z"));
  host_.http()
      .get("/repos/acme/widgets/commits?since=2026-01-01T00%3A00%3A00Z&per_page=100")
      .reply(
          200,
          R"([{"sha":"a","commit":{"committer":{"date":"2026-02-02T00:00:00Z"}}},{"sha":"b","commit":{"committer":{"date":"2099-01-01T00:00:00Z"}}}])",
          {{"ETag", "\"c\""}});
  auto page =
      host_.read_page({.object = "commit", .since = sdk::parse_iso8601("2026-01-01T00:00:00Z"), .parents = widgets});
  ASSERT_TRUE(page.exhausted);
  EXPECT_EQ(page.high_water, host_.now()) << "a commit dated in the future must not hide what comes before it";
  host_.http()
      .get("/repos/acme/widgets/commits?since=2026-01-01T00%3A00%3A00Z&per_page=100")
      .with_header("If-None-Match", "\"c\"")
      .reply(304);
  EXPECT_TRUE(
      host_.read_page({.object = "commit", .since = sdk::parse_iso8601("2026-01-01T00:00:00Z"), .parents = widgets})
          .exhausted);
  host_.http()
      .get("/repos/acme/widgets/commits?since=2026-01-02T00%3A00%3A00Z&per_page=100")
      .without_header("If-None-Match")
      .reply(200, "[]");
  page = host_.read_page({.object = "commit", .since = sdk::parse_iso8601("2026-01-02T00:00:00Z"), .parents = widgets});
  EXPECT_FALSE(page.high_water) << "nothing new leaves the mark where it is";
  host_.http().get("/repos/acme/widgets/commits?per_page=100").reply(409, R"({"message":"Git Repository is empty."})");
  page = host_.read_page({.object = "commit", .parents = widgets});
  EXPECT_TRUE(page.exhausted);
  EXPECT_THAT(page.records, IsEmpty());
  // Its mark is the beginning of time, less the overlap; Git knows no time before 1970.
  host_.http().get("/repos/acme/widgets/commits?per_page=100").reply(200, "[]");
  page = host_.read_page({.object = "commit", .since = sdk::parse_iso8601("1969-12-18T00:00:00Z"), .parents = widgets});
  EXPECT_TRUE(page.exhausted);
}

TEST_F(Github, LetsNothingPassForReadWhenSingleSignOnRefusesTheToken) {
  create();
  const auto refuse = [this](const std::string& address) {
    host_.http().get(address).reply(403, R"({"message":"Resource protected by organization SAML enforcement."})",
                                    {{"X-GitHub-SSO", "required; url=https://github.com/orgs/acme/sso"}});
  };
  for (const bool full : {false, true}) {
    refuse(pulls);
    const auto page = host_.read_page({.object = "pull_request", .parents = widgets, .full = full});
    EXPECT_FALSE(page.exhausted);
    EXPECT_EQ(page.status.error().code, sdk::Code::unauthenticated);
  }
  refuse("/repos/acme/widgets/pulls/1/reviews?per_page=100");
  const auto page = host_.read_page(
      {.object = "review",
       .parents =
           R"([{"external_id":"901","repository_id":"7001","repository_full_name":"acme/widgets","number":1}])"});
  EXPECT_FALSE(page.exhausted) << "the pull request waits until somebody authorised the token";
}

TEST_F(Github, TellsWhomTheTokenBelongsToAndWhatIsLeft) {
  create();
  host_.http().get("/user").reply(200, R"({"login":"mira"})",
                                  {{"X-OAuth-Scopes", "repo, read:org"}, {"X-RateLimit-Remaining", "4999"}});
  auto test = host_.test_connection();
  ASSERT_TRUE(test.status.ok());
  EXPECT_THAT(test.findings, HasSubstr(R"("login":"mira")"));
  EXPECT_THAT(test.findings, HasSubstr(R"("scopes":"repo, read:org")"));
  host_.http().get("/user").reply(403, R"({"message":"Resource not accessible by integration"})");
  host_.http().get("/installation/repositories?per_page=1").reply(200, R"({"total_count":1,"repositories":[]})");
  test = host_.test_connection();
  EXPECT_TRUE(test.status.ok());
  host_.http().get("/user").reply(401, R"({"message":"Bad credentials"})");
  EXPECT_EQ(host_.test_connection().status.error().code, sdk::Code::unauthenticated);
}

/// A repository of 250 pull requests, served in pages.
std::optional<Reply> serve_pulls(const SentRequest& request) {
  const auto page = sdk::url_query_value(request.url, "page");
  const int number = page ? std::stoi(*page) : 1;
  std::string body = "[";
  for (int i = (number - 1) * 100; i < std::min(250, number * 100); ++i) {
    body += (body.size() > 1 ? "," : "") + std::string(R"({"id":)") + std::to_string(i) +
            R"(,"updated_at":"2026-01-05T00:00:00Z"})";
  }
  Headers headers{{"ETag", "\"" + std::to_string(number) + "\""}};
  if (number < 3) {
    headers.emplace_back("Link", link_next("/repositories/7001/pulls?page=" + std::to_string(number + 1)));
  }
  return Reply{.body = body + "]", .headers = headers};
}

TEST_F(Github, GivesTheSameRecordsHoweverOftenItIsStoppedBetweenPages_SYNC_4) {
  for (const bool full : {false, true}) {
    std::vector<std::string> records;
    std::string cursor;
    for (;;) {
      // A fresh host for each page: nothing but the cursor survives.
      FakeHost host(&dvt_plugin_query);
      ASSERT_TRUE(host.create(R"({"organization":"acme"})").ok());
      host.http().set_handler(serve_pulls);
      const auto page = host.read_page({.object = "pull_request", .cursor = cursor, .parents = widgets, .full = full});
      ASSERT_TRUE(page.status.ok()) << page.status.error().message;
      for (const auto& record : page.all_records()) {
        records.push_back(record);
      }
      if (page.exhausted) {
        break;
      }
      cursor = page.next_cursor;
    }
    EXPECT_THAT(records, SizeIs(250));
    std::sort(records.begin(), records.end());
    EXPECT_EQ(std::unique(records.begin(), records.end()), records.end());
  }
}

} // namespace
} // namespace dovetail::testing

// SPDX-License-Identifier: Apache-2.0
// PROV-BQE: what bqe.so asks for and what it makes of the answers.
#include <cstdlib>
#include <fstream>
#include <iterator>
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
using ::testing::Not;
using ::testing::SizeIs;

/// The settings that the manifest ships.
std::string shipped_settings() {
  const char* source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): before any thread starts
  std::ifstream file(std::string(source == nullptr ? "." : source) + "/manifests/bqe.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto manifest = JsonTree::parse(text);
  EXPECT_TRUE(manifest.ok()) << "manifests/bqe.json cannot be read";
  const auto* settings = manifest.ok() ? (*manifest)->root().find("/settings") : nullptr;
  return settings == nullptr ? "{}" : std::string(settings->raw);
}

std::string fields_of(const std::string& names) { return "fields=" + sdk::percent_encode(names); }

/// The address of a page of a list, as the plugin writes it.
std::string list(const std::string& object, const std::string& from, const std::string& page,
                 const std::string& names = "id,lastUpdated,name") {
  const std::string where = from.empty() ? "" : "&where=" + sdk::percent_encode("lastUpdated>='" + from + "'");
  return "/" + object + "?" + fields_of(names) + where + "&orderBy=lastUpdated%20asc&page=" + sdk::percent_encode(page);
}

std::string deletions(const std::string& from, const std::string& page = "1,4") {
  return "/deletedhistory?where=" + sdk::percent_encode("deletedOn>='" + from + "'") +
         "&orderBy=deletedOn%20asc&page=" + sdk::percent_encode(page);
}

std::string row(int id, const std::string& updated) {
  return R"({"id":")" + std::to_string(id) + R"(","lastUpdated":")" + updated + R"("})";
}

std::string rows(const std::vector<std::pair<int, std::string>>& wanted) {
  std::string text = "[";
  for (const auto& [id, updated] : wanted) {
    text += (text.size() > 1 ? "," : "") + row(id, updated);
  }
  return text + "]";
}

sdk::Timestamp at(std::string_view text) { return sdk::parse_iso8601(text).value_or(sdk::Timestamp{}); }

class Bqe : public ::testing::Test {
protected:
  void create(const std::string& config = R"({"pageSize":4,"zoneVerified":true,"deletedHistory":false})") {
    const auto made = host_.create(config, settings_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    host_.set_now(at("2026-11-21T12:00:00Z"));
  }
  /// Deltas and full reads with the same hints, so that addresses stay short.
  std::vector<RecordedPage> read(std::optional<sdk::Timestamp> since, bool full,
                                 const std::string& object = "project") {
    return host_.read_all({.object = object, .since = since, .fields = {"/name"}, .full = full});
  }
  static std::size_t records_in(const std::vector<RecordedPage>& pages) {
    std::size_t count = 0;
    for (const auto& page : pages) {
      count += page.all_records().size();
    }
    return count;
  }
  void TearDown() override {
    EXPECT_THAT(host_.http().problems(), IsEmpty());
    EXPECT_THAT(host_.http().unused(), IsEmpty());
  }
  std::string settings_ = shipped_settings();
  FakeHost host_{&dvt_plugin_query};
};

TEST_F(Bqe, WalksADeltaByTheSecondThatThePageBeforeEndedIn_SYNC_8) {
  create();
  host_.http()
      .get(list("project", "2026-11-19T23:55:00", "1,4"))
      .reply(200, rows({{1, "2026-11-20T01:00:00"},
                        {2, "2026-11-20T02:00:00.250"},
                        {3, "2026-11-20T03:00:00"},
                        {4, "2026-11-20T04:00:00.900"}}));
  host_.http()
      .get(list("project", "2026-11-20T04:00:00", "1,4"))
      .reply(200, rows({{4, "2026-11-20T04:00:00.900"}, {5, "2026-11-20T05:00:00"}}));
  const auto pages = read(at("2026-11-19T23:55:00.500Z"), false);
  ASSERT_THAT(pages, SizeIs(2));
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  EXPECT_EQ(pages.back().high_water, at("2026-11-20T05:00:00Z"));
  EXPECT_EQ(records_in(pages), 6U);
  EXPECT_EQ(pages.front().leaked_handles, 0U);
}

TEST_F(Bqe, TakesNoContentForAnEmptyListAndKeepsItsMark) {
  create();
  host_.http().get(list("client", "2026-11-20T00:00:00", "1,4")).reply(204);
  const auto pages = read(at("2026-11-20T00:00:00Z"), false, "client");
  ASSERT_THAT(pages, SizeIs(1));
  EXPECT_TRUE(pages.back().exhausted);
  EXPECT_FALSE(pages.back().high_water);
  EXPECT_THAT(pages.back().records, IsEmpty());
}

TEST_F(Bqe, BeginsADeltaADayEarlierUntilTheZoneIsVerified) {
  create(R"({"pageSize":4,"deletedHistory":false})");
  host_.http().get(list("project", "2026-11-19T00:00:00", "1,4")).reply(200, "[]");
  EXPECT_TRUE(read(at("2026-11-20T00:00:00Z"), false).back().exhausted);
}

TEST_F(Bqe, NeverLetsAClockThatRanAheadHideWhatComesBeforeIt) {
  create();
  host_.http().get(list("project", "2026-11-20T00:00:00", "1,4")).reply(200, rows({{1, "2027-01-01T00:00:00"}}));
  EXPECT_EQ(read(at("2026-11-20T00:00:00Z"), false).back().high_water, at("2026-11-21T12:00:00Z"));
}

TEST_F(Bqe, LooksOnceMoreAtTheLatestChangesAndBehindTheEndBeforeAFullReadEnds_SYNC_7) {
  create();
  host_.http()
      .get(list("project", "", "1,4"))
      .reply(200, rows({{1, "2026-11-20T01:00:00"}, {2, "2026-11-20T02:00:00"}}));
  // Meanwhile one changed and another came.
  host_.http()
      .get(list("project", "2026-11-20T01:55:00", "1,4"))
      .reply(200, rows({{2, "2026-11-20T02:00:00"}, {3, "2026-11-20T02:00:01"}}));
  host_.http().get(list("project", "2026-11-20T01:55:00", "2,4")).reply(204);
  const auto pages = read(std::nullopt, true);
  ASSERT_THAT(pages, SizeIs(3));
  ASSERT_TRUE(pages.back().exhausted);
  EXPECT_EQ(pages.back().high_water, at("2026-11-20T02:00:01Z"));
}

TEST_F(Bqe, DoesNotTakePagesThatAreShorterThanAskedForAsTheEnd_SYNC_7) {
  create();
  // A service that never sends more than 2 rows.
  host_.http().set_handler([](const SentRequest& request) -> std::optional<Reply> {
    const auto where = sdk::url_query_value(request.url, "where").value_or("");
    const std::string from = where.empty() ? "" : where.substr(where.find('\'') + 1, 19);
    int skipped = 2 * (std::stoi(sdk::url_query_value(request.url, "page").value_or("1")) - 1);
    std::vector<std::pair<int, std::string>> sent;
    for (int id = 1; id < 9 && sent.size() < 2; ++id) {
      const std::string changed = "2026-11-20T0" + std::to_string(id) + ":00:00";
      if (changed >= from && skipped-- <= 0) {
        sent.emplace_back(id, changed);
      }
    }
    return Reply{.status = 200, .body = rows(sent)};
  });
  const auto pages = read(std::nullopt, true);
  EXPECT_FALSE(pages.back().exhausted);
  ASSERT_FALSE(pages.back().status.ok());
  EXPECT_THAT(pages.back().status.error().message, HasSubstr("pageSize"));
  host_.http().set_handler(nullptr);
}

TEST_F(Bqe, ReadsASecondWithMoreRowsThanAPageWithTheLargestPages) {
  create();
  const std::string tied = "2026-11-20T01:00:00";
  host_.http()
      .get(list("project", "2026-11-20T00:00:00", "1,4"))
      .reply(200, rows({{1, tied}, {2, tied}, {3, tied}, {4, tied}}));
  host_.http().get(list("project", tied, "1,4")).reply(200, rows({{1, tied}, {2, tied}, {3, tied}, {4, tied}}));
  host_.http()
      .get(list("project", tied, "1,1000"))
      .reply(200, rows({{1, tied}, {2, tied}, {3, tied}, {4, tied}, {5, tied}, {6, "2026-11-20T02:00:00"}}));
  const auto pages = read(at("2026-11-20T00:00:00Z"), false);
  ASSERT_THAT(pages, SizeIs(3));
  EXPECT_TRUE(pages.back().exhausted);
}

TEST_F(Bqe, ReadsASecondThatFillsSeveralPagesUntilTwoReadingsAgree) {
  settings_.replace(settings_.find("\"max\": 1000"), 11, "\"max\": 2");
  create();
  const std::string tied = "2026-11-20T01:00:00";
  std::vector<std::string> all{"a", "b", "c", "d", "e"};
  int requests = 0;
  host_.http().set_handler([&](const SentRequest& request) -> std::optional<Reply> {
    if (++requests == 3) {
      all.erase(all.begin()); // all behind it move one place forward, over the edge of a page
    }
    const auto page = sdk::url_query_value(request.url, "page").value_or("1,2");
    const std::size_t begin = 2 * (std::stoul(page) - 1);
    std::string body = "[";
    for (std::size_t i = begin; i < std::min(begin + 2, all.size()); ++i) {
      body += (i > begin ? "," : "") + (R"({"id":")" + all[i] + R"(","lastUpdated":")" + tied + R"("})");
    }
    return Reply{.status = 200, .body = body + "]"};
  });
  const auto pages = read(at("2026-11-20T00:00:00Z"), false);
  ASSERT_TRUE(pages.back().exhausted) << pages.back().status.error().message;
  std::string seen;
  for (const auto& page : pages) {
    for (const auto& record : page.all_records()) {
      seen += record;
    }
  }
  for (const auto& id : all) {
    EXPECT_THAT(seen, HasSubstr("\"id\":\"" + id + "\""));
  }
  host_.http().set_handler(nullptr);
}

TEST_F(Bqe, RefusesAListThatDoesNotKeepTheOrderOrTheFilter) {
  create();
  host_.http()
      .get(list("project", "2026-11-20T00:00:00", "1,4"))
      .reply(200, rows({{1, "2026-11-20T02:00:00"}, {2, "2026-11-20T01:00:00"}}));
  auto pages = read(at("2026-11-20T00:00:00Z"), false);
  EXPECT_EQ(pages.back().status.error().code, sdk::Code::failed_precondition);
  EXPECT_THAT(pages.back().status.error().message, HasSubstr("delta.field"));
  host_.http().get(list("project", "2026-11-20T00:00:00", "1,4")).reply(200, rows({{1, "2026-11-19T02:00:00"}}));
  pages = read(at("2026-11-20T00:00:00Z"), false);
  EXPECT_FALSE(pages.back().status.ok());
}

TEST_F(Bqe, ReadsWhatWasDeletedBeforeADeltaAndRemembersWhereItStood_SYNC_7) {
  create(R"({"pageSize":4,"zoneVerified":true})");
  host_.http().get(deletions("2026-11-20T00:00:00")).reply(200, R"([
    {"id":"d1","entityId":"p7","entityType":"Project","deletedOn":"2026-11-20T08:00:00"},
    {"id":"d2","entityId":"c3","entityType":"Client","deletedOn":"2026-11-20T09:00:00"},
    {"id":"d3","entityId":"p8","entityType":"project","deletedOn":"2026-11-20T09:30:00"}])");
  host_.http().get(list("project", "2026-11-20T00:00:00", "1,4")).reply(204);
  auto pages = read(at("2026-11-20T00:00:00Z"), false);
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_THAT(pages[0].all_records(), ElementsAre(R"({"id":"p7"})", R"({"id":"p8"})"));
  EXPECT_EQ(pages[0].records.at(0).constants, R"({"gone":true})");
  EXPECT_TRUE(pages[1].exhausted);
  host_.http().get(deletions("2026-11-20T09:25:00")).reply(204);
  host_.http().get(list("project", "2026-11-21T00:00:00", "1,4")).reply(204);
  EXPECT_TRUE(read(at("2026-11-21T00:00:00Z"), false).back().exhausted);
}

TEST_F(Bqe, GoesOnWhereTheListOfDeletionsCannotBeRead) {
  create(R"({"pageSize":4,"zoneVerified":true})");
  host_.http()
      .get(deletions("2026-11-20T00:00:00"))
      .reply(
          409,
          R"({"ErrorCode":"000.016","Key":"MsgPermissions","Message":"You do not have the security permissions to access this feature."})");
  host_.http().get(list("project", "2026-11-20T00:00:00", "1,4")).reply(204);
  const auto pages = read(at("2026-11-20T00:00:00Z"), false);
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_TRUE(pages.back().exhausted);
  EXPECT_THAT(pages.front().logs.back().message, HasSubstr("next full sync"));
}

TEST_F(Bqe, AsksForMappedFieldsOnlyAndNeverForSensitiveOnes) {
  create();
  host_.http().get(list("employee", "2026-11-20T00:00:00", "1,4", "id,lastUpdated,displayName,address")).reply(204);
  static_cast<void>(host_.read_page(
      {.object = "employee",
       .since = at("2026-11-20T00:00:00Z"),
       .fields = {"/displayName", "/ssn", "/Salary", "/bankAccount", "/token", "/address/0/city", "/id"}}));
  // Without a hint, or when a mapping wants the whole record: what the settings name.
  host_.http().set_handler([](const SentRequest& request) -> std::optional<Reply> {
    EXPECT_THAT(request.url, HasSubstr("fields=id%2ClastUpdated%2CdisplayName"));
    for (const auto* secret : {"ssn", "salary", "bank", "autoDeposit", "token"}) {
      EXPECT_THAT(request.url, Not(HasSubstr(secret)));
    }
    return Reply{.status = 204};
  });
  static_cast<void>(host_.read_page({.object = "employee", .fields = {"", "/salary"}}));
  static_cast<void>(host_.read_page({.object = "employee"}));
  host_.http().set_handler(nullptr);
}

TEST_F(Bqe, ExpandsWhatComesOnlySoAndThenKeepsToSmallerPages) {
  create(R"({"pageSize":200,"zoneVerified":true,"deletedHistory":false})");
  host_.http()
      .get("/project?" + fields_of("id,lastUpdated,customFields") +
           "&expand=customFields&orderBy=lastUpdated%20asc&page=1%2C100")
      .reply(204);
  EXPECT_TRUE(host_.read_page({.object = "project", .fields = {"/customFields"}}).status.ok());
}

TEST_F(Bqe, FiltersParentsOnTheServerWhereTheConnectionSaysSo_SYNC_6) {
  create(R"({"pageSize":4,"zoneVerified":true,"deletedHistory":false,"parentOnlyWhere":"level=0","tieBreaker":"id"})");
  host_.http()
      .get("/project?" + fields_of("id,lastUpdated,name") +
           "&where=" + sdk::percent_encode("level=0 and lastUpdated>='2026-11-20T00:00:00'") +
           "&orderBy=" + sdk::percent_encode("lastUpdated asc, id asc") + "&page=1%2C4")
      .reply(204);
  EXPECT_TRUE(read(at("2026-11-20T00:00:00Z"), false).back().exhausted);
  host_.http()
      .get("/client?" + fields_of("id,lastUpdated,name") +
           "&orderBy=" + sdk::percent_encode("lastUpdated asc, id asc") + "&page=1%2C4")
      .reply(204);
  EXPECT_TRUE(read(std::nullopt, false, "client").back().exhausted);
}

TEST_F(Bqe, FindsTheRowsUnderTheNamesOfAnEnvelope) {
  create();
  host_.http()
      .get(list("project", "", "1,4"))
      .reply(200, R"({"total":1,"items":[{"id":"1","lastUpdated":"2026-11-20T01:00:00"}]})");
  const auto page = host_.read_page({.object = "project", .fields = {"/name"}});
  ASSERT_TRUE(page.exhausted);
  EXPECT_EQ(page.records.at(0).pointer, "/items");
  host_.http().get(list("project", "", "1,4")).reply(200, R"({"total":0})");
  const auto none = host_.read_page({.object = "project", .fields = {"/name"}});
  EXPECT_EQ(none.status.error().code, sdk::Code::data_loss);
}

TEST_F(Bqe, NeverTakesAPartialAnswerForTheWholeOne) {
  create();
  host_.http().get(list("project", "", "1,4")).reply(207, R"([{"id":"1"}])");
  const auto page = host_.read_page({.object = "project", .fields = {"/name"}});
  EXPECT_EQ(page.status.error().code, sdk::Code::data_loss);
  EXPECT_EQ(page.status.error().retry, sdk::Retry::transient);
}

TEST_F(Bqe, SaysWhatARefusalMeans) {
  create();
  struct Case {
    int status;
    std::string body;
    Headers headers;
    sdk::Code code;
    std::string message;
  };
  for (const Case& one :
       std::vector<Case>{{409,
                          R"({"ErrorCode":"000.016","Key":"MsgPermissions","Message":"No permission."})",
                          {},
                          sdk::Code::permission_denied,
                          "000.016 MsgPermissions No permission."},
                         {409,
                          R"({"errorCode":"031.001","key":"ProjectControlLimitation","message":"Not allowed."})",
                          {},
                          sdk::Code::failed_precondition,
                          "ProjectControlLimitation"},
                         {409, R"({"Key":"OutDatedModel"})", {}, sdk::Code::aborted, "somebody else"},
                         {403,
                          "",
                          {{"WWW-Authenticate", R"(Bearer error="insufficient_scope")"}},
                          sdk::Code::permission_denied,
                          "read:core"},
                         {401, "", {}, sdk::Code::unauthenticated, "connect again"},
                         {400, R"("bad filter")", {}, sdk::Code::invalid_argument, "bad filter"},
                         {400, R"({"error":{"message":"nested"}})", {}, sdk::Code::invalid_argument, "nested"},
                         {500, R"({"Key":"GeneralException"})", {}, sdk::Code::unavailable, "GeneralException"},
                         {200, "<html>", {}, sdk::Code::unavailable, "no JSON"}}) {
    host_.http().get(list("project", "", "1,4")).reply(one.status, one.body, one.headers);
    const auto page = host_.read_page({.object = "project", .fields = {"/name"}});
    ASSERT_FALSE(page.status.ok());
    EXPECT_EQ(page.status.error().code, one.code) << one.body;
    EXPECT_THAT(page.status.error().message, HasSubstr(one.message));
  }
}

TEST_F(Bqe, TestsAConnectionWithOneRow_AUTH_5) {
  create();
  const std::string address = "/project?fields=id%2ClastUpdated&page=1%2C1";
  host_.http().get(address).reply(200, rows({{1, "2026-11-20T01:00:00"}}), {{"Date", "Fri, 20 Nov 2026 01:00:02 GMT"}});
  const auto good = host_.test_connection();
  EXPECT_TRUE(good.status.ok());
  EXPECT_EQ(
      good.findings,
      R"({"asked_for":"project","server_date":"Fri, 20 Nov 2026 01:00:02 GMT","rows":1,"a_row_changed":"2026-11-20T01:00:00"})");
  host_.http().get(address).reply(401);
  const auto refused = host_.test_connection();
  EXPECT_EQ(refused.status.error().code, sdk::Code::unauthenticated);
  EXPECT_EQ(refused.findings, R"({"asked_for":"project","status":401})");
}

TEST_F(Bqe, SaysWhichSettingIsMissing) {
  const auto made = host_.create("{}", R"({"objects":{"project":{}}})");
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("\"path\" of the object \"project\""));
}

} // namespace
} // namespace dovetail::testing

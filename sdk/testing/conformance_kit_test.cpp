// SPDX-License-Identifier: Apache-2.0
// The conformance kit itself: a plugin that is as it should be passes all laws, and each way of being careless breaks the law that is
// about it. Also the example of docs/guide/write-a-plugin.md.
#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include <gmock/gmock.h>

#include "dovetail/sdk/sdk.hpp"
#include "dovetail/testing/conformance_test.hpp"

namespace dovetail::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

enum class Flaw {
  none,
  swallows_errors,
  takes_a_refusal_for_an_end,
  remembers_a_refusal,
  shares_a_refusal,
  takes_a_lost_connection_for_an_end,
  takes_half_an_answer_for_an_end,
  swallows_cancellations,
  swallows_deadlines,
  keeps_progress_in_the_object,
  shares_progress,
  gives_unstable_page_keys,
  throws_when_surprised,
  stays_surprised,
  counts_members,
  insists_on_known_members,
  loses_equal_instants,
  overlooks_what_is_gone,
  trusts_the_pages_it_knows,
  asks_for_more,
  skips_a_page,
};

/// Items of a list that is paged by numbers, changed since an instant.
template <Flaw flaw> class Items final : public sdk::Provider {
public:
  explicit Items(const sdk::Config&) {}

  sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override {
    std::int64_t number = 1;
    std::string began = sdk::format_iso8601(context.now(), true);
    if (!request.first_page()) {
      DVT_TRY(const auto cursor, context.parse(request.cursor));
      DVT_TRY(number, cursor.integer("/page"));
      DVT_TRY(began, cursor.string("/began"));
    }
    if constexpr (flaw == Flaw::keeps_progress_in_the_object || flaw == Flaw::shares_progress) {
      static std::int64_t shared = 0;
      auto& progress = flaw == Flaw::shares_progress ? shared : own_;
      number = request.first_page() ? 1 : progress + 1;
      progress = number;
    }
    const auto address = address_of(number, request);
    const auto sent = context.send(sdk::Request::get(address));
    if (!sent.ok()) {
      return swallows(sent.error().code) ? page.exhausted() : sdk::Status(sent.error());
    }
    if constexpr (flaw == Flaw::remembers_a_refusal || flaw == Flaw::shares_a_refusal) {
      static bool shared = false;
      auto& refused = flaw == Flaw::shares_a_refusal ? shared : refused_;
      refused = refused || sent->status() == 401;
      if (refused) {
        return sdk::make_error(sdk::Code::unauthenticated, "the credentials were refused");
      }
    }
    if constexpr (flaw == Flaw::swallows_errors || flaw == Flaw::takes_a_refusal_for_an_end) {
      if (flaw == Flaw::swallows_errors ? !sent->is_success() : sent->status() == 401) {
        return page.exhausted();
      }
    }
    return take(context, *sent, number, began, address, page);
  }

  sdk::Status test_connection(sdk::Context& context, sdk::Report&) override {
    DVT_TRY(const auto response, context.send(sdk::Request::get("/me")));
    return response.check("asking who I am");
  }

private:
  static bool swallows(sdk::Code code) {
    return (flaw == Flaw::swallows_cancellations && code == sdk::Code::cancelled) ||
           (flaw == Flaw::swallows_deadlines && code == sdk::Code::deadline_exceeded) ||
           (flaw == Flaw::takes_a_lost_connection_for_an_end && code == sdk::Code::unavailable);
  }

  static std::string address_of(std::int64_t number, const sdk::ReadRequest& request) {
    auto url = sdk::Url("items").query("page", number);
    if (request.since) {
      url.query("since",
                sdk::format_iso8601(*request.since + std::chrono::seconds(flaw == Flaw::loses_equal_instants ? 1 : 0)));
    }
    if (flaw == Flaw::asks_for_more) {
      url.query("expand", "all");
    }
    return url.text();
  }

  sdk::Status take(sdk::Context& context, const sdk::Response& response, std::int64_t number, const std::string& began,
                   const std::string& address, sdk::Page& page) {
    DVT_TRY_STATUS(response.check("listing the items"));
    if constexpr (flaw == Flaw::takes_half_an_answer_for_an_end) {
      if (!response.json().ok()) {
        return page.exhausted();
      }
    }
    DVT_TRY(const auto json, response.json());
    if constexpr (flaw == Flaw::throws_when_surprised) {
      if (json.string_or("/kind", "") != "list") {
        throw std::runtime_error("what is this?");
      }
    }
    if constexpr (flaw == Flaw::stays_surprised) {
      surprised_ = surprised_ || json.string_or("/kind", "") != "list";
      if (surprised_) {
        return sdk::make_error(sdk::Code::data_loss, "what is this?");
      }
    }
    if constexpr (flaw == Flaw::insists_on_known_members) {
      DVT_TRY(const auto unknown, json.at("/x_unknown"));
      if (!unknown.absent()) {
        return sdk::make_error(sdk::Code::data_loss, "what is that member?");
      }
    }
    static int serial = 0;
    const auto key = flaw == Flaw::gives_unstable_page_keys ? address + std::to_string(++serial) : address;
    bool stands = false;
    if constexpr (flaw == Flaw::trusts_the_pages_it_knows) {
      DVT_TRY(stands, page.unchanged(key));
    }
    if constexpr (flaw == Flaw::counts_members) {
      sdk::JsonWriter counted;
      counted.open_array();
      DVT_TRY_STATUS(json.for_each("/items", {"/id", ""}, [&counted](const sdk::JsonElement& item) {
        counted.open_object().member("id", item[0].integer().value_or(0)).member("title", item[1].size()).close();
      }));
      DVT_TRY_STATUS(page.records_json(counted.close().text()));
      stands = true;
    }
    if (!stands) {
      DVT_TRY_STATUS(page.records(response, {.pointer = "/items", .page_key = key}));
    }
    DVT_TRY(const auto gone, json.at("/gone"));
    if (!gone.absent() && flaw != Flaw::overlooks_what_is_gone) {
      DVT_TRY_STATUS(page.records(response, {.pointer = "/gone", .constants = R"({"gone":true})"}));
    }
    DVT_TRY(const auto next, json.at("/next"));
    if (next.absent()) {
      static_cast<void>(context);
      return page.exhausted(sdk::parse_iso8601(began));
    }
    const auto following = next.integer();
    if (!following || *following <= number) {
      return sdk::make_error(sdk::Code::data_loss, "the list does not say which page is next");
    }
    const auto step = flaw == Flaw::skips_a_page && number == 1 ? 1 : 0;
    return page.next(
        sdk::JsonWriter().open_object().member("page", *following + step).member("began", began).close().text());
  }

  std::int64_t own_ = 0;
  bool refused_ = false;
  bool surprised_ = false;
};

template <Flaw flaw> const dvt_plugin_descriptor* query(std::uint32_t, std::uint32_t) noexcept {
  static constexpr auto descriptor = sdk::detail::describe<Items<flaw>>("items", "1.0.0");
  return &descriptor;
}

constexpr auto manifest = R"json({
  "objects": [{
    "key": "item", "capabilities": ["list", "delta"], "deletions": "full_pass",
    "fields": [{"pointer": "/id"}, {"pointer": "/title"}],
    "defaultMapping": {
      "externalId": {"concat": [{"const": "i"}, "/id"]},
      "goneWhen": {"from": "$page/gone", "equals": true}
    }
  }]
})json";

class ItemsWorld final : public ConformanceWorld {
public:
  explicit ItemsWorld(std::uint64_t) {
    for (int i = 0; i < 10; ++i) {
      items_[0][i] = {"title " + std::to_string(i), now_};
      items_[1][i * 7] = {"another " + std::to_string(i), now_};
    }
  }

  Reply answer(std::size_t account, const SentRequest& request) override {
    if (revoked_.at(account)) {
      return {.status = 401, .body = R"({"message":"who are you?"})"};
    }
    if (request.url == "/me") {
      return {.body = "{}"};
    }
    const auto [page, since] = read_query(request.url);
    if (page == 0) {
      undescribed_.push_back(request.method + " " + request.url);
      return {.status = 404, .body = "{}"};
    }
    return {.body = list(account, page, since)};
  }
  [[nodiscard]] std::string config(std::size_t) const override { return "{}"; }
  [[nodiscard]] std::string base_url() const override { return "https://api.example.com"; }
  [[nodiscard]] sdk::Timestamp now() const override { return now_; }
  void change(std::uint64_t seed) override {
    // Every other time in the very second of the last read.
    now_ += std::chrono::seconds(seed % 2 == 0 ? 0 : 60);
    for (const int id : {2, 5, 20 + static_cast<int>(seed % 100)}) {
      items_[0][id] = {"title of round " + std::to_string(seed), now_};
    }
    if (const int id = 6 + static_cast<int>(seed % 4); items_[0].erase(id) > 0) {
      gone_[id] = now_;
    }
  }
  void remove(std::uint64_t) override {
    now_ += std::chrono::seconds(60);
    items_[0].erase(3);
  }
  void revoke(std::size_t account) override { revoked_.at(account) = true; }
  [[nodiscard]] std::vector<std::string> undescribed_requests() const override { return undescribed_; }

private:
  struct Item {
    std::string title;
    sdk::Timestamp changed;
  };

  /// The page's number and the instant of "/items?page=N[&since=...]"; 0 for any other address.
  static std::pair<int, sdk::Timestamp> read_query(const std::string& url) {
    constexpr std::string_view begins = "/items?page=";
    constexpr std::string_view since = "&since=";
    if (!url.starts_with(begins)) {
      return {};
    }
    const auto ampersand = std::min(url.find('&'), url.size());
    const auto number = sdk::parse_integer(std::string_view(url).substr(begins.size(), ampersand - begins.size()));
    auto instant = sdk::Timestamp::min();
    if (ampersand < url.size()) {
      auto text = url.substr(std::min(ampersand + since.size(), url.size()));
      for (auto at = text.find("%3A"); at != std::string::npos; at = text.find("%3A")) {
        text.replace(at, 3, ":");
      }
      const auto parsed = sdk::parse_iso8601(text);
      if (url.compare(ampersand, since.size(), since) != 0 || !parsed) {
        return {};
      }
      instant = *parsed;
    }
    return {number ? static_cast<int>(std::clamp<std::int64_t>(*number, 0, 1000)) : 0, instant};
  }

  [[nodiscard]] std::string list(std::size_t account, int page, sdk::Timestamp since) const {
    constexpr int page_size = 3;
    sdk::JsonWriter json;
    json.open_object().member("kind", "list").name("items").open_array();
    int at = 0;
    for (const auto& [id, item] : items_.at(account)) {
      if (item.changed >= since && at++ / page_size == page - 1) {
        json.open_object().member("id", id).member("title", item.title).close();
      }
    }
    json.close();
    if (account == 0 && since != sdk::Timestamp::min()) {
      json.name("gone").open_array();
      for (const auto& [id, when] : gone_) {
        if (when >= since) {
          json.open_object().member("id", id).close();
        }
      }
      json.close();
    }
    if (at > page * page_size) {
      json.member("next", page + 1);
    }
    return json.close().take();
  }

  sdk::Timestamp now_ = std::chrono::sys_days(std::chrono::year(2026) / 1 / 5);
  std::array<std::map<int, Item>, 2> items_;
  std::map<int, sdk::Timestamp> gone_; ///< of the first account; told to whoever asks for changes
  std::array<bool, 2> revoked_{};
  std::vector<std::string> undescribed_;
};

template <Flaw flaw> ConformanceProvider items() {
  return {.name = "items",
          .plugin_file = {},
          .query = &query<flaw>,
          .manifest = manifest,
          .make_world = [](std::uint64_t seed) { return std::make_unique<ItemsWorld>(seed); },
          .objects = {}};
}

/// What the law of that name finds out.
template <Flaw flaw> std::vector<std::string> problems(std::string_view name) {
  for (const auto& law : conformance_laws()) {
    if (law.name == name) {
      return law.check(items<flaw>());
    }
  }
  return {"there is no such law"};
}

TEST(ConformanceKit, FindsOutEveryWayOfBeingCareless) {
  EXPECT_THAT(problems<Flaw::swallows_errors>("server_errors_lose_nothing"), Contains(HasSubstr("is lost")));
  EXPECT_THAT(problems<Flaw::swallows_errors>("limits_lose_nothing"), Contains(HasSubstr("a 429")));
  EXPECT_THAT(problems<Flaw::takes_a_refusal_for_an_end>("refused_credentials_are_told_and_complete_no_page"),
              Contains(HasSubstr("a page is complete after the credentials were revoked")));
  EXPECT_THAT(problems<Flaw::remembers_a_refusal>("credentials_that_are_renewed_lose_nothing"),
              Contains(HasSubstr("fails: object item: the credentials were refused")));
  EXPECT_THAT(problems<Flaw::takes_a_refusal_for_an_end>("credentials_that_are_renewed_lose_nothing"),
              Contains(HasSubstr("is lost")));
  EXPECT_THAT(problems<Flaw::takes_a_lost_connection_for_an_end>("lost_connections_lose_nothing"),
              Contains(HasSubstr("a reset: item i0 is lost")));
  EXPECT_THAT(problems<Flaw::takes_half_an_answer_for_an_end>("truncated_answers_lose_nothing"),
              Contains(HasSubstr("is lost")));
  EXPECT_THAT(problems<Flaw::swallows_cancellations>("a_cancelled_call_ends"),
              Contains(HasSubstr("is complete all the same")));
  EXPECT_THAT(problems<Flaw::swallows_deadlines>("a_late_call_ends"),
              Contains(HasSubstr("does not fail with deadline_exceeded")));
  EXPECT_THAT(problems<Flaw::keeps_progress_in_the_object>("a_crash_at_any_page_loses_and_doubles_nothing"),
              Not(IsEmpty()));
  EXPECT_THAT(problems<Flaw::shares_progress>("two_accounts_do_not_mix"), Not(IsEmpty()));
  EXPECT_THAT(problems<Flaw::shares_a_refusal>("two_accounts_do_not_mix"),
              Contains(HasSubstr("beside an account whose credentials are refused fails")));
  EXPECT_THAT(problems<Flaw::gives_unstable_page_keys>("page_keys_are_stable"),
              Contains(HasSubstr("gives the same pages other page keys")));
  EXPECT_THAT(problems<Flaw::throws_when_surprised>("broken_members_break_no_rule"),
              Contains(HasSubstr("what is this?")));
  EXPECT_THAT(problems<Flaw::stays_surprised>("broken_answers_leave_nothing_behind"),
              Contains(HasSubstr("a pass that trusts nothing, after one with broken answers")));
  EXPECT_THAT(problems<Flaw::counts_members>("unknown_members_change_nothing"),
              Contains(HasSubstr("item i0 is another")));
  EXPECT_THAT(problems<Flaw::insists_on_known_members>("unknown_members_change_nothing"),
              Contains(HasSubstr("what is that member?")));
  EXPECT_THAT(problems<Flaw::overlooks_what_is_gone>("a_delta_after_changes_equals_a_fresh_full_pass"),
              Contains(HasSubstr("item i8 should not be there")));
  EXPECT_THAT(problems<Flaw::trusts_the_pages_it_knows>("a_full_pass_after_changes_equals_a_fresh_one"),
              Contains(HasSubstr("item i2 is another")));
  EXPECT_THAT(problems<Flaw::trusts_the_pages_it_knows>("a_full_pass_finds_what_is_gone"),
              Contains(HasSubstr("item i3 should not be there")));
  EXPECT_THAT(problems<Flaw::loses_equal_instants>("a_delta_after_changes_equals_a_fresh_full_pass"),
              Contains(HasSubstr("item i2 is another")));
  EXPECT_THAT(problems<Flaw::asks_for_more>("two_passes_are_equal"),
              Contains(HasSubstr("does not describe: GET /items")));
}

TEST(ConformanceKit, DoesNotSeeWhatNobodyEverSees) {
  // A plugin that leaves out the same page every time agrees with itself: that takes a count by the world, as the provider's own tests have.
  EXPECT_THAT(problems<Flaw::skips_a_page>("two_passes_are_equal"), IsEmpty());
}

TEST(ConformanceKit, ReadsTheObjectsOutOfAManifest) {
  const auto objects = objects_of_manifest(R"json({"objects": [
    {"key": "task", "capabilities": ["list"], "fields": [{"pointer": "/id"}],
     "parent": {"object": "user", "mode": "changed", "batch": 5, "fields": {"login": "handle", "team": "team"}},
     "defaultMapping": {"externalId": {"concat": ["$page/user", {"const": ":"}, "/id"]}}},
    {"key": "user", "capabilities": ["list", "delta"], "deletions": "full_pass", "overlapSeconds": 60,
     "fields": [{"pointer": "/id"}],
     "defaultMapping": {"externalId": {"from": "/id"}, "goneWhen": {"from": "/state", "in": ["gone", 4]},
                        "fields": {"handle": "/login", "team": {"from": "$page/team"}}}}
  ]})json");
  ASSERT_TRUE(objects.ok()) << objects.error().message;
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ((*objects)[0].key, "user") << "parents come first";
  EXPECT_TRUE((*objects)[0].delta && (*objects)[0].sweeps);
  EXPECT_EQ((*objects)[0].overlap, std::chrono::seconds(60));
  ASSERT_TRUE((*objects)[0].gone_when);
  EXPECT_EQ((*objects)[0].gone_when->from.text, "/state");
  EXPECT_THAT((*objects)[0].gone_when->values, ElementsAre("\"gone\"", "4"));
  const auto& task = (*objects)[1];
  EXPECT_FALSE(task.gone_when);
  EXPECT_TRUE(task.changed_parents);
  EXPECT_EQ(task.batch, 5U);
  ASSERT_EQ(task.external_id.size(), 3U);
  EXPECT_EQ(task.external_id[0].kind, ValueSource::Kind::page_constant);
  EXPECT_EQ(task.external_id[1].text, ":");
  ASSERT_EQ(task.parent_fields.size(), 2U);
  EXPECT_EQ(task.parent_fields[0].second.text, "/login");
  EXPECT_EQ(task.parent_fields[1].second.kind, ValueSource::Kind::page_constant);
  for (const auto* const broken :
       {"{}", "[", R"({"objects":[{"key":"a"}]})",
        R"({"objects":[{"key":"a","parent":{"object":"a"},"defaultMapping":{"externalId":"/id"}}]})",
        R"({"objects":[{"key":"a","defaultMapping":{"externalId":{"firstOf":["/a"]}}}]})",
        R"({"objects":[{"key":"a","defaultMapping":{"externalId":"/id","goneWhen":{"from":"/a","matches":"x"}}}]})"}) {
    EXPECT_FALSE(objects_of_manifest(broken).ok()) << broken;
  }
}

} // namespace
} // namespace dovetail::testing

DOVETAIL_CONFORMANCE(Items, items<Flaw::none>())

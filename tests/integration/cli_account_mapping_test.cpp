// SPDX-License-Identifier: Apache-2.0
// Mappings that read fields which only the account has, through the program: the sample plugin of the SDK, real HTTP, a real database (SYNC-2).
#include <filesystem>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/clock.hpp"
#include "tests/simulators/server.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

using dovetail::testing::CliWorld;
using dovetail::testing::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// One user with fields of the account's own.
class OwnFields final : public simulators::Handler {
public:
  simulators::Answer handle(const simulators::SimRequest& request) override {
    const std::lock_guard lock(mutex_);
    if (request.target.starts_with("/teams/red/users")) {
      return answer(200, R"({"users":[{"id":1,"login":"ada","custom":{"c1":"red","c2":"7","c9":"blue"}}]})");
    }
    if (request.target == "/teams/red/fields?of=user") {
      ++asked_;
      return answer(status_, R"({"fields":)" + fields_ + "}");
    }
    return answer(404, "{}");
  }
  void set_fields(std::string fields) {
    const std::lock_guard lock(mutex_);
    fields_ = std::move(fields);
  }
  void refuse_fields(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

private:
  static simulators::Answer answer(int status, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}},
            .body = std::make_shared<const std::string>(std::move(body)),
            .delivery = {},
            .in_flight = nullptr};
  }

  std::mutex mutex_;
  // guarded by mutex_
  std::string fields_;
  int status_ = 200;
  int asked_ = 0;
};

constexpr const char* colour = R"({"id":"c1","title":"Colour","kind":"text"})";
constexpr const char* size = R"({"id":"c2","title":"Size","kind":"text"})";

constexpr const char* manifest = R"json({
  "providerKey": "sample", "displayName": "Sample", "providerSchemaVersion": 1,
  "plugin": {"file": "sample.so", "abi": {"major": 1, "minor": 0}},
  "auth": {"kind": "header", "secret": "key", "header": "X-Api-Key"},
  "secrets": [{"name": "key", "label": "API key", "envKey": "SAMPLE_KEY"}],
  "requiredHeaders": [],
  "baseUrlVariants": [{"key": "own", "label": "Own server", "baseUrl": "{address}"}],
  "rateLimits": {},
  "connectionConfig": {"type": "object", "required": ["team", "address"],
                       "properties": {"team": {"type": "string"}, "address": {"type": "string"}}},
  "objects": [
    {"key": "user", "label": "Users", "model": "note", "capabilities": ["list"], "discovery": true,
     "fields": [{"pointer": "/id", "type": "integer", "identifier": true}, {"pointer": "/login", "type": "text"}],
     "mappingSchemaVersion": 1,
     "defaultMapping": {"model": "note", "externalId": "/id", "fields": {"body": "/login", "tag": "/custom/c1"}}}
  ]
})json";
constexpr const char* model = R"json({
  "name": "note", "label": "Note",
  "fields": [{"name": "body", "type": "text"}, {"name": "tag", "type": "text"}, {"name": "size", "type": "text"}]
})json";

class CliAccountMapping : public ::testing::Test {
protected:
  CliAccountMapping() {
    auto started = simulators::Server::start(provider, clock_);
    EXPECT_TRUE(started.ok());
    server_ = std::move(*started);
    has({colour, size});
    std::filesystem::create_directories(world.folder() / "manifests" / "models");
    static_cast<void>(world.file("manifests/sample.json", manifest));
    static_cast<void>(world.file("manifests/models/note.json", model));
    world.set("DOVETAIL_MANIFEST_DIR", (world.folder() / "manifests").string());
    world.set("DOVETAIL_PLUGIN_DIR", (CliWorld::build() / "tests" / "abi" / "plugins").string());
    world.set("SAMPLE_KEY", "key-of-the-test");
    world.add_vault_key();
    world.expect(0, {"tenant", "add", "acme"});
    world.expect(0, {"connection", "add", "--tenant", "acme", "--provider", "sample", "--name", "main", "--config",
                     "team=red", "--config", "address=" + server_->base_url(), "--config", "allowPlainHttp=true",
                     "--config", "allowPrivateAddresses=true"});
  }

  void has(const std::vector<std::string>& fields) {
    std::string list;
    for (const std::string& field : fields) {
      list += (list.empty() ? "[" : ",") + field;
    }
    provider.set_fields(list + "]");
  }
  static std::vector<std::string> verb(std::vector<std::string> words) {
    words.insert(words.end(), {"--tenant", "acme", "--connection", "main", "--object", "user"});
    return words;
  }
  Ended sync(int status, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"sync", "--tenant", "acme"};
    words.insert(words.end(), more.begin(), more.end());
    return world.expect(status, words);
  }
  std::string tag() {
    const json::Document rows = world.json({"records", "--tenant", "acme", "note", "--format", "json"});
    return std::string(rows.root().at("/0/tag").as_string().value_or("(null)"));
  }

  SystemClock clock_;
  OwnFields provider;
  std::unique_ptr<simulators::Server> server_;
  CliWorld world;
};

TEST_F(CliAccountMapping, ADeletedColumnStopsTheSyncUntilTheMappingIsCorrected_SYNC_2) {
  sync(0);
  EXPECT_EQ(tag(), "red");
  has({size, R"({"id":"c9","title":"Colour","kind":"text"})"});
  EXPECT_THAT(sync(1).err, AllOf(HasSubstr("Mappings out of date"), HasSubstr("\"Colour\" (c1), which is gone"),
                                 HasSubstr("\"Colour\" (c9) has its title")));
  EXPECT_THAT(world.expect(1, verb({"mapping", "check"})).out, HasSubstr("stale, \"tag\" reads"));
  world.expect(0, verb({"mapping", "check", "--offline"}));
  EXPECT_THAT(world.expect(1, verb({"mapping", "accept"})).err, HasSubstr("mapping set"));

  const json::Document partial = world.json({"sync", "--tenant", "acme", "--stale-mapping", "run_valid", "--json"});
  EXPECT_EQ(partial.root().at("/objects/0/partial").as_bool(), true);
  EXPECT_EQ(tag(), "red") << "what is left out keeps its values";

  const std::string change = world.file("o.json", R"({"fields":{"tag":"/custom/c9"}})").string();
  world.expect(0, verb({"mapping", "set", change}));
  world.expect(0, verb({"mapping", "check"}));
  sync(0);
  EXPECT_EQ(tag(), "blue");
}

TEST_F(CliAccountMapping, ARenamedColumnStopsTheSyncUntilItIsAccepted_SYNC_2) {
  sync(0);
  has({R"({"id":"c1","title":"Shade","kind":"text"})", size});
  EXPECT_THAT(sync(1).err, AllOf(HasSubstr("Mappings out of date"), HasSubstr("is now called \"Shade\"")));
  EXPECT_THAT(sync(1).err, HasSubstr("is now called")) << "telling it does not accept it";
  sync(0, {"--stale-mapping", "run_valid"});
  world.expect(0, verb({"mapping", "accept"}));
  sync(0);
}

TEST_F(CliAccountMapping, ARetypedColumnStopsTheSync_SYNC_2) {
  sync(0);
  has({R"({"id":"c1","title":"Colour","kind":"number"})", size});
  EXPECT_THAT(sync(1).err, HasSubstr("was text and is now real"));
  world.expect(0, verb({"mapping", "accept"}));
  sync(0);
}

TEST_F(CliAccountMapping, ColumnsThatNoMappingReadsMayComeAndGo_SYNC_2) {
  sync(0);
  has({colour, R"({"id":"c7","title":"Other","kind":"number"})"});
  sync(0);
  EXPECT_EQ(
      world.json(verb({"mapping", "defaults", "--offline", "--json"})).root().at("/account_fields/1/key").as_string(),
      "c7");
}

TEST_F(CliAccountMapping, AnOverrideIsCheckedAgainstTheAccountsFields_SYNC_2) {
  const std::string good = world.file("g.json", R"({"fields":{"size":"/custom/c2"}})").string();
  const std::string bad = world.file("b.json", R"({"fields":{"size":"/custom/c3"}})").string();
  EXPECT_THAT(world.expect(1, verb({"mapping", "set", bad})).err,
              AllOf(HasSubstr("\"/fields/size\""), HasSubstr("/custom/c3")));
  world.expect(0, verb({"mapping", "set", good}));
  sync(0);
  const json::Document rows = world.json({"records", "--tenant", "acme", "note", "--format", "json"});
  EXPECT_EQ(rows.root().at("/0/size").as_string(), "7");
}

TEST_F(CliAccountMapping, ADryRunAcceptsNothing_SYNC_12) {
  sync(0, {"--dry-run"});
  EXPECT_EQ(world.json(verb({"mapping", "defaults", "--offline", "--json"})).root().at("/account_fields").size(), 0U);
  sync(0);
  EXPECT_EQ(world.json(verb({"mapping", "defaults", "--offline", "--json"})).root().at("/account_fields").size(), 2U);
}

TEST_F(CliAccountMapping, WhereTheAccountMayNotBeAskedTheJobFailsAndCountsItsRequests_SYNC_11) {
  provider.refuse_fields(403);
  const json::Document report = *json::Document::parse(world.expect(1, {"sync", "--tenant", "acme", "--json"}).out);
  EXPECT_THAT(std::string(report.root().at("/objects/0/error/message").as_string().value_or("")),
              HasSubstr("Asking the account for the fields of \"user\""));
  EXPECT_EQ(report.root().at("/objects/0/requests").as_int64(), 1);
  EXPECT_EQ(provider.asked(), 1);
  EXPECT_TRUE(report.root().at("/objects/0/job").as_string());
}

} // namespace
} // namespace dovetail

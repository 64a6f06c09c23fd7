// SPDX-License-Identifier: Apache-2.0
// Actions and discovery through the program: the sample plugin of the SDK, real HTTP, a real database (CORE-1, SYNC-9).
#include <atomic>
#include <filesystem>
#include <map>
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
using ::testing::IsEmpty;
using ::testing::Not;

/// The provider that sdk/testing/sample_plugin.cpp is for, as far as actions and fields go.
class SampleProvider final : public simulators::Handler {
public:
  simulators::Answer handle(const simulators::SimRequest& request) override {
    const std::lock_guard lock(mutex_);
    ++requests_;
    if (request.header("X-Api-Key") != "canary-key-1a") {
      return answer(401, R"({"message":"who are you?"})");
    }
    if (request.method == "GET" && request.target == "/teams/red/fields?of=task") {
      return answer(200, R"({"fields":[{"id":"c1","title":"Colour","kind":"choice",
                            "choices":[{"value":"r","label":"Red"},{"value":2}]}]})");
    }
    if (request.method != "POST" || request.target != "/tasks") {
      return answer(404, R"({"message":"no such place"})");
    }
    if (status_ >= 400) {
      return answer(status_, R"({"message":"not today"})");
    }
    tasks_[std::string(request.header("Idempotency-Key").value_or("")) + " " + request.body] += 1;
    auto done = answer(201, R"({"id":41,"note":"canary-key-1a"})");
    if (lose_answers_) {
      done.delivery.kind = simulators::DeliveryKind::reset_before_headers;
    }
    return done;
  }

  void set_status(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  void lose_answers(bool lose) {
    const std::lock_guard lock(mutex_);
    lose_answers_ = lose;
  }
  std::map<std::string, int> tasks() {
    const std::lock_guard lock(mutex_);
    return tasks_;
  }
  int requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
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
  int status_ = 200;
  bool lose_answers_ = false;
  int requests_ = 0;
  std::map<std::string, int> tasks_;
};

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
    {"key": "user", "label": "Users", "model": "note", "capabilities": ["list"],
     "fields": [{"pointer": "/id", "type": "integer", "identifier": true}],
     "mappingSchemaVersion": 1, "defaultMapping": {"model": "note", "externalId": "/id", "fields": {"body": "/id"}}},
    {"key": "task", "label": "Tasks", "model": "note", "capabilities": ["list", "actions"], "discovery": true,
     "fields": [{"pointer": "/id", "type": "integer", "identifier": true}],
     "mappingSchemaVersion": 1, "defaultMapping": {"model": "note", "externalId": "/id", "fields": {"body": "/id"}}}
  ],
  "actions": [
    {"key": "create_task", "label": "Create a task", "object": "task", "idempotent": IDEMPOTENT,
     "input": {"type": "object", "required": ["title"], "additionalProperties": false,
               "properties": {"title": {"type": "string", "maxLength": 20}}}},
    {"key": "undo_everything", "label": "What the plugin does not have", "input": {"type": "object"}}
  ]
})json";
constexpr const char* model = R"json({
  "name": "note", "label": "Note", "fields": [{"name": "body", "type": "text"}]
})json";

class CliAction : public ::testing::Test {
protected:
  CliAction() {
    auto started = simulators::Server::start(provider, clock_);
    EXPECT_TRUE(started.ok());
    server_ = std::move(*started);
    declare(true);
    world.set("DOVETAIL_MANIFEST_DIR", (world.folder() / "manifests").string());
    world.set("DOVETAIL_PLUGIN_DIR", (CliWorld::build() / "tests" / "abi" / "plugins").string());
    world.set("SAMPLE_KEY", "canary-key-1a");
    world.add_vault_key();
    world.expect(0, {"tenant", "add", "acme"});
    connect("main");
  }

  void declare(bool idempotent) {
    std::filesystem::create_directories(world.folder() / "manifests" / "models");
    std::string text = manifest;
    text.replace(text.find("IDEMPOTENT"), 10, idempotent ? "true" : "false");
    static_cast<void>(world.file("manifests/sample.json", text));
    static_cast<void>(world.file("manifests/models/note.json", model));
  }
  void connect(const std::string& name) {
    world.expect(0, {"connection", "add", "--tenant", "acme", "--provider", "sample", "--name", name, "--config",
                     "team=red", "--config", "address=" + server_->base_url(), "--config", "allowPlainHttp=true",
                     "--config", "allowPrivateAddresses=true"});
  }
  static std::vector<std::string> invoke(const std::string& action, std::vector<std::string> more) {
    std::vector<std::string> arguments{"action",       "invoke", action,    "--tenant", "acme",
                                       "--connection", "main",   "--input", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Ended create(int status, const std::string& key, const std::string& input = R"({"title":"Call back"})") {
    return world.expect(status, invoke("create_task", {"--idempotency-key", key}), input);
  }

  SampleProvider provider;
  CliWorld world;

private:
  SystemClock clock_;
  std::unique_ptr<simulators::Server> server_;
};

TEST_F(CliAction, IsDoneOnceForEachKey) {
  EXPECT_THAT(create(0, "order-7").out,
              AllOf(HasSubstr("The action create_task is done"), HasSubstr("order-7"), HasSubstr("41")));
  const int requests = provider.requests();
  EXPECT_THAT(create(0, "order-7", R"({ "title" : "Call back" })").out,
              AllOf(HasSubstr("had been done before"), HasSubstr("41")));
  EXPECT_EQ(provider.requests(), requests);
  EXPECT_EQ(provider.tasks(), (std::map<std::string, int>{{R"(order-7 {"title":"Call back"})", 1}}));
  EXPECT_THAT(create(1, "order-7", R"({"title":"Other"})").err, HasSubstr("was used for another input"));
  create(0, "order-8");
  EXPECT_EQ(provider.tasks().size(), 2U);
  const auto jobs = world.json({"job", "list", "--json"});
  ASSERT_EQ(jobs.root().size(), 2U);
  EXPECT_EQ(jobs.root().at("/0/kind").as_string(), "action");
  EXPECT_EQ(jobs.root().at("/0/object").as_string(), "create_task");
  EXPECT_EQ(jobs.root().at("/0/state").as_string(), "succeeded");
  EXPECT_EQ(jobs.root().at("/0/requests").as_int64(), 1);
  EXPECT_THAT(world.places_of("canary-key-1a"), IsEmpty());
}

TEST_F(CliAction, MakesAKeyAndTellsIt) {
  const Ended ended = world.expect(0, invoke("create_task", {"--json"}), R"({"title":"Call back"})");
  const auto told = json::Document::parse(ended.out);
  ASSERT_TRUE(told.ok()) << ended.out;
  EXPECT_EQ(told->root().at("/output/id").as_int64(), 41);
  EXPECT_EQ(told->root()["done_before"].as_bool(), false);
  const std::string key(told->root().string_or("/idempotency_key", ""));
  EXPECT_EQ(key, "job-" + std::string(told->root().string_or("/job", "")));
  EXPECT_THAT(create(0, key).out, HasSubstr("had been done before"));
}

TEST_F(CliAction, ChecksTheInputBeforeAnythingIsCalled) {
  const int before = provider.requests();
  EXPECT_THAT(create(1, "k", R"({"titel":"canary-title"})").err,
              AllOf(HasSubstr("does not fit the action"), HasSubstr("\"title\" is missing"), Not(HasSubstr("canary"))));
  EXPECT_THAT(create(1, "k", R"({"title":"a text that is far too long"})").err,
              AllOf(HasSubstr("/title"), Not(HasSubstr("far too"))));
  EXPECT_THAT(create(1, "k", "no json").err, HasSubstr("line 1"));
  EXPECT_THAT(world.expect(1, invoke("destroy", {}), "{}").err, HasSubstr("only: create_task, undo_everything"));
  EXPECT_THAT(world.expect(2, invoke("create_task", {"--idempotency-key", "a b"}), "{}").err,
              HasSubstr("visible ASCII"));
  EXPECT_EQ(provider.requests(), before);
  EXPECT_EQ(world.json({"job", "list", "--json"}).root().size(), 0U);
}

TEST_F(CliAction, WhatTheProviderRefusedCanBeTriedAgainWithTheSameKey) {
  provider.set_status(422);
  const Ended refused = create(1, "order-7");
  EXPECT_THAT(refused.err, AllOf(HasSubstr("the action create_task failed"), HasSubstr("not today"),
                                 HasSubstr("--idempotency-key order-7")));
  const auto jobs = world.json({"job", "list", "--json"});
  const std::string job(jobs.root().string_or("/0/job", ""));
  for (const auto* const verb : {"cancel", "retry"}) {
    EXPECT_THAT(world.expect(1, {"job", verb, job, "--tenant", "acme"}).err, HasSubstr("`dovetail action invoke`"));
  }
  declare(false);
  provider.set_status(200);
  create(0, "order-7");
  EXPECT_EQ(provider.tasks().size(), 1U);
  EXPECT_THAT(world.expect(1, invoke("undo_everything", {}), "{}").err, HasSubstr("has no action"));
}

TEST_F(CliAction, WhatMayHaveBeenDoneIsOnlyRepeatedWhereThatIsSafe) {
  provider.lose_answers(true);
  create(1, "order-7");
  EXPECT_GE(provider.tasks().begin()->second, 1);
  provider.lose_answers(false);
  declare(false);
  const int before = provider.requests();
  EXPECT_THAT(create(1, "order-7").err, AllOf(HasSubstr("not safe to repeat"), HasSubstr("new idempotency key")));
  EXPECT_EQ(provider.requests(), before);
  declare(true);
  create(0, "order-7");
  EXPECT_EQ(provider.tasks().size(), 1U) << "every attempt has the key of the first";
}

TEST_F(CliAction, AreListed) {
  const auto actions = world.json({"action", "list", "--tenant", "acme", "--connection", "main", "--json"});
  ASSERT_EQ(actions.root().size(), 2U);
  EXPECT_EQ(actions.root().at("/0/action").as_string(), "create_task");
  EXPECT_EQ(actions.root().at("/0/safe_to_repeat").as_bool(), true);
  EXPECT_EQ(actions.root().at("/0/input/required/0").as_string(), "title");
  EXPECT_EQ(actions.root().at("/1/safe_to_repeat").as_bool(), false);
  EXPECT_THAT(world.expect(0, {"action", "list", "--tenant", "acme", "--connection", "main"}).out,
              HasSubstr("Create a task"));
}

TEST_F(CliAction, DiscoversTheFieldsOfTheAccount) {
  const std::vector<std::string> ask = {"connection", "discover", "main", "--tenant", "acme", "--object", "task"};
  EXPECT_THAT(world.expect(0, ask).out, AllOf(HasSubstr("Colour"), HasSubstr("/custom/c1"), HasSubstr("Red, 2")));
  auto as_json = ask;
  as_json.emplace_back("--json");
  const auto fields = world.json(as_json);
  ASSERT_EQ(fields.root().size(), 1U);
  EXPECT_EQ(fields.root().at("/0/key").as_string(), "c1");
  EXPECT_EQ(fields.root().at("/0/values/1/value").as_int64(), 2);
  EXPECT_EQ(fields.root().at("/0/nullable").as_bool(), true);
  auto other = ask;
  other.back() = "user";
  EXPECT_THAT(world.expect(1, other).err, HasSubstr("those of the provider's manifest"));
  other.back() = "nothing";
  EXPECT_THAT(world.expect(1, other).err, HasSubstr("only: user, task"));
}

} // namespace
} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// `dovetail mapping` and `dovetail match` as people use them, against a simulated provider over real sockets (SYNC-2, SYNC-13).
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "core/base/clock.hpp"
#include "core/json/document.hpp"
#include "tests/simulators/github/simulator.hpp"
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

simulators::github::SimulatorOptions one_organisation() {
  simulators::github::SimulatorOptions options;
  options.world.seed = 11;
  simulators::github::OrganisationOptions organisation;
  organisation.login = "acme";
  organisation.members = 4;
  organisation.repositories = 3;
  options.world.organisations.push_back(organisation);
  options.tokens.push_back({.token = "token-of-the-mapping-test"});
  options.limits.primary = 1'000'000;
  options.limits.points_per_minute = 1'000'000;
  return options;
}

class CliMapping : public ::testing::Test {
protected:
  CliMapping()
      : simulator(one_organisation(), clock), server(std::move(simulators::Server::start(simulator, clock)).value()) {
    world.add_vault_key();
    world.set("TOKEN_OF_THE_TEST", "token-of-the-mapping-test");
    world.expect(0, {"tenant", "add", "acme"});
    world.expect(0, CliWorld::connect(server->base_url(), {"--secret-env", "token=TOKEN_OF_THE_TEST"}));
  }

  static std::vector<std::string> verb(std::vector<std::string> words, const std::string& object) {
    words.insert(words.end(), {"--tenant", "acme", "--connection", "main", "--object", object});
    return words;
  }
  static std::vector<std::string> json(std::vector<std::string> words) {
    words.emplace_back("--json");
    return words;
  }
  json::Document sync(const std::string& object, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"sync", "--tenant", "acme", "--object", object, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return world.json(words);
  }
  /// Runs SQL on the database file while no program has it open, as a customer's own program would.
  void sql(const std::string& statement) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((world.data() / "dovetail.db").c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, statement.c_str(), nullptr, nullptr, &message), SQLITE_OK)
        << (message == nullptr ? "" : message);
    sqlite3_free(message);
    sqlite3_close(database);
  }

  SystemClock clock;
  simulators::github::GithubSimulator simulator;
  std::unique_ptr<simulators::Server> server;
  CliWorld world;
};

TEST_F(CliMapping, AnOverrideIsCheckedStoredShownAndInForce_SYNC_2) {
  EXPECT_EQ(world.json(json(verb({"mapping", "defaults"}, "repository"))).root().at("/mapping/fields/name").as_string(),
            "/name");
  sync("repository");
  const std::string bad = world.file("bad.json", R"({"fields":{"description":"/descripton"}})").string();
  EXPECT_THAT(world.expect(1, verb({"mapping", "set", bad}, "repository")).err,
              AllOf(HasSubstr("bad.json"), HasSubstr("\"/fields/description\""), HasSubstr("/descripton")));
  EXPECT_THAT(world.expect(1, verb({"mapping", "set", bad}, "nothing")).err, HasSubstr("pull_request"));

  const std::string good =
      world
          .file("good.json",
                R"({"fields":{"description":{"concat":["/owner/login",{"const":": "},"/name"]},"language":null}})")
          .string();
  world.expect(0, verb({"mapping", "set", good}, "repository"));
  const json::Document shown = world.json(json(verb({"mapping", "show"}, "repository")));
  EXPECT_EQ(shown.root().at("/overridden").as_bool(), true);
  EXPECT_EQ(shown.root().at("/override/revision").as_int64(), 1);
  EXPECT_EQ(shown.root().at("/stale").as_bool(), false);
  EXPECT_FALSE(shown.root().at("/mapping/fields/language").exists());
  EXPECT_THAT(world.expect(0, verb({"mapping", "show"}, "repository")).out,
              AllOf(HasSubstr("override"), HasSubstr("ok")));
  EXPECT_EQ(world.json(json(verb({"mapping", "diff"}, "repository"))).root().size(), 2U);
  EXPECT_THAT(world.expect(0, verb({"mapping", "diff"}, "repository")).out, HasSubstr("(left out)"));

  const json::Document report = sync("repository");
  EXPECT_EQ(report.root().at("/total/updated").as_int64(), 3) << "a changed mapping reads everything anew";
  EXPECT_EQ(report.root().at("/objects/0/partial").as_bool(), false);
  const json::Document rows = world.json({"records", "--tenant", "acme", "repository", "--format", "json"});
  EXPECT_THAT(std::string(rows.root().at("/0/description").as_string().value_or("")), HasSubstr("acme: "));

  world.expect(0, verb({"mapping", "reset"}, "repository"));
  EXPECT_EQ(world.json(json(verb({"mapping", "show"}, "repository"))).root().at("/overridden").as_bool(), false);
  EXPECT_THAT(world.expect(0, verb({"mapping", "diff"}, "repository")).err, HasSubstr("nothing differs"));
  EXPECT_EQ(sync("repository").root().at("/total/updated").as_int64(), 3);
}

TEST_F(CliMapping, AMappingThatIsOutOfDateStopsTheSyncUntilSomebodyActs_SYNC_2) {
  const std::string change = world.file("o.json", R"({"fields":{"description":"/name"}})").string();
  world.expect(0, verb({"mapping", "set", change}, "repository"));
  world.expect(0, {"mapping", "check", "--tenant", "acme", "--connection", "main"});
  // As if it had been made for the manifest of an earlier release.
  sql("UPDATE mapping_override SET mapping_schema_version = 99, field_signature_hash = 'before'");
  const Ended checked = world.expect(1, {"mapping", "check", "--tenant", "acme", "--connection", "main"});
  EXPECT_THAT(checked.out,
              AllOf(HasSubstr("version 99"), HasSubstr("the provider's fields"), HasSubstr("member: in order")));
  EXPECT_THAT(checked.err, HasSubstr("out of date: 1 of"));
  EXPECT_THAT(world.expect(0, verb({"mapping", "show"}, "repository")).err, HasSubstr("Mappings out of date"));

  const std::vector<std::string> sync_it{"sync", "--tenant", "acme", "--object", "repository"};
  EXPECT_THAT(world.expect(1, sync_it).err, AllOf(HasSubstr("Mappings out of date: "), HasSubstr("mapping accept")));
  const json::Document partial = sync("repository", {"--stale-mapping", "run_valid"});
  EXPECT_EQ(partial.root().at("/objects/0/partial").as_bool(), true);
  EXPECT_EQ(partial.root().at("/total/created").as_int64(), 3);
  const std::string job(partial.root().at("/objects/0/job").as_string().value_or(""));
  EXPECT_THAT(world.expect(0, {"job", "show", job}).out, HasSubstr("Partial"));
  world.expect(2, {"sync", "--tenant", "acme", "--stale-mapping", "perhaps"});

  world.expect(0, verb({"mapping", "accept"}, "repository"));
  world.expect(0, {"mapping", "check", "--tenant", "acme", "--connection", "main"});
  world.expect(0, sync_it);
}

TEST_F(CliMapping, RowsThatWereThereBeforeAreMatchedConfirmedAndThenUpdated_SYNC_13) {
  world.expect(0, {"db", "migrate"});
  const json::Document first = world.json(verb({"match", "suggest"}, "member"));
  const json::Value records = first.root()["records"];
  ASSERT_GE(records.size(), 4U);
  EXPECT_EQ(first.root().at("/summary/unmatched").as_int64(), static_cast<std::int64_t>(records.size()));
  // The statement of docs/guide/matching.md.
  const auto insert = [&](int id, const json::Value& record) {
    sql("INSERT INTO member (tenant_id, id, provider, connection_id, external_id, content_hash, state, created_at, "
        "updated_at, "
        "github_id, name) SELECT tenant_id, " +
        std::to_string(id) +
        ", '', 0, '', 0, 'active', strftime('%Y-%m-%dT%H:%M:%fZ'), strftime('%Y-%m-%dT%H:%M:%fZ'), " +
        std::string(record.at("/record/github_id").as_string().value_or("")) +
        ", 'ours' FROM tenant WHERE name = 'acme'");
  };
  const json::Document numbers = *json::Document::parse(records.dump());
  insert(1, numbers.root()[0]);
  insert(2, numbers.root()[1]);
  insert(3, numbers.root()[1]);

  const std::string file = (world.folder() / "matches.json").string();
  std::vector<std::string> suggest = verb({"match", "suggest"}, "member");
  suggest.insert(suggest.end(), {"--file", file});
  EXPECT_THAT(world.expect(0, suggest).err, AllOf(HasSubstr("1 matched, 1 in conflict"), HasSubstr("match confirm")));
  EXPECT_EQ(std::filesystem::status(file).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  std::string edited = text.str();
  // A person settles the conflict.
  const std::size_t conflict = edited.find("\"conflict\",");
  ASSERT_NE(conflict, std::string::npos);
  edited.replace(edited.find("null", conflict), 4, "\"3\"");
  const std::string decided = world.file("decided.json", edited).string();
  const json::Document summary = world.json({"match", "confirm", decided, "--json"});
  EXPECT_EQ(summary.root().at("/matched").as_int64(), 1);
  EXPECT_EQ(summary.root().at("/changed").as_int64(), 1);
  EXPECT_THAT(world.expect(1, {"match", "confirm", decided}).err, HasSubstr("already"));

  const json::Document report = sync("member");
  EXPECT_EQ(report.root().at("/total/updated").as_int64(), 2);
  EXPECT_EQ(report.root().at("/total/created").as_int64(), static_cast<std::int64_t>(records.size()) - 2);
  const json::Document rows =
      world.json({"records", "--tenant", "acme", "member", "--format", "json", "--where", "id=3"});
  ASSERT_EQ(rows.root().size(), 1U);
  EXPECT_NE(rows.root().at("/0/name").as_string(), "ours");
  EXPECT_THAT(world.expect(0, {"job", "list", "--tenant", "acme"}).out, HasSubstr("match"));
}

TEST_F(CliMapping, AnObjectWithoutMatchRulesSaysSo_SYNC_13) {
  EXPECT_THAT(world.expect(1, verb({"match", "suggest"}, "repository")).err, HasSubstr("matchBy"));
  EXPECT_THAT(world.expect(1, {"match", "confirm", world.file("x.json", "{}").string()}).err, HasSubstr("/form"));
}

} // namespace
} // namespace dovetail

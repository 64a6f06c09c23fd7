// SPDX-License-Identifier: Apache-2.0
// The program as people and scripts meet it: a child process, its exit status, what it prints.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "core/base/secret.hpp"
#include "core/vault/key_ring.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

using dovetail::testing::CliWorld;
using dovetail::testing::Ended;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::vector<std::vector<std::string>> verbs{{"provider", "list"},
                                                  {"provider", "show"},
                                                  {"plugin", "list"},
                                                  {"plugin", "probe"},
                                                  {"tenant", "add"},
                                                  {"tenant", "list"},
                                                  {"connection", "add"},
                                                  {"connection", "list"},
                                                  {"connection", "show"},
                                                  {"connection", "test"},
                                                  {"connection", "remove"},
                                                  {"sync"},
                                                  {"records"},
                                                  {"job", "list"},
                                                  {"job", "show"},
                                                  {"vault", "keygen"},
                                                  {"vault", "status"},
                                                  {"vault", "rotate"},
                                                  {"vault", "import-fernet"},
                                                  {"db", "migrate"},
                                                  {"db", "check"}};

TEST(Cli, EveryVerbHasHelpWithAnExampleAndItsVariables) {
  CliWorld world;
  for (std::vector<std::string> verb : verbs) {
    verb.emplace_back("--help");
    const Ended ended = world.expect(0, verb);
    EXPECT_THAT(ended.out, HasSubstr("Example:\n  dovetail " + verb.front())) << ended.out;
    EXPECT_THAT(ended.err, IsEmpty());
  }
  EXPECT_THAT(world.expect(0, {"sync", "--help"}).out,
              AllOf(HasSubstr("DOVETAIL_SYNC_MAX_WAIT"), HasSubstr("--max-wait")));
  EXPECT_THAT(world.expect(0, {"--help"}).out, AllOf(HasSubstr("DOVETAIL_DATA_DIR"), HasSubstr("sync")));
  EXPECT_THAT(world.expect(0, {"--version"}).out, StartsWith("dovetail "));
  EXPECT_FALSE(std::filesystem::exists(world.data())) << "help needs no data directory";
}

TEST(Cli, WrongUsageEndsWithTwoAndSaysWhereHelpIs) {
  CliWorld world;
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"frobnicate"},
      {"tenant"},
      {"tenant", "frobnicate"},
      {"tenant", "add"},
      {"tenant", "add", "Not A Name"},
      {"tenant", "list", "surplus"},
      {"tenant", "list", "--frobnicate"},
      {"sync"},
      {"sync", "--tenant", "a", "--all-tenants"},
      {"sync", "--all-tenants", "--connection", "x"},
      {"sync", "--all-tenants", "--max-wait", "soon"},
      {"sync", "--all-tenants", "--initial-sync", "yesterday"},
      {"records", "repository"},
      {"records", "repository", "--tenant", "a", "--where", "novalue"},
      {"records", "repository", "--tenant", "a", "--format", "xml"},
      {"job", "show", "not-a-number"},
      {"job", "list", "--limit", "0"},
      {"job", "list", "--connection", "x"},
      {"--log-level", "loud", "tenant", "list"},
      {"vault", "import-fernet", "-", "--tenant", "a", "--connection", "b", "--pointer", "/x"}};
  for (const auto& arguments : wrong) {
    EXPECT_THAT(world.expect(2, arguments).err, AllOf(StartsWith("dovetail: "), HasSubstr("--help")));
  }
  EXPECT_FALSE(std::filesystem::exists(world.data())) << "wrong usage does nothing";
}

// VAULT-4
TEST(Cli, SecretsAreNeverTakenFromTheCommandLineNorRepeated) {
  CliWorld world;
  const std::vector<std::vector<std::string>> leaky{
      {"connection", "add", "--tenant", "a", "--provider", "p", "--secret", "token=canary-7c1f"},
      {"connection", "add", "--tenant", "a", "--provider", "p", "--secret=canary-7c1f"},
      {"connection", "add", "--tenant", "a", "--provider", "p", "--secret-token", "canary-7c1f"},
      {"connection", "add", "--tenant", "a", "--provider", "p", "--secret-env", "canary-7c1f"},
      {"connection", "add", "--tenant", "a", "--provider", "p", "canary-7c1f"},
      {"canary-7c1f"},
      {"tenant", "list", "--canary-7c1f"}};
  for (const auto& arguments : leaky) {
    world.expect(2, arguments);
  }
  EXPECT_THAT(world.expect(2, leaky.front()).err, HasSubstr("--secret-env NAME=VARIABLE"));
  EXPECT_THAT(world.places_of("7c1f"), IsEmpty());
}

TEST(Cli, ConfigFileVariableAndFlagNameTheSameOption) {
  CliWorld world;
  const auto file = world.file("config.toml", "data-dir = \"" + (world.folder() / "from-file").string() + "\"\n");
  world.unset("DOVETAIL_DATA_DIR");
  world.expect(0, {"--config", file.string(), "tenant", "add", "acme"});
  EXPECT_TRUE(std::filesystem::exists(world.folder() / "from-file" / "dovetail.db"));

  world.set("DOVETAIL_CONFIG", file.string());
  world.set("DOVETAIL_DATA_DIR", (world.folder() / "from-variable").string());
  world.expect(0, {"tenant", "add", "acme"});
  EXPECT_TRUE(std::filesystem::exists(world.folder() / "from-variable" / "dovetail.db"));

  world.expect(0, {"tenant", "add", "acme", "--data-dir", (world.folder() / "from-flag").string()});
  EXPECT_TRUE(std::filesystem::exists(world.folder() / "from-flag" / "dovetail.db"));

  world.set("DOVETAIL_CONFIG", world.file("wrong.toml", "data-dirr = \"x\"\n").string());
  EXPECT_THAT(world.expect(2, {"tenant", "list"}).err, HasSubstr("data-dirr"));
}

TEST(Cli, TheDataDirectoryIsItsOwnersAlone) {
  CliWorld world;
  world.expect(0, {"tenant", "list"});
  struct stat status {};
  ASSERT_EQ(::stat(world.data().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((world.data() / "dovetail.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077U, 0U);
}

TEST(Cli, TenantsAreAddedOnceAndListed) {
  CliWorld world;
  EXPECT_EQ(world.expect(0, {"tenant", "list", "--json"}).out, "[]\n");
  EXPECT_THAT(world.expect(0, {"tenant", "add", "acme"}).out, HasSubstr("acme"));
  world.expect(0, {"tenant", "add", "globex"});
  EXPECT_THAT(world.expect(1, {"tenant", "add", "acme"}).err, HasSubstr("acme"));
  const json::Document tenants = world.json({"tenant", "list", "--json"});
  ASSERT_EQ(tenants.root().size(), 2U);
  EXPECT_EQ(tenants.root().at("/0/name").as_string(), "acme");
  EXPECT_TRUE(tenants.root().at("/0/id").is_string()) << "63 bits do not fit a double";
  const Ended table = world.expect(0, {"tenant", "list"});
  EXPECT_THAT(table.out,
              AllOf(StartsWith("name "), HasSubstr("\nacme "), HasSubstr("\nglobex "), Not(HasSubstr("\x1b"))));
}

TEST(Cli, TheDatabaseIsCheckedWithoutBeingMade) {
  CliWorld world;
  EXPECT_THAT(world.expect(1, {"db", "check"}).err, HasSubstr("dovetail db migrate"));
  EXPECT_FALSE(std::filesystem::exists(world.data() / "dovetail.db"));
  EXPECT_THAT(world.expect(0, {"db", "migrate"}).out, HasSubstr("applied"));
  EXPECT_THAT(world.expect(0, {"db", "migrate"}).out, HasSubstr("was up to date"));
  const json::Document migrations = world.json({"db", "check", "--json"});
  ASSERT_GE(migrations.root().size(), 1U);
  EXPECT_EQ(migrations.root().at("/0/version").as_int64(), 1);
  EXPECT_TRUE(migrations.root().at("/0/applied_at").is_string());
}

TEST(Cli, ProvidersAreShownFromTheirManifests) {
  CliWorld world;
  const json::Document providers = world.json({"provider", "list", "--json"});
  ASSERT_GE(providers.root().size(), 1U);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < providers.root().size(); ++i) {
    names.emplace_back(providers.root().at("/" + std::to_string(i) + "/provider").as_string().value_or(""));
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"bqe", "github", "monday", "odoo"}));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_TRUE(providers.root().at("/0/plugin_found").as_bool().has_value());
  EXPECT_TRUE(providers.root().at("/0/objects").is_array());
  const json::Document shown = world.json({"provider", "show", "github", "--json"});
  EXPECT_EQ(shown.root().at("/manifest/providerKey").as_string(), "github");
  EXPECT_EQ(shown.root().at("/sha256").as_string()->size(), 64U);
  EXPECT_THAT(world.expect(0, {"provider", "show", "github"}).out,
              AllOf(HasSubstr("GITHUB_TOKEN"), HasSubstr("organization"), HasSubstr("pull_request")));
  EXPECT_THAT(world.expect(1, {"provider", "show", "nobody"}).err, HasSubstr("provider list"));
}

TEST(Cli, AMalformedManifestIsToldAndTheOthersAreThere) {
  CliWorld world;
  std::filesystem::create_directories(world.folder() / "manifests");
  static_cast<void>(world.file("manifests/broken.json", "{\"providerKey\": \"broken\"}"));
  const char* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe)
  ASSERT_NE(source, nullptr);
  const Ended ended =
      world.expect(0, {"provider", "list", "--json", "--manifest-dir", std::string(source) + "/manifests",
                       "--manifest-dir", (world.folder() / "manifests").string()});
  EXPECT_THAT(ended.err, HasSubstr("broken.json"));
  EXPECT_THAT(ended.out, HasSubstr("\"github\""));
}

TEST(Cli, PluginsSayWhoTheyAre) {
  CliWorld world;
  const std::string plugin = (CliWorld::build() / "lib/dovetail/plugins/github.so").string();
  const json::Document probed = world.json({"plugin", "probe", plugin, "--json"});
  EXPECT_EQ(probed.root().at("/provider").as_string(), "github");
  EXPECT_EQ(probed.root().at("/capabilities/0").as_string(), "dovetail.sync/1");
  const json::Document listed = world.json({"plugin", "list", "--json"});
  ASSERT_GE(listed.root().size(), 1U);
  EXPECT_TRUE(listed.root().at("/0/problem").is_null());
  world.expect(1, {"plugin", "probe", world.file("text.so", "no plugin").string()});
  world.expect(1, {"plugin", "probe", (world.folder() / "none.so").string()});
}

TEST(Cli, KeygenPrintsAKeyAndNothingElse) {
  CliWorld world;
  const Ended made = world.expect(0, {"vault", "keygen"});
  EXPECT_THAT(made.err, IsEmpty());
  const auto ring = vault::KeyRing::parse(Secret(made.out));
  ASSERT_TRUE(ring.ok()) << ring.error().message;
  EXPECT_EQ(ring->keys().size(), 1U);
}

TEST(Cli, RecordsAndJobsOfAnEmptyDatabaseAreEmpty) {
  CliWorld world;
  world.expect(0, {"tenant", "add", "acme"});
  EXPECT_EQ(world.json({"records", "--tenant", "acme", "repository", "--format", "json"}).root().size(), 0U);
  EXPECT_THAT(world.expect(0, {"records", "--tenant", "acme", "repository", "--format", "csv"}).out, StartsWith("id,"));
  EXPECT_GE(world.json({"records", "--format", "json"}).root().size(), 5U) << "without a model: the models";
  world.expect(1, {"records", "--tenant", "acme", "nothing"});
  world.expect(1, {"records", "--tenant", "nobody", "repository"});
  EXPECT_THAT(world.expect(1, {"records", "--tenant", "acme", "repository", "--where", "nothing=1"}).err,
              HasSubstr("nothing"));
  EXPECT_EQ(world.json({"job", "list", "--json"}).root().size(), 0U);
  EXPECT_THAT(world.expect(1, {"job", "show", "123"}).err, HasSubstr("job list"));
}

// VAULT-3
TEST(Cli, VerbsThatTouchSecretsNeedTheKeysAndTheOthersDoNot) {
  CliWorld world;
  world.expect(0, {"tenant", "add", "acme"});
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"vault", "status"}, {"vault", "rotate"}}) {
    EXPECT_THAT(world.expect(1, arguments).err, HasSubstr("DOVETAIL_VAULT_KEYS"));
  }
  world.set("SOME_TOKEN", "canary-token-51d0");
  EXPECT_THAT(world
                  .expect(1, {"connection", "add", "--tenant", "acme", "--provider", "github", "--secret-env",
                              "token=SOME_TOKEN"})
                  .err,
              HasSubstr("DOVETAIL_VAULT_KEYS"));
  EXPECT_EQ(world.json({"connection", "list", "--json"}).root().size(), 0U) << "no half connection stays";
  world.set("DOVETAIL_VAULT_KEYS", "k1:canary-not-base64-51d0");
  world.expect(1, {"vault", "status"});
  world.expect(0, {"tenant", "list"});
  EXPECT_THAT(world.places_of("51d0"), IsEmpty());
}

} // namespace
} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Connections and their secrets through the program (VAULT-1, VAULT-2, VAULT-4, VAULT-5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/clock.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/encoding.hpp"
#include "core/vault/fernet.hpp"
#include "tests/support/cli_world.hpp"

namespace dovetail {
namespace {

using dovetail::testing::CliWorld;
using dovetail::testing::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CliConnection : public ::testing::Test {
protected:
  CliConnection() {
    world.add_vault_key();
    world.expect(0, {"tenant", "add", "acme"});
  }

  static std::vector<std::string> add(std::vector<std::string> more) {
    std::vector<std::string> arguments{"connection", "add",    "--tenant", "acme",
                                       "--provider", "github", "--name",   "main"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  json::Document show() { return world.json({"connection", "show", "main", "--tenant", "acme", "--json"}); }

  CliWorld world;
};

TEST_F(CliConnection, TakesItsSecretFromAVariableAFileOrStandardInput) {
  world.set("SOME_TOKEN", "canary-variable-1a");
  EXPECT_THAT(world.expect(0, add({"--config", "organization=acme", "--secret-env", "token=SOME_TOKEN"})).out,
              HasSubstr("is there now"));
  const json::Document shown = show();
  EXPECT_EQ(shown.root().at("/provider").as_string(), "github");
  EXPECT_EQ(shown.root().at("/config/organization").as_string(), "acme");
  EXPECT_EQ(shown.root().at("/secrets/0").as_string(), "token");
  EXPECT_EQ(shown.root().at("/status").as_string(), "active");

  const std::string file = world.file("token.txt", "canary-file-2b\n").string();
  EXPECT_THAT(world.expect(0, add({"--replace", "--secret-file", "token=" + file})).out, HasSubstr("secret token"));
  EXPECT_THAT(world.expect(0, add({"--replace", "--secret-file", "token=-"}), "canary-input-3c\n").out,
              HasSubstr("secret token"));
  EXPECT_EQ(show().root().at("/config/organization").as_string(), "acme") << "the config stays where none is given";
  for (const char* const canary : {"canary-variable-1a", "canary-file-2b", "canary-input-3c"}) {
    EXPECT_THAT(world.places_of(canary), IsEmpty());
  }
}

TEST_F(CliConnection, TakesAMissingSecretFromTheVariableThatTheManifestNames) {
  world.set("GITHUB_TOKEN", "canary-usual-4d");
  EXPECT_THAT(world.expect(0, add({"--config", "organization=acme"})).err, HasSubstr("GITHUB_TOKEN"));
  world.set("GITHUB_TOKEN", "canary-other-5e");
  EXPECT_THAT(world.expect(0, add({"--replace"})).out, HasSubstr("is as it was"))
      << "a stored secret is not replaced unasked";
  EXPECT_THAT(world.places_of("canary-"), IsEmpty());
}

TEST_F(CliConnection, SaysWhichSecretIsMissingWhereNobodyCanBeAsked) {
  const Ended ended = world.expect(1, add({"--config", "organization=acme"}));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("token"), HasSubstr("--secret-env NAME=VARIABLE"), HasSubstr("GITHUB_TOKEN")));
  EXPECT_EQ(world.json({"connection", "list", "--json"}).root().size(), 0U);
  world.expect(1, add({"--secret-env", "token=NOT_SET"}));
  world.expect(1, add({"--secret-file", "token=" + (world.folder() / "none").string()}));
  EXPECT_THAT(world.expect(1, add({"--secret-file", "tokken=" + world.file("t", "canary-6f").string()})).err,
              AllOf(HasSubstr("token"), Not(HasSubstr("canary"))));
}

TEST_F(CliConnection, ReplaceChangesOnlyWhatIsDifferent) {
  world.set("SOME_TOKEN", "canary-7a");
  const std::vector<std::string> whole{"--config",     "organization=acme",
                                       "--config",     "rateLimits.requestsPerMinute=0",
                                       "--secret-env", "token=SOME_TOKEN"};
  world.expect(0, add(whole));
  EXPECT_THAT(world.expect(1, add(whole)).err, HasSubstr("--replace"));
  std::vector<std::string> again = whole;
  again.emplace_back("--replace");
  EXPECT_THAT(world.expect(0, add(again)).out, HasSubstr("is as it was"));
  EXPECT_EQ(show().root().at("/revision").as_int64(), 1);
  again[1] = "organization=globex";
  EXPECT_THAT(world.expect(0, add(again)).out, AllOf(HasSubstr("config"), Not(HasSubstr("secret"))));
  const json::Document shown = show();
  EXPECT_EQ(shown.root().at("/config/organization").as_string(), "globex");
  EXPECT_EQ(shown.root().at("/config/rateLimits/requestsPerMinute").as_int64(), 0);
}

TEST_F(CliConnection, AConfigThatDoesNotFitIsRefusedWithoutRepeatingIt) {
  world.set("SOME_TOKEN", "canary-8b");
  const Ended ended = world.expect(1, add({"--config", "tokn=canary-8b", "--secret-env", "token=SOME_TOKEN"}));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("tokn"), HasSubstr("provider show github"), Not(HasSubstr("canary"))));
  world.expect(1, add({"--config-json", world.file("c.json", "[1]").string(), "--secret-env", "token=SOME_TOKEN"}));
  world.expect(1, add({"--variant", "nowhere", "--secret-env", "token=SOME_TOKEN"}));
  world.expect(0, add({"--config-json", world.file("c.json", R"({"organization":"acme"})").string(), "--variant",
                       "production", "--secret-env", "token=SOME_TOKEN"}));
  EXPECT_EQ(show().root().at("/environment").as_string(), "production");
}

TEST_F(CliConnection, WithoutCredentialsNeedsNoVault) {
  world.unset("DOVETAIL_VAULT_KEYS");
  world.expect(0, add({"--config", "auth=anonymous", "--config", "organization=acme"}));
  EXPECT_EQ(show().root().at("/secrets").size(), 0U);
}

TEST_F(CliConnection, IsRemovedWithItsSecretsOnceSomebodySaysSo) {
  world.set("SOME_TOKEN", "canary-9c");
  world.expect(0, add({"--secret-env", "token=SOME_TOKEN"}));
  EXPECT_THAT(world.expect(1, {"connection", "remove", "main", "--tenant", "acme"}).err, HasSubstr("--yes"));
  EXPECT_EQ(world.json({"connection", "list", "--tenant", "acme", "--json"}).root().size(), 1U);
  world.expect(0, {"connection", "remove", "main", "--tenant", "acme", "--yes"});
  EXPECT_EQ(world.json({"connection", "list", "--tenant", "acme", "--json"}).root().size(), 0U);
  world.expect(1, {"connection", "show", "main", "--tenant", "acme"});
}

TEST_F(CliConnection, OfOneTenantIsNotSeenByAnother) {
  world.expect(0, {"tenant", "add", "globex"});
  world.expect(0, add({"--config", "auth=anonymous"}));
  EXPECT_EQ(world.json({"connection", "list", "--tenant", "globex", "--json"}).root().size(), 0U);
  world.expect(1, {"connection", "show", "main", "--tenant", "globex"});
  world.expect(1, {"connection", "remove", "main", "--tenant", "globex", "--yes"});
}

TEST_F(CliConnection, SecretsMoveToANewKeyAndTheOldOneMayGo) {
  world.set("SOME_TOKEN", "canary-rotated-0d");
  world.expect(0, add({"--secret-env", "token=SOME_TOKEN"}));
  world.add_vault_key();
  json::Document keys = world.json({"vault", "status", "--json"});
  ASSERT_EQ(keys.root().size(), 2U);
  EXPECT_EQ(keys.root().at("/0/newest").as_bool(), true);
  EXPECT_EQ(keys.root().at("/0/secrets").as_int64(), 0);
  EXPECT_EQ(keys.root().at("/1/secrets").as_int64(), 1);
  EXPECT_EQ(keys.root().at("/1/retirable").as_bool(), false);
  EXPECT_THAT(world.expect(0, {"vault", "rotate"}).out, HasSubstr("1 secrets sealed anew"));
  keys = world.json({"vault", "status", "--json"});
  EXPECT_EQ(keys.root().at("/0/secrets").as_int64(), 1);
  EXPECT_EQ(keys.root().at("/1/retirable").as_bool(), true);
  EXPECT_THAT(world.places_of("canary-rotated-0d"), IsEmpty());
}

TEST_F(CliConnection, ALostKeyIsNamedAndItsSecretsCanBeStoredAnew) {
  world.set("SOME_TOKEN", "canary-lost-1e");
  world.expect(0, add({"--secret-env", "token=SOME_TOKEN"}));
  world.unset("DOVETAIL_VAULT_KEYS");
  world.add_vault_key();
  const Ended status = world.expect(1, {"vault", "status"});
  EXPECT_THAT(status.out, HasSubstr("unchecked"));
  world.expect(1, {"vault", "rotate"});
  world.expect(0, add({"--replace", "--secret-env", "token=SOME_TOKEN"}));
  world.expect(0, {"vault", "status"});
}

TEST_F(CliConnection, FernetMaterialMovesIntoTheVault) {
  world.set("SOME_TOKEN", "canary-before-2f");
  world.expect(0, add({"--secret-env", "token=SOME_TOKEN"}));
  const Secret key_text("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
  const auto key = vault::FernetKey::parse(key_text);
  ASSERT_TRUE(key.ok());
  vault::SystemSecureRandom random;
  const auto token =
      vault::fernet_encrypt(Secret(R"({"token":"canary-fernet-3a","other":1})"), *key, SystemClock().now(), random);
  ASSERT_TRUE(token.ok());
  const std::string wrapper = R"({"_encrypted": true, "payload": ")" + *token + "\"}";
  world.set("FERNET_KEY", std::string(key_text.reveal()));
  const std::vector<std::string> import{"vault",        "import-fernet", "-",         "--tenant",  "acme",
                                        "--connection", "main",          "--key-env", "FERNET_KEY"};
  EXPECT_THAT(world.expect(1, import, wrapper).err, HasSubstr("token")) << "another value is there";
  std::vector<std::string> replacing = import;
  replacing.emplace_back("--replace");
  EXPECT_THAT(world.expect(0, replacing, wrapper).out, HasSubstr("stored now"));
  EXPECT_THAT(world.expect(0, import, wrapper).out, HasSubstr("was there already"));
  std::vector<std::string> pointed = replacing;
  pointed.insert(pointed.end(), {"--name", "token", "--pointer", "/nothing"});
  world.expect(1, pointed, wrapper);
  world.set("FERNET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  world.expect(1, import, wrapper);
  for (const char* const canary : {"canary-before-2f", "canary-fernet-3a", "cw_0x689RpI"}) {
    EXPECT_THAT(world.places_of(canary), IsEmpty());
  }
}

} // namespace
} // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/manifest.hpp"

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/manifest/test_manifest.hpp"

namespace dovetail::manifest {
namespace {

using testing::acme;
using testing::acme_with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::parse_good;

// AUTH-1, AUTH-3
TEST(Manifest, SaysHowTokensAreRenewed) {
  auto text =
      acme_with("\"clientAuth\": \"basic\"",
                R"("tokenRequest": "json", "expiry": "jwt_exp", "fallbackSeconds": 1800, "refreshBeforeSeconds": 60,
            "reauthErrors": ["gone"], "baseUrl": {"from": "/endpoint", "allowedHosts": ["*.acme.example", "acme.test"]})");
  const std::string_view password = R"({"name": "password", "label": "Password"})";
  text.replace(text.find(password), password.size(),
               std::string(password) +
                   R"(, {"name": "client_id", "label": "Client"}, {"name": "refresh_token", "label": "Refresh token"},
    {"name": "access_token", "label": "Access token"})");
  const std::string_view open = R"({"key": "open", "kind": "none"})";
  text.replace(text.find(open), open.size(), R"({"key": "open", "kind": "none"}, {"key": "app", "kind": "oauth2"})");
  const auto manifest = parse_good(text);
  ASSERT_NE(manifest, nullptr);
  const auto& oauth = *manifest->oauth;
  EXPECT_TRUE(oauth.token_request_json);
  EXPECT_FALSE(oauth.client_secret_basic);
  EXPECT_EQ(oauth.expiry, TokenExpiry::jwt_exp);
  EXPECT_EQ(oauth.fallback_life, std::chrono::seconds(1800));
  EXPECT_EQ(oauth.refresh_before, std::chrono::seconds(60));
  EXPECT_THAT(oauth.reauth_errors, ElementsAre("gone"));
  EXPECT_EQ(oauth.base_url_pointer, "/endpoint");
  EXPECT_TRUE(host_fits(oauth.base_url_hosts, "eu.acme.example") && host_fits(oauth.base_url_hosts, "acme.test"));
  EXPECT_FALSE(host_fits(oauth.base_url_hosts, "acme.example") || host_fits(oauth.base_url_hosts, "eu.acme.test"));
  EXPECT_TRUE(oauth.has(OAuthFlow::refresh_token) && !oauth.has(OAuthFlow::client_credentials));
  const auto& app = *manifest->find_auth("app");
  EXPECT_EQ(app.kind, AuthKind::oauth2);
  EXPECT_EQ(app.secret, "access_token");
  EXPECT_EQ(app.header, "Authorization");
  EXPECT_EQ(app.prefix, "Bearer ");
  EXPECT_EQ(manifest->find_secret("client_id")->label, "Client");
  EXPECT_EQ(manifest->find_secret("nothing"), nullptr);
}

// CORE-3
TEST(Manifest, HoldsEverythingThatTheFileSays) {
  const auto manifest = parse_good(acme);
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->provider_key, "acme");
  EXPECT_EQ(manifest->display_name, "Acme");
  EXPECT_EQ(manifest->plugin.file, "acme.so");
  EXPECT_EQ(manifest->plugin.abi_minor, 2);
  EXPECT_EQ(manifest->plugin.sha256.size(), 64U);
  ASSERT_EQ(manifest->auth.size(), 4U);
  EXPECT_EQ(manifest->auth[0].header, "X-Api-Key");
  EXPECT_EQ(manifest->auth[0].prefix, "");
  EXPECT_EQ(manifest->auth[1].kind, AuthKind::basic);
  EXPECT_EQ(manifest->find_auth("bearer")->prefix, "Bearer ");
  EXPECT_EQ(manifest->find_auth("bearer")->header, "Authorization");
  EXPECT_EQ(manifest->find_auth("bearer")->body, BodyEscape::json);
  EXPECT_FALSE(manifest->auth[0].body);
  EXPECT_EQ(manifest->find_auth("nothing"), nullptr);
  ASSERT_EQ(manifest->secrets.size(), 2U);
  EXPECT_TRUE(manifest->secrets[0].required);
  EXPECT_EQ(manifest->secrets[0].env_key, "ACME_KEY");
  ASSERT_TRUE(manifest->oauth);
  EXPECT_THAT(manifest->oauth->flows, ElementsAre(OAuthFlow::authorization_code, OAuthFlow::refresh_token));
  EXPECT_TRUE(manifest->oauth->pkce && manifest->oauth->client_secret_basic);
  ASSERT_EQ(manifest->required_headers.size(), 2U);
  EXPECT_TRUE(manifest->required_headers[1].from_environment);
  EXPECT_EQ(manifest->required_headers[0].config_key, "company");
  EXPECT_EQ(manifest->headers.size(), 2U);
  EXPECT_EQ(manifest->find_base_url("sandbox")->pkce, false);
  EXPECT_EQ(manifest->rate_limits, (limits::RateLimits{.requests_per_minute = 60,
                                                       .burst = 10,
                                                       .max_concurrent_per_connection = 2,
                                                       .global_requests_per_minute = 600}));
  const auto& rules = manifest->rate_limit_rules;
  EXPECT_EQ(rules.remaining_header, "X-Left");
  EXPECT_EQ(rules.reset_format, http::RateLimitRules::ResetFormat::delta_seconds);
  EXPECT_EQ(rules.request_id_header, "X-Request");
  ASSERT_EQ(rules.signs.size(), 3U);
  EXPECT_THAT(rules.signs[0].statuses, ElementsAre(403, 429));
  EXPECT_EQ(rules.signs[1].wait, http::LimitSign::Wait::reset);
  EXPECT_EQ(rules.signs[2].fixed_wait, std::chrono::seconds(90));
  EXPECT_EQ(manifest->settings["paging"].as_string(), "link");
  EXPECT_THAT(manifest->pii, ElementsAre("phone"));
  EXPECT_EQ(manifest->sha256.size(), 64U);
}

TEST(Manifest, HoldsItsObjects) {
  const auto manifest = parse_good(acme);
  ASSERT_NE(manifest, nullptr);
  const auto* const project = manifest->find_object("project");
  ASSERT_NE(project, nullptr);
  EXPECT_TRUE(project->capabilities.list && project->capabilities.delta && project->capabilities.webhooks &&
              !project->capabilities.actions);
  EXPECT_TRUE(project->find_field("/id")->identifier);
  EXPECT_FALSE(project->find_field("/id")->nullable);
  EXPECT_TRUE(project->find_field("/owner/email")->pii);
  EXPECT_EQ(project->hierarchy->parent_key, "/parent_id");
  EXPECT_EQ(project->hierarchy->child_predicate["from"].as_string(), "/parent_id");
  EXPECT_TRUE(project->parent_only);
  EXPECT_EQ(project->deletions, Deletions::full_pass);
  EXPECT_THAT(project->match_by, ElementsAre(ElementsAre("number"), ElementsAre("name", "owner")));
  EXPECT_EQ(project->overlap, std::chrono::seconds(120));
  EXPECT_EQ(project->defaults.behaviour, Behaviour::delta);
  EXPECT_EQ(project->defaults.interval, std::chrono::minutes(30));
  EXPECT_EQ(project->defaults.initial_sync, InitialSync::delta_only_from_now);
  EXPECT_EQ(project->defaults.deletion_policy, DeletionPolicy::ignore);
  EXPECT_EQ(project->defaults.conflict_policy, ConflictPolicy::skip);
  EXPECT_EQ(project->mapping_schema_version, 3);
  EXPECT_EQ(project->default_mapping["externalId"].as_string(), "/id");
  const auto* const task = manifest->find_object("task");
  ASSERT_TRUE(task != nullptr && task->parent);
  EXPECT_EQ(task->parent->mode, ParentMode::changed);
  EXPECT_EQ(task->parent->batch, 5U);
  EXPECT_EQ(task->parent->fields.front().second, "number");
  EXPECT_EQ(task->deletions, Deletions::never);
  EXPECT_EQ(task->defaults.behaviour, Behaviour::full);
}

TEST(Manifest, HoldsItsActions) {
  const auto manifest = parse_good(acme);
  ASSERT_NE(manifest, nullptr);
  const auto* const notify = manifest->find_action("notify");
  ASSERT_NE(notify, nullptr);
  EXPECT_EQ(notify->label, "Notify somebody");
  EXPECT_TRUE(notify->idempotent);
  EXPECT_EQ(notify->object, "");
  ASSERT_NE(notify->input_schema, nullptr);
  const auto good = json::Document::parse(R"({"text":"hello"})");
  const auto bad = json::Document::parse(R"({"txt":"hello"})");
  EXPECT_TRUE(notify->input_schema->validate(good->root()).empty());
  EXPECT_FALSE(notify->input_schema->validate(bad->root()).empty());
  EXPECT_EQ(manifest->find_action("nothing"), nullptr);
  EXPECT_FALSE(manifest->find_object("task")->discovery);
  std::string text =
      acme_with("\"capabilities\": [\"list\"]", "\"capabilities\": [\"list\", \"actions\"], \"discovery\": true");
  text.replace(text.find("\"idempotent\": true"), 18, "\"object\": \"task\"");
  const auto other = parse_good(text);
  ASSERT_NE(other, nullptr);
  EXPECT_TRUE(other->find_object("task")->discovery);
  EXPECT_EQ(other->find_action("notify")->object, "task");
  EXPECT_FALSE(other->find_action("notify")->idempotent);
}

TEST(Manifest, KeepsUnknownMembersAndWarnsOfThem) {
  Findings findings;
  const auto manifest =
      parse_manifest(acme_with("\"label\": \"Tasks\"", "\"label\": \"Tasks\", \"lable\": 1, \"x-own\": 2"), findings);
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->raw()["futureThing"]["kept"].as_bool(), true);
  EXPECT_EQ(manifest->objects[1].raw["lable"].as_int64(), 1);
  ASSERT_EQ(findings.warnings.size(), 2U);
  EXPECT_EQ(findings.warnings[0].pointer, "/futureThing");
  EXPECT_EQ(findings.warnings[1].pointer, "/objects/1/lable");
}

TEST(Manifest, AnUnknownSchemaVersionIsRecordedAndWarnedOf) {
  Findings findings;
  const auto manifest =
      parse_manifest(acme_with("\"providerSchemaVersion\": 1", "\"providerSchemaVersion\": 9"), findings);
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->schema_version, 9);
  ASSERT_FALSE(findings.warnings.empty());
  EXPECT_EQ(findings.warnings[0].pointer, "/providerSchemaVersion");
  EXPECT_THAT(findings.warnings[0].message, HasSubstr("version 9 is not known"));
}

TEST(Manifest, OneAuthMethodNeedsNoList) {
  std::string text(acme);
  const auto begin = text.find("\"auth\": [");
  const auto end = text.find("],", begin);
  text.replace(begin, end + 1 - begin, R"("auth": {"kind": "bearer", "secret": "api_key"})");
  const auto manifest = parse_good(text);
  ASSERT_NE(manifest, nullptr);
  ASSERT_EQ(manifest->auth.size(), 1U);
  EXPECT_EQ(manifest->auth[0].key, "bearer");
}

// SYNC-2
TEST(Manifest, TheFieldSignatureFollowsPointersAndTypesOnly) {
  const auto signature = [](std::string_view text) {
    return parse_good(text)->find_object("project")->field_signature_hash;
  };
  const auto original = signature(acme);
  EXPECT_EQ(original.size(), 64U);
  EXPECT_EQ(original, signature(acme_with(R"({"pointer": "/name", "type": "text"})",
                                          R"({"pointer": "/name", "type": "text", "label": "Name", "pii": true})")));
  std::string swapped(acme);
  swapped.replace(swapped.find(R"({"pointer": "/name", "type": "text"},)"), 38, "");
  swapped.replace(swapped.find(R"({"pointer": "/id", "type": "integer")"), 0,
                  R"({"pointer": "/name", "type": "text"},)");
  EXPECT_EQ(original, signature(swapped));
  EXPECT_NE(original,
            signature(acme_with(R"({"pointer": "/name", "type": "text"})", R"({"pointer": "/name", "type": "json"})")));
  EXPECT_NE(original, signature(acme_with(R"({"pointer": "/name", "type": "text"})",
                                          R"({"pointer": "/title", "type": "text"})")));
}

struct Malformed {
  std::string_view from;
  std::string_view to;
  std::string_view complaint;
};

// CORE-2
TEST(Manifest, EachWayOfBeingMalformedHasItsOwnMessage) {
  const Malformed cases[] = {
      {"\"displayName\": \"Acme\",", "", "(document): the member \"displayName\" is missing"},
      {"\"providerKey\": \"acme\"", "\"providerKey\": \"Acme Inc\"",
       "/providerKey: expected a snake_case key of at most 48 characters, found \"Acme Inc\""},
      {"\"providerSchemaVersion\": 1", "\"providerSchemaVersion\": \"one\"",
       "/providerSchemaVersion: expected integer, found \"one\""},
      {"\"acme.so\"", "\"../acme.so\"", "/plugin/file: expected the name of a shared object without a folder"},
      {"\"00112233", "\"0011223", "/plugin/sha256: expected a SHA-256 of 64 lower-case hexadecimal digits"},
      {"\"major\": 1", "\"major\": 0", "/plugin/abi/major: expected number greater than or equal to 1"},
      {", \"minor\": 2", "", "/plugin/abi: the member \"minor\" is missing"},
      {"\"kind\": \"header\"", "\"kind\": \"cookie\"",
       "/auth/0/kind: expected \"bearer\", \"basic\", \"header\", \"oauth2\" or \"none\", found \"cookie\""},
      {"\"kind\": \"header\", \"secret\": \"api_key\",", "\"kind\": \"header\",",
       "/auth/0: the member \"secret\" is missing"},
      {"\"kind\": \"header\", \"secret\": \"api_key\"", "\"kind\": \"header\", \"secret\": \"apikey\"",
       "/auth/0/secret: \"apikey\" is not among \"secrets\""},
      {", \"user\": \"{login}\"", "", "/auth/1: basic auth needs either \"user\" or \"userSecret\""},
      {"\"user\": \"{login}\"", "\"user\": \"{nobody}\"",
       "/auth/1/user: \"nobody\" is not among the properties of /connectionConfig"},
      {"\"escape\": \"json\"", "\"escape\": \"yaml\"",
       "/auth/2/body/escape: expected \"xml\" or \"json\", found \"yaml\""},
      {"\"kind\": \"none\"", "\"kind\": \"none\", \"body\": {\"escape\": \"xml\"}",
       "/auth/3/body: only a method with a fixed secret can put one into a body"},
      {"\"key\": \"open\"", "\"key\": \"key\"", "/auth/3/key: \"key\" stands here twice"},
      {"\"X-Api-Key\"", "\"X Api Key\"", "/auth/0/header: expected the name of an HTTP header"},
      {"\"name\": \"password\"", "\"name\": \"api_key\"", "/secrets/1/name: \"api_key\" stands here twice"},
      {"\"ACME_KEY\"", "\"acme-key\"", "/secrets/0/envKey: expected the name of an environment variable in capitals"},
      {"[\"authorization_code\"", "[\"magic\"",
       "/oauth/flows/0: expected \"authorization_code\", \"client_credentials\", \"refresh_token\" or \"device_code\", "
       "found \"magic\""},
      {"\"authBaseUrl\": \"https://id.acme.example/authorize\",", "", "/oauth: the member \"authBaseUrl\" is missing"},
      {"\"tokenUrl\": \"https://id.acme.example/token\"", "\"tokenUrl\": \"id.acme.example\"",
       "/oauth/tokenUrl: expected an http(s) URL"},
      {"\"clientAuth\": \"basic\"", "\"tokenRequest\": \"xml\"", "/oauth/tokenRequest: expected \"form\" or \"json\""},
      {"\"clientAuth\": \"basic\"", "\"expiry\": \"never\"", "/oauth/expiry: expected \"expires_in\" or \"jwt_exp\""},
      {"\"clientAuth\": \"basic\"", "\"baseUrl\": {\"from\": \"/endpoint\"}",
       "/oauth/baseUrl: the member \"allowedHosts\" is missing"},
      {"\"clientAuth\": \"basic\"", "\"baseUrl\": {\"from\": \"/endpoint\", \"allowedHosts\": [\"*\"]}",
       "/oauth/baseUrl/allowedHosts/0: expected a host such as"},
      {"\"clientAuth\": \"basic\"", "\"baseUrl\": {\"from\": \"/endpoint\", \"allowedHosts\": [\"*.com/x\"]}",
       "/oauth/baseUrl/allowedHosts/0: expected a host such as"},
      {"{\"key\": \"bearer\", \"kind\": \"bearer\", \"secret\": \"api_key\", \"body\": {\"escape\": \"json\"}}",
       "{\"kind\": \"oauth2\"}", "/auth/2: \"client_id\" is not among \"secrets\""},
      {"{\"name\": \"password\",", "{\"name\": \"oauth_tokens\",", "/secrets/1/name: the host keeps the tokens"},
      {"\"requiredHeaders\"", "\"requiredheaders\"", "(document): the member \"requiredHeaders\" is missing"},
      {"\"source\": \"connection\"", "\"source\": \"file\"",
       "/requiredHeaders/0/source: expected \"env\" or \"connection\", found \"file\""},
      {", \"envKey\": \"ACME_PARTNER\"", "", "/requiredHeaders/1: the member \"envKey\" is missing"},
      {"\"configKey\": \"company\"", "\"configKey\": \"companyId\"",
       "/requiredHeaders/0: \"companyId\" is not among the properties of /connectionConfig"},
      {"\"{version}\"", "\"{version\"", "/headers/X-Version: \"{version\": a brace without its fellow"},
      {"https://{region}.sandbox", "https://{land}.sandbox",
       "/baseUrlVariants/1/baseUrl: \"land\" is not among the properties"},
      {"\"https://api.acme.example/v2/\"", "\"ftp://api.acme.example\"",
       "/baseUrlVariants/0/baseUrl: expected an http(s) URL"},
      {"\"key\": \"sandbox\"", "\"key\": \"production\"", "/baseUrlVariants/1/key: \"production\" stands here twice"},
      {"\"burst\": 10", "\"burst\": 0", "/rateLimits/burst: expected number greater than or equal to 1"},
      {"\"requestsPerMinute\": 60", "\"requestsPerMinute\": -1",
       "/rateLimits/requestsPerMinute: expected number greater than or equal to 0"},
      {"\"delta_seconds\"", "\"hours\"",
       "/rateLimits/headers/resetFormat: expected \"epoch_seconds\" or \"delta_seconds\", found \"hours\""},
      {"\"reset\": \"X-Reset\", ", "", "/rateLimits/signs/1/wait: \"reset\" needs /rateLimits/headers/reset"},
      {"\"statuses\": [403, 429]", "\"statuses\": []",
       "/rateLimits/signs/0/statuses: array should contain no fewer than 1"},
      {"\"type\": \"object\", \"required\": [\"company\"]", "\"type\": \"objekt\", \"required\": [\"company\"]",
       "/connectionConfig: not a valid JSON Schema"},
      {"\"company\": {\"type\": \"string\"}", "\"company\": {\"$ref\": \"#/definitions/none\"}",
       "/connectionConfig: JSON Schema /properties/company: \"$ref\""},
      {"\"key\": \"task\"", "\"key\": \"project\"", "/objects/1/key: \"project\" stands here twice"},
      {"\"capabilities\": [\"list\"]", "\"capabilities\": [\"read\"]",
       "/objects/1/capabilities/0: expected \"list\", \"delta\", \"actions\" or \"webhooks\", found \"read\""},
      {"\"type\": \"integer\", \"nullable\"", "\"type\": \"number\", \"nullable\"",
       "/objects/0/fields/0/type: expected \"text\", \"integer\""},
      {"\"pointer\": \"/id\"", "\"pointer\": \"id\"", "/objects/0/fields/0/pointer: expected a JSON pointer"},
      {"\"pointer\": \"/name\"", "\"pointer\": \"/id\"", "/objects/0/fields/1/pointer: \"/id\" stands here twice"},
      {", \"identifier\": true", "", "/objects/0/fields: no field is marked \"identifier\""},
      {"[\"list\", \"delta\", \"webhooks\"]", "[\"list\"]",
       "/objects/0/defaults/behaviour: \"delta\" needs the capability \"delta\""},
      {"\"hierarchy\"", "\"hierarchie\"", "/objects/0/filters/parentOnly: needs \"hierarchy\""},
      {"\"deletions\": \"full_pass\"", "\"deletions\": \"sometimes\"",
       "/objects/0/deletions: expected \"full_pass\" or \"never\", found \"sometimes\""},
      {"\"overlapSeconds\": 120", "\"overlapSeconds\": 1.5", "/objects/0/overlapSeconds: expected integer, found 1.5"},
      {"\"initialSyncMode\": \"delta_only_from_now\"", "\"initialSyncMode\": \"now\"",
       "/objects/0/defaults/initialSyncMode: expected \"full_once\""},
      {"\"object\": \"project\"", "\"object\": \"portfolio\"",
       "/objects/1/parent/object: \"portfolio\" is no object of this provider"},
      {"\"object\": \"project\"", "\"object\": \"task\"", "/objects/1/parent/object: the parents lead in a circle"},
      {"\"mode\": \"changed\"", "\"mode\": \"each\"",
       "/objects/1/parent/batch: the mode \"each\" visits parents one at a time"},
      {"\"mappingSchemaVersion\": 3,", "", "/objects/0: the member \"mappingSchemaVersion\" is missing"},
      {"{\"model\": \"task\", \"externalId\"", "{\"model\": \"job\", \"externalId\"",
       "/objects/1/defaultMapping/model: \"job\" is not the object's model, \"task\""},
      {"\"externalId\": \"/id\", ", "", "/objects/0/defaultMapping: the member \"externalId\" is missing"},
      {"{\"name\": \"/name\"}", "{\"name\": \"name\"}",
       "/objects/0/defaultMapping/fields/name: expected a JSON pointer"},
      {"{\"name\": \"/name\"}", "{\"name\": 5}", "/objects/0/defaultMapping/fields/name: expected a JSON pointer"},
      {"\"idempotent\": true", "\"idempotent\": 1", "/actions/0/idempotent: expected boolean"},
      {"\"idempotent\": true", "\"object\": \"portfolio\"",
       "/actions/0/object: \"portfolio\" is no object of this provider"},
      {"\"idempotent\": true", "\"object\": \"task\"",
       "/actions/0/object: the object \"task\" lacks the capability \"actions\""},
      {"\"capabilities\": [\"list\"]", "\"capabilities\": [\"actions\"]",
       "/objects/1/capabilities: \"actions\" needs an entry of /actions"},
      {"\"input\": {\"type\": \"object\",", "\"input\": {", "/actions/0/input: an action takes a JSON object"},
      {"{\"text\": {\"type\": \"string\"", "{\"text\": {\"type\": \"words\"",
       "/actions/0/input: not a valid JSON Schema"},
      {"\"pii\": [\"phone\"],", "\"pii\": [\"phone\"],,",
       "line 47, column 20: expected a member's name in double quotes"},
      {"\"pii\": [\"phone\"],", "\"pii\": [\"phone\"], \"plugin\": {},",
       "the name \"plugin\" stands twice in one object"},
  };
  std::set<std::string> messages;
  for (const auto& [from, to, complaint] : cases) {
    Findings findings;
    EXPECT_EQ(parse_manifest(acme_with(from, to), findings), nullptr) << from << " -> " << to;
    ASSERT_FALSE(findings.errors.empty()) << from << " -> " << to;
    EXPECT_THAT(findings.errors.front().text(), HasSubstr(complaint)) << from << " -> " << to;
    EXPECT_TRUE(messages.insert(findings.errors.front().text()).second) << findings.errors.front().text();
  }
  EXPECT_GE(messages.size(), 50U);
}

TEST(Manifest, ParentsMayNotLeadInACircle) {
  auto text = acme_with("\"key\": \"project\", \"label\"",
                        "\"key\": \"project\", \"parent\": {\"object\": \"task\", \"mode\": \"each\"}, \"label\"");
  Findings findings;
  EXPECT_EQ(parse_manifest(text, findings), nullptr);
  ASSERT_EQ(findings.errors.size(), 2U);
  EXPECT_EQ(findings.errors[0].text(), "/objects/0/parent/object: the parents lead in a circle");
}

TEST(Manifest, AllThatIsWrongIsTold) {
  auto text = acme_with("\"displayName\": \"Acme\",", "");
  text.replace(text.find("\"burst\": 10"), 11, "\"burst\": true");
  Findings findings;
  EXPECT_EQ(parse_manifest(text, findings), nullptr);
  EXPECT_EQ(findings.errors.size(), 2U);
}

TEST(Manifest, BoundsItsSize) {
  Findings findings;
  EXPECT_EQ(parse_manifest(std::string(limits::max_manifest_bytes + 1, ' '), findings), nullptr);
  ASSERT_EQ(findings.errors.size(), 1U);
  EXPECT_THAT(findings.errors[0].message, HasSubstr("at most"));
}

} // namespace
} // namespace dovetail::manifest

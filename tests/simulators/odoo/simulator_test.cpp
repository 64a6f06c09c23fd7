// SPDX-License-Identifier: Apache-2.0
// The simulated Odoo answers as the fact sheet and the recordings say.
#include "tests/simulators/odoo/simulator.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "tests/simulators/odoo/configuration.hpp"
#include "tests/simulators/odoo/domain.hpp"

namespace dovetail::simulators::odoo {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

VirtualClock& clock() {
  static VirtualClock clock(Timestamp(std::chrono::seconds(1'767'571'200)));
  return clock;
}

SimulatorOptions options_of(int major_version = 19) {
  SimulatorOptions options;
  options.world.major_version = major_version;
  options.database = "peer";
  options.users = {{.login = "admin", .key = "good-key", .password = "admin", .uid = 2}};
  return options;
}

Answer post(OdooSimulator& odoo, const std::string& target, const std::string& body,
            const std::string& key = "good-key") {
  return odoo.handle(
      {.method = "POST", .target = target, .headers = {{"Authorization", "bearer " + key}}, .body = body});
}

rapidjson::Document json_of(const Answer& answer) {
  rapidjson::Document document;
  document.Parse(answer.content().data(), answer.content().size());
  EXPECT_FALSE(document.HasParseError()) << answer.content();
  return document;
}

rapidjson::Document search(OdooSimulator& odoo, const std::string& model, const std::string& members) {
  const auto answer = post(odoo, "/json/2/" + model + "/search", "{" + members + "}");
  EXPECT_EQ(answer.status, 200) << answer.content();
  return json_of(answer);
}

std::string execute(const std::string& model, const std::string& method, const std::string& args,
                    const std::string& kwargs = "", const std::string& secret = "admin") {
  const auto text = [](const std::string& content) {
    return "<param><value><string>" + content + "</string></value></param>";
  };
  return "<?xml version='1.0'?><methodCall><methodName>execute_kw</methodName><params>" + text("peer") +
         "<param><value><int>2</int></value></param>" + text(secret) + text(model) + text(method) +
         "<param><value><array><data>" + args + "</data></array></value></param><param><value><struct>" + kwargs +
         "</struct></value></param></params></methodCall>";
}

const std::string everything = "<value><array><data></data></array></value>";

TEST(OdooSimulator, HidesArchivedRecordsUnlessItIsTold) {
  OdooSimulator odoo(options_of(), clock());
  const auto shown = search(odoo, "res.partner", R"("domain":[])").Size();
  const auto all = search(odoo, "res.partner", R"("domain":[],"context":{"active_test":false})").Size();
  EXPECT_EQ(all, 60U);
  EXPECT_LT(shown, all);
  EXPECT_EQ(search(odoo, "res.partner", R"("domain":[["active","in",[true,false]]])").Size(), all);
  EXPECT_EQ(search(odoo, "res.partner", R"("domain":[["active","=",false]])").Size(), all - shown);
}

TEST(OdooSimulator, UnderstandsDomainsInPrefixNotation) {
  OdooSimulator odoo(options_of(), clock());
  const auto count = [&](const std::string& domain) {
    return search(odoo, "res.partner", R"("context":{"active_test":false},"domain":)" + domain).Size();
  };
  const auto companies = count(R"([["is_company","=",true]])");
  EXPECT_EQ(companies + count(R"(["!",["is_company","=",true]])"), 60U);
  EXPECT_EQ(count(R"(["|",["is_company","=",true],["is_company","!=",true]])"), 60U);
  EXPECT_EQ(count(R"(["&",["id",">",10],["id","<=",20]])"), 10U);
  EXPECT_EQ(count(R"([["id",">",10],["id","<=",20]])"), 10U) << "terms that nothing joins are joined by and";
  EXPECT_EQ(count(R"([["id","in",[3,5,1000]]])"), 2U);
  EXPECT_EQ(count(R"([["id","not in",[3,5]]])"), 58U);
  EXPECT_EQ(count(R"([["email","=",false]])") + count(R"([["email","!=",false]])"), 60U);
  EXPECT_EQ(count(R"([["email","ilike","EXAMPLE.com"]])"), count(R"([["email","!=",false]])"));
  EXPECT_EQ(count(R"([["name","=?",false]])"), 60U);
  EXPECT_GT(count(R"([["country_id.name","!=",false]])"), 0U);
  EXPECT_EQ(count(R"([["parent_id","child_of",1]])"),
            count(R"([["parent_id","=",1]])") + count(R"([["parent_id.parent_id","child_of",1]])"));
  EXPECT_EQ(post(odoo, "/json/2/res.partner/search", R"({"domain":["|",["id","=",1]]})").status, 500);
  EXPECT_EQ(post(odoo, "/json/2/res.partner/search", R"({"domain":[["id","~",1]]})").status, 500);
}

TEST(OdooSimulator, CutsStampsToSecondsThoughItComparesTheWhole) {
  OdooSimulator odoo(options_of(), clock());
  const auto page = json_of(
      post(odoo, "/json/2/res.partner/search_read", R"({"domain":[],"fields":["write_date"],"limit":1,"order":"id"})"));
  const std::string stamp = page[0]["write_date"].GetString();
  const auto id = std::to_string(page[0]["id"].GetInt64());
  EXPECT_EQ(stamp.size(), 19U);
  EXPECT_EQ(search(odoo, "res.partner", R"("domain":[["id","=",)" + id + R"(],["write_date","=",")" + stamp + R"("]])")
                .Size(),
            0U);
  EXPECT_EQ(search(odoo, "res.partner", R"("domain":[["id","=",)" + id + R"(],["write_date",">",")" + stamp + R"("]])")
                .Size(),
            1U);
}

TEST(OdooSimulator, RefusesAsTheRecordedServerDid) {
  OdooSimulator odoo(options_of(), clock());
  const auto refused = [&](const std::string& target, const std::string& body, const std::string& key = "good-key") {
    const auto answer = post(odoo, target, body, key);
    const auto json = json_of(answer);
    return std::to_string(answer.status) + " " + json["name"].GetString() + " " + json["message"].GetString();
  };
  EXPECT_EQ(refused("/json/2/res.partner/search", R"({"domain":[]})", "nope"),
            "401 werkzeug.exceptions.Unauthorized Invalid apikey");
  EXPECT_EQ(refused("/json/2/no.such/search", R"({"domain":[]})"),
            "404 werkzeug.exceptions.NotFound the model 'no.such' does not exist");
  EXPECT_EQ(refused("/json/2/res.partner/search", R"({"nope":1})"),
            "422 werkzeug.exceptions.UnprocessableEntity got an unexpected keyword argument 'nope'");
  EXPECT_EQ(refused("/json/2/res.partner/search", "{}"),
            "422 werkzeug.exceptions.UnprocessableEntity missing a required argument: 'domain'");
  EXPECT_THAT(refused("/json/2/res.partner/search", R"({"domain":[["nope","=",1]]})"),
              HasSubstr("500 builtins.ValueError Invalid field res.partner.nope"));
  EXPECT_THAT(
      refused("/json/2/project.project/search_read", R"({"domain":[]})"),
      HasSubstr("403 odoo.exceptions.AccessError You do not have enough rights to access the field \"stage_id\""));
  EXPECT_EQ(refused("/json/2/res.partner/search", "[").substr(0, 3), "400");

  const auto faulted = [&](const std::string& body) {
    return std::string(post(odoo, "/xmlrpc/2/object", body).content());
  };
  EXPECT_THAT(faulted(execute("res.partner", "search", everything, "", "wrong")), HasSubstr("<int>3</int>"));
  EXPECT_THAT(faulted(execute("no.such", "search", everything)), HasSubstr("Object no.such doesn't exist"));
  EXPECT_THAT(faulted(execute("res.partner", "_search", everything)), HasSubstr("Private methods"));
  EXPECT_THAT(faulted("<methodCall><oops>"), HasSubstr("ExpatError"));
  EXPECT_THAT(faulted(execute("res.partner", "search_read", everything,
                              "<member><name>fields</name><value><array><data><value><string>nope</string></value></"
                              "data></array></value></member>")),
              HasSubstr("ValueError: Invalid field 'nope' on 'res.partner'"));
}

TEST(OdooSimulator, TellsOfCallsThatNoDocumentationDescribes) {
  OdooSimulator odoo(options_of(), clock());
  const auto told = [&odoo](const std::string& target, const std::string& body) {
    odoo.reset_statistics();
    static_cast<void>(post(odoo, target, body));
    return odoo.undescribed_requests().size();
  };
  EXPECT_EQ(told("/json/2/res.partner/search_fetch", "{}"), 1U);
  EXPECT_EQ(told("/json/2/res.partner/search", R"({"where":[]})"), 1U);
  EXPECT_EQ(told("/json/2/res.partner", "{}"), 1U);
  EXPECT_EQ(told("/json/2/res.partner/search", "[]"), 1U);
  EXPECT_EQ(told("/xmlrpc/2/object", execute("res.partner", "search_fetch", everything)), 1U);
  EXPECT_EQ(told("/xmlrpc/2/common", "<methodCall><methodName>login</methodName><params/></methodCall>"), 1U);
  EXPECT_EQ(told("/xmlrpc/2/object", "<methodCall>"), 1U);
  // Refused, and yet by the book.
  EXPECT_EQ(told("/json/2/no.such/search", R"({"domain":[]})"), 0U);
  EXPECT_EQ(told("/json/2/res.partner/search", R"({"domain":[["nope","=",1]]})"), 0U);
  EXPECT_EQ(told("/xmlrpc/2/object", execute("res.partner", "search", everything, "", "wrong")), 0U);
}

TEST(OdooSimulator, CreatesWritesAndUnlinks) {
  OdooSimulator odoo(options_of(), clock());
  const auto made = json_of(post(odoo, "/json/2/res.partner/create", R"({"vals_list":[{"name":"Söns & <Co>"}]})"));
  const auto id = std::to_string(made[0].GetInt64());
  EXPECT_EQ(post(odoo, "/json/2/res.partner/write", R"({"ids":[)" + id + R"(],"vals":{"active":false}})").content(),
            "true");
  EXPECT_EQ(search(odoo, "res.partner", R"("domain":[["id","=",)" + id + "]]").Size(), 0U) << "archived";
  EXPECT_EQ(post(odoo, "/json/2/res.partner/unlink", R"({"ids":[)" + id + "]}").content(), "true");
  EXPECT_EQ(post(odoo, "/json/2/res.partner/read", R"({"ids":[)" + id + "]}").status, 422);
}

TEST(OdooSimulator, LacksWhatItsVersionLacks) {
  OdooSimulator odoo(options_of(17), clock());
  EXPECT_EQ(odoo.handle({.method = "GET", .target = "/web/version"}).status, 404);
  EXPECT_EQ(post(odoo, "/json/2/res.partner/search", "{}").status, 404);
  EXPECT_THAT(std::string(post(odoo, "/xmlrpc/2/object", execute("hr.version", "search", everything)).content()),
              HasSubstr("doesn't exist"));
  EXPECT_THAT(std::string(post(odoo, "/xmlrpc/2/object", execute("res.partner", "fields_get", "")).content()),
              HasSubstr("<name>mobile</name>"));
  EXPECT_THAT(odoo.undescribed_requests(), IsEmpty());
  static_cast<void>(odoo.handle({.method = "GET", .target = "/jsonrpc"}));
  EXPECT_EQ(odoo.undescribed_requests().size(), 1U);
}

TEST(OdooSimulator, RefusesIntegersThatXmlRpcCannotCarry) {
  auto options = options_of();
  options.world.first_partner_id = 3'000'000'000;
  OdooSimulator odoo(options, clock());
  EXPECT_THAT(std::string(post(odoo, "/xmlrpc/2/object", execute("res.partner", "search", everything)).content()),
              HasSubstr("int exceeds XML-RPC limits"));
  EXPECT_EQ(search(odoo, "res.partner", R"("domain":[],"limit":1,"order":"id")")[0].GetInt64(), 3'000'000'000);
}

TEST(OdooSimulator, IsTheSameWorldForTheSameSeedAndMutations) {
  OdooSimulator one(options_of(), clock());
  OdooSimulator other(options_of(), clock());
  const MutationCounts counts{
      .created = 2, .updated = 3, .archived = 1, .deleted = 1, .renamed_departments = 1, .changed_versions = 2};
  for (auto* odoo : {&one, &other}) {
    static_cast<void>(odoo->mutate(5, counts));
  }
  const std::string body =
      R"({"domain":[],"fields":["name","write_date","active","parent_id"],"order":"id","context":{"active_test":false}})";
  const auto text = std::string(post(one, "/json/2/hr.department/search_read", body).content());
  EXPECT_EQ(text, post(other, "/json/2/hr.department/search_read", body).content());
  static_cast<void>(other.mutate(6, counts));
  EXPECT_NE(text, post(other, "/json/2/hr.department/search_read", body).content());
}

TEST(OdooSimulator, IsReadFromJsonAndSaysWhatIsWrongThere) {
  const auto options = options_from_json(
      R"({"seed":3,"major_version":18,"partners":5,"users":[{"login":"a","key":"k","rights":[]}],"faults":{"probabilities":{"bad_gateway":0.1}}})");
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->world.partners, 5);
  EXPECT_EQ(options->users.at(0).key, "k");
  EXPECT_FALSE(options_from_json(R"({"partner":5})").ok());
  EXPECT_FALSE(options_from_json(R"({"partners":99999999})").ok());
  OdooSimulator odoo(options_of(), clock());
  EXPECT_EQ(post(odoo, "/__sim__/mutate", R"({"created":1,"model":"res.partner"})").content(),
            R"({"created":1,"updated":0,"archived":0,"deleted":0,"renamed_departments":0,"changed_versions":0})");
  EXPECT_EQ(post(odoo, "/__sim__/mutate", R"({"create":1})").status, 400);
  EXPECT_EQ(odoo.handle({.method = "GET", .target = "/__sim__/statistics"}).status, 200);
}

/// The bytes of a recorded answer's body, without what differs from run to run.
class OdooRecordedShapes : public ::testing::Test {
protected:
  void SetUp() override {
    const auto* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
    ASSERT_NE(source, nullptr) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
    folder_ = std::filesystem::path(source).parent_path() / "shared" / "recordings" / "odoo";
    if (!std::filesystem::exists(folder_)) {
      GTEST_SKIP() << "no recordings beside the project";
    }
  }
  [[nodiscard]] std::string body(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    const auto whole = text.str();
    const auto at = std::min(whole.find("\r\n\r\n"), whole.find("\n\n"));
    return at == std::string::npos ? "" : whole.substr(whole.find_first_not_of("\r\n", at));
  }
  std::filesystem::path folder_;
};

TEST_F(OdooRecordedShapes, OfWholeAnswersAreTheSameBytes) {
  OdooSimulator odoo(options_of(), clock());
  for (const auto* const name : {"xmlrpc-version", "xmlrpc-authenticate", "xmlrpc-authenticate-refused"}) {
    EXPECT_EQ(post(odoo, "/xmlrpc/2/common", body(std::string(name) + ".request")).content(),
              body(std::string(name) + ".response"))
        << name;
  }
  for (const auto* const name : {"xmlrpc-empty", "xmlrpc-search", "xmlrpc-fault-access-denied", "xmlrpc-fault-private",
                                 "xmlrpc-fault-unknown-model"}) {
    auto got = std::string(post(odoo, "/xmlrpc/2/object", body(std::string(name) + ".request")).content());
    auto recorded = body(std::string(name) + ".response");
    // Which ids are there is each database's own.
    const auto without_numbers = [](std::string text) {
      std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
      return text;
    };
    EXPECT_EQ(without_numbers(got), without_numbers(recorded)) << name;
  }
}

TEST_F(OdooRecordedShapes, OfRecordsHaveTheSameMembersInTheSameOrder) {
  OdooSimulator odoo(options_of(), clock());
  const auto names = [](const std::string& text) {
    std::vector<std::string> found;
    for (auto at = text.find("<name>"); at != std::string::npos; at = text.find("<name>", at + 1)) {
      found.push_back(text.substr(at + 6, text.find("</name>", at) - at - 6));
    }
    return std::set<std::string>(found.begin(), found.end());
  };
  EXPECT_EQ(names(std::string(post(odoo, "/xmlrpc/2/object", body("xmlrpc-search_count.request")).content())),
            names(body("xmlrpc-search_count.response")));
  const auto recorded = body("json2-search_read.response");
  const auto got =
      std::string(post(odoo, "/json/2/hr.employee/search_read", body("json2-search_read.request")).content());
  rapidjson::Document ours;
  rapidjson::Document theirs;
  ours.Parse(got.c_str());
  theirs.Parse(recorded.c_str());
  ASSERT_TRUE(ours.IsArray() && theirs.IsArray());
  ASSERT_EQ(ours.Size(), theirs.Size());
  auto there = theirs[0].MemberBegin();
  for (const auto& member : ours[0].GetObject()) {
    ASSERT_NE(there, theirs[0].MemberEnd());
    EXPECT_STREQ(member.name.GetString(), there->name.GetString());
    ++there;
  }
}

} // namespace
} // namespace dovetail::simulators::odoo

// SPDX-License-Identifier: Apache-2.0
// PROV-ODOO: what odoo.so asks for and what it makes of the answers.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dovetail/sdk/sdk.hpp"
#include "dovetail/testing/fake_host.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto settings = R"({"objects":{
  "department":{"model":"hr.department"},
  "employee":{"model":"hr.employee","watch":{"model":"hr.version","field":"employee_id"}},
  "project":{"model":"project.project","without":"is_template","optional":["stage_id"]}},
  "renamed":{"planned_hours":"allocated_hours"}})";
const Headers dated{{"Date", "Mon, 05 Jan 2026 09:00:00 GMT"}};
const auto nine = *sdk::parse_iso8601("2026-01-05T09:00:00Z");

std::string xml(const std::string& value) {
  return "<?xml version=\"1.0\"?><methodResponse><params><param><value>" + value +
         "</value></param></params></methodResponse>";
}
std::string fault(int code, const std::string& text) {
  return "<?xml version=\"1.0\"?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>" +
         std::to_string(code) + "</int></value></member><member><name>faultString</name><value><string>" + text +
         "</string></value></member></struct></value></fault></methodResponse>";
}
std::string xml_version(const std::string& version) {
  return xml("<struct><member><name>server_version</name><value><string>" + version +
             "</string></value></member></struct>");
}
std::string refusal(const std::string& name, const std::string& message) {
  return R"({"name":")" + name + R"(","message":")" + message +
         R"(","debug":"Traceback (most recent call last): secret"})";
}
std::string rows(std::int64_t first, std::int64_t count) {
  std::string text = "[";
  for (std::int64_t id = first; id < first + count; ++id) {
    text += (id == first ? "" : ",") + (R"({"id":)" + std::to_string(id) + R"(,"name":"n"})");
  }
  return text + "]";
}

class Odoo : public ::testing::Test {
protected:
  void create(const std::string& members) {
    const auto made = host_.create("{" + members + "}", settings);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  /// Of a connection that is forced to JSON-2.
  void create_json2(const std::string& members = "") {
    create(R"("protocol":"json2","database":"acme")" + (members.empty() ? "" : "," + members));
  }
  void expect_json2_start(const std::string& model, const std::string& fields) {
    host_.http().post("/json/2/res.users/context_get").with_body("{}").reply(200, R"({"uid":2})");
    expect_description(model, fields);
  }
  void expect_description(const std::string& model, const std::string& fields) {
    host_.http().post("/json/2/" + model + "/fields_get").reply(200, fields, dated);
  }
  Exchange& reading(const std::string& model) { return host_.http().post("/json/2/" + model + "/search_read"); }
  void TearDown() override {
    EXPECT_THAT(host_.http().problems(), IsEmpty());
    EXPECT_THAT(host_.http().unused(), IsEmpty());
  }
  FakeHost host_{&dvt_plugin_query};
};

TEST_F(Odoo, SpeaksJson2FromNineteenOnAndPagesBehindTheLastId) {
  create(R"("database":"acme","batchSize":2,"language":"de_DE","companies":[1,3])");
  host_.http().get("/web/version").reply(200, R"({"version_info":[19,0,0,"final",0,""],"version":"19.0"})");
  host_.http().post("/json/2/res.users/context_get").with_header("X-Odoo-Database", "acme").reply(200, R"({"uid":2})");
  host_.http()
      .post("/json/2/hr.department/fields_get")
      .with_body(R"({"allfields":["name","parent_id"],"attributes":["type"]})")
      .reply(200, R"({"name":{"type":"char"},"parent_id":{"type":"many2one"}})", dated);
  const std::string context =
      R"({"context":{"active_test":false,"lang":"de_DE","allowed_company_ids":[1,3]},"domain":)";
  const std::string rest = R"(,"fields":["name","parent_id"],"limit":2,"order":"id asc"})";
  reading("hr.department")
      .with_body(context + R"([["id",">",0]])" + rest)
      .reply(200, R"([{"id":1,"name":"A","parent_id":false},{"id":3,"name":"B","parent_id":[1,"A"]}])");
  reading("hr.department")
      .with_body(context + R"([["id",">",3]])" + rest)
      .reply(200, R"([{"id":4,"name":false,"parent_id":[3,"A / B"]}])");
  const auto pages = host_.read_all(
      {.object = "department", .fields = {"/id", "/name", "/parent_id/0", "/parent_id/1"}, .full = true});
  ASSERT_THAT(pages, SizeIs(2)) << pages.back().status.error().message;
  EXPECT_THAT(pages[0].all_records(),
              ElementsAre(R"({"id":1,"name":"A","parent_id":null})", R"({"id":3,"name":"B","parent_id":[1,"A"]})"));
  EXPECT_THAT(pages[1].all_records(), ElementsAre(R"({"id":4,"name":null,"parent_id":[3,"A / B"]})"));
  EXPECT_TRUE(pages[1].exhausted);
  EXPECT_EQ(pages[1].high_water, nine) << "the next delta begins where this pass did, by the server's clock";
  EXPECT_EQ(pages[0].leaked_handles, 0U);
}

TEST_F(Odoo, SpeaksXmlRpcToOlderServersAndWritesAPlaceholderForTheKey) {
  create(R"("database":"acme","login":"robot")");
  host_.http().get("/web/version").reply(404, "<html></html>");
  host_.http().post("/xmlrpc/2/common").reply(200, xml_version("17.0+e"));
  host_.http().post("/xmlrpc/2/common").reply(200, xml("<int>7</int>"));
  host_.http()
      .post("/xmlrpc/2/object")
      .reply(200,
             xml("<struct><member><name>name</name><value><struct><member><name>type</name><value><string>char</"
                 "string></value></member></struct></value></member></struct>"),
             dated);
  host_.http()
      .post("/xmlrpc/2/object")
      .reply(200, xml("<array><data><value><struct><member><name>id</name><value><int>5</int></value></"
                      "member><member><name>name</name>"
                      "<value><string>R&amp;D</string></value></member></struct></value></data></array>"));
  const auto page = host_.read_page({.object = "department", .since = nine, .fields = {"/id", "/name"}});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.all_records(), ElementsAre(R"({"id":5,"name":"R&D"})"));
  const auto& sent = host_.http().requests();
  ASSERT_THAT(sent, SizeIs(5));
  EXPECT_EQ(
      sent[2].body,
      "<?xml version='1.0'?><methodCall><methodName>authenticate</methodName><params>"
      "<param><value><string>acme</string></value></param><param><value><string>robot</string></value></param>"
      "<param><value><string>{{secret:api_key}}</string></value></param><param><value><struct></struct></value></param>"
      "</params></methodCall>");
  EXPECT_THAT(sent[4].body,
              AllOf(HasSubstr("<value><int>7</int></value>"), HasSubstr("<string>{{secret:api_key}}</string>"),
                    HasSubstr("<string>write_date</string></value><value><string>&gt;=</string></"
                              "value><value><string>2026-01-05 09:00:00</string>"),
                    HasSubstr("<name>active_test</name><value><boolean>0</boolean>")));
  EXPECT_EQ(sent[4].header("Content-Type"), "text/xml; charset=utf-8");
}

TEST_F(Odoo, FallsBackToXmlRpcWhereJson2IsSwitchedOffOrTheSecretIsAPassword) {
  const struct {
    int status;
    std::string body;
  } cases[] = {{404, "<html></html>"}, {401, refusal("werkzeug.exceptions.Unauthorized", "Invalid apikey")}};
  for (const auto& [status, body] : cases) {
    create(R"("database":"acme","login":"robot")");
    host_.http().get("/web/version").reply(200, R"({"version":"19.0"})");
    host_.http().post("/json/2/res.users/context_get").reply(status, body);
    host_.http().post("/xmlrpc/2/common").reply(200, xml("<int>7</int>"));
    host_.http().post("/xmlrpc/2/object").reply(200, xml("<struct></struct>"), dated);
    host_.http().post("/xmlrpc/2/object").reply(200, xml("<array><data></data></array>"));
    const auto page = host_.read_page({.object = "department", .full = true});
    EXPECT_TRUE(page.status.ok()) << page.status.error().message;
  }
}

TEST_F(Odoo, TellsWhichWayOfSigningInWasRefused_AUTH_5) {
  create(R"("database":"acme")");
  host_.http().get("/web/version").reply(200, R"({"version":"19.0"})");
  host_.http()
      .post("/json/2/res.users/context_get")
      .reply(401, refusal("werkzeug.exceptions.Unauthorized", "Invalid apikey"));
  auto page = host_.read_page({.object = "department", .full = true});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::unauthenticated);
  EXPECT_EQ(page.status.error().http_status, 401);
  EXPECT_THAT(page.status.error().message, AllOf(HasSubstr("Invalid apikey"), Not(HasSubstr("Traceback"))));

  create(R"("database":"acme","login":"robot","protocol":"xmlrpc")");
  host_.http().post("/xmlrpc/2/common").reply(200, xml("<boolean>0</boolean>"));
  page = host_.read_page({.object = "department", .full = true});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::unauthenticated);

  create(R"("database":"nodb","login":"robot","protocol":"xmlrpc")");
  host_.http().post("/xmlrpc/2/common").reply(200, fault(1, "FATAL:  database &quot;nodb&quot; does not exist"));
  page = host_.read_page({.object = "department", .full = true});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::failed_precondition);
  EXPECT_THAT(page.status.error().message, HasSubstr("\"database\" in the connection's config"));

  create(R"("database":"acme")");
  host_.http().get("/web/version").reply(404);
  host_.http().post("/xmlrpc/2/common").reply(200, xml_version("saas~18.3"));
  page = host_.read_page({.object = "department", .full = true});
  ASSERT_FALSE(page.status.ok());
  EXPECT_THAT(page.status.error().message, HasSubstr("\"login\""));
}

TEST_F(Odoo, RemembersTheProtocolForDeltasAndAsksAnewWhenItNoLongerHolds) {
  create(R"("database":"acme","login":"robot")");
  host_.state()["session"] = R"({"protocol":"xmlrpc","uid":7})";
  host_.http().post("/xmlrpc/2/object").reply(200, xml("<struct></struct>"), dated);
  host_.http().post("/xmlrpc/2/object").reply(200, xml("<array><data></data></array>"));
  auto page = host_.read_page({.object = "department", .since = nine});
  EXPECT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.state, IsEmpty());

  host_.http().post("/xmlrpc/2/object").reply(404, "<html></html>");
  host_.http().get("/web/version").reply(200, R"({"version":"22.0"})");
  expect_json2_start("hr.department", "{}");
  reading("hr.department").reply(200, "[]");
  page = host_.read_page({.object = "department", .since = nine});
  EXPECT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.state, ElementsAre(::testing::Pair("session", R"({"protocol":"json2","uid":2})")));
}

TEST_F(Odoo, LeavesFieldsOutThatTheServerDoesNotKnowAndSaysSo) {
  create_json2();
  expect_json2_start("hr.department", R"({"name":{"type":"char"}})");
  reading("hr.department")
      .with_body(
          R"({"context":{"active_test":false},"domain":[["id",">",0]],"fields":["name"],"limit":200,"order":"id asc"})")
      .reply(200, "[]");
  const auto page =
      host_.read_page({.object = "department", .fields = {"/id", "/name", "/mobile", "/stage_id/1"}, .full = true});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  ASSERT_THAT(page.logs, SizeIs(1));
  EXPECT_EQ(page.logs[0].level, sdk::LogLevel::warning);
  EXPECT_THAT(page.logs[0].message, AllOf(HasSubstr("mobile, stage_id"), HasSubstr("hr.department")));
}

TEST_F(Odoo, SaysNothingOfAFieldThatManyServersLackOrThatItReadsUnderItsOtherName) {
  create_json2();
  expect_json2_start("project.project", R"({"name":{"type":"char"}})");
  reading("project.project").reply(200, "[]");
  const auto project = host_.read_page({.object = "project", .fields = {"/id", "/name", "/stage_id/1"}, .full = true});
  ASSERT_TRUE(project.status.ok()) << project.status.error().message;
  EXPECT_THAT(project.logs, IsEmpty());
  for (const auto* known : {"allocated_hours", "planned_hours"}) {
    expect_json2_start("hr.department", std::string(R"({")") + known + R"(":{"type":"float"}})");
    reading("hr.department").reply(200, "[]");
    const auto page = host_.read_page(
        {.object = "department", .fields = {"/id", "/allocated_hours", "/planned_hours"}, .full = true});
    ASSERT_TRUE(page.status.ok()) << page.status.error().message;
    EXPECT_THAT(page.logs, IsEmpty());
  }
  expect_json2_start("hr.department", R"({"name":{"type":"char"}})");
  reading("hr.department").reply(200, "[]");
  const auto page = host_.read_page(
      {.object = "department", .fields = {"/name", "/allocated_hours", "/planned_hours"}, .full = true});
  ASSERT_THAT(page.logs, SizeIs(1));
  EXPECT_THAT(page.logs[0].message, HasSubstr("allocated_hours, planned_hours"));
}

TEST_F(Odoo, AsksForHalfAsManyWhenTheServerCannotAndStaysThere) {
  create_json2();
  expect_json2_start("hr.department", R"({"name":{"type":"char"}})");
  reading("hr.department").fail(sdk::make_error(sdk::Code::unavailable, "timed out", sdk::Retry::transient));
  reading("hr.department").reply(500, refusal("builtins.MemoryError", ""));
  reading("hr.department").reply(200, rows(1, 50));
  reading("hr.department").reply(200, rows(51, 3));
  const auto pages = host_.read_all({.object = "department", .fields = {"/name"}, .full = true});
  ASSERT_THAT(pages, SizeIs(2)) << pages.back().status.error().message;
  EXPECT_TRUE(pages[1].exhausted);
  const auto& sent = host_.http().requests();
  EXPECT_THAT(sent[2].body, HasSubstr(R"("limit":200)"));
  EXPECT_THAT(sent[3].body, HasSubstr(R"("limit":100)"));
  EXPECT_THAT(sent[4].body, HasSubstr(R"("limit":50)"));
  EXPECT_THAT(sent[5].body, AllOf(HasSubstr(R"("limit":50)"), HasSubstr(R"(["id",">",50])")));
  EXPECT_FALSE(sent[2].repeatable) << "asked for in halves instead";
}

TEST_F(Odoo, GivesUpAtTheSmallestBatchWhichTheHostRepeatsByItself) {
  create_json2(R"("batchSize":40)");
  expect_json2_start("hr.department", "{}");
  reading("hr.department").reply(502, "<html></html>");
  reading("hr.department").reply(502, "<html></html>");
  const auto page = host_.read_page({.object = "department", .full = true});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::unavailable);
  EXPECT_TRUE(host_.http().requests().back().repeatable);
  EXPECT_THAT(host_.http().requests().back().body, HasSubstr(R"("limit":25)"));
}

TEST_F(Odoo, DoesNotAskAgainWhereFewerRecordsWouldNotHelp) {
  create_json2();
  expect_json2_start("hr.department", "{}");
  reading("hr.department")
      .reply(403, refusal("odoo.exceptions.AccessError", "You are not allowed to access 'Department'."));
  const auto page = host_.read_page({.object = "department", .full = true});
  ASSERT_FALSE(page.status.ok());
  EXPECT_EQ(page.status.error().code, sdk::Code::permission_denied);
  EXPECT_THAT(page.status.error().message, HasSubstr("You are not allowed"));
}

TEST_F(Odoo, ReadsEmployeesAgainWhoseVersionsChanged_SYNC_8) {
  create_json2();
  expect_json2_start("hr.employee", R"({"name":{"type":"char"}})");
  reading("hr.employee").reply(200, R"([{"id":11,"name":"Ada"}])");
  expect_description("hr.version", R"({"employee_id":{"type":"many2one"}})");
  reading("hr.version")
      .with_body(
          R"({"context":{"active_test":false},"domain":[["write_date",">=","2026-01-05 09:00:00"],["id",">",0]],"fields":["employee_id"],"limit":200,"order":"id asc"})")
      .reply(200,
             R"([{"id":1,"employee_id":[12,"Jon"]},{"id":4,"employee_id":[12,"Jon"]},{"id":5,"employee_id":false}])");
  reading("hr.employee")
      .with_body(
          R"({"context":{"active_test":false},"domain":[["id","in",[12]]],"fields":["name"],"limit":1,"order":"id asc"})")
      .reply(200, R"([{"id":12,"name":"Jon"}])");
  const auto pages = host_.read_all({.object = "employee", .since = nine, .fields = {"/name"}});
  ASSERT_THAT(pages, SizeIs(2)) << pages.back().status.error().message;
  EXPECT_THAT(pages[1].all_records(), ElementsAre(R"({"id":12,"name":"Jon"})"));
  EXPECT_EQ(pages[1].high_water, nine);
}

TEST_F(Odoo, WatchesNothingOnServersThatKeepItAllInTheRecord) {
  create_json2();
  expect_json2_start("hr.employee", "{}");
  reading("hr.employee").reply(200, "[]");
  host_.http()
      .post("/json/2/hr.version/fields_get")
      .reply(404, refusal("werkzeug.exceptions.NotFound", "the model 'hr.version' does not exist"));
  const auto page = host_.read_page({.object = "employee", .since = nine});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_TRUE(page.exhausted);
}

TEST_F(Odoo, LeavesTemplatesOutWhereTheServerHasThem) {
  create_json2();
  expect_json2_start("project.project", R"({"name":{"type":"char"},"is_template":{"type":"boolean"}})");
  reading("project.project")
      .with_body(
          R"({"context":{"active_test":false},"domain":[["is_template","=",false],["id",">",0]],"fields":["name"],"limit":200,"order":"id asc"})")
      .reply(200, "[]");
  const auto page = host_.read_page({.object = "project", .fields = {"/name"}, .full = true});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.logs, IsEmpty());
}

TEST_F(Odoo, ReadsInAFullPassOfStampsOnlyWhatChanged_SYNC_7) {
  create_json2(R"("fullPass":"changed")");
  const std::string fields = R"({"name":{"type":"char"}})";
  const auto stamped = [](const std::string& second) {
    return R"([{"id":3,"write_date":"2026-01-01 00:00:00"},{"id":250,"write_date":"2026-01-01 00:00:0)" + second +
           R"("}])";
  };
  expect_json2_start("hr.department", fields);
  reading("hr.department")
      .with_body(
          R"({"context":{"active_test":false},"domain":[["id",">",0]],"fields":["write_date"],"limit":1000,"order":"id asc"})")
      .reply(200, stamped("1"));
  reading("hr.department").reply(200, R"([{"id":3,"name":"A"}])");
  reading("hr.department").reply(200, R"([{"id":250,"name":"B"}])");
  auto page = host_.read_page({.object = "department", .fields = {"/name"}, .full = true});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  ASSERT_THAT(page.records, SizeIs(2));
  EXPECT_EQ(page.records[1].page_key, "ids:1");
  EXPECT_TRUE(page.exhausted);

  expect_json2_start("hr.department", fields);
  reading("hr.department").reply(200, stamped("2"));
  reading("hr.department")
      .with_body(
          R"({"context":{"active_test":false},"domain":[["id","in",[250]]],"fields":["name"],"limit":1,"order":"id asc"})")
      .reply(200, R"([{"id":250,"name":"C"}])");
  page = host_.read_page({.object = "department", .fields = {"/name"}, .full = true});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.unchanged, ElementsAre("ids:0"));
  EXPECT_THAT(page.all_records(), ElementsAre(R"({"id":250,"name":"C"})"));
}

TEST_F(Odoo, ReadsInAFullPassOfStampsEmployeesOfWhomOnlyTheVersionChanged_SYNC_8) {
  create_json2(R"("fullPass":"changed")");
  const auto pass = [&](const std::string& second, const std::string& title) {
    expect_json2_start("hr.employee", R"({"job_title":{"type":"char"}})");
    reading("hr.employee")
        .reply(200, R"([{"id":3,"write_date":"2026-01-01 00:00:00"},{"id":250,"write_date":"2026-01-01 00:00:00"}])");
    expect_description("hr.version", R"({"employee_id":{"type":"many2one"}})");
    reading("hr.version")
        .with_body(
            R"({"context":{"active_test":false},"domain":[["employee_id","in",[3,250]],["id",">",0]],"fields":["employee_id","write_date"],"limit":1000,"order":"id asc"})")
        .reply(200, R"([{"id":7,"employee_id":[3,"A"],"write_date":"2026-01-01 00:00:00"},)"
                    R"({"id":8,"employee_id":[250,"B"],"write_date":"2026-01-01 00:00:0)" +
                        second + R"("}])");
    if (title == "first") {
      reading("hr.employee").reply(200, R"([{"id":3,"job_title":"first"}])");
    }
    reading("hr.employee").reply(200, R"([{"id":250,"job_title":")" + title + R"("}])");
    auto page = host_.read_page({.object = "employee", .fields = {"/job_title"}, .full = true});
    EXPECT_TRUE(page.status.ok()) << page.status.error().message;
    return page;
  };
  EXPECT_THAT(pass("1", "first").all_records(), SizeIs(2));
  const auto page = pass("2", "second");
  EXPECT_THAT(page.unchanged, ElementsAre("ids:0"));
  EXPECT_THAT(page.all_records(), ElementsAre(R"({"id":250,"job_title":"second"})"));
}

TEST_F(Odoo, ReadsInAFullPassOfStampsWhatAnOlderServerKeepsInTheRecord) {
  create_json2(R"("fullPass":"changed")");
  expect_json2_start("hr.employee", R"({"job_title":{"type":"char"}})");
  reading("hr.employee").reply(200, R"([{"id":3,"write_date":"2026-01-01 00:00:00"}])");
  host_.http()
      .post("/json/2/hr.version/fields_get")
      .reply(404, refusal("werkzeug.exceptions.NotFound", "the model 'hr.version' does not exist"));
  reading("hr.employee").reply(200, R"([{"id":3,"job_title":"first"}])");
  const auto page = host_.read_page({.object = "employee", .fields = {"/job_title"}, .full = true});
  ASSERT_TRUE(page.status.ok()) << page.status.error().message;
  EXPECT_THAT(page.all_records(), SizeIs(1));
}

TEST_F(Odoo, TestsAConnectionAndTellsWhoseKeyItIs_AUTH_5) {
  create(R"("database":"acme")");
  host_.http().get("/web/version").reply(200, R"({"version":"19.0"})");
  host_.http().post("/json/2/res.users/context_get").reply(200, R"({"uid":2,"lang":"en_US"})");
  reading("res.users").reply(200, R"([{"id":2,"login":"robot@acme.example","company_id":[1,"Acme"]}])");
  const auto tested = host_.test_connection();
  ASSERT_TRUE(tested.status.ok()) << tested.status.error().message;
  EXPECT_EQ(tested.findings,
            R"({"server_version":"19.0","protocol":"json2","uid":2,"login":"robot@acme.example","company":"Acme"})");
}

TEST_F(Odoo, RefusesAListThatDoesNotGoOnInsteadOfReadingForever) {
  create_json2(R"("batchSize":2)");
  expect_json2_start("hr.department", "{}");
  reading("hr.department").reply(200, rows(1, 2));
  reading("hr.department").reply(200, rows(1, 2));
  const auto pages = host_.read_all({.object = "department", .full = true});
  ASSERT_FALSE(pages.back().status.ok());
  EXPECT_EQ(pages.back().status.error().code, sdk::Code::data_loss);
}

} // namespace
} // namespace dovetail::testing

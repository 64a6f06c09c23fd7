// SPDX-License-Identifier: Apache-2.0
// PROV-ODOO: the codecs over bytes that a real Odoo 19 took and gave. Read in place; skipped where they are not.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dovetail/testing/fake_host.hpp"
#include "refusal.hpp"
#include "xmlrpc.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::odoo {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OdooRecordings : public ::testing::Test {
protected:
  void SetUp() override {
    const auto* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
    ASSERT_NE(source, nullptr) << "run this with ctest, or set DOVETAIL_SOURCE_DIR";
    folder_ = std::filesystem::path(source).parent_path() / "shared" / "recordings" / "odoo";
    if (!std::filesystem::exists(folder_)) {
      GTEST_SKIP() << "no recordings beside the project";
    }
  }

  [[nodiscard]] std::string message(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << name;
    return text.str();
  }
  /// Behind the empty line that ends the head.
  [[nodiscard]] std::string body(const std::string& name) const {
    const auto text = message(name);
    const auto crlf = text.find("\r\n\r\n");
    const auto lf = text.find("\n\n");
    if (crlf != std::string::npos && (lf == std::string::npos || crlf < lf)) {
      return text.substr(crlf + 4);
    }
    return lf == std::string::npos ? std::string() : text.substr(lf + 2);
  }
  [[nodiscard]] XmlAnswer answer(const std::string& name) const {
    auto read = read_xml_answer(body(name + ".response"));
    EXPECT_TRUE(read.ok()) << name << ": " << read.error().message;
    return read.ok() ? *read : XmlAnswer();
  }
  [[nodiscard]] std::string call(const std::string& name) const {
    auto text = body(name + ".request");
    std::erase(text, '\n');
    return text;
  }

  std::filesystem::path folder_;
};

CallWriter object_call(std::string_view model, std::string_view method) {
  CallWriter writer("execute_kw");
  writer.text("peer").integer(2).text("admin").text(model).text(method);
  return writer;
}

TEST_F(OdooRecordings, CallsAreTheBytesThatThePythonClientSent) {
  CallWriter version("version");
  EXPECT_EQ(version.take(), call("xmlrpc-version"));
  CallWriter sign_in("authenticate");
  sign_in.text("peer").text("admin").text("admin").open_struct().close();
  EXPECT_EQ(sign_in.take(), call("xmlrpc-authenticate"));
  auto search = object_call("hr.employee", "search");
  search.open_array().open_array().open_array().text("active").text("=").boolean(true).close().close().close();
  search.open_struct().name("limit").integer(5).name("order").text("id").close();
  EXPECT_EQ(search.take(), call("xmlrpc-search"));
  auto empty = object_call("res.partner", "search_read");
  empty.open_array().open_array().open_array().text("id").text("=").integer(-1).close().close().close();
  empty.open_struct().name("fields").open_array().text("name").close().close();
  EXPECT_EQ(empty.take(), call("xmlrpc-empty"));
}

TEST_F(OdooRecordings, EveryAnswerIsUnderstood) {
  int answers = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("xmlrpc-") || !name.ends_with(".response")) {
      continue;
    }
    const auto read = read_xml_answer(body(name));
    ASSERT_TRUE(read.ok()) << name << ": " << read.error().message;
    const bool should_fail = name.find("fault") != std::string::npos || name.find("malformed") != std::string::npos;
    EXPECT_EQ(read->fault.has_value(), should_fail) << name;
    ++answers;
  }
  EXPECT_GE(answers, 20);
}

TEST_F(OdooRecordings, ValuesAreWhatOdooMeant) {
  EXPECT_EQ(answer("xmlrpc-authenticate").value.integer, 2);
  EXPECT_EQ(answer("xmlrpc-authenticate-refused").value.kind, Value::Kind::boolean);
  EXPECT_EQ(answer("xmlrpc-search_count").value.integer, 57);
  EXPECT_EQ(answer("xmlrpc-search").value.items.size(), 5U);
  EXPECT_EQ(answer("xmlrpc-empty").value.items.size(), 0U);
  const auto departments = answer("xmlrpc-search_read-hr.department").value;
  ASSERT_GE(departments.items.size(), 2U);
  const Field parent{"parent_id", "many2one"};
  EXPECT_EQ(cell_of(*departments.items[0].member("parent_id"), parent).kind, Cell::Kind::pair);
  EXPECT_EQ(cell_of(*departments.items[0].member("parent_id"), parent).integer, 2);
  EXPECT_EQ(cell_of(*departments.items[1].member("parent_id"), parent).kind, Cell::Kind::boolean);
  const auto fields = answer("xmlrpc-fields_get-hr.department").value;
  ASSERT_NE(fields.member("parent_id"), nullptr);
  EXPECT_EQ(fields.member("parent_id")->member("type")->text, "many2one");
  EXPECT_GT(answer("xmlrpc-read-binary").value.items.at(0).member("image_128")->text.size(), 1000U);
}

TEST_F(OdooRecordings, FaultsBecomeErrorsWithOdoosOwnWordsAndNoTraceback) {
  const auto error = [this](const std::string& name) {
    const auto read = answer(name);
    return read.fault ? to_error(refusal_of_fault(*read.fault), "reading x") : sdk::Error();
  };
  EXPECT_EQ(error("xmlrpc-fault-access-denied").code, sdk::Code::unauthenticated);
  EXPECT_EQ(error("xmlrpc-fault-field-not-allowed").code, sdk::Code::permission_denied);
  EXPECT_THAT(error("xmlrpc-fault-field-not-allowed").message,
              AllOf(HasSubstr("stage_id"), Not(HasSubstr("Operation"))));
  EXPECT_EQ(error("xmlrpc-fault-private").code, sdk::Code::permission_denied);
  EXPECT_EQ(error("xmlrpc-fault-unknown-model").code, sdk::Code::not_found);
  EXPECT_EQ(error("xmlrpc-fault-user-error").code, sdk::Code::failed_precondition);
  EXPECT_EQ(error("xmlrpc-fault-unknown-field").code, sdk::Code::failed_precondition);
  EXPECT_THAT(error("xmlrpc-fault-unknown-field").message, HasSubstr("Invalid field 'nope' on 'res.partner'"));
  EXPECT_EQ(error("xmlrpc-fault-no-database").code, sdk::Code::failed_precondition);
  EXPECT_THAT(error("xmlrpc-fault-no-database").message, AllOf(HasSubstr("database"), Not(HasSubstr("127.0.0.1"))));
  EXPECT_EQ(error("xmlrpc-malformed-request").code, sdk::Code::unavailable);
  for (const auto* const name :
       {"xmlrpc-fault-no-database", "xmlrpc-fault-unknown-field", "xmlrpc-malformed-request"}) {
    EXPECT_THAT(error(name).message, AllOf(Not(HasSubstr("Traceback")), Not(HasSubstr(".py\"")))) << name;
  }
}

TEST_F(OdooRecordings, Json2RefusalsBecomeErrorsToo) {
  const struct {
    const char* name;
    sdk::Code code;
    const char* words;
  } cases[] = {{"json2-error-bad-key", sdk::Code::unauthenticated, "Invalid apikey"},
               {"json2-error-unknown-model", sdk::Code::not_found, "no.such"},
               {"json2-error-bad-field", sdk::Code::failed_precondition, "Invalid field"},
               {"json2-error-unknown-argument", sdk::Code::failed_precondition, "missing a required argument"},
               {"json2-error-method-get", sdk::Code::not_found, "Did you mean POST"}};
  for (const auto& [name, code, words] : cases) {
    const auto tree = testing::JsonTree::parse(body(std::string(name) + ".response"));
    ASSERT_TRUE(tree.ok()) << name;
    const auto& root = (*tree)->root();
    const int status = std::stoi(message(std::string(name) + ".response").substr(9, 3));
    const auto error =
        to_error(refusal_of_exception(status, root.find("/name")->string, root.find("/message")->string), "reading x");
    EXPECT_EQ(error.code, code) << name << ": " << error.message;
    EXPECT_THAT(error.message, AllOf(HasSubstr(words), Not(HasSubstr("Traceback")))) << name;
  }
}

TEST_F(OdooRecordings, BothProtocolsGiveTheSameRecord) {
  const std::string settings = R"({"objects":{"employee":{"model":"hr.employee"}}})";
  const auto read = [&](const std::string& protocol, const std::string& description, const std::string& records) {
    testing::FakeHost host(&dvt_plugin_query);
    EXPECT_TRUE(
        host.create(R"({"database":"peer","login":"admin","batchSize":4,"protocol":")" + protocol + R"("})", settings)
            .ok());
    host.http().set_handler([&](const testing::SentRequest& request) -> std::optional<testing::Reply> {
      testing::Reply reply;
      const bool reads =
          request.body.find("search_read") != std::string::npos || request.url.find("search_read") != std::string::npos;
      const bool describes =
          request.body.find("fields_get") != std::string::npos || request.url.find("fields_get") != std::string::npos;
      reply.body = reads ? records
                         : (describes ? description
                                      : (protocol == "json2" ? std::string(R"({"uid":2})")
                                                             : body("xmlrpc-authenticate.response")));
      return reply;
    });
    const auto page = host.read_page(
        {.object = "employee", .fields = {"/id", "/name", "/work_email", "/department_id/0", "/write_date"}});
    EXPECT_TRUE(page.status.ok()) << page.status.error().message;
    return page.all_records();
  };
  const auto by_xml = read("xmlrpc",
                           "<methodResponse><params><param><value><struct>"
                           "<member><name>name</name><value><struct><member><name>type</name><value><string>char</"
                           "string></value></member></struct></value></member>"
                           "<member><name>work_email</name><value><struct><member><name>type</"
                           "name><value><string>char</string></value></member></struct></value></member>"
                           "<member><name>department_id</name><value><struct><member><name>type</"
                           "name><value><string>many2one</string></value></member></struct></value></member>"
                           "<member><name>write_date</name><value><struct><member><name>type</"
                           "name><value><string>datetime</string></value></member></struct></value></member>"
                           "</struct></value></param></params></methodResponse>",
                           body("xmlrpc-search_read-hr.employee.response"));
  const auto by_json = read(
      "json2",
      R"({"name":{"type":"char"},"work_email":{"type":"char"},"department_id":{"type":"many2one"},"write_date":{"type":"datetime"}})",
      body("json2-search_read.response"));
  ASSERT_EQ(by_json.size(), 3U);
  EXPECT_EQ(by_xml, by_json);
}

} // namespace
} // namespace dovetail::odoo

// SPDX-License-Identifier: Apache-2.0
// PROV-ODOO: XML-RPC as it is written and read, and what cannot be read.
#include "xmlrpc.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "refusal.hpp"

namespace dovetail::odoo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string response_with(const std::string& value) {
  return "<?xml version=\"1.0\"?><methodResponse><params><param><value>" + value +
         "</value></param></params></methodResponse>";
}

Value value_of(const std::string& text) {
  auto answer = read_xml_answer(response_with(text));
  EXPECT_TRUE(answer.ok()) << text << ": " << answer.error().message;
  return answer.ok() ? answer->value : Value();
}

sdk::Error error_of(const std::string& body) {
  const auto answer = read_xml_answer(body);
  EXPECT_FALSE(answer.ok()) << body.substr(0, 200);
  return answer.ok() ? sdk::Error() : answer.error();
}

TEST(XmlRpc, WritesCallsAsThePythonClientDoes) {
  CallWriter call("execute_kw");
  call.text("a&b <c>").integer(7).open_array().boolean(true).close().open_struct().name("limit").integer(2).close();
  EXPECT_EQ(
      call.take(),
      "<?xml version='1.0'?><methodCall><methodName>execute_kw</methodName><params>"
      "<param><value><string>a&amp;b &lt;c&gt;</string></value></param><param><value><int>7</int></value></param>"
      "<param><value><array><data><value><boolean>1</boolean></value></data></array></value></param>"
      "<param><value><struct><member><name>limit</name><value><int>2</int></value></member></struct></value></param>"
      "</params></methodCall>");
}

TEST(XmlRpc, ReadsEveryTypeOfValue) {
  EXPECT_EQ(value_of("<int>9007199254740993</int>").integer, 9007199254740993);
  EXPECT_EQ(value_of("<i4>-5</i4>").integer, -5);
  EXPECT_TRUE(value_of("<boolean>1</boolean>").flag);
  EXPECT_EQ(value_of("<boolean>0</boolean>").kind, Value::Kind::boolean);
  EXPECT_EQ(value_of("<double>0.5</double>").real, 0.5);
  EXPECT_EQ(value_of("<double>nan</double>").kind, Value::Kind::nil);
  EXPECT_EQ(value_of("<string>R&amp;D \xE2\x98\x83 &#9731;</string>").text, "R&D \xE2\x98\x83 \xE2\x98\x83");
  EXPECT_EQ(value_of("plain").text, "plain") << "text without a type is a string";
  EXPECT_EQ(value_of("").text, "");
  EXPECT_EQ(value_of("<string>  </string>").text, "  ") << "blanks that are all of a text count";
  EXPECT_EQ(value_of("<string>a\r\nb</string>").text, "a\r\nb") << "line ends stay as JSON would have them";
  EXPECT_EQ(value_of("<string><![CDATA[<p>]]></string>").text, "<p>");
  const auto pair =
      value_of("<array><data>\n<value><int>3</int></value>\n<value><string>R</string></value></data></array>");
  ASSERT_EQ(pair.items.size(), 2U);
  const auto record = value_of("<struct><member><name>id</name><value><int>1</int></value></member></struct>");
  ASSERT_NE(record.member("id"), nullptr);
  EXPECT_EQ(record.member("nothing"), nullptr);
}

TEST(XmlRpc, RefusesWhatIsNoAnswer) {
  EXPECT_EQ(error_of("").code, sdk::Code::unavailable);
  EXPECT_EQ(error_of("<html><body>502</body></html>").code, sdk::Code::unavailable);
  EXPECT_EQ(error_of("<methodResponse><params><param>").code, sdk::Code::unavailable);
  EXPECT_EQ(error_of("<methodResponse/>").code, sdk::Code::unavailable);
  EXPECT_EQ(error_of(response_with("<int>1x</int>")).code, sdk::Code::unavailable);
  EXPECT_EQ(error_of(response_with("<int/>")).code, sdk::Code::unavailable);
  EXPECT_THAT(error_of(response_with("<wheel>1</wheel>")).message, HasSubstr("wheel"));
  EXPECT_EQ(error_of(response_with("<struct><member><name>a</name></member></struct>")).code, sdk::Code::unavailable);
  EXPECT_EQ(error_of(response_with("<array/>")).code, sdk::Code::unavailable);
}

TEST(XmlRpc, RefusesDocumentTypesSoThatNoEntityIsEverExpanded) {
  const auto error =
      error_of("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]>" +
               response_with("<string>&a;&b;</string>").substr(21));
  EXPECT_EQ(error.code, sdk::Code::failed_precondition);
  EXPECT_THAT(error.message, HasSubstr("document type"));
}

TEST(XmlRpc, BoundsSizeTagsAndDepth) {
  EXPECT_EQ(error_of(response_with("<string>" + std::string(max_xml_bytes, 'x') + "</string>")).code,
            sdk::Code::out_of_range);
  std::string tags;
  for (std::size_t i = 0; i <= max_xml_tags / 2; ++i) {
    tags += "<a/><a/>";
  }
  EXPECT_EQ(error_of(tags).code, sdk::Code::out_of_range);
  std::string deep = "<int>1</int>";
  for (int i = 0; i < max_value_depth; ++i) {
    deep = "<array><data><value>" + deep + "</value></data></array>";
  }
  EXPECT_TRUE(read_xml_answer(response_with(deep)).ok());
  EXPECT_EQ(error_of(response_with("<array><data><value>" + deep + "</value></data></array>")).code,
            sdk::Code::out_of_range);
}

TEST(Records, TurnFalseIntoNullForAllTypesButBoolean) {
  const std::vector<Field> fields{{"active", "boolean"},      {"email", "char"},        {"department_id", "many2one"},
                                  {"write_date", "datetime"}, {"tag_ids", "many2many"}, {"hours", "float"}};
  const auto record = value_of(
      "<struct><member><name>active</name><value><boolean>0</boolean></value></member>"
      "<member><name>email</name><value><boolean>0</boolean></value></member>"
      "<member><name>department_id</name><value><array><data><value><int>3</int></value><value><string>A \"B\"</string>"
      "</value></data></array></value></member><member><name>write_date</name><value><boolean>0</boolean></value></"
      "member>"
      "<member><name>tag_ids</name><value><array><data><value><int>1</int></value><value><int>2</int></value></data></"
      "array>"
      "</value></member><member><name>hours</name><value><double>1.50</double></value></member></struct>");
  Row row{.id = 11, .cells = {}};
  for (const auto& field : fields) {
    row.cells.push_back(cell_of(*record.member(field.name), field));
  }
  sdk::JsonWriter json;
  write_record(json, fields, row);
  EXPECT_EQ(
      json.text(),
      R"({"id":11,"active":false,"email":null,"department_id":[3,"A \"B\""],"write_date":null,"tag_ids":[1,2],"hours":1.5})");
}

TEST(Refusals, ShowTheExceptionOfATracebackAndNeverTheTraceback) {
  const std::string traceback =
      "Traceback (most recent call last):\n  File \"a.py\", line 1, in x\n    y()\nKeyError: 'nope'\n\n"
      "The above exception was the direct cause of the following exception:\n\n"
      "Traceback (most recent call last):\n  File \"b.py\", line 2, in z\n    ~~^^\n"
      "ValueError: Invalid field 'nope' on 'res.partner'\nmore of it\n";
  EXPECT_EQ(telling_line(traceback), "ValueError: Invalid field 'nope' on 'res.partner'");
  EXPECT_EQ(telling_line("You may not.\n\nOperation: read"), "You may not.");
  EXPECT_EQ(telling_line(""), "");
  EXPECT_EQ(telling_line(std::string(500, 'x')).size(), 200U);
  const auto error = to_error(refusal_of_fault({1, traceback}), "reading res.partner");
  EXPECT_EQ(error.code, sdk::Code::failed_precondition);
  EXPECT_THAT(error.message, Not(HasSubstr("b.py")));
}

TEST(Refusals, HaveTheCodesThatTellWhatToDo) {
  const auto code_of = [](std::int64_t fault, const std::string& text) {
    return to_error(refusal_of_fault({fault, text}), "x").code;
  };
  EXPECT_EQ(code_of(3, "Access Denied"), sdk::Code::unauthenticated);
  EXPECT_EQ(code_of(4, "You are not allowed"), sdk::Code::permission_denied);
  EXPECT_EQ(code_of(2, "Object no.such doesn't exist"), sdk::Code::not_found);
  EXPECT_EQ(code_of(2, "Please do not"), sdk::Code::failed_precondition);
  EXPECT_EQ(code_of(1, "psycopg2: could not serialize access due to concurrent update"), sdk::Code::aborted);
  EXPECT_EQ(code_of(1, "OverflowError: int exceeds XML-RPC limits"), sdk::Code::failed_precondition);
  EXPECT_EQ(code_of(1, "MemoryError"), sdk::Code::unavailable);
  EXPECT_EQ(code_of(1, "anything"), sdk::Code::unavailable);
  EXPECT_EQ(code_of(1, "FATAL:  database \"x\" does not exist"), sdk::Code::failed_precondition);
  const auto json = [](int status, const std::string& name) {
    return to_error(refusal_of_exception(status, name, "m"), "x").code;
  };
  EXPECT_EQ(json(401, "werkzeug.exceptions.Unauthorized"), sdk::Code::unauthenticated);
  EXPECT_EQ(json(403, "odoo.exceptions.AccessDenied"), sdk::Code::unauthenticated);
  EXPECT_EQ(json(403, "odoo.exceptions.AccessError"), sdk::Code::permission_denied);
  EXPECT_EQ(json(404, "werkzeug.exceptions.NotFound"), sdk::Code::not_found);
  EXPECT_EQ(json(409, "x"), sdk::Code::aborted);
  EXPECT_EQ(json(422, "odoo.exceptions.UserError"), sdk::Code::failed_precondition);
  EXPECT_EQ(json(500, "builtins.MemoryError"), sdk::Code::unavailable);
}

TEST(Refusals, SayWhenFewerRecordsMayHelp) {
  EXPECT_TRUE(smaller_may_help(sdk::make_error(sdk::Code::unavailable, "")));
  EXPECT_TRUE(smaller_may_help(sdk::make_error(sdk::Code::out_of_range, "")));
  EXPECT_FALSE(smaller_may_help(sdk::make_error(sdk::Code::permission_denied, "")));
  EXPECT_FALSE(smaller_may_help(sdk::make_error(sdk::Code::unavailable, "", sdk::Retry::rate_limited)));
}

} // namespace
} // namespace dovetail::odoo

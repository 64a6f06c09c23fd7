// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/xml_wire.hpp"

#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace dovetail::simulators::odoo {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    default:
      // The server strips what XML cannot hold.
      if (static_cast<unsigned char>(c) >= 0x20U || c == '\t' || c == '\n' || c == '\r') {
        out += c;
      }
    }
  }
}

Status append_value(std::string& out, const Value& value) {
  out += "<value>";
  switch (value.kind) {
  case Value::Kind::none:
    out += "<boolean>0</boolean>";
    break;
  case Value::Kind::boolean:
    out += fmt::format("<boolean>{}</boolean>", value.integer);
    break;
  case Value::Kind::integer:
    if (value.integer > std::numeric_limits<std::int32_t>::max() ||
        value.integer < std::numeric_limits<std::int32_t>::min()) {
      return out_of_range("int exceeds XML-RPC limits");
    }
    out += fmt::format("<int>{}</int>", value.integer);
    break;
  case Value::Kind::real:
    out += "<double>" + float_text(value.real) + "</double>";
    break;
  case Value::Kind::text:
    out += "<string>";
    append_escaped(out, value.text);
    out += "</string>";
    break;
  case Value::Kind::list:
    out += "<array><data>\n";
    for (const auto& item : value.items) {
      DOVETAIL_TRY_STATUS(append_value(out, item));
    }
    out += "</data></array>";
    break;
  case Value::Kind::structure:
    out += "<struct>\n";
    for (const auto& [name, member] : value.members) {
      out += "<member>\n<name>";
      append_escaped(out, name);
      out += "</name>\n";
      DOVETAIL_TRY_STATUS(append_value(out, member));
      out += "</member>\n";
    }
    out += "</struct>";
    break;
  }
  out += "</value>\n";
  return {};
}

pugi::xml_node first_element(const pugi::xml_node& node) {
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element) {
      return child;
    }
  }
  return {};
}

Result<Value> read_value(const pugi::xml_node& node) {
  const auto typed = first_element(node);
  const std::string_view type = typed.name();
  const std::string text = typed ? typed.child_value() : node.child_value();
  if (!typed || type == "string") {
    return Value(text);
  }
  if (type == "boolean") {
    return Value(text == "1");
  }
  if (type == "int" || type == "i4") {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size()) {
      return invalid_argument(fmt::format("ValueError: invalid literal for int() with base 10: '{}'", text));
    }
    return Value(number);
  }
  if (type == "double") {
    return Value(std::strtod(text.c_str(), nullptr));
  }
  if (type == "array") {
    std::vector<Value> items;
    for (const auto& item : typed.child("data").children("value")) {
      DOVETAIL_TRY(auto value, read_value(item));
      items.push_back(std::move(value));
    }
    return Value(std::move(items));
  }
  if (type == "struct") {
    Value::Members members;
    for (const auto& member : typed.children("member")) {
      DOVETAIL_TRY(auto value, read_value(member.child("value")));
      members.emplace_back(member.child_value("name"), std::move(value));
    }
    return Value(std::move(members));
  }
  return invalid_argument(fmt::format("xmlrpc.client.ResponseError: unknown type {}", type));
}

} // namespace

Result<XmlCall> read_xml_call(std::string_view body) {
  pugi::xml_document document;
  const auto parsed =
      document.load_buffer(body.data(), body.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  const auto call = document.child("methodCall");
  if (!parsed || !call.child("methodName")) {
    return invalid_argument("xml.parsers.expat.ExpatError: no element found: line 1, column 18");
  }
  XmlCall out;
  out.method = call.child_value("methodName");
  for (const auto& param : call.child("params").children("param")) {
    DOVETAIL_TRY(auto value, read_value(param.child("value")));
    out.params.push_back(std::move(value));
  }
  return out;
}

Result<std::string> xml_response(const Value& value) {
  std::string out = "<?xml version=\"1.0\"?>\n<methodResponse>\n<params>\n<param>\n";
  DOVETAIL_TRY_STATUS(append_value(out, value));
  return out + "</param>\n</params>\n\n</methodResponse>\n";
}

std::string xml_fault(int code, std::string_view text) {
  std::string out = "<?xml version=\"1.0\"?>\n<methodResponse>\n<fault>\n";
  static_cast<void>(append_value(out, Value(Value::Members{{"faultCode", code}, {"faultString", std::string(text)}})));
  return out + "</fault>\n\n</methodResponse>\n";
}

} // namespace dovetail::simulators::odoo

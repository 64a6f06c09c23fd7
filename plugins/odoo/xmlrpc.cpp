// SPDX-License-Identifier: Apache-2.0
#include "xmlrpc.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include <pugixml.hpp>

namespace dovetail::odoo {

using namespace sdk;

namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (static_cast<unsigned char>(c) >= 0x20U || c == '\t' || c == '\n' || c == '\r') {
      out += c;
    }
  }
}

Error not_understood(const std::string& what) {
  return make_error(Code::unavailable, "Odoo's answer is no XML-RPC answer: " + what, Retry::transient);
}

template <typename T> std::optional<T> read_number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '+')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  T number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(number)
                                                                                  : std::nullopt;
}

pugi::xml_node only_element(const pugi::xml_node& node) {
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element) {
      return child;
    }
  }
  return {};
}

/// Everything below a <value>.
class ValueReader {
public:
  Result<Value> read(const pugi::xml_node& node, int depth) {
    if (depth > max_value_depth) {
      return make_error(Code::out_of_range, "Odoo's answer nests values more than " + std::to_string(max_value_depth) +
                                                " deep: leave the field out of the mapping");
    }
    const auto typed = only_element(node);
    // By the rules of XML-RPC a value without a type is a string.
    if (!typed) {
      return text_value(node.child_value());
    }
    const std::string_view type = typed.name();
    if (type == "string") {
      return text_value(typed.child_value());
    }
    if (type == "array") {
      return array(typed, depth);
    }
    if (type == "struct") {
      return structure(typed, depth);
    }
    return scalar(type, typed.child_value());
  }

private:
  static Value text_value(const char* text) {
    Value value;
    value.kind = Value::Kind::text;
    value.text = text;
    return value;
  }

  static Result<Value> scalar(std::string_view type, std::string_view text) {
    Value value;
    if (type == "int" || type == "i4" || type == "i8") {
      const auto number = read_number<std::int64_t>(text);
      if (!number) {
        return not_understood("a number is none");
      }
      value.kind = Value::Kind::integer;
      value.integer = *number;
    } else if (type == "boolean") {
      value.kind = Value::Kind::boolean;
      value.flag = text == "1";
    } else if (type == "double") {
      const auto number = read_number<double>(text);
      if (!number) {
        return not_understood("a number is none");
      }
      // Neither protocol has a word for these that the other one knows.
      value.kind = std::isfinite(*number) ? Value::Kind::real : Value::Kind::nil;
      value.real = *number;
    } else if (type == "dateTime.iso8601" || type == "base64") {
      value.kind = Value::Kind::text;
      value.text = text;
    } else if (type != "nil") {
      return not_understood("it holds a value of the unknown type \"" + std::string(type.substr(0, 40)) + "\"");
    }
    return value;
  }

  Result<Value> array(const pugi::xml_node& node, int depth) {
    Value value;
    value.kind = Value::Kind::array;
    const auto data = node.child("data");
    if (!data) {
      return not_understood("an array has no data");
    }
    for (const auto& item : data.children("value")) {
      DVT_TRY(auto read_item, read(item, depth + 1));
      value.items.push_back(std::move(read_item));
    }
    return value;
  }

  Result<Value> structure(const pugi::xml_node& node, int depth) {
    Value value;
    value.kind = Value::Kind::structure;
    for (const auto& member : node.children("member")) {
      const auto content = member.child("value");
      if (!member.child("name") || !content) {
        return not_understood("a member of a struct lacks its name or its value");
      }
      DVT_TRY(auto read_content, read(content, depth + 1));
      value.names.emplace_back(member.child_value("name"));
      value.items.push_back(std::move(read_content));
    }
    return value;
  }
};

Status check_bounds(std::string_view body) {
  const auto tags = static_cast<std::size_t>(std::count(body.begin(), body.end(), '<'));
  if (body.size() > max_xml_bytes || tags > max_xml_tags) {
    return make_error(Code::out_of_range, "Odoo's answer has " + std::to_string(body.size()) + " bytes and " +
                                              std::to_string(tags) + " tags, more than is read at once (" +
                                              std::to_string(max_xml_bytes) + ", " + std::to_string(max_xml_tags) +
                                              "): lower \"batchSize\" in the connection's config");
  }
  return {};
}

Result<Fault> read_fault(const pugi::xml_node& node) {
  DVT_TRY(const auto value, ValueReader().read(node.child("value"), 0));
  Fault fault;
  if (const auto* code = value.member("faultCode"); code != nullptr) {
    fault.code = code->integer;
  }
  if (const auto* text = value.member("faultString"); text != nullptr) {
    fault.text = text->text;
  }
  return fault;
}

} // namespace

CallWriter::CallWriter(std::string_view method) {
  text_ = "<?xml version='1.0'?><methodCall><methodName>" + std::string(method) + "</methodName><params>";
}

void CallWriter::begin() { text_ += open_.empty() ? "<param><value>" : "<value>"; }

void CallWriter::end() {
  text_ += "</value>";
  if (open_.empty()) {
    text_ += "</param>";
  } else if (open_.back() == '{') {
    text_ += "</member>";
  }
}

CallWriter& CallWriter::text(std::string_view value) {
  begin();
  text_ += "<string>";
  append_escaped(text_, value);
  text_ += "</string>";
  end();
  return *this;
}

CallWriter& CallWriter::integer(std::int64_t value) {
  begin();
  text_ += "<int>" + std::to_string(value) + "</int>";
  end();
  return *this;
}

CallWriter& CallWriter::boolean(bool value) {
  begin();
  text_ += value ? "<boolean>1</boolean>" : "<boolean>0</boolean>";
  end();
  return *this;
}

CallWriter& CallWriter::open_array() {
  begin();
  text_ += "<array><data>";
  open_ += '[';
  return *this;
}

CallWriter& CallWriter::open_struct() {
  begin();
  text_ += "<struct>";
  open_ += '{';
  return *this;
}

CallWriter& CallWriter::name(std::string_view value) {
  text_ += "<member><name>";
  append_escaped(text_, value);
  text_ += "</name>";
  return *this;
}

CallWriter& CallWriter::close() {
  text_ += open_.back() == '[' ? "</data></array>" : "</struct>";
  open_.pop_back();
  end();
  return *this;
}

std::string CallWriter::take() { return std::move(text_) + "</params></methodCall>"; }

Result<XmlAnswer> read_xml_answer(std::string_view body) {
  DVT_TRY_STATUS(check_bounds(body));
  // Line ends stay as they are, as in JSON; blanks count where they are all of a text.
  constexpr unsigned how = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_ws_pcdata_single | pugi::parse_doctype;
  pugi::xml_document document;
  const auto parsed = document.load_buffer(body.data(), body.size(), how, pugi::encoding_utf8);
  if (!parsed) {
    return not_understood(std::string(parsed.description()) + " at byte " + std::to_string(parsed.offset));
  }
  for (const auto& child : document.children()) {
    if (child.type() == pugi::node_doctype) {
      return make_error(Code::failed_precondition,
                        "Odoo's answer declares a document type, which XML-RPC never does: look "
                        "who answers in Odoo's place");
    }
  }
  const auto response = document.child("methodResponse");
  if (!response) {
    return not_understood("it has no methodResponse (an error page, perhaps)");
  }
  XmlAnswer answer;
  if (const auto fault = response.child("fault")) {
    DVT_TRY(answer.fault, read_fault(fault));
    return answer;
  }
  const auto value = response.child("params").child("param").child("value");
  if (!value) {
    return not_understood("it has neither a value nor a fault");
  }
  DVT_TRY(answer.value, ValueReader().read(value, 0));
  return answer;
}

} // namespace dovetail::odoo

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/graphql.hpp"

#include <charconv>
#include <set>

#include <fmt/format.h>
#include <rapidjson/document.h>

namespace dovetail::simulators::monday {
namespace {

constexpr int most_depth = 32;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80U) {
    out += static_cast<char>(code);
  } else if (code < 0x800U) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | (code >> 12U));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Document> document() {
    Document document;
    bool operation = false;
    for (skip(); at_ < text_.size(); skip()) {
      if (peek() == '{') {
        DOVETAIL_TRY_STATUS(once(operation));
        DOVETAIL_TRY(document.selections, selection_set(0));
        continue;
      }
      DOVETAIL_TRY(const std::string keyword, name());
      if (keyword == "fragment") {
        DOVETAIL_TRY(std::string fragment, name());
        DOVETAIL_TRY_STATUS(word("on"));
        Fragment made;
        DOVETAIL_TRY(made.on, name());
        DOVETAIL_TRY(made.selections, selection_set(0));
        document.fragments.insert_or_assign(std::move(fragment), std::move(made));
        continue;
      }
      if (keyword != "query" && keyword != "mutation") {
        return fail(fmt::format("unexpected \"{}\"", keyword));
      }
      DOVETAIL_TRY_STATUS(once(operation));
      document.mutation = keyword == "mutation";
      skip();
      if (is_name_start(peek())) {
        DOVETAIL_TRY([[maybe_unused]] const std::string operation_name, name());
      }
      if (take('(')) {
        while (!take(')')) {
          DOVETAIL_TRY(auto variable, this->variable());
          document.variables.push_back(std::move(variable));
        }
      }
      DOVETAIL_TRY(document.selections, selection_set(0));
    }
    return operation ? Result<Document>(std::move(document)) : fail("the document holds no operation");
  }

private:
  Status once(bool& operation) {
    if (operation) {
      return fail("one operation a document");
    }
    operation = true;
    return {};
  }
  Error fail(std::string_view what) const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      column = text_[i] == '\n' ? 1 : column + 1;
      line += text_[i] == '\n' ? 1U : 0U;
    }
    return invalid_argument(fmt::format("Parse error on line {}, column {}: {}", line, column, what));
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') {
          ++at_;
        }
      } else if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ',') {
        ++at_;
      } else {
        return;
      }
    }
  }
  bool take(char c) {
    skip();
    if (peek() != c) {
      return false;
    }
    ++at_;
    return true;
  }
  Status expect(char c) { return take(c) ? Status() : Status(fail(fmt::format("expected '{}'", c))); }
  Status word(std::string_view wanted) {
    DOVETAIL_TRY(const std::string found, name());
    return found == wanted ? Status() : Status(fail(fmt::format("expected \"{}\"", wanted)));
  }
  Result<std::string> name() {
    skip();
    const std::size_t start = at_;
    if (!is_name_start(peek())) {
      return fail("expected a name");
    }
    while (is_name_start(peek()) || is_digit(peek())) {
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }
  Result<Variable> variable() {
    Variable made;
    DOVETAIL_TRY_STATUS(expect('$'));
    DOVETAIL_TRY(made.name, name());
    DOVETAIL_TRY_STATUS(expect(':'));
    DOVETAIL_TRY(made.type, type());
    if (take('=')) {
      DOVETAIL_TRY(made.otherwise, value(0));
    }
    return made;
  }
  Result<std::string> type() {
    std::string made;
    if (take('[')) {
      DOVETAIL_TRY(const std::string inner, type());
      DOVETAIL_TRY_STATUS(expect(']'));
      made = "[" + inner + "]";
    } else {
      DOVETAIL_TRY(made, name());
    }
    return take('!') ? made + "!" : made;
  }
  Result<std::vector<Selection>> selection_set(int depth) {
    if (depth > most_depth) {
      return fail("nested too deep");
    }
    DOVETAIL_TRY_STATUS(expect('{'));
    std::vector<Selection> made;
    while (!take('}')) {
      DOVETAIL_TRY(auto one, selection(depth));
      made.push_back(std::move(one));
    }
    return made.empty() ? Result<std::vector<Selection>>(fail("an empty selection set")) : made;
  }
  Result<Selection> selection(int depth) {
    Selection made;
    skip();
    if (text_.substr(at_).starts_with("...")) {
      at_ += 3;
      skip();
      made.kind = Selection::Kind::inline_fragment;
      if (peek() != '{') {
        DOVETAIL_TRY(made.name, name());
        if (made.name != "on") {
          made.kind = Selection::Kind::spread;
          return made;
        }
        DOVETAIL_TRY(made.on, name());
      }
      DOVETAIL_TRY(made.selections, selection_set(depth + 1));
      return made;
    }
    DOVETAIL_TRY(made.name, name());
    made.alias = made.name;
    if (take(':')) {
      DOVETAIL_TRY(made.name, name());
    }
    if (take('(')) {
      while (!take(')')) {
        DOVETAIL_TRY(std::string argument, name());
        DOVETAIL_TRY_STATUS(expect(':'));
        DOVETAIL_TRY(Value content, value(0));
        made.arguments.emplace_back(std::move(argument), std::move(content));
      }
    }
    skip();
    if (peek() == '{') {
      DOVETAIL_TRY(made.selections, selection_set(depth + 1));
    }
    return made;
  }
  Result<Value> value(int depth) {
    skip();
    Value made;
    const char c = peek();
    if (depth > most_depth) {
      return fail("nested too deep");
    }
    if (c == '$') {
      ++at_;
      made.kind = Value::Kind::variable;
      DOVETAIL_TRY(made.text, name());
    } else if (c == '"') {
      made.kind = Value::Kind::string;
      DOVETAIL_TRY(made.text, string());
    } else if (c == '-' || is_digit(c)) {
      return number();
    } else if (take('[')) {
      made.kind = Value::Kind::list;
      while (!take(']')) {
        DOVETAIL_TRY(Value item, value(depth + 1));
        made.items.push_back(std::move(item));
      }
    } else if (take('{')) {
      made.kind = Value::Kind::object;
      while (!take('}')) {
        DOVETAIL_TRY(std::string key, name());
        DOVETAIL_TRY_STATUS(expect(':'));
        DOVETAIL_TRY(Value item, value(depth + 1));
        made.members.emplace_back(std::move(key), std::move(item));
      }
    } else {
      DOVETAIL_TRY(made.text, name());
      made.kind = made.text == "true" || made.text == "false" ? Value::Kind::boolean
                  : made.text == "null"                       ? Value::Kind::null
                                                              : Value::Kind::name;
      made.boolean = made.text == "true";
    }
    return made;
  }
  Result<Value> number() {
    const std::size_t start = at_;
    while (is_digit(peek()) || std::string_view("-+.eE").find(peek()) != std::string_view::npos) {
      if (peek() == '\0') {
        break;
      }
      ++at_;
    }
    const std::string text(text_.substr(start, at_ - start));
    Value made;
    made.kind = text.find_first_of(".eE") == std::string::npos ? Value::Kind::integer : Value::Kind::real;
    const auto* end = text.data() + text.size();
    const auto read = made.kind == Value::Kind::integer ? std::from_chars(text.data(), end, made.integer)
                                                        : std::from_chars(text.data(), end, made.real);
    if (read.ec != std::errc() || read.ptr != end) {
      return fail("malformed number");
    }
    return made;
  }
  Result<std::string> string() {
    if (text_.substr(at_).starts_with("\"\"\"")) {
      return fail("block strings are not part of this simulation");
    }
    std::string made;
    for (++at_; peek() != '"'; ++at_) {
      const char c = peek();
      if (c == '\0' || c == '\n') {
        return fail("unterminated string");
      }
      if (c != '\\') {
        made += c;
        continue;
      }
      ++at_;
      static constexpr std::string_view plain = "\"\\/bfnrt";
      static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
      if (const auto known = plain.find(peek()); known != std::string_view::npos && peek() != '\0') {
        made += meant[known];
      } else if (peek() == 'u' && at_ + 4 < text_.size()) {
        unsigned code = 0;
        const auto* digits = text_.data() + at_ + 1;
        if (std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4) {
          return fail("malformed escape");
        }
        append_utf8(made, code);
        at_ += 4;
      } else {
        return fail("malformed escape");
      }
    }
    ++at_;
    return made;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Value value_of(const rapidjson::Value& json) {
  Value made;
  if (json.IsBool()) {
    made.kind = Value::Kind::boolean;
    made.boolean = json.GetBool();
  } else if (json.IsInt64()) {
    made.kind = Value::Kind::integer;
    made.integer = json.GetInt64();
  } else if (json.IsNumber()) {
    made.kind = Value::Kind::real;
    made.real = json.GetDouble();
  } else if (json.IsString()) {
    made.kind = Value::Kind::string;
    made.text.assign(json.GetString(), json.GetStringLength());
  } else if (json.IsArray()) {
    made.kind = Value::Kind::list;
    for (const auto& item : json.GetArray()) {
      made.items.push_back(value_of(item));
    }
  } else if (json.IsObject()) {
    made.kind = Value::Kind::object;
    for (const auto& member : json.GetObject()) {
      made.members.emplace_back(std::string(member.name.GetString(), member.name.GetStringLength()),
                                value_of(member.value));
    }
  }
  return made;
}

/// Walks a document and puts variables in; remembers which were used.
class Substitution {
public:
  explicit Substitution(std::map<std::string, Value, std::less<>> values) : values_(std::move(values)) {}

  Status in(std::vector<Selection>& selections) {
    for (Selection& one : selections) {
      for (auto& [name, value] : one.arguments) {
        DOVETAIL_TRY_STATUS(in(value));
      }
      DOVETAIL_TRY_STATUS(in(one.selections));
    }
    return {};
  }
  [[nodiscard]] bool used(const std::string& name) const { return used_.contains(name); }

private:
  Status in(Value& value) {
    if (value.kind == Value::Kind::variable) {
      const auto found = values_.find(value.text);
      if (found == values_.end()) {
        return invalid_argument(fmt::format("Variable \"${}\" is not defined.", value.text));
      }
      used_.insert(value.text);
      value = found->second;
      return {};
    }
    for (Value& item : value.items) {
      DOVETAIL_TRY_STATUS(in(item));
    }
    for (auto& [name, member] : value.members) {
      DOVETAIL_TRY_STATUS(in(member));
    }
    return {};
  }

  std::map<std::string, Value, std::less<>> values_;
  std::set<std::string> used_;
};

} // namespace

const Value* Value::member(std::string_view name) const noexcept {
  for (const auto& [key, value] : members) {
    if (key == name) {
      return &value;
    }
  }
  return nullptr;
}

std::string Value::id() const {
  return kind == Kind::string || kind == Kind::name ? text : kind == Kind::integer ? std::to_string(integer) : "";
}

const Value* Selection::argument(std::string_view argument_name) const noexcept {
  for (const auto& [key, value] : arguments) {
    if (key == argument_name) {
      return value.is_null() ? nullptr : &value;
    }
  }
  return nullptr;
}

Result<Document> parse_document(std::string_view text) { return Parser(text).document(); }

Result<std::map<std::string, Value, std::less<>>> parse_variables(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) {
    return invalid_argument("Variables are invalid JSON object");
  }
  std::map<std::string, Value, std::less<>> made;
  for (const auto& member : document.GetObject()) {
    made.insert_or_assign(member.name.GetString(), value_of(member.value));
  }
  return made;
}

Status substitute(Document& document, const std::map<std::string, Value, std::less<>>& variables) {
  std::map<std::string, Value, std::less<>> values;
  for (const Variable& declared : document.variables) {
    const auto given = variables.find(declared.name);
    if (given != variables.end()) {
      values[declared.name] = given->second;
    } else if (declared.otherwise) {
      values[declared.name] = *declared.otherwise;
    } else {
      values[declared.name] = Value{};
    }
    if (declared.type.ends_with('!') && values[declared.name].is_null()) {
      return invalid_argument(
          fmt::format("Variable \"${}\" of required type \"{}\" was not provided.", declared.name, declared.type));
    }
  }
  Substitution substitution(std::move(values));
  DOVETAIL_TRY_STATUS(substitution.in(document.selections));
  for (auto& [name, fragment] : document.fragments) {
    DOVETAIL_TRY_STATUS(substitution.in(fragment.selections));
  }
  for (const Variable& declared : document.variables) {
    if (!substitution.used(declared.name)) {
      return invalid_argument(fmt::format("Variable \"${}\" is never used.", declared.name));
    }
  }
  return {};
}

} // namespace dovetail::simulators::monday

// SPDX-License-Identifier: Apache-2.0
#include "core/json/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "core/json/check.hpp"
#include "core/json/number.hpp"
#include "core/json/pointer.hpp"
#include "core/json/rapid.hpp"
#include "core/json/writer.hpp"

namespace dovetail::json {

using detail::Access;
using detail::Node;
using detail::text_of;

struct Document::State {
  std::vector<char> buffer; ///< the text, which RapidJSON decodes in place; its strings point here
  rapidjson::Document tree;
};

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr auto parse_flags =
    rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

/// Builds the tree, and reads the numbers itself: the library's own exact reader leaves the defined on some zeros ("0e88").
struct TreeBuilder {
  rapidjson::Document& tree;
  const char* too_large = nullptr; ///< the number that ended the parse

  bool Null() { return tree.Null(); }
  bool Bool(bool flag) { return tree.Bool(flag); }
  bool Int(int number) { return tree.Int(number); }
  bool Uint(unsigned number) { return tree.Uint(number); }
  bool Int64(std::int64_t number) { return tree.Int64(number); }
  bool Uint64(std::uint64_t number) { return tree.Uint64(number); }
  bool Double(double number) { return tree.Double(number); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const auto number = detail::read_number({text, size});
    if (!number || !std::isfinite(number->real)) {
      too_large = text;
      return false;
    }
    std::uint64_t large = 0; // kept exactly, so that it is written as it was read
    if (!number->whole && std::from_chars(text, text + size, large).ptr == text + size && large > 0) {
      return tree.Uint64(large);
    }
    return number->whole ? tree.Int64(number->integer) : tree.Double(number->real);
  }
  bool String(const char* text, rapidjson::SizeType size, bool copy) { return tree.String(text, size, copy); }
  bool StartObject() { return tree.StartObject(); }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) { return tree.Key(text, size, copy); }
  bool EndObject(rapidjson::SizeType count) { return tree.EndObject(count); }
  bool StartArray() { return tree.StartArray(); }
  bool EndArray(rapidjson::SizeType count) { return tree.EndArray(count); }
};

/// The name that stands twice in an object of the tree, nullptr if none does. As deep as the text is nested, which is bounded.
const Node* find_duplicate(const Node& node) {
  if (node.IsArray()) {
    for (const auto& element : node.GetArray()) {
      if (const auto* const found = find_duplicate(element)) {
        return found;
      }
    }
  }
  if (!node.IsObject()) {
    return nullptr;
  }
  std::vector<const Node*> names;
  names.reserve(node.MemberCount());
  for (const auto& member : node.GetObject()) {
    names.push_back(&member.name);
    if (const auto* const found = find_duplicate(member.value)) {
      return found;
    }
  }
  // The texts of one buffer are in the order of their addresses, so the later one comes second.
  std::sort(names.begin(), names.end(), [](const Node* left, const Node* right) {
    const int order = text_of(*left).compare(text_of(*right));
    return order != 0 ? order < 0 : std::less<>{}(left, right);
  });
  const auto twice = std::adjacent_find(names.begin(), names.end(), [](const Node* left, const Node* right) {
    return text_of(*left) == text_of(*right);
  });
  return twice == names.end() ? nullptr : *(twice + 1);
}

/// Puts the steps from `from` down to `wanted` into `path`, deepest first.
bool find_path(const Node& from, const Node* wanted, std::vector<std::string>& path) {
  if (&from == wanted) {
    return true;
  }
  if (from.IsArray()) {
    for (rapidjson::SizeType i = 0; i < from.Size(); ++i) {
      if (find_path(from[i], wanted, path)) {
        path.push_back(std::to_string(i));
        return true;
      }
    }
  } else if (from.IsObject()) {
    for (const auto& member : from.GetObject()) {
      if (find_path(member.value, wanted, path)) {
        path.push_back(escape_step(text_of(member.name)));
        return true;
      }
    }
  }
  return false;
}

const Node* find_member(const Node& object, std::string_view name) noexcept {
  for (const auto& member : object.GetObject()) {
    if (text_of(member.name) == name) {
      return &member.value;
    }
  }
  return nullptr;
}

void write_canonical(Writer& writer, const Node& node) {
  if (node.IsArray()) {
    writer.begin_array();
    for (const auto& element : node.GetArray()) {
      write_canonical(writer, element);
    }
    writer.end_array();
  } else if (node.IsObject()) {
    std::vector<std::pair<std::string_view, const Node*>> members;
    members.reserve(node.MemberCount());
    for (const auto& member : node.GetObject()) {
      members.emplace_back(text_of(member.name), &member.value);
    }
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& left, const auto& right) { return left.first < right.first; });
    members.erase(std::unique(members.begin(), members.end(),
                              [](const auto& left, const auto& right) { return left.first == right.first; }),
                  members.end());
    writer.begin_object();
    for (const auto& [name, member] : members) {
      writer.key(name);
      write_canonical(writer, *member);
    }
    writer.end_object();
  } else {
    writer.copy(Access::make(&node, &node));
  }
}

} // namespace

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
  case Kind::missing:
    return "missing";
  case Kind::null:
    return "null";
  case Kind::boolean:
    return "boolean";
  case Kind::integer:
    return "integer";
  case Kind::real:
    return "number";
  case Kind::string:
    return "string";
  case Kind::array:
    return "array";
  case Kind::object:
    return "object";
  }
  return "missing";
}

Kind Value::kind() const noexcept {
  const Node* const node = Access::node(*this);
  if (node == nullptr) {
    return Kind::missing;
  }
  switch (node->GetType()) {
  case rapidjson::kNullType:
    return Kind::null;
  case rapidjson::kFalseType:
  case rapidjson::kTrueType:
    return Kind::boolean;
  case rapidjson::kStringType:
    return Kind::string;
  case rapidjson::kArrayType:
    return Kind::array;
  case rapidjson::kObjectType:
    return Kind::object;
  case rapidjson::kNumberType:
    return node->IsInt64() ? Kind::integer : Kind::real;
  }
  return Kind::missing;
}

std::optional<std::string_view> Value::as_string() const noexcept {
  return kind() == Kind::string ? std::optional(text_of(*Access::node(*this))) : std::nullopt;
}

std::optional<std::int64_t> Value::as_int64() const noexcept {
  return kind() == Kind::integer ? std::optional(Access::node(*this)->GetInt64()) : std::nullopt;
}

std::optional<double> Value::as_double() const noexcept {
  const Node* const node = Access::node(*this);
  return node != nullptr && node->IsNumber() ? std::optional(node->GetDouble()) : std::nullopt;
}

std::optional<bool> Value::as_bool() const noexcept {
  return kind() == Kind::boolean ? std::optional(Access::node(*this)->GetBool()) : std::nullopt;
}

std::size_t Value::size() const noexcept {
  const Node* const node = Access::node(*this);
  if (node == nullptr) {
    return 0;
  }
  return node->IsArray() ? node->Size() : (node->IsObject() ? node->MemberCount() : 0);
}

Value Value::operator[](std::string_view name) const noexcept {
  const Node* const node = Access::node(*this);
  return {root_, node != nullptr && node->IsObject() ? find_member(*node, name) : nullptr};
}

Value Value::operator[](std::size_t index) const noexcept {
  const Node* const node = Access::node(*this);
  const bool inside = node != nullptr && node->IsArray() && index < node->Size();
  return {root_, inside ? &(*node)[static_cast<rapidjson::SizeType>(index)] : nullptr};
}

Value Value::at(std::string_view pointer) const {
  const auto steps = split_pointer(pointer);
  if (!steps.ok()) {
    return {root_, nullptr};
  }
  Value here = *this;
  for (const auto& step : *steps) {
    if (here.is_array()) {
      const auto index = step_index(step);
      here = index ? here[*index] : Value(root_, nullptr);
    } else {
      here = here[std::string_view(step)];
    }
  }
  return here;
}

Value::Range<Value::ElementIterator> Value::elements() const noexcept {
  return {ElementIterator(*this, 0), ElementIterator(*this, is_array() ? size() : 0)};
}

Value::Range<Value::MemberIterator> Value::members() const noexcept {
  return {MemberIterator(*this, 0), MemberIterator(*this, is_object() ? size() : 0)};
}

Value::Member Value::MemberIterator::operator*() const noexcept {
  const auto& member = *(Access::node(object_)->MemberBegin() + static_cast<std::ptrdiff_t>(index_));
  return {text_of(member.name), Access::make(Access::root(object_), &member.value)};
}

Error Value::mismatch(std::string_view pointer, Value found, std::string_view expected) const {
  const auto place = this->pointer() + std::string(pointer);
  const auto* const shown = place.empty() ? "the document" : place.c_str();
  if (!found.exists()) {
    return invalid_argument(fmt::format("{}: missing, expected {}", shown, expected));
  }
  return invalid_argument(fmt::format("{}: expected {}, found {}", shown, expected, to_string(found.kind())));
}

Result<std::string_view> Value::get_string(std::string_view pointer) const {
  const auto found = at(pointer);
  if (const auto text = found.as_string()) {
    return *text;
  }
  return mismatch(pointer, found, "a string");
}

Result<std::int64_t> Value::get_int64(std::string_view pointer) const {
  const auto found = at(pointer);
  if (const auto number = found.as_int64()) {
    return *number;
  }
  return mismatch(pointer, found, "an integer of 64 bits");
}

Result<double> Value::get_double(std::string_view pointer) const {
  const auto found = at(pointer);
  if (const auto number = found.as_double()) {
    return *number;
  }
  return mismatch(pointer, found, "a number");
}

Result<bool> Value::get_bool(std::string_view pointer) const {
  const auto found = at(pointer);
  if (const auto flag = found.as_bool()) {
    return *flag;
  }
  return mismatch(pointer, found, "true or false");
}

Result<Value> Value::get_array(std::string_view pointer) const {
  const auto found = at(pointer);
  if (found.is_array()) {
    return found;
  }
  return mismatch(pointer, found, "an array");
}

Result<Value> Value::get_object(std::string_view pointer) const {
  const auto found = at(pointer);
  if (found.is_object()) {
    return found;
  }
  return mismatch(pointer, found, "an object");
}

std::string_view Value::string_or(std::string_view pointer, std::string_view otherwise) const {
  return at(pointer).as_string().value_or(otherwise);
}

std::int64_t Value::int64_or(std::string_view pointer, std::int64_t otherwise) const {
  return at(pointer).as_int64().value_or(otherwise);
}

bool Value::bool_or(std::string_view pointer, bool otherwise) const {
  return at(pointer).as_bool().value_or(otherwise);
}

std::string Value::pointer() const {
  std::vector<std::string> path;
  if (root_ == nullptr || node_ == nullptr || !find_path(*Access::root(*this), Access::node(*this), path)) {
    return {};
  }
  std::string text;
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    text += '/';
    text += *step;
  }
  return text;
}

std::string Value::dump() const {
  Writer writer;
  writer.copy(*this);
  return std::move(writer).take();
}

std::string Value::dump_pretty() const {
  Writer writer(Layout::pretty);
  writer.copy(*this);
  return std::move(writer).take();
}

std::string Value::dump_canonical() const {
  Writer writer;
  if (exists()) {
    write_canonical(writer, *Access::node(*this));
  }
  return std::move(writer).take();
}

Document::Document(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::parse(std::string_view text, const ParseOptions& options) {
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  if (text.size() > options.max_bytes) {
    return resource_exhausted(fmt::format("{} bytes of JSON, at most {} are allowed", text.size(), options.max_bytes));
  }
  // Our own check comes first: it bounds the nesting, and its reasons read better than a parser's.
  DOVETAIL_TRY_STATUS(check(text, options.max_depth));
  auto state = std::make_unique<State>();
  state->buffer.resize(text.size() + 1);
  std::memcpy(state->buffer.data(), text.data(), text.size());
  rapidjson::InsituStringStream stream(state->buffer.data());
  rapidjson::Reader reader;
  TreeBuilder builder{state->tree};
  auto generate = [&](rapidjson::Document& /*tree*/) { return !reader.Parse<parse_flags>(stream, builder).IsError(); };
  state->tree.Populate(generate);
  if (reader.HasParseError()) {
    // The library looks at exponents by itself and stops at those that no double holds.
    const bool too_large =
        builder.too_large != nullptr || reader.GetParseErrorCode() == rapidjson::kParseErrorNumberTooBig;
    const auto offset = builder.too_large != nullptr
                            ? static_cast<std::size_t>(builder.too_large - state->buffer.data())
                            : reader.GetErrorOffset();
    return invalid_argument(fmt::format("{}: {}", describe_place(text, offset),
                                        too_large ? "a number is too large for a double"
                                                  : rapidjson::GetParseError_En(reader.GetParseErrorCode())));
  }
  if (options.duplicates == DuplicateNames::refuse) {
    if (const auto* const name = find_duplicate(state->tree)) {
      const auto offset = static_cast<std::size_t>(name->GetString() - state->buffer.data()) - 1;
      return invalid_argument(fmt::format("{}: the name {} stands twice in one object", describe_place(text, offset),
                                          quoted(text_of(*name))));
    }
  }
  return Document(std::move(state));
}

Value Document::root() const noexcept { return Access::make(&state_->tree, &state_->tree); }

} // namespace dovetail::json

// SPDX-License-Identifier: Apache-2.0
#include "core/json/writer.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

#include "core/json/bytes.hpp"
#include "core/json/rapid.hpp"

namespace dovetail::json {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    break;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out.push_back(digits[c >> 4U]);
  out.push_back(digits[c & 0xFU]);
}

template <typename T> void append_number(std::string& out, T number) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), result.ptr);
}

void copy_node(Writer& writer, const detail::Node& node) {
  switch (node.GetType()) {
  case rapidjson::kNullType:
    writer.null();
    break;
  case rapidjson::kFalseType:
  case rapidjson::kTrueType:
    writer.boolean(node.GetBool());
    break;
  case rapidjson::kStringType:
    writer.string(detail::text_of(node));
    break;
  case rapidjson::kNumberType:
    if (node.IsInt64()) {
      writer.integer(node.GetInt64());
    } else if (node.IsUint64()) {
      writer.unsigned_integer(node.GetUint64());
    } else {
      writer.real(node.GetDouble());
    }
    break;
  case rapidjson::kArrayType:
    writer.begin_array();
    for (const auto& element : node.GetArray()) {
      copy_node(writer, element);
    }
    writer.end_array();
    break;
  case rapidjson::kObjectType:
    writer.begin_object();
    for (const auto& member : node.GetObject()) {
      writer.key(detail::text_of(member.name));
      copy_node(writer, member.value);
    }
    writer.end_object();
    break;
  }
}

} // namespace

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  const char* p = text.data();
  const char* const end = p + text.size();
  while (true) {
    const char* const stop = detail::skip_plain(p, end);
    out.append(p, stop);
    p = stop;
    if (p == end) {
      break;
    }
    if (static_cast<unsigned char>(*p) < 0x80) {
      append_escape(out, static_cast<unsigned char>(*p));
      ++p;
    } else if (const int length = detail::utf8_length(p, end); length > 0) {
      out.append(p, static_cast<std::size_t>(length));
      p += length;
    } else {
      out += replacement;
      ++p;
    }
  }
  out.push_back('"');
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

Writer& Writer::key(std::string_view name) {
  assert(!levels_.empty() && levels_.back().object && !after_key_);
  if (!levels_.back().empty) {
    out_.push_back(',');
  }
  levels_.back().empty = false;
  new_line();
  append_quoted(out_, name);
  out_ += layout_ == Layout::pretty ? ": " : ":";
  after_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  before_value();
  append_quoted(out_, text);
  return *this;
}

Writer& Writer::null() { return raw("null"); }

Writer& Writer::boolean(bool flag) { return raw(flag ? "true" : "false"); }

Writer& Writer::integer(std::int64_t number) {
  before_value();
  append_number(out_, number);
  return *this;
}

Writer& Writer::unsigned_integer(std::uint64_t number) {
  before_value();
  append_number(out_, number);
  return *this;
}

Writer& Writer::real(double number) {
  if (!std::isfinite(number)) {
    return null();
  }
  before_value();
  const auto begin = out_.size();
  append_number(out_, number);
  if (out_.find_first_of(".e", begin) == std::string::npos) {
    out_ += ".0";
  }
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

Writer& Writer::copy(const Value& value) {
  const auto* const node = detail::Access::node(value);
  if (node == nullptr) {
    return null();
  }
  copy_node(*this, *node);
  return *this;
}

void Writer::clear() noexcept {
  out_.clear();
  levels_.clear();
  after_key_ = false;
}

Writer& Writer::open(char bracket) {
  before_value();
  out_.push_back(bracket);
  levels_.push_back({.object = bracket == '{', .empty = true});
  return *this;
}

Writer& Writer::close(char bracket) {
  assert(!levels_.empty() && levels_.back().object == (bracket == '}') && !after_key_);
  const bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty) {
    new_line();
  }
  out_.push_back(bracket);
  return *this;
}

void Writer::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) {
    assert(out_.empty() && "a JSON text is one value");
    return;
  }
  assert(!levels_.back().object && "a member needs its key first");
  if (!levels_.back().empty) {
    out_.push_back(',');
  }
  levels_.back().empty = false;
  new_line();
}

void Writer::new_line() {
  if (layout_ == Layout::pretty) {
    out_.push_back('\n');
    out_.append(levels_.size() * 2, ' ');
  }
}

} // namespace dovetail::json

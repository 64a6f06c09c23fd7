// SPDX-License-Identifier: Apache-2.0
#include "dovetail/testing/json_reader.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "dovetail/sdk/json_writer.hpp"
#include "dovetail/sdk/url.hpp"

namespace dovetail::testing {

using Kind = sdk::JsonValue::Kind;

namespace {
constexpr std::size_t max_bytes = 64U << 20U;
constexpr std::size_t max_depth = 128;

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code_point < 0x80U) {
    put(code_point);
  } else if (code_point < 0x800U) {
    put(0xC0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000U) {
    put(0xE0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3FU));
    put(0x80U | ((code_point >> 6U) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
}
} // namespace

/// Recursive descent over the tree's own copy of the text; the first problem ends it.
class JsonReader {
public:
  explicit JsonReader(JsonTree& tree) : text_(tree.text_), root_(tree.root_) {}

  [[nodiscard]] sdk::Status read() {
    skip_blank();
    if (!read_value(root_, 0)) {
      return problem();
    }
    skip_blank();
    if (position_ != text_.size()) {
      static_cast<void>(fail("something follows the value"));
      return problem();
    }
    return {};
  }

private:
  [[nodiscard]] bool fail(std::string_view reason) {
    if (reason_.empty()) {
      reason_ = reason;
    }
    return false;
  }
  [[nodiscard]] sdk::Error problem() const {
    return sdk::make_error(sdk::Code::invalid_argument,
                           "not JSON at byte " + std::to_string(position_) + ": " + std::string(reason_));
  }
  void skip_blank() {
    while (position_ < text_.size() && std::string_view(" \t\n\r").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }
  [[nodiscard]] bool take(char c) {
    if (position_ < text_.size() && text_[position_] == c) {
      ++position_;
      return true;
    }
    return false;
  }
  [[nodiscard]] bool take_word(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) {
      return fail("an unknown word");
    }
    position_ += word.size();
    return true;
  }

  [[nodiscard]] bool read_value(JsonNode& node, std::size_t depth) { // NOLINT(misc-no-recursion): bounded by max_depth
    if (depth > max_depth) {
      return fail("deeper than 128 levels");
    }
    if (position_ == text_.size()) {
      return fail("the text ends where a value should stand");
    }
    const auto begin = position_;
    const bool good = read_kind(node, depth);
    node.raw = text_.substr(begin, position_ - begin);
    return good;
  }

  [[nodiscard]] bool read_kind(JsonNode& node, std::size_t depth) { // NOLINT(misc-no-recursion)
    switch (text_[position_]) {
    case '{':
      return read_object(node, depth);
    case '[':
      return read_array(node, depth);
    case '"':
      node.kind = Kind::string;
      return read_string(node.string);
    case 't':
      node.kind = Kind::boolean;
      node.boolean = true;
      return take_word("true");
    case 'f':
      node.kind = Kind::boolean;
      return take_word("false");
    case 'n':
      return take_word("null");
    default:
      return read_number(node);
    }
  }

  [[nodiscard]] bool read_object(JsonNode& node, std::size_t depth) { // NOLINT(misc-no-recursion)
    node.kind = Kind::object;
    ++position_;
    skip_blank();
    if (take('}')) {
      return true;
    }
    do {
      skip_blank();
      std::string name;
      if (position_ == text_.size() || text_[position_] != '"' || !read_string(name)) {
        return fail("a member's name is missing");
      }
      skip_blank();
      if (!take(':')) {
        return fail("a colon is missing");
      }
      skip_blank();
      node.names.push_back(std::move(name));
      if (!read_value(node.items.emplace_back(), depth + 1)) {
        return false;
      }
      skip_blank();
    } while (take(','));
    return take('}') || fail("an object is not closed");
  }

  [[nodiscard]] bool read_array(JsonNode& node, std::size_t depth) { // NOLINT(misc-no-recursion)
    node.kind = Kind::array;
    ++position_;
    skip_blank();
    if (take(']')) {
      return true;
    }
    do {
      skip_blank();
      if (!read_value(node.items.emplace_back(), depth + 1)) {
        return false;
      }
      skip_blank();
    } while (take(','));
    return take(']') || fail("an array is not closed");
  }

  [[nodiscard]] bool read_string(std::string& out) {
    ++position_;
    while (position_ < text_.size() && text_[position_] != '"') {
      const auto byte = static_cast<unsigned char>(text_[position_]);
      if (byte < 0x20U) {
        return fail("a control character in a string");
      }
      if (byte == '\\') {
        ++position_;
        if (!read_escape(out)) {
          return false;
        }
        continue;
      }
      const auto length = sdk::detail::utf8_sequence(text_.substr(position_));
      if (length == 0) {
        return fail("bytes that are not UTF-8");
      }
      out.append(text_, position_, length);
      position_ += length;
    }
    return take('"') || fail("a string is not closed");
  }

  [[nodiscard]] bool read_escape(std::string& out) {
    static constexpr std::string_view names = "\"\\/bfnrt";
    static constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    if (position_ == text_.size()) {
      return fail("a string is not closed");
    }
    const char c = text_[position_++];
    if (const auto found = names.find(c); found != std::string_view::npos) {
      out += values[found];
      return true;
    }
    auto unit = c == 'u' ? read_hex() : std::nullopt;
    if (!unit) {
      return fail("an unknown escape");
    }
    if (*unit >= 0xD800U && *unit < 0xDC00U) {
      const bool follows = take('\\') && take('u');
      const auto low = follows ? read_hex() : std::nullopt;
      if (!low || *low < 0xDC00U || *low > 0xDFFFU) {
        return fail("half a surrogate pair");
      }
      unit = 0x10000U + ((*unit - 0xD800U) << 10U) + (*low - 0xDC00U);
    } else if (*unit >= 0xDC00U && *unit <= 0xDFFFU) {
      return fail("half a surrogate pair");
    }
    append_utf8(out, *unit);
    return true;
  }

  [[nodiscard]] std::optional<std::uint32_t> read_hex() {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = position_ < text_.size() ? sdk::detail::hex_digit(text_[position_]) : -1;
      if (digit < 0) {
        return std::nullopt;
      }
      unit = unit * 16U + static_cast<std::uint32_t>(digit);
      ++position_;
    }
    return unit;
  }

  [[nodiscard]] std::size_t take_digits() {
    const auto begin = position_;
    while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      ++position_;
    }
    return position_ - begin;
  }

  [[nodiscard]] bool read_number(JsonNode& node) {
    const auto begin = position_;
    static_cast<void>(take('-'));
    const bool zero = take('0');
    if (!zero && take_digits() == 0) {
      return fail("a value should stand here");
    }
    bool real = false;
    if (take('.')) {
      real = true;
      if (take_digits() == 0) {
        return fail("a number without digits after its point");
      }
    }
    if (take('e') || take('E')) {
      real = true;
      if (!take('+')) {
        static_cast<void>(take('-'));
      }
      if (take_digits() == 0) {
        return fail("a number without digits in its exponent");
      }
    }
    const char* first = text_.data() + begin;
    const char* last = text_.data() + position_;
    if (!real && std::from_chars(first, last, node.integer).ec == std::errc{}) {
      node.kind = Kind::integer;
      node.real = static_cast<double>(node.integer);
      return true;
    }
    node.kind = Kind::real;
    return std::from_chars(first, last, node.real).ec == std::errc{} || fail("a number out of range");
  }

  std::string_view text_;
  JsonNode& root_;
  std::size_t position_ = 0;
  std::string_view reason_;
};

sdk::Result<std::shared_ptr<const JsonTree>> JsonTree::parse(std::string_view text) {
  if (text.size() > max_bytes) {
    return sdk::make_error(sdk::Code::invalid_argument, "the JSON is larger than 64 MiB");
  }
  auto tree = std::make_shared<JsonTree>();
  tree->text_ = text;
  DVT_TRY_STATUS(JsonReader(*tree).read());
  return std::shared_ptr<const JsonTree>(std::move(tree));
}

const JsonNode* JsonNode::find(std::string_view pointer) const {
  const JsonNode* node = this;
  while (!pointer.empty()) {
    if (pointer.front() != '/') {
      return nullptr;
    }
    const auto end = pointer.find('/', 1);
    const auto step = pointer.substr(1, end == std::string_view::npos ? end : end - 1);
    pointer.remove_prefix(end == std::string_view::npos ? pointer.size() : end);
    std::string name;
    for (std::size_t i = 0; i < step.size(); ++i) {
      const bool escape = step[i] == '~' && i + 1 < step.size();
      name += escape ? (step[++i] == '1' ? '/' : '~') : step[i];
    }
    std::size_t index = node->items.size();
    if (node->kind == Kind::object) {
      for (index = 0; index < node->names.size() && node->names[index] != name; ++index) {
      }
    } else if (node->kind == Kind::array && (name == "0" || (!name.empty() && name.front() != '0'))) {
      const auto number = sdk::parse_integer(name);
      index = number && *number >= 0 ? static_cast<std::size_t>(*number) : node->items.size();
    }
    if (index >= node->items.size()) {
      return nullptr;
    }
    node = &node->items[index];
  }
  return node;
}

} // namespace dovetail::testing

// SPDX-License-Identifier: Apache-2.0
#include "core/json/check.hpp"

#include <algorithm>
#include <bitset>

#include <fmt/format.h>

#include "core/json/bytes.hpp"

namespace dovetail::json {
namespace {

using detail::hex_four;
using detail::is_digit;
using detail::skip_plain;
using detail::skip_space;
using detail::utf8_length;

/// The hard bound behind every `max_depth`: one bit each.
constexpr std::size_t deepest = 1024;

/// One pass. Each step moves `p_`, or sets `reason_` and leaves `p_` at the place to blame.
class Checker {
public:
  Checker(std::string_view text, std::size_t max_depth)
      : begin_(text.data()), p_(text.data()), end_(text.data() + text.size()),
        max_depth_(std::min(max_depth, deepest)) {}

  [[nodiscard]] bool run() {
    p_ = skip_space(p_, end_);
    while (value()) {
      if (!close()) {
        return false;
      }
      if (depth_ == 0) {
        p_ = skip_space(p_, end_);
        return p_ == end_ || fail(*p_ == '\0' ? "a NUL byte follows the value" : "more text follows the value");
      }
    }
    return false;
  }

  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
  [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(p_ - begin_); }

private:
  bool fail(std::string_view reason) noexcept {
    reason_ = reason;
    return false;
  }

  /// Reads one value; of a container that is not empty everything up to and with its first scalar.
  bool value() {
    while (true) {
      if (p_ == end_) {
        return fail("the text ends where a value should stand");
      }
      switch (*p_) {
      case '{':
        if (!open(true)) {
          return false;
        }
        if (p_ != end_ && *p_ == '}') {
          return true;
        }
        if (!name()) {
          return false;
        }
        break;
      case '[':
        if (!open(false)) {
          return false;
        }
        if (p_ != end_ && *p_ == ']') {
          return true;
        }
        break;
      default:
        return scalar();
      }
    }
  }

  bool open(bool object) {
    if (depth_ == max_depth_) {
      return fail("nested too deeply");
    }
    objects_[depth_++] = object;
    p_ = skip_space(p_ + 1, end_);
    return true;
  }

  /// After a value: closes what ends here and goes on behind a comma to the place of the next value.
  bool close() {
    while (depth_ > 0) {
      p_ = skip_space(p_, end_);
      const bool object = objects_[depth_ - 1];
      if (p_ == end_) {
        return fail(object ? "the text ends inside an object" : "the text ends inside an array");
      }
      if (*p_ == ',') {
        p_ = skip_space(p_ + 1, end_);
        return !object || name();
      }
      if (*p_ != (object ? '}' : ']')) {
        return fail(object ? "expected ',' or '}' after a member" : "expected ',' or ']' after an element");
      }
      ++p_;
      --depth_;
    }
    return true;
  }

  bool name() {
    if (p_ == end_ || *p_ != '"') {
      return fail(p_ != end_ && *p_ == '}' ? "a comma stands before '}'" : "expected a member's name in double quotes");
    }
    if (!string()) {
      return false;
    }
    p_ = skip_space(p_, end_);
    if (p_ == end_ || *p_ != ':') {
      return fail("expected ':' after a member's name");
    }
    p_ = skip_space(p_ + 1, end_);
    return true;
  }

  bool scalar() {
    switch (*p_) {
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    case ']':
      return fail(depth_ > 0 && !objects_[depth_ - 1] ? "a comma stands before ']'" : "expected a value");
    default:
      return *p_ == '-' || is_digit(*p_) ? number() : fail("expected a value");
    }
  }

  bool word(std::string_view expected) {
    if (!std::string_view(p_, static_cast<std::size_t>(end_ - p_)).starts_with(expected)) {
      return fail("expected a value (true, false and null are written in lower case)");
    }
    p_ += expected.size();
    return true;
  }

  bool digits(std::string_view reason) {
    if (p_ == end_ || !is_digit(*p_)) {
      return fail(reason);
    }
    while (p_ != end_ && is_digit(*p_)) {
      ++p_;
    }
    return true;
  }

  bool number() {
    if (*p_ == '-') {
      ++p_;
    }
    if (p_ != end_ && *p_ == '0') {
      ++p_;
      if (p_ != end_ && is_digit(*p_)) {
        return fail("a number begins with 0");
      }
    } else if (!digits("expected a digit after '-'")) {
      return false;
    }
    if (p_ != end_ && *p_ == '.') {
      ++p_;
      if (!digits("expected a digit after the decimal point")) {
        return false;
      }
    }
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) {
        ++p_;
      }
      return digits("expected a digit in the exponent");
    }
    return true;
  }

  bool string() {
    const char* const opened = p_++;
    while (true) {
      p_ = skip_plain(p_, end_);
      if (p_ == end_) {
        p_ = opened;
        return fail("a string is not closed");
      }
      const auto c = static_cast<unsigned char>(*p_);
      if (c == '"') {
        ++p_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) {
          return false;
        }
      } else if (c < 0x20) {
        return fail("a control character stands in a string (write it as \\n, \\t or \\u00..)");
      } else {
        const int length = utf8_length(p_, end_);
        if (length == 0) {
          return fail("not UTF-8");
        }
        p_ += length;
      }
    }
  }

  bool escape() {
    if (end_ - p_ < 2) {
      return fail("the text ends inside an escape");
    }
    if (p_[1] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(p_[1]) == std::string_view::npos) {
        return fail("unknown escape in a string");
      }
      p_ += 2;
      return true;
    }
    const int unit = hex_four(p_ + 2, end_);
    if (unit < 0) {
      return fail("\\u needs four hexadecimal digits");
    }
    if (unit >= 0xDC00 && unit <= 0xDFFF) {
      return fail("half a surrogate pair");
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      const bool pair = end_ - p_ >= 12 && p_[6] == '\\' && p_[7] == 'u';
      const int low = pair ? hex_four(p_ + 8, end_) : -1;
      if (low < 0xDC00 || low > 0xDFFF) {
        return fail("half a surrogate pair");
      }
      p_ += 6;
    }
    p_ += 6;
    return true;
  }

  const char* begin_;
  const char* p_;
  const char* end_;
  std::size_t max_depth_;
  std::size_t depth_ = 0;
  std::bitset<deepest> objects_; ///< for each open container whether it is an object
  std::string_view reason_;
};

} // namespace

Status check(std::string_view text, std::size_t max_depth) {
  Checker checker(text, max_depth);
  if (checker.run()) {
    return {};
  }
  if (text.empty()) {
    return invalid_argument("the text is empty, expected JSON");
  }
  return invalid_argument(fmt::format("{}: {}", describe_place(text, checker.offset()), checker.reason()));
}

std::string describe_place(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = before.substr(line_begin);
  const auto column =
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return fmt::format("line {}, column {}", lines + 1, column + 1);
}

} // namespace dovetail::json

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/json/document.hpp"

namespace dovetail::json {

enum class Layout : std::uint8_t { compact, pretty /**< two spaces a level */ };

/// Writes one JSON text, piece by piece, into a string that it owns. Commas, colons and escapes are its business; that
/// begin and end match and that a name stands before each value of an object is the caller's (asserted). Bytes that are not UTF-8
/// become U+FFFD, so that the result is always valid. Not thread-safe.
class Writer {
public:
  explicit Writer(Layout layout = Layout::compact) : layout_(layout) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  /// The name of the next value; only inside an object.
  Writer& key(std::string_view name);

  Writer& string(std::string_view text);
  Writer& null();
  Writer& boolean(bool flag);
  Writer& integer(std::int64_t number);
  Writer& unsigned_integer(std::uint64_t number);
  /// The shortest text that reads back as the same number, always with a fraction or exponent; null for NaN and the infinities.
  Writer& real(double number);
  /// JSON that is known to be valid, as it is.
  Writer& raw(std::string_view json);
  Writer& copy(const Value& value);

  /// The value in the form that its type asks for.
  Writer& value(bool flag) { return boolean(flag); }
  Writer& value(std::string_view text) { return string(text); }
  Writer& value(const std::string& text) { return string(text); }
  Writer& value(const char* text) { return string(text); }
  Writer& value(const Value& other) { return copy(other); }
  Writer& value(std::nullptr_t) { return null(); }
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  Writer& value(T number) {
    if constexpr (std::is_signed_v<T>) {
      return integer(number);
    } else {
      return unsigned_integer(number);
    }
  }
  template <std::floating_point T> Writer& value(T number) { return real(static_cast<double>(number)); }

  /// key(name).value(value)
  template <typename T> Writer& member(std::string_view name, const T& member_value) {
    key(name);
    return value(member_value);
  }

  /// What was written so far; valid until the next call that writes.
  [[nodiscard]] std::string_view view() const noexcept { return out_; }
  [[nodiscard]] std::string take() && { return std::move(out_); }
  /// Begins anew and keeps the memory.
  void clear() noexcept;

private:
  struct Level {
    bool object = false;
    bool empty = true;
  };

  Writer& open(char bracket);
  Writer& close(char bracket);
  void before_value();
  void new_line();

  Layout layout_;
  bool after_key_ = false;
  std::vector<Level> levels_;
  std::string out_;
};

/// `text` as a JSON string with its quotes, appended to `out`; the same care as Writer::string.
void append_quoted(std::string& out, std::string_view text);
[[nodiscard]] std::string quoted(std::string_view text);

} // namespace dovetail::json

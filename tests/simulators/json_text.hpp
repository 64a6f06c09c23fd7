// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace dovetail::simulators {

/// Writes JSON text piece by piece into one string. The caller keeps the grammar (a name before each value of an object);
/// commas are placed here. Not thread-safe.
class JsonText {
public:
  JsonText& begin_object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& begin_array() { return open('['); }
  JsonText& end_array() { return close(']'); }

  JsonText& name(std::string_view name);
  JsonText& null() { return raw("null"); }
  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(bool flag) { return raw(flag ? "true" : "false"); }
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  JsonText& value(T number) {
    return integer(static_cast<std::int64_t>(number));
  }
  template <typename T> JsonText& value(const std::optional<T>& maybe) { return maybe ? value(*maybe) : null(); }
  /// A value that is JSON already.
  JsonText& raw(std::string_view json);
  /// A string put together from `parts`, none of which needs escaping (URLs).
  JsonText& joined(std::initializer_list<std::string_view> parts);
  /// A string in pure ASCII: what lies outside comes as \uXXXX, beyond the BMP as a surrogate pair. `text` is valid UTF-8.
  JsonText& ascii(std::string_view text);

  template <typename T> JsonText& member(std::string_view key, const T& content) {
    name(key);
    return value(content);
  }
  JsonText& member(std::string_view key, std::nullptr_t) {
    name(key);
    return null();
  }
  JsonText& member_url(std::string_view key, std::initializer_list<std::string_view> parts) {
    name(key);
    return joined(parts);
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

private:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  JsonText& integer(std::int64_t number);
  void separate();
  void escape(unsigned code);

  std::string text_;
  bool comma_ = false;
};

} // namespace dovetail::simulators

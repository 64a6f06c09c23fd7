// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dovetail/sdk/time.hpp"

namespace dovetail::sdk {

namespace detail {

/// The length of the well-formed UTF-8 sequence at the front of `text` (Unicode, table 3-7); 0 when there is none.
[[nodiscard]] inline std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const unsigned char lead = byte(0);
  if (lead < 0x80U) {
    return 1;
  }
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return tail(1) ? 2 : 0;
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const bool second = tail(1) && (lead != 0xE0U || byte(1) >= 0xA0U) && (lead != 0xEDU || byte(1) < 0xA0U);
    return second && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const bool second = tail(1) && (lead != 0xF0U || byte(1) >= 0x90U) && (lead != 0xF4U || byte(1) < 0x90U);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

} // namespace detail

/// Appends `text` to `out` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++i;
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      out += "\\u00";
      out += hex[static_cast<unsigned char>(c) >> 4U];
      out += hex[static_cast<unsigned char>(c) & 0xFU];
      ++i;
    } else if (const auto length = detail::utf8_sequence(text.substr(i)); length > 0) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  out += '"';
}

/// Writes one JSON value: a cursor, constants, a body, findings. It puts the commas; the caller opens and closes.
///   JsonWriter json;
///   json.open_object().member("page", 2).member("org", name).close();
///   page.next(json.text());
/// A value where JSON allows none (a member outside an object, two roots, a missing close) makes text() empty, so that the
/// mistake shows at once instead of travelling.
class JsonWriter {
public:
  JsonWriter& open_object() { return open('{'); }
  JsonWriter& open_array() { return open('['); }
  /// Closes the innermost object or array.
  JsonWriter& close() {
    if (levels_.empty() || has_name_) {
      return fail();
    }
    text_ += levels_.back().opener == '{' ? '}' : ']';
    levels_.pop_back();
    return *this;
  }
  /// The name of the next value of the innermost object.
  JsonWriter& name(std::string_view text) {
    if (levels_.empty() || levels_.back().opener != '{' || has_name_) {
      return fail();
    }
    if (levels_.back().used) {
      text_ += ',';
    }
    levels_.back().used = true;
    append_json_string(text_, text);
    text_ += ':';
    has_name_ = true;
    return *this;
  }

  JsonWriter& value(std::string_view text) {
    if (begin_value()) {
      append_json_string(text_, text);
    }
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(std::nullptr_t) { return raw("null"); }
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }
  /// Shortest text that reads back the same; null for what JSON cannot say (NaN, infinity).
  JsonWriter& value(double number) {
    if (!std::isfinite(number)) {
      return raw("null");
    }
    std::array<char, 32> buffer{};
    const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return code == std::errc{} ? raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())}) : fail();
  }
  /// ISO 8601, UTC, with milliseconds.
  JsonWriter& value(Timestamp time) { return value(format_iso8601(time, true)); }
  /// null when there is none.
  template <typename T> JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : value(nullptr);
  }
  /// Text that is JSON already, e.g. JsonValue::text() of an object.
  JsonWriter& raw(std::string_view json) {
    if (begin_value()) {
      text_ += json;
    }
    return *this;
  }
  template <typename T> JsonWriter& member(std::string_view key, const T& content) { return name(key).value(content); }

  /// The finished value; empty when it is not finished or was put together wrongly.
  [[nodiscard]] std::string_view text() const noexcept { return complete() ? std::string_view(text_) : ""; }
  [[nodiscard]] std::string take() { return complete() ? std::move(text_) : std::string{}; }

private:
  struct Level {
    char opener;
    bool used;
  };

  [[nodiscard]] bool complete() const noexcept { return !failed_ && levels_.empty() && rooted_; }
  JsonWriter& fail() noexcept {
    failed_ = true;
    return *this;
  }
  JsonWriter& open(char opener) {
    if (begin_value()) {
      text_ += opener;
      levels_.push_back({opener, false});
    }
    return *this;
  }
  [[nodiscard]] bool begin_value() {
    const bool in_object = !levels_.empty() && levels_.back().opener == '{';
    if (failed_ || in_object != has_name_ || (levels_.empty() && rooted_)) {
      failed_ = true;
      return false;
    }
    if (!levels_.empty() && !in_object) {
      if (levels_.back().used) {
        text_ += ',';
      }
      levels_.back().used = true;
    }
    has_name_ = false;
    rooted_ = true;
    return true;
  }

  std::string text_;
  std::vector<Level> levels_;
  bool has_name_ = false;
  bool rooted_ = false;
  bool failed_ = false;
};

} // namespace dovetail::sdk

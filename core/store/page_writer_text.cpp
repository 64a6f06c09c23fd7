// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/base/time.hpp"

namespace dovetail::store {
namespace {

using mapping::Cell;

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view replacement_escape = "\\ufffd";

constexpr std::int64_t first_day = std::chrono::sys_days{std::chrono::January / 1 / 1}.time_since_epoch().count();
constexpr std::int64_t last_day = std::chrono::sys_days{std::chrono::December / 31 / 9999}.time_since_epoch().count();
constexpr std::int64_t micros_per_day = 86'400'000'000;
constexpr std::int64_t micros_per_milli = 1'000;
constexpr std::int64_t first_micro = first_day * micros_per_day;
constexpr std::int64_t last_micro = (last_day + 1) * micros_per_day - 1;

// How many bytes from `at` on are plain: neither zero nor above 0x7F. Eight at a time, as nearly all text is.
std::size_t plain_prefix(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
  constexpr std::uint64_t highs = 0x8080'8080'8080'8080U;
  const std::size_t start = at;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if (((word | (word - ones)) & highs) != 0) {
      break;
    }
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) - 1U < 0x7FU) {
    ++at;
  }
  return at - start;
}

// The length of the well-formed UTF-8 sequence at the front (Unicode 15, table 3-7); 0 when there is none.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t index) -> unsigned {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
  };
  const auto follows = [&byte](std::size_t index) { return (byte(index) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead != 0 && lead < 0x80U) {
    return 1;
  }
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return follows(1) ? 2 : 0;
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const bool second = follows(1) && !(lead == 0xE0U && byte(1) < 0xA0U) && !(lead == 0xEDU && byte(1) > 0x9FU);
    return second && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const bool second = follows(1) && !(lead == 0xF0U && byte(1) < 0x90U) && !(lead == 0xF4U && byte(1) > 0x8FU);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// Where the first byte stands that cannot be stored; the size of the text when there is none.
std::size_t first_unstorable(std::string_view text) noexcept {
  std::size_t at = plain_prefix(text, 0);
  while (at < text.size()) {
    const std::size_t length = sequence_length(text.substr(at));
    if (length == 0) {
      return at;
    }
    at += length;
    at += plain_prefix(text, at);
  }
  return at;
}

std::optional<unsigned> hex4(std::string_view text) noexcept {
  if (text.size() < 4) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char letter : text.substr(0, 4)) {
    unsigned digit = 0;
    if (letter >= '0' && letter <= '9') {
      digit = static_cast<unsigned>(letter - '0');
    } else if ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'f') {
      digit = static_cast<unsigned>((letter | 0x20) - 'a') + 10U;
    } else {
      return std::nullopt;
    }
    value = value * 16U + digit;
  }
  return value;
}

constexpr std::size_t escape_length = 6; // \uXXXX

bool is_high_surrogate(unsigned code) noexcept { return code >= 0xD800U && code <= 0xDBFFU; }
bool is_low_surrogate(unsigned code) noexcept { return code >= 0xDC00U && code <= 0xDFFFU; }

// Looks at the escape that begins at `json[at]` (a backslash): how long it is, and whether jsonb takes it.
struct Escape {
  std::size_t length = 2;
  bool storable = true;
};
Escape escape_at(std::string_view json, std::size_t at) noexcept {
  if (at + 1 >= json.size() || json[at + 1] != 'u') {
    return {std::min<std::size_t>(2, json.size() - at), true};
  }
  const auto code = hex4(json.substr(at + 2));
  if (!code) {
    return {2, true}; // not JSON at all: the mapping checked it, and the database will say so
  }
  if (is_high_surrogate(*code)) {
    const std::string_view next = json.substr(at + escape_length);
    if (next.starts_with("\\u")) {
      const auto low = hex4(next.substr(2));
      if (low && is_low_surrogate(*low)) {
        return {2 * escape_length, true};
      }
    }
    return {escape_length, false};
  }
  return {escape_length, *code != 0 && !is_low_surrogate(*code)};
}

// `from` stands at an escape's beginning or outside of one.
std::size_t first_unstorable_escape(std::string_view json, std::size_t from = 0) noexcept {
  for (std::size_t at = json.find('\\', from); at != std::string_view::npos;) {
    const Escape escape = escape_at(json, at);
    if (!escape.storable) {
      return at;
    }
    at = json.find('\\', at + escape.length);
  }
  return json.size();
}

std::string repaired_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + replacement.size());
  while (!text.empty()) {
    const std::size_t good = first_unstorable(text);
    out.append(text.substr(0, good));
    text.remove_prefix(good);
    if (!text.empty()) {
      out.append(replacement);
      text.remove_prefix(1);
    }
  }
  return out;
}

void repair_escapes(std::string& json) {
  for (std::size_t at = first_unstorable_escape(json); at < json.size();) {
    json.replace(at, escape_length, replacement_escape);
    at = first_unstorable_escape(json, at + escape_length);
  }
}

std::int64_t floor_to_milli(std::int64_t micros) noexcept {
  const std::int64_t rest = micros % micros_per_milli;
  return micros - (rest < 0 ? rest + micros_per_milli : rest);
}

} // namespace

bool is_storable_text(std::string_view text) noexcept { return first_unstorable(text) == text.size(); }

bool is_storable_json(std::string_view json) noexcept {
  return is_storable_text(json) && first_unstorable_escape(json) == json.size();
}

bool make_storable(Cell& cell, RepairedTexts& repaired) {
  switch (cell.kind()) {
  case Cell::Kind::text:
    if (!is_storable_text(cell.as_text())) {
      cell = Cell::text(repaired.emplace_back(repaired_text(cell.as_text())));
      return true;
    }
    return false;
  case Cell::Kind::json: {
    if (is_storable_json(cell.as_text())) {
      return false;
    }
    std::string& json = repaired.emplace_back(repaired_text(cell.as_text()));
    repair_escapes(json);
    cell = Cell::json(json);
    return true;
  }
  case Cell::Kind::timestamp:
    if (cell.as_integer() < first_micro || cell.as_integer() > last_micro) {
      cell = Cell();
      return true;
    }
    cell = Cell::timestamp(floor_to_milli(cell.as_integer()));
    return false;
  case Cell::Kind::date:
    if (cell.as_integer() < first_day || cell.as_integer() > last_day) {
      cell = Cell();
      return true;
    }
    return false;
  case Cell::Kind::real:
    if (std::isnan(cell.as_real())) {
      cell = Cell();
      return true;
    }
    return false;
  case Cell::Kind::null:
  case Cell::Kind::integer:
  case Cell::Kind::boolean:
    return false;
  }
  return false;
}

void format_iso_date_to(std::int64_t days, char* out) noexcept {
  std::array<char, iso8601_length> text{};
  format_iso8601_to(Timestamp(std::chrono::days(days)), text.data());
  std::copy_n(text.begin(), iso_date_length, out);
}

} // namespace dovetail::store

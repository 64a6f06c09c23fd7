// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/convert.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/time.hpp"
#include "core/json/writer.hpp"

namespace dovetail::mapping {
namespace {

using Type = RawValue::Type;

constexpr std::size_t max_number_bytes = 1024;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

Converted problem(std::string_view text) { return {Cell(), text}; }

/// What is wrong with a value that no scalar can be made of.
Converted no_scalar(const RawValue& value) {
  switch (value.type) {
  case Type::object:
    return problem("an object stands where a single value is wanted");
  case Type::array:
    return problem("an array stands where a single value is wanted");
  case Type::nul_text:
  case Type::nul_json:
    return problem("the text holds U+0000, which no column takes");
  case Type::no_document:
    return problem("no text stands where a text with an embedded JSON document is wanted");
  case Type::bad_document:
    return problem("the text is not the JSON document that it should hold");
  case Type::too_long:
    return problem("the concatenated text is too long");
  default:
    return problem("no single value");
  }
}

/// [-]digits[.digits][e[+-]digits], the way people and JSON write numbers; no hexadecimal, "inf" or "nan".
bool looks_like_number(std::string_view text) {
  if (!text.empty() && text.front() == '-') {
    text.remove_prefix(1);
  }
  return !text.empty() && text.size() <= max_number_bytes && (is_digit(text.front()) || text.front() == '.') &&
         (is_digit(text.back()) || text.back() == '.');
}

std::optional<double> parse_real(std::string_view text) {
  if (!looks_like_number(text)) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

Converted to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end == text.data() + text.size() && error == std::errc()) {
    return {Cell::integer(value), {}};
  }
  if (error == std::errc::result_out_of_range) {
    return problem("the number does not fit 64 bits");
  }
  // 12.0 and 1.2e1 are whole numbers too, as far as a double is exact.
  constexpr double exact = 9007199254740992.0;
  const auto real = parse_real(text);
  if (!real) {
    return problem("no whole number");
  }
  if (std::trunc(*real) != *real || std::abs(*real) > exact) {
    return problem("the number is not whole, or too large to be sure");
  }
  return {Cell::integer(static_cast<std::int64_t>(*real)), {}};
}

Converted to_boolean(std::string_view text) {
  if (text == "true" || text == "1") {
    return {Cell::boolean(true), {}};
  }
  if (text == "false" || text == "0") {
    return {Cell::boolean(false), {}};
  }
  return problem("neither true nor false");
}

/// Seconds or milliseconds since 1970, with a fraction if need be, to microseconds.
Converted from_epoch(std::string_view text, std::int64_t micros_per_unit) {
  // From year 1 to 9999, as ISO 8601 texts.
  constexpr std::int64_t least_micros = -62'135'596'800'000'000;
  constexpr std::int64_t greatest_micros = 253'402'300'799'999'999;
  std::int64_t units = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), units);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (units < least_micros / micros_per_unit || units > greatest_micros / micros_per_unit) {
      return problem("the instant lies outside of the years 1 to 9999");
    }
    return {Cell::timestamp(units * micros_per_unit), {}};
  }
  const auto real = parse_real(text);
  if (!real) {
    return problem("no number of seconds or milliseconds since 1970");
  }
  const double micros = std::floor(*real * static_cast<double>(micros_per_unit) + 0.5);
  if (!(micros >= static_cast<double>(least_micros) && micros <= static_cast<double>(greatest_micros))) {
    return problem("the instant lies outside of the years 1 to 9999");
  }
  return {Cell::timestamp(static_cast<std::int64_t>(micros)), {}};
}

Converted to_timestamp(const RawValue& value, std::string_view text, TimeFormat format) {
  if (format == TimeFormat::epoch_s) {
    return from_epoch(text, 1'000'000);
  }
  if (format == TimeFormat::epoch_ms) {
    return from_epoch(text, 1'000);
  }
  if (value.type == Type::string) {
    if (const auto instant = parse_instant(text)) {
      return {Cell::timestamp(instant->time_since_epoch().count()), {}};
    }
  }
  return problem("no ISO 8601 instant");
}

/// The date as written: what a person at the source reads, whatever offset follows it.
Converted to_date(const RawValue& value, std::string_view text) {
  constexpr std::size_t date_length = 10; // YYYY-MM-DD
  if (value.type == Type::string && text.size() >= date_length && parse_instant(text)) {
    if (const auto day = parse_instant(text.substr(0, date_length))) {
      return {Cell::date(std::chrono::floor<std::chrono::days>(*day).time_since_epoch().count()), {}};
    }
  }
  return problem("no ISO 8601 date");
}

Converted to_json(const RawValue& value, TextArena& arena) {
  switch (value.type) {
  case Type::json:
  case Type::number:
    return {Cell::json(value.text()), {}};
  case Type::true_:
    return {Cell::json("true"), {}};
  case Type::false_:
    return {Cell::json("false"), {}};
  case Type::string: // a literal, or a page's constant
    return {Cell::json(arena.copy(json::quoted(value.text()))), {}};
  default:
    return no_scalar(value);
  }
}

/// Two digits as a number; what is no digit makes it larger than 99.
unsigned two_digits(const char* text) {
  const unsigned tens = static_cast<unsigned char>(text[0]) - static_cast<unsigned>('0');
  const unsigned ones = static_cast<unsigned char>(text[1]) - static_cast<unsigned>('0');
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

} // namespace

std::optional<std::string_view> scalar_text(const RawValue& value) noexcept {
  switch (value.type) {
  case Type::string:
  case Type::number:
    return value.text();
  case Type::true_:
    return "true";
  case Type::false_:
    return "false";
  default:
    return std::nullopt;
  }
}

std::optional<Timestamp> parse_instant(std::string_view text) noexcept {
  constexpr std::size_t plain = 20;         // 2026-01-05T09:00:00Z
  constexpr std::size_t with_fraction = 24; // 2026-01-05T09:00:00.000Z
  if ((text.size() != plain && text.size() != with_fraction) || text.back() != 'Z') {
    return parse_iso8601(text);
  }
  const char* const p = text.data();
  const unsigned century = two_digits(p);
  const unsigned year_of_century = two_digits(p + 2);
  const unsigned month = two_digits(p + 5);
  const unsigned day = two_digits(p + 8);
  const unsigned hour = two_digits(p + 11);
  const unsigned minute = two_digits(p + 14);
  const unsigned second = two_digits(p + 17);
  unsigned milliseconds = 0;
  bool good = p[4] == '-' && p[7] == '-' && p[10] == 'T' && p[13] == ':' && p[16] == ':';
  if (text.size() == with_fraction) {
    const unsigned high = two_digits(p + 20);
    const unsigned low = static_cast<unsigned char>(p[22]) - static_cast<unsigned>('0');
    good = good && p[19] == '.' && high <= 99 && low <= 9;
    milliseconds = high * 10 + low;
  }
  const unsigned year = century * 100 + year_of_century;
  // Up to the 28th every month is long enough; the rest is for the slow way, as is all that looks wrong.
  good = good && century <= 99 && year_of_century <= 99 && year >= 1 && month - 1 < 12 && day - 1 < 28 && hour < 24 &&
         minute < 60 && second < 60;
  if (!good) {
    return parse_iso8601(text);
  }
  const std::chrono::sys_days date{std::chrono::year_month_day(std::chrono::year(static_cast<int>(year)),
                                                               std::chrono::month(month), std::chrono::day(day))};
  const std::int64_t seconds =
      date.time_since_epoch().count() * std::int64_t{86'400} + hour * 3'600 + minute * 60 + second;
  return Timestamp(std::chrono::microseconds(seconds * 1'000'000 + std::int64_t{milliseconds} * 1'000));
}

RawValue to_raw(Scalar::Kind kind, std::string_view text) noexcept {
  switch (kind) {
  case Scalar::Kind::null:
    return {Type::null, {}};
  case Scalar::Kind::boolean:
    return {text == "true" ? Type::true_ : Type::false_, {}};
  case Scalar::Kind::number:
    return {Type::number, text};
  case Scalar::Kind::string:
    break;
  }
  return {text.find('\0') == std::string_view::npos ? Type::string : Type::nul_text, text};
}

Converted convert(const RawValue& value, model::FieldType type, TimeFormat format, TextArena& arena) {
  if (value.is_null()) {
    return {};
  }
  if (type == model::FieldType::json) {
    return to_json(value, arena);
  }
  const auto text = scalar_text(value);
  if (!text) {
    return no_scalar(value);
  }
  switch (type) {
  case model::FieldType::text:
    return {Cell::text(*text), {}};
  case model::FieldType::integer:
    return to_integer(*text);
  case model::FieldType::real:
    if (const auto real = parse_real(*text)) {
      return {Cell::real(*real), {}};
    }
    return problem("no number that a double holds");
  case model::FieldType::boolean:
    return to_boolean(*text);
  case model::FieldType::timestamp:
    return to_timestamp(value, *text, format);
  case model::FieldType::date:
    return to_date(value, *text);
  case model::FieldType::json:
    break;
  }
  return problem("no such type");
}

} // namespace dovetail::mapping

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dovetail::sdk {

/// An instant, UTC, in microseconds.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

namespace detail {

/// Reads exactly `digits` decimal digits from the front of `text`; -1 when they are not there.
[[nodiscard]] inline int take_digits(std::string_view& text, std::size_t digits) noexcept {
  if (text.size() < digits) {
    return -1;
  }
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

[[nodiscard]] inline bool take_char(std::string_view& text, char c) noexcept {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// ".123456789": at least one digit; what lies below a microsecond is cut. nullopt when the digits are missing.
[[nodiscard]] inline std::optional<std::int64_t> take_fraction_us(std::string_view& text) noexcept {
  if (!take_char(text, '.') && !take_char(text, ',')) {
    return 0;
  }
  std::int64_t value = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 6) {
      value = value * 10 + (text.front() - '0');
    }
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) {
    return std::nullopt;
  }
  for (; digits < 6; ++digits) {
    value *= 10;
  }
  return value;
}

/// "Z", "+08:00", "+0800", "+08" or nothing (UTC), up to the end of the text.
[[nodiscard]] inline std::optional<std::chrono::minutes> take_offset(std::string_view text) noexcept {
  using std::chrono::minutes;
  if (text.empty() || text == "Z" || text == "z") {
    return minutes(0);
  }
  const bool negative = text.front() == '-';
  if (!negative && text.front() != '+') {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const int hours = take_digits(text, 2);
  int minute = 0;
  if (hours >= 0 && !text.empty()) {
    static_cast<void>(take_char(text, ':'));
    minute = take_digits(text, 2);
  }
  if (hours < 0 || hours > 23 || minute < 0 || minute > 59 || !text.empty()) {
    return std::nullopt;
  }
  const minutes offset(hours * 60 + minute);
  return negative ? -offset : offset;
}

inline void put_digits(std::string& out, int value, std::size_t digits) {
  std::array<char, 10> buffer{};
  for (std::size_t i = digits; i > 0; --i) {
    buffer[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(buffer.data(), digits);
}

} // namespace detail

/// Reads an ISO 8601 / RFC 3339 instant: date, 'T' or space, "HH:MM" or "HH:MM:SS", optional fraction, and "Z" or an offset;
/// a date alone is its midnight. Without an offset the text is taken as UTC. nullopt when it is not a real instant.
[[nodiscard]] inline std::optional<Timestamp> parse_iso8601(std::string_view text) noexcept {
  using namespace std::chrono;
  const int year_number = detail::take_digits(text, 4);
  const bool dash1 = detail::take_char(text, '-');
  const int month_number = detail::take_digits(text, 2);
  const bool dash2 = detail::take_char(text, '-');
  const int day_number = detail::take_digits(text, 2);
  if (year_number < 1 || !dash1 || month_number < 1 || !dash2 || day_number < 1) {
    return std::nullopt;
  }
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  if (!date.ok()) {
    return std::nullopt;
  }
  const Timestamp midnight{sys_days(date)};
  if (text.empty()) {
    return midnight;
  }
  if (!detail::take_char(text, 'T') && !detail::take_char(text, 't') && !detail::take_char(text, ' ')) {
    return std::nullopt;
  }
  const int hour_number = detail::take_digits(text, 2);
  const bool colon = detail::take_char(text, ':');
  const int minute_number = detail::take_digits(text, 2);
  int second_number = 0;
  std::int64_t fraction_us = 0;
  if (detail::take_char(text, ':')) {
    second_number = detail::take_digits(text, 2);
    const auto fraction = detail::take_fraction_us(text);
    if (!fraction) {
      return std::nullopt;
    }
    fraction_us = *fraction;
  }
  const auto offset = detail::take_offset(text);
  if (!colon || !offset || hour_number < 0 || hour_number > 23 || minute_number < 0 || minute_number > 59 ||
      second_number < 0 || second_number > 59) {
    return std::nullopt;
  }
  return midnight + hours(hour_number) + minutes(minute_number) + seconds(second_number) + microseconds(fraction_us) -
         *offset;
}

/// Reads the one form of HTTP dates that servers send today (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". nullopt for all else.
[[nodiscard]] inline std::optional<Timestamp> parse_http_date(std::string_view text) noexcept {
  using namespace std::chrono;
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::size_t length = 29;
  if (text.size() != length || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto number = [&text](std::size_t at, std::size_t digits) {
    auto part = text.substr(at, digits);
    return detail::take_digits(part, digits);
  };
  const auto month_at = months.find(text.substr(8, 3));
  const int day_number = number(5, 2);
  const int year_number = number(12, 4);
  const int hour_number = number(17, 2);
  const int minute_number = number(20, 2);
  const int second_number = number(23, 2);
  if (month_at == std::string_view::npos || month_at % 3 != 0 || day_number < 1 || year_number < 1 || hour_number < 0 ||
      hour_number > 23 || minute_number < 0 || minute_number > 59 || second_number < 0 || second_number > 60) {
    return std::nullopt;
  }
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_at / 3 + 1)),
                            day(static_cast<unsigned>(day_number))};
  if (!date.ok()) {
    return std::nullopt;
  }
  return Timestamp{sys_days(date)} + hours(hour_number) + minutes(minute_number) + seconds(second_number);
}

/// "2026-01-05T09:00:00Z", and with `milliseconds` "2026-01-05T09:00:00.250Z"; what lies below is cut.
[[nodiscard]] inline std::string format_iso8601(Timestamp time, bool milliseconds = false) {
  using namespace std::chrono;
  const auto days_part = floor<days>(time);
  const year_month_day date(days_part);
  const hh_mm_ss clock(floor<std::chrono::milliseconds>(time - days_part));
  std::string out;
  out.reserve(24);
  detail::put_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  detail::put_digits(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  out += '-';
  detail::put_digits(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  out += 'T';
  detail::put_digits(out, static_cast<int>(clock.hours().count()), 2);
  out += ':';
  detail::put_digits(out, static_cast<int>(clock.minutes().count()), 2);
  out += ':';
  detail::put_digits(out, static_cast<int>(clock.seconds().count()), 2);
  if (milliseconds) {
    out += '.';
    detail::put_digits(out, static_cast<int>(clock.subseconds().count()), 3);
  }
  out += 'Z';
  return out;
}

} // namespace dovetail::sdk

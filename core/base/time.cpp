// SPDX-License-Identifier: Apache-2.0
#include "core/base/time.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>

namespace dovetail {
namespace {

using std::chrono::microseconds;

struct Civil {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t micros = 0;
};

bool digit(char letter) { return letter >= '0' && letter <= '9'; }

// Takes exactly `count` digits from the front of `text`.
bool take_number(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count) {
    return false;
  }
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!digit(text[i])) {
      return false;
    }
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  out = value;
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<Timestamp> to_timestamp(const Civil& civil) {
  const std::chrono::year_month_day date{std::chrono::year(civil.year),
                                         std::chrono::month(static_cast<unsigned>(civil.month)),
                                         std::chrono::day(static_cast<unsigned>(civil.day))};
  if (civil.year < 1 || !date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 59) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(civil.hour) +
                   std::chrono::minutes(civil.minute) + std::chrono::seconds(civil.second) +
                   microseconds(civil.micros));
}

bool take_fraction(std::string_view& text, std::int64_t& micros) {
  if (text.empty() || (text.front() != '.' && text.front() != ',')) {
    return true;
  }
  text.remove_prefix(1);
  std::int64_t value = 0;
  std::size_t count = 0;
  for (; count < text.size() && digit(text[count]); ++count) {
    if (count < 6) {
      value = value * 10 + (text[count] - '0');
    }
  }
  if (count == 0) {
    return false;
  }
  text.remove_prefix(count);
  for (; count < 6; ++count) {
    value *= 10;
  }
  micros = value;
  return true;
}

// "Z", "+08:00", "+0800", "+08" or nothing.
bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) {
    return true;
  }
  const char sign = text.front();
  if (sign != '+' && sign != '-') {
    return false;
  }
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours)) {
    return false;
  }
  if (!text.empty()) {
    take(text, ':');
    if (!take_number(text, 2, minutes)) {
      return false;
    }
  }
  if (hours > 23 || minutes > 59) {
    return false;
  }
  offset = std::chrono::minutes((sign == '-' ? -1 : 1) * (hours * 60 + minutes));
  return true;
}

constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

bool take_month(std::string_view& text, int& month) {
  for (std::size_t i = 0; i < month_names.size(); ++i) {
    if (text.starts_with(month_names[i])) {
      month = static_cast<int>(i) + 1;
      text.remove_prefix(3);
      return true;
    }
  }
  return false;
}

bool take_clock(std::string_view& text, Civil& civil) {
  return take_number(text, 2, civil.hour) && take(text, ':') && take_number(text, 2, civil.minute) && take(text, ':') &&
         take_number(text, 2, civil.second);
}

std::optional<Timestamp> finish(const Civil& civil, bool parsed, std::string_view rest) {
  return parsed && rest.empty() ? to_timestamp(civil) : std::nullopt;
}

} // namespace

std::optional<Timestamp> parse_iso8601(std::string_view text) noexcept {
  Civil civil;
  if (!take_number(text, 4, civil.year) || !take(text, '-') || !take_number(text, 2, civil.month) || !take(text, '-') ||
      !take_number(text, 2, civil.day)) {
    return std::nullopt;
  }
  std::chrono::minutes offset{0};
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) {
      return std::nullopt;
    }
    if (!take_clock(text, civil) || !take_fraction(text, civil.micros) || !take_offset(text, offset) || !text.empty()) {
      return std::nullopt;
    }
  }
  const auto local = to_timestamp(civil);
  if (!local) {
    return std::nullopt;
  }
  return *local - offset;
}

void format_iso8601_to(Timestamp time, char* out) noexcept {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const auto of_day = std::chrono::duration_cast<std::chrono::milliseconds>(time - days).count();
  const auto put = [&out](std::int64_t value, int width) {
    for (int i = width - 1; i >= 0; --i) {
      out[i] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    out += width;
  };
  put(static_cast<int>(date.year()), 4);
  *out++ = '-';
  put(static_cast<unsigned>(date.month()), 2);
  *out++ = '-';
  put(static_cast<unsigned>(date.day()), 2);
  *out++ = 'T';
  put(of_day / 3'600'000, 2);
  *out++ = ':';
  put(of_day / 60'000 % 60, 2);
  *out++ = ':';
  put(of_day / 1'000 % 60, 2);
  *out++ = '.';
  put(of_day % 1'000, 3);
  *out = 'Z';
}

std::string format_iso8601(Timestamp time) {
  std::string text(iso8601_length, '\0');
  format_iso8601_to(time, text.data());
  return text;
}

std::optional<Timestamp> parse_http_date(std::string_view text) noexcept {
  const auto comma = text.find(',');
  Civil civil;
  if (comma == std::string_view::npos) { // asctime: "Sun Nov  6 08:49:37 1994"
    if (text.size() != 24) {
      return std::nullopt;
    }
    text.remove_prefix(4);
    bool parsed = take_month(text, civil.month) && take(text, ' ');
    if (parsed && take(text, ' ')) {
      parsed = take_number(text, 1, civil.day);
    } else {
      parsed = parsed && take_number(text, 2, civil.day);
    }
    parsed =
        parsed && take(text, ' ') && take_clock(text, civil) && take(text, ' ') && take_number(text, 4, civil.year);
    return finish(civil, parsed, text);
  }
  const bool rfc850 = comma > 3; // the day is written out: "Sunday, 06-Nov-94 08:49:37 GMT"
  text.remove_prefix(comma + 1);
  const char separator = rfc850 ? '-' : ' ';
  bool parsed = take(text, ' ') && take_number(text, 2, civil.day) && take(text, separator) &&
                take_month(text, civil.month) && take(text, separator) && take_number(text, rfc850 ? 2 : 4, civil.year);
  if (rfc850) {
    civil.year += civil.year < 70 ? 2000 : 1900;
  }
  parsed = parsed && take(text, ' ') && take_clock(text, civil) && text == " GMT";
  return finish(civil, parsed, {});
}

std::string format_http_date(Timestamp time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::weekday weekday{days};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time - days).count();
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", day_names.at(weekday.c_encoding()),
                     static_cast<unsigned>(date.day()), month_names.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), seconds / 3600, seconds / 60 % 60, seconds % 60);
}

} // namespace dovetail

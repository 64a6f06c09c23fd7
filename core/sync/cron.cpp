// SPDX-License-Identifier: Apache-2.0
#include "core/sync/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace dovetail::sync {
namespace {

constexpr std::size_t max_text_bytes = 200;
constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> nicknames{{{"@hourly", "0 * * * *"},
                                                                                  {"@daily", "0 0 * * *"},
                                                                                  {"@midnight", "0 0 * * *"},
                                                                                  {"@weekly", "0 0 * * 0"},
                                                                                  {"@monthly", "0 0 1 * *"},
                                                                                  {"@yearly", "0 0 1 1 *"}}};

/// One of the five fields.
struct Field {
  std::string_view name;
  int least = 0;
  int most = 0;
  std::span<const std::string_view> names = {};
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) {
      parts.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Error wrong(const Field& field, std::string_view part) {
  return invalid_argument(fmt::format(
      "\"{}\" is no {}: {} to {}{}, \"*\", a range such as {}-{}, a list with commas, or a step "
      "such as */{} may stand there",
      part, field.name, field.least, field.most,
      field.names.empty() ? "" : fmt::format(" or {} ...", field.names.front()), field.least, field.most, 5));
}

std::optional<int> number_of(const Field& field, std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  if (const auto named = std::find(field.names.begin(), field.names.end(), lower); named != field.names.end()) {
    return field.least + static_cast<int>(named - field.names.begin());
  }
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number < field.least || number > field.most) {
    return std::nullopt;
  }
  return number;
}

/// The numbers of one entry of a list: "*", "5", "1-5", each with "/step" behind it.
Result<std::vector<int>> numbers_of(const Field& field, std::string_view entry) {
  const auto slash = entry.find('/');
  const auto range = entry.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    const auto given = number_of({.name = "step", .least = 1, .most = field.most}, entry.substr(slash + 1));
    if (!given) {
      return wrong(field, entry);
    }
    step = *given;
  }
  int from = field.least;
  int to = field.most;
  if (range != "*") {
    const auto dash = range.find('-');
    const auto first = number_of(field, range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number_of(field, range.substr(dash + 1));
    if (!first || !last || *first > *last) {
      return wrong(field, entry);
    }
    from = *first;
    to = dash == std::string_view::npos && slash != std::string_view::npos ? field.most : *last;
  }
  std::vector<int> numbers;
  for (int number = from; number <= to; number += step) {
    numbers.push_back(number);
  }
  return numbers;
}

template <std::size_t size> Status read_field(const Field& field, std::string_view text, std::bitset<size>& numbers) {
  if (text.front() == ',' || text.back() == ',' || text.find(",,") != std::string_view::npos) {
    return wrong(field, text);
  }
  for (const auto entry : split(text, ",")) {
    DOVETAIL_TRY(const auto found, numbers_of(field, entry));
    for (const int number : found) {
      numbers.set(static_cast<std::size_t>(number) % size);
    }
  }
  return {};
}

} // namespace

Result<Cron> Cron::parse(std::string_view text) {
  if (text.size() > max_text_bytes) {
    return invalid_argument(fmt::format("a cron expression is at most {} bytes", max_text_bytes));
  }
  const auto* const nickname =
      std::find_if(nicknames.begin(), nicknames.end(), [text](const auto& entry) { return entry.first == text; });
  const auto parts = split(nickname == nicknames.end() ? text : nickname->second, " \t");
  if (parts.size() != 5) {
    return invalid_argument(
        fmt::format("\"{}\" has {} fields: a cron expression has five (minute, hour, day of the month, month, day "
                    "of the week), or is one of @hourly, @daily, @weekly, @monthly, @yearly",
                    text, parts.size()));
  }
  Cron cron;
  DOVETAIL_TRY_STATUS(read_field({.name = "minute", .least = 0, .most = 59}, parts[0], cron.minutes_));
  DOVETAIL_TRY_STATUS(read_field({.name = "hour", .least = 0, .most = 23}, parts[1], cron.hours_));
  DOVETAIL_TRY_STATUS(read_field({.name = "day of the month", .least = 1, .most = 31}, parts[2], cron.days_));
  DOVETAIL_TRY_STATUS(
      read_field({.name = "month", .least = 1, .most = 12, .names = month_names}, parts[3], cron.months_));
  DOVETAIL_TRY_STATUS(
      read_field({.name = "day of the week", .least = 0, .most = 7, .names = weekday_names}, parts[4], cron.weekdays_));
  cron.any_day_ = parts[2].front() == '*';
  cron.any_weekday_ = parts[4].front() == '*';
  if (!cron.ever_comes()) {
    return invalid_argument(fmt::format("\"{}\" never comes: none of its months has such a day", text));
  }
  return cron;
}

bool Cron::ever_comes() const {
  constexpr std::array<std::size_t, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!any_weekday_) {
    return true;
  }
  for (std::size_t month = 1; month < longest.size(); ++month) {
    for (std::size_t day = 1; months_.test(month) && day <= longest.at(month); ++day) {
      if (days_.test(day)) {
        return true;
      }
    }
  }
  return false;
}

bool Cron::matches(Timestamp time) const {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto minute = std::chrono::floor<std::chrono::minutes>(time - day).count();
  const bool day_fits = days_.test(static_cast<unsigned>(date.day()));
  const bool weekday_fits = weekdays_.test(std::chrono::weekday(day).c_encoding());
  const bool fits = any_day_ || any_weekday_ ? day_fits && weekday_fits : day_fits || weekday_fits;
  return fits && months_.test(static_cast<unsigned>(date.month())) &&
         hours_.test(static_cast<std::size_t>(minute / 60)) && minutes_.test(static_cast<std::size_t>(minute % 60));
}

} // namespace dovetail::sync

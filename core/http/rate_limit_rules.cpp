// SPDX-License-Identifier: Apache-2.0
#include "core/http/rate_limit_rules.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/base/limits.hpp"
#include "core/base/time.hpp"

namespace dovetail::http {
namespace {

using std::chrono::milliseconds;

constexpr int too_many_requests = 429;
constexpr int service_unavailable = 503;
constexpr std::size_t searched_body_bytes = 16U << 10U;
// Header numbers beyond this are nonsense: the year 5138 as epoch seconds, three thousand years as a delay.
constexpr std::uint64_t largest_number = 100'000'000'000U;

std::optional<std::uint64_t> parse_number(std::optional<std::string_view> text) noexcept {
  if (!text || text->empty()) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  const auto* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  // Some send "59.5": the fraction does not matter.
  const bool whole = error == std::errc{} && (stop == end || *stop == '.');
  return whole && number <= largest_number ? std::optional(number) : std::nullopt;
}

milliseconds clamp_wait(std::chrono::microseconds wait) {
  return std::clamp(std::chrono::ceil<milliseconds>(wait), milliseconds{0}, milliseconds{limits::max_retry_after});
}

std::optional<Timestamp> reset_time(const Headers& headers, const RateLimitRules& rules, Timestamp now) {
  const auto number = parse_number(headers.find(rules.reset_header));
  if (!number) {
    return std::nullopt;
  }
  const std::chrono::seconds seconds{static_cast<std::int64_t>(*number)};
  return rules.reset_format == RateLimitRules::ResetFormat::epoch_seconds ? Timestamp{seconds} : now + seconds;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [lower](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool fits(const LimitSign& sign, int status, const Headers& headers, std::string_view body) {
  if (std::find(sign.statuses.begin(), sign.statuses.end(), status) == sign.statuses.end()) {
    return false;
  }
  if (!sign.header.empty()) {
    const auto value = headers.find(sign.header);
    if (!value || (!sign.header_value.empty() && *value != sign.header_value)) {
      return false;
    }
  }
  return sign.body_contains.empty() || contains_ignoring_case(body.substr(0, searched_body_bytes), sign.body_contains);
}

} // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value, Timestamp now) {
  value = trim(value);
  if (const auto seconds = parse_number(value)) {
    return clamp_wait(std::chrono::seconds{static_cast<std::int64_t>(*seconds)});
  }
  if (const auto date = parse_http_date(value)) {
    return clamp_wait(*date - now);
  }
  return std::nullopt;
}

LimitVerdict judge_limit(int status, const Headers& headers, std::string_view body, const RateLimitRules* rules,
                         Timestamp now) {
  const auto header = headers.find("retry-after");
  const auto retry_after = header ? parse_retry_after(*header, now) : std::nullopt;
  if (rules != nullptr) {
    for (const auto& sign : rules->signs) {
      if (!fits(sign, status, headers, body)) {
        continue;
      }
      switch (sign.wait) {
      case LimitSign::Wait::retry_after:
        return LimitVerdict{.limited = true, .wait = retry_after};
      case LimitSign::Wait::reset: {
        const auto reset = reset_time(headers, *rules, now);
        return LimitVerdict{.limited = true, .wait = reset ? std::optional(clamp_wait(*reset - now)) : std::nullopt};
      }
      case LimitSign::Wait::fixed:
        return LimitVerdict{.limited = true, .wait = clamp_wait(sign.fixed_wait)};
      }
    }
  }
  const bool limited = status == too_many_requests || (status == service_unavailable && retry_after.has_value());
  return LimitVerdict{.limited = limited, .wait = limited ? retry_after : std::nullopt};
}

limits::Observation read_rate_headers(const Headers& headers, const RateLimitRules& rules, Timestamp now) {
  limits::Observation out;
  out.limit = parse_number(headers.find(rules.limit_header));
  out.remaining = parse_number(headers.find(rules.remaining_header));
  out.reset = reset_time(headers, rules, now);
  return out;
}

} // namespace dovetail::http

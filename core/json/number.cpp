// SPDX-License-Identifier: Apache-2.0
#include "core/json/number.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/json/bytes.hpp"

namespace dovetail::json::detail {
namespace {

/// The power of ten of the first digit of a number that a double cannot hold: tells too large from too small.
[[nodiscard]] long decimal_magnitude(std::string_view number) noexcept {
  const auto exponent_at = std::min(number.find_first_of("eE"), number.size());
  const auto mantissa = number.substr(0, exponent_at);
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  const auto first = std::min(mantissa.find_first_of("123456789"), mantissa.size());
  long exponent = 0;
  if (exponent_at < number.size()) {
    auto digits = number.substr(exponent_at + 1);
    if (digits.starts_with('+')) {
      digits.remove_prefix(1);
    }
    constexpr long huge = 1'000'000'000;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec != std::errc{}) {
      exponent = digits.starts_with('-') ? -huge : huge;
    }
    exponent = std::clamp(exponent, -huge, huge);
  }
  return exponent + static_cast<long>(point) - static_cast<long>(first);
}

} // namespace

std::optional<Number> read_number(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  const auto first = negative ? 1U : 0U;
  if (first >= text.size() || !is_digit(text[first])) {
    return std::nullopt; // from_chars would take "inf" and "nan"
  }
  Number number;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto whole = std::from_chars(begin, end, number.integer);
  if (whole.ec == std::errc{} && whole.ptr == end) {
    number.whole = true;
    number.real = static_cast<double>(number.integer);
    return number;
  }
  number.integer = 0;
  const auto real = std::from_chars(begin, end, number.real);
  if (real.ptr != end) {
    return std::nullopt;
  }
  if (real.ec == std::errc::result_out_of_range) {
    const double size = decimal_magnitude(text) > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    number.real = negative ? -size : size;
  }
  return number;
}

} // namespace dovetail::json::detail

// SPDX-License-Identifier: Apache-2.0
#include "core/base/ids.hpp"

#include <algorithm>
#include <chrono>

namespace dovetail {
namespace {

constexpr std::int64_t sequence_bits = 21;
constexpr std::int64_t epoch_ms =
    std::chrono::sys_days{std::chrono::January / 1 / 2025}.time_since_epoch() / std::chrono::milliseconds(1);
constexpr std::size_t max_name_length = 63;

bool is_name_letter(char letter) { return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'); }

} // namespace

std::int64_t IdGenerator::next() {
  const auto now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch()).count() - epoch_ms;
  const std::scoped_lock lock(mutex_);
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    // Half the range is left for counting up; a run over it borrows from the next millisecond, which keeps the order.
    const auto start = (now_ms << sequence_bits) + static_cast<std::int64_t>(random_.below(1U << (sequence_bits - 1)));
    last_ = std::max(last_ + 1, start);
  } else {
    ++last_;
  }
  return last_;
}

Status check_name(std::string_view what, std::string_view name) {
  const bool fits = !name.empty() && name.size() <= max_name_length && is_name_letter(name.front()) &&
                    std::all_of(name.begin(), name.end(),
                                [](char letter) { return is_name_letter(letter) || letter == '_' || letter == '-'; });
  if (fits) {
    return {};
  }
  return invalid_argument(
      "The " + std::string(what) + " name \"" + std::string(name.substr(0, max_name_length)) +
      "\" is not usable: give 1 to 63 characters of a-z, 0-9, '_' and '-', beginning with a letter or digit.");
}

} // namespace dovetail

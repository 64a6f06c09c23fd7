// SPDX-License-Identifier: Apache-2.0
#include "core/json/pointer.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace dovetail::json {
namespace {

Result<std::string> unescape_step(std::string_view step, std::string_view pointer) {
  std::string out;
  out.reserve(step.size());
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      out.push_back(step[i]);
      continue;
    }
    const char next = i + 1 < step.size() ? step[i + 1] : '\0';
    if (next != '0' && next != '1') {
      return invalid_argument(
          fmt::format("JSON pointer \"{}\": a '~' must be followed by 0 or 1 (write ~0 for '~', ~1 for '/')", pointer));
    }
    out.push_back(next == '0' ? '~' : '/');
    ++i;
  }
  return out;
}

} // namespace

Result<std::vector<std::string>> split_pointer(std::string_view pointer) {
  std::vector<std::string> steps;
  if (pointer.empty()) {
    return steps;
  }
  if (pointer.size() > max_pointer_bytes) {
    return invalid_argument(
        fmt::format("JSON pointer of {} bytes: at most {} are allowed", pointer.size(), max_pointer_bytes));
  }
  if (pointer.front() != '/') {
    return invalid_argument(fmt::format("JSON pointer \"{}\" must be empty or begin with '/'", pointer));
  }
  if (static_cast<std::size_t>(std::count(pointer.begin(), pointer.end(), '/')) > max_pointer_steps) {
    return invalid_argument(fmt::format("JSON pointer \"{}\" has more than {} steps", pointer, max_pointer_steps));
  }
  std::size_t begin = 1;
  while (true) {
    const auto end = std::min(pointer.find('/', begin), pointer.size());
    DOVETAIL_TRY(auto step, unescape_step(pointer.substr(begin, end - begin), pointer));
    steps.push_back(std::move(step));
    if (end == pointer.size()) {
      return steps;
    }
    begin = end + 1;
  }
}

std::string escape_step(std::string_view step) {
  std::string out;
  out.reserve(step.size());
  for (const char c : step) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::optional<std::size_t> step_index(std::string_view step) noexcept {
  if (step.empty() || (step.size() > 1 && step.front() == '0')) {
    return std::nullopt;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc{} || end != step.data() + step.size()) {
    return std::nullopt;
  }
  return index;
}

} // namespace dovetail::json

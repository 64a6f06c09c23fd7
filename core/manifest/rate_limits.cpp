// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/rate_limits.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

namespace dovetail::manifest {
namespace {

constexpr std::int64_t highest = 1'000'000;

struct Setting {
  std::string_view name;
  std::uint32_t limits::RateLimits::*member;
  std::int64_t least;
};

constexpr std::array<Setting, 4> settings{{
    {"requestsPerMinute", &limits::RateLimits::requests_per_minute, 0},
    {"burst", &limits::RateLimits::burst, 1},
    {"maxConcurrentPerConnection", &limits::RateLimits::max_concurrent_per_connection, 0},
    {"globalRequestsPerMinute", &limits::RateLimits::global_requests_per_minute, 0},
}};

Status set(limits::RateLimits& limits, const Setting& setting, std::optional<std::int64_t> value,
           std::string_view where) {
  if (!value || *value < setting.least || *value > highest) {
    return invalid_argument(fmt::format("{}: expected a whole number from {} to {}", where, setting.least, highest));
  }
  limits.*setting.member = static_cast<std::uint32_t>(*value);
  return {};
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

} // namespace

Environment process_environment() {
  // The environment is set before threads start and never changed by us.
  return [](std::string_view name) -> std::optional<std::string> {
    const char* const value = std::getenv(std::string(name).c_str()); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::string override_variable(std::string_view provider, std::string_view setting) {
  std::string name = "DOVETAIL_";
  const auto append = [&name](std::string_view text) {
    for (const char c : text) {
      if (c >= 'A' && c <= 'Z' && name.back() != '_') {
        name.push_back('_');
      }
      name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
  };
  append(provider);
  name.push_back('_');
  append(setting);
  return name;
}

Result<limits::RateLimits> override_rate_limits(const limits::RateLimits& limits, std::string_view provider,
                                                const json::Value& config, const Environment& environment) {
  auto result = limits;
  for (const auto& setting : settings) {
    if (const auto value = config[setting.name]; value.exists()) {
      DOVETAIL_TRY_STATUS(set(result, setting, value.as_int64(), fmt::format("rateLimits/{}", setting.name)));
    }
    const auto variable = override_variable(provider, setting.name);
    if (const auto text = environment ? environment(variable) : std::nullopt; text && !text->empty()) {
      DOVETAIL_TRY_STATUS(set(result, setting, whole_number(*text), variable));
    }
  }
  return result;
}

} // namespace dovetail::manifest

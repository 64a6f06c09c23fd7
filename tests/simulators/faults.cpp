// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/faults.hpp"

#include <array>

#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators {
namespace {

constexpr std::array<std::string_view, fault_kinds> names = {"rate_limit_seconds",
                                                             "rate_limit_date",
                                                             "primary_limit",
                                                             "secondary_limit",
                                                             "secondary_limit_bare",
                                                             "forbidden",
                                                             "server_error",
                                                             "bad_gateway",
                                                             "unavailable",
                                                             "gateway_timeout",
                                                             "reset_before_headers",
                                                             "reset_after_headers",
                                                             "truncated_body",
                                                             "oversized_body",
                                                             "slow_drip",
                                                             "wrong_content_type",
                                                             "invalid_json",
                                                             "corrupt_gzip",
                                                             "foreign_redirect",
                                                             "data_moves"};
static_assert(static_cast<std::size_t>(FaultKind::data_moves) + 1 == fault_kinds);

} // namespace

std::string_view to_string(FaultKind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

std::optional<FaultKind> fault_kind_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      return static_cast<FaultKind>(i);
    }
  }
  return std::nullopt;
}

void Faults::configure(FaultPlan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
  seen_by_script_.assign(plan_.script.size(), 0);
  past_.clear();
}

FaultPlan Faults::plan() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

std::optional<Faults::Fault> Faults::next(std::string_view target) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t target_hash = hash_text(target);
  Past& past = past_[target_hash];
  const std::uint64_t key = key_of(plan_.seed, target_hash, past.requests);
  ++past.requests;
  std::optional<Fault> scripted;
  for (std::size_t i = 0; i < plan_.script.size(); ++i) {
    const ScriptedFault& line = plan_.script[i];
    if (target.find(line.target) == std::string_view::npos) {
      continue;
    }
    const std::uint64_t place = ++seen_by_script_[i];
    if (!scripted && place >= line.nth && place - line.nth < line.times) {
      scripted = Fault{line.kind, line.retry_after.value_or(plan_.retry_after), key};
    }
  }
  if (scripted) {
    return scripted;
  }
  Seeded choices(key);
  double draw = choices.unit();
  for (const auto& [kind, probability] : plan_.probabilities) {
    if (draw >= probability) {
      draw -= probability;
      continue;
    }
    if (past.in_a_row >= plan_.most_in_a_row) {
      break;
    }
    ++past.in_a_row;
    return Fault{kind, plan_.retry_after, key};
  }
  past.in_a_row = 0;
  return std::nullopt;
}

} // namespace dovetail::simulators

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators {

/// What can go wrong with one request. The limits and the refusal look as they do at the simulated provider; the rest is the same everywhere.
enum class FaultKind : std::uint8_t {
  rate_limit_seconds,   ///< 429, Retry-After in seconds
  rate_limit_date,      ///< 429, Retry-After as HTTP-date
  primary_limit,        ///< the provider's main quota is used up, and the answer says until when
  secondary_limit,      ///< another of its limits, and the answer says how long
  secondary_limit_bare, ///< the same without a time: only the message tells
  forbidden,            ///< a refusal that is no limit: must not be retried
  server_error,         ///< 500 with a JSON body
  bad_gateway,          ///< 502 with a JSON body
  unavailable,          ///< 503 with an HTML page
  gateway_timeout,      ///< 504 with an HTML page
  reset_before_headers,
  reset_after_headers,
  truncated_body,
  oversized_body,
  slow_drip,
  wrong_content_type, ///< the right JSON, called text/html
  invalid_json,       ///< 200 and application/json, but cut in the middle of a value
  corrupt_gzip,       ///< 200 and Content-Encoding: gzip over broken bytes
  foreign_redirect,   ///< 302 to another host
  data_moves,         ///< the answer is right, but before it the data changed: pages shift while a client walks them
};
inline constexpr std::size_t fault_kinds = 20;
[[nodiscard]] std::string_view to_string(FaultKind kind) noexcept;
[[nodiscard]] std::optional<FaultKind> fault_kind_from_name(std::string_view name) noexcept;

/// "The `nth` request whose target contains `target`, and the `times - 1` after it, fail so."
struct ScriptedFault {
  FaultKind kind = FaultKind::server_error;
  std::string target = {};
  std::uint64_t nth = 1;
  std::uint64_t times = 1;
  /// Overrides FaultPlan::retry_after.
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

/// What goes wrong. The script comes first, then chance.
struct FaultPlan {
  std::uint64_t seed = 1;
  std::map<FaultKind, double> probabilities = {}; ///< of each request; together at most 1
  std::vector<ScriptedFault> script = {};
  /// Chance never hits one target more often than this in a row, so that a client that retries gets through.
  int most_in_a_row = 3;
  std::chrono::seconds retry_after{2};
  std::size_t oversized_bytes = 64U << 20U;
  std::size_t drip_bytes = 512;
  std::chrono::milliseconds drip_pause{20};
};

/// Faults that happen to a good answer; the others take its place.
[[nodiscard]] bool spoils(FaultKind kind) noexcept;

/// Decides by the plan. A chance depends on the seed, the target and how often that target was asked for, not on what other
/// requests happen around it: so a run with several connections replays too. Thread-safe.
class Faults {
public:
  struct Fault {
    FaultKind kind;
    std::chrono::seconds retry_after{0};
    std::uint64_t key = 0; ///< for choices inside the fault
  };

  explicit Faults(FaultPlan plan) : plan_(std::move(plan)), seen_by_script_(plan_.script.size()) {}
  void configure(FaultPlan plan);
  [[nodiscard]] FaultPlan plan() const;
  /// To be asked once for each request.
  [[nodiscard]] std::optional<Fault> next(std::string_view target);

private:
  struct Past {
    std::uint64_t requests = 0;
    int in_a_row = 0;
  };

  mutable std::mutex mutex_;
  // guarded by mutex_
  FaultPlan plan_;
  std::vector<std::uint64_t> seen_by_script_;
  std::unordered_map<std::uint64_t, Past> past_;
};

/// The answer that takes the place of the right one where a fault looks alike at every provider: gateways' pages, resets, a redirect to another
/// host. nullopt for the kinds that the provider has to phrase itself (limits, refusal, server error) and for those that spoil.
[[nodiscard]] std::optional<Answer> failed_answer(FaultKind kind, std::string_view path);
/// Does to a good answer what the fault asks for. Precondition: spoils(fault.kind).
void spoil(const Faults::Fault& fault, const FaultPlan& plan, Answer& answer);

/// Reads a plan from JSON; members are named as the fields are, durations in whole seconds or as the name says.
[[nodiscard]] Result<FaultPlan> faults_from_json(std::string_view json);

} // namespace dovetail::simulators

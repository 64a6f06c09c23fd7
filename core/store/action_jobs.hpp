// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"
#include "core/store/job_repository.hpp"

namespace dovetail::store {

/// An action that is to be done.
struct NewAction {
  ConnectionId connection{};
  std::string provider{};
  std::string action{};
  std::string input_sha256{}; ///< of its canonical JSON: one key names one input
  /// Names what is wanted, once for each connection; empty: it is given one of its own.
  std::string idempotency_key{};
  /// Whether it may be tried again although nobody knows what came of an earlier attempt.
  bool idempotent = false;
  std::string worker{}; ///< who does it, for people
};

/// What is to be done about it now.
struct ActionStart {
  JobClaim claim; ///< of the attempt that begins; its job alone when `output` is set
  std::string idempotency_key;
  bool repeated = false;             ///< an earlier attempt may have reached the provider
  std::optional<std::string> output; ///< it was done before, with this outcome: there is nothing to do
};

/// How an attempt failed.
enum class ActionFailure : std::uint8_t {
  refused, ///< certainly nothing was done
  unknown  ///< it may have been done
};

/// A tenant's actions, each a job of the kind "action" whose outcome is kept under its idempotency key. Thread-safe.
class ActionJobs {
public:
  static constexpr std::string_view kind = "action";
  /// How long an attempt counts as running when nobody says how it ended: longer than any call into a plugin takes.
  static constexpr std::chrono::minutes attempt_lease{3};

  ActionJobs(TenantScope scope, IdGenerator& ids) : scope_(scope), ids_(ids) {}

  /// Makes the job, or finds the one that has the key, and begins an attempt. Errors: already_exists when the key was used for another
  /// action or input; aborted (transient) while another attempt runs; failed_precondition when an earlier attempt of an action that is not
  /// idempotent may have been done.
  [[nodiscard]] Result<ActionStart> begin(const NewAction& action);
  /// Keeps what came of it, a JSON object. Errors: aborted when the claim is lost.
  [[nodiscard]] Status succeed(const ActionStart& start, std::int64_t requests, std::string_view output);
  [[nodiscard]] Status fail(const ActionStart& start, std::int64_t requests, const Error& error, ActionFailure failure);
  /// What came of an action that was done; nullopt when it was not, or not yet, or there is no such job.
  [[nodiscard]] Result<std::optional<std::string>> output(JobId job);

private:
  struct Known;
  [[nodiscard]] Result<ActionStart> begin_in(Transaction& transaction, const NewAction& action);
  [[nodiscard]] Result<ActionStart> make(Transaction& transaction, const NewAction& action, Timestamp now);
  [[nodiscard]] Result<ActionStart> resume(Transaction& transaction, const NewAction& action, const Known& known,
                                           Timestamp now);
  [[nodiscard]] Status end(const ActionStart& start, std::int64_t requests, JobState state, const Error* error,
                           std::string_view outcome, std::string_view output);

  TenantScope scope_;
  IdGenerator& ids_;
};

} // namespace dovetail::store

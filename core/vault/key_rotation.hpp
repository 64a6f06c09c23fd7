// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/vault/secret_records.hpp"
#include "core/vault/vault.hpp"

namespace dovetail::vault {

struct RotationFailure {
  SecretAddress address;
  Error error;
};

/// What one call of rotate() did.
struct RotationReport {
  std::int64_t resealed = 0;
  /// Records that somebody else wrote or removed between our reading and writing: theirs stands.
  std::int64_t overtaken = 0;
  /// Records of the last sweep that do not open, and why (the first `max_rotation_failures` of them). They stay as they are.
  std::int64_t unopened = 0;
  std::vector<RotationFailure> failures;
  /// Secrets that are still sealed with another key than the newest.
  std::int64_t remaining = 0;

  /// True when every secret is sealed with the newest key, so that the others may be retired.
  [[nodiscard]] bool complete() const noexcept { return remaining == 0; }
};

inline constexpr std::size_t max_rotation_failures = 20;

struct RotationOptions {
  std::size_t batch = 100; ///< records read at a time, 1 to max_scan_records
  Cancellation cancellation = {};
  /// Called after each batch with the counts so far.
  std::function<void(const RotationReport&)> progress = {};
};

/// Seals every secret anew with the newest key (VAULT-2). Each record is replaced on its own by compare-and-set, after the new
/// seal was opened and compared, and keeps its version; so a kill at any instant loses nothing, the next call goes on with what is left, and several calls, or
/// programs that still write with an older ring, may run at the same time. A record that does not open is reported and left.
/// Errors: what the records answer, cancelled, deadline_exceeded: what was done until then stays done.
[[nodiscard]] Result<RotationReport> rotate(const Vault& vault, SecretRecords& records, const Clock& clock,
                                            const RotationOptions& options);

enum class CanaryState : std::uint8_t {
  missing,  ///< not written yet
  matches,  ///< the ring's key is the one that the database knows
  differs,  ///< another key with the same id
  unchecked ///< the ring has no such key
};
[[nodiscard]] std::string_view to_string(CanaryState state) noexcept;

struct KeyStatus {
  std::string key_id;
  bool in_ring = false;
  bool primary = false;
  CanaryState canary = CanaryState::missing;
  std::int64_t secrets = 0;

  /// True when the key may be taken out of the ring.
  [[nodiscard]] bool retirable() const noexcept { return in_ring && !primary && secrets == 0; }
};

/// Every key of the ring, newest first, then the keys that stored secrets name and the ring lacks, by id.
[[nodiscard]] Result<std::vector<KeyStatus>> key_status(const Vault& vault, SecretRecords& records);

} // namespace dovetail::vault

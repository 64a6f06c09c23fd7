// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/vault/vault.hpp"

namespace dovetail::vault {

/// A sealed secret as it lies in the database.
struct SecretRecord {
  SealedSecret sealed;
  /// Positive; a new one on each put. An address never gets the same version twice, not even after the secret was removed and
  /// stored again: otherwise a writer that slept in between could replace a secret that it never saw.
  std::int64_t version = 0;
};

struct AddressedRecord {
  SecretAddress address;
  SecretRecord record;
};

enum class KeyMatch : std::uint8_t { sealed_with, not_sealed_with };

struct KeyCount {
  std::string key_id;
  std::int64_t secrets = 0;
};

/// What the vault asks of the store: sealed secrets by address, and a canary for each key id. It holds nothing that opens without
/// the key ring. Implementations are thread-safe, and several processes may work on the same records. A write has reached
/// the disk when its call returns. Beside the errors named here, all calls fail with `unavailable` when the database does.
/// testing/secret_records_contract.hpp is this contract as tests.
class SecretRecords {
public:
  SecretRecords() = default;
  SecretRecords(const SecretRecords&) = delete;
  SecretRecords& operator=(const SecretRecords&) = delete;
  SecretRecords(SecretRecords&&) = delete;
  SecretRecords& operator=(SecretRecords&&) = delete;
  virtual ~SecretRecords() = default;

  /// nullopt when there is none.
  [[nodiscard]] virtual Result<std::optional<SecretRecord>> get(const SecretAddress& address) = 0;

  /// Writes the record and returns its new version. `expected_version`: nullopt writes in any case; 0 only where there is no record;
  /// any other number only over the record of that version. Errors: aborted when that is not so, and then nothing was written.
  [[nodiscard]] virtual Result<std::int64_t> put(const SecretAddress& address, const SealedSecret& sealed,
                                                 std::optional<std::int64_t> expected_version) = 0;

  /// Replaces `from` by `to`, the same secret under another key, if the record still holds exactly `from` (no two seals are equal, so
  /// its bytes tell); false, and nothing written, when it does not. The version stays: to who holds it the secret has not
  /// changed, so a key rotation never makes a token refresh lose its compare-and-set.
  [[nodiscard]] virtual Result<bool> reseal(const SecretAddress& address, const SealedSecret& from,
                                            const SealedSecret& to) = 0;

  /// False when there was none.
  [[nodiscard]] virtual Result<bool> remove(const SecretAddress& address) = 0;

  /// The names of one connection's secrets, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) = 0;

  /// The operator's view over all tenants: up to `limit` (1 to 1000) records that are, or are not, sealed with `key_id`, ordered by
  /// tenant, connection and name (bytewise), beginning behind `after`.
  [[nodiscard]] virtual Result<std::vector<AddressedRecord>>
  scan(KeyMatch match, std::string_view key_id, const std::optional<SecretAddress>& after, std::size_t limit) = 0;

  /// The operator's view: how many secrets each key seals, over all tenants, sorted by key id; keys that seal none are left out.
  [[nodiscard]] virtual Result<std::vector<KeyCount>> count_by_key() = 0;

  /// nullopt when that key has none yet.
  [[nodiscard]] virtual Result<std::optional<SealedSecret>> get_canary(std::string_view key_id) = 0;
  /// Canaries are written once and kept, also after their key is retired. Errors: already_exists.
  [[nodiscard]] virtual Status put_canary(const SealedSecret& canary) = 0;
};

inline constexpr std::size_t max_scan_records = 1000;

} // namespace dovetail::vault

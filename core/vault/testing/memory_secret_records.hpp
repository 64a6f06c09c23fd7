// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "core/vault/secret_records.hpp"

namespace dovetail::vault::testing {

/// SecretRecords in a map, for tests of what uses them. Thread-safe.
class MemorySecretRecords final : public SecretRecords {
public:
  Result<std::optional<SecretRecord>> get(const SecretAddress& address) override;
  Result<std::int64_t> put(const SecretAddress& address, const SealedSecret& sealed,
                           std::optional<std::int64_t> expected_version) override;
  Result<bool> reseal(const SecretAddress& address, const SealedSecret& from, const SealedSecret& to) override;
  Result<bool> remove(const SecretAddress& address) override;
  Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) override;
  Result<std::vector<AddressedRecord>> scan(KeyMatch match, std::string_view key_id,
                                            const std::optional<SecretAddress>& after, std::size_t limit) override;
  Result<std::vector<KeyCount>> count_by_key() override;
  Result<std::optional<SealedSecret>> get_canary(std::string_view key_id) override;
  Status put_canary(const SealedSecret& canary) override;

  /// Called before each put and reseal, outside the lock, so that a test can write in between or let the write fail. Set it
  /// before threads start.
  std::function<Status(const SecretAddress&)> before_write;
  /// Every record as it is, to compare states.
  [[nodiscard]] std::map<SecretAddress, SealedSecret> snapshot() const;
  /// As if a canary had been lost.
  void forget_canary(const std::string& key_id);

private:
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<SecretAddress, SecretRecord> records_;
  std::map<std::string, SealedSecret, std::less<>> canaries_;
  std::int64_t last_version_ = 0;
};

} // namespace dovetail::vault::testing

// SPDX-License-Identifier: Apache-2.0
#include "core/vault/testing/memory_secret_records.hpp"

#include <utility>

namespace dovetail::vault::testing {

Result<std::optional<SecretRecord>> MemorySecretRecords::get(const SecretAddress& address) {
  const std::scoped_lock lock(mutex_);
  const auto found = records_.find(address);
  return found == records_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::int64_t> MemorySecretRecords::put(const SecretAddress& address, const SealedSecret& sealed,
                                              std::optional<std::int64_t> expected_version) {
  if (before_write) {
    DOVETAIL_TRY_STATUS(before_write(address));
  }
  const std::scoped_lock lock(mutex_);
  const auto found = records_.find(address);
  const std::int64_t version = found == records_.end() ? 0 : found->second.version;
  if (expected_version && *expected_version != version) {
    return aborted("The secret \"" + address.name + "\" was changed by somebody else; read it again.");
  }
  records_[address] = SecretRecord{sealed, ++last_version_};
  return last_version_;
}

Result<bool> MemorySecretRecords::reseal(const SecretAddress& address, const SealedSecret& from,
                                         const SealedSecret& to) {
  if (before_write) {
    DOVETAIL_TRY_STATUS(before_write(address));
  }
  const std::scoped_lock lock(mutex_);
  const auto found = records_.find(address);
  if (found == records_.end() || !(found->second.sealed == from)) {
    return false;
  }
  found->second.sealed = to;
  return true;
}

Result<bool> MemorySecretRecords::remove(const SecretAddress& address) {
  const std::scoped_lock lock(mutex_);
  return records_.erase(address) != 0;
}

Result<std::vector<std::string>> MemorySecretRecords::names(TenantId tenant, ConnectionId connection) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (auto it = records_.lower_bound({tenant, connection, ""});
       it != records_.end() && it->first.tenant == tenant && it->first.connection == connection; ++it) {
    names.push_back(it->first.name);
  }
  return names;
}

Result<std::vector<AddressedRecord>> MemorySecretRecords::scan(KeyMatch match, std::string_view key_id,
                                                               const std::optional<SecretAddress>& after,
                                                               std::size_t limit) {
  if (limit == 0 || limit > max_scan_records) {
    return invalid_argument("A scan takes 1 to " + std::to_string(max_scan_records) + " records at a time.");
  }
  const std::scoped_lock lock(mutex_);
  std::vector<AddressedRecord> batch;
  for (auto it = after ? records_.upper_bound(*after) : records_.begin(); it != records_.end() && batch.size() < limit;
       ++it) {
    if ((it->second.sealed.key_id == key_id) == (match == KeyMatch::sealed_with)) {
      batch.push_back({it->first, it->second});
    }
  }
  return batch;
}

Result<std::vector<KeyCount>> MemorySecretRecords::count_by_key() {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::int64_t> counts;
  for (const auto& [address, record] : records_) {
    ++counts[record.sealed.key_id];
  }
  std::vector<KeyCount> result;
  result.reserve(counts.size());
  for (const auto& [key_id, secrets] : counts) {
    result.push_back({key_id, secrets});
  }
  return result;
}

Result<std::optional<SealedSecret>> MemorySecretRecords::get_canary(std::string_view key_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = canaries_.find(key_id);
  return found == canaries_.end() ? std::nullopt : std::optional(found->second);
}

Status MemorySecretRecords::put_canary(const SealedSecret& canary) {
  const std::scoped_lock lock(mutex_);
  if (!canaries_.emplace(canary.key_id, canary).second) {
    return already_exists("The key \"" + canary.key_id + "\" has a canary already.");
  }
  return {};
}

std::map<SecretAddress, SealedSecret> MemorySecretRecords::snapshot() const {
  const std::scoped_lock lock(mutex_);
  std::map<SecretAddress, SealedSecret> all;
  for (const auto& [address, record] : records_) {
    all.emplace(address, record.sealed);
  }
  return all;
}

void MemorySecretRecords::forget_canary(const std::string& key_id) {
  const std::scoped_lock lock(mutex_);
  canaries_.erase(key_id);
}

} // namespace dovetail::vault::testing

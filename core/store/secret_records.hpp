// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/store/database.hpp"
#include "core/vault/secret_records.hpp"

namespace dovetail::store {

/// The vault's records in the database (VAULT-1, VAULT-2). A secret belongs to a connection: to put one for a connection that is not there
/// is failed_precondition. Thread-safe.
class StoredSecretRecords final : public vault::SecretRecords {
public:
  explicit StoredSecretRecords(Database& database) : database_(database) {}

  [[nodiscard]] Result<std::optional<vault::SecretRecord>> get(const vault::SecretAddress& address) override;
  [[nodiscard]] Result<std::int64_t> put(const vault::SecretAddress& address, const vault::SealedSecret& sealed,
                                         std::optional<std::int64_t> expected_version) override;
  [[nodiscard]] Result<bool> reseal(const vault::SecretAddress& address, const vault::SealedSecret& from,
                                    const vault::SealedSecret& to) override;
  [[nodiscard]] Result<bool> remove(const vault::SecretAddress& address) override;
  [[nodiscard]] Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) override;
  [[nodiscard]] Result<std::vector<vault::AddressedRecord>> scan(vault::KeyMatch match, std::string_view key_id,
                                                                 const std::optional<vault::SecretAddress>& after,
                                                                 std::size_t limit) override;
  [[nodiscard]] Result<std::vector<vault::KeyCount>> count_by_key() override;
  [[nodiscard]] Result<std::optional<vault::SealedSecret>> get_canary(std::string_view key_id) override;
  [[nodiscard]] Status put_canary(const vault::SealedSecret& canary) override;

private:
  Database& database_;
};

} // namespace dovetail::store

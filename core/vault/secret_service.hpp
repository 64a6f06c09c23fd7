// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/vault/secret_backend.hpp"
#include "core/vault/secret_records.hpp"

namespace dovetail::vault {

/// The built-in backend: secrets sealed by the vault, kept in the database. Thread-safe; several processes may share the records.
/// Both collaborators must outlive it.
class SecretService final : public SecretBackend {
public:
  SecretService(const Vault& vault, SecretRecords& records) : vault_(vault), records_(records) {}

  [[nodiscard]] Result<LoadedSecret> load(const SecretAddress& address) override;
  [[nodiscard]] Result<std::int64_t> save(const SecretAddress& address, const Secret& secret,
                                          std::optional<std::int64_t> expected_version) override;
  [[nodiscard]] Result<bool> remove(const SecretAddress& address) override;
  [[nodiscard]] Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) override;

private:
  const Vault& vault_;
  SecretRecords& records_;
};

} // namespace dovetail::vault

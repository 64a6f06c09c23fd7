// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"
#include "core/vault/connection_names.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::vault {

inline constexpr std::string_view secret_variable_prefix = "DOVETAIL_SECRET__";

/// The variables that hold secrets, by name.
using SecretVariables = std::map<std::string, Secret, std::less<>>;

/// Every variable whose name begins with secret_variable_prefix; and takes them out of the environment, their bytes overwritten, so that neither a
/// child process nor /proc/<pid>/environ has them afterwards (VAULT-4). To be called once, before the program starts threads.
[[nodiscard]] SecretVariables take_secret_variables_from_environment();

/// The variable of a connection's secret: DOVETAIL_SECRET__<TENANT>__<CONNECTION>__<NAME>, in capitals. In the names of tenant and connection '_' is
/// written "_U" and '-' "_D", so that no two connections share a variable. Errors: invalid_argument for a secret's name that is not of a-z, 0-9 and '_'.
[[nodiscard]] Result<std::string> secret_variable(const ConnectionNames& names, std::string_view secret);

/// Secrets from the environment, as an orchestrator sets it (VAULT-6). Read-only. Immutable, so safe for concurrent use.
class EnvironmentSecrets final : public SecretBackend {
public:
  EnvironmentSecrets(SecretVariables variables, NamesOf names_of)
      : variables_(std::move(variables)), names_of_(std::move(names_of)) {}

  /// Errors: not_found, with the variable's name.
  [[nodiscard]] Result<LoadedSecret> load(const SecretAddress& address) override;
  [[nodiscard]] Result<std::int64_t> save(const SecretAddress& address, const Secret& secret,
                                          std::optional<std::int64_t> expected_version) override;
  [[nodiscard]] Result<bool> remove(const SecretAddress& address) override;
  [[nodiscard]] Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) override;
  [[nodiscard]] bool read_only() const noexcept override { return true; }

private:
  [[nodiscard]] Error cannot_write(const SecretAddress& address) const;

  const SecretVariables variables_;
  const NamesOf names_of_;
};

} // namespace dovetail::vault

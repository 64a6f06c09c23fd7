// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/vault/command.hpp"
#include "core/vault/connection_names.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::vault {

/// An exit status of the secret command says which Error it means: this plus the number of the canonical code (105: not_found, 110: aborted, ...). 0
/// is success, anything else is `internal`.
inline constexpr int command_status_base = 100;

/// Secrets that a program of the operator's keeps (VAULT-6): it is run with `load`, `save`, `remove` or `names` as its last argument and the rest as JSON on its
/// standard input; it answers with JSON on standard output (docs/operate/secret-backends.md is the contract). No secret stands in its
/// arguments or environment. Thread-safe: each call is a process of its own.
class CommandSecrets final : public SecretBackend {
public:
  /// Precondition: `command` has words, the first an absolute path.
  CommandSecrets(Command command, NamesOf names_of) : command_(std::move(command)), names_of_(std::move(names_of)) {}

  [[nodiscard]] Result<LoadedSecret> load(const SecretAddress& address) override;
  [[nodiscard]] Result<std::int64_t> save(const SecretAddress& address, const Secret& secret,
                                          std::optional<std::int64_t> expected_version) override;
  [[nodiscard]] Result<bool> remove(const SecretAddress& address) override;
  [[nodiscard]] Result<std::vector<std::string>> names(TenantId tenant, ConnectionId connection) override;

private:
  [[nodiscard]] Result<Secret> run(std::string_view verb, const SecretAddress& address,
                                   std::string_view further_members = {});

  const Command command_;
  const NamesOf names_of_;
};

} // namespace dovetail::vault

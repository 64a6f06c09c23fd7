// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/store/database.hpp"
#include "core/vault/environment_secrets.hpp"
#include "core/vault/secret_backend.hpp"

namespace dovetail::cli {

/// Where secrets are kept (VAULT-6, docs/operate/secret-backends.md).
struct SecretBackendOptions {
  std::string backend = "builtin";            ///< builtin, environment or command
  std::vector<std::string> command;           ///< of `command`: the program and its arguments
  std::vector<std::string> command_variables; ///< names of what it sees of our environment
};

/// Whether the options fit each other. Errors: invalid_argument.
[[nodiscard]] Status check(const SecretBackendOptions& options);

/// What the program takes out of its environment before it does anything else.
struct TakenSecrets {
  std::optional<Secret> ring_text; ///< of DOVETAIL_VAULT_KEYS
  vault::SecretVariables variables;
};
[[nodiscard]] TakenSecrets take_secrets_from_environment();

/// The backend `environment` or `command`. `database` and `ids` must outlive it. Precondition: check().
[[nodiscard]] std::unique_ptr<vault::SecretBackend> make_secret_backend(const SecretBackendOptions& options,
                                                                        vault::SecretVariables variables,
                                                                        store::Database& database, IdGenerator& ids);

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/secret_backends.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "core/store/connection_repository.hpp"
#include "core/store/tenant_repository.hpp"
#include "core/vault/command_secrets.hpp"
#include "core/vault/vault_start.hpp"

namespace dovetail::cli {
namespace {

vault::NamesOf names_in(store::Database& database, IdGenerator& ids) {
  return [&database, &ids](TenantId tenant, ConnectionId connection) -> Result<vault::ConnectionNames> {
    DOVETAIL_TRY(const auto owner, store::TenantRepository(database, ids).get(tenant));
    DOVETAIL_TRY(const auto record, store::ConnectionRepository({database, tenant}, ids).get(connection));
    if (!owner || !record) {
      return not_found(fmt::format("there is no connection {} of tenant {}", connection.value, tenant.value));
    }
    return vault::ConnectionNames{.tenant = owner->name, .connection = record->settings.name};
  };
}

} // namespace

Status check(const SecretBackendOptions& options) {
  if (options.backend != "command") {
    return options.command.empty() && options.command_variables.empty()
               ? Status()
               : Status(
                     invalid_argument("--secret-command and --secret-command-env belong to --secret-backend command"));
  }
  if (options.command.empty() || !options.command.front().starts_with('/')) {
    return invalid_argument("--secret-backend command needs --secret-command with the absolute path of a program");
  }
  const bool plain =
      std::all_of(options.command_variables.begin(), options.command_variables.end(),
                  [](const std::string& name) { return !name.empty() && name.find('=') == std::string::npos; });
  return plain ? Status() : Status(invalid_argument("--secret-command-env takes the names of variables, not values"));
}

TakenSecrets take_secrets_from_environment() {
  return {.ring_text = vault::take_ring_text_from_environment(),
          .variables = vault::take_secret_variables_from_environment()};
}

std::unique_ptr<vault::SecretBackend> make_secret_backend(const SecretBackendOptions& options,
                                                          vault::SecretVariables variables, store::Database& database,
                                                          IdGenerator& ids) {
  if (options.backend == "environment") {
    return std::make_unique<vault::EnvironmentSecrets>(std::move(variables), names_in(database, ids));
  }
  vault::Command command;
  command.words = options.command;
  command.variables = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"};
  for (const std::string& name : options.command_variables) {
    if (const char* const value = std::getenv(name.c_str())) { // NOLINT(concurrency-mt-unsafe): nothing sets variables
      command.variables.push_back(name + "=" + value);
    }
  }
  return std::make_unique<vault::CommandSecrets>(std::move(command), names_in(database, ids));
}

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#include "core/vault/environment_secrets.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include <unistd.h>

#include "core/base/limits.hpp"

namespace dovetail::vault {
namespace {

char upper(char letter) noexcept {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string encode(std::string_view name) {
  std::string text;
  for (const char letter : name) {
    if (letter == '_' || letter == '-') {
      text += letter == '_' ? "_U" : "_D";
    } else {
      text += upper(letter);
    }
  }
  return text;
}

bool is_secret_letter(char letter) noexcept {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
}

std::string prefix_of(const ConnectionNames& names) {
  return std::string(secret_variable_prefix) + encode(names.tenant) + "__" + encode(names.connection) + "__";
}

} // namespace

SecretVariables take_secret_variables_from_environment() {
  SecretVariables variables;
  std::vector<std::string> taken;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || !entry.starts_with(secret_variable_prefix)) {
      continue;
    }
    std::string name(entry.substr(0, equals));
    char* const value = *at + equals + 1;
    const std::size_t size = entry.size() - equals - 1;
    // An empty variable counts as not set, as everywhere in the program.
    if (size > 0) {
      variables.insert_or_assign(name, Secret(std::string_view(value, size)));
    }
    wipe(value, size);
    taken.push_back(std::move(name));
  }
  for (const std::string& name : taken) {
    ::unsetenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): the caller has no threads yet
  }
  return variables;
}

Result<std::string> secret_variable(const ConnectionNames& names, std::string_view secret) {
  if (secret.empty() || !std::all_of(secret.begin(), secret.end(), is_secret_letter)) {
    return invalid_argument("No environment variable can hold the secret \"" + std::string(secret) +
                            "\": its name must be of a-z, 0-9 and '_'.");
  }
  std::string variable = prefix_of(names);
  std::transform(secret.begin(), secret.end(), std::back_inserter(variable), upper);
  return variable;
}

Result<LoadedSecret> EnvironmentSecrets::load(const SecretAddress& address) {
  DOVETAIL_TRY_STATUS(check_address(address));
  DOVETAIL_TRY(const ConnectionNames names, names_of_(address.tenant, address.connection));
  DOVETAIL_TRY(const std::string variable, secret_variable(names, address.name));
  const auto found = variables_.find(variable);
  if (found == variables_.end()) {
    return not_found("The connection " + names.connection + " of " + names.tenant + " has no secret \"" + address.name +
                     "\": set the environment variable " + variable + ".");
  }
  if (found->second.size() > limits::max_secret_bytes) {
    return out_of_range("The environment variable " + variable + " holds more than " +
                        std::to_string(limits::max_secret_bytes) + " bytes.");
  }
  return LoadedSecret{.secret = found->second, .version = 1};
}

Error EnvironmentSecrets::cannot_write(const SecretAddress& address) const {
  const auto names = names_of_(address.tenant, address.connection);
  const auto variable = names.ok() ? secret_variable(*names, address.name) : Result<std::string>(std::string());
  Error error;
  error.code = ErrorCode::unimplemented;
  error.message =
      "Secrets come from the environment and cannot be changed from here; where the program is started, set " +
      (variable.ok() && !variable->empty() ? *variable : "the variable of \"" + address.name + "\"") + ".";
  return error;
}

Result<std::int64_t> EnvironmentSecrets::save(const SecretAddress& address, const Secret& /*secret*/,
                                              std::optional<std::int64_t> /*expected_version*/) {
  return cannot_write(address);
}

Result<bool> EnvironmentSecrets::remove(const SecretAddress& address) { return cannot_write(address); }

Result<std::vector<std::string>> EnvironmentSecrets::names(TenantId tenant, ConnectionId connection) {
  DOVETAIL_TRY(const ConnectionNames names, names_of_(tenant, connection));
  const std::string prefix = prefix_of(names);
  std::vector<std::string> found;
  for (auto at = variables_.lower_bound(prefix); at != variables_.end() && at->first.starts_with(prefix); ++at) {
    std::string name = at->first.substr(prefix.size());
    std::transform(name.begin(), name.end(), name.begin(), lower);
    found.push_back(std::move(name));
  }
  std::sort(found.begin(), found.end());
  return found;
}

} // namespace dovetail::vault

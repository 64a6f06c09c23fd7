// SPDX-License-Identifier: Apache-2.0
#include "core/vault/secret_service.hpp"

#include <utility>

namespace dovetail::vault {

Result<LoadedSecret> SecretService::load(const SecretAddress& address) {
  DOVETAIL_TRY_STATUS(check_address(address));
  DOVETAIL_TRY(const auto record, records_.get(address));
  if (!record) {
    return not_found("Connection " + std::to_string(address.connection.value) + " has no secret \"" + address.name +
                     "\"; store it first.");
  }
  DOVETAIL_TRY(auto secret, vault_.open(address, record->sealed));
  return LoadedSecret{std::move(secret), record->version};
}

Result<std::int64_t> SecretService::save(const SecretAddress& address, const Secret& secret,
                                         std::optional<std::int64_t> expected_version) {
  if (secret.empty()) {
    return invalid_argument("The secret \"" + address.name + "\" is empty; give its value, or remove it.");
  }
  DOVETAIL_TRY(const auto sealed, vault_.seal(address, secret));
  return records_.put(address, sealed, expected_version);
}

Result<bool> SecretService::remove(const SecretAddress& address) {
  DOVETAIL_TRY_STATUS(check_address(address));
  return records_.remove(address);
}

Result<std::vector<std::string>> SecretService::names(TenantId tenant, ConnectionId connection) {
  return records_.names(tenant, connection);
}

} // namespace dovetail::vault

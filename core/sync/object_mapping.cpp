// SPDX-License-Identifier: Apache-2.0
// The part of SyncService that finds out which mapping is in force (SYNC-2).
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/sync/mapping_service.hpp"
#include "core/sync/ready_connection.hpp"
#include "core/sync/sync_service.hpp"

namespace dovetail::sync {

namespace {

Result<std::optional<AccountFields>> to_account_fields(std::vector<plugin::DiscoveredField> told) {
  AccountFields fields;
  fields.reserve(told.size());
  for (auto& field : told) {
    fields.push_back({.scope = std::move(field.scope),
                      .key = std::move(field.key),
                      .label = std::move(field.label),
                      .type = std::move(field.type),
                      .source = std::move(field.source)});
  }
  DOVETAIL_TRY(fields, make_account_fields(std::move(fields)));
  return std::optional<AccountFields>(std::move(fields));
}

} // namespace

Result<std::optional<AccountFields>> SyncService::ask_account(Ready& ready, const manifest::Object& object,
                                                              const std::stop_token& stop) {
  if (!object.discovery) {
    return std::optional<AccountFields>();
  }
  DOVETAIL_TRY(const auto instance, make_instance(ready, object.key, {}));
  auto told = instance->discover(object.key, {.stop = stop, .deadline = std::nullopt});
  if (!told.ok()) {
    // The account has nothing of this object, so no mapping of it can be out of date.
    return told.error().code == ErrorCode::not_found ? Result<std::optional<AccountFields>>(std::nullopt)
                                                     : Result<std::optional<AccountFields>>(std::move(told).error());
  }
  return to_account_fields(std::move(*told));
}

Result<std::optional<AccountFields>> SyncService::account_fields(const store::TenantRecord& tenant,
                                                                 const store::ConnectionRecord& connection,
                                                                 std::string_view object, const std::stop_token& stop) {
  const auto* const provider = parts_.manifests.find(connection.settings.provider);
  const auto* const known = provider == nullptr ? nullptr : provider->find_object(object);
  if (known != nullptr && !known->discovery) {
    return std::optional<AccountFields>();
  }
  DOVETAIL_TRY(auto told, discover(tenant, connection, object, stop));
  return to_account_fields(std::move(told));
}

Status SyncService::find_mapping(Ready& ready, bool dry_run, const std::stop_token& stop, ObjectTask& task) {
  const std::int64_t requests = ready.session->requests();
  const std::int64_t not_modified = ready.session->not_modified();
  auto current = ask_account(ready, *task.object, stop);
  task.before = {.requests = ready.session->requests() - requests,
                 .not_modified = ready.session->not_modified() - not_modified};
  std::optional<AccountFields> fields;
  if (current.ok()) {
    fields = std::move(*current);
  } else if (current.error().retry == RetryClass::never) {
    task.mapping_failure =
        current.error().in(fmt::format("Asking the account for the fields of \"{}\"", task.object->key));
    return {};
  } else {
    // The read itself knows how to wait; whether the fields have changed is asked again with the next sync.
    parts_.logger.warning("the account could not be asked for its fields; those that were accepted count",
                          {{"object", task.object->key},
                           {"connection", ready.connection.settings.name},
                           {"reason", current.error().message}});
  }
  MappingService mappings({parts_.database, ready.tenant.id}, ready.connection.id, *task.object);
  DOVETAIL_TRY(task.mapping, mappings.state(fields));
  return dry_run ? Status() : mappings.keep(*task.mapping);
}

} // namespace dovetail::sync

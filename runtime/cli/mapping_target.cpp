// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/mapping_target.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/cli/app.hpp"
#include "runtime/cli/signals.hpp"

namespace dovetail::cli {

sync::MappingService MappedObject::mappings(store::Database& database) const {
  return {{database, tenant.id}, connection.id, *object};
}

Result<std::optional<sync::AccountFields>> MappedObject::ask_account(App& app) const {
  if (!object->discovery) {
    return std::optional<sync::AccountFields>();
  }
  DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
  Console& console = app.console();
  const StopSignals signals([&console] { console.note("Stopping."); });
  auto fields = service->account_fields(tenant, connection, object->key, signals.token());
  return fields.ok() ? std::move(fields)
                     : fields.error().in("asking the account for its fields (--offline does without)");
}

std::string MappedObject::place() const {
  return fmt::format("{} of {}: {}", connection.settings.name, tenant.name, object->key);
}

void ObjectOption::declare(Options& options, bool object_required) {
  options.value("tenant", tenant, "NAME", "Whose connection")->required();
  options.value("connection", connection, "NAME", "The connection")->required();
  auto* const named = options.value("object", object, "OBJECT",
                                    object_required ? "The provider's object" : "Only this object; default: all");
  if (object_required) {
    named->required();
  }
}

Result<std::vector<MappedObject>> ObjectOption::find_all(App& app) const {
  DOVETAIL_TRY(const store::TenantRecord owner, app.tenant(tenant));
  DOVETAIL_TRY(const store::ConnectionRecord record, app.connection(owner, connection));
  DOVETAIL_TRY(const manifest::Manifest* const provider, app.provider(record.settings.provider));
  DOVETAIL_TRY(const model::ModelRegistry* const models, app.models());
  std::vector<MappedObject> found;
  std::vector<std::string> keys;
  for (const manifest::Object& each : provider->objects) {
    keys.push_back(each.key);
    if (!object.empty() && each.key != object) {
      continue;
    }
    const model::Model* const model = models->find(each.model);
    if (model == nullptr) {
      return failed_precondition(
          fmt::format("the object \"{}\" goes to the local model \"{}\", which is not there", each.key, each.model));
    }
    found.push_back({owner, record, &each, model});
  }
  if (found.empty()) {
    return not_found(fmt::format("the provider {} has no object \"{}\"; it has {}", provider->provider_key, object,
                                 fmt::join(keys, ", ")));
  }
  return found;
}

Result<MappedObject> ObjectOption::find(App& app) const {
  DOVETAIL_TRY(auto found, find_all(app));
  return std::move(found.front());
}

} // namespace dovetail::cli

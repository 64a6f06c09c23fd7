// SPDX-License-Identifier: Apache-2.0
#include "core/sync/mapping_service.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/document.hpp"

namespace dovetail::sync {

Result<std::optional<store::MappingOverride>> MappingService::change() {
  return mappings_.find(connection_, object_.key);
}

Result<std::optional<AccountFields>> MappingService::accepted() {
  DOVETAIL_TRY(const auto stored, mappings_.accepted(connection_, object_.key));
  if (!stored) {
    return std::optional<AccountFields>();
  }
  DOVETAIL_TRY(AccountFields fields, account_fields_from_json(stored->fields));
  return std::optional<AccountFields>(std::move(fields));
}

Result<MappingState> MappingService::state(const std::optional<AccountFields>& current) {
  DOVETAIL_TRY(const auto stored, change());
  DOVETAIL_TRY(const auto before, accepted());
  return judge_mapping(object_, stored, before, current ? current : before);
}

Status MappingService::keep_fields(const std::optional<AccountFields>& current) {
  return current ? mappings_.accept(connection_, object_.key, to_json(*current)) : Status();
}

Status MappingService::keep(const MappingState& state) { return keep_fields(state.to_accept); }

Result<std::int64_t> MappingService::set(const model::Model& model, std::string_view body,
                                         const std::optional<AccountFields>& current) {
  DOVETAIL_TRY(const auto document, json::Document::parse(body, {.max_bytes = limits::max_mapping_bytes}));
  DOVETAIL_TRY(const auto before, accepted());
  DOVETAIL_TRY_STATUS(check_override(object_, model, document.root(), current ? current : before));
  DOVETAIL_TRY(const auto standing, change());
  DOVETAIL_TRY(const std::int64_t revision,
               mappings_.save(connection_, {.object = object_.key,
                                            .body = document.root().dump(),
                                            .mapping_schema_version = object_.mapping_schema_version,
                                            .field_signature_hash = object_.field_signature_hash,
                                            .revision = standing ? standing->revision : 0}));
  // Who names a field knows what it reads. What only the default mapping reads stays to be told.
  if (current) {
    DOVETAIL_TRY(const MappingState now, state(current));
    const bool settled = std::all_of(now.fields.begin(), now.fields.end(), [&document](const StaleField& field) {
      return field.kind != StaleField::Kind::missing &&
             (document.root()["fields"][std::string_view(field.field)].exists() ||
              document.root()[std::string_view(field.field)].exists());
    });
    if (settled) {
      DOVETAIL_TRY_STATUS(keep_fields(current));
    }
  }
  return revision;
}

Result<bool> MappingService::reset(const std::optional<AccountFields>& current) {
  DOVETAIL_TRY(const bool removed, mappings_.remove(connection_, object_.key));
  DOVETAIL_TRY(const MappingState now, state(current));
  DOVETAIL_TRY_STATUS(keep(now));
  return removed;
}

Status MappingService::accept(const model::Model& model, const std::optional<AccountFields>& current) {
  DOVETAIL_TRY(const MappingState now, state(current));
  const auto lost = std::find_if(now.fields.begin(), now.fields.end(),
                                 [](const StaleField& field) { return field.kind == StaleField::Kind::missing; });
  if (lost != now.fields.end()) {
    return failed_precondition(
        fmt::format("The mapping of \"{}\" cannot be accepted as it is: \"{}\" {}. Give the field another "
                    "source or null with `dovetail mapping set`.",
                    object_.key, lost->field, lost->what));
  }
  DOVETAIL_TRY(const auto standing, change());
  if (standing) {
    DOVETAIL_TRY([[maybe_unused]] const std::int64_t revision, set(model, standing->body, current));
  }
  return keep_fields(current);
}

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#include "core/model/model.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace dovetail::model {
namespace {

constexpr auto type_names = std::to_array<std::pair<FieldType, std::string_view>>({
    {FieldType::text, "text"},
    {FieldType::integer, "integer"},
    {FieldType::real, "real"},
    {FieldType::boolean, "boolean"},
    {FieldType::timestamp, "timestamp"},
    {FieldType::date, "date"},
    {FieldType::json, "json"},
});

constexpr auto policy_names = std::to_array<std::pair<PolicyKind, std::string_view>>({
    {PolicyKind::preserve_local, "preserve_local"},
    {PolicyKind::follow_source, "follow_source"},
    {PolicyKind::write_once, "write_once"},
});

} // namespace

std::string_view to_string(PolicyKind kind) noexcept {
  const auto* const found =
      std::find_if(policy_names.begin(), policy_names.end(), [kind](const auto& entry) { return entry.first == kind; });
  return found == policy_names.end() ? "preserve_local" : found->second;
}

std::optional<PolicyKind> policy_kind_from_name(std::string_view name) noexcept {
  const auto* const found = std::find_if(policy_names.begin(), policy_names.end(),
                                         [name](const auto& entry) { return entry.second == name; });
  return found == policy_names.end() ? std::nullopt : std::optional(found->first);
}

std::optional<PolicyKind> FieldPolicy::kind_from_name(std::string_view name) const noexcept {
  const auto alias =
      std::find_if(aliases.begin(), aliases.end(), [name](const auto& entry) { return entry.first == name; });
  return alias == aliases.end() ? policy_kind_from_name(name) : std::optional(alias->second);
}

std::string_view to_string(FieldType type) noexcept {
  const auto* const found =
      std::find_if(type_names.begin(), type_names.end(), [type](const auto& entry) { return entry.first == type; });
  return found == type_names.end() ? "text" : found->second;
}

std::optional<FieldType> field_type_from_name(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(type_names.begin(), type_names.end(), [name](const auto& entry) { return entry.second == name; });
  return found == type_names.end() ? std::nullopt : std::optional(found->first);
}

const Field* Model::find(std::string_view field) const noexcept {
  const auto index = index_of(field);
  return index ? &fields[*index] : nullptr;
}

std::optional<std::size_t> Model::index_of(std::string_view field) const noexcept {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [field](const Field& known) { return known.name == field; });
  return found == fields.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - fields.begin()));
}

const FieldPolicy* Model::find_policy(std::string_view field) const noexcept {
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [field](const FieldPolicy& policy) { return policy.field == field; });
  return found == policies.end() ? nullptr : &*found;
}

} // namespace dovetail::model

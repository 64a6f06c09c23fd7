// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/manifest/object.hpp"
#include "core/mapping/mapping.hpp"
#include "core/model/model.hpp"
#include "core/store/mapping_repository.hpp"
#include "core/sync/account_fields.hpp"

namespace dovetail::sync {

/// What a sync does with an object whose mapping no longer fits the provider's fields (SYNC-2).
enum class StaleMapping : std::uint8_t {
  block,    ///< its job fails and says which fields, until the mapping is corrected or accepted
  run_valid ///< it is read with what is still valid of the mapping, and the report says "partial"
};
[[nodiscard]] std::string_view to_string(StaleMapping choice) noexcept;
[[nodiscard]] std::optional<StaleMapping> stale_mapping_from_name(std::string_view name) noexcept;

/// One field of a mapping that reads what is not as it was.
struct StaleField {
  enum class Kind : std::uint8_t {
    missing, ///< what it reads is gone
    retyped, ///< it has another type
    renamed  ///< it is called something else, so it may mean something else; it can still be read
  };
  Kind kind = Kind::missing;
  std::string field; ///< the model's; "externalId", "sourceUpdatedAt", "inactiveWhen", "goneWhen"
  std::string what;  ///< the end of a sentence that begins with the field
};
[[nodiscard]] std::string_view to_string(StaleField::Kind kind) noexcept;

/// The mapping of one object of a connection as it stands now: default and override together, and how both fit the provider's fields.
struct MappingState {
  std::string text;       ///< the JSON of the whole
  mapping::Mapping valid; ///< the whole without the fields that cannot be read any more
  bool overridden = false;
  bool other_version = false;   ///< the override was made for another mappingSchemaVersion
  bool other_signature = false; ///< the override was made for other fields of the manifest
  /// One clause for each of the two.
  std::vector<std::string> reasons;
  std::vector<StaleField> fields;
  /// What is left cannot be used: the id of records is gone, a mark of those that are archived, a field that records are matched by, or every field.
  bool unusable = false;
  /// Set when the account has other fields than were accepted and no field of the mapping minds: to be accepted with the next sync.
  std::optional<AccountFields> to_accept;

  [[nodiscard]] bool stale() const noexcept { return !reasons.empty() || !fields.empty(); }
  /// "Mappings out of date: ..." with what to do; bounded.
  [[nodiscard]] std::string message() const;
};

/// Judges what is stored. `accepted` are the account's fields that the mapping was last in order with, `current` those that it has now; nullopt where
/// they are not known. Errors: invalid_argument when default or override are no mapping.
[[nodiscard]] Result<MappingState> judge_mapping(const manifest::Object& object,
                                                 const std::optional<store::MappingOverride>& change,
                                                 const std::optional<AccountFields>& accepted,
                                                 const std::optional<AccountFields>& current);

/// Checks an override before it is saved: its form, its names against the model, what it reads against the fields of the manifest and of the
/// account (`current`; nullopt: not known, so that only the manifest's word counts). The Error (invalid_argument) names the pointer.
[[nodiscard]] Status check_override(const manifest::Object& object, const model::Model& model,
                                    const json::Value& change, const std::optional<AccountFields>& current);

} // namespace dovetail::sync

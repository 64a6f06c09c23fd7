// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dovetail::model {

/// The types a column of a local model can have. SQLite: TEXT, INTEGER, REAL, INTEGER (0/1), TEXT (ISO 8601, UTC, always
/// milliseconds), TEXT (YYYY-MM-DD), TEXT. PostgreSQL: text, bigint, double precision, boolean, timestamptz, date, jsonb.
enum class FieldType : std::uint8_t { text, integer, real, boolean, timestamp, date, json };
[[nodiscard]] std::string_view to_string(FieldType type) noexcept;
[[nodiscard]] std::optional<FieldType> field_type_from_name(std::string_view name) noexcept;

/// One declared column.
struct Field {
  std::string name; ///< snake_case, also the SQL column
  FieldType type = FieldType::text;
  std::string description;
  bool pii = false; ///< redacted in samples and logs
};

/// A condition on a row of another model, for `min_of`. Null differs from every text and every field: it passes not_equals and
/// not_equals_field, and never equals.
struct Condition {
  enum class Kind : std::uint8_t { equals, not_equals, is_null, is_not_null, not_equals_field };
  std::string field; ///< of the other model
  Kind kind = Kind::equals;
  std::string value; ///< for equals and not_equals: the text; for not_equals_field: a field of this model
};

/// A column that follows from other columns or rows; the store computes it for the rows that a sync touched.
struct DerivedField {
  enum class Kind : std::uint8_t { seconds_between, min_of };
  Field field;
  Kind kind = Kind::seconds_between;
  // seconds_between: to - from in whole seconds; null when either is; an earlier derived field may be named.
  std::string from;
  std::string to;
  // min_of: the least `of_field` among the rows of `of_model` (same tenant and connection) whose `of_key` equals this row's `key`.
  std::string of_model;
  std::string of_field;
  std::string of_key;
  std::string key;
  std::vector<Condition> where;
};

/// What becomes of a field that people may change here while the provider has a value of its own for it (SYNC-1).
enum class PolicyKind : std::uint8_t {
  preserve_local, ///< follows the provider until somebody changes it here; equal or empty, it follows again
  follow_source,  ///< is what the provider says, whatever was written here
  write_once      ///< takes the first value that the provider has, and is ours from then on
};
[[nodiscard]] std::string_view to_string(PolicyKind kind) noexcept;
[[nodiscard]] std::optional<PolicyKind> policy_kind_from_name(std::string_view name) noexcept;

/// A field that is ours, the field that a mapping fills with the provider's value, and the one that says which policy ran last and how
/// the two stand to each other: "<policy>:in_sync", "<policy>:diverged", or "write_once:waiting" while the provider has no value yet.
/// All three are texts.
struct FieldPolicy {
  std::string field;
  std::string source;
  std::string state;
  PolicyKind otherwise = PolicyKind::preserve_local; ///< where no rule chooses
  std::string rule_key; ///< a rule may say it at its top level under this name; empty: only in "fieldPolicies"
  std::vector<std::pair<std::string, PolicyKind>> aliases; ///< further names of policies, for rules

  /// By its own name or an alias.
  [[nodiscard]] std::optional<PolicyKind> kind_from_name(std::string_view name) const noexcept;
};

/// A local model: becomes one typed table. Besides the declared fields every table has tenant_id, id, provider, connection_id,
/// external_id, source_updated_at, content_hash, state ("active", "inactive"), created_at, updated_at.
struct Model {
  std::string name; ///< singular, snake_case; also the SQL table
  std::string label;
  int version = 1;
  std::vector<Field> fields;
  std::vector<DerivedField> derived; ///< in the order in which they are computed
  std::vector<FieldPolicy> policies; ///< at most one for each field
  /// Columns that get an index behind (tenant_id, ...).
  std::vector<std::vector<std::string>> indexes;

  [[nodiscard]] const Field* find(std::string_view field) const noexcept;
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view field) const noexcept;
  /// The policy that makes `field` local; nullptr when none does.
  [[nodiscard]] const FieldPolicy* find_policy(std::string_view field) const noexcept;
};

} // namespace dovetail::model

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/model_table.hpp"

namespace dovetail::store {

/// How derived fields become SQL. seconds_between is a generated column: the database itself keeps it true. min_of is a column
/// that the page writer and the sweep compute anew, in their own transactions, for each row whose answer may have changed: rows written
/// themselves, and rows whose key a written row of the other model carries or carried before. Only active rows of the other model
/// count. Content hashes know nothing of derived fields, so they never make a record look changed.

/// Checks that a derived field's operands exist and that their types fit: seconds_between is an integer of two timestamps or
/// dates; min_of's type is that of `of_field`; keys are of one type, text or integer; what min_of looks at in the other model is declared there.
[[nodiscard]] Status check_derived(const model::Model& model, const model::DerivedField& derived,
                                   std::span<const TableSpec> models);

/// An expression over the columns of one row: whole seconds from `from` to `to`, cut towards zero; null when either is.
[[nodiscard]] std::string seconds_between_expression(const model::Model& model, const model::DerivedField& derived,
                                                     Dialect dialect);

/// A min_of field with all the SQL that keeps it true. In the statements ?1 / $1 is the tenant and ?2 / $2 the new updated_at.
struct MinOf {
  const model::Model* model = nullptr;    ///< that has the field
  const model::Model* of_model = nullptr; ///< whose rows it looks at
  const model::DerivedField* derived = nullptr;
  model::FieldType key_type = model::FieldType::text;
  /// Computes it for rows of `model`: SQLite for one id in ?3, PostgreSQL for an array of ids in $3.
  std::string by_id;
  /// SQLite only: a row when the value of the row ?2 is not what it should be. Much cheaper than by_id, for which SQLite makes a table.
  std::string differs_by_id;
  /// SQLite only: a row when the tenant ?1 has any rows that the field could look at.
  std::string any_other;
  /// The same for the rows with this key: the connection in ?3 / $3, SQLite one key in ?4, PostgreSQL an array of keys in $4.
  std::string by_key;
  /// Computes it for all rows there are; no parameters but $1 / ?1, the new updated_at.
  std::string all;
};

/// The min_of fields of `model` itself, and those of other models that look at `model`.
[[nodiscard]] std::vector<MinOf> min_of_fields(const model::Model& model, std::span<const TableSpec> models,
                                               Dialect dialect);
[[nodiscard]] std::vector<MinOf> min_of_fields_over(const model::Model& model, std::span<const TableSpec> models,
                                                    Dialect dialect);

/// The fields of `model` by which some min_of finds its rows, on either side: each needs an index.
[[nodiscard]] std::vector<std::string> derived_key_fields(const model::Model& model, std::span<const TableSpec> models);

/// The rule of a derived field as one line, for model_version: equal lines mean equal values.
[[nodiscard]] std::string describe(const model::DerivedField& derived);

} // namespace dovetail::store

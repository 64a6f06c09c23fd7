// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

/// A set of fields by which a record without a link is matched to a row that is already there; see ObjectTarget::match_by.
using MatchRule = std::vector<std::string>;

/// One local model that is to have a table.
struct TableSpec {
  const model::Model* model = nullptr; ///< never null; outlives the call
  /// The match rules of all objects that fill this model: each gets an index, so that matching costs a probe.
  std::vector<MatchRule> match_by;
};

/// What a column of a model's table is.
struct TableColumn {
  enum class Origin : std::uint8_t {
    own,       ///< every table has it (tenant_id, id, state ...)
    declared,  ///< a field of the model, written from records
    generated, ///< a derived field that the database itself computes from the same row (seconds_between)
    computed   ///< a derived field that the store computes from other rows (min_of)
  };
  std::string name;
  model::FieldType type = model::FieldType::text;
  bool nullable = true;
  Origin origin = Origin::declared;
};

/// The columns of a model's table in the order of the table: tenant_id, id, provider, connection_id, external_id, the declared fields,
/// the derived fields, source_updated_at, content_hash, state, created_at, updated_at.
[[nodiscard]] std::vector<TableColumn> table_columns(const model::Model& model);

/// `identifier` in double quotes: the only way a name from a model enters SQL.
[[nodiscard]] std::string quoted(std::string_view identifier);
/// `text` as an SQL string literal of either dialect.
[[nodiscard]] std::string sql_literal(std::string_view text);
/// The SQL type of a field, e.g. "bigint".
[[nodiscard]] std::string_view sql_type(model::FieldType type, Dialect dialect) noexcept;

/// Checks all that the SQL of a table relies on: names are snake_case of at most 48 bytes, unique and none of the table's own;
/// derived fields, indexes and match rules name fields that exist and whose types fit. `models` are all the models there are.
[[nodiscard]] Status check_tables(std::span<const TableSpec> models);

/// The statements that create the table of `spec` in an empty database, in order. `models` as for check_tables().
[[nodiscard]] std::vector<std::string> create_statements(const TableSpec& spec, std::span<const TableSpec> models,
                                                         Dialect dialect);

namespace detail {

/// `column` (an SQL expression) as match rules compare it: texts without regard to the case of ASCII letters.
[[nodiscard]] std::string match_operand(std::string_view column, model::FieldType type, Dialect dialect);
/// The indexes of a table, each CREATE INDEX IF NOT EXISTS: declared ones, those of match rules and of derived fields' keys.
[[nodiscard]] std::vector<std::string> index_statements(const TableSpec& spec, std::span<const TableSpec> models,
                                                        Dialect dialect);
[[nodiscard]] std::string add_column_statement(const TableColumn& column, const model::Model& model, Dialect dialect);

} // namespace detail

/// Makes the tables of all `models` fit their declarations: creates those that are missing, adds columns and indexes that are new,
/// builds derived columns anew whose rule changed, and records each model's declaration in model_version. All in one transaction
/// under the migration lock, so several programs may start at once; costs one query a model when nothing is to do.
/// failed_precondition, and nothing is changed, when a model lost a field or gave one another type, when the database holds a newer
/// version of a model, or when a model's name is taken by another table.
[[nodiscard]] Status ensure_tables(Database& database, std::span<const TableSpec> models);

} // namespace dovetail::store

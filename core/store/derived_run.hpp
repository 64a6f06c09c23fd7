// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/store/derived.hpp"

/// Runs the statements of min_of fields, for the page writer and the sweep. Private to core/store.
namespace dovetail::store::detail {

class PostgresPipeline;
class SqliteStatements;

/// A value by which a min_of finds rows: text or integer, never null.
struct Key {
  std::string text;
  std::int64_t integer = 0;
  friend auto operator<=>(const Key&, const Key&) = default;
};
/// For each of some min_of fields its keys.
using Keys = std::vector<std::vector<Key>>;
/// Each key once.
void sort_keys(Keys& keys);

/// The min_of fields of other models over one model.
struct DerivedOver {
  std::vector<MinOf> fields;
  std::string
      read_keys; ///< "" when there are no fields. SQLite: tenant and an id; PostgreSQL: tenant and an array of ids
};
[[nodiscard]] DerivedOver derived_over(const model::Model& model, std::span<const TableSpec> models, Dialect dialect);

/// Adds the keys that these rows of the model have now.
[[nodiscard]] Status read_keys(SqliteStatements& statements, const DerivedOver& over, std::int64_t tenant,
                               std::span<const std::int64_t> rows, Keys& keys);
/// The same; `keys` is filled when the pipeline is synced, and lives until then.
void send_read_keys(PostgresPipeline& pipeline, const DerivedOver& over, std::int64_t tenant,
                    std::span<const std::int64_t> rows, Keys& keys);

/// Computes the fields for the rows of other models that have one of these keys.
[[nodiscard]] Status compute_by_key(SqliteStatements& statements, const DerivedOver& over, std::int64_t tenant,
                                    std::int64_t connection, Timestamp now, const Keys& keys);
void send_compute_by_key(PostgresPipeline& pipeline, const DerivedOver& over, std::int64_t tenant,
                         std::int64_t connection, Timestamp now, const Keys& keys);

} // namespace dovetail::store::detail

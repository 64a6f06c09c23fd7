// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"
#include "settings.hpp"

namespace dovetail::monday {

/// In a record a column stands under "col_" and its name, as an array of one value: "/col_status/0/label". The name is the column's id, or what
/// the connection's config calls it; so one mapping fits boards whose ids differ.
inline constexpr std::string_view column_prefix = "col_";

/// Whether a column of that name can stand in a query (GraphQL allows letters, digits and "_").
[[nodiscard]] bool is_column_name(std::string_view name) noexcept;

/// What a query asks of each item: what the mapping wants and nothing else, because every field costs complexity.
class Selection {
public:
  /// `pointers`: what the mapping reads; none: every field of an item, and the columns that the config names, whole.
  [[nodiscard]] static sdk::Result<Selection> make(const std::vector<std::string_view>& pointers,
                                                   const Settings& settings);

  /// The selection set of an item on that board, without its braces. Always has id, created_at and updated_at.
  [[nodiscard]] std::string item_fields(const Settings& settings, std::string_view board) const;
  /// Names of the columns that are asked for.
  [[nodiscard]] std::vector<std::string> columns() const;

private:
  [[nodiscard]] sdk::Status add(std::string_view pointer);

  std::set<std::string, std::less<>> fields_;
  /// Name -> fields of the column's value; "" among them: all.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> columns_;
  bool listed_columns_ = false; ///< the mapping searches "/column_values" itself
};

/// The fields of a scalar kind that a mapping asks of a board or a user: those of `known` that stand in `pointers` (none: all), and always "id".
[[nodiscard]] std::string scalar_fields(const std::vector<std::string_view>& pointers,
                                        const std::vector<std::string_view>& known);

/// What a column of one type holds beside id, type, text and value.
struct ColumnField {
  std::string_view name;
  std::string_view selection; ///< as it stands in a query
  std::string_view type;      ///< of a mapping's field
};
/// The typed fields of a column type ("status"), the most useful first; none for types that have only text and value.
[[nodiscard]] std::vector<ColumnField> typed_fields(std::string_view column_type);

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::odoo {

/// A field of a model as fields_get describes it: "char", "many2one", "boolean" and so on.
struct Field {
  std::string name;
  std::string type;
};

/// A field's value as either protocol gives it.
struct Cell {
  enum class Kind : std::uint8_t { absent, boolean, integer, real, text, pair, json };
  Kind kind = Kind::absent;
  bool flag = false;
  std::int64_t integer = 0; ///< a pair's id too
  double real = 0;
  std::string text; ///< a pair's name; for `json` the JSON text
};

/// One record: cells in the order of the query's fields.
struct Row {
  std::int64_t id = 0;
  std::vector<Cell> cells;
};

/// One value of the XML-RPC data model.
struct Value {
  enum class Kind : std::uint8_t { nil, boolean, integer, real, text, array, structure };
  Kind kind = Kind::nil;
  bool flag = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<Value> items;       ///< of an array, and the values of a structure's members
  std::vector<std::string> names; ///< of a structure's members, beside `items`

  /// The member of that name; nullptr when there is none.
  [[nodiscard]] const Value* member(std::string_view name) const noexcept;
};

/// `text` without the control characters that XML cannot hold: XML-RPC leaves them out, so JSON-2 must not tell more.
[[nodiscard]] std::string printable(std::string_view text);

[[nodiscard]] Cell cell_of(const Value& value, const Field& field);

/// Writes one record as a JSON object: the id and each field by its name. Odoo says `false` for every empty value; for all types but
/// boolean that becomes null. A many2one stays the pair [id, name].
void write_record(sdk::JsonWriter& json, const std::vector<Field>& fields, const Row& row);

} // namespace dovetail::odoo

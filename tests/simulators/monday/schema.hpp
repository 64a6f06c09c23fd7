// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulators/monday/graphql.hpp"

namespace dovetail::simulators::monday {

struct FieldType {
  std::string type;                      ///< as in the schema: "[Item!]", "String!"
  std::map<std::string, bool> arguments; ///< name -> required

  /// Without brackets and "!".
  [[nodiscard]] std::string_view base() const noexcept;
};

/// The part of the schema of version 2026-10 that is simulated: what the fact sheet of the API lists.
[[nodiscard]] const FieldType* find_field(std::string_view type, std::string_view field);
/// Whether objects of `type` come under `condition`: the same type, or the interface ColumnValue over its types.
[[nodiscard]] bool is_a(std::string_view type, std::string_view condition);
[[nodiscard]] bool is_object(std::string_view type);

/// Checks names, arguments and selection sets of the whole document, and that fragments that are merged agree (GraphQL, "Field Selection
/// Merging"). The message is worded as graphql-js words it.
[[nodiscard]] Status validate(const Document& document);

/// The fields that an object of `type` has to answer, in their order: fragments resolved, equal answers merged.
[[nodiscard]] std::vector<Selection> collect(const Document& document, const std::vector<Selection>& selections,
                                             std::string_view type);

} // namespace dovetail::simulators::monday

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "board_columns.hpp"

namespace dovetail::monday {

/// Writes what a person or program gave for a column ("High", 42.5, ["Ann"], "2026-04-25T10:00:00Z", null) in the shape that the API takes for the
/// column's type, as one value. Errors: invalid_argument, which names the column and what it takes; failed_precondition for a type that the API
/// works out itself.
[[nodiscard]] sdk::Status write_column(sdk::Context& context, const BoardColumn& column, const sdk::JsonValue& given,
                                       sdk::JsonWriter& out);

} // namespace dovetail::monday

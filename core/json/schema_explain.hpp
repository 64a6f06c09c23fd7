// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/schema.hpp"

namespace dovetail::json::detail {

/// The parts of a schema that speak about the value at the end of `steps`, whichever of its alternatives apply.
[[nodiscard]] std::vector<Value> subschemas_at(const Value& schema, const Value& document,
                                               const std::vector<std::string>& steps);

/// What a validator's `description` of a failure at `value` means, in words for people; nullopt for one that only repeats that
/// something below or beside it failed.
[[nodiscard]] std::optional<std::string> explain(std::string_view description, const std::vector<Value>& subschemas,
                                                 const Value& value, ShowValues show);

/// A short form of a value: scalars as they are (cut to 60 bytes), "an object", "an array of 3".
[[nodiscard]] std::string brief(const Value& value, ShowValues show);

/// The target of a "$ref" within `schema`; missing when it leads elsewhere.
[[nodiscard]] Value resolve_reference(const Value& schema, std::string_view reference);

} // namespace dovetail::json::detail

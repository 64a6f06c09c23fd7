// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "settings.hpp"

namespace dovetail::monday {

/// Tells the fields of an item, and for each board that feeds `object` (the scope) those of its columns, by every name that a mapping may use.
[[nodiscard]] sdk::Status discover_fields(sdk::Context& context, const Settings& settings, std::string_view object,
                                          sdk::Fields& fields);

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.hpp"

namespace dovetail::monday {

/// create_item, update_item and create_webhook. Values of columns are given as people write them; the board says in which shape each goes out.
[[nodiscard]] sdk::Status invoke_action(sdk::Context& context, const Settings& settings,
                                        const sdk::ActionRequest& request, sdk::ActionResult& result);

/// The host's key in the form that the API wants: a UUID, the same for the same key.
[[nodiscard]] std::string uuid_of(std::string_view key);

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "api.hpp"

namespace dovetail::monday {

struct Refusal {
  sdk::Error error;
  Trouble trouble = Trouble::none;
};

/// What an answer's body says went wrong, in the present form (errors[].extensions.code) and in the one before 2025-01 (error_code, or errors as
/// texts); nullopt when it tells no error.
[[nodiscard]] std::optional<Refusal> refusal_in(const sdk::Context& context, const sdk::Response& response,
                                                const sdk::Json& body, std::string_view what);

} // namespace dovetail::monday

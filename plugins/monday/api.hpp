// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::monday {

/// Answers that are no success but tell the plugin how to go on.
enum class Trouble : std::uint8_t {
  none,
  cursor_gone, ///< the cursor is older than the API keeps it: begin the listing anew
  too_complex, ///< the query costs more than any query may: ask for less
};

/// A query's answer. With `trouble` the body holds nothing to read, and `error` says what there is to say about it.
struct Answer {
  sdk::Response response;
  sdk::Json body;
  Trouble trouble = Trouble::none;
  sdk::Error error = {};
};

/// Sends one GraphQL document. `variables` is a JSON object. An answer under status 200 that holds errors is an Error (or Trouble), also when
/// data came with it: partial data is never taken for a page.
[[nodiscard]] sdk::Result<Answer> ask(sdk::Context& context, std::string_view document, std::string_view variables,
                                      std::string_view what);
/// The same where trouble is an error like any other.
[[nodiscard]] sdk::Result<Answer> ask_plainly(sdk::Context& context, std::string_view document,
                                              std::string_view variables, std::string_view what);
/// A change by the root field `field`, which asks for the "id" of what it changed: where that came back the change was made, whatever else went
/// wrong. `idempotency_key` is sent along: within half an hour the API answers a second attempt with the first one's result.
[[nodiscard]] sdk::Result<Answer> change(sdk::Context& context, std::string_view document, std::string_view variables,
                                         std::string_view idempotency_key, std::string_view field,
                                         std::string_view what);

/// What every query asks besides its data: what it cost, and what is left of the minute.
inline constexpr std::string_view complexity_fields = "complexity{query before after reset_in_x_seconds} ";

struct Complexity {
  std::int64_t query = 0;
  std::int64_t after = 0;
  std::chrono::seconds reset{0};
};
/// nullopt where the answer does not tell.
[[nodiscard]] std::optional<Complexity> complexity_of(const sdk::Json& body);

/// A string as GraphQL writes one, with its quotes.
[[nodiscard]] std::string quoted(std::string_view text);

} // namespace dovetail::monday

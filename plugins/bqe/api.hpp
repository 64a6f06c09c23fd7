// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dovetail/sdk/sdk.hpp"
#include "settings.hpp"

namespace dovetail::bqe {

/// The Error of an answer that is no success. The service says business rules with 409 and a key: a missing permission, a stale version.
[[nodiscard]] sdk::Error error_of(const Settings& settings, const sdk::Response& response, std::string_view what);

/// One page of a list as it came; none of `json` and `response` is there for an empty one.
struct ListAnswer {
  std::optional<sdk::Response> response;
  std::optional<sdk::Json> json;
  std::string pointer; ///< where the rows stand
};

/// Sends a GET for a list. Errors: those of error_of; data_loss (transient) for a partial answer (207) or one that holds no list.
[[nodiscard]] sdk::Result<ListAnswer> get_list(const sdk::Context& context, const Settings& settings,
                                               const sdk::Url& url, std::string_view what);

/// "<field><operator>'<literal>'" of a filter.
[[nodiscard]] std::string at_or_after(const Settings& settings, std::string_view field, std::string_view literal);
/// An instant as the filters take it: whole seconds, rounded down, without a zone.
[[nodiscard]] std::string literal_of(sdk::Timestamp time);

} // namespace dovetail::bqe

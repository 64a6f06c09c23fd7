// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/output.hpp"

#include "core/base/time.hpp"

namespace dovetail::cli {

Cell time_cell(const std::optional<Timestamp>& time) { return time ? Cell(format_iso8601(*time)) : Cell(nullptr); }

Cell text_cell(std::string text) { return text.empty() ? Cell(nullptr) : Cell(std::move(text)); }

} // namespace dovetail::cli

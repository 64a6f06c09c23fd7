// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/output.hpp"

#include <charconv>

#include "core/base/time.hpp"

namespace dovetail::cli {

Result<JobId> parse_job_id(std::string_view text) {
  JobId id;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id.value);
  if (error != std::errc() || end != text.data() + text.size() || !id.valid()) {
    return invalid_argument("a job is named by its number, as `dovetail job list` shows it");
  }
  return id;
}

Cell time_cell(const std::optional<Timestamp>& time) { return time ? Cell(format_iso8601(*time)) : Cell(nullptr); }

Cell text_cell(std::string text) { return text.empty() ? Cell(nullptr) : Cell(std::move(text)); }

} // namespace dovetail::cli

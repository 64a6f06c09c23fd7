// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/json/writer.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/cli/table.hpp"

namespace dovetail::cli {

/// An id as programs get it: text, since JSON readers that keep numbers as doubles would round it.
template <typename Id> [[nodiscard]] std::string id_text(const Id& id) { return std::to_string(id.value); }

/// The job that an argument names. Errors: invalid_argument, with where such numbers are to be found.
[[nodiscard]] Result<JobId> parse_job_id(std::string_view text);

/// null or the instant.
[[nodiscard]] Cell time_cell(const std::optional<Timestamp>& time);
/// null when it is empty.
[[nodiscard]] Cell text_cell(std::string text);

/// The option --json that every listing has.
struct JsonOption {
  bool json = false;

  void declare(Options& options) { options.flag("json", json, "Print JSON"); }
  [[nodiscard]] Format format() const noexcept { return json ? Format::json : Format::table; }
};

} // namespace dovetail::cli

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/json/writer.hpp"
#include "core/sync/sync_options.hpp"
#include "runtime/cli/console.hpp"

namespace dovetail::cli {

/// A connection whose sync could not begin.
struct FailedConnection {
  std::string tenant;
  std::string provider;
  std::string connection;
  Error error;
};

/// What came of a sync of one or many connections.
struct SyncOutcome {
  bool dry_run = false;
  std::vector<sync::ObjectReport> objects;
  std::vector<FailedConnection> connections;

  [[nodiscard]] bool ok() const noexcept;
  [[nodiscard]] sync::SyncCounts total() const;
};

/// The table by tenant and object with a total below, then what went wrong, on standard error.
void print_outcome(Console& console, const SyncOutcome& outcome);
/// The same as one JSON object.
void write_outcome(json::Writer& writer, const SyncOutcome& outcome);

/// Writes what a dry run of one connection found (SYNC-12) to <directory>/<tenant>/<provider>_integration_report_<connection>.json, replacing an
/// older one as a whole, and returns the file. `reports` are those of that connection, at least one. Errors: unavailable.
[[nodiscard]] Result<std::filesystem::path> write_dry_run_report(const std::filesystem::path& directory,
                                                                 const std::vector<sync::ObjectReport>& reports,
                                                                 Timestamp now, const Console& console);

} // namespace dovetail::cli

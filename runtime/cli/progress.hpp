// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "core/sync/sync_options.hpp"
#include "runtime/cli/console.hpp"

namespace dovetail::cli {

/// "[====>     ]": `done` of `total` in `width` columns with the brackets.
[[nodiscard]] std::string progress_bar(std::size_t done, std::size_t total, std::size_t width);

/// Shows on the status line how many objects are done and what is being read. Nothing where that is no terminal. Calls come one at a time.
class SyncProgress final : public sync::ProgressListener {
public:
  /// `objects`: how many there will be. `line` must outlive it.
  SyncProgress(StatusLine& line, std::size_t objects) : line_(line), objects_(objects) {}
  ~SyncProgress() override { line_.clear(); }
  SyncProgress(const SyncProgress&) = delete;
  SyncProgress& operator=(const SyncProgress&) = delete;
  SyncProgress(SyncProgress&&) = delete;
  SyncProgress& operator=(SyncProgress&&) = delete;

  void object_started(const sync::ObjectReport& report) override { show(report); }
  void page_done(const sync::ObjectReport& report) override { show(report); }
  void object_finished(const sync::ObjectReport& report) override;

private:
  void show(const sync::ObjectReport& report);

  StatusLine& line_;
  const std::size_t objects_;
  std::size_t done_ = 0;
};

} // namespace dovetail::cli

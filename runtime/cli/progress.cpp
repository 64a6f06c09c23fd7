// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/progress.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace dovetail::cli {
namespace {

constexpr std::size_t bar_width = 22;

} // namespace

std::string progress_bar(std::size_t done, std::size_t total, std::size_t width) {
  const std::size_t inner = std::max<std::size_t>(width, 3) - 2;
  const std::size_t filled = total == 0 ? inner : inner * std::min(done, total) / total;
  std::string bar = "[" + std::string(filled, '=') + std::string(inner - filled, ' ') + "]";
  if (filled < inner) {
    bar[filled + 1] = '>';
  }
  return bar;
}

void SyncProgress::object_finished(const sync::ObjectReport& report) {
  ++done_;
  show(report);
}

void SyncProgress::show(const sync::ObjectReport& report) {
  if (line_.enabled()) {
    line_.show(fmt::format("{} {}/{}  {}/{} {}: {} records, {} requests", progress_bar(done_, objects_, bar_width),
                           done_, objects_, report.tenant, report.connection, report.object, report.counts.fetched,
                           report.counts.requests));
  }
}

} // namespace dovetail::cli

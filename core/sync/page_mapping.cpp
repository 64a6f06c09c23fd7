// SPDX-License-Identifier: Apache-2.0
#include "core/sync/page_mapping.hpp"

#include <utility>

namespace dovetail::sync {
namespace {

mapping::Scalar::Kind scalar_kind(json::Kind kind) {
  switch (kind) {
  case json::Kind::boolean:
    return mapping::Scalar::Kind::boolean;
  case json::Kind::integer:
  case json::Kind::real:
    return mapping::Scalar::Kind::number;
  case json::Kind::string:
    return mapping::Scalar::Kind::string;
  default:
    return mapping::Scalar::Kind::null;
  }
}

std::vector<mapping::Constant> constants_of(const plugin::PageRecords& records) {
  std::vector<mapping::Constant> constants;
  constants.reserve(records.constants.size());
  for (const auto& constant : records.constants) {
    constants.push_back({.name = constant.name, .kind = scalar_kind(constant.kind), .text = constant.text});
  }
  return constants;
}

} // namespace

void PageMapping::collect(const mapping::PageStats& stats, SyncCounts& counts) {
  // The rows themselves are counted where they are stored.
  const auto lost = static_cast<std::int64_t>(stats.failed);
  const auto passed_over = static_cast<std::int64_t>(stats.null_rows + stats.duplicates + stats.children);
  counts.failed += lost;
  counts.skipped += passed_over;
  counts.skipped_children += static_cast<std::int64_t>(stats.children);
  counts.fetched += lost + passed_over;
  for (const auto& error : stats.errors) {
    counts.field_errors += static_cast<std::int64_t>(error.count);
    auto& known = errors_[error.field];
    known.field = error.field;
    known.count += error.count;
    for (const auto& sample : error.samples) {
      if (known.samples.size() < mapping::max_samples) {
        known.samples.push_back(sample);
      }
    }
  }
}

Status PageMapping::map(const std::vector<plugin::PageRecords>& records, SyncCounts& counts) {
  used_ = 0;
  while (rows_.size() < records.size()) {
    rows_.push_back(std::make_unique<mapping::PageRows>());
  }
  for (const auto& part : records) {
    const auto constants = constants_of(part);
    const std::string_view body = part.body->bytes();
    auto stats = mapper_->map({.data = body.data(), .size = body.size()}, part.pointer, constants, *rows_[used_]);
    if (!stats.ok()) {
      Error error = data_loss("The provider's answer cannot be read: " + stats.error().message);
      error.retry = RetryClass::transient;
      return error;
    }
    collect(*stats, counts);
    ++used_;
  }
  return {};
}

void PageMapping::keep_wanted(const RowFilter& filter, SyncCounts& counts) {
  if (!filter.checks_anything()) {
    return;
  }
  for (std::size_t i = 0; i < used_; ++i) {
    auto& rows = *rows_[i];
    const auto dropped = static_cast<std::int64_t>(
        rows.keep_if([&](std::size_t row) { return filter.wants(std::as_const(rows).row(row)); }));
    counts.fetched += dropped;
    counts.skipped += dropped;
  }
}

} // namespace dovetail::sync

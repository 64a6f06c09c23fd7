// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/store/page_writer_plan.hpp"

namespace dovetail::store::detail {

/// The records of a page as they are before the database is asked: each external id once, the last one counting, and what was
/// seen under which page key. Reused from page to page. Private to core/store.
class PageRecords {
public:
  /// Takes a page's records in place of those before. They are views: the page's rows outlive the use of this object.
  /// Errors: invalid_argument when a bound is exceeded or the rows have other columns than the plan.
  [[nodiscard]] Status collect(const ObjectPlan& plan, const PageWrite& page);

  [[nodiscard]] const std::vector<Incoming>& records() const noexcept { return records_; }
  [[nodiscard]] std::span<const SeenPage> seen() const noexcept { return seen_; }
  /// What is known already: records without a usable id, and those that come again later.
  [[nodiscard]] const PageOutcome& outcome() const noexcept { return outcome_; }

private:
  void collect_batch(const RecordBatch& batch, SeenPage& seen);

  std::vector<Incoming> records_;
  std::vector<SeenPage> seen_;
  PageOutcome outcome_;
  std::vector<std::uint32_t> slots_; // open addressing over records_ by external id; 0 = free, else index + 1
};

/// internal when a cell has a kind that its field's type does not take. Whoever reads a record's cells calls this before; those of records that have
/// not changed are never read.
[[nodiscard]] Status check_cells(const ObjectPlan& plan, const Incoming& record);

} // namespace dovetail::store::detail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/derived_run.hpp"
#include "core/store/page_writer_plan.hpp"
#include "core/store/sweep.hpp"
#include "core/store/transaction.hpp"

/// The parts of a sweep that look at every link, in the drivers' own calls. Private to core/store.
namespace dovetail::store::detail {

struct SweepLink {
  std::string external_id;
  std::uint64_t external_hash = 0;
  std::int64_t row_id = 0;
};

/// What a sweep knows besides its request.
struct SweepPlan {
  const SweepRequest* request = nullptr;
  DerivedOver over;       ///< derived fields of other models over this one
  std::string state_rows; ///< sets the state of rows without another active link
};
[[nodiscard]] SweepPlan make_sweep_plan(const SweepRequest& request, Dialect dialect);

/// The next active links of the object behind `after`, by external id; fewer than `limit` at the end.
[[nodiscard]] Status scan_links(ReadSession& session, const SweepPlan& plan, std::string_view after, std::size_t limit,
                                std::vector<SweepLink>& links);
/// Takes the state "active" from these links and their rows, and computes what is derived from them.
[[nodiscard]] Status remove_links(Transaction& transaction, const SweepPlan& plan, std::span<const SweepLink> links,
                                  RowState state, Timestamp now);

} // namespace dovetail::store::detail

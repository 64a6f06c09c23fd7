// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/mapping/mapping.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"
#include "core/sync/rule.hpp"

namespace dovetail::sync {

/// `mapping` with those of its fields that are read from `selected` (pointers of the catalogue, with all that stands below them) alone, and those
/// in `always`. What identifies a record, dates it or marks it as inactive stays in any case. An empty selection is no selection.
[[nodiscard]] mapping::Mapping select_fields(mapping::Mapping mapping, std::span<const std::string> selected,
                                             std::span<const std::string> always);

/// Takes out of `mapping` what is ours by a policy whose source it fills, and returns those fields (without their states).
[[nodiscard]] std::vector<std::string> drop_local_fields(mapping::Mapping& mapping, const model::Model& model);

/// The side of a rule's filters that is checked here, on mapped fields, whatever the provider sent (SYNC-1). Immutable.
class RowFilter {
public:
  RowFilter() = default;
  /// `columns`: those of the rows. A filter over a place that no field is filled from as it is cannot be checked here.
  RowFilter(const std::vector<RuleFilter>& filters, const mapping::Mapping& mapping, const model::Model& model,
            std::span<const std::uint16_t> columns);

  [[nodiscard]] bool wants(std::span<const mapping::Cell> cells) const;
  [[nodiscard]] bool checks_anything() const noexcept { return !checks_.empty(); }
  /// Pointers of the filters that only the provider can apply.
  [[nodiscard]] const std::vector<std::string>& unchecked() const noexcept { return unchecked_; }

private:
  struct Check {
    std::size_t cell = 0;
    std::vector<mapping::Scalar> values;
  };
  std::vector<Check> checks_;
  std::vector<std::string> unchecked_;
};

} // namespace dovetail::sync

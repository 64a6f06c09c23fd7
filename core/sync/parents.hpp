// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/sync/position.hpp"

namespace dovetail::sync {

/// A row below which children are read.
struct ParentRow {
  ParentKey key;
  /// {"external_id": "...", and the fields that the manifest hands to the plugin}
  std::string json;
};

/// Where the parents of one object come from. Used by one thread.
class ParentSource {
public:
  ParentSource() = default;
  ParentSource(const ParentSource&) = delete;
  ParentSource& operator=(const ParentSource&) = delete;
  ParentSource(ParentSource&&) = delete;
  ParentSource& operator=(ParentSource&&) = delete;
  virtual ~ParentSource() = default;

  /// Up to `limit` parents with an external id behind `after`, in the order of the external ids' bytes. Mode "each": all that are active;
  /// mode "changed": those in the work queue.
  [[nodiscard]] virtual Result<std::vector<ParentRow>> behind(std::string_view after, std::size_t limit) = 0;
  /// The rows of these keys as they are now; one that is gone is left out.
  [[nodiscard]] virtual Result<std::vector<ParentRow>> rows(std::span<const ParentKey> keys) = 0;
  /// Where the next delta of this parent's children begins; nullopt: they were never read to their end. "" stands for an object
  /// without a parent.
  [[nodiscard]] virtual Result<std::optional<Timestamp>> high_water(std::string_view parent) = 0;
};

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace dovetail::sync {

/// A parent whose children are being read, with the version of its entry in the work queue (0 where there is no queue).
struct ParentKey {
  std::string external_id;
  std::int64_t version = 0;

  friend bool operator==(const ParentKey&, const ParentKey&) = default;
};

/// Where an unfinished read of one object stands: written with every page, so that a new process goes on there.
struct Position {
  bool full = false;
  bool fresh = false;
  /// Names the read; what a full one has seen is kept under it.
  std::int64_t pass_id = 0;
  /// The mapping's signature: a read that began with another mapping begins anew.
  std::uint64_t mapping_signature = 0;
  Timestamp started_at;
  /// What the cursor leads into; see ObjectTask::source.
  std::uint64_t source = 0;
  /// Records without a usable id came: which rows the pass did not see cannot be said.
  bool unidentified = false;
  /// The plugin's cursor; empty: the first page of `parents` (or of an object without a parent).
  std::string cursor;
  /// The parents that `cursor` belongs to.
  std::vector<ParentKey> parents;
  /// Mode "each": the last parent that was read to its end. The next one is the first behind it.
  std::string last_parent;
  /// An object without a parent: it was read to its end.
  bool done = false;
  /// The first page's answer about where the next delta begins, until the parents' last page.
  std::optional<Timestamp> high_water;

  [[nodiscard]] std::string to_json() const;
  /// Errors: data_loss when the text is not what to_json wrote.
  [[nodiscard]] static Result<Position> from_json(std::string_view text);

  friend bool operator==(const Position&, const Position&) = default;
};

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/sync/page_source.hpp"
#include "core/sync/parents.hpp"
#include "core/sync/position.hpp"
#include "core/sync/sync_options.hpp"

namespace dovetail::sync {

enum class ParentMode : std::uint8_t { none, each, changed };

/// How one object is read: from its manifest and the sync's options.
struct ReadShape {
  std::string object;
  ParentMode parent_mode = ParentMode::none;
  /// Mode "changed": parents that one call may take together.
  std::size_t batch = 1;
  /// Whether the provider can tell what changed since an instant.
  bool delta = false;
  /// A delta begins this much before the high-water mark (SYNC-8).
  std::chrono::seconds overlap{0};
  InitialSyncMode initial_mode = InitialSyncMode::full_once;
  std::optional<Timestamp> initial_since = {};
  std::vector<std::string> fields = {};
  std::string filters = "{}"; ///< for the plugin
};

/// What follows from a page: where the read stands once it is stored, and what comes next.
struct ReadStep {
  Position position;
  /// The next page, which may be fetched before this one is stored; nullopt: nothing is known to follow.
  std::optional<PageRequest> next;
  /// The next delta of these parents' children (or, with parent "", of the object) may begin here.
  std::optional<std::pair<std::string, Timestamp>> mark;
  /// Parents whose children were read to their end.
  std::vector<ParentKey> consumed;
};

/// What follows from a page that was refused.
struct Refusal {
  /// The next page; nullopt: nothing is known to follow.
  std::optional<PageRequest> next;
  /// The parent that is passed over; nullopt when there were several: they are read one by one now.
  std::optional<std::string> parent;
};

/// Decides which page comes next. Knows nothing of HTTP, mapping or the database. Used by one thread.
class ReadPlan {
public:
  /// Takes a read up at `position`: at its beginning, or where an earlier process left it. `parents` outlives the plan.
  ReadPlan(ReadShape shape, ParentSource& parents, Position position);

  /// The page that `position` stands before; nullopt when nothing is left to read.
  [[nodiscard]] Result<std::optional<PageRequest>> current();
  /// Moves on behind `page`, the answer to the last request. Errors: failed_precondition when the plugin does not get on (its
  /// cursors come round again, or page after page holds nothing): an endless read.
  [[nodiscard]] Result<ReadStep> advance(const FetchedPage& page);
  /// Moves on behind a last request whose parents' children may not be read, so that the others' are; what is passed over stays in the
  /// queue. Precondition: mode "changed".
  [[nodiscard]] Result<Refusal> refuse();

private:
  /// The request for the page at `position`, which `rows` are the parents of; notes it as the last one. Always a request.
  [[nodiscard]] Result<std::optional<PageRequest>> ask(const Position& position, const std::vector<ParentRow>& rows);
  /// nullopt when the position's parents are all gone. When some are, those that are left are read from their beginning: a cursor
  /// belongs to exactly the parents that it was given for.
  [[nodiscard]] Result<std::optional<PageRequest>> request_for(Position& position);
  [[nodiscard]] Result<std::optional<PageRequest>> begin_parents(Position& position, std::string_view after);
  [[nodiscard]] Result<std::optional<Timestamp>> since_of(const Position& position, std::string_view parent);
  [[nodiscard]] Result<std::optional<std::pair<std::string, Timestamp>>> mark_of(const std::string& parent);
  [[nodiscard]] Status check_progress(const FetchedPage& page);

  ReadShape shape_;
  ParentSource& parents_;
  Position position_;
  PageRequest asked_; ///< the last request
  plugin::CursorGuard guard_;
  std::size_t idle_pages_ = 0;
  std::string one_by_one_until_; ///< parents up to this one are read alone, as one of them was refused
};

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/store/field_policy.hpp"
#include "core/store/model_table.hpp"

namespace dovetail::store {

/// What happens to rows whose record disappeared at the source or is marked as archived or deleted there (SYNC-7). A row that is not
/// active keeps the values of its last record until that record is active again.
enum class DeletionPolicy : std::uint8_t {
  mark_inactive_keep_link, ///< row and link become "inactive"
  ignore,                  ///< nothing
  soft_delete              ///< row and link become "deleted"
};
[[nodiscard]] std::string_view to_string(DeletionPolicy policy) noexcept;
[[nodiscard]] std::optional<DeletionPolicy> deletion_policy_from_name(std::string_view name) noexcept;

enum class ConflictPolicy : std::uint8_t {
  upsert, ///< a changed record overwrites its row's fields
  skip    ///< a row that exists keeps its fields; its record is counted as skipped
};

/// Where the records of one object of a connection go: all that stays the same from page to page.
struct ObjectTarget {
  TenantId tenant;
  ConnectionId connection;
  std::string provider;
  std::string object;
  const model::Model* model = nullptr; ///< one of `models`
  std::span<const TableSpec> models;   ///< all local models; they outlive the writer
  std::vector<std::uint16_t> columns;  ///< those of every PageRows: indexes of declared fields
  /// For a record without a link: the row of this tenant with equal values in all fields of the first rule (then the second ...) is
  /// linked instead of making another, if no record of this object is linked to it yet. Texts compare without regard to the case of ASCII letters. A rule with a
  /// null or empty value says nothing. Several such rows: counted as a conflict, and a row of its own is made.
  std::vector<MatchRule> match_by;
  ConflictPolicy conflict = ConflictPolicy::upsert;
  /// false: a record without link and match is skipped, and its id is kept for a person to match (see unmatched_records)
  bool create_unmatched = true;
  DeletionPolicy deletion = DeletionPolicy::mark_inactive_keep_link;
  /// The fields that the model makes local follow these where `columns` has their source; neither they nor their states are among `columns`.
  PolicyChoices policies;
  std::vector<std::string> child_objects; ///< get a pending_parent entry for each active row that was made or changed
};

/// What came of records and requests; a job's columns of the same names (SYNC-11).
/// fetched = created + updated + unchanged + skipped + failed. A record that says it is gone (RowHeader::gone) is updated where
/// its row loses its state "active", unchanged where that has happened before, and skipped where there is no row.
struct PageCounters {
  std::int64_t fetched = 0;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t skipped = 0;
  std::int64_t failed = 0;
  std::int64_t conflicts = 0; ///< records that several rows matched; also counted as created
  std::int64_t requests = 0;
  std::int64_t not_modified = 0;

  PageCounters& operator+=(const PageCounters& other) noexcept;
  friend bool operator==(const PageCounters&, const PageCounters&) = default;
};

/// Records that stand together in the page's answer.
struct RecordBatch {
  const mapping::PageRows* rows = nullptr;
  /// The name under which later passes may call them unchanged; "" when there is none: then they count for this pass only.
  std::string page_key;
};

/// What a plugin wants to find again; an empty value removes the key.
struct StateEntry {
  std::string key;
  std::string value;
};

/// The high-water mark of one parent's children.
struct ParentMark {
  std::string parent_id; ///< the parent's external id, not empty
  Timestamp high_water;
};

/// A pending parent whose children this page brought to an end. The entry goes if its version is still the one that was read.
struct ConsumedParent {
  std::string external_id;
  std::int64_t version = 0;
};

/// One page. Everything in it becomes durable together or not at all.
struct PageWrite {
  JobId job;
  std::int64_t fence = 0;
  /// The pass that sync_state has begun for this object, and how many pages of it were written before this one: a page that is
  /// written a second time is recognised by this.
  std::int64_t pass_id = 0;
  std::int64_t pass_pages = 0;
  bool full_pass = false; ///< the pass may end in a sweep: what pages without a key held is kept until then
  std::span<const RecordBatch> batches;
  std::span<const std::string> unchanged_page_keys; ///< each has to be a known_page()
  std::span<const StateEntry> states;
  std::optional<std::string> position; ///< where the next page begins; nullopt: at the beginning, or there is none
  std::optional<Timestamp> high_water; ///< nullopt keeps the object's mark
  std::span<const ParentMark> parent_marks;
  std::span<const ConsumedParent> consumed;
  /// What the engine counted itself: records that failed in the mapping (in `fetched` and `failed`), requests, not_modified ...
  /// The writer adds what it finds for the records of the batches, these in `fetched` too.
  PageCounters counted;
};

/// A record that the writer could not take.
struct RecordProblem {
  std::string external_id; ///< at most 120 bytes of it
  std::string what;        ///< holds no value of the record
};

struct PageOutcome {
  PageCounters counters; ///< of this page, `counted` included: what the job row grew by
  std::int64_t matched =
      0; ///< records that were linked to a row that was there already; also counted as updated or skipped
  std::int64_t unmatched = 0; ///< records that fit no row and were to make none; also counted as skipped
  std::int64_t duplicates =
      0;                     ///< records with an external id that came again later in the page; also counted as skipped
  std::int64_t repaired = 0; ///< values changed or nulled because no database could hold them (see make_storable)
  std::vector<RecordProblem> problems; ///< at most 3
  bool already_written = false;        ///< this very page was durable before: nothing changed and nothing was counted
  /// Of a preview: the external ids of the rows whose children write() would queue.
  std::vector<std::string> parents;
  bool cancel_requested = false; ///< somebody asked the job to end (JobRepository::request_cancel)
};

/// Writes pages of one object's records to their local model (SYNC-4, SYNC-5), each in one transaction: guard, look-up of content
/// hashes, rows that changed, links, what the pass saw, plugin state, pending parents, derived fields, counters and position.
/// A page costs the database two statements' work if nothing in it changed. One thread at a time; several writers may share the database.
class PageWriter {
public:
  static constexpr std::size_t max_problems = 3;

  /// Compiles the SQL. `database` and `ids` outlive the writer. Errors: invalid_argument when a column or match rule does not fit the model.
  [[nodiscard]] static Result<PageWriter> make(Database& database, IdGenerator& ids, ObjectTarget target);
  PageWriter(PageWriter&&) noexcept;
  PageWriter& operator=(PageWriter&&) noexcept;
  ~PageWriter();

  /// Writes one page. Safe to call again with the same page after any error, also after an unknown commit: pass and page number tell
  /// whether it is there. A record that the database refuses is counted as failed, and the others are written.
  /// Errors: aborted (never) when the job has lost its lease or its pass is another one, with who holds it: stop, write nothing more;
  /// not_found when a key of unchanged_page_keys is not known; invalid_argument when bounds or columns do not fit; those of Database.
  /// With `commit` the page is durable when Database::settle() says so (see Database::with_deferred_write()): for pages that follow each other at once.
  [[nodiscard]] Result<PageOutcome> write(const PageWrite& page, DeferredCommit* commit = nullptr);

  /// What write() would count, for a dry run: reads only, asks for no job and no pass.
  [[nodiscard]] Result<PageOutcome> preview(const PageWrite& page);

  /// Whether a page was written under this key, so that unchanged_page_keys may name it.
  [[nodiscard]] Result<bool> known_page(std::string_view page_key);

private:
  class Impl;
  explicit PageWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace dovetail::store

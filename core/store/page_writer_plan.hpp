// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/derived_run.hpp"
#include "core/store/page_writer.hpp"
#include "core/store/page_writer_text.hpp"

/// What the page writer and its two dialect files (upsert_sqlite, upsert_postgres) say to each other. Private to core/store.
namespace dovetail::store::detail {

enum class RowState : std::uint8_t { active, inactive, deleted };
[[nodiscard]] std::string_view to_string(RowState state) noexcept;
[[nodiscard]] RowState row_state_from_name(std::string_view name) noexcept;

/// A field that is ours and what the records say of it.
struct PlannedPolicy {
  const model::FieldPolicy* policy = nullptr;
  model::PolicyKind kind = model::PolicyKind::preserve_local;
  std::size_t source_cell = 0; ///< of a record
};

/// Everything about an object that SQL is made from, once.
struct ObjectPlan {
  ObjectTarget target;
  Dialect dialect = Dialect::sqlite;
  std::vector<const model::Field*> fields;           ///< of target.columns, in that order
  std::vector<std::vector<std::size_t>> match_cells; ///< of each match rule: the cells of a record
  std::vector<PlannedPolicy> policies;
  std::vector<MinOf> own_min_of; ///< of the model itself: computed for rows that are written
  DerivedOver over; ///< min_of fields of other models over this one: computed for the keys that rows had and have
  /// For each of over.fields: the cell of a record that is its key, or no_cell when the mapping does not fill it.
  std::vector<std::size_t> key_cells;
};

inline constexpr std::size_t no_cell = std::numeric_limits<std::size_t>::max();
/// Errors: invalid_argument when a column or a match rule does not fit the model.
[[nodiscard]] Result<ObjectPlan> make_object_plan(Dialect dialect, ObjectTarget target);

/// One record of the page that counts: valid, and the last with its external id.
struct Incoming {
  const mapping::RowHeader* header = nullptr;
  const mapping::Cell* cells = nullptr;
  std::int64_t external_hash = 0;
  std::int64_t content_hash = 0;
};

/// A record's link as it stands in the database.
struct StoredLink {
  bool found = false; ///< and of this model
  RowState state = RowState::active;
  std::int64_t row_id = 0;
  std::int64_t content_hash = 0;
};

struct GuardState {
  bool leased = false;  ///< the object's lease is this job's, with this fence
  bool running = false; ///< and the job has not been ended
  bool cancel_requested = false;
  std::int64_t holder = 0; ///< the job that has the lease; 0 when nobody has
  std::int64_t pass_id = 0;
  std::int64_t pass_pages = -1; ///< -1: no pass was ever begun
};

struct MatchCandidate {
  std::size_t record = 0; ///< index into the incoming records
  std::int64_t row_id = 0;
};

/// What is to be done with one record's row and link.
struct RowChange {
  enum class Kind : std::uint8_t {
    write, ///< insert the row, or overwrite its fields
    state, ///< only its state
    link   ///< leave the row
  };
  std::size_t record = 0;
  std::int64_t row_id = 0;
  std::int64_t link_hash = 0;
  RowState state = RowState::active;
  Kind kind = Kind::write;
  bool created = false;

  /// Whether its children are to be read (anew).
  [[nodiscard]] bool is_changed_parent() const noexcept { return state == RowState::active && kind != Kind::link; }
};

/// How the keys of pages begin that count for one pass only.
inline constexpr char nameless_page = '\x01';

struct SeenPage {
  std::string page_key;
  std::string seen; ///< XXH3 of each external id, 8 bytes little-endian each
};

/// All changes of a page besides what PageWrite itself says.
struct PageChanges {
  const PageWrite* page = nullptr;
  std::span<const Incoming> records;
  std::vector<RowChange> rows;
  std::vector<std::size_t> unmatched; ///< records that fit no row and are to make none
  std::span<const SeenPage> seen;
  Keys keys; ///< for each of ObjectPlan::over.fields: the keys that changed rows had or get, each once
  Timestamp now;
  std::int64_t parent_version = 0; ///< of the pending_parent entries to be made
  PageCounters counters;
};

/// What of `rows` the database refused.
struct RefusedRow {
  std::size_t row = 0; ///< index into PageChanges::rows
  std::string what;
};

/// An external id for people: valid UTF-8 of at most 120 bytes.
[[nodiscard]] std::string shown_id(std::string_view external_id);

/// What write() says when a page is called unchanged that was never written.
[[nodiscard]] Error unknown_page(std::string_view page_key);

/// One page's statements inside a transaction of one dialect. A failed call leaves the transaction to be rolled back.
class PageStatements {
public:
  PageStatements() = default;
  PageStatements(const PageStatements&) = delete;
  PageStatements& operator=(const PageStatements&) = delete;
  PageStatements(PageStatements&&) = delete;
  PageStatements& operator=(PageStatements&&) = delete;
  virtual ~PageStatements() = default;

  /// Reads the guard (and holds the lease until the end of the transaction) and the links of `records`. `page` is null in a preview.
  virtual Status open(const PageWrite* page, std::span<const Incoming> records, GuardState& guard,
                      std::span<StoredLink> links) = 0;
  /// The rows that match rule `rule` and have no link from this object, at most two for a record.
  virtual Status find_matches(std::size_t rule, std::span<const Incoming> records, std::span<const std::size_t> wanted,
                              std::vector<MatchCandidate>& candidates) = 0;
  /// Adds for each of ObjectPlan::over.fields the keys of these rows as they stand.
  virtual Status read_keys(std::span<const std::int64_t> row_ids, Keys& keys) = 0;
  /// Writes rows and links. With `one_by_one` a row that the database refuses is told in `refused` and left out; otherwise such a
  /// failure fails the page, here or in finish(): the faster way for the usual page without any. `repaired` grows as in PageOutcome.
  virtual Status write_rows(const PageChanges& changes, bool one_by_one, std::vector<RefusedRow>& refused,
                            std::int64_t& repaired) = 0;
  /// Writes everything else.
  virtual Status finish(const PageChanges& changes) = 0;
  /// After a failure of write_rows() or finish(): whether another attempt can do better, and how.
  enum class Trouble : std::uint8_t {
    none,
    row_refused, ///< the database refused a row: write one by one
    id_taken     ///< another process drew the same id for a new row: draw again
  };
  [[nodiscard]] virtual Trouble trouble() const noexcept = 0;
  virtual Result<bool> known_page(std::string_view page_key) = 0;
};

} // namespace dovetail::store::detail

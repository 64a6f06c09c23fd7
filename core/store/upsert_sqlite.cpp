// SPDX-License-Identifier: Apache-2.0
#include "core/store/upsert_sqlite.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/store/sqlite_page_rows.hpp"
#include "core/store/upsert_sqlite_sql.hpp"
#include "core/store/upsert_sqlite_statements.hpp"

namespace dovetail::store::detail {
namespace {

using mapping::Cell;
using namespace sqlite_sql; // NOLINT(google-build-using-namespace): names of statements

// Values of the row or its size, not the state of the database: the others of the page may go on.
bool refuses_row(int code) {
  switch (code & 0xFF) {
  case SQLITE_CONSTRAINT:
  case SQLITE_TOOBIG:
  case SQLITE_MISMATCH:
  case SQLITE_RANGE:
    return true;
  default:
    return false;
  }
}

bool takes_id(int code) { return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE; }

class SqlitePage final : public PageStatements {
public:
  SqlitePage(ReadSession& session, const ObjectPlan& plan, const SqliteUpsertSql& sql)
      : session_(session), statements_(SqliteStatements::of(session)), plan_(plan), sql_(sql),
        tenant_(plan.target.tenant.value), connection_(plan.target.connection.value) {}

  Status open(const PageWrite* page, std::span<const Incoming> records, GuardState& guard,
              std::span<StoredLink> links) override;
  Status find_matches(std::size_t rule, std::span<const Incoming> records, std::span<const std::size_t> wanted,
                      std::vector<MatchCandidate>& candidates) override;
  Status read_keys(std::span<const std::int64_t> row_ids, Keys& keys) override;
  Status write_rows(const PageChanges& changes, bool one_by_one, std::vector<RefusedRow>& refused,
                    std::int64_t& repaired) override;
  Status finish(const PageChanges& changes) override;
  // A refused row is told at once, since each is a statement of its own.
  [[nodiscard]] Trouble trouble() const noexcept override { return id_taken_ ? Trouble::id_taken : Trouble::none; }
  Result<bool> known_page(std::string_view page_key) override;

private:
  // Binds the four that lead every key of the object's tables.
  Result<SqliteStatement> use_object(std::string_view sql) {
    DOVETAIL_TRY(SqliteStatement statement, statements_.use(sql));
    statement.bind(1, tenant_).bind(2, connection_).bind(3, std::string_view(plan_.target.object));
    return statement;
  }
  struct RowWriters {
    SqliteStatement& insert;
    SqliteStatement& update;
  };
  Status look_up(std::span<StoredLink> links);
  Result<bool> insert_at_once(std::span<const PageRow> created, std::string_view now, std::int64_t& repaired);
  // An upsert has a second cursor on the index and copies each page that it changes, in case it must be taken back: where nearly all rows are
  // new, they are added without, and the upsert comes behind only if some were there.
  template <typename Bind>
  Status add_or_change(const SqliteEntriesSql& sql, std::span<const PageRow> rows, bool mostly_new,
                       std::string_view what, Bind bind);
  Status write_links(const PageChanges& changes, std::span<PageRow> rows, std::string_view now);
  Result<SqliteStatement> use_row(const std::string& sql, std::string_view now);
  void bind_row(SqliteStatement& statement, const RowChange& row, const Incoming& record, std::int64_t& repaired);
  int write_row(RowWriters& writers, const RowChange& row, const Incoming& record, std::int64_t& repaired);
  Status write_seen(const PageChanges& changes);
  Status write_states(std::span<const StateEntry> states);
  Status write_pending(const PageChanges& changes);
  Status write_unmatched(const PageChanges& changes, std::string_view now);
  Status write_derived(const PageChanges& changes, std::string_view now);
  Status write_position(const PageChanges& changes, std::string_view now);
  Status write_counters(const PageChanges& changes, std::string_view now);

  ReadSession& session_;
  SqliteStatements& statements_;
  SqlitePageRows* page_rows_ = nullptr; ///< from open() on
  const ObjectPlan& plan_;
  const SqliteUpsertSql& sql_;
  std::int64_t tenant_;
  std::int64_t connection_;
  bool id_taken_ = false;
  RepairedTexts repaired_;
  std::vector<char> scratch_; // instants as text, one slot a field, until the row's statement has run
};

Status SqlitePage::open(const PageWrite* page, std::span<const Incoming> records, GuardState& guard,
                        std::span<StoredLink> links) {
  if (page != nullptr) {
    DOVETAIL_TRY(SqliteStatement statement, use_object(guard_sql));
    statement.bind(4, page->job.value);
    DOVETAIL_TRY_STATUS(statement.next("reading the lease of an object"));
    guard.holder = statement.integer(0);
    guard.leased = guard.holder == page->job.value && statement.integer(1) == page->fence;
    guard.running = statement.text(2) == "running";
    guard.pass_id = statement.integer(3);
    guard.pass_pages = statement.integer(4);
    guard.cancel_requested = statement.integer(5) != 0;
  }
  DOVETAIL_TRY(page_rows_, SqlitePageRows::of(session_));
  std::vector<PageRow> rows(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    rows[i].record = &records[i];
  }
  page_rows_->give(rows, 0);
  Status looked = look_up(links);
  page_rows_->clear();
  return looked;
}

Status SqlitePage::look_up(std::span<StoredLink> links) {
  DOVETAIL_TRY(SqliteStatement statement, use_object(links_sql));
  statement.bind(4, std::string_view(plan_.target.model->name));
  for (;;) {
    DOVETAIL_TRY(const bool found, statement.next("looking up external links"));
    if (!found) {
      return {};
    }
    links[static_cast<std::size_t>(statement.integer(0))] = {
        statement.integer(4) != 0, row_state_from_name(statement.text(3)), statement.integer(1), statement.integer(2)};
  }
}

Status SqlitePage::find_matches(std::size_t rule, std::span<const Incoming> records,
                                std::span<const std::size_t> wanted, std::vector<MatchCandidate>& candidates) {
  DOVETAIL_TRY(SqliteStatement statement, use_object(sql_.match[rule]));
  statement.bind(4, std::string_view(plan_.target.model->name));
  std::array<char, iso8601_length> scratch{};
  RepairedTexts repaired;
  for (const std::size_t index : wanted) {
    int parameter = 5;
    for (const std::size_t cell : plan_.match_cells[rule]) {
      Cell value = records[index].cells[cell];
      make_storable(value, repaired);
      statement.bind(parameter++, value, scratch.data());
    }
    for (;;) {
      DOVETAIL_TRY(const bool found, statement.next("matching records to rows"));
      if (!found) {
        break;
      }
      candidates.push_back({index, statement.integer(0)});
    }
  }
  return {};
}

Status SqlitePage::read_keys(std::span<const std::int64_t> row_ids, Keys& keys) {
  return detail::read_keys(statements_, plan_.over, tenant_, row_ids, keys);
}

void SqlitePage::bind_row(SqliteStatement& statement, const RowChange& row, const Incoming& record,
                          std::int64_t& repaired) {
  char* slot = scratch_.data();
  const auto updated_at = record.header->source_updated_at;
  Cell source = updated_at ? Cell::timestamp(updated_at->time_since_epoch().count()) : Cell();
  repaired += make_storable(source, repaired_) ? 1 : 0;
  statement.bind(2, row.row_id).bind(5, record.header->external_id).bind(7, source, slot);
  statement.bind(8, record.content_hash).bind(9, to_string(row.state));
  int parameter = 10;
  for (std::size_t i = 0; i < plan_.fields.size(); ++i) {
    slot += iso8601_length;
    Cell cell = record.cells[i];
    repaired += make_storable(cell, repaired_) ? 1 : 0;
    statement.bind(parameter++, cell, slot);
  }
}

Result<SqliteStatement> SqlitePage::use_row(const std::string& sql, std::string_view now) {
  DOVETAIL_TRY(SqliteStatement statement, statements_.use(sql));
  statement.bind(1, tenant_).bind(3, std::string_view(plan_.target.provider)).bind(4, connection_).bind(6, now);
  return statement;
}

// The code of the statement that decided.
int SqlitePage::write_row(RowWriters& writers, const RowChange& row, const Incoming& record, std::int64_t& repaired) {
  if (!row.created) {
    bind_row(writers.update, row, record, repaired);
    const int code = writers.update.run();
    if (code != SQLITE_DONE || writers.update.changes() != 0) {
      return code;
    }
    // Somebody deleted the row but not its link: it comes back under its id.
  }
  bind_row(writers.insert, row, record, repaired);
  return writers.insert.run();
}

// False when a row was refused: then none of them stays.
Result<bool> SqlitePage::insert_at_once(std::span<const PageRow> created, std::string_view now,
                                        std::int64_t& repaired) {
  DOVETAIL_TRY(SqliteStatement insert, statements_.use(sql_.insert_rows));
  insert.bind(1, tenant_).bind(3, std::string_view(plan_.target.provider)).bind(4, connection_).bind(6, now);
  page_rows_->give(created, plan_.fields.size());
  const int code = insert.run();
  page_rows_->clear();
  if (code == SQLITE_DONE) {
    repaired += page_rows_->repaired();
    return true;
  }
  Error failure = insert.error("writing rows");
  id_taken_ = takes_id(insert.extended_code());
  if (id_taken_ || !refuses_row(code)) {
    return failure;
  }
  const std::string drop = "DELETE FROM " + quoted(plan_.target.model->name) + " WHERE tenant_id = ?1 AND id = ?2";
  DOVETAIL_TRY(SqliteStatement undo, statements_.use(drop));
  undo.bind(1, tenant_);
  for (std::size_t i = 0; i < std::min(page_rows_->reached(), created.size()); ++i) {
    DOVETAIL_TRY_STATUS(undo.bind(2, created[i].change->row_id).execute("taking back rows"));
  }
  return false;
}

Status SqlitePage::write_rows(const PageChanges& changes, bool /*one_by_one*/, std::vector<RefusedRow>& refused,
                              std::int64_t& repaired) {
  if (changes.rows.empty()) {
    return {};
  }
  std::array<char, iso8601_length> now{};
  format_iso8601_to(changes.now, now.data());
  const std::string_view now_text(now.data(), now.size());
  scratch_.resize((plan_.fields.size() + 1) * iso8601_length);

  std::vector<PageRow> rows;
  rows.reserve(changes.rows.size());
  for (const RowChange& row : changes.rows) {
    if (row.kind == RowChange::Kind::write && row.created) {
      rows.push_back({&row, &changes.records[row.record]});
    }
  }
  bool inserted = false;
  if (!rows.empty()) {
    DOVETAIL_TRY(inserted, insert_at_once(rows, now_text, repaired));
  }
  rows.clear();

  DOVETAIL_TRY(SqliteStatement insert, use_row(sql_.insert_row, now_text));
  DOVETAIL_TRY(SqliteStatement update, use_row(sql_.update_row, now_text));
  RowWriters writers{insert, update};
  DOVETAIL_TRY(SqliteStatement state, statements_.use(sql_.state_row));
  state.bind(1, tenant_).bind(4, now_text);
  for (std::size_t i = 0; i < changes.rows.size(); ++i) {
    const RowChange& row = changes.rows[i];
    const Incoming& record = changes.records[row.record];
    if (row.kind == RowChange::Kind::write && !(row.created && inserted)) {
      const int code = write_row(writers, row, record, repaired);
      if (code != SQLITE_DONE) {
        Error failure = insert.error("writing a row");
        if (takes_id(insert.extended_code())) {
          id_taken_ = true;
        }
        if (id_taken_ || !refuses_row(code)) {
          return failure;
        }
        refused.push_back({i, std::move(failure.message)});
        continue;
      }
    } else if (row.kind == RowChange::Kind::state) {
      DOVETAIL_TRY_STATUS(state.bind(2, row.row_id).bind(3, to_string(row.state)).execute("changing a row's state"));
    }
    rows.push_back({&row, &record});
  }
  return write_links(changes, rows, now_text);
}

template <typename Bind>
Status SqlitePage::add_or_change(const SqliteEntriesSql& sql, std::span<const PageRow> rows, bool mostly_new,
                                 std::string_view what, Bind bind) {
  if (rows.empty()) {
    return {};
  }
  page_rows_->give(rows, 0);
  Status written = [&]() -> Status {
    if (mostly_new) {
      DOVETAIL_TRY(SqliteStatement add, use_object(sql.add));
      bind(add);
      DOVETAIL_TRY_STATUS(add.execute(what));
      if (add.changes() == static_cast<std::int64_t>(rows.size())) {
        return {};
      }
    }
    DOVETAIL_TRY(SqliteStatement change, use_object(sql.add_or_change));
    bind(change);
    return change.execute(what);
  }();
  page_rows_->clear();
  return written;
}

Status SqlitePage::write_links(const PageChanges& changes, std::span<PageRow> rows, std::string_view now) {
  const auto known = std::partition(rows.begin(), rows.end(), [](const PageRow& row) { return row.change->created; });
  const auto write = [&](std::span<const PageRow> some, bool mostly_new) {
    return add_or_change(sql_.links, some, mostly_new, "writing external links", [&](SqliteStatement& statement) {
      statement.bind(4, std::string_view(plan_.target.model->name)).bind(5, changes.page->pass_id).bind(6, now);
    });
  };
  DOVETAIL_TRY_STATUS(write({rows.begin(), known}, true));
  return write({known, rows.end()}, false);
}

Status SqlitePage::write_seen(const PageChanges& changes) {
  if (!changes.seen.empty()) {
    DOVETAIL_TRY(SqliteStatement statement, use_object(write_page_sql));
    statement.bind(5, changes.page->pass_id);
    for (const SeenPage& page : changes.seen) {
      DOVETAIL_TRY_STATUS(statement.bind(4, page.page_key).bind_bytes(6, page.seen).execute("noting what a page held"));
    }
  }
  if (!changes.page->unchanged_page_keys.empty()) {
    DOVETAIL_TRY(SqliteStatement statement, use_object(stamp_page_sql));
    statement.bind(5, changes.page->pass_id);
    for (const std::string& key : changes.page->unchanged_page_keys) {
      DOVETAIL_TRY_STATUS(statement.bind(4, key).execute("noting an unchanged page"));
      if (statement.changes() != 1) {
        return unknown_page(key);
      }
    }
  }
  return {};
}

Status SqlitePage::write_states(std::span<const StateEntry> states) {
  for (const StateEntry& entry : states) {
    DOVETAIL_TRY(SqliteStatement statement, use_object(entry.value.empty() ? drop_state_sql : write_state_sql));
    statement.bind(4, entry.key);
    if (!entry.value.empty()) {
      statement.bind_bytes(5, entry.value);
    }
    DOVETAIL_TRY_STATUS(statement.execute("keeping plugin state"));
  }
  return {};
}

Status SqlitePage::write_pending(const PageChanges& changes) {
  if (!plan_.target.child_objects.empty() && !changes.rows.empty()) {
    std::vector<PageRow> parents;
    for (const RowChange& row : changes.rows) {
      if (row.is_changed_parent()) {
        parents.push_back({&row, &changes.records[row.record]});
      }
    }
    for (const std::string& child : plan_.target.child_objects) {
      DOVETAIL_TRY_STATUS(
          add_or_change(sql_.pending, parents, true, "noting parents to be read",
                        [&](SqliteStatement& statement) { statement.bind(3, child).bind(4, changes.parent_version); }));
    }
  }
  if (!changes.page->consumed.empty()) {
    DOVETAIL_TRY(SqliteStatement statement, use_object(drop_pending_sql));
    for (const ConsumedParent& parent : changes.page->consumed) {
      DOVETAIL_TRY_STATUS(
          statement.bind(4, parent.external_id).bind(5, parent.version).execute("removing a parent that was read"));
    }
  }
  return {};
}

Status SqlitePage::write_unmatched(const PageChanges& changes, std::string_view now) {
  if (changes.unmatched.empty()) {
    return {};
  }
  DOVETAIL_TRY(SqliteStatement statement, use_object(add_unmatched_sql));
  statement.bind(5, now);
  for (const std::size_t record : changes.unmatched) {
    DOVETAIL_TRY_STATUS(
        statement.bind(4, changes.records[record].header->external_id).execute("keeping an unmatched record"));
  }
  return {};
}

Status SqlitePage::write_derived(const PageChanges& changes, std::string_view now) {
  for (const MinOf& field : plan_.own_min_of) {
    DOVETAIL_TRY(SqliteStatement any_other, statements_.use(field.any_other));
    DOVETAIL_TRY(const bool others, any_other.bind(1, tenant_).next("looking for what a derived field looks at"));
    any_other.reset();
    DOVETAIL_TRY(SqliteStatement differs, statements_.use(field.differs_by_id));
    DOVETAIL_TRY(SqliteStatement update, statements_.use(field.by_id));
    differs.bind(1, tenant_);
    update.bind(1, tenant_).bind(2, now);
    for (const RowChange& row : changes.rows) {
      // A new row holds null, which is right where there is nothing to look at.
      if (row.kind != RowChange::Kind::write || (row.created && !others)) {
        continue;
      }
      DOVETAIL_TRY(const bool wrong, differs.bind(2, row.row_id).next("looking at a derived field"));
      if (wrong) {
        differs.reset();
        DOVETAIL_TRY_STATUS(update.bind(3, row.row_id).execute("computing a derived field"));
      }
    }
  }
  return compute_by_key(statements_, plan_.over, tenant_, connection_, changes.now, changes.keys);
}

Status SqlitePage::write_position(const PageChanges& changes, std::string_view now) {
  const PageWrite& page = *changes.page;
  std::array<char, iso8601_length> mark{};
  const auto mark_text = [&mark](Timestamp time) {
    format_iso8601_to(time, mark.data());
    return std::string_view(mark.data(), mark.size());
  };
  DOVETAIL_TRY(SqliteStatement statement, use_object(write_position_sql));
  if (page.position) {
    statement.bind(4, std::string_view(*page.position));
  }
  if (page.high_water) {
    statement.bind(5, mark_text(*page.high_water));
  }
  statement.bind(6, now).bind(7, page.pass_id).bind(8, page.pass_pages);
  DOVETAIL_TRY_STATUS(statement.execute("keeping the position of a read"));
  if (statement.changes() != 1) {
    return internal("The position of a read changed under its own lease: report this.");
  }
  if (!page.parent_marks.empty()) {
    DOVETAIL_TRY(SqliteStatement parents, use_object(write_mark_sql));
    parents.bind(6, now);
    for (const ParentMark& parent : page.parent_marks) {
      DOVETAIL_TRY_STATUS(
          parents.bind(4, parent.parent_id).bind(5, mark_text(parent.high_water)).execute("keeping a high-water mark"));
    }
  }
  return {};
}

Status SqlitePage::write_counters(const PageChanges& changes, std::string_view now) {
  const PageCounters& counters = changes.counters;
  DOVETAIL_TRY(SqliteStatement statement, statements_.use(count_sql));
  statement.bind(1, tenant_)
      .bind(2, changes.page->job.value)
      .bind(3, now)
      .bind(4, counters.fetched)
      .bind(5, counters.created);
  statement.bind(6, counters.updated).bind(7, counters.unchanged).bind(8, counters.skipped).bind(9, counters.failed);
  statement.bind(10, counters.conflicts).bind(11, counters.requests).bind(12, counters.not_modified);
  DOVETAIL_TRY_STATUS(statement.execute("counting a page"));
  if (statement.changes() != 1) {
    return internal("A job's row changed under its own lease: report this.");
  }
  return {};
}

Status SqlitePage::finish(const PageChanges& changes) {
  std::array<char, iso8601_length> now{};
  format_iso8601_to(changes.now, now.data());
  const std::string_view now_text(now.data(), now.size());
  DOVETAIL_TRY_STATUS(write_seen(changes));
  DOVETAIL_TRY_STATUS(write_states(changes.page->states));
  DOVETAIL_TRY_STATUS(write_pending(changes));
  DOVETAIL_TRY_STATUS(write_unmatched(changes, now_text));
  DOVETAIL_TRY_STATUS(write_derived(changes, now_text));
  DOVETAIL_TRY_STATUS(write_position(changes, now_text));
  return write_counters(changes, now_text);
}

Result<bool> SqlitePage::known_page(std::string_view page_key) {
  DOVETAIL_TRY(SqliteStatement statement, use_object(known_page_sql));
  statement.bind(4, page_key);
  return statement.next("looking for a page");
}

} // namespace

std::unique_ptr<PageStatements> make_sqlite_page(ReadSession& session, const ObjectPlan& plan,
                                                 const SqliteUpsertSql& sql) {
  return std::make_unique<SqlitePage>(session, plan, sql);
}

} // namespace dovetail::store::detail

// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/store/page_writer_plan.hpp"
#include "core/store/page_writer_records.hpp"
#include "core/store/upsert_postgres.hpp"
#include "core/store/upsert_sqlite.hpp"

namespace dovetail::store {
namespace {

using namespace detail; // NOLINT(google-build-using-namespace): this file is the other half of those declarations
using mapping::Cell;

constexpr std::size_t max_attempts = 4;

// Not transient, as other conflicts are: what was lost stays lost.
Error no_longer_ours(std::string message) {
  Error error = aborted(std::move(message));
  error.retry = RetryClass::never;
  return error;
}

} // namespace

PageCounters& PageCounters::operator+=(const PageCounters& other) noexcept {
  fetched += other.fetched;
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  skipped += other.skipped;
  failed += other.failed;
  conflicts += other.conflicts;
  requests += other.requests;
  not_modified += other.not_modified;
  return *this;
}

class PageWriter::Impl {
public:
  Impl(Database& database, IdGenerator& ids, ObjectPlan plan) : database_(database), ids_(ids), plan_(std::move(plan)) {
    if (plan_.dialect == Dialect::sqlite) {
      sqlite_sql_ = sqlite_upsert_sql(plan_);
    } else {
      postgres_sql_ = postgres_upsert_sql(plan_);
    }
  }

  Result<PageOutcome> write(const PageWrite& page, DeferredCommit* commit);
  Result<PageOutcome> preview(const PageWrite& page);
  Result<bool> known_page(std::string_view page_key);

private:
  [[nodiscard]] std::unique_ptr<PageStatements> statements(ReadSession& session) const {
    return plan_.dialect == Dialect::sqlite ? make_sqlite_page(session, plan_, sqlite_sql_)
                                            : make_postgres_page(session, plan_, postgres_sql_);
  }
  Status check_guard(const PageWrite& page, const GuardState& guard) const;
  Result<PageOutcome> attempt(Transaction& transaction, const PageWrite& page, bool one_by_one,
                              PageStatements::Trouble& trouble);
  Status decide(PageStatements& statements, PageOutcome& outcome, PageChanges& changes);
  Status match(PageStatements& statements, std::vector<std::size_t> unknown, PageOutcome& outcome,
               PageChanges& changes);
  void take_existing(std::size_t record, PageOutcome& outcome, PageChanges& changes) const;
  void take_match(std::size_t record, std::int64_t row_id, PageOutcome& outcome, PageChanges& changes) const;
  void create(std::size_t record, bool conflict, PageOutcome& outcome, PageChanges& changes);
  [[nodiscard]] bool has_match_values(std::size_t rule, const Incoming& record) const;
  [[nodiscard]] RowState wanted_state(const Incoming& record) const;
  Status collect_keys(PageStatements& statements, PageChanges& changes) const;
  static void drop_refused(std::span<const RefusedRow> refused, PageOutcome& outcome, PageChanges& changes);

  Database& database_;
  IdGenerator& ids_;
  ObjectPlan plan_;
  SqliteUpsertSql sqlite_sql_;
  PostgresUpsertSql postgres_sql_;
  // Reused from page to page.
  PageRecords page_records_;
  std::vector<StoredLink> links_;
};

Status PageWriter::Impl::check_guard(const PageWrite& page, const GuardState& guard) const {
  const std::string what = fmt::format("Job {} may no longer write object \"{}\"", page.job.value, plan_.target.object);
  if (!guard.leased) {
    return guard.holder == 0 || guard.holder == page.job.value
               ? no_longer_ours(what + ": its lease was given up or taken over. Nothing of this page was written.")
               : no_longer_ours(
                     fmt::format("{}: job {} has taken over. Nothing of this page was written.", what, guard.holder));
  }
  if (!guard.running) {
    return no_longer_ours(what + ": it has ended or was cancelled. Nothing of this page was written.");
  }
  const bool expected =
      guard.pass_id == page.pass_id && (guard.pass_pages == page.pass_pages || guard.pass_pages == page.pass_pages + 1);
  if (!expected) {
    return no_longer_ours(
        fmt::format("{}: it is at page {} of pass {}, but the database is at page {} of pass {}. Begin "
                    "again from the stored position.",
                    what, page.pass_pages, page.pass_id, guard.pass_pages, guard.pass_id));
  }
  return {};
}

RowState PageWriter::Impl::wanted_state(const Incoming& record) const {
  if (!(record.header->inactive || record.header->gone) || plan_.target.deletion == DeletionPolicy::ignore) {
    return RowState::active;
  }
  return plan_.target.deletion == DeletionPolicy::soft_delete ? RowState::deleted : RowState::inactive;
}

void PageWriter::Impl::take_existing(std::size_t record, PageOutcome& outcome, PageChanges& changes) const {
  const Incoming& incoming = page_records_.records()[record];
  const StoredLink& link = links_[record];
  // What is gone has no values any more: the row keeps its last ones. Under the policy "ignore" nothing happens to it at all.
  const bool gone = incoming.header->gone;
  const bool ignored = gone && plan_.target.deletion == DeletionPolicy::ignore;
  const RowState state = ignored ? link.state : wanted_state(incoming);
  const bool same_values = gone || link.content_hash == incoming.content_hash;
  if ((same_values && link.state == state) || (link.state != RowState::active && state != RowState::active)) {
    ++outcome.counters.unchanged;
    return;
  }
  const bool keep_fields = same_values || plan_.target.conflict == ConflictPolicy::skip;
  if (keep_fields && link.state == state) {
    ++outcome.counters.skipped;
    return;
  }
  ++outcome.counters.updated;
  changes.rows.push_back({record, link.row_id, keep_fields ? link.content_hash : incoming.content_hash, state,
                          keep_fields ? RowChange::Kind::state : RowChange::Kind::write, false});
}

void PageWriter::Impl::take_match(std::size_t record, std::int64_t row_id, PageOutcome& outcome,
                                  PageChanges& changes) const {
  const Incoming& incoming = page_records_.records()[record];
  ++outcome.matched;
  if (plan_.target.conflict == ConflictPolicy::skip) {
    // No content hash: should the policy change, the next sync finds the record changed.
    ++outcome.counters.skipped;
    changes.rows.push_back({record, row_id, 0, wanted_state(incoming), RowChange::Kind::link, false});
    return;
  }
  ++outcome.counters.updated;
  changes.rows.push_back(
      {record, row_id, incoming.content_hash, wanted_state(incoming), RowChange::Kind::write, false});
}

void PageWriter::Impl::create(std::size_t record, bool conflict, PageOutcome& outcome, PageChanges& changes) {
  const Incoming& incoming = page_records_.records()[record];
  outcome.counters.conflicts += conflict ? 1 : 0;
  if (!plan_.target.create_unmatched || incoming.header->gone) {
    ++outcome.counters.skipped;
    ++outcome.unmatched;
    changes.unmatched.push_back(record);
    return;
  }
  ++outcome.counters.created;
  changes.rows.push_back(
      {record, ids_.next(), incoming.content_hash, wanted_state(incoming), RowChange::Kind::write, true});
}

bool PageWriter::Impl::has_match_values(std::size_t rule, const Incoming& record) const {
  return std::all_of(plan_.match_cells[rule].begin(), plan_.match_cells[rule].end(), [&](std::size_t index) {
    const Cell& cell = record.cells[index];
    return !cell.is_null() && (cell.kind() != Cell::Kind::text || !cell.as_text().empty());
  });
}

Status PageWriter::Impl::match(PageStatements& statements, std::vector<std::size_t> unknown, PageOutcome& outcome,
                               PageChanges& changes) {
  std::unordered_set<std::int64_t> taken;
  std::vector<bool> conflict(page_records_.records().size());
  for (std::size_t rule = 0; rule < plan_.match_cells.size() && !unknown.empty(); ++rule) {
    std::vector<std::size_t> wanted;
    std::copy_if(unknown.begin(), unknown.end(), std::back_inserter(wanted), [&](std::size_t record) {
      return !conflict[record] && has_match_values(rule, page_records_.records()[record]);
    });
    if (wanted.empty()) {
      continue;
    }
    std::vector<MatchCandidate> candidates;
    DOVETAIL_TRY_STATUS(statements.find_matches(rule, page_records_.records(), wanted, candidates));
    std::unordered_set<std::size_t> matched;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::size_t record = candidates[i].record;
      if (i + 1 < candidates.size() && candidates[i + 1].record == record) {
        conflict[record] = true;
        ++i; // there are at most two of a record
      } else if (taken.insert(candidates[i].row_id).second) {
        take_match(record, candidates[i].row_id, outcome, changes);
        matched.insert(record);
      }
    }
    std::erase_if(unknown, [&](std::size_t record) { return matched.contains(record); });
  }
  for (const std::size_t record : unknown) {
    create(record, conflict[record], outcome, changes);
  }
  return {};
}

Status PageWriter::Impl::decide(PageStatements& statements, PageOutcome& outcome, PageChanges& changes) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < page_records_.records().size(); ++i) {
    const bool unchanged = links_[i].found && links_[i].content_hash == page_records_.records()[i].content_hash;
    if (!unchanged) {
      DOVETAIL_TRY_STATUS(check_cells(plan_, page_records_.records()[i]));
    }
    if (links_[i].found) {
      take_existing(i, outcome, changes);
    } else if (plan_.match_cells.empty() || page_records_.records()[i].header->gone) {
      create(i, false, outcome, changes);
    } else {
      unknown.push_back(i);
    }
  }
  return match(statements, std::move(unknown), outcome, changes);
}

Status PageWriter::Impl::collect_keys(PageStatements& statements, PageChanges& changes) const {
  changes.keys.resize(plan_.over.fields.size());
  if (plan_.over.fields.empty() || changes.rows.empty()) {
    return {};
  }
  std::vector<std::int64_t> known_rows;
  RepairedTexts repaired;
  for (const RowChange& row : changes.rows) {
    if (row.kind == RowChange::Kind::link) {
      continue;
    }
    if (!row.created) {
      known_rows.push_back(row.row_id);
    }
    for (std::size_t i = 0; i < plan_.over.fields.size(); ++i) {
      if (row.kind != RowChange::Kind::write || plan_.key_cells[i] == no_cell) {
        continue;
      }
      Cell cell = changes.records[row.record].cells[plan_.key_cells[i]];
      make_storable(cell, repaired);
      if (!cell.is_null()) {
        changes.keys[i].push_back(cell.kind() == Cell::Kind::integer ? Key{{}, cell.as_integer()}
                                                                     : Key{std::string(cell.as_text()), 0});
      }
    }
  }
  if (!known_rows.empty()) {
    DOVETAIL_TRY_STATUS(statements.read_keys(known_rows, changes.keys));
  }
  sort_keys(changes.keys);
  return {};
}

void PageWriter::Impl::drop_refused(std::span<const RefusedRow> refused, PageOutcome& outcome, PageChanges& changes) {
  for (const RefusedRow& each : refused) {
    const RowChange& row = changes.rows[each.row];
    --(row.created ? outcome.counters.created : outcome.counters.updated);
    ++outcome.counters.failed;
    if (outcome.problems.size() < max_problems) {
      outcome.problems.push_back({shown_id(changes.records[row.record].header->external_id), each.what});
    }
  }
  for (auto each = refused.rbegin(); each != refused.rend(); ++each) {
    changes.rows.erase(changes.rows.begin() + static_cast<std::ptrdiff_t>(each->row));
  }
}

Result<PageOutcome> PageWriter::Impl::attempt(Transaction& transaction, const PageWrite& page, bool one_by_one,
                                              PageStatements::Trouble& trouble) {
  trouble = PageStatements::Trouble::none;
  const auto statements = this->statements(transaction);
  PageOutcome outcome = page_records_.outcome();
  outcome.counters += page.counted;
  links_.assign(page_records_.records().size(), StoredLink{});
  GuardState guard;
  DOVETAIL_TRY_STATUS(statements->open(&page, page_records_.records(), guard, links_));
  DOVETAIL_TRY_STATUS(check_guard(page, guard));
  if (guard.pass_pages != page.pass_pages) {
    PageOutcome nothing;
    nothing.already_written = true;
    nothing.cancel_requested = guard.cancel_requested;
    return nothing;
  }
  outcome.cancel_requested = guard.cancel_requested;

  PageChanges changes;
  changes.page = &page;
  changes.records = page_records_.records();
  changes.seen = page_records_.seen();
  changes.now = database_.clock().now();
  changes.parent_version = plan_.target.child_objects.empty() ? 0 : ids_.next();
  DOVETAIL_TRY_STATUS(decide(*statements, outcome, changes));
  DOVETAIL_TRY_STATUS(collect_keys(*statements, changes));

  std::vector<RefusedRow> refused;
  Status written = statements->write_rows(changes, one_by_one, refused, outcome.repaired);
  if (written.ok()) {
    drop_refused(refused, outcome, changes);
    changes.counters = outcome.counters;
    written = statements->finish(changes);
  }
  if (!written.ok()) {
    trouble = statements->trouble();
    return std::move(written).error();
  }
  return outcome;
}

Result<PageOutcome> PageWriter::Impl::write(const PageWrite& page, DeferredCommit* commit) {
  DOVETAIL_TRY_STATUS(page_records_.collect(plan_, page));
  bool one_by_one = false;
  for (std::size_t attempts = 1;; ++attempts) {
    auto trouble = PageStatements::Trouble::none;
    const auto work = [&](Transaction& transaction) { return attempt(transaction, page, one_by_one, trouble); };
    Result<PageOutcome> outcome = commit != nullptr ? database_.with_deferred_write(plan_.target.tenant, *commit, work)
                                                    : database_.with_write(plan_.target.tenant, work);
    // What was rolled back with earlier pages cannot be written again before they are.
    const bool alone = commit == nullptr || !commit->outstanding();
    if (outcome.ok() || trouble == PageStatements::Trouble::none || attempts == max_attempts || !alone) {
      return outcome;
    }
    one_by_one = one_by_one || trouble == PageStatements::Trouble::row_refused;
  }
}

Result<PageOutcome> PageWriter::Impl::preview(const PageWrite& page) {
  DOVETAIL_TRY_STATUS(page_records_.collect(plan_, page));
  return database_.with_read(plan_.target.tenant, [&](ReadSession& session) -> Result<PageOutcome> {
    const auto statements = this->statements(session);
    PageOutcome outcome = page_records_.outcome();
    outcome.counters += page.counted;
    links_.assign(page_records_.records().size(), StoredLink{});
    GuardState guard;
    DOVETAIL_TRY_STATUS(statements->open(nullptr, page_records_.records(), guard, links_));
    PageChanges changes;
    DOVETAIL_TRY_STATUS(decide(*statements, outcome, changes));
    for (const RowChange& row : changes.rows) {
      if (row.is_changed_parent()) {
        outcome.parents.emplace_back(page_records_.records()[row.record].header->external_id);
      }
    }
    return outcome;
  });
}

Result<bool> PageWriter::Impl::known_page(std::string_view page_key) {
  return database_.with_read(plan_.target.tenant,
                             [&](ReadSession& session) { return statements(session)->known_page(page_key); });
}

PageWriter::PageWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PageWriter::PageWriter(PageWriter&&) noexcept = default;
PageWriter& PageWriter::operator=(PageWriter&&) noexcept = default;
PageWriter::~PageWriter() = default;

Result<PageWriter> PageWriter::make(Database& database, IdGenerator& ids, ObjectTarget target) {
  DOVETAIL_TRY(ObjectPlan plan, make_object_plan(database.dialect(), std::move(target)));
  return PageWriter(std::make_unique<Impl>(database, ids, std::move(plan)));
}

Result<PageOutcome> PageWriter::write(const PageWrite& page, DeferredCommit* commit) {
  return impl_->write(page, commit);
}
Result<PageOutcome> PageWriter::preview(const PageWrite& page) { return impl_->preview(page); }
Result<bool> PageWriter::known_page(std::string_view page_key) { return impl_->known_page(page_key); }

} // namespace dovetail::store

// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/store/page_writer_plan.hpp"
#include "core/store/upsert_postgres.hpp"
#include "core/store/upsert_sqlite.hpp"

namespace dovetail::store {
namespace {

using namespace detail; // NOLINT(google-build-using-namespace): this file is the other half of those declarations
using mapping::Cell;
using mapping::PageRows;

constexpr std::size_t max_shown_id_bytes = 120;
constexpr std::size_t max_key_bytes = 1024;    // of a page or of plugin state; the ABI's bound
constexpr std::size_t max_page_parts = 10'000; // batches, unchanged pages, states, parents: each
constexpr std::size_t max_attempts = 4;
constexpr std::size_t no_cell = std::numeric_limits<std::size_t>::max();

constexpr std::array<std::string_view, 3> row_state_names{"active", "inactive", "deleted"};
constexpr std::array<std::string_view, 3> policy_names{"mark_inactive_keep_link", "ignore", "soft_delete"};

std::string shown(std::string_view external_id) {
  // Cut where a character begins.
  std::size_t end = std::min(external_id.size(), max_shown_id_bytes);
  while (end > 0 && end < external_id.size() && (static_cast<unsigned char>(external_id[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  std::string text(external_id.substr(0, end));
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

// Not transient, as other conflicts are: what was lost stays lost.
Error no_longer_ours(std::string message) {
  Error error = aborted(std::move(message));
  error.retry = RetryClass::never;
  return error;
}

Status check_part(std::string_view what, std::size_t count) {
  if (count <= max_page_parts) {
    return {};
  }
  return invalid_argument(
      fmt::format("A page tells {} {}, more than the {} that are allowed: the plugin should end its pages earlier.",
                  count, what, max_page_parts));
}

Status check_key(std::string_view what, std::string_view key) {
  if (key.size() <= max_key_bytes && is_storable_text(key) && !key.starts_with(nameless_page)) {
    return {};
  }
  return invalid_argument(
      fmt::format("A {} has to be valid UTF-8 of at most {} bytes, without U+0000 and not beginning with U+0001.", what,
                  max_key_bytes));
}

std::vector<std::size_t> cells_of(const ObjectPlan& plan, const MatchRule& rule) {
  std::vector<std::size_t> cells;
  for (const std::string& name : rule) {
    const auto found = std::find_if(plan.fields.begin(), plan.fields.end(),
                                    [&](const model::Field* field) { return field->name == name; });
    cells.push_back(found == plan.fields.end() ? no_cell : static_cast<std::size_t>(found - plan.fields.begin()));
  }
  return cells;
}

Result<ObjectPlan> make_plan(Dialect dialect, ObjectTarget target) {
  ObjectPlan plan;
  plan.dialect = dialect;
  DOVETAIL_TRY_STATUS(check_tables(target.models));
  const model::Model* const model = target.model;
  if (model == nullptr || std::none_of(target.models.begin(), target.models.end(),
                                       [&](const TableSpec& spec) { return spec.model == model; })) {
    return invalid_argument("Object \"" + target.object + "\": its local model is none of the models there are.");
  }
  std::unordered_set<std::uint16_t> used;
  for (const std::uint16_t column : target.columns) {
    if (column >= model->fields.size() || !used.insert(column).second) {
      return invalid_argument(fmt::format(
          "Object \"{}\": its mapping fills column {} of model \"{}\", which does not exist or comes twice.",
          target.object, column, model->name));
    }
    plan.fields.push_back(&model->fields[column]);
  }
  for (const MatchRule& rule : target.match_by) {
    auto cells = cells_of(plan, rule);
    if (rule.empty() || std::find(cells.begin(), cells.end(), no_cell) != cells.end()) {
      return invalid_argument(fmt::format(
          "Object \"{}\": matchBy names a field that its mapping to model \"{}\" does not fill: map it, or remove "
          "the rule.",
          target.object, model->name));
    }
    plan.match_cells.push_back(std::move(cells));
  }
  plan.own_min_of = min_of_fields(*model, target.models, dialect);
  plan.over = derived_over(*model, target.models, dialect);
  for (const MinOf& field : plan.over.fields) {
    plan.key_cells.push_back(cells_of(plan, {field.derived->of_key}).front());
  }
  plan.target = std::move(target);
  return plan;
}

// What the records of a page look like before the database is asked.
struct Collected {
  std::vector<Incoming> records;
  std::vector<SeenPage> seen;
  PageOutcome outcome; ///< what is known already: counters of records that cannot be stored, duplicates
};

} // namespace

std::string_view to_string(DeletionPolicy policy) noexcept { return policy_names.at(static_cast<std::size_t>(policy)); }

std::optional<DeletionPolicy> deletion_policy_from_name(std::string_view name) noexcept {
  const auto* const found = std::find(policy_names.begin(), policy_names.end(), name);
  if (found == policy_names.end()) {
    return std::nullopt;
  }
  return static_cast<DeletionPolicy>(found - policy_names.begin());
}

std::string_view detail::to_string(RowState state) noexcept {
  return row_state_names.at(static_cast<std::size_t>(state));
}

RowState detail::row_state_from_name(std::string_view name) noexcept {
  return name == "active" ? RowState::active : (name == "deleted" ? RowState::deleted : RowState::inactive);
}

Error detail::unknown_page(std::string_view page_key) {
  return not_found("The page \"" + shown(page_key) + "\" was called unchanged but was never written: read it in full.");
}

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

  Result<PageOutcome> write(const PageWrite& page);
  Result<PageOutcome> preview(const PageWrite& page);
  Result<bool> known_page(std::string_view page_key);

private:
  [[nodiscard]] std::unique_ptr<PageStatements> statements(ReadSession& session) const {
    return plan_.dialect == Dialect::sqlite ? make_sqlite_page(session, plan_, sqlite_sql_)
                                            : make_postgres_page(session, plan_, postgres_sql_);
  }
  Status check_page(const PageWrite& page) const;
  Status collect(const PageWrite& page);
  Status collect_batch(const RecordBatch& batch, SeenPage& seen);
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
  static void drop_refused(std::span<const RefusedRow> refused, const Collected& collected, PageOutcome& outcome,
                           PageChanges& changes);

  Database& database_;
  IdGenerator& ids_;
  ObjectPlan plan_;
  SqliteUpsertSql sqlite_sql_;
  PostgresUpsertSql postgres_sql_;
  // Reused from page to page.
  Collected collected_;
  std::vector<StoredLink> links_;
  std::vector<std::uint32_t> slots_; // open addressing over collected_.records by external id; 0 = free, else index + 1
};

Status PageWriter::Impl::check_page(const PageWrite& page) const {
  DOVETAIL_TRY_STATUS(check_part("groups of records", page.batches.size()));
  DOVETAIL_TRY_STATUS(check_part("unchanged pages", page.unchanged_page_keys.size()));
  DOVETAIL_TRY_STATUS(check_part("values to keep", page.states.size()));
  DOVETAIL_TRY_STATUS(check_part("parents' marks", page.parent_marks.size()));
  DOVETAIL_TRY_STATUS(check_part("parents", page.consumed.size()));
  for (const std::string& key : page.unchanged_page_keys) {
    DOVETAIL_TRY_STATUS(check_key("page key", key));
  }
  for (const StateEntry& entry : page.states) {
    DOVETAIL_TRY_STATUS(check_key("key of plugin state", entry.key));
    if (entry.value.size() > limits::max_page_state_bytes) {
      return invalid_argument(
          fmt::format("A plugin may keep at most {} bytes under one key.", limits::max_page_state_bytes));
    }
  }
  std::size_t records = 0;
  for (const RecordBatch& batch : page.batches) {
    DOVETAIL_TRY_STATUS(check_key("page key", batch.page_key));
    records += batch.rows->size();
    if (!std::equal(batch.rows->columns().begin(), batch.rows->columns().end(), plan_.target.columns.begin(),
                    plan_.target.columns.end())) {
      return invalid_argument("Object \"" + plan_.target.object +
                              "\": a page's rows have other columns than its writer was made for.");
    }
  }
  if (records > limits::max_records_per_page) {
    return invalid_argument(
        fmt::format("Object \"{}\": a page of {} records is above the bound of {}: ask the provider for smaller pages.",
                    plan_.target.object, records, limits::max_records_per_page));
  }
  return {};
}

Status PageWriter::Impl::collect(const PageWrite& page) {
  DOVETAIL_TRY_STATUS(check_page(page));
  collected_.records.clear();
  collected_.seen.clear();
  collected_.outcome = PageOutcome{};
  std::size_t count = 0;
  for (const RecordBatch& batch : page.batches) {
    count += batch.rows->size();
  }
  collected_.records.reserve(count);
  slots_.assign(std::bit_ceil(2 * count + 1), 0);
  for (std::size_t i = 0; i < page.batches.size(); ++i) {
    const RecordBatch& batch = page.batches[i];
    SeenPage seen;
    // A key of this pass alone is one that no plugin can give.
    seen.page_key = batch.page_key.empty() ? fmt::format("{}{}/{}/{}", nameless_page, page.pass_id, page.pass_pages, i)
                                           : batch.page_key;
    DOVETAIL_TRY_STATUS(collect_batch(batch, seen));
    if (!batch.page_key.empty() || page.full_pass) {
      collected_.seen.push_back(std::move(seen));
    }
  }
  return {};
}

Status PageWriter::Impl::collect_batch(const RecordBatch& batch, SeenPage& seen) {
  const PageRows& rows = *batch.rows;
  PageOutcome& outcome = collected_.outcome;
  const std::size_t mask = slots_.size() - 1;
  seen.seen.reserve(rows.size() * sizeof(std::uint64_t));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const mapping::RowHeader& header = rows.header(i);
    const std::span<const Cell> cells = rows.row(i);
    ++outcome.counters.fetched;
    if (header.external_id.empty() || header.external_id.size() > limits::max_external_id_bytes ||
        !is_storable_text(header.external_id)) {
      ++outcome.counters.failed;
      if (outcome.problems.size() < max_problems) {
        outcome.problems.push_back(
            {shown(header.external_id),
             fmt::format("its id is not valid UTF-8 of 1 to {} bytes without U+0000", limits::max_external_id_bytes)});
      }
      continue;
    }
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      if (!fits(cells[cell].kind(), plan_.fields[cell]->type)) {
        return internal(
            fmt::format("The mapping of object \"{}\" gave field \"{}\" a value of another type: report this.",
                        plan_.target.object, plan_.fields[cell]->name));
      }
    }
    const std::uint64_t hash = header.external_id_hash;
    for (unsigned byte = 0; byte < sizeof hash; ++byte) {
      seen.seen.push_back(static_cast<char>(static_cast<unsigned char>(hash >> (8U * byte))));
    }
    const Incoming record{&header, cells.data(), std::bit_cast<std::int64_t>(hash),
                          std::bit_cast<std::int64_t>(header.content_hash)};
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0 && collected_.records[slots_[slot] - 1].header->external_id != header.external_id) {
      slot = (slot + 1) & mask;
    }
    if (slots_[slot] != 0) {
      collected_.records[slots_[slot] - 1] = record;
      ++outcome.duplicates;
      ++outcome.counters.skipped;
    } else {
      collected_.records.push_back(record);
      slots_[slot] = static_cast<std::uint32_t>(collected_.records.size());
    }
  }
  return {};
}

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
  if (!record.header->inactive || plan_.target.deletion == DeletionPolicy::ignore) {
    return RowState::active;
  }
  return plan_.target.deletion == DeletionPolicy::soft_delete ? RowState::deleted : RowState::inactive;
}

void PageWriter::Impl::take_existing(std::size_t record, PageOutcome& outcome, PageChanges& changes) const {
  const Incoming& incoming = collected_.records[record];
  const StoredLink& link = links_[record];
  const RowState state = wanted_state(incoming);
  const bool same_values = link.content_hash == incoming.content_hash;
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
  const Incoming& incoming = collected_.records[record];
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
  const Incoming& incoming = collected_.records[record];
  outcome.counters.conflicts += conflict ? 1 : 0;
  if (!plan_.target.create_unmatched) {
    ++outcome.counters.skipped;
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
  std::vector<bool> conflict(collected_.records.size());
  for (std::size_t rule = 0; rule < plan_.match_cells.size() && !unknown.empty(); ++rule) {
    std::vector<std::size_t> wanted;
    std::copy_if(unknown.begin(), unknown.end(), std::back_inserter(wanted), [&](std::size_t record) {
      return !conflict[record] && has_match_values(rule, collected_.records[record]);
    });
    if (wanted.empty()) {
      continue;
    }
    std::vector<MatchCandidate> candidates;
    DOVETAIL_TRY_STATUS(statements.find_matches(rule, collected_.records, wanted, candidates));
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
  for (std::size_t i = 0; i < collected_.records.size(); ++i) {
    if (links_[i].found) {
      take_existing(i, outcome, changes);
    } else if (plan_.match_cells.empty()) {
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

void PageWriter::Impl::drop_refused(std::span<const RefusedRow> refused, const Collected& collected,
                                    PageOutcome& outcome, PageChanges& changes) {
  for (const RefusedRow& each : refused) {
    const RowChange& row = changes.rows[each.row];
    --(row.created ? outcome.counters.created : outcome.counters.updated);
    ++outcome.counters.failed;
    if (outcome.problems.size() < max_problems) {
      outcome.problems.push_back({shown(collected.records[row.record].header->external_id), each.what});
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
  PageOutcome outcome = collected_.outcome;
  outcome.counters += page.counted;
  links_.assign(collected_.records.size(), StoredLink{});
  GuardState guard;
  DOVETAIL_TRY_STATUS(statements->open(&page, collected_.records, guard, links_));
  DOVETAIL_TRY_STATUS(check_guard(page, guard));
  if (guard.pass_pages != page.pass_pages) {
    PageOutcome nothing;
    nothing.already_written = true;
    return nothing;
  }

  PageChanges changes;
  changes.page = &page;
  changes.records = collected_.records;
  changes.seen = collected_.seen;
  changes.now = database_.clock().now();
  changes.parent_version = plan_.target.child_objects.empty() ? 0 : ids_.next();
  DOVETAIL_TRY_STATUS(decide(*statements, outcome, changes));
  DOVETAIL_TRY_STATUS(collect_keys(*statements, changes));

  std::vector<RefusedRow> refused;
  Status written = statements->write_rows(changes, one_by_one, refused, outcome.repaired);
  if (written.ok()) {
    drop_refused(refused, collected_, outcome, changes);
    changes.counters = outcome.counters;
    written = statements->finish(changes);
  }
  if (!written.ok()) {
    trouble = statements->trouble();
    return std::move(written).error();
  }
  return outcome;
}

Result<PageOutcome> PageWriter::Impl::write(const PageWrite& page) {
  DOVETAIL_TRY_STATUS(collect(page));
  bool one_by_one = false;
  for (std::size_t attempts = 1;; ++attempts) {
    auto trouble = PageStatements::Trouble::none;
    Result<PageOutcome> outcome = database_.with_write(
        plan_.target.tenant, [&](Transaction& transaction) { return attempt(transaction, page, one_by_one, trouble); });
    if (outcome.ok() || trouble == PageStatements::Trouble::none || attempts == max_attempts) {
      return outcome;
    }
    one_by_one = one_by_one || trouble == PageStatements::Trouble::row_refused;
  }
}

Result<PageOutcome> PageWriter::Impl::preview(const PageWrite& page) {
  DOVETAIL_TRY_STATUS(collect(page));
  return database_.with_read(plan_.target.tenant, [&](ReadSession& session) -> Result<PageOutcome> {
    const auto statements = this->statements(session);
    PageOutcome outcome = collected_.outcome;
    outcome.counters += page.counted;
    links_.assign(collected_.records.size(), StoredLink{});
    GuardState guard;
    DOVETAIL_TRY_STATUS(statements->open(nullptr, collected_.records, guard, links_));
    PageChanges changes;
    DOVETAIL_TRY_STATUS(decide(*statements, outcome, changes));
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
  DOVETAIL_TRY(ObjectPlan plan, make_plan(database.dialect(), std::move(target)));
  return PageWriter(std::make_unique<Impl>(database, ids, std::move(plan)));
}

Result<PageOutcome> PageWriter::write(const PageWrite& page) { return impl_->write(page); }
Result<PageOutcome> PageWriter::preview(const PageWrite& page) { return impl_->preview(page); }
Result<bool> PageWriter::known_page(std::string_view page_key) { return impl_->known_page(page_key); }

} // namespace dovetail::store

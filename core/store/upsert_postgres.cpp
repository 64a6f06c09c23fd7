// SPDX-License-Identifier: Apache-2.0
#include "core/store/upsert_postgres.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include "core/store/upsert_postgres_pipeline.hpp"
#include "core/store/upsert_postgres_sql.hpp"

namespace dovetail::store::detail {
namespace {

using mapping::Cell;
using namespace postgres_sql; // NOLINT(google-build-using-namespace): names of statements

std::int64_t affected(const ::PGresult* result) {
  const std::string_view text = PQcmdTuples(
      const_cast<::PGresult*>(result)); // NOLINT(cppcoreguidelines-pro-type-const-cast): libpq 15 reads only
  std::int64_t rows = 0;
  std::from_chars(text.data(), text.data() + text.size(), rows);
  return rows;
}

PostgresPipeline::Handler one_row(const char* otherwise) {
  return [otherwise](const ::PGresult* result) -> Status {
    return affected(result) == 1 ? Status() : Status(internal(otherwise));
  };
}

// Classes of SQLSTATE that speak of a row's values: data exceptions, constraints, program limits (an index entry that is too large).
bool is_of_row(std::string_view state) {
  return state.starts_with("22") || state.starts_with("23") || state.starts_with("54");
}
constexpr std::string_view unique_violation = "23505";

/// The arrays of a page's statements, kept with the connection, so that a page allocates nothing once they have grown.
class PageArrays final : public ConnectionAttachment {
public:
  static PageArrays& of(ReadSession& session, std::size_t cells) {
    auto& arrays =
        session.attachment<PageArrays>("upsert_postgres_arrays", [] { return std::make_unique<PageArrays>(); });
    arrays.cells.resize(std::max(arrays.cells.size(), cells));
    return arrays;
  }
  /// Gives back what only a large page needs.
  void shrink() noexcept {
    for (PostgresArray* const array : {&ids, &sources, &hashes, &row_states, &external_ids, &numbers}) {
      array->shrink();
    }
    std::for_each(cells.begin(), cells.end(), [](PostgresArray& array) { array.shrink(); });
  }

  PostgresArray ids;
  PostgresArray sources;
  PostgresArray hashes;
  PostgresArray row_states;
  PostgresArray external_ids;
  PostgresArray numbers;
  std::vector<PostgresArray> cells; ///< of as many fields as the largest model had
};

class PostgresPage final : public PageStatements {
public:
  PostgresPage(ReadSession& session, const ObjectPlan& plan, const PostgresUpsertSql& sql)
      : plan_(plan), sql_(sql), tenant_(plan.target.tenant.value), connection_(plan.target.connection.value),
        pipeline_(session), arrays_(PageArrays::of(session, plan.fields.size())),
        cells_(arrays_.cells.data(), plan.fields.size()) {}
  PostgresPage(const PostgresPage&) = delete;
  PostgresPage& operator=(const PostgresPage&) = delete;
  PostgresPage(PostgresPage&&) = delete;
  PostgresPage& operator=(PostgresPage&&) = delete;
  ~PostgresPage() override { arrays_.shrink(); }

  Status open(const PageWrite* page, std::span<const Incoming> records, GuardState& guard,
              std::span<StoredLink> links) override;
  Status find_matches(std::size_t rule, std::span<const Incoming> records, std::span<const std::size_t> wanted,
                      std::vector<MatchCandidate>& candidates) override;
  Status read_keys(std::span<const std::int64_t> row_ids, Keys& keys) override;
  Status write_rows(const PageChanges& changes, bool one_by_one, std::vector<RefusedRow>& refused,
                    std::int64_t& repaired) override;
  Status finish(const PageChanges& changes) override;
  [[nodiscard]] Trouble trouble() const noexcept override { return trouble_; }
  Result<bool> known_page(std::string_view page_key) override;

private:
  using Rows = std::span<const RowChange>;

  // The parameters that lead every key of the object's tables.
  [[nodiscard]] PostgresParameters object_parameters() const {
    PostgresParameters parameters;
    parameters.add(tenant_).add(connection_).add(std::string_view(plan_.target.object));
    return parameters;
  }
  std::size_t fill_arrays(const PageChanges& changes, Rows rows, bool created, std::int64_t& repaired);
  void send_writes(const PageChanges& changes, Rows rows, std::int64_t& repaired);
  void send_inserts(const PageChanges& changes, std::size_t count, const std::string& sql);
  void send_updates(const PageChanges& changes, std::size_t count);
  void send_states(const PageChanges& changes, Rows rows);
  void send_links(const PageChanges& changes, Rows rows);
  Status write_alone(const PageChanges& changes, std::vector<RefusedRow>& refused, std::int64_t& repaired);
  void send_seen(const PageChanges& changes);
  void send_states_of_plugin(const PageChanges& changes);
  void send_pending(const PageChanges& changes);
  void send_unmatched(const PageChanges& changes);
  void send_derived(const PageChanges& changes);
  void send_position(const PageChanges& changes);
  void send_counters(const PageChanges& changes);
  Status restore_missing(const PageChanges& changes);
  Status synced();

  const ObjectPlan& plan_;
  const PostgresUpsertSql& sql_;
  std::int64_t tenant_;
  std::int64_t connection_;
  PostgresPipeline pipeline_;
  Trouble trouble_ = Trouble::none;
  bool missing_ = false; // an update found fewer rows than it was to change
  RepairedTexts repaired_;
  PageArrays& arrays_;
  PostgresArray& ids_ = arrays_.ids;
  PostgresArray& sources_ = arrays_.sources;
  PostgresArray& hashes_ = arrays_.hashes;
  PostgresArray& row_states_ = arrays_.row_states;
  PostgresArray& external_ids_ = arrays_.external_ids;
  PostgresArray& numbers_ = arrays_.numbers;
  std::span<PostgresArray> cells_; // one a field
};

Status PostgresPage::open(const PageWrite* page, std::span<const Incoming> records, GuardState& guard,
                          std::span<StoredLink> links) {
  pipeline_.send(probe_settings_sql, {}, "preparing to write a page");
  if (page != nullptr) {
    pipeline_.send(lease_sql, object_parameters(), "reading the lease of an object",
                   [&guard, page](const ::PGresult* result) -> Status {
                     if (PQntuples(result) == 1) {
                       guard.holder = read_int8(result, 0, 0);
                       guard.leased = guard.holder == page->job.value && read_int8(result, 0, 1) == page->fence;
                     }
                     return {};
                   });
    PostgresParameters parameters = object_parameters();
    parameters.add(page->job.value);
    pipeline_.send(guard_sql, parameters, "reading the state of a job", [&guard](const ::PGresult* result) -> Status {
      guard.running = read_text(result, 0, 0) == "running";
      guard.cancel_requested = read_int8(result, 0, 3) != 0;
      if (PQgetisnull(result, 0, 1) == 0) {
        guard.pass_id = read_int8(result, 0, 1);
        guard.pass_pages = read_int8(result, 0, 2);
      }
      return {};
    });
  }
  if (!records.empty()) {
    external_ids_.begin(oid::text, records.size());
    for (const Incoming& record : records) {
      external_ids_.add(record.header->external_id);
    }
    PostgresParameters parameters = object_parameters();
    parameters.add(std::string_view(plan_.target.model->name)).add(external_ids_);
    pipeline_.send(links_sql, parameters, "looking up external links", [links](const ::PGresult* result) -> Status {
      for (int row = 0; row < PQntuples(result); ++row) {
        links[static_cast<std::size_t>(read_int8(result, row, 0)) - 1] = {
            read_bool(result, row, 4), row_state_from_name(read_text(result, row, 3)), read_int8(result, row, 1),
            read_int8(result, row, 2)};
      }
      return {};
    });
  }
  return pipeline_.sync();
}

Status PostgresPage::find_matches(std::size_t rule, std::span<const Incoming> records,
                                  std::span<const std::size_t> wanted, std::vector<MatchCandidate>& candidates) {
  const auto& cells = plan_.match_cells[rule];
  std::vector<PostgresArray> values(cells.size());
  RepairedTexts repaired;
  PostgresParameters parameters = object_parameters();
  parameters.add(std::string_view(plan_.target.model->name));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    values[i].begin(oid_of(plan_.fields[cells[i]]->type), wanted.size());
    for (const std::size_t record : wanted) {
      Cell cell = records[record].cells[cells[i]];
      make_storable(cell, repaired);
      values[i].add(cell);
    }
    parameters.add(values[i]);
  }
  pipeline_.send(sql_.match[rule], parameters, "matching records to rows", [&](const ::PGresult* result) -> Status {
    for (int row = 0; row < PQntuples(result); ++row) {
      candidates.push_back(
          {wanted[static_cast<std::size_t>(read_int8(result, row, 0)) - 1], read_int8(result, row, 1)});
    }
    return {};
  });
  return pipeline_.sync();
}

Status PostgresPage::read_keys(std::span<const std::int64_t> row_ids, Keys& keys) {
  send_read_keys(pipeline_, plan_.over, tenant_, row_ids, keys);
  return pipeline_.sync();
}

// The arrays of those rows that are to be written and are new, or are not; returns how many.
std::size_t PostgresPage::fill_arrays(const PageChanges& changes, Rows rows, bool created, std::int64_t& repaired) {
  const auto wanted = [created](const RowChange& row) {
    return row.kind == RowChange::Kind::write && row.created == created;
  };
  const auto count = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), wanted));
  if (count == 0) {
    return 0;
  }
  ids_.begin(oid::int8, count);
  sources_.begin(oid::timestamptz, count);
  hashes_.begin(oid::int8, count);
  row_states_.begin(oid::text, count);
  external_ids_.begin(oid::text, count);
  for (std::size_t i = 0; i < plan_.fields.size(); ++i) {
    cells_[i].begin(oid_of(plan_.fields[i]->type), count);
  }
  for (const RowChange& row : rows) {
    if (!wanted(row)) {
      continue;
    }
    const Incoming& record = changes.records[row.record];
    const auto updated_at = record.header->source_updated_at;
    Cell source = updated_at ? Cell::timestamp(updated_at->time_since_epoch().count()) : Cell();
    repaired += make_storable(source, repaired_) ? 1 : 0;
    ids_.add(row.row_id);
    sources_.add(source);
    hashes_.add(record.content_hash);
    row_states_.add(to_string(row.state));
    external_ids_.add(record.header->external_id);
    for (std::size_t i = 0; i < plan_.fields.size(); ++i) {
      Cell cell = record.cells[i];
      repaired += make_storable(cell, repaired_) ? 1 : 0;
      cells_[i].add(cell);
    }
  }
  return count;
}

void PostgresPage::send_inserts(const PageChanges& changes, std::size_t count, const std::string& sql) {
  if (count == 0) {
    return;
  }
  PostgresParameters parameters;
  parameters.add(tenant_).add(connection_).add(std::string_view(plan_.target.provider)).add(changes.now);
  parameters.add(ids_).add(sources_).add(hashes_).add(row_states_).add(external_ids_);
  for (PostgresArray& cells : cells_) {
    parameters.add(cells);
  }
  pipeline_.send(sql, parameters, "writing new rows", {}, true);
}

void PostgresPage::send_updates(const PageChanges& changes, std::size_t count) {
  if (count == 0) {
    return;
  }
  PostgresParameters parameters;
  parameters.add(tenant_).add(changes.now).add(ids_).add(sources_).add(hashes_).add(row_states_);
  for (PostgresArray& cells : cells_) {
    parameters.add(cells);
  }
  const auto handler = [this, count](const ::PGresult* result) -> Status {
    missing_ = missing_ || affected(result) != static_cast<std::int64_t>(count);
    return {};
  };
  pipeline_.send(sql_.update_rows, parameters, "writing changed rows", handler, true);
}

void PostgresPage::send_states(const PageChanges& changes, Rows rows) {
  ids_.begin(oid::int8, rows.size());
  row_states_.begin(oid::text, rows.size());
  bool any = false;
  for (const RowChange& row : rows) {
    if (row.kind == RowChange::Kind::state) {
      any = true;
      ids_.add(row.row_id);
      row_states_.add(to_string(row.state));
    }
  }
  if (any) {
    PostgresParameters parameters;
    parameters.add(tenant_).add(changes.now).add(ids_).add(row_states_);
    pipeline_.send(sql_.state_rows, parameters, "changing rows' states");
  }
}

void PostgresPage::send_links(const PageChanges& changes, Rows rows) {
  external_ids_.begin(oid::text, rows.size());
  numbers_.begin(oid::int8, rows.size());
  ids_.begin(oid::int8, rows.size());
  hashes_.begin(oid::int8, rows.size());
  row_states_.begin(oid::text, rows.size());
  for (const RowChange& row : rows) {
    const Incoming& record = changes.records[row.record];
    external_ids_.add(record.header->external_id);
    numbers_.add(record.external_hash);
    ids_.add(row.row_id);
    hashes_.add(row.link_hash);
    row_states_.add(to_string(row.state));
  }
  PostgresParameters parameters = object_parameters();
  parameters.add(std::string_view(plan_.target.model->name)).add(changes.page->pass_id).add(changes.now);
  parameters.add(external_ids_).add(numbers_).add(ids_).add(hashes_).add(row_states_);
  pipeline_.send(write_links_sql, parameters, "writing external links");
}

void PostgresPage::send_writes(const PageChanges& changes, Rows rows, std::int64_t& repaired) {
  send_inserts(changes, fill_arrays(changes, rows, true, repaired), sql_.insert_rows);
  send_updates(changes, fill_arrays(changes, rows, false, repaired));
  send_states(changes, rows);
  send_links(changes, rows);
}

Status PostgresPage::write_rows(const PageChanges& changes, bool one_by_one, std::vector<RefusedRow>& refused,
                                std::int64_t& repaired) {
  if (one_by_one) {
    return write_alone(changes, refused, repaired);
  }
  if (!changes.rows.empty()) {
    send_writes(changes, changes.rows, repaired); // answered in finish()
  }
  return {};
}

// Each row behind a savepoint of its own: slow, and only after a page was refused because of some row.
Status PostgresPage::write_alone(const PageChanges& changes, std::vector<RefusedRow>& refused, std::int64_t& repaired) {
  for (std::size_t i = 0; i < changes.rows.size(); ++i) {
    pipeline_.send("SAVEPOINT dovetail_row", {}, "marking a row");
    send_writes(changes, Rows(changes.rows).subspan(i, 1), repaired);
    pipeline_.send("RELEASE SAVEPOINT dovetail_row", {}, "keeping a row");
    Status written = synced();
    if (written.ok()) {
      continue;
    }
    if (trouble_ != Trouble::row_refused) {
      return written;
    }
    trouble_ = Trouble::none;
    refused.push_back({i, written.error().message});
    pipeline_.send("ROLLBACK TO SAVEPOINT dovetail_row", {}, "undoing a row");
    pipeline_.send("RELEASE SAVEPOINT dovetail_row", {}, "undoing a row");
    DOVETAIL_TRY_STATUS(synced());
  }
  return {};
}

void PostgresPage::send_seen(const PageChanges& changes) {
  if (!changes.seen.empty()) {
    PostgresArray keys;
    PostgresArray seen;
    keys.begin(oid::text, changes.seen.size());
    seen.begin(oid::bytea, changes.seen.size());
    for (const SeenPage& page : changes.seen) {
      keys.add(page.page_key);
      seen.add(page.seen);
    }
    PostgresParameters parameters = object_parameters();
    parameters.add(changes.page->pass_id).add(keys).add(seen);
    pipeline_.send(write_pages_sql, parameters, "noting what a page held");
  }
  for (const std::string& key : changes.page->unchanged_page_keys) {
    PostgresParameters parameters = object_parameters();
    parameters.add(changes.page->pass_id).add(std::string_view(key));
    pipeline_.send(stamp_page_sql, parameters, "noting an unchanged page", [&key](const ::PGresult* result) -> Status {
      return affected(result) == 1 ? Status() : Status(unknown_page(key));
    });
  }
}

void PostgresPage::send_states_of_plugin(const PageChanges& changes) {
  for (const StateEntry& entry : changes.page->states) {
    PostgresParameters parameters = object_parameters();
    parameters.add(std::string_view(entry.key));
    if (entry.value.empty()) {
      pipeline_.send(drop_state_sql, parameters, "removing plugin state");
    } else {
      parameters.add(std::string_view(entry.value));
      pipeline_.send(write_state_sql, parameters, "keeping plugin state");
    }
  }
}

void PostgresPage::send_pending(const PageChanges& changes) {
  if (!plan_.target.child_objects.empty() &&
      std::any_of(changes.rows.begin(), changes.rows.end(), std::mem_fn(&RowChange::is_changed_parent))) {
    PostgresArray children;
    children.begin(oid::text, plan_.target.child_objects.size());
    for (const std::string& child : plan_.target.child_objects) {
      children.add(child);
    }
    external_ids_.begin(oid::text, changes.rows.size());
    for (const RowChange& row : changes.rows) {
      if (row.is_changed_parent()) {
        external_ids_.add(changes.records[row.record].header->external_id);
      }
    }
    PostgresParameters parameters;
    parameters.add(tenant_).add(connection_).add(children).add(external_ids_).add(changes.parent_version);
    pipeline_.send(add_pending_sql, parameters, "noting parents to be read");
  }
  if (!changes.page->consumed.empty()) {
    external_ids_.begin(oid::text, changes.page->consumed.size());
    numbers_.begin(oid::int8, changes.page->consumed.size());
    for (const ConsumedParent& parent : changes.page->consumed) {
      external_ids_.add(parent.external_id);
      numbers_.add(parent.version);
    }
    PostgresParameters parameters = object_parameters();
    parameters.add(external_ids_).add(numbers_);
    pipeline_.send(drop_pending_sql, parameters, "removing parents that were read");
  }
}

void PostgresPage::send_unmatched(const PageChanges& changes) {
  if (changes.unmatched.empty()) {
    return;
  }
  external_ids_.begin(oid::text, changes.unmatched.size());
  for (const std::size_t record : changes.unmatched) {
    external_ids_.add(changes.records[record].header->external_id);
  }
  PostgresParameters parameters = object_parameters();
  parameters.add(changes.now).add(external_ids_);
  pipeline_.send(add_unmatched_sql, parameters, "keeping unmatched records");
}

void PostgresPage::send_derived(const PageChanges& changes) {
  const auto written = [](const RowChange& row) { return row.kind == RowChange::Kind::write; };
  if (!plan_.own_min_of.empty() && std::any_of(changes.rows.begin(), changes.rows.end(), written)) {
    ids_.begin(oid::int8, changes.rows.size());
    for (const RowChange& row : changes.rows) {
      if (written(row)) {
        ids_.add(row.row_id);
      }
    }
    for (const MinOf& field : plan_.own_min_of) {
      PostgresParameters parameters;
      parameters.add(tenant_).add(changes.now).add(ids_);
      pipeline_.send(field.by_id, parameters, "computing a derived field");
    }
  }
  send_compute_by_key(pipeline_, plan_.over, tenant_, connection_, changes.now, changes.keys);
}

void PostgresPage::send_position(const PageChanges& changes) {
  const PageWrite& page = *changes.page;
  PostgresParameters parameters = object_parameters();
  if (page.position) {
    parameters.add(std::string_view(*page.position));
  } else {
    parameters.add_null();
  }
  if (page.high_water) {
    parameters.add(*page.high_water);
  } else {
    parameters.add_null();
  }
  parameters.add(changes.now).add(page.pass_id).add(page.pass_pages);
  pipeline_.send(write_position_sql, parameters, "keeping the position of a read",
                 one_row("The position of a read changed under its own lease: report this."));
  if (!page.parent_marks.empty()) {
    external_ids_.begin(oid::text, page.parent_marks.size());
    sources_.begin(oid::timestamptz, page.parent_marks.size());
    for (const ParentMark& mark : page.parent_marks) {
      external_ids_.add(mark.parent_id);
      sources_.add(mark.high_water);
    }
    PostgresParameters marks = object_parameters();
    marks.add(changes.now).add(external_ids_).add(sources_);
    pipeline_.send(write_marks_sql, marks, "keeping high-water marks");
  }
}

void PostgresPage::send_counters(const PageChanges& changes) {
  const PageCounters& counters = changes.counters;
  PostgresParameters parameters;
  parameters.add(tenant_).add(changes.page->job.value).add(changes.now).add(counters.fetched).add(counters.created);
  parameters.add(counters.updated)
      .add(counters.unchanged)
      .add(counters.skipped)
      .add(counters.failed)
      .add(counters.conflicts);
  parameters.add(counters.requests).add(counters.not_modified);
  pipeline_.send(count_sql, parameters, "counting a page",
                 one_row("A job's row changed under its own lease: report this."));
}

// Somebody deleted rows but not their links: they come back under their ids.
Status PostgresPage::restore_missing(const PageChanges& changes) {
  std::int64_t again = 0;
  send_inserts(changes, fill_arrays(changes, changes.rows, false, again), sql_.restore_rows);
  send_derived(changes);
  return synced();
}

Status PostgresPage::synced() {
  Status status = pipeline_.sync();
  if (!status.ok() && pipeline_.failed_row() && is_of_row(pipeline_.failed_state())) {
    trouble_ = pipeline_.failed_state() == unique_violation ? Trouble::id_taken : Trouble::row_refused;
  }
  return status;
}

Status PostgresPage::finish(const PageChanges& changes) {
  send_seen(changes);
  send_states_of_plugin(changes);
  send_pending(changes);
  send_unmatched(changes);
  send_derived(changes);
  send_position(changes);
  send_counters(changes);
  DOVETAIL_TRY_STATUS(synced());
  return missing_ ? restore_missing(changes) : Status();
}

Result<bool> PostgresPage::known_page(std::string_view page_key) {
  PostgresParameters parameters = object_parameters();
  parameters.add(page_key);
  bool known = false;
  pipeline_.send(known_page_sql, parameters, "looking for a page", [&known](const ::PGresult* result) -> Status {
    known = PQntuples(result) > 0;
    return {};
  });
  DOVETAIL_TRY_STATUS(pipeline_.sync());
  return known;
}

} // namespace

std::unique_ptr<PageStatements> make_postgres_page(ReadSession& session, const ObjectPlan& plan,
                                                   const PostgresUpsertSql& sql) {
  return std::make_unique<PostgresPage>(session, plan, sql);
}

} // namespace dovetail::store::detail

// SPDX-License-Identifier: Apache-2.0
#include "core/sync/object_job.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/store/sweep.hpp"
#include "core/sync/row_json.hpp"

namespace dovetail::sync {
namespace {

/// Pages that share a commit. Each index page that several of them change is then written once.
constexpr int max_pages_a_commit = 8;

void add_outcome(const store::PageOutcome& outcome, SyncCounts& counts) {
  counts.fetched += outcome.counters.fetched;
  counts.created += outcome.counters.created;
  counts.updated += outcome.counters.updated;
  counts.unchanged += outcome.counters.unchanged;
  counts.skipped += outcome.counters.skipped;
  counts.failed += outcome.counters.failed;
  counts.conflicts += outcome.counters.conflicts;
  counts.requests += outcome.counters.requests;
  counts.not_modified += outcome.counters.not_modified;
  counts.unmatched += outcome.unmatched;
}

store::PageCounters counted_by_engine(const SyncCounts& lost, const FetchedPage& page) {
  store::PageCounters counted;
  counted.fetched = lost.fetched;
  counted.skipped = lost.skipped;
  counted.failed = lost.failed;
  counted.requests = page.requests;
  counted.not_modified = page.not_modified;
  return counted;
}

void note_exchanges(const FetchedPage& page, Exchanges& counted) {
  counted.requests += page.requests;
  counted.not_modified += page.not_modified;
}

} // namespace

ObjectJob::ObjectJob(ObjectSyncParts parts, ObjectSyncTuning tuning, const ObjectTask& task, const SyncOptions& options,
                     const std::stop_token& stop, ProgressListener* progress, ObjectReport& report)
    : parts_(parts), tuning_(tuning), task_(task), options_(options), progress_(progress), report_(report),
      rule_(task.rule ? *task.rule : default_rule(*task.object)), forward_stop_(stop, [this] { work_.request_stop(); }),
      scope_{parts.database, task.tenant}, jobs_(scope_, parts.ids), leases_(scope_) {}

ReadShape ObjectJob::shape() const {
  ReadShape shape;
  const auto& object = *task_.object;
  shape.object = object.key;
  if (object.parent) {
    shape.parent_mode = object.parent->mode == manifest::ParentMode::each ? ParentMode::each : ParentMode::changed;
    shape.batch = object.parent->batch;
  }
  shape.delta = object.capabilities.delta;
  shape.overlap = task_.overlap;
  shape.initial_mode = initial_mode_;
  shape.initial_since = initial_since_;
  shape.filters = rule_.filters_json;
  shape.fields = mapping_->source_paths();
  return shape;
}

Status ObjectJob::prepare() {
  DOVETAIL_TRY_STATUS(choose_beginning());
  DOVETAIL_TRY(const auto mapping, choose_mapping());
  DOVETAIL_TRY(auto compiled, mapping::compile(mapping, *task_.model));
  mapping_.emplace(std::move(compiled));
  pages_.emplace(*mapping_, parts_.redactor);
  filter_ = RowFilter(rule_.filters, mapping, *task_.model, mapping_->columns());
  for (const auto& pointer : filter_.unchecked()) {
    report_.notes.push_back("the filter over " + pointer +
                            " is left to the provider's plugin: no field is filled from it as it is");
  }
  store::ObjectTarget target;
  target.tenant = task_.tenant;
  target.connection = task_.connection;
  target.provider = task_.manifest->provider_key;
  target.object = task_.object->key;
  target.model = task_.model;
  target.models = task_.tables;
  target.columns.assign(mapping_->columns().begin(), mapping_->columns().end());
  target.match_by = task_.object->match_by;
  target.conflict = rule_.conflict;
  target.create_unmatched = rule_.create_unmatched;
  target.deletion = rule_.deletion;
  target.policies = rule_.policies;
  target.child_objects = task_.children;
  DOVETAIL_TRY(auto writer, store::PageWriter::make(parts_.database, parts_.ids, std::move(target)));
  writer_.emplace(std::move(writer));
  return {};
}

Status ObjectJob::claim() {
  // PostgreSQL would hold locks on rows for as long.
  put_off_commits_ = options_.prefetch && parts_.database.dialect() == store::Dialect::sqlite;
  if (options_.dry_run) {
    return {};
  }
  store::NewJob wanted;
  wanted.connection = task_.connection;
  wanted.provider = task_.manifest->provider_key;
  wanted.object = task_.object->key;
  wanted.mode = wants_full() ? "full" : "delta";
  wanted.rule_revision = rule_.revision;
  if (options_.retry_of) {
    DOVETAIL_TRY_STATUS(jobs_.retry(*options_.retry_of));
    report_.job = *options_.retry_of;
  } else {
    DOVETAIL_TRY(report_.job, jobs_.create(wanted));
  }
  const auto self = store::this_process();
  DOVETAIL_TRY(claim_, jobs_.claim(report_.job, self.host + ":" + std::to_string(self.process_id)));
  auto lease = leases_.acquire(task_.connection, task_.object->key, report_.job, tuning_.lease);
  if (!lease.ok()) {
    static_cast<void>(jobs_.fail(*claim_, lease.error()));
    return std::move(lease).error();
  }
  lease_.emplace(std::move(*lease));
  DOVETAIL_TRY_STATUS(interrupt_others());
  if (tuning_.keep_lease) {
    keeper_ = std::make_unique<LeaseKeeper>(leases_, *lease_, tuning_.lease, work_);
  }
  return {};
}

Status ObjectJob::interrupt_others() {
  // Not only the one that held the lease: a process may also have died between claiming its job and taking the lease, or between taking
  // it over and coming here.
  DOVETAIL_TRY(const auto running, jobs_.list({.connection = task_.connection,
                                               .state = store::JobState::running,
                                               .object = task_.object->key,
                                               .provider = {},
                                               .before = {}},
                                              store::JobRepository::max_listed));
  for (const auto& job : running) {
    if (job.id != report_.job) {
      DOVETAIL_TRY_STATUS(jobs_.interrupt(job.id, "Its process is gone or stalled; job " +
                                                      std::to_string(report_.job.value) + " goes on."));
    }
  }
  return {};
}

Status ObjectJob::begin_new_pass(const std::optional<store::SyncState>& state, bool fresh) {
  position_ = Position();
  position_.fresh = fresh;
  const bool reads_all = !task_.object->capabilities.delta &&
                         !(task_.object->parent && task_.object->parent->mode == manifest::ParentMode::changed);
  position_.full = wants_full() || fresh || reads_all || (state && state->resync_required);
  position_.mapping_signature = mapping_->signature();
  position_.started_at = parts_.clock.now();
  position_.source = task_.source;
  if (!lease_) {
    position_.pass_id = state ? state->pass_id + 1 : 1;
    return {};
  }
  store::SyncStateRepository states(scope_);
  DOVETAIL_TRY(const auto begun,
               states.begin_pass(*lease_, position_.full ? store::PassMode::full : store::PassMode::delta,
                                 signature_text(fresh)));
  position_.pass_id = begun.pass_id;
  if (position_.full && task_.object->parent && task_.object->parent->mode == manifest::ParentMode::changed) {
    DOVETAIL_TRY(const auto enqueued,
                 store::PendingParentRepository(scope_, parts_.ids).enqueue_all(*lease_, task_.object->parent->object));
    parts_.logger.info("all parents are read anew", {{"object", task_.object->key}, {"parents", enqueued}});
  }
  return {};
}

Status ObjectJob::open_pass() {
  store::SyncStateRepository states(scope_);
  DOVETAIL_TRY(const auto state, states.get(task_.connection, task_.object->key));
  const bool was_fresh = state && state->mapping_signature.ends_with(fresh_mark);
  const bool same_mapping = state && state->mapping_signature == signature_text(was_fresh);
  if (state && state->pass_mode && state->position && same_mapping && !options_.dry_run) {
    auto position = Position::from_json(*state->position);
    if (!position.ok() && !wants_full()) {
      return std::move(position).error();
    }
    const bool same_source = position.ok() && position->source == task_.source;
    if (same_source && (!wants_full() || position->full)) {
      position_ = std::move(*position);
      pass_pages_ = state->pass_pages;
      report_.resumed = true;
      return {};
    }
    // A cursor into another source leads nowhere. What the open read owed its successor owes too.
    if (!same_source) {
      return begin_new_pass(state, was_fresh);
    }
  }
  // A pass after a change of the mapping that did not end leaves its successor what it did not read.
  const bool unfinished = was_fresh && state->pass_mode;
  const bool fresh = state && ((state->pass_id > 0 && !same_mapping) || unfinished);
  return begin_new_pass(state, fresh);
}

Status ObjectJob::choose_parents() {
  MarkReader marks = [this](std::string_view parent) -> Result<std::optional<Timestamp>> {
    DOVETAIL_TRY(const auto state, store::SyncStateRepository(scope_).get(task_.connection, task_.object->key, parent));
    return state ? state->high_water : std::optional<Timestamp>();
  };
  const auto& parent = task_.object->parent;
  if (!parent) {
    parents_ = std::make_unique<NoParents>(std::move(marks));
    return {};
  }
  DOVETAIL_TRY(auto rows, store::ParentRows::make(scope_, {.connection = task_.connection,
                                                           .object = parent->object,
                                                           .model = task_.parent_model,
                                                           .fields = parent->fields}));
  // A dry run put nothing in the queue, so a full one asks for all parents that are stored.
  const auto mode = !lease_ && position_.full ? ParentMode::each : shape().parent_mode;
  parents_ = std::make_unique<StoredParents>(std::move(rows), mode, task_.object->key, std::move(marks));
  if (task_.dry_run_parents != nullptr && task_.dry_run_parents->has(task_.object->key)) {
    parents_ = std::make_unique<RememberedParents>(task_.dry_run_parents->of(task_.object->key), std::move(parents_));
  }
  parents_ = std::make_unique<ParentsExcept>(std::move(parents_), left_out_);
  return {};
}

void ObjectJob::remember_for_children(const std::vector<std::string>& changed) {
  if (task_.dry_run_parents == nullptr) {
    return;
  }
  const std::unordered_set<std::string_view> changed_ids(changed.begin(), changed.end());
  for (const auto& [child, parent] : task_.child_parents) {
    const bool all = parent.mode == manifest::ParentMode::each;
    for (std::size_t batch = 0; batch < pages_->size(); ++batch) {
      const auto& rows = pages_->rows(batch);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& header = rows.header(i);
        if (!header.inactive && (all || changed_ids.contains(header.external_id))) {
          task_.dry_run_parents->add(child, std::string(header.external_id),
                                     row_json(*task_.model, rows, i, parent.fields));
        }
      }
    }
  }
}

Status ObjectJob::preview_page(FetchedPage& page, const ReadStep& step) {
  SyncCounts lost;
  DOVETAIL_TRY_STATUS(pages_->map(page.records, lost));
  pages_->keep_wanted(filter_, lost);
  if (task_.mapped != nullptr) {
    DOVETAIL_TRY_STATUS(task_.mapped->page(*pages_));
  }
  std::vector<store::RecordBatch> batches;
  for (std::size_t i = 0; i < pages_->size(); ++i) {
    batches.push_back({.rows = &pages_->rows(i), .page_key = page.records[i].page_key});
  }
  store::PageWrite write;
  write.batches = batches;
  write.counted = counted_by_engine(lost, page);
  DOVETAIL_TRY(const auto outcome, writer_->preview(write));
  add_outcome(outcome, report_.counts);
  note_exchanges(page, counted_);
  add_lost(lost);
  remember_for_children(outcome.parents);
  position_ = step.position;
  return {};
}

Status ObjectJob::store_page(FetchedPage& page, const ReadStep& step) {
  SyncCounts lost;
  DOVETAIL_TRY_STATUS(pages_->map(page.records, lost));
  pages_->keep_wanted(filter_, lost);
  Position position = step.position;
  position.unidentified = position_.unidentified || lost.failed > 0;
  std::vector<store::RecordBatch> batches;
  for (std::size_t i = 0; i < pages_->size(); ++i) {
    // What was not understood must not pass for known the next time.
    batches.push_back({.rows = &pages_->rows(i), .page_key = lost.failed > 0 ? "" : page.records[i].page_key});
  }
  std::vector<store::StateEntry> states;
  states.reserve(page.states.size());
  for (auto& state : page.states) {
    states.push_back({.key = std::move(state.key), .value = std::move(state.value)});
  }
  std::vector<store::ParentMark> marks;
  std::vector<store::ConsumedParent> consumed;
  consumed.reserve(step.consumed.size());
  for (const auto& parent : step.consumed) {
    consumed.push_back({.external_id = parent.external_id, .version = parent.version});
  }
  store::PageWrite write;
  write.job = report_.job;
  write.fence = lease_->fence;
  write.pass_id = position_.pass_id;
  write.pass_pages = pass_pages_;
  write.full_pass = may_sweep();
  write.batches = batches;
  write.unchanged_page_keys = page.unchanged;
  write.states = states;
  write.position = position.to_json();
  if (step.mark && step.mark->first.empty()) {
    write.high_water = step.mark->second;
  } else if (step.mark) {
    marks.push_back({.parent_id = step.mark->first, .high_water = step.mark->second});
  }
  write.parent_marks = marks;
  write.consumed = consumed;
  write.counted = counted_by_engine(lost, page);
  Durable before{position_, pass_pages_, report_.counts, counted_};
  const auto overtaken = commit_.overtaken();
  auto outcome = writer_->write(write, put_off_commits_ ? &commit_ : nullptr);
  if (commit_.overtaken() != overtaken || !durable_) {
    durable_ = std::move(before);
  }
  if (!outcome.ok() && !put_off_commits_ && store::is_unknown_commit(outcome.error())) {
    // The commit's answer was lost. Pass and page number tell the writer whether the page is there.
    outcome = writer_->write(write);
  }
  if (!outcome.ok()) {
    return std::move(outcome).error();
  }
  add_outcome(*outcome, report_.counts);
  note_exchanges(page, counted_);
  add_lost(lost);
  ++pass_pages_;
  ++pages_behind_;
  if (outcome->cancel_requested) {
    work_.request_stop();
  }
  position_ = std::move(position);
  position_.unidentified = position_.unidentified || outcome->counters.failed > 0;
  note_problems(*outcome);
  return {};
}

bool ObjectJob::may_sweep() const {
  return position_.full && task_.object->deletions == manifest::Deletions::full_pass;
}

bool ObjectJob::may_go_on(const Error& error) {
  if (work_.stop_requested()) {
    return false;
  }
  if (error.code == ErrorCode::data_loss && error.retry == RetryClass::transient) {
    return ++page_attempts_ < tuning_.max_page_attempts;
  }
  if (error.retry != RetryClass::rate_limited) {
    return false;
  }
  const auto wait = std::max(error.retry_after, std::chrono::milliseconds(1'000));
  if (waited_ + wait > options_.max_wait) {
    return false;
  }
  waited_ += wait;
  parts_.logger.info("waiting for the provider's rate limit",
                     {{"object", task_.object->key}, {"wait_ms", static_cast<std::int64_t>(wait.count())}});
  return parts_.clock.sleep_for(wait, work_.get_token());
}

Status ObjectJob::settle() {
  pages_behind_ = 0;
  const auto before = std::exchange(durable_, std::nullopt);
  Status settled = parts_.database.settle(commit_);
  if (!settled.ok() && before) {
    position_ = before->position;
    pass_pages_ = before->pass_pages;
    report_.counts = before->counts;
    counted_ = before->counted;
  }
  return settled;
}

Status ObjectJob::read_from_position() {
  ReadPlan plan(shape(), *parents_, position_);
  PagePipeline pipeline(*source_, options_.prefetch, {.stop = work_.get_token(), .deadline = std::nullopt});
  DOVETAIL_TRY(auto request, plan.current());
  while (request) {
    pipeline.begin(std::move(*request));
    while (pipeline.under_way()) {
      // Nothing waits with a commit put off.
      if (pages_behind_ >= max_pages_a_commit || !pipeline.ready()) {
        DOVETAIL_TRY_STATUS(settle());
      }
      auto fetched = pipeline.take();
      if (!fetched.ok()) {
        DOVETAIL_TRY(auto instead, pass_over(plan, fetched.error()));
        if (instead) {
          pipeline.begin(std::move(*instead));
        }
        continue;
      }
      FetchedPage& page = *fetched;
      DOVETAIL_TRY(auto step, plan.advance(page));
      if (step.next) {
        pipeline.begin(std::move(*step.next), page.body_bytes());
      }
      DOVETAIL_TRY_STATUS(lease_ ? store_page(page, step) : preview_page(page, step));
      page_attempts_ = 0;
      waited_ = std::chrono::milliseconds(0);
      if (progress_ != nullptr) {
        progress_->page_done(report_);
      }
      if (work_.stop_requested()) {
        return stopped();
      }
    }
    DOVETAIL_TRY_STATUS(settle());
    // A dry run consumes nothing, so its queue would never get shorter: one time through is all.
    if (options_.dry_run) {
      return {};
    }
    // Parents may have come into the queue meanwhile.
    DOVETAIL_TRY(request, plan.current());
  }
  return {};
}

Status ObjectJob::read_pages() {
  for (;;) {
    auto outcome = read_from_position();
    if (auto settled = settle(); !settled.ok()) {
      outcome = std::move(settled);
      // Pages that shared a transaction with one that failed were rolled back with it. They are read again, each with a commit of its own.
      if (outcome.error().code == ErrorCode::aborted && !work_.stop_requested()) {
        put_off_commits_ = false;
        continue;
      }
    }
    if (outcome.ok()) {
      return outcome;
    }
    const bool again = may_go_on(outcome.error());
    // Also when it was waiting: the limit that it waited for is not what ended it.
    if (work_.stop_requested() && (again || outcome.error().retry != RetryClass::never)) {
      return stopped();
    }
    if (!again) {
      return outcome;
    }
  }
}

Status ObjectJob::finish_pass() {
  if (!lease_) {
    return told_left_out();
  }
  if (!left_out_.empty()) {
    // What is below them was not seen, so nothing may be taken for gone.
    DOVETAIL_TRY_STATUS(store::SyncStateRepository(scope_).complete_pass(*lease_, position_.pass_id, std::nullopt));
    return told_left_out();
  }
  if (may_sweep() && position_.unidentified) {
    parts_.logger.warning("records without a usable id came, so nothing that was not seen is taken for gone",
                          {{"object", task_.object->key}, {"job", report_.job.value}});
  } else if (may_sweep()) {
    const store::SweepRequest request{.tenant = task_.tenant,
                                      .connection = task_.connection,
                                      .object = task_.object->key,
                                      .model = task_.model,
                                      .models = task_.tables,
                                      .job = report_.job,
                                      .fence = lease_->fence,
                                      .pass_id = position_.pass_id,
                                      .policy = rule_.deletion,
                                      .max_share = options_.max_removed_share,
                                      .always_allowed = options_.always_removable};
    auto swept = store::sweep(parts_.database, request);
    if (!swept.ok()) {
      // The read itself is complete; only what it would remove waits for a person. The next full pass asks again.
      if (swept.error().code == ErrorCode::failed_precondition) {
        DOVETAIL_TRY_STATUS(store::SyncStateRepository(scope_).complete_pass(*lease_, position_.pass_id, std::nullopt));
      }
      return std::move(swept).error();
    }
    report_.counts.removed += swept->removed;
  }
  DOVETAIL_TRY_STATUS(apply_policies());
  return store::SyncStateRepository(scope_).complete_pass(*lease_, position_.pass_id, std::nullopt);
}

Status ObjectJob::run() {
  const Status usable = check_mapping();
  Status outcome = usable.ok() ? prepare() : Status();
  if (outcome.ok()) {
    outcome = claim();
    if (!outcome.ok()) {
      finish_job(outcome);
    }
  }
  if (!outcome.ok()) {
    return outcome;
  }
  const auto steps = [this]() -> Status {
    DOVETAIL_TRY_STATUS(open_pass());
    DOVETAIL_TRY_STATUS(choose_parents());
    DOVETAIL_TRY(source_, task_.make_source(report_.job));
    if (task_.dry_run_parents != nullptr) {
      for (const auto& [child, parent] : task_.child_parents) {
        task_.dry_run_parents->note(child);
      }
    }
    DOVETAIL_TRY_STATUS(read_pages());
    return finish_pass();
  };
  outcome = usable.ok() ? steps() : usable;
  count_lost_exchanges();
  if (keeper_ && keeper_->lost()) {
    outcome = aborted("Another process took \"" + task_.object->key +
                      "\" over while this one was stalled; it goes on there.");
  }
  finish_job(outcome);
  return outcome;
}

void ObjectSync::run(const ObjectTask& task, const SyncOptions& options, const std::stop_token& stop,
                     ProgressListener* progress, ObjectReport& report) {
  const auto begun = parts_.clock.monotonic_now();
  report.object = task.object->key;
  if (progress != nullptr) {
    progress->object_started(report);
  }
  SyncOptions chosen = options;
  chosen.dry_run = options.dry_run || (task.rule && task.rule->dry_run);
  report.dry_run = chosen.dry_run;
  ObjectJob job(parts_, tuning_, task, chosen, stop, progress, report);
  auto outcome = job.run();
  if (!outcome.ok()) {
    report.error = std::move(outcome).error();
  }
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.monotonic_now() - begun);
  if (progress != nullptr) {
    progress->object_finished(report);
  }
}

} // namespace dovetail::sync

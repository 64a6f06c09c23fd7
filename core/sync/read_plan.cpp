// SPDX-License-Identifier: Apache-2.0
#include "core/sync/read_plan.hpp"

#include <algorithm>
#include <utility>

namespace dovetail::sync {
namespace {

/// Pages in a row that sent no request and told no records: more than that is no reading.
constexpr std::size_t max_idle_pages = 1'000;

std::string join_parents(const std::vector<ParentRow>& rows) {
  std::string json = "[";
  for (const auto& row : rows) {
    if (json.size() > 1) {
      json += ',';
    }
    json += row.json;
  }
  json += ']';
  return json;
}

} // namespace

ReadPlan::ReadPlan(ReadShape shape, ParentSource& parents, Position position)
    : shape_(std::move(shape)), parents_(parents), position_(std::move(position)) {}

Result<std::optional<Timestamp>> ReadPlan::since_of(const Position& position, std::string_view parent) {
  if (position.full || !shape_.delta) {
    return std::optional<Timestamp>();
  }
  DOVETAIL_TRY(const auto high_water, parents_.high_water(parent));
  if (high_water) {
    return std::optional<Timestamp>(*high_water - shape_.overlap);
  }
  switch (shape_.initial_mode) {
  case InitialSyncMode::full_once:
    return std::optional<Timestamp>();
  case InitialSyncMode::delta_only_after_date:
    return shape_.initial_since;
  case InitialSyncMode::delta_only_from_now:
    return std::optional<Timestamp>(position.started_at);
  }
  return std::optional<Timestamp>();
}

Result<std::optional<PageRequest>> ReadPlan::ask(const Position& position, const std::vector<ParentRow>& rows) {
  PageRequest request;
  request.object = shape_.object;
  request.cursor = position.cursor;
  request.fields = shape_.fields;
  request.filters = shape_.filters;
  request.full = position.full;
  request.fresh = position.fresh;
  request.parents = join_parents(rows);
  const std::string_view parent =
      shape_.parent_mode == ParentMode::each ? std::string_view(rows.front().key.external_id) : "";
  DOVETAIL_TRY(request.since, since_of(position, parent));
  asked_ = request;
  return std::optional<PageRequest>(std::move(request));
}

Result<std::optional<PageRequest>> ReadPlan::request_for(Position& position) {
  std::vector<ParentRow> rows;
  if (shape_.parent_mode != ParentMode::none) {
    DOVETAIL_TRY(rows, parents_.rows(position.parents));
    // Parents that went away since the read stopped have no children to read any more.
    if (rows.empty()) {
      return std::optional<PageRequest>();
    }
    if (rows.size() != position.parents.size()) {
      std::erase_if(position.parents, [&rows](const ParentKey& key) {
        return std::none_of(rows.begin(), rows.end(),
                            [&key](const ParentRow& row) { return row.key.external_id == key.external_id; });
      });
      position.cursor.clear();
    }
  }
  return ask(position, rows);
}

Result<std::optional<PageRequest>> ReadPlan::begin_parents(Position& position, std::string_view after) {
  position.cursor.clear();
  position.parents.clear();
  position.high_water.reset();
  const bool together = shape_.parent_mode == ParentMode::changed && after >= one_by_one_until_;
  const std::size_t limit = together ? shape_.batch : 1;
  DOVETAIL_TRY(const auto rows, parents_.behind(after, limit));
  if (rows.empty()) {
    return std::optional<PageRequest>();
  }
  for (const auto& row : rows) {
    position.parents.push_back(row.key);
  }
  return ask(position, rows);
}

Result<std::optional<PageRequest>> ReadPlan::current() {
  idle_pages_ = 0;
  guard_ = plugin::CursorGuard();
  if (shape_.parent_mode == ParentMode::none) {
    return position_.done ? Result<std::optional<PageRequest>>(std::optional<PageRequest>()) : request_for(position_);
  }
  if (!position_.parents.empty()) {
    DOVETAIL_TRY(auto request, request_for(position_));
    if (request) {
      return request;
    }
  }
  // The queue is asked from its beginning: what was read to its end is no longer in it.
  const std::string after = shape_.parent_mode == ParentMode::each ? position_.last_parent : "";
  return begin_parents(position_, after);
}

Status ReadPlan::check_progress(const FetchedPage& page) {
  const bool idle = page.requests == 0 && page.records.empty() && page.unchanged.empty() && !page.exhausted;
  idle_pages_ = idle ? idle_pages_ + 1 : 0;
  Status progress = page.exhausted ? Status() : guard_.next(page.next_cursor);
  if (progress.ok() && idle_pages_ > max_idle_pages) {
    progress = failed_precondition("It gave page after page with nothing in it.");
  }
  if (progress.ok()) {
    return {};
  }
  return failed_precondition("The plugin does not get on with \"" + shape_.object + "\": " + progress.error().message +
                             " What was read is stored. Report this to the plugin's author.");
}

Result<std::optional<std::pair<std::string, Timestamp>>> ReadPlan::mark_of(const std::string& parent) {
  std::optional<std::pair<std::string, Timestamp>> mark;
  if (position_.high_water) {
    mark.emplace(parent, *position_.high_water);
  } else if (shape_.delta && !position_.full && shape_.initial_mode == InitialSyncMode::delta_only_from_now) {
    // Nothing has changed since this read began. Without a mark the next one would begin at its own "now" and never see what lies between.
    DOVETAIL_TRY(const auto known, parents_.high_water(parent));
    if (!known) {
      mark.emplace(parent, position_.started_at);
    }
  }
  return mark;
}

Result<ReadStep> ReadPlan::advance(const FetchedPage& page) {
  DOVETAIL_TRY_STATUS(check_progress(page));
  ReadStep step;
  if (page.high_water) {
    position_.high_water = page.high_water;
  }
  if (!page.exhausted) {
    position_.cursor = page.next_cursor;
    // The parents, and from when on they are read, stay what they were at their first page: the database need not be asked for each.
    asked_.cursor = position_.cursor;
    step.next = asked_;
    step.position = position_;
    return step;
  }
  guard_ = plugin::CursorGuard();
  if (shape_.parent_mode == ParentMode::none) {
    DOVETAIL_TRY(step.mark, mark_of(""));
    position_.cursor.clear();
    position_.done = true;
    step.position = position_;
    return step;
  }
  const std::string last = position_.parents.back().external_id;
  if (shape_.parent_mode == ParentMode::each) {
    DOVETAIL_TRY(step.mark, mark_of(last));
    position_.last_parent = last;
  } else {
    step.consumed = position_.parents;
  }
  DOVETAIL_TRY(step.next, begin_parents(position_, last));
  step.position = position_;
  return step;
}

Result<Refusal> ReadPlan::refuse() {
  guard_ = plugin::CursorGuard();
  Refusal refusal;
  const std::string first = position_.parents.front().external_id;
  if (position_.parents.size() == 1) {
    refusal.parent = first;
    DOVETAIL_TRY(refusal.next, begin_parents(position_, first));
    return refusal;
  }
  one_by_one_until_ = position_.parents.back().external_id;
  position_.parents.resize(1);
  position_.cursor.clear(); // it belongs to the parents together
  position_.high_water.reset();
  DOVETAIL_TRY(refusal.next, request_for(position_));
  if (!refusal.next) {
    DOVETAIL_TRY(refusal.next, begin_parents(position_, first));
  }
  return refusal;
}

} // namespace dovetail::sync

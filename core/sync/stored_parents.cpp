// SPDX-License-Identifier: Apache-2.0
#include "core/sync/stored_parents.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dovetail::sync {

Result<std::vector<ParentRow>> StoredParents::behind(std::string_view after, std::size_t limit) {
  auto found =
      mode_ == ParentMode::changed ? rows_.pending_behind(child_object_, after, limit) : rows_.behind(after, limit);
  if (!found.ok()) {
    return std::move(found).error();
  }
  std::vector<ParentRow> rows;
  rows.reserve(found->size());
  for (auto& record : *found) {
    rows.push_back({.key = {.external_id = std::move(record.external_id), .version = record.version},
                    .json = std::move(record.json)});
  }
  return rows;
}

Result<std::vector<ParentRow>> StoredParents::rows(std::span<const ParentKey> keys) {
  std::vector<std::string> ids;
  ids.reserve(keys.size());
  for (const auto& key : keys) {
    ids.push_back(key.external_id);
  }
  DOVETAIL_TRY(auto found, rows_.rows(ids));
  std::vector<ParentRow> rows;
  rows.reserve(found.size());
  for (auto& record : found) {
    rows.push_back({.key = {.external_id = std::move(record.external_id), .version = record.version},
                    .json = std::move(record.json)});
  }
  return rows;
}

void DryRunParents::add(const std::string& child, const std::string& external_id, std::string json) {
  auto& rows = children_[child];
  if (rows.size() < max_rows) {
    rows.insert_or_assign(external_id, std::move(json));
  }
}

Result<std::vector<ParentRow>> RememberedParents::behind(std::string_view after, std::size_t limit) {
  DOVETAIL_TRY(auto stored, stored_->behind(after, limit));
  std::map<std::string, ParentRow> merged;
  for (auto at = rows_.upper_bound(std::string(after)); at != rows_.end() && merged.size() < limit; ++at) {
    // Member by member: of a braced row GCC 12 thinks, in an optimised build, that it may be destroyed uninitialised.
    ParentRow& row = merged[at->first];
    row.key.external_id = at->first;
    row.json = at->second;
  }
  for (auto& row : stored) {
    std::string id = row.key.external_id;
    merged.try_emplace(std::move(id), std::move(row));
  }
  std::vector<ParentRow> found;
  for (auto at = merged.begin(); at != merged.end() && found.size() < limit; ++at) {
    found.push_back(std::move(at->second));
  }
  return found;
}

Result<std::vector<ParentRow>> RememberedParents::rows(std::span<const ParentKey> keys) {
  std::vector<ParentRow> found;
  for (const auto& key : keys) {
    if (const auto row = rows_.find(key.external_id); row != rows_.end()) {
      found.push_back({.key = key, .json = row->second});
      continue;
    }
    DOVETAIL_TRY(auto stored, stored_->rows({&key, 1}));
    std::move(stored.begin(), stored.end(), std::back_inserter(found));
  }
  return found;
}

Result<std::vector<ParentRow>> ParentsExcept::behind(std::string_view after, std::size_t limit) {
  std::string last(after);
  for (;;) {
    DOVETAIL_TRY(auto found, all_->behind(last, limit));
    if (found.empty()) {
      return found;
    }
    last = found.back().key.external_id;
    std::erase_if(found, [this](const ParentRow& row) { return left_out_.contains(row.key.external_id); });
    if (!found.empty()) {
      return found;
    }
  }
}

} // namespace dovetail::sync

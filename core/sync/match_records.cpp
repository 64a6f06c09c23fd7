// SPDX-License-Identifier: Apache-2.0
#include "core/sync/match_records.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/store/record_query.hpp"

namespace dovetail::sync {
namespace {

/// Match rules name texts and integers only.
std::optional<std::string> text_of(const mapping::Cell& cell) {
  switch (cell.kind()) {
  case mapping::Cell::Kind::text:
    return std::string(cell.as_text());
  case mapping::Cell::Kind::integer:
    return std::to_string(cell.as_integer());
  default:
    return std::nullopt;
  }
}

/// Which cell of the rows holds a field; nullopt when the mapping does not fill it.
std::optional<std::size_t> cell_of(const model::Model& model, const mapping::PageRows& rows, std::string_view name) {
  const auto field = model.index_of(name);
  const auto at = std::find_if(rows.columns().begin(), rows.columns().end(),
                               [&field](std::uint16_t column) { return field && column == *field; });
  return at == rows.columns().end() ? std::nullopt
                                    : std::optional(static_cast<std::size_t>(at - rows.columns().begin()));
}

} // namespace

MatchFields match_fields(const std::vector<std::vector<std::string>>& match_by) {
  MatchFields fields;
  for (const auto& rule : match_by) {
    auto& indexes = fields.rules.emplace_back();
    for (const std::string& name : rule) {
      auto found = std::find(fields.names.begin(), fields.names.end(), name);
      if (found == fields.names.end()) {
        found = fields.names.insert(fields.names.end(), name);
      }
      indexes.push_back(static_cast<std::size_t>(found - fields.names.begin()));
    }
  }
  return fields;
}

Status MatchRecords::page(const PageMapping& pages) {
  for (std::size_t batch = 0; batch < pages.size(); ++batch) {
    const mapping::PageRows& rows = pages.rows(batch);
    // For each field the cell that holds it; a mapping that leaves it out fills none.
    std::vector<std::optional<std::size_t>> cells;
    for (const std::string& name : fields_.names) {
      auto cell = cell_of(model_, rows, name);
      // Of a field that is ours by a policy the record holds the provider's value.
      for (const model::FieldPolicy& policy : model_.policies) {
        cell = !cell && policy.field == name ? cell_of(model_, rows, policy.source) : cell;
      }
      cells.push_back(cell);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const mapping::RowHeader& header = rows.header(i);
      std::string id(header.external_id);
      if (linked_.contains(id)) {
        seen_linked_.insert(std::move(id));
        continue;
      }
      if (header.inactive || header.gone) {
        continue;
      }
      MatchItem item{.id = std::move(id), .values = {}};
      for (const auto& cell : cells) {
        item.values.push_back(cell ? text_of(rows.row(i)[*cell]) : std::nullopt);
      }
      items_.push_back(std::move(item));
    }
  }
  if (items_.size() > max_match_records) {
    return resource_exhausted(
        fmt::format("The provider has more than {} records without a row: too many to be matched by "
                    "hand. Let the sync match by the manifest's matchBy.",
                    max_match_records));
  }
  return {};
}

std::vector<MatchItem> MatchRecords::take() {
  std::stable_sort(items_.begin(), items_.end(),
                   [](const MatchItem& left, const MatchItem& right) { return left.id < right.id; });
  std::vector<MatchItem> kept;
  for (MatchItem& item : items_) {
    if (!kept.empty() && kept.back().id == item.id) {
      kept.back() = std::move(item);
    } else {
      kept.push_back(std::move(item));
    }
  }
  items_.clear();
  return kept;
}

Result<std::vector<MatchItem>> read_match_rows(const store::TenantScope& scope, const model::Model& model,
                                               const MatchFields& fields,
                                               const std::unordered_set<std::int64_t>& linked) {
  store::RecordQuery query;
  query.model = &model;
  query.columns = fields.names;
  query.columns.emplace_back("state");
  query.include_inactive = true;
  std::vector<MatchItem> items;
  DOVETAIL_TRY_STATUS(store::read_records(scope, query, [&](const store::RecordView& row) -> Status {
    if (row.values.back().as_text() == "deleted" || linked.contains(row.id.value)) {
      return {};
    }
    if (items.size() == max_match_rows) {
      return resource_exhausted(
          fmt::format("The model \"{}\" has more than {} rows that no record is linked to: too many to "
                      "be matched by hand. Let the sync match by the manifest's matchBy.",
                      model.name, max_match_rows));
    }
    MatchItem item{.id = std::to_string(row.id.value), .values = {}};
    std::transform(row.values.begin(), row.values.end() - 1, std::back_inserter(item.values), text_of);
    items.push_back(std::move(item));
    return {};
  }));
  return items;
}

} // namespace dovetail::sync

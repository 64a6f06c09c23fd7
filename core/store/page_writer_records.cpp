// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer_records.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "core/base/limits.hpp"

namespace dovetail::store::detail {
namespace {

using mapping::PageRows;

constexpr std::size_t max_key_bytes = 1024;    // of a page or of plugin state; the ABI's bound
constexpr std::size_t max_page_parts = 10'000; // batches, unchanged pages, states, parents: each

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

Status check_page(const ObjectPlan& plan, const PageWrite& page) {
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
    if (!std::equal(batch.rows->columns().begin(), batch.rows->columns().end(), plan.target.columns.begin(),
                    plan.target.columns.end())) {
      return invalid_argument("Object \"" + plan.target.object +
                              "\": a page's rows have other columns than its writer was made for.");
    }
  }
  if (records > limits::max_records_per_page) {
    return invalid_argument(
        fmt::format("Object \"{}\": a page of {} records is above the bound of {}: ask the provider for smaller pages.",
                    plan.target.object, records, limits::max_records_per_page));
  }
  return {};
}

} // namespace

Status PageRecords::collect(const ObjectPlan& plan, const PageWrite& page) {
  DOVETAIL_TRY_STATUS(check_page(plan, page));
  records_.clear();
  seen_.clear();
  outcome_ = PageOutcome{};
  std::size_t count = 0;
  for (const RecordBatch& batch : page.batches) {
    count += batch.rows->size();
  }
  records_.reserve(count);
  slots_.assign(std::bit_ceil(2 * count + 1), 0);
  for (std::size_t i = 0; i < page.batches.size(); ++i) {
    const RecordBatch& batch = page.batches[i];
    SeenPage seen;
    // A key of this pass alone is one that no plugin can give.
    seen.page_key = batch.page_key.empty() ? fmt::format("{}{}/{}/{}", nameless_page, page.pass_id, page.pass_pages, i)
                                           : batch.page_key;
    collect_batch(batch, seen);
    if (!batch.page_key.empty() || page.full_pass) {
      seen_.push_back(std::move(seen));
    }
  }
  return {};
}

void PageRecords::collect_batch(const RecordBatch& batch, SeenPage& seen) {
  const PageRows& rows = *batch.rows;
  PageOutcome& outcome = outcome_;
  const std::size_t mask = slots_.size() - 1;
  seen.seen.resize(rows.size() * sizeof(std::uint64_t));
  std::size_t seen_bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const mapping::RowHeader& header = rows.header(i);
    ++outcome.counters.fetched;
    if (header.external_id.empty() || header.external_id.size() > limits::max_external_id_bytes ||
        !is_storable_text(header.external_id)) {
      ++outcome.counters.failed;
      if (outcome.problems.size() < PageWriter::max_problems) {
        outcome.problems.push_back(
            {shown_id(header.external_id),
             fmt::format("its id is not valid UTF-8 of 1 to {} bytes without U+0000", limits::max_external_id_bytes)});
      }
      continue;
    }
    const std::uint64_t hash = header.external_id_hash;
    if (!header.gone) { // a record that says it is gone was not seen
      static_assert(std::endian::native == std::endian::little);
      std::memcpy(seen.seen.data() + seen_bytes, &hash, sizeof hash);
      seen_bytes += sizeof hash;
    }
    const Incoming record{&header, rows.row(i).data(), std::bit_cast<std::int64_t>(hash),
                          std::bit_cast<std::int64_t>(header.content_hash)};
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0 && records_[slots_[slot] - 1].header->external_id != header.external_id) {
      slot = (slot + 1) & mask;
    }
    if (slots_[slot] != 0) {
      records_[slots_[slot] - 1] = record;
      ++outcome.duplicates;
      ++outcome.counters.skipped;
    } else {
      records_.push_back(record);
      slots_[slot] = static_cast<std::uint32_t>(records_.size());
    }
  }
  seen.seen.resize(seen_bytes);
}

Status check_cells(const ObjectPlan& plan, const Incoming& record) {
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    if (!fits(record.cells[i].kind(), plan.fields[i]->type)) {
      return internal(
          fmt::format("The mapping of object \"{}\" gave field \"{}\" a value of another type: report this.",
                      plan.target.object, plan.fields[i]->name));
    }
  }
  return {};
}

} // namespace dovetail::store::detail

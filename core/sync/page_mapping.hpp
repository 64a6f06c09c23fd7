// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/mapping/mapping.hpp"
#include "core/mapping/page_mapper.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/plugin/page.hpp"
#include "core/sync/rule_mapping.hpp"
#include "core/sync/sync_options.hpp"

namespace dovetail::sync {

/// Maps all records of a page, one PageRows for each call of the plugin's sink. The memory is reused from page to page. Used by one thread.
class PageMapping {
public:
  /// `mapping` and `redactor` outlive it.
  PageMapping(const mapping::CompiledMapping& mapping, const Redactor& redactor)
      : mapper_(mapping::make_page_mapper(mapping, mapping::EngineKind::trie, &redactor)) {}

  /// Rows in the order of `records`; they hold views into the records' bodies and live until the next call. What failed or
  /// was skipped is added to `counts`. Errors: data_loss (transient) when a body is not what its plugin said it is: reading the page
  /// again may help.
  [[nodiscard]] Status map(const std::vector<plugin::PageRecords>& records, SyncCounts& counts);

  /// Takes back the rows that a rule's filters do not want; they are added to `counts` as fetched and skipped.
  void keep_wanted(const RowFilter& filter, SyncCounts& counts);

  [[nodiscard]] std::size_t size() const noexcept { return used_; }
  [[nodiscard]] const mapping::PageRows& rows(std::size_t index) const { return *rows_.at(index); }

  /// The values that did not convert since the beginning, by field, and the records without an id under "".
  [[nodiscard]] const std::map<std::string, mapping::FieldErrors>& errors() const noexcept { return errors_; }

private:
  void collect(const mapping::PageStats& stats, SyncCounts& counts);

  std::unique_ptr<mapping::PageMapper> mapper_;
  std::vector<std::unique_ptr<mapping::PageRows>> rows_;
  std::size_t used_ = 0;
  std::map<std::string, mapping::FieldErrors> errors_;
};

} // namespace dovetail::sync

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/manifest/object.hpp"
#include "core/model/model.hpp"
#include "core/store/database.hpp"
#include "core/sync/matching.hpp"
#include "core/sync/page_mapping.hpp"

namespace dovetail::sync {

/// What matching holds in memory at most.
inline constexpr std::size_t max_match_records = 100'000;
inline constexpr std::size_t max_match_rows = 500'000;

/// Hears of the rows that a dry run maps, page by page, before they are compared with what is stored.
class MappedPages {
public:
  MappedPages() = default;
  MappedPages(const MappedPages&) = delete;
  MappedPages& operator=(const MappedPages&) = delete;
  MappedPages(MappedPages&&) = delete;
  MappedPages& operator=(MappedPages&&) = delete;
  virtual ~MappedPages() = default;

  /// An Error ends the reading.
  [[nodiscard]] virtual Status page(const PageMapping& pages) = 0;
};

/// The fields of a model that an object's match rules name, each once, and the rules as indexes into them.
struct MatchFields {
  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> rules;
};
[[nodiscard]] MatchFields match_fields(const std::vector<std::vector<std::string>>& match_by);

/// Gathers the records of an object that no row stands for yet. Used by one thread.
class MatchRecords final : public MappedPages {
public:
  /// Records with an external id in `linked` are only counted. `model` and `fields` outlive it.
  MatchRecords(const model::Model& model, const MatchFields& fields, std::unordered_set<std::string> linked)
      : model_(model), fields_(fields), linked_(std::move(linked)) {}

  /// Errors: resource_exhausted above max_match_records.
  [[nodiscard]] Status page(const PageMapping& pages) override;

  /// Sorted by external id; of records that came twice the last.
  [[nodiscard]] std::vector<MatchItem> take();
  [[nodiscard]] std::size_t linked() const noexcept { return seen_linked_.size(); }

private:
  const model::Model& model_;
  const MatchFields& fields_;
  const std::unordered_set<std::string> linked_;
  std::unordered_set<std::string> seen_linked_;
  std::vector<MatchItem> items_;
};

/// The rows of `model` that could stand for a record of an object: not deleted, and not in `linked`. By their number. Errors: resource_exhausted above
/// max_match_rows; those of Database.
[[nodiscard]] Result<std::vector<MatchItem>> read_match_rows(const store::TenantScope& scope, const model::Model& model,
                                                             const MatchFields& fields,
                                                             const std::unordered_set<std::int64_t>& linked);

} // namespace dovetail::sync

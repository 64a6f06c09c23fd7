// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/store/parent_rows.hpp"
#include "core/sync/parents.hpp"
#include "core/sync/read_plan.hpp"

namespace dovetail::sync {

/// Where a mark is looked up: the next delta below this parent ("" without one) begins there.
using MarkReader = std::function<Result<std::optional<Timestamp>>(std::string_view parent)>;

/// Parents as they are stored.
class StoredParents final : public ParentSource {
public:
  /// `child_object`: whose work queue mode "changed" asks.
  StoredParents(store::ParentRows rows, ParentMode mode, std::string child_object, MarkReader marks)
      : rows_(std::move(rows)), mode_(mode), child_object_(std::move(child_object)), marks_(std::move(marks)) {}

  [[nodiscard]] Result<std::vector<ParentRow>> behind(std::string_view after, std::size_t limit) override;
  [[nodiscard]] Result<std::vector<ParentRow>> rows(std::span<const ParentKey> keys) override;
  [[nodiscard]] Result<std::optional<Timestamp>> high_water(std::string_view parent) override { return marks_(parent); }

private:
  store::ParentRows rows_;
  ParentMode mode_;
  std::string child_object_;
  MarkReader marks_;
};

/// For an object without a parent: only the mark.
class NoParents final : public ParentSource {
public:
  explicit NoParents(MarkReader marks) : marks_(std::move(marks)) {}
  [[nodiscard]] Result<std::vector<ParentRow>> behind(std::string_view /*after*/, std::size_t /*limit*/) override {
    return std::vector<ParentRow>();
  }
  [[nodiscard]] Result<std::vector<ParentRow>> rows(std::span<const ParentKey> /*keys*/) override {
    return std::vector<ParentRow>();
  }
  [[nodiscard]] Result<std::optional<Timestamp>> high_water(std::string_view parent) override { return marks_(parent); }

private:
  MarkReader marks_;
};

/// The parents that a dry run fetched (of those whose children are read when they change: which it would have changed): they are not
/// stored, yet their children are to be fetched too. At most `max_rows` of an object are
/// kept, the rest is left out of the dry run. Kept by the child object that will want them.
class DryRunParents {
public:
  static constexpr std::size_t max_rows = 100'000;

  void add(const std::string& child, const std::string& external_id, std::string json);
  [[nodiscard]] bool has(const std::string& child) const { return children_.contains(child); }
  [[nodiscard]] const std::map<std::string, std::string>& of(const std::string& child) const {
    return children_.at(child);
  }
  /// That the parents of `child` were read, even if there are none.
  void note(const std::string& child) { children_.try_emplace(child); }

private:
  std::map<std::string, std::map<std::string, std::string>> children_;
};

/// The same as a source for one child object, together with the parents that are stored: those on pages that did not change were not
/// fetched again.
class RememberedParents final : public ParentSource {
public:
  /// `rows` (external id -> JSON) outlives it; they go before stored ones of the same id.
  RememberedParents(const std::map<std::string, std::string>& rows, std::unique_ptr<ParentSource> stored)
      : rows_(rows), stored_(std::move(stored)) {}

  [[nodiscard]] Result<std::vector<ParentRow>> behind(std::string_view after, std::size_t limit) override;
  [[nodiscard]] Result<std::vector<ParentRow>> rows(std::span<const ParentKey> keys) override;
  [[nodiscard]] Result<std::optional<Timestamp>> high_water(std::string_view parent) override {
    return stored_->high_water(parent);
  }

private:
  const std::map<std::string, std::string>& rows_;
  std::unique_ptr<ParentSource> stored_;
};

/// Another source's parents but for some: what was refused once is not asked for again by the same run.
class ParentsExcept final : public ParentSource {
public:
  /// `left_out` (external ids) outlives it and may grow.
  ParentsExcept(std::unique_ptr<ParentSource> all, const std::set<std::string, std::less<>>& left_out)
      : all_(std::move(all)), left_out_(left_out) {}

  [[nodiscard]] Result<std::vector<ParentRow>> behind(std::string_view after, std::size_t limit) override;
  [[nodiscard]] Result<std::vector<ParentRow>> rows(std::span<const ParentKey> keys) override {
    return all_->rows(keys);
  }
  [[nodiscard]] Result<std::optional<Timestamp>> high_water(std::string_view parent) override {
    return all_->high_water(parent);
  }

private:
  std::unique_ptr<ParentSource> all_;
  const std::set<std::string, std::less<>>& left_out_;
};

} // namespace dovetail::sync

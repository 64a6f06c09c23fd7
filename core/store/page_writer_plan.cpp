// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer_plan.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace dovetail::store {
namespace {

constexpr std::size_t max_shown_id_bytes = 120;

constexpr std::array<std::string_view, 3> row_state_names{"active", "inactive", "deleted"};
constexpr std::array<std::string_view, 3> policy_names{"mark_inactive_keep_link", "ignore", "soft_delete"};

Result<std::vector<detail::PlannedPolicy>> plan_policies(const detail::ObjectPlan& plan, const ObjectTarget& target) {
  const auto cell_of = [&](const std::string& name) {
    return std::find_if(plan.fields.begin(), plan.fields.end(),
                        [&](const model::Field* field) { return field->name == name; });
  };
  std::vector<detail::PlannedPolicy> planned;
  for (const model::FieldPolicy& policy : target.model->policies) {
    const auto source = cell_of(policy.source);
    if (source == plan.fields.end()) {
      continue;
    }
    for (const std::string& ours : {policy.field, policy.state}) {
      if (cell_of(ours) != plan.fields.end()) {
        return invalid_argument(
            fmt::format("Object \"{}\": the field \"{}\" of model \"{}\" follows \"{}\" by a policy, so a "
                        "mapping that fills the one cannot fill the other.",
                        target.object, ours, target.model->name, policy.source));
      }
    }
    const auto choice = target.policies.find(policy.field);
    planned.push_back({.policy = &policy,
                       .kind = choice == target.policies.end() ? policy.otherwise : choice->second,
                       .source_cell = static_cast<std::size_t>(source - plan.fields.begin())});
  }
  return planned;
}

std::vector<std::size_t> cells_of(const detail::ObjectPlan& plan, const MatchRule& rule) {
  std::vector<std::size_t> cells;
  for (const std::string& name : rule) {
    const auto found = std::find_if(plan.fields.begin(), plan.fields.end(),
                                    [&](const model::Field* field) { return field->name == name; });
    cells.push_back(found == plan.fields.end() ? detail::no_cell
                                               : static_cast<std::size_t>(found - plan.fields.begin()));
  }
  return cells;
}

/// cells_of(), and for a field that is ours the provider's value of it.
std::vector<std::size_t> match_cells_of(const detail::ObjectPlan& plan, const MatchRule& rule) {
  auto cells = cells_of(plan, rule);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto local = std::find_if(plan.policies.begin(), plan.policies.end(),
                                    [&](const auto& planned) { return planned.policy->field == rule[i]; });
    if (local != plan.policies.end()) {
      cells[i] = local->source_cell;
    }
  }
  return cells;
}

} // namespace

std::string_view to_string(DeletionPolicy policy) noexcept { return policy_names.at(static_cast<std::size_t>(policy)); }

std::optional<DeletionPolicy> deletion_policy_from_name(std::string_view name) noexcept {
  const auto* const found = std::find(policy_names.begin(), policy_names.end(), name);
  if (found == policy_names.end()) {
    return std::nullopt;
  }
  return static_cast<DeletionPolicy>(found - policy_names.begin());
}

namespace detail {

std::string_view to_string(RowState state) noexcept { return row_state_names.at(static_cast<std::size_t>(state)); }

RowState row_state_from_name(std::string_view name) noexcept {
  return name == "active" ? RowState::active : (name == "deleted" ? RowState::deleted : RowState::inactive);
}

Error unknown_page(std::string_view page_key) {
  return not_found("The page \"" + shown_id(page_key) +
                   "\" was called unchanged but was never written: read it in full.");
}

std::string shown_id(std::string_view external_id) {
  RepairedTexts repaired;
  mapping::Cell cell = mapping::Cell::text(external_id);
  make_storable(cell, repaired);
  const std::string_view text = cell.as_text();
  // Cut where a character begins.
  std::size_t end = std::min(text.size(), max_shown_id_bytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return std::string(text.substr(0, end));
}

Result<ObjectPlan> make_object_plan(Dialect dialect, ObjectTarget target) {
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
  DOVETAIL_TRY(plan.policies, plan_policies(plan, target));
  for (const MatchRule& rule : target.match_by) {
    auto cells = match_cells_of(plan, rule);
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

} // namespace detail
} // namespace dovetail::store

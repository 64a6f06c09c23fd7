// SPDX-License-Identifier: Apache-2.0
#include "core/sync/rule_mapping.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/sync/rule_names.hpp"

namespace dovetail::sync {
namespace {

using mapping::Cell;
using mapping::Expression;
using mapping::FieldMapping;
using mapping::Scalar;

bool is_or_stands_below(std::string_view pointer, std::string_view selected) {
  return pointer.starts_with(selected) && (pointer.size() == selected.size() || pointer[selected.size()] == '/');
}

/// Whether all of the record that `source` reads is selected. What comes with the page or stands in the mapping is not of the record.
bool reads_only(const Expression& source, std::span<const std::string> selected) {
  switch (source.kind) {
  case Expression::Kind::pointer:
  case Expression::Kind::find:
    return std::any_of(selected.begin(), selected.end(),
                       [&](const std::string& pointer) { return is_or_stands_below(source.pointer, pointer); });
  case Expression::Kind::concat:
  case Expression::Kind::first_of:
    return std::all_of(source.parts.begin(), source.parts.end(),
                       [&](const Expression& part) { return reads_only(part, selected); });
  case Expression::Kind::page_constant:
  case Expression::Kind::literal:
    return true;
  }
  return true;
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Integers are compared as they are: a double would take neighbours for the same.
bool same_integer(std::int64_t value, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) {
    return number == value;
  }
  const auto real = number_of(text);
  return real && *real == static_cast<double>(value);
}

bool equals(const Cell& cell, const Scalar& wanted) {
  switch (cell.kind()) {
  case Cell::Kind::null:
    return wanted.kind == Scalar::Kind::null;
  case Cell::Kind::text:
    return wanted.kind != Scalar::Kind::null && cell.as_text() == wanted.text;
  case Cell::Kind::integer:
    return wanted.kind != Scalar::Kind::null && same_integer(cell.as_integer(), wanted.text);
  case Cell::Kind::real:
    return wanted.kind != Scalar::Kind::null && number_of(wanted.text) == cell.as_real();
  case Cell::Kind::boolean:
    return wanted.kind == Scalar::Kind::boolean && cell.as_boolean() == (wanted.text == "true");
  case Cell::Kind::timestamp:
    return parse_day_or_instant(wanted.text) == cell.as_timestamp();
  case Cell::Kind::date: {
    const auto day = parse_day_or_instant(wanted.text);
    return day && std::chrono::floor<std::chrono::days>(*day).time_since_epoch().count() == cell.as_integer();
  }
  case Cell::Kind::json:
    return false;
  }
  return false;
}

/// The value as the mapping would put it into its field.
Scalar translated(const FieldMapping& field, const Scalar& wanted) {
  if (field.enum_entries.empty() || wanted.kind == Scalar::Kind::null) {
    return wanted;
  }
  const auto entry = std::find_if(field.enum_entries.begin(), field.enum_entries.end(),
                                  [&](const auto& known) { return known.first == wanted.text; });
  return entry == field.enum_entries.end() ? field.enum_default.value_or(Scalar{}) : entry->second;
}

/// With an enum, two values of the source may become one here: such a filter says too little to be checked.
bool tells_apart(const FieldMapping& field, const std::vector<Scalar>& values) {
  const auto wanted = [&](const std::string& text) {
    return std::any_of(values.begin(), values.end(), [&](const Scalar& value) { return value.text == text; });
  };
  if (field.enum_entries.empty()) {
    return true;
  }
  for (const auto& value : values) {
    const auto here = translated(field, value);
    const bool from_default = std::none_of(field.enum_entries.begin(), field.enum_entries.end(),
                                           [&](const auto& entry) { return entry.first == value.text; });
    if (value.kind != Scalar::Kind::null && from_default) {
      return false;
    }
    const auto same = [&](const Scalar& other) { return other.kind == here.kind && other.text == here.text; };
    if (std::any_of(field.enum_entries.begin(), field.enum_entries.end(),
                    [&](const auto& entry) { return same(entry.second) && !wanted(entry.first); }) ||
        (field.enum_default && same(*field.enum_default))) {
      return false;
    }
  }
  return true;
}

} // namespace

mapping::Mapping select_fields(mapping::Mapping mapping, std::span<const std::string> selected,
                               std::span<const std::string> always) {
  if (!selected.empty()) {
    std::erase_if(mapping.fields, [&](const FieldMapping& field) {
      return !reads_only(field.from, selected) && std::find(always.begin(), always.end(), field.field) == always.end();
    });
  }
  return mapping;
}

std::vector<std::string> drop_local_fields(mapping::Mapping& mapping, const model::Model& model) {
  const auto fills = [&](const std::string& name) {
    return std::any_of(mapping.fields.begin(), mapping.fields.end(),
                       [&](const FieldMapping& field) { return field.field == name; });
  };
  std::vector<std::string> ours;
  for (const auto& policy : model.policies) {
    if (!fills(policy.source)) {
      continue;
    }
    std::erase_if(mapping.fields, [&](const FieldMapping& field) {
      return field.field == policy.field || field.field == policy.state;
    });
    ours.push_back(policy.field);
  }
  return ours;
}

RowFilter::RowFilter(const std::vector<RuleFilter>& filters, const mapping::Mapping& mapping, const model::Model& model,
                     std::span<const std::uint16_t> columns) {
  for (const auto& filter : filters) {
    bool checked = false;
    for (const auto& field : mapping.fields) {
      const bool plain = field.from.kind == Expression::Kind::pointer && !field.from.embedded &&
                         field.from.pointer == filter.pointer && tells_apart(field, filter.values);
      const auto index = model.index_of(field.field);
      const auto column = index ? std::find(columns.begin(), columns.end(), *index) : columns.end();
      if (!plain || column == columns.end() || model.fields[*index].type == model::FieldType::json) {
        continue;
      }
      Check check{.cell = static_cast<std::size_t>(column - columns.begin()), .values = {}};
      for (const auto& value : filter.values) {
        check.values.push_back(translated(field, value));
      }
      checks_.push_back(std::move(check));
      checked = true;
      break;
    }
    if (!checked) {
      unchecked_.push_back(filter.pointer);
    }
  }
}

bool RowFilter::wants(std::span<const Cell> cells) const {
  return std::all_of(checks_.begin(), checks_.end(), [&](const Check& check) {
    return std::any_of(check.values.begin(), check.values.end(),
                       [&](const Scalar& value) { return equals(cells[check.cell], value); });
  });
}

} // namespace dovetail::sync

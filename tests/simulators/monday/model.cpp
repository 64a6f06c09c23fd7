// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/model.hpp"

#include <algorithm>
#include <array>

#include "core/base/time.hpp"

namespace dovetail::simulators::monday {
namespace {

struct TypeNames {
  std::string_view column;
  std::string_view value;
  bool writable;
};

constexpr std::array<TypeNames, column_types> names = {{
    {"status", "StatusValue", true},
    {"text", "TextValue", true},
    {"long_text", "LongTextValue", true},
    {"email", "EmailValue", true},
    {"date", "DateValue", true},
    {"numbers", "NumbersValue", true},
    {"people", "PeopleValue", true},
    {"dropdown", "DropdownValue", true},
    {"timeline", "TimelineValue", true},
    {"checkbox", "CheckboxValue", true},
    {"board_relation", "BoardRelationValue", true},
    {"mirror", "MirrorValue", false},
    {"formula", "FormulaValue", false},
    {"link", "LinkValue", true},
    {"phone", "PhoneValue", true},
    {"creation_log", "CreationLogValue", false},
    {"last_updated", "LastUpdatedValue", false},
    {"item_id", "ItemIdValue", false},
    {"dependency", "DependencyValue", false},
    {"subtasks", "SubtasksValue", false},
    {"tags", "TagsValue", false},
    {"rating", "RatingValue", false},
    {"hour", "HourValue", false},
    {"location", "LocationValue", false},
    {"auto_number", "AutoNumberValue", false},
    {"button", "ButtonValue", false},
    {"color_picker", "ColorPickerValue", false},
    {"country", "CountryValue", false},
    {"direct_doc", "DirectDocValue", false},
    {"doc", "DocValue", false},
    {"file", "FileValue", false},
    {"group", "GroupValue", false},
    {"integration", "IntegrationValue", false},
    {"item_assignees", "ItemAssigneesValue", false},
    {"person", "PersonValue", false},
    {"progress", "ProgressValue", false},
    {"team", "TeamValue", false},
    {"time_tracking", "TimeTrackingValue", false},
    {"unsupported", "UnsupportedValue", false},
    {"vote", "VoteValue", false},
    {"week", "WeekValue", false},
    {"world_clock", "WorldClockValue", false},
}};
static_assert(static_cast<std::size_t>(ColumnType::world_clock) + 1 == column_types);

} // namespace

std::string_view to_string(ColumnType type) noexcept { return names[static_cast<std::size_t>(type)].column; }
std::string_view value_type(ColumnType type) noexcept { return names[static_cast<std::size_t>(type)].value; }
bool is_writable(ColumnType type) noexcept { return names[static_cast<std::size_t>(type)].writable; }

std::string_view to_string(State state) noexcept {
  return state == State::active ? "active" : state == State::archived ? "archived" : "deleted";
}

const Column* Board::find_column(std::string_view column_id) const noexcept {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.id == column_id; });
  return found == columns.end() ? nullptr : &*found;
}

Item* Board::find_item(std::int64_t item_id) noexcept {
  // Items are kept in the order of their ids, which is that of their creation.
  const auto found = std::lower_bound(items.begin(), items.end(), item_id,
                                      [](const Item& item, std::int64_t wanted) { return item.id < wanted; });
  return found == items.end() || found->id != item_id ? nullptr : &*found;
}

std::string format_second(Second time) {
  const std::string text = format_iso8601(Timestamp(time));
  return text.substr(0, text.find('.')) + "Z";
}

} // namespace dovetail::simulators::monday

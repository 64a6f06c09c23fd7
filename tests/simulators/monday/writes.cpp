// SPDX-License-Identifier: Apache-2.0
// What a writer may put into a column (section "Write operations" of the fact sheet).
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "tests/simulators/monday/values.hpp"

namespace dovetail::simulators::monday {
namespace {

Error bad(const Column& column) {
  return invalid_argument(
      fmt::format("invalid value, please check our API documentation for the correct data structure "
                  "for this column ({})",
                  column.id));
}

/// A string member, or nullopt.
std::optional<std::string> text_member(const Value& json, std::string_view name) {
  const Value* found = json.member(name);
  return found == nullptr || found->kind != Value::Kind::string ? std::nullopt : std::optional(found->text);
}

/// Only these members, whatever their order.
bool has_only(const Value& json, const std::set<std::string, std::less<>>& names) {
  return json.kind == Value::Kind::object &&
         std::all_of(json.members.begin(), json.members.end(),
                     [&](const auto& member) { return names.contains(member.first); });
}

bool is_day(const std::string& text) { return text.size() == 10 && parse_iso8601(text).has_value(); }

Result<int> label_index(Column& column, const std::string& text, bool create) {
  const auto found =
      std::find_if(column.labels.begin(), column.labels.end(), [&](const Label& label) { return label.text == text; });
  if (found != column.labels.end()) {
    return found->index;
  }
  if (!create) {
    return bad(column);
  }
  int next = 0;
  for (const Label& label : column.labels) {
    next = std::max(next, label.index + 1);
  }
  next = next == 5 ? 6 : next;
  column.labels.push_back({next, text});
  return next;
}

Status read_status(const Value& json, Column& column, bool create, Cell& cell) {
  if (!has_only(json, {"index", "label"}) || json.members.size() != 1) {
    return bad(column);
  }
  if (const auto label = text_member(json, "label")) {
    DOVETAIL_TRY(cell.index, label_index(column, *label, create));
    return {};
  }
  const Value* index = json.member("index");
  const bool known = index != nullptr && index->kind == Value::Kind::integer &&
                     std::any_of(column.labels.begin(), column.labels.end(),
                                 [&](const Label& label) { return label.index == index->integer; });
  if (!known) {
    return bad(column);
  }
  cell.index = static_cast<int>(index->integer);
  return {};
}

Status read_dropdown(const Value& json, Column& column, bool create, Cell& cell) {
  if (!has_only(json, {"labels", "ids"}) || json.members.size() != 1) {
    return bad(column);
  }
  for (const Value& item : json.members.front().second.items) {
    if (json.members.front().first == "labels" && item.kind == Value::Kind::string) {
      DOVETAIL_TRY(const int index, label_index(column, item.text, create));
      cell.ids.push_back(index);
    } else if (json.members.front().first == "ids" && item.kind == Value::Kind::integer) {
      cell.ids.push_back(item.integer);
    } else {
      return bad(column);
    }
  }
  return {};
}

Status read_people(const Value& json, const World& world, const Column& column, Cell& cell) {
  const Value* people = json.member("personsAndTeams");
  if (!has_only(json, {"personsAndTeams"}) || people == nullptr || people->kind != Value::Kind::list) {
    return bad(column);
  }
  for (const Value& person : people->items) {
    const Value* id = person.member("id");
    if (id == nullptr || id->kind != Value::Kind::integer || text_member(person, "kind").value_or("") != "person" ||
        world.find_user(id->integer) == nullptr) {
      return bad(column);
    }
    cell.ids.push_back(id->integer);
  }
  return {};
}

Status read_number(const Value& json, const Column& column, Cell& cell) {
  if (json.kind != Value::Kind::string) {
    return bad(column);
  }
  const auto* end = json.text.data() + json.text.size();
  return std::from_chars(json.text.data(), end, cell.number).ptr == end ? Status() : Status(bad(column));
}

/// Two texts under the given names; the first must be there.
Status read_pair(const Value& json, const Column& column, const std::string& first, const std::string& second,
                 Cell& cell) {
  const auto text = text_member(json, first);
  if (!has_only(json, {first, second}) || !text) {
    return bad(column);
  }
  cell.text = *text;
  cell.more = text_member(json, second).value_or("");
  return {};
}

Status read_relation(const Value& json, const World& world, const Column& column, Cell& cell) {
  const Value* ids = json.member("item_ids");
  if (!has_only(json, {"item_ids"}) || ids == nullptr || ids->kind != Value::Kind::list) {
    return bad(column);
  }
  for (const Value& id : ids->items) {
    const std::string text = id.id();
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    if (world.find_item(number) == nullptr) {
      return bad(column);
    }
    cell.ids.push_back(number);
  }
  return {};
}

Status read_days(const Value& json, const Column& column, Cell& cell) {
  const bool timeline = column.type == ColumnType::timeline;
  DOVETAIL_TRY_STATUS(read_pair(json, column, timeline ? "from" : "date", timeline ? "to" : "time", cell));
  const bool good = is_day(cell.text) && (timeline ? is_day(cell.more) : cell.more.empty() || cell.more.size() == 8);
  return good ? Status() : Status(bad(column));
}

bool clears(const Value& json, ColumnType type) {
  if (json.is_null()) {
    return true;
  }
  // A checkbox is cleared by null alone, a text or a number by an empty text, the rest by {}.
  if (type == ColumnType::text || type == ColumnType::numbers) {
    return json.kind == Value::Kind::string && json.text.empty();
  }
  return type != ColumnType::checkbox && json.kind == Value::Kind::object && json.members.empty();
}

} // namespace

Status read_value(const Value& json, World& world, Column& column, bool create_labels, Second now, Cell& cell) {
  if (!is_writable(column.type)) {
    return bad(column);
  }
  Cell made;
  made.changed = now;
  if (clears(json, column.type)) {
    cell = made;
    return {};
  }
  made.set = true;
  Status status;
  switch (column.type) {
  case ColumnType::status:
    status = read_status(json, column, create_labels, made);
    break;
  case ColumnType::dropdown:
    status = read_dropdown(json, column, create_labels, made);
    break;
  case ColumnType::people:
    status = read_people(json, world, column, made);
    break;
  case ColumnType::numbers:
    status = read_number(json, column, made);
    break;
  case ColumnType::text:
    status = json.kind == Value::Kind::string ? Status() : Status(bad(column));
    made.text = json.text;
    break;
  case ColumnType::long_text:
    status = read_pair(json, column, "text", "text", made);
    made.more.clear();
    break;
  case ColumnType::email:
    status = read_pair(json, column, "email", "text", made);
    break;
  case ColumnType::link:
    status = read_pair(json, column, "url", "text", made);
    break;
  case ColumnType::phone:
    status = read_pair(json, column, "phone", "countryShortName", made);
    break;
  case ColumnType::date:
  case ColumnType::timeline:
    status = read_days(json, column, made);
    break;
  case ColumnType::checkbox:
    made.index = 1;
    status = has_only(json, {"checked"}) && json.member("checked") != nullptr &&
                     (json.member("checked")->text == "true" || json.member("checked")->boolean)
                 ? Status()
                 : Status(bad(column));
    break;
  default:
    status = read_relation(json, world, column, made);
  }
  DOVETAIL_TRY_STATUS(status);
  cell = made;
  return {};
}

} // namespace dovetail::simulators::monday

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/values.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace dovetail::simulators::monday {
namespace {

/// The zone of the simulated token's user. Whoever reads times from "text" is eight hours off.
constexpr std::chrono::hours user_zone{8};

std::string number_text(double number) { return fmt::format("{}", number); }

const Label* find_label(const Column& column, std::int64_t index) {
  const auto found = std::find_if(column.labels.begin(), column.labels.end(),
                                  [index](const Label& label) { return label.index == index; });
  return found == column.labels.end() ? nullptr : &*found;
}

std::string joined(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

std::vector<std::string> item_names(const ValueView& view) {
  std::vector<std::string> names;
  for (const std::int64_t id : view.cell.ids) {
    const Item* item = view.world.find_item(id);
    names.push_back(item == nullptr ? std::to_string(id) : item->name);
  }
  return names;
}

std::vector<std::string> user_names(const ValueView& view) {
  std::vector<std::string> names;
  for (const std::int64_t id : view.cell.ids) {
    const User* user = view.world.find_user(id);
    names.push_back(user == nullptr ? std::to_string(id) : user->name);
  }
  return names;
}

std::vector<std::string> label_texts(const ValueView& view) {
  std::vector<std::string> texts;
  for (const std::int64_t id : view.cell.ids) {
    const Label* label = find_label(view.column, id);
    texts.push_back(label == nullptr ? std::to_string(id) : label->text);
  }
  return texts;
}

std::string date_text(const Cell& cell) {
  if (cell.more.empty()) {
    return cell.text;
  }
  const auto time = parse_iso8601(cell.text + "T" + cell.more + "Z");
  return time ? format_second(std::chrono::floor<std::chrono::seconds>(*time) + user_zone).substr(0, 10) + " " +
                    format_second(std::chrono::floor<std::chrono::seconds>(*time) + user_zone).substr(11, 5)
              : cell.text;
}

std::string changed_text(const Cell& cell) {
  const std::string text = format_second(cell.changed);
  return text.substr(0, text.size() - 1) + ".120Z";
}

void write_ids(JsonText& out, const std::vector<std::int64_t>& ids) {
  out.begin_array();
  for (const std::int64_t id : ids) {
    out.value(std::to_string(id));
  }
  out.end_array();
}

/// Writes one scalar field; false when the type's own code has to.
bool write_common(JsonText& out, const Document& document, const Selection& field, const ValueView& view) {
  if (field.name == "id") {
    out.value(view.column.id);
  } else if (field.name == "type") {
    out.value(to_string(view.column.type));
  } else if (field.name == "text") {
    out.value(text_of(view));
  } else if (field.name == "value") {
    out.value(value_json(view));
  } else if (field.name == "__typename") {
    out.value(value_type(view.column.type));
  } else if (field.name == "is_leaf") {
    out.value(true);
  } else if (field.name == "updated_at" && view.column.type != ColumnType::last_updated) {
    view.cell.set ? void(out.value(format_second(view.cell.changed))) : void(out.null());
  } else if (field.name == "column") {
    out.begin_object();
    for (const Selection& inner : collect(document, field.selections, "ColumnTitle")) {
      out.member(inner.alias, view.column.title);
    }
    out.end_object();
  } else {
    return false;
  }
  return true;
}

/// `fields`: what each object answers, merged.
void write_objects(JsonText& out, const std::vector<Selection>& fields, const std::vector<std::int64_t>& ids,
                   const std::vector<std::string>& texts) {
  out.begin_array();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    out.begin_object();
    for (const Selection& inner : fields) {
      out.member(inner.alias, inner.name == "id" ? std::to_string(ids[i]) : texts[i]);
    }
    out.end_object();
  }
  out.end_array();
}

void write_status(JsonText& out, const Selection& field, const ValueView& view) {
  const Label* label = view.cell.set ? find_label(view.column, view.cell.index) : nullptr;
  if (label == nullptr) {
    out.null();
  } else if (field.name == "index") {
    out.value(view.cell.index);
  } else if (field.name == "label") {
    out.value(label->text);
  } else if (field.name == "is_done") {
    out.value(label->text == "Closed" || label->text == "Done");
  } else {
    out.null();
  }
}

void write_item_log(JsonText& out, const Selection& field, const ValueView& view) {
  if (field.name == "created_at" || field.name == "updated_at") {
    out.value(format_second(field.name == "created_at" ? view.item.created : view.item.updated));
  } else {
    out.value(std::to_string(view.item.creator));
  }
}

/// The fields that hold a text or null.
std::optional<std::string> plain_field(const Selection& field, const ValueView& view) {
  const Cell& cell = view.cell;
  const bool second = field.name == "label" || field.name == "time" || field.name == "to" || field.name == "url_text" ||
                      field.name == "country_short_name";
  if (!cell.set || field.name == "icon" || field.name == "symbol" || field.name == "direction" ||
      field.name == "visualization_type" || field.name == "update_id") {
    return std::nullopt;
  }
  return second ? cell.more : cell.text;
}

void write_typed(JsonText& out, const Document& document, const Selection& field, const ValueView& view) {
  const Cell& cell = view.cell;
  switch (view.column.type) {
  case ColumnType::status:
    write_status(out, field, view);
    break;
  case ColumnType::numbers:
    field.name == "number" && cell.set ? void(out.raw(number_text(cell.number))) : void(out.null());
    break;
  case ColumnType::people:
    write_objects(out, collect(document, field.selections, "PeopleEntity"),
                  cell.set ? cell.ids : std::vector<std::int64_t>{},
                  std::vector<std::string>(cell.ids.size(), "person"));
    break;
  case ColumnType::dropdown:
    write_objects(out, collect(document, field.selections, "DropdownValueOption"),
                  cell.set ? cell.ids : std::vector<std::int64_t>{}, label_texts(view));
    break;
  case ColumnType::checkbox:
    out.value(cell.set && cell.index != 0);
    break;
  case ColumnType::board_relation:
  case ColumnType::dependency:
    field.name == "linked_item_ids" ? write_ids(out, cell.set ? cell.ids : std::vector<std::int64_t>{})
                                    : void(out.value(cell.set ? joined(item_names(view)) : ""));
    break;
  case ColumnType::subtasks:
    field.name == "subitems_ids" ? write_ids(out, {}) : void(out.value(""));
    break;
  case ColumnType::mirror:
  case ColumnType::formula:
    out.value(cell.set ? cell.text : "");
    break;
  case ColumnType::creation_log:
  case ColumnType::last_updated:
    write_item_log(out, field, view);
    break;
  case ColumnType::item_id:
    out.value(std::to_string(view.item.id));
    break;
  default:
    out.value(plain_field(field, view));
  }
}

} // namespace

std::optional<std::string> text_of(const ValueView& view) {
  const Cell& cell = view.cell;
  switch (view.column.type) {
  case ColumnType::mirror:
  case ColumnType::formula:
  case ColumnType::board_relation:
  case ColumnType::dependency:
  case ColumnType::subtasks:
    return std::nullopt;
  case ColumnType::creation_log:
    return format_second(view.item.created + user_zone);
  case ColumnType::last_updated:
    return format_second(view.item.updated + user_zone);
  case ColumnType::item_id:
    return std::to_string(view.item.id);
  default:
    break;
  }
  if (!cell.set) {
    // The service gives either for what is empty.
    return view.column.type == ColumnType::status ? std::nullopt : std::optional<std::string>("");
  }
  switch (view.column.type) {
  case ColumnType::status: {
    const Label* label = find_label(view.column, cell.index);
    return label == nullptr ? std::nullopt : std::optional(label->text);
  }
  case ColumnType::numbers:
    return number_text(cell.number);
  case ColumnType::people:
    return joined(user_names(view));
  case ColumnType::dropdown:
    return joined(label_texts(view));
  case ColumnType::date:
    return date_text(cell);
  case ColumnType::timeline:
    return cell.text + " - " + cell.more;
  case ColumnType::checkbox:
    return "v";
  case ColumnType::link:
    return cell.more + " - " + cell.text;
  case ColumnType::rating:
    return std::to_string(cell.index);
  default:
    return cell.text;
  }
}

std::optional<std::string> value_json(const ValueView& view) {
  const Cell& cell = view.cell;
  if (!cell.set) {
    return std::nullopt;
  }
  JsonText out;
  const auto pair = [&](std::string_view first, std::string_view second) {
    out.begin_object().member(first, cell.text).member(second, cell.more).member("changed_at", changed_text(cell));
    return out.end_object().take();
  };
  switch (view.column.type) {
  case ColumnType::status:
    out.begin_object().member("index", cell.index);
    if (view.item.id % 3 != 0) {
      out.name("post_id").null();
    }
    return out.member("changed_at", changed_text(cell)).end_object().take();
  case ColumnType::text:
    return out.value(cell.text).take();
  case ColumnType::long_text:
    return out.begin_object().member("text", cell.text).member("changed_at", changed_text(cell)).end_object().take();
  case ColumnType::numbers:
    return out.value(number_text(cell.number)).take();
  case ColumnType::email:
    return pair("email", "text");
  case ColumnType::link:
    return pair("url", "text");
  case ColumnType::phone:
    return pair("phone", "countryShortName");
  case ColumnType::timeline:
    return pair("from", "to");
  case ColumnType::date:
    out.begin_object().member("date", cell.text);
    if (!cell.more.empty()) {
      out.member("time", cell.more);
    }
    return out.name("icon").null().member("changed_at", changed_text(cell)).end_object().take();
  case ColumnType::people:
    out.begin_object().name("personsAndTeams").begin_array();
    for (const std::int64_t id : cell.ids) {
      out.begin_object().member("id", id).member("kind", "person").end_object();
    }
    return out.end_array().member("changed_at", changed_text(cell)).end_object().take();
  case ColumnType::dropdown:
    out.begin_object().name("ids").begin_array();
    for (const std::int64_t id : cell.ids) {
      out.value(id);
    }
    return out.end_array().member("changed_at", changed_text(cell)).end_object().take();
  case ColumnType::checkbox:
    // Rows from long ago hold the word as a string.
    out.begin_object().name("checked");
    view.item.id % 5 == 0 ? out.value("true") : out.value(true);
    return out.member("changed_at", changed_text(cell)).end_object().take();
  case ColumnType::rating:
    return out.begin_object().member("rating", cell.index).end_object().take();
  case ColumnType::tags:
  case ColumnType::hour:
  case ColumnType::location:
    return out.begin_object().member("text", cell.text).end_object().take();
  default:
    return std::nullopt;
  }
}

void write_value(JsonText& out, const Document& document, const std::vector<Selection>& selections,
                 const ValueView& view) {
  out.begin_object();
  for (const Selection& field : collect(document, selections, value_type(view.column.type))) {
    out.name(field.alias);
    if (!write_common(out, document, field, view)) {
      write_typed(out, document, field, view);
    }
  }
  out.end_object();
}

} // namespace dovetail::simulators::monday

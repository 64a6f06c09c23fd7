// SPDX-License-Identifier: Apache-2.0
#include "column_write.hpp"

#include <algorithm>
#include <array>

namespace dovetail::monday {
namespace {

using namespace sdk;
using Kind = JsonValue::Kind;

Error wrong(const BoardColumn& column, std::string_view takes) {
  return make_error(Code::invalid_argument, "the column \"" + column.id + "\" (" + column.title + ") is of the type " +
                                                column.type + " and takes " + std::string(takes));
}

bool clears(const JsonValue& given) {
  return given.absent() || (given.string() && given.string()->empty()) ||
         ((given.kind() == Kind::array || given.kind() == Kind::object) && given.size() == 0);
}

bool is_id(std::string_view text) { return parse_integer(text).value_or(0) > 0; }

Status write_number(const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  const bool text = given.string().has_value();
  if (!text && !given.number()) {
    return wrong(column, "a number");
  }
  if (text) {
    const auto digits = *given.string();
    if (digits.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
      return wrong(column, "a number");
    }
  }
  out.value(given.text());
  return {};
}

Status write_status(const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  if (const auto label = given.string()) {
    out.open_object().member("label", *label).close();
    return {};
  }
  if (const auto index = given.integer()) {
    out.open_object().member("index", *index).close();
    return {};
  }
  return wrong(column, "a label's text, or its index");
}

/// Calls `each` for the elements of an array, or for the one scalar.
template <typename Each> Status each_of(Context& context, const JsonValue& given, Each each) {
  if (given.kind() != Kind::array) {
    return each(given);
  }
  DVT_TRY(const auto list, context.parse(given.text()));
  return list.for_each("", {""}, [&each](const JsonElement& element) -> Status { return each(element[0]); });
}

Status write_dropdown(Context& context, const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  std::size_t texts = 0;
  std::size_t numbers = 0;
  JsonWriter list;
  list.open_array();
  DVT_TRY_STATUS(each_of(context, given, [&](const JsonValue& one) -> Status {
    if (const auto label = one.string()) {
      ++texts;
      list.value(*label);
    } else if (const auto id = one.integer()) {
      ++numbers;
      list.value(*id);
    } else {
      return wrong(column, "labels' texts, or their ids");
    }
    return {};
  }));
  // The API takes one or the other, never both.
  if (texts > 0 && numbers > 0) {
    return wrong(column, "labels' texts or their ids, not both");
  }
  out.open_object().name(numbers > 0 ? "ids" : "labels").raw(list.close().text()).close();
  return {};
}

Status write_date(const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  const auto instant = given.timestamp();
  if (!instant) {
    return wrong(column, "a date such as 2026-04-25, or an instant such as 2026-04-25T10:00:00Z");
  }
  constexpr std::size_t date_length = 10;
  if (given.text().size() == date_length) {
    out.open_object().member("date", given.text()).close();
    return {};
  }
  const std::string text = format_iso8601(*instant);
  out.open_object().member("date", text.substr(0, date_length)).member("time", text.substr(11, 8)).close();
  return {};
}

Status write_people(Context& context, const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  out.open_object().name("personsAndTeams").open_array();
  DVT_TRY_STATUS(each_of(context, given, [&](const JsonValue& one) -> Status {
    std::string id(one.text());
    std::string kind = "person";
    if (one.kind() == Kind::object) {
      DVT_TRY(const auto entity, context.parse(one.text()));
      DVT_TRY(const auto number, entity.at("/id"));
      id = number.text();
      kind = entity.string_or("/kind", "person");
    }
    if (!is_id(id) || (kind != "person" && kind != "team")) {
      return wrong(column, R"(ids of users, or {"id": 7, "kind": "team"})");
    }
    out.open_object().name("id").raw(id).member("kind", kind).close();
    return {};
  }));
  out.close().close();
  return {};
}

Status write_relation(Context& context, const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  out.open_object().name("item_ids").open_array();
  DVT_TRY_STATUS(each_of(context, given, [&](const JsonValue& one) -> Status {
    if (!is_id(one.text())) {
      return wrong(column, "ids of items");
    }
    out.value(one.text());
    return {};
  }));
  out.close().close();
  return {};
}

struct Pair {
  std::string_view type;
  std::string_view first; ///< the API's names
  std::string_view second;
  std::string_view given_second; ///< what the input may call the second
  bool both = false;             ///< one text fills both
  std::string_view takes;
};
constexpr std::array<Pair, 4> pairs = {{
    {"email", "email", "text", "text", true, R"(an address, or {"email": "a@x.example", "text": "Ann"})"},
    {"link", "url", "text", "text", true, R"(an address, or {"url": "https://x.example", "text": "Label"})"},
    {"phone", "phone", "countryShortName", "country", false, R"({"phone": "12025550169", "country": "US"})"},
    {"timeline", "from", "to", "to", false, R"({"from": "2026-04-01", "to": "2026-04-15"})"},
}};

Status write_pair(Context& context, const BoardColumn& column, const Pair& pair, const JsonValue& given,
                  JsonWriter& out) {
  if (given.string() && pair.both) {
    out.open_object().member(pair.first, *given.string()).member(pair.second, *given.string()).close();
    return {};
  }
  if (given.kind() != Kind::object) {
    return wrong(column, pair.takes);
  }
  DVT_TRY(const auto object, context.parse(given.text()));
  const auto first = object.string_or("/" + std::string(pair.first), "");
  auto second = object.string_or("/" + std::string(pair.second), "");
  second = second.empty() ? object.string_or("/" + std::string(pair.given_second), pair.both ? first : "") : second;
  if (first.empty() || second.empty()) {
    return wrong(column, pair.takes);
  }
  out.open_object().member(pair.first, first).member(pair.second, second).close();
  return {};
}

void write_cleared(const BoardColumn& column, JsonWriter& out) {
  if (column.type == "text") {
    out.value("");
  } else if (column.type == "checkbox" || column.type == "numbers") {
    out.value(nullptr); // an empty text may be read as 0, and false does not clear
  } else if (column.type == "board_relation") {
    out.open_object().name("item_ids").open_array().close().close();
  } else {
    out.open_object().close();
  }
}

} // namespace

Status write_column(Context& context, const BoardColumn& column, const JsonValue& given, JsonWriter& out) {
  static constexpr std::array<std::string_view, 12> writable = {"text",     "long_text", "numbers",        "status",
                                                                "dropdown", "date",      "people",         "timeline",
                                                                "email",    "link",      "board_relation", "phone"};
  const bool checkbox = column.type == "checkbox";
  if (!checkbox && std::find(writable.begin(), writable.end(), column.type) == writable.end()) {
    return make_error(Code::failed_precondition, "the column \"" + column.id + "\" (" + column.title +
                                                     ") is of the type " + column.type + ", which cannot be written");
  }
  if (clears(given) || (checkbox && given.boolean() == false)) {
    write_cleared(column, out);
    return {};
  }
  if (checkbox) {
    if (!given.boolean()) {
      return wrong(column, "true or false");
    }
    out.open_object().member("checked", "true").close();
    return {};
  }
  if (column.type == "text" || column.type == "long_text") {
    if (!given.string()) {
      return wrong(column, "a text");
    }
    column.type == "text" ? out.value(*given.string()) : out.open_object().member("text", *given.string()).close();
    return {};
  }
  if (column.type == "numbers") {
    return write_number(column, given, out);
  }
  if (column.type == "status") {
    return write_status(column, given, out);
  }
  if (column.type == "dropdown") {
    return write_dropdown(context, column, given, out);
  }
  if (column.type == "date") {
    return write_date(column, given, out);
  }
  if (column.type == "people") {
    return write_people(context, column, given, out);
  }
  if (column.type == "board_relation") {
    return write_relation(context, column, given, out);
  }
  const auto pair =
      std::find_if(pairs.begin(), pairs.end(), [&column](const Pair& one) { return one.type == column.type; });
  return write_pair(context, column, *pair, given, out);
}

} // namespace dovetail::monday

// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/execute.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "tests/simulators/monday/values.hpp"

namespace dovetail::simulators::monday {
namespace {

constexpr std::int64_t most_ids = 100;

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::int64_t whole(const Selection& field, std::string_view name, std::int64_t otherwise) {
  const Value* value = field.argument(name);
  if (value == nullptr) {
    return otherwise;
  }
  if (value->kind != Value::Kind::integer) {
    throw ApiError{"argumentLiteralsIncompatible",
                   fmt::format("Argument '{}' has an invalid value. Expected type 'Int'.", name)};
  }
  return value->integer;
}

/// The ids of an argument, which may be one id or a list of them; nullopt: not given.
std::optional<std::vector<std::int64_t>> ids_of(const Selection& field, std::string_view name) {
  const Value* value = field.argument(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  std::vector<std::int64_t> ids;
  for (const Value& one : value->kind == Value::Kind::list ? value->items : std::vector<Value>{*value}) {
    ids.push_back(number_of(one.id()));
  }
  return ids;
}

std::vector<std::string> names_of(const Selection& field, std::string_view name) {
  std::vector<std::string> names;
  const Value* value = field.argument(name);
  if (value != nullptr) {
    for (const Value& one : value->kind == Value::Kind::list ? value->items : std::vector<Value>{*value}) {
      names.push_back(one.id());
    }
  }
  return names;
}

bool contains(const std::vector<std::int64_t>& ids, std::int64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// The part of a list that page `number` shows.
template <typename T> std::vector<T> part(const std::vector<T>& all, std::int64_t limit, std::int64_t number) {
  const auto from = static_cast<std::size_t>(
      std::clamp<std::int64_t>((number - 1) * limit, 0, static_cast<std::int64_t>(all.size())));
  const auto to = std::min(all.size(), from + static_cast<std::size_t>(std::max<std::int64_t>(limit, 0)));
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

/// `of_page`: the selections are those of a page, whose limit counts its items already.
std::int64_t cost_of(const Document& document, const std::vector<Selection>& selections, int depth,
                     bool of_page = false) {
  std::int64_t cost = 0;
  for (const Selection& one : selections) {
    if (one.kind == Selection::Kind::spread) {
      const auto found = document.fragments.find(one.name);
      cost += found == document.fragments.end() || depth > 30
                  ? 0
                  : cost_of(document, found->second.selections, depth + 1, of_page);
      continue;
    }
    std::int64_t times = 1;
    const Value* limit = one.argument("limit");
    const Value* ids = one.argument("ids");
    const bool is_page = one.name == "items_page" || one.name == "next_items_page";
    if (is_page || one.name == "users") {
      times = limit != nullptr ? limit->integer : 25;
    } else if (one.name == "boards" || (one.name == "items" && !of_page)) {
      times = ids != nullptr     ? ids->kind == Value::Kind::list ? static_cast<std::int64_t>(ids->items.size()) : 1
              : limit != nullptr ? limit->integer
                                 : 25;
    }
    cost += 1 + times * cost_of(document, one.selections, depth + 1, is_page);
  }
  return cost;
}

} // namespace

std::int64_t complexity_of(const Document& document) { return 10 + cost_of(document, document.selections, 0); }

std::string Execution::run() {
  JsonText data;
  JsonText errors;
  data.begin_object();
  errors.begin_array();
  for (const Selection& field :
       collect(parts_.document, parts_.document.selections, parts_.document.mutation ? "Mutation" : "Query")) {
    JsonText one;
    try {
      root(one, field);
      data.name(field.alias).raw(one.text());
    } catch (const ApiError& error) {
      data.name(field.alias).null();
      codes_.push_back(error.code);
      errors.begin_object().member("message", error.message).name("path").begin_array().value(field.alias).end_array();
      errors.name("extensions").begin_object().member("code", error.code).member("status_code", error.status);
      if (!error.column.empty()) {
        errors.name("error_data").begin_object().member("column_id", error.column).end_object();
      }
      errors.end_object().end_object();
    }
  }
  std::string text = "\"data\":" + data.end_object().take();
  return codes_.empty() ? text : text + ",\"errors\":" + errors.end_array().take();
}

void Execution::root(Json& out, const Selection& field) {
  if (field.name == "complexity") {
    complexity(out, field);
  } else if (parts_.document.mutation) {
    root_mutation(out, field);
  } else {
    root_query(out, field);
  }
}

void Execution::root_query(Json& out, const Selection& field) {
  if (field.name == "boards") {
    boards(out, field);
  } else if (field.name == "items") {
    items(out, field);
  } else if (field.name == "users") {
    users(out, field);
  } else if (field.name == "webhooks") {
    webhooks(out, field);
  } else if (field.name == "me") {
    const User* me = parts_.world.find_user(parts_.user);
    me == nullptr ? void(out.null()) : user(out, field, *me);
  } else if (field.name == "next_items_page") {
    const Value* cursor = field.argument("cursor");
    const Listing listing = decode(cursor->id());
    const Board* home = parts_.world.find_board(listing.board);
    if (home == nullptr) {
      throw ApiError{"InvalidBoardIdException", "the board is gone"};
    }
    page(out, field, *home, read(listing, whole(field, "limit", 25)));
  } else if (field.name == "version" || field.name == "versions") {
    const bool list = field.name == "versions";
    list ? void(out.begin_array()) : void();
    out.begin_object();
    for (const Selection& inner : collect(parts_.document, field.selections, "Version")) {
      out.member(inner.alias, inner.name == "kind" ? std::string("current") : parts_.version);
    }
    out.end_object();
    list ? void(out.end_array()) : void();
  } else {
    out.begin_object();
    for (const Selection& inner : collect(parts_.document, field.selections, "Account")) {
      out.member(inner.alias, inner.name == "id" ? "9000001" : inner.name == "tier" ? "pro" : "acme");
    }
    out.end_object();
  }
}

void Execution::complexity(Json& out, const Selection& field) const {
  out.begin_object();
  for (const Selection& inner : collect(parts_.document, field.selections, "Complexity")) {
    const ComplexityState& state = parts_.complexity;
    out.member(inner.alias, inner.name == "query"    ? state.query
                            : inner.name == "before" ? state.before
                            : inner.name == "after"  ? state.after
                                                     : state.reset_s);
  }
  out.end_object();
}

void Execution::boards(Json& out, const Selection& field) {
  const auto ids = ids_of(field, "ids");
  const Value* state = field.argument("state");
  const std::string wanted = state == nullptr ? "active" : state->id();
  std::vector<const Board*> found;
  for (const Board& one : parts_.world.boards()) {
    const bool named = !ids || ids->empty() || contains(*ids, one.id);
    if (named && (wanted == "all" || wanted == to_string(one.state))) {
      found.push_back(&one);
    }
  }
  out.begin_array();
  for (const Board* one : part(found, whole(field, "limit", 25), whole(field, "page", 1))) {
    board(out, field, *one);
  }
  out.end_array();
}

void Execution::board(Json& out, const Selection& field, const Board& board) {
  out.begin_object();
  for (const Selection& inner : collect(parts_.document, field.selections, "Board")) {
    out.name(inner.alias);
    const std::string& name = inner.name;
    if (name == "items_page") {
      page(out, inner, board, first_page(inner, board));
    } else if (name == "columns") {
      columns(out, inner, board);
    } else if (name == "groups") {
      groups(out, inner, board);
    } else if (name == "id") {
      out.value(std::to_string(board.id));
    } else if (name == "name") {
      out.value(board.name);
    } else if (name == "description") {
      board.description.empty() ? void(out.null()) : void(out.value(board.description));
    } else if (name == "state") {
      out.value(to_string(board.state));
    } else if (name == "board_kind") {
      out.value("public");
    } else if (name == "type") {
      out.value(board.type);
    } else if (name == "hierarchy_type") {
      out.value("classic");
    } else if (name == "items_count") {
      out.value(std::count_if(board.items.begin(), board.items.end(),
                              [](const Item& one) { return one.state == State::active; }));
    } else if (name == "items_limit") {
      out.value(10'000);
    } else if (name == "created_at" || name == "updated_at") {
      out.value(format_second(name == "created_at" ? board.created : board.updated));
    } else if (name == "url") {
      out.value(fmt::format("https://acme.monday.com/boards/{}", board.id));
    } else {
      out.null(); // workspace_id: the main workspace
    }
  }
  out.end_object();
}

void Execution::columns(Json& out, const Selection& field, const Board& board) const {
  out.begin_array();
  // The item's name counts as a column.
  std::vector<Column> all = {{"name", "Name", ColumnType::text, {}}};
  all.insert(all.end(), board.columns.begin(), board.columns.end());
  const auto wanted = names_of(field, "ids");
  for (const Column& column : all) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), column.id) == wanted.end()) {
      continue;
    }
    const bool named = column.type == ColumnType::status || column.type == ColumnType::dropdown;
    out.begin_object();
    for (const Selection& inner : collect(parts_.document, field.selections, "Column")) {
      out.name(inner.alias);
      if (inner.name == "settings" || inner.name == "settings_str") {
        JsonText settings;
        settings.begin_object();
        if (named) {
          // The present form of status labels is a list, the older one an object by index: boards give either.
          const bool as_list = board.id % 2 == 0 || column.type == ColumnType::dropdown;
          settings.name("labels");
          as_list ? settings.begin_array() : settings.begin_object();
          for (const Label& label : column.labels) {
            as_list ? settings.begin_object()
                          .member("id", label.index)
                          .member(column.type == ColumnType::dropdown ? "name" : "label", label.text)
                          .end_object()
                    : settings.member(std::to_string(label.index), label.text);
          }
          as_list ? settings.end_array() : settings.end_object();
        }
        settings.end_object();
        inner.name == "settings" ? out.raw(settings.text()) : out.value(settings.text());
      } else if (inner.name == "archived") {
        out.value(false);
      } else if (inner.name == "width" || inner.name == "description") {
        out.null();
      } else {
        out.value(inner.name == "id"      ? std::string_view(column.id)
                  : inner.name == "title" ? std::string_view(column.title)
                  : inner.name == "type"  ? column.id == "name" ? "name" : to_string(column.type)
                                          : std::string_view("1"));
      }
    }
    out.end_object();
  }
  out.end_array();
}

void Execution::groups(Json& out, const Selection& field, const Board& board) const {
  out.begin_array();
  for (const Group& group : board.groups) {
    out.begin_object();
    for (const Selection& inner : collect(parts_.document, field.selections, "Group")) {
      out.member(inner.alias, inner.name == "id" ? group.id : group.title);
    }
    out.end_object();
  }
  out.end_array();
}

void Execution::items(Json& out, const Selection& field) {
  const auto ids = ids_of(field, "ids");
  if (ids && static_cast<std::int64_t>(ids->size()) > most_ids) {
    throw ApiError{"InvalidArgumentException", "at most 100 ids a call"};
  }
  const Value* active_only = field.argument("exclude_nonactive");
  std::vector<std::pair<const Board*, const Item*>> found;
  for (const Board& home : parts_.world.boards()) {
    for (const Item& one : home.items) {
      if ((!ids || contains(*ids, one.id)) &&
          (one.state == State::active || active_only == nullptr || !active_only->boolean)) {
        found.emplace_back(&home, &one);
      }
    }
  }
  out.begin_array();
  for (const auto& [home, one] : part(found, whole(field, "limit", 25), whole(field, "page", 1))) {
    item(out, field, *home, *one);
  }
  out.end_array();
}

void Execution::item(Json& out, const Selection& field, const Board& board, const Item& item) {
  out.begin_object();
  for (const Selection& inner : collect(parts_.document, field.selections, "Item")) {
    out.name(inner.alias);
    item_field(out, inner, board, item);
  }
  out.end_object();
}

void Execution::item_field(Json& out, const Selection& field, const Board& board, const Item& item) {
  const std::string& name = field.name;
  if (name == "column_values") {
    column_values(out, field, board, item);
  } else if (name == "board") {
    this->board(out, field, board);
  } else if (name == "group") {
    const auto group =
        std::find_if(board.groups.begin(), board.groups.end(), [&](const Group& one) { return one.id == item.group; });
    out.begin_object();
    for (const Selection& inner : collect(parts_.document, field.selections, "Group")) {
      out.member(inner.alias, inner.name == "id" ? group->id : group->title);
    }
    out.end_object();
  } else if (name == "parent_item") {
    out.null();
  } else {
    out.value(name == "id"           ? std::to_string(item.id)
              : name == "name"       ? item.name
              : name == "state"      ? std::string(to_string(item.state))
              : name == "created_at" ? format_second(item.created)
              : name == "updated_at" ? format_second(item.updated)
              : name == "creator_id" ? std::to_string(item.creator)
              : name == "url"        ? fmt::format("https://acme.monday.com/boards/{}/pulses/{}", board.id, item.id)
              : name == "email"      ? fmt::format("pulse-{}@acme.monday.com", item.id)
                                     : fmt::format("/boards/{}/pulses/{}", board.id, item.id));
  }
}

void Execution::column_values(Json& out, const Selection& field, const Board& board, const Item& item) {
  const auto ids = names_of(field, "ids");
  const auto types = names_of(field, "types");
  const auto wanted = [](const std::vector<std::string>& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  out.begin_array();
  for (std::size_t i = 0; i < board.columns.size(); ++i) {
    const Column& column = board.columns[i];
    if (wanted(ids, column.id) && wanted(types, to_string(column.type))) {
      write_value(out, parts_.document, field.selections, {parts_.world, board, item, column, item.cells[i]});
    }
  }
  out.end_array();
}

void Execution::users(Json& out, const Selection& field) {
  const auto states = names_of(field, "status");
  const std::int64_t limit = whole(field, "limit", 200);
  if (limit > 1000) {
    throw ApiError{"InvalidArgumentException", "limit is at most 1000"};
  }
  std::vector<const User*> found;
  for (const User& one : parts_.world.users()) {
    const bool wanted =
        states.empty() ? one.status != "INACTIVE" : std::find(states.begin(), states.end(), one.status) != states.end();
    if (wanted) {
      found.push_back(&one);
    }
  }
  out.begin_array();
  for (const User* one : part(found, limit, whole(field, "page", 1))) {
    user(out, field, *one);
  }
  out.end_array();
}

void Execution::user(Json& out, const Selection& field, const User& user) const {
  out.begin_object();
  for (const Selection& inner : collect(parts_.document, field.selections, "User")) {
    const std::string& name = inner.name;
    out.name(inner.alias);
    const auto text = [&](const std::string& value) { value.empty() ? void(out.null()) : void(out.value(value)); };
    if (name == "id") {
      out.value(std::to_string(user.id));
    } else if (name == "is_deleted" || name == "is_email_confirmed") {
      out.value(name == "is_email_confirmed" ? user.status == "ACTIVE" : user.deleted);
    } else if (name == "created_at" || name == "became_active_at") {
      out.value(format_second(user.created));
    } else if (name == "utc_hours_diff") {
      out.raw("8.0");
    } else {
      text(name == "name"                   ? user.name
           : name == "email"                ? user.email
           : name == "kind"                 ? user.kind
           : name == "status"               ? user.status
           : name == "title"                ? user.title
           : name == "phone"                ? user.phone
           : name == "time_zone_identifier" ? user.time_zone
           : name == "url"                  ? fmt::format("https://acme.monday.com/users/{}", user.id)
           : name == "account_id"           ? std::string("9000001")
                                            : std::string());
    }
  }
  out.end_object();
}

} // namespace dovetail::simulators::monday
